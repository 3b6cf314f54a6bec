/* The bound of the objective against optima that descents have found. */
#define _GNU_SOURCE
#include "reference/sample.h"

#include <float.h>

/* Moves the sample's weights to the optimum, by proximal steps of 1/L: L is above the curvature of all losses, at most Σ‖(x,1)‖²/n in
   the mean with weights of rows, and λ₂s². Returns the objective there. */
static double minimise(sample *s)
{
    const cln_objective_problem *p = &s->problem;
    uint32_t k = p->k, d = p->d;
    double *gw = calloc(k * d, sizeof *gw), *gb = calloc(k, sizeof *gb), lipschitz = p->l2 * 6;
    cln_objective *objective = objective_create(s);
    cln_objective_value value = {.gradient_norm = INFINITY};
    for (uint32_t i = 0; i < s->n; i++) {
        double squares = p->bias;
        for (uint32_t j = 0; j < d; j++)
            squares += pow(p->scale * s->dx[i * d + j], 2);
        lipschitz += (s->weighted ? (double)s->v[i] : 1) * squares / s->n;
    }
    for (int step = 0; step < 200000 && value.gradient_norm > 2e-15; step++) {
        add_rows(objective, s, 0, s->n);
        cln_objective_read(objective, &value, gw, gb);
        for (uint32_t c = 0; c < k; c++) {
            for (uint32_t j = 0; j < d; j++) {
                double limit = p->l1 * (p->spread ? p->spread[j] : 1) / lipschitz, *w = &s->w[c * d + j];
                double moved = *w - gw[c * d + j] / lipschitz;
                *w = moved > limit ? moved - limit : moved < -limit ? moved + limit : 0;
            }
            s->b[c] -= gb[c] / lipschitz;
        }
        cln_objective_move(objective, s->w, s->b);
    }
    cln_objective_free(objective);
    free(gw);
    free(gb);
    value = value_of(s, NULL, NULL);
    /* near an optimum the bound is the square of the gradient, but for factors of this problem */
    ck_assert_double_le(value.gradient_norm, 1e-12);
    ck_assert_double_le(value.bound, 1e-19 + 12 * DBL_EPSILON * p->l1);
    return value.objective;
}

/* Convex losses × targets × with or without bias × λ₁, spread, weights. The objective of any point is above the optimum by the bound
   at most, and somewhere by a good part of it. */
START_TEST(bound_holds)
{
    bool cross = _i % 2, real = _i / 2 % 2, bias = _i / 4 % 2, l1 = _i / 8 % 2, rich = _i / 16 % 2;
    cln_objective_problem problem = {.loss = cross ? CLN_CROSS_ENTROPY : CLN_SQUARED,
                                     .target = real ? CLN_TARGET_REAL : CLN_TARGET_ONEHOT,
                                     .type = CLN_FLOAT32,
                                     .k = 3,
                                     .d = 4,
                                     .bias = bias,
                                     .l1 = l1 ? 0.02 : 0,
                                     .l2 = 0.1};
    sample s = sample_create(problem, 21, rich, rich, (uint64_t)_i);
    cln_random random;
    cln_random_seed(&random, (uint64_t)_i, 3);
    double w[12], b[3], start[3], closest = INFINITY;
    memcpy(start, s.b, sizeof start);
    double optimum = minimise(&s);
    memcpy(w, s.w, sizeof w);
    memcpy(b, s.b, sizeof b);
    for (int c = 0; c < 3; c++)
        ck_assert(bias || !(fabs(b[c] - start[c]) > 0));
    for (int point = 0; point < 400; point++) {
        double size = pow(10, 1.5 - 6 * (point / 399.0));
        bool bias_moves = bias && point % 4, weights_move = point % 5 || !bias_moves;
        for (int i = 0; i < 12; i++)
            s.w[i] = l1 && point % 3 == 0 && w[i] == 0 ? 0 : w[i] + weights_move * size * draw(&random);
        for (int c = 0; c < 3; c++)
            s.b[c] = b[c] + bias_moves * size * draw(&random);
        cln_objective_value at = value_of(&s, NULL, NULL);
        double above = at.objective - optimum;
        ck_assert_double_ge(at.bound, above - 16 * DBL_EPSILON * (1 + at.objective));
        closest = fmin(closest, at.bound / above);
    }
    ck_assert_double_lt(closest, 10);
    sample_free(&s);
}
END_TEST

/* Features that are nearly a bias themselves, and the best weights for biases that are a little off: the gradient is that of the biases
   alone, but what they would gain by moving is more than at fixed weights. */
START_TEST(weights_follow_the_bias)
{
    cln_objective_problem problem = {.loss = _i % 2 ? CLN_CROSS_ENTROPY : CLN_SQUARED,
                                     .type = CLN_FLOAT32,
                                     .k = 3,
                                     .d = 4,
                                     .bias = true,
                                     .l2 = 0.05};
    sample s = sample_create(problem, 30, false, false, 8);
    for (int i = 0; i < 30 * 4; i++) {
        ((float *)s.x)[i] = 2 + ((float *)s.x)[i] / 8;
        s.dx[i] = (double)((float *)s.x)[i];
    }
    const int digits = 1 + _i / 2;
    double optimum = minimise(&s), shift = pow(10, -digits);
    const double by[3] = {shift, -shift / 3, -shift * 2 / 3};
    for (int c = 0; c < 3; c++)
        s.b[c] += by[c];
    s.problem.bias = false;
    minimise(&s);
    s.problem.bias = true;
    cln_objective_value at = value_of(&s, NULL, NULL);
    double above = at.objective - optimum;
    ck_assert_double_gt(above, shift * shift / 1000);
    ck_assert_double_ge(at.bound, above);
    sample_free(&s);
}
END_TEST

/* A class without rows: its bias wants to −∞, and the bound is still one. */
START_TEST(bound_without_a_class)
{
    sample s = sample_create((cln_objective_problem){.k = 3, .d = 2, .l2 = 0.1, .bias = true}, 20, false, false, 2);
    for (int i = 0; i < 20; i++)
        s.y[i] = i % 2;
    double high = value_of(&s, NULL, NULL).objective;
    s.b[2] = -700;
    cln_objective_value low = value_of(&s, NULL, NULL);
    s.b[2] = 0;
    cln_objective_value at = value_of(&s, NULL, NULL);
    ck_assert_double_ge(at.bound, high - low.objective);
    ck_assert_double_ge(at.bound, at.objective - low.objective);
    ck_assert(isfinite(low.bound) && low.bound >= 0);
    sample_free(&s);
}
END_TEST

/* More outputs than those whose second order is minded. */
START_TEST(bound_of_many_outputs)
{
    enum { k = 40 };
    sample s = sample_create((cln_objective_problem){.k = k, .d = 3, .l2 = 0.5, .bias = true}, 200, false, true, 6);
    for (int i = 0; i < 200; i++)
        s.y[i] = i % k;
    memset(s.w, 0, k * 3 * sizeof *s.w);
    memset(s.b, 0, k * sizeof *s.b);
    double high = value_of(&s, NULL, NULL).objective;
    for (int size = 0; size < 20; size++) {
        s.b[5] = 0.25 * size;
        cln_objective_value at = value_of(&s, NULL, NULL);
        ck_assert_double_ge(at.bound, at.objective - high);
        ck_assert(isfinite(at.bound));
    }
    sample_free(&s);
}
END_TEST

START_TEST(nothing_proves_a_bound)
{
    sample s = sample_create((cln_objective_problem){.k = 3, .d = 3, .l2 = 0.1}, 9, false, false, 4);
    ck_assert(isfinite(value_of(&s, NULL, NULL).bound));
    s.problem.loss = CLN_SOFTMAX_SQUARED;
    ck_assert(isnan(value_of(&s, NULL, NULL).bound));
    s.problem.loss = CLN_CROSS_ENTROPY;
    s.weighted = true;
    s.v[3] = -1;
    ck_assert(isnan(value_of(&s, NULL, NULL).bound));
    s.v[3] = 1;
    ck_assert(isfinite(value_of(&s, NULL, NULL).bound));
    s.problem.l2 = 0;
    ck_assert(isnan(value_of(&s, NULL, NULL).bound));
    sample_free(&s);
}
END_TEST

static Suite *bound_suite(void)
{
    Suite *suite = suite_create("reference: bound");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_set_timeout(ok, 120);
    tcase_add_loop_test(ok, bound_holds, 0, 32);
    tcase_add_loop_test(ok, weights_follow_the_bias, 0, 8);
    tcase_add_test(edges, bound_without_a_class);
    tcase_add_test(edges, bound_of_many_outputs);
    tcase_add_test(edges, nothing_proves_a_bound);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return suite;
}

int main(void)
{
    return run_suite(bound_suite());
}
