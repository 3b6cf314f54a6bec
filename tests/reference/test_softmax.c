/* The reference against finite differences, closed forms, and numbers worked out by hand. */
#define _GNU_SOURCE
#include "reference/softmax.h"
#include "base/random.h"
#include "harness.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Uniform in −1 … 1. */
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

START_TEST(logits)
{
    /* W = [1 2 3; −1 0 1], b = [10, 20]. */
    cln_reference model = {2, 3, (double[]){1, 2, 3, -1, 0, 1}, (double[]){10, 20}};
    double z[4];
    cln_reference_logits(&model, (double[]){1, 1, 1, 2, 0, -1}, 2, z);
    ck_assert_mem_eq(z, ((double[]){16, 20, 9, 17}), sizeof z);
    model.b = NULL;
    cln_reference_logits(&model, (double[]){1, 1, 1, 2, 0, -1}, 2, z);
    ck_assert_mem_eq(z, ((double[]){6, 0, -1, -3}), sizeof z);
}
END_TEST

/* exp of log 1, log 2, log 5 over 8; and the same shifted, in place. */
START_TEST(softmax_of_logarithms)
{
    double z[6] = {0, log(2), log(5), 100, 100 + log(2), 100 + log(5)};
    cln_reference_softmax(z, 2, 3, z);
    for (int i = 0; i < 6; i += 3) {
        ck_assert_double_eq_tol(z[i], 0.125, 1e-14);
        ck_assert_double_eq_tol(z[i + 1], 0.25, 1e-14);
        ck_assert_double_eq_tol(z[i + 2], 0.625, 1e-14);
    }
}
END_TEST

START_TEST(loss_of_logarithms)
{
    double z[9] = {0, log(2), log(5), 0, log(2), log(5), 0, 0, 0};
    cln_score score = cln_reference_score(z, (int32_t[]){2, 0, 1}, 3, 3);
    ck_assert_double_eq_tol(score.loss, (log(8 / 5.0) + log(8) + log(3)) / 3, 1e-15);
    ck_assert_uint_eq(score.errors, 2); /* the last is a tie, which goes to the first */
    ck_assert_uint_eq(score.rows, 3);
}
END_TEST

START_TEST(huge_logits)
{
    double z[6] = {1e4, -1e4, 0, -1e4, -1e4, -1e4}, p[6];
    cln_reference_softmax(z, 2, 3, p);
    ck_assert_double_eq(p[0], 1);
    ck_assert_double_eq(p[1], 0);
    ck_assert_double_eq(p[2], 0);
    for (int i = 3; i < 6; i++)
        ck_assert_double_eq_tol(p[i], 1 / 3.0, DBL_EPSILON);
    cln_score score = cln_reference_score(z, (int32_t[]){1, 2}, 2, 3);
    ck_assert_double_eq_tol(score.loss, (2e4 + log(3)) / 2, 1e-11);
    ck_assert_uint_eq(score.errors, 2);
}
END_TEST

START_TEST(ties_and_order)
{
    double z[12] = {1, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 1};
    cln_score score = cln_reference_score(z, (int32_t[]){0, 1, 1, 2}, 4, 3);
    ck_assert_uint_eq(score.errors, 2);
}
END_TEST

START_TEST(a_nan_is_an_error)
{
    for (int place = 0; place < 3; place++) {
        for (int32_t y = 0; y < 3; y++) {
            double z[6] = {0, 0, 0, 3, 2, 1};
            z[y] = 5;
            ck_assert_uint_eq(cln_reference_score(z, (int32_t[]){y, 0}, 2, 3).errors, 0);
            z[place] = NAN;
            cln_score score = cln_reference_score(z, (int32_t[]){y, 0}, 2, 3);
            ck_assert_uint_eq(score.errors, 1);
            ck_assert(isnan(score.loss));
        }
    }
}
END_TEST

START_TEST(one_class)
{
    cln_reference model = {1, 2, (double[]){3, -4}, (double[]){5}};
    double gw[2], gb[1], x[] = {1, 2, -3, 0.5};
    int32_t y[] = {0, 0};
    ck_assert_double_eq(cln_reference_gradient(&model, x, y, 2, 0, gw, gb), 0);
    ck_assert(gw[0] == 0 && gw[1] == 0 && gb[0] == 0);
    ck_assert_double_eq(cln_reference_gradient(&model, x, y, 2, 0.5, gw, gb), 0.25 * 25);
    ck_assert(gw[0] == 1.5 && gw[1] == -2 && gb[0] == 0);
    ck_assert_uint_eq(cln_reference_score((double[]){-7, 7}, y, 2, 1).errors, 0);
}
END_TEST

/* Rows (1,0) of class 0 and (0,2) of class 1, W = [log 3, 0; 0, 0], no bias. P = (3/4, 1/4) and (1/2, 1/2), so with n = 2
   ∂W = ½ [−1/4, 1; 1/4, −1] and the loss is ½ (log 4/3 + log 2). */
START_TEST(rational_gradient)
{
    double w[4] = {log(3), 0, 0, 0}, gw[4];
    cln_reference model = {2, 2, w, NULL};
    double loss = cln_reference_gradient(&model, (double[]){1, 0, 0, 2}, (int32_t[]){0, 1}, 2, 0, gw, NULL);
    static const double expected[] = {-0.125, 0.5, 0.125, -0.5};
    ck_assert_double_eq_tol(loss, (log(4 / 3.0) + log(2)) / 2, 1e-15);
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq_tol(gw[i], expected[i], 1e-15);
    loss = cln_reference_gradient(&model, (double[]){1, 0, 0, 2}, (int32_t[]){0, 1}, 2, 0.1, gw, NULL);
    ck_assert_double_eq_tol(loss, (log(4 / 3.0) + log(2)) / 2 + 0.05 * log(3) * log(3), 1e-15);
    ck_assert_double_eq_tol(gw[0], -0.125 + 0.1 * log(3), 1e-15);
    ck_assert_double_eq_tol(gw[1], 0.5, 1e-15);
}
END_TEST

/* With two outputs the second row of ∂W is that of logistic regression, Xᵀ(σ(s) − y)/n with s = z₁ − z₀, and the first is its
   negative. */
START_TEST(two_classes_are_logistic_regression)
{
    enum { n = 23, d = 5 };
    double x[n * d], w[2 * d], b[2], gw[2 * d], gb[2], loss = 0, slope[d] = {0}, offset = 0;
    int32_t y[n];
    fill(x, n * d, 1);
    fill(w, 2 * d, 2);
    fill(b, 2, 3);
    for (int i = 0; i < n; i++) {
        double s = b[1] - b[0];
        y[i] = i * i % 3 == 1;
        for (int j = 0; j < d; j++)
            s += x[i * d + j] * (w[d + j] - w[j]);
        double sigma = 1 / (1 + exp(-s));
        loss -= log(y[i] ? sigma : 1 - sigma) / n;
        offset += (sigma - y[i]) / n;
        for (int j = 0; j < d; j++)
            slope[j] += (sigma - y[i]) * x[i * d + j] / n;
    }
    cln_reference model = {2, d, w, b};
    ck_assert_double_eq_tol(cln_reference_gradient(&model, x, y, n, 0, gw, gb), loss, 1e-14);
    for (int j = 0; j < d; j++) {
        ck_assert_double_eq_tol(gw[d + j], slope[j], 1e-14);
        ck_assert_double_eq_tol(gw[j], -slope[j], 1e-14);
    }
    ck_assert_double_eq_tol(gb[1], offset, 1e-14);
    ck_assert_double_eq_tol(gb[0], -offset, 1e-14);
}
END_TEST

static double objective_of(const cln_reference *model, const double *x, const int32_t *y, uint64_t n, double l2)
{
    double gw[64], gb[8];
    return cln_reference_gradient(model, x, y, n, l2, gw, gb);
}

/* Central differences with step h err by h²/6 times the third derivative (below 1 here) and ε·|f|/h by rounding. With
   h = 1e-5 both are below 1e-9 of gradients about 0.1. */
START_TEST(gradient_by_finite_differences)
{
    enum { n = 19, d = 7, k = 5 };
    const double h = 1e-5, limit = 1e-9, l2 = _i ? 0.3 : 0;
    double x[n * d], w[k * d], b[k], gw[k * d], gb[k], largest = 0;
    int32_t y[n];
    fill(x, n * d, 4);
    fill(w, k * d, 5);
    fill(b, k, 6);
    for (int i = 0; i < n; i++)
        y[i] = i * 3 % k;
    cln_reference model = {k, d, w, b};
    cln_reference_gradient(&model, x, y, n, l2, gw, gb);
    for (int i = 0; i < k * d + k; i++) {
        double *parameter = i < k * d ? &w[i] : &b[i - k * d], before = *parameter;
        double gradient = i < k * d ? gw[i] : gb[i - k * d];
        *parameter = before + h;
        double above = objective_of(&model, x, y, n, l2);
        *parameter = before - h;
        double below = objective_of(&model, x, y, n, l2);
        *parameter = before;
        ck_assert_double_eq_tol(gradient, (above - below) / (2 * h), limit);
        largest = fmax(largest, fabs(gradient));
    }
    ck_assert_double_gt(largest, 0.05);
}
END_TEST

/* From zero weights with one row (1) of class 0: P = (½,½), g = (−½, ½). v₁ = g, w₁ = −ηg, and so the bias. Then, with η = ½,
   z = (½, −½) and p = σ(−1) for class 1: g₂ = (−p, p) + λw₁, v₂ = μv₁ + g₂, w₂ = w₁ − ηv₂. The bias does the same without λ. */
START_TEST(two_steps_by_hand)
{
    const double eta = 0.5, mu = 0.9, lambda = 0.01;
    double w[2] = {0}, b[2] = {0}, vw[2] = {0}, vb[2] = {0};
    cln_reference model = {2, 1, w, b};
    double first = cln_reference_step(&model, (double[]){1}, (int32_t[]){0}, 1, eta, mu, lambda, vw, vb);
    ck_assert_double_eq_tol(first, log(2), 1e-15);
    ck_assert_double_eq(w[0], 0.25);
    ck_assert_double_eq(w[1], -0.25);
    ck_assert_double_eq(b[0], 0.25);
    ck_assert_double_eq(vw[0], -0.5);
    double second = cln_reference_step(&model, (double[]){1}, (int32_t[]){0}, 1, eta, mu, lambda, vw, vb);
    double p = 1 / (1 + exp(1));
    ck_assert_double_eq_tol(second, -log(1 - p) + lambda / 2 * 2 * 0.0625, 1e-15);
    double v = mu * -0.5 + (-p + lambda * 0.25), v_bias = mu * -0.5 - p;
    ck_assert_double_eq_tol(vw[0], v, 1e-15);
    ck_assert_double_eq_tol(w[0], 0.25 - eta * v, 1e-15);
    ck_assert_double_eq_tol(w[1], -0.25 + eta * v, 1e-15);
    ck_assert_double_eq_tol(b[0], 0.25 - eta * v_bias, 1e-15);
    ck_assert_double_eq_tol(b[1], -0.25 + eta * v_bias, 1e-15);
}
END_TEST

START_TEST(step_without_bias)
{
    double w[2] = {0}, vw[2] = {0};
    cln_reference model = {2, 1, w, NULL};
    cln_reference_step(&model, (double[]){2}, (int32_t[]){1}, 1, 0.1, 0, 0, vw, NULL);
    ck_assert_double_eq_tol(w[0], -0.1, 1e-16);
    ck_assert_double_eq_tol(w[1], 0.1, 1e-16);
}
END_TEST

/* Gradient descent on separable data must go downhill and end without errors. */
START_TEST(learns)
{
    enum { n = 60, d = 3, k = 3 };
    double x[n * d], w[k * d] = {0}, b[k] = {0}, vw[k * d] = {0}, vb[k] = {0}, z[n * k], before = INFINITY;
    int32_t y[n];
    fill(x, n * d, 7);
    for (int i = 0; i < n; i++) {
        y[i] = i % k;
        x[i * d + y[i]] += 2.5;
    }
    cln_reference model = {k, d, w, b};
    for (int step = 0; step < 200; step++) {
        double objective = cln_reference_step(&model, x, y, n, 0.2, 0, 1e-3, vw, vb);
        ck_assert_double_lt(objective, before);
        before = objective;
    }
    cln_reference_logits(&model, x, n, z);
    ck_assert_uint_eq(cln_reference_score(z, y, n, k).errors, 0);
    ck_assert_double_lt(before, 0.3);
}
END_TEST

static Suite *softmax_suite(void)
{
    Suite *suite = suite_create("reference: softmax regression");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, logits);
    tcase_add_test(ok, softmax_of_logarithms);
    tcase_add_test(ok, loss_of_logarithms);
    tcase_add_test(ok, rational_gradient);
    tcase_add_test(ok, two_classes_are_logistic_regression);
    tcase_add_loop_test(ok, gradient_by_finite_differences, 0, 2); /* without, with penalty */
    tcase_add_test(ok, two_steps_by_hand);
    tcase_add_test(ok, learns);
    tcase_add_test(edges, huge_logits);
    tcase_add_test(edges, ties_and_order);
    tcase_add_test(edges, one_class);
    tcase_add_test(edges, step_without_bias);
    tcase_add_test(invalid, a_nan_is_an_error);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_suite(softmax_suite());
}
