/* Row losses, residuals and errors for every loss and target, and the sums and steps of a linear model over them. */
#define _GNU_SOURCE
#include "reference/softmax.h"
#include "base/random.h"
#include "harness.h"

#include <float.h>
#include <math.h>
#include <string.h>

static double draw(cln_random *random)
{
    return cln_random_next(random) / 2147483648.0 - 1;
}

static void fill(double *values, uint64_t count, uint64_t seed)
{
    cln_random random;
    cln_random_seed(&random, seed, 0);
    for (uint64_t i = 0; i < count; i++)
        values[i] = draw(&random);
}

static cln_row_result one(cln_row_rule rule, uint32_t k, const double *z, int32_t y, double *r)
{
    return cln_reference_row(&rule, k, z, &(cln_row_answers){.labels = &y}, 0, r);
}

/* p = (1/8, 2/8, 5/8) and y = 1: u = (1, −6, 5)/8, ⟨u,p⟩ = (1 − 12 + 25)/64 = 14/64, u − ⟨u,p⟩ = (−6, −62, 26)/64. */
START_TEST(by_hand)
{
    double z[3] = {0, log(2), log(5)}, r[3];
    cln_row_result row = one((cln_row_rule){.loss = CLN_CROSS_ENTROPY}, 3, z, 1, r);
    ck_assert_double_eq_tol(row.loss, log(4), 1e-15);
    ck_assert_double_eq_tol(row.entropy, log(8) / 8 + log(4) / 4 + log(8 / 5.0) * 5 / 8, 1e-15);
    ck_assert_double_eq_tol(r[0], 0.125, 1e-15);
    ck_assert_double_eq_tol(r[1], -0.75, 1e-15);
    ck_assert_double_eq_tol(r[2], 0.625, 1e-15);
    ck_assert(row.error);
    row = one((cln_row_rule){.loss = CLN_SOFTMAX_SQUARED}, 3, z, 1, r);
    ck_assert_double_eq_tol(row.loss, (1 + 36 + 25) / 128.0, 1e-15);
    ck_assert_double_eq_tol(r[0], -6 / 512.0, 1e-15);
    ck_assert_double_eq_tol(r[1], -124 / 512.0, 1e-15);
    ck_assert_double_eq_tol(r[2], 130 / 512.0, 1e-15);
    row = one((cln_row_rule){.loss = CLN_SQUARED}, 3, (double[]){1, 3, -2}, 1, r);
    ck_assert_double_eq(row.loss, (1 + 4 + 4) / 2.0);
    ck_assert(r[0] == 1 && r[1] == 2 && r[2] == -2 && row.entropy == 0 && !row.error);
}
END_TEST

/* Central differences of the loss with step h: h²/6 times a third derivative below 3 in all three losses, and rounding. */
START_TEST(residual_by_finite_differences)
{
    enum { k = 5 };
    const cln_target target = (cln_target)(_i / 3);
    const cln_row_rule rule = {.loss = (cln_row_loss)(_i % 3), .target = target, .highest = 9};
    const double h = 1e-5;
    const float targets[2 * k] = {9, 9, 9, 9, 9, 0.5f, -1, 0.25f, 3, 0}, weights[2] = {9, 1.75f};
    const int32_t labels[2] = {9, 3};
    const cln_row_answers answers = {labels, targets, weights}, no_weights = {labels, targets, NULL};
    double z[k], r[k], plain[k], rest[k];
    uint32_t outputs = target == CLN_TARGET_VALUE ? 1 : k;
    fill(z, k, 3);
    double loss = cln_reference_row(&rule, outputs, z, &answers, 1, r).loss;
    ck_assert_double_eq(loss, 1.75 * cln_reference_row(&rule, outputs, z, &no_weights, 1, plain).loss);
    for (uint32_t c = 0; c < outputs; c++) {
        double before = z[c];
        z[c] = before + h;
        double above = cln_reference_row(&rule, outputs, z, &answers, 1, rest).loss;
        z[c] = before - h;
        double below = cln_reference_row(&rule, outputs, z, &answers, 1, rest).loss;
        z[c] = before;
        ck_assert_double_eq_tol(r[c], (above - below) / (2 * h), 1.75 * h * h / 2 + 8 * DBL_EPSILON * (1 + loss) / h);
        ck_assert_double_eq(r[c], 1.75 * plain[c]);
    }
    memcpy(rest, z, sizeof z);
    cln_reference_row(&rule, outputs, rest, &answers, 1, rest); /* in place */
    ck_assert_mem_eq(rest, r, outputs * sizeof *r);
}
END_TEST

START_TEST(errors_of_values)
{
    const cln_row_rule rule = {.loss = CLN_SQUARED, .target = CLN_TARGET_VALUE, .lowest = 2, .highest = 7};
    static const struct {
        double z;
        int32_t y;
        bool error;
    } cases[] = {{3, 3, false},   {3.49, 3, false}, {3.5, 4, false},      {4.5, 4, false},       {4.5, 5, true},
                 {1.2, 2, false}, {-90, 2, false},  {INFINITY, 7, false}, {-INFINITY, 2, false}, {8, 7, false},
                 {8, 8, true},    {NAN, 2, true},   {NAN, 7, true},       {2.4999, 3, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double r;
        ck_assert_msg(one(rule, 1, &cases[i].z, cases[i].y, &r).error == cases[i].error, "z = %g", cases[i].z);
    }
}
END_TEST

START_TEST(real_targets_have_no_errors)
{
    const cln_row_answers answers = {.targets = (float[]){NAN, 0}};
    for (int loss = 0; loss < 3; loss++) {
        const cln_row_rule rule = {.loss = (cln_row_loss)loss, .target = CLN_TARGET_REAL};
        double r[2];
        cln_row_result row = cln_reference_row(&rule, 2, (double[]){0, 1}, &answers, 0, r);
        ck_assert(!row.error && isnan(row.loss) && isnan(r[0]));
    }
}
END_TEST

/* A logit of −∞ is a class that cannot be; where it is the row's own, the loss says so. */
START_TEST(infinite_logits)
{
    double r[3], z[3] = {0, -INFINITY, 0};
    cln_row_result row = one((cln_row_rule){.loss = CLN_CROSS_ENTROPY}, 3, z, 0, r);
    ck_assert_double_eq(row.loss, log(2));
    ck_assert_double_eq(row.entropy, log(2));
    ck_assert(r[0] == -0.5 && r[1] == 0 && r[2] == 0.5);
    ck_assert_double_eq(one((cln_row_rule){.loss = CLN_CROSS_ENTROPY}, 3, z, 1, r).loss, INFINITY);
}
END_TEST

/* A centred, scaled view of rows is the same model on rows that were changed beforehand. */
START_TEST(a_view_is_other_rows)
{
    enum { n = 13, d = 4, k = 3 };
    double x[n * d], seen[n * d], shift[d], w[k * d], b[k], z[n * k], other[n * k], gw[k * d], gb[k], gw2[k * d],
        gb2[k];
    const cln_row_rule rule = {.loss = CLN_SOFTMAX_SQUARED};
    int32_t y[n];
    float weights[n];
    fill(x, n * d, 1), fill(shift, d, 2), fill(w, k * d, 3), fill(b, k, 4);
    for (int i = 0; i < n; i++) {
        y[i] = i % k;
        weights[i] = (float)(i % 4) / 2;
        for (int j = 0; j < d; j++)
            seen[i * d + j] = 0.25 * x[i * d + j] - shift[j];
    }
    const cln_reference model = {k, d, w, b};
    const cln_row_answers answers = {.labels = y, .weights = weights};
    const cln_reference_view view = {0.25, shift}, plain = {1, NULL};
    cln_score a = cln_reference_sums(&model, &rule, &view, x, &answers, n, z, gw, gb);
    cln_score c = cln_reference_sums(&model, &rule, &plain, seen, &answers, n, other, gw2, gb2);
    ck_assert(a.loss == c.loss && a.errors == c.errors && a.rows == n && a.loss > 0);
    ck_assert_mem_eq(z, other, sizeof z);
    ck_assert_mem_eq(gw, gw2, sizeof gw);
    ck_assert_mem_eq(gb, gb2, sizeof gb);
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += z[i * k + 2] * seen[i * d + 1];
    ck_assert_double_eq_tol(gw[2 * d + 1], sum, 1e-14);
    ck_assert_double_eq(cln_reference_sums(&model, &rule, &view, x, &answers, n, z, NULL, NULL).loss, a.loss);
}
END_TEST

/* Sum 8 of two rows, spread ½, λ = 0.1, η = ½, μ = 0.9. g₁ = ½·8·½ + 0.1·1 = 2.1 and v₁ = 2.1; w₁ = 1 − ½·v₁ = −0.05, or with Nesterov
   1 − ½·(2.1 + 0.9·2.1) = −0.995. The bias: g = 4, v = 4, b₁ = −2, or −½·7.6 = −3.8. Then the same sums again. */
START_TEST(steps_by_hand)
{
    double w = 1, b = 0, vw = 0, vb = 0;
    cln_reference model = {1, 1, &w, &b};
    cln_reference_sgd sgd = {0.5, 0.1, 0.9, 0.5, _i == 1, (double[]){0.5}};
    cln_reference_update(&model, &sgd, (double[]){8}, (double[]){8}, &vw, &vb);
    ck_assert_double_eq_tol(w, _i ? -0.995 : -0.05, 1e-15);
    ck_assert_double_eq_tol(b, _i ? -3.8 : -2, 1e-15);
    ck_assert_double_eq_tol(vw, 2.1, 1e-15);
    cln_reference_update(&model, &sgd, (double[]){8}, (double[]){8}, &vw, &vb);
    double g = 2 + 0.1 * (_i ? -0.995 : -0.05), v = 0.9 * 2.1 + g;
    ck_assert_double_eq_tol(vw, v, 1e-15);
    ck_assert_double_eq_tol(w, _i ? -0.995 - 0.5 * (g + 0.9 * v) : -0.05 - 0.5 * v, 1e-15);
    ck_assert_double_eq_tol(vb, 7.6, 1e-15);
    ck_assert_double_eq_tol(b, _i ? -3.8 - 0.5 * (4 + 0.9 * 7.6) : -2 - 0.5 * 7.6, 1e-15);
}
END_TEST

static Suite *rows_suite(void)
{
    Suite *suite = suite_create("reference: rows");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_test(ok, by_hand);
    tcase_add_loop_test(ok, residual_by_finite_differences, 0, 9); /* losses × targets */
    tcase_add_test(ok, a_view_is_other_rows);
    tcase_add_loop_test(ok, steps_by_hand, 0, 2); /* without, with Nesterov */
    tcase_add_test(edges, errors_of_values);
    tcase_add_test(edges, real_targets_have_no_errors);
    tcase_add_test(edges, infinite_logits);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return suite;
}

int main(void)
{
    return run_suite(rows_suite());
}
