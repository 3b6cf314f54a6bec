/* The minimiser with a λ₁ penalty, against closed forms and coordinate descent. */
#include "solve/orthant.h"

#include "functions.h"

/* Without a penalty, positive, negative, and at zero: held there, let up, let down. */
START_TEST(test_orthant)
{
    const double l1[] = {0, 1, 1, 1, 1, 1}, x[] = {2, 2, -2, 0, 0, 0}, g[] = {3, 3, 3, 0.5, -3, 3};
    const double expected[] = {3, 4, 2, 0, -2, 2}, along[] = {1, -1, 1, 1, 5, 5};
    double pseudo[6], direction[6], to[6];
    cln_orthant_gradient(6, l1, x, g, pseudo);
    ck_assert_mem_eq(pseudo, expected, sizeof expected);
    ck_assert_double_eq(cln_orthant_penalty(6, l1, x), 4);
    memcpy(direction, along, sizeof along);
    cln_orthant_align(6, l1, pseudo, direction);
    const double aligned[] = {1, -1, 0, 0, 5, 0};
    ck_assert_mem_eq(direction, aligned, sizeof aligned);
    cln_orthant_move(6, l1, x, pseudo, along, 3, to); /* the second and the third would change their signs */
    const double moved[] = {5, 0, 0, 0, 15, 0};
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq(to[i], moved[i]);
    /* 3·3, (3 + 1)·(−2), (3 − 1)·2, (−3 + 1)·15 */
    ck_assert_double_eq(cln_orthant_slope(6, l1, x, pseudo, to, g), 9 - 8 + 4 - 30);
}
END_TEST

static double soft(double x, double threshold)
{
    return x > threshold ? x - threshold : x < -threshold ? x + threshold : 0;
}

/* Each variable for itself: xᵢ = soft(mᵢ, λᵢ/aᵢ); every third has no penalty. */
START_TEST(test_soft_threshold)
{
    for (int start = -1; start <= 2; start++) /* the last with the curvatures told */
        for (double l1 = 0; l1 < 3; l1 += 0.21) {
            quadratic q = invent(MOST, 10, false);
            double x[MOST], penalty[MOST];
            for (int i = 0; i < MOST; i++) {
                x[i] = start;
                penalty[i] = i % 3 ? l1 : 0;
            }
            cln_minimize task = task_of(q.count, quadratic_at, &q);
            task.l1 = penalty;
            task.metric = start == 2 ? q.a : NULL;
            cln_minimum minimum = run(&task, x);
            ck_assert_int_eq(minimum.stopped, CLN_STOP_TOLERANCE);
            double objective = 0;
            for (int i = 0; i < MOST; i++) {
                double expected = soft(q.m[i], penalty[i] / q.a[i]);
                ck_assert_double_le(fabs(x[i] - expected), task.tolerance / q.a[i] + 8 * DBL_EPSILON);
                ck_assert_int_eq(x[i] == 0, expected == 0);
                objective += 0.5 * q.a[i] * (x[i] - q.m[i]) * (x[i] - q.m[i]) + penalty[i] * fabs(x[i]);
            }
            ck_assert_double_le(fabs(minimum.objective - objective), 4 * MOST * DBL_EPSILON * objective);
        }
}
END_TEST

/* Coordinate descent, to rounding. */
static void lasso(const rows *r, double l1, double *w)
{
    memset(w, 0, INPUTS * sizeof *w);
    for (int sweep = 0; sweep < 5000; sweep++)
        for (int j = 0; j < INPUTS; j++) {
            double along = 0, square = 0;
            for (int i = 0; i < ROWS; i++) {
                along += r->x[i][j] * (r->y[i] - margin(r, i, w) + r->x[i][j] * w[j]) / ROWS;
                square += r->x[i][j] * r->x[i][j] / ROWS;
            }
            w[j] = soft(along, j ? l1 : 0) / (square + r->l2); /* the first has no penalty */
        }
}

START_TEST(test_lasso)
{
    rows r = invent_rows(true);
    int zeros = 0;
    for (double l1 = 0.01; l1 < 2; l1 *= 1.5) {
        double w[INPUTS] = {0}, expected[INPUTS], penalty[INPUTS];
        for (int j = 0; j < INPUTS; j++)
            penalty[j] = j ? l1 : 0;
        cln_minimize task = task_of(INPUTS, rows_at, &r);
        task.l1 = penalty;
        cln_minimum minimum = run(&task, w);
        lasso(&r, l1, expected);
        ck_assert_int_eq(minimum.stopped, CLN_STOP_TOLERANCE);
        ck_assert_double_le(distance(w, expected), sqrt(INPUTS) * task.tolerance / r.l2 + 1e-12);
        for (int j = 0; j < INPUTS; j++) {
            ck_assert_int_eq(w[j] == 0, expected[j] == 0);
            zeros += w[j] == 0;
        }
    }
    ck_assert_int_gt(zeros, INPUTS);
}
END_TEST

START_TEST(test_lasso_float_noise)
{
    rows r = invent_rows(true);
    r.as_float = true;
    for (double l1 = 0.02; l1 < 1; l1 *= 2) {
        double w[INPUTS] = {0}, expected[INPUTS], penalty[INPUTS];
        for (int j = 0; j < INPUTS; j++)
            penalty[j] = j ? l1 : 0;
        cln_minimize task = task_of(INPUTS, rows_at, &r);
        task.l1 = penalty;
        task.tolerance = ldexp(1, -22);
        task.noise = FLT_EPSILON;
        ck_assert_int_eq(run(&task, w).stopped, CLN_STOP_TOLERANCE);
        lasso(&r, l1, expected);
        ck_assert_double_le(distance(w, expected), sqrt(INPUTS) * 1.5 * task.tolerance / r.l2);
    }
}
END_TEST

/* cos x + l1·|x| is concave where it starts; sin x = l1 at its minima. */
START_TEST(test_not_convex)
{
    const double l1[3] = {0.1, 0.1, 0};
    double x[3] = {0.3, -0.5, 1};
    cln_minimize task = task_of(3, wave_at, NULL);
    task.l1 = l1;
    cln_minimum minimum = run(&task, x);
    ck_assert_int_eq(minimum.stopped, CLN_STOP_TOLERANCE);
    for (int i = 0; i < 3; i++) { /* curvature is cos asin 0.1, above 1/2 */
        ck_assert_double_le(fabs(sin(fabs(x[i])) - l1[i]), 2 * task.tolerance);
        ck_assert_double_lt(cos(x[i]), 0);
    }
}
END_TEST

static Suite *orthant_suite(void)
{
    Suite *suite = suite_create("solve/orthant");
    TCase *ok = tcase_create("ok");
    tcase_set_timeout(ok, 60);
    tcase_add_test(ok, test_orthant);
    tcase_add_test(ok, test_soft_threshold);
    tcase_add_test(ok, test_lasso);
    tcase_add_test(ok, test_lasso_float_noise);
    tcase_add_test(ok, test_not_convex);
    suite_add_tcase(suite, ok);
    return suite;
}

int main(void)
{
    return run_suite(orthant_suite());
}
