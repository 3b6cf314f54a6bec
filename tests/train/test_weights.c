/* Row weights: a row's own times its class's, of mean 1. */
#include "train/weights.h"

#include "harness.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS = 6 };
static const int32_t labels[ROWS] = {0, 2, 0, 2, 0, 0}; /* none of class 1 */

static float *made(const cln_settings *settings, const int32_t *y, uint32_t outputs, const float *own)
{
    float *weights = NULL;
    cln_error error = {0};
    ck_assert_msg(cln_weights_create(settings, y, outputs, own, NULL, ROWS, &weights, &error) == CLN_OK, "%s",
                  error.message);
    return weights;
}

static void expect(float *weights, const double *products)
{
    double mean = 0;
    ck_assert_ptr_nonnull(weights);
    for (int i = 0; i < ROWS; i++)
        mean += products[i] / ROWS;
    for (int i = 0; i < ROWS; i++)
        ck_assert_double_eq_tol((double)weights[i], products[i] / mean, 1e-6);
    free(weights);
}

START_TEST(test_none)
{
    cln_settings settings = {0};
    ck_assert_ptr_null(made(&settings, labels, 3, NULL));
    ck_assert_ptr_null(made(&settings, NULL, 3, NULL));
}
END_TEST

START_TEST(test_own)
{
    const float own[ROWS] = {1, 2, 0, 4, 5, 0.5f};
    const double expected[ROWS] = {1, 2, 0, 4, 5, 0.5};
    cln_settings settings = {0};
    expect(made(&settings, labels, 3, own), expected);
    expect(made(&settings, NULL, 3, own), expected);
}
END_TEST

/* 4 of 6 rows have class 0, 2 class 2. */
START_TEST(test_balanced)
{
    const float own[ROWS] = {1, 2, 1, 1, 1, 3};
    const double alone[ROWS] = {0.5, 1, 0.5, 1, 0.5, 0.5}, both[ROWS] = {0.5, 2, 0.5, 1, 0.5, 1.5};
    cln_settings settings = {.balanced = true};
    expect(made(&settings, labels, 3, NULL), alone);
    expect(made(&settings, labels, 3, own), both);
}
END_TEST

/* Named by their labels in the data, which `classes` renumbers. */
START_TEST(test_named)
{
    const double expected[ROWS] = {1, 3, 1, 3, 1, 1};
    cln_settings settings = {.weighted = {2}, .class_weight = {3}, .weighted_count = 1};
    expect(made(&settings, labels, 3, NULL), expected);
    cln_settings subset = {
        .weighted = {7, 4}, .class_weight = {3, 1}, .weighted_count = 2, .classes = {4, 9, 7}, .class_count = 3};
    expect(made(&subset, labels, 3, NULL), expected);
}
END_TEST

/* Of some rows of a data set: three of class 0, one of class 2. */
START_TEST(test_list)
{
    const uint32_t list[4] = {0, 1, 4, 5};
    const float own[ROWS] = {1, 2, 9, 9, 3, 4};
    const double expected[4] = {2.0 / 3, 4, 2, 8.0 / 3};
    cln_settings settings = {.balanced = true};
    float *weights = NULL;
    cln_error error = {0};
    ck_assert_int_eq(cln_weights_create(&settings, labels, 2 + 1, own, list, 4, &weights, &error), CLN_OK);
    double mean = (expected[0] + expected[1] + expected[2] + expected[3]) / 4;
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq_tol((double)weights[i], expected[i] / mean, 1e-6);
    free(weights);
}
END_TEST

static void refuse(const cln_settings *settings, const int32_t *y, const float *own, const char *words)
{
    float *weights = NULL;
    cln_error error = {0};
    ck_assert_int_eq(cln_weights_create(settings, y, 3, own, NULL, ROWS, &weights, &error), CLN_INVALID);
    ck_assert_msg(strstr(error.message, words) != NULL, "%s", error.message);
    ck_assert_ptr_null(weights);
}

START_TEST(test_refused)
{
    const float zeros[ROWS] = {0}, one[ROWS] = {0, 1, 0, 0, 0, 0};
    cln_settings none = {0}, balanced = {.balanced = true};
    cln_settings lacking = {.weighted = {1}, .class_weight = {2}, .weighted_count = 1};
    cln_settings beyond = {.weighted = {40}, .class_weight = {2}, .weighted_count = 1};
    cln_settings left_out = {
        .weighted = {2}, .class_weight = {2}, .weighted_count = 1, .classes = {4, 9, 7}, .class_count = 3};
    cln_settings nothing = {.weighted = {2}, .class_weight = {0}, .weighted_count = 1};
    refuse(&none, labels, zeros, "all 6 training rows have weight 0");
    refuse(&nothing, labels, one, "all 6 training rows have weight 0");
    refuse(&lacking, labels, NULL, "names class 1, but no training row has it");
    refuse(&beyond, labels, NULL, "names class 40, but");
    refuse(&left_out, labels, NULL, "names class 2, but");
    refuse(&balanced, NULL, NULL, "real-valued targets");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/weights");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, test_none);
    tcase_add_test(ok, test_own);
    tcase_add_test(ok, test_balanced);
    tcase_add_test(ok, test_named);
    tcase_add_test(ok, test_list);
    tcase_add_test(invalid, test_refused);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, invalid);
    return run_suite(suite);
}
