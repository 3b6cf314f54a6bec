/* Whether units keep sgd from learning: judged of rows whose columns have known sizes. */
#include "train/units.h"

#include "base/random.h"
#include "harness.h"

#include <math.h>

enum { ROWS = 200, D = 9 };

static float x[ROWS * D];

/* Columns about offset[j] with deviations of about size[j]; NULL: 0, 1. */
static void fill(const double *offset, const double *size)
{
    cln_random random;
    cln_random_seed(&random, 2, 2);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < D; j++) {
            double value = (double)cln_random_next(&random) / 2147483648.0 - 1;
            x[i * D + j] = (float)((offset ? offset[j] : 0) + (size ? size[j] : 1) * value);
        }
}

static bool slow(const cln_curvature_view *view, const float *weights, uint64_t steps)
{
    bool result = true;
    cln_curvature curvature;
    cln_error error = {0};
    const cln_pace_of pace = {CLN_CROSS_ENTROPY, ROWS, 10, steps};
    ck_assert_int_eq(cln_curvature_measure(x, CLN_FLOAT32, ROWS, D, D, view, weights, &curvature, &error), CLN_OK);
    ck_assert_int_eq(cln_units_judge(x, CLN_FLOAT32, ROWS, D, view, weights, &curvature, &pace, &result, &error),
                     CLN_OK);
    return result;
}

static const cln_curvature_view plain = {.scale = 1, .bias = true};

/* One column of thousands beside eight of ones, by its offset, by its deviation, and in a heavy row alone. */
START_TEST(test_in_the_way)
{
    const double offset[D] = {0, 0, 2000}, size[D] = {1, 1, 1, 1, 3000, 1, 1, 1, 1};
    fill(offset, NULL);
    ck_assert(slow(&plain, NULL, 1000));
    ck_assert(!slow(&plain, NULL, 1000000000)); /* time enough */
    const double shift[D] = {0, 0, 2000};
    const cln_curvature_view centred = {.scale = 1, .shift = shift, .bias = true};
    ck_assert(!slow(&centred, NULL, 1000));
    const cln_curvature_view unbiased = {.scale = 1};
    ck_assert(slow(&unbiased, NULL, 1000));
    fill(NULL, size);
    ck_assert(slow(&plain, NULL, 1000));
    ck_assert(slow(&centred, NULL, 1000));
    const double deviation[D] = {1, 1, 1, 1, 2000, 1, 1, 1, 1};
    const cln_curvature_view standardised = {.scale = 1, .deviation = deviation, .bias = true};
    ck_assert(!slow(&standardised, NULL, 1000));
    float weights[ROWS];
    fill(NULL, NULL);
    for (int i = 0; i < ROWS; i++)
        weights[i] = 1;
    ck_assert(!slow(&plain, weights, 1000));
    x[5 * D + 3] = 1e5f;
    weights[5] = 20;
    ck_assert(slow(&plain, weights, 1000));
    weights[5] = 0;
    ck_assert(!slow(&plain, weights, 1000));
}
END_TEST

/* All columns far smaller than the bias's ones, or far larger; and any with too few steps. */
START_TEST(test_all_alike)
{
    const double small[D] = {1e-10, 1e-10, 1e-10, 1e-10, 1e-10, 1e-10, 1e-10, 1e-10, 1e-10};
    fill(NULL, NULL);
    ck_assert(!slow(&plain, NULL, 1));
    ck_assert(!slow(&plain, NULL, 1000));
    const cln_curvature_view large = {.scale = 1e20, .bias = true};
    ck_assert(!slow(&large, NULL, 1000));
    fill(NULL, small);
    ck_assert(slow(&plain, NULL, 1000));
}
END_TEST

/* Columns that are always the same do not count, and nothing is said where there are no others. */
START_TEST(test_constant)
{
    const double offset[D] = {5, 5, 5, 5, 5, 5, 5, 5, 5}, none[D] = {0}, one[D] = {0, 1};
    fill(offset, none);
    ck_assert(!slow(&plain, NULL, 1000));
    fill(NULL, none);
    ck_assert(!slow(&plain, NULL, 1000));
    fill(NULL, one);
    ck_assert(!slow(&plain, NULL, 1000));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/units");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_test(ok, test_in_the_way);
    tcase_add_test(edges, test_all_alike);
    tcase_add_test(edges, test_constant);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return run_suite(suite);
}
