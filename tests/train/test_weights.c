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

/* 4 of 6 rows have class 0, 2 class 2; with their own weights 5 and 4 of 9, where each class gets 9/(3·5) and 9/(3·4). */
START_TEST(test_balanced)
{
    const float own[ROWS] = {1, 2, 1, 2, 1, 2};
    const double alone[ROWS] = {0.5, 1, 0.5, 1, 0.5, 0.5}, both[ROWS] = {0.6, 1.5, 0.6, 1.5, 0.6, 1.2};
    cln_settings settings = {.balanced = true};
    expect(made(&settings, labels, 3, NULL), alone);
    expect(made(&settings, labels, 3, own), both);
}
END_TEST

/* Whatever rows weigh by themselves, each class has the same share of the loss; whole weights are as many rows, and 0 as none. */
START_TEST(test_balanced_shares)
{
    enum { K = 5, N = 257 };
    int32_t y[N];
    float own[N], *weights = NULL;
    cln_settings settings = {.balanced = true};
    for (int i = 0; i < N; i++) {
        y[i] = i % 50 == 49 ? 4 : i % 7 == 6 ? 3 : i % 3;
        own[i] = y[i] == 1 ? 0.01f * (float)(i % 4) : y[i] == 2 ? 1e3f : (float)(i % 4);
    }
    cln_error error = {0};
    ck_assert_int_eq(cln_weights_create(&settings, y, K, own, NULL, N, &weights, &error), CLN_OK);
    double sums[K] = {0};
    for (int i = 0; i < N; i++) {
        sums[y[i]] += (double)weights[i];
        ck_assert((own[i] > 0) == (weights[i] > 0));
    }
    for (int c = 0; c < K; c++)
        ck_assert_double_eq_tol(sums[c], (double)N / K, 1e-5 * N);
    free(weights);
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

/* Of some rows of a data set: three of class 0, which weigh 8, one of class 2 with 2. */
START_TEST(test_list)
{
    const uint32_t list[4] = {0, 1, 4, 5};
    const float own[ROWS] = {1, 2, 9, 9, 3, 4};
    const double expected[4] = {10.0 / 24, 10.0 / 3, 30.0 / 24, 40.0 / 24};
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
    tcase_add_test(ok, test_balanced_shares);
    tcase_add_test(ok, test_named);
    tcase_add_test(ok, test_list);
    tcase_add_test(invalid, test_refused);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, invalid);
    return run_suite(suite);
}
