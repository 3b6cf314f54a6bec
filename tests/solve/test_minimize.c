/* The minimiser on smooth functions whose minimum is known, or found here by another method. */
#include "functions.h"

START_TEST(test_quadratics)
{
    static const double conditions[] = {1, 10, 1e3, 1e6};
    static const uint32_t memories[] = {0, 1, 3, 10};
    for (uint64_t count = 1; count <= MOST; count = 2 * count + 1)
        for (int i = 0; i < 16; i++) {
            quadratic q = invent(count, conditions[i / 4], true);
            cln_minimize task = task_of(count, quadratic_at, &q);
            task.memory = memories[i % 4];
            task.iterations = 20000;
            task.tolerance =
                fmax(1e-9, 8 * MOST * DBL_EPSILON * conditions[i / 4]); /* the rounding of a·x in a mirror */
            double x[MOST] = {0};
            cln_minimum minimum = run(&task, x);
            ck_assert_int_eq(minimum.stopped, CLN_STOP_TOLERANCE);
            ck_assert_double_le(minimum.gradient_norm, task.tolerance);
            check_quadratic(&q, x, task.tolerance);
        }
}
END_TEST

/* With the Hessian's diagonal itself, in parts, the first step leads to the minimum of a quadratic; up to a factor, the second. */
START_TEST(test_metric)
{
    for (int times = 1; times <= 1000; times *= 10) {
        quadratic q = invent(20, 1e6, false);
        cln_minimize task = task_of(q.count, quadratic_at, &q);
        double x[MOST] = {0}, metric[MOST], ridge[MOST];
        cln_minimum plain = run(&task, x);
        memset(x, 0, sizeof x);
        for (uint64_t i = 0; i < q.count; i++) {
            ridge[i] = (double)(i % 3) * q.a[i] / 2; /* nothing, half, or all */
            metric[i] = times * (q.a[i] - ridge[i]);
        }
        task.metric = metric;
        task.ridge = ridge;
        cln_minimum minimum = run(&task, x);
        ck_assert_int_eq(minimum.stopped, CLN_STOP_TOLERANCE);
        check_quadratic(&q, x, task.tolerance);
        ck_assert_uint_le(minimum.iterations, times == 1 ? 1 : 3);
        ck_assert_uint_lt(minimum.evaluations, plain.evaluations);
    }
}
END_TEST

/* Variables in units of 2^-200 to 2^200, whose squares are beyond double's digits beside each other: the same iterations. */
START_TEST(test_units)
{
    quadratic q = invent(20, 100, false), other = q;
    double x[MOST] = {0}, y[MOST] = {0}, zeros[MOST] = {0}, metric[MOST];
    cln_minimize task = task_of(q.count, quadratic_at, &q);
    for (int i = 0; i < MOST; i++)
        metric[i] = 1;
    task.metric = metric;
    task.ridge = zeros;
    task.norm = NULL;
    cln_minimum plain = run(&task, x);
    for (uint64_t i = 0; i < q.count; i++) {
        int exponent = 20 * ((int)i - 10);
        other.a[i] = ldexp(q.a[i], 2 * exponent);
        other.m[i] = ldexp(q.m[i], -exponent);
        metric[i] = ldexp(1, 2 * exponent);
    }
    task.metric = metric;
    task.user = &other;
    task.tolerance = 0;
    task.iterations = plain.iterations;
    cln_minimum now = run(&task, y);
    ck_assert_uint_eq(now.evaluations, plain.evaluations);
    ck_assert_double_eq(now.objective, plain.objective);
    for (uint64_t i = 0; i < q.count; i++)
        ck_assert_double_eq(ldexp(y[i], 20 * ((int)i - 10)), x[i]);
}
END_TEST

static cln_status rosenbrock_at(const double *x, double *f, double *g, void *user, cln_error *error)
{
    (void)user;
    (void)error;
    double bend = x[1] - x[0] * x[0];
    *f = 100 * bend * bend + (1 - x[0]) * (1 - x[0]);
    g[0] = -400 * x[0] * bend - 2 * (1 - x[0]);
    g[1] = 200 * bend;
    return CLN_OK;
}

/* The least eigenvalue of the Hessian at (1,1) is 0.39936; a factor of 2 covers that it is not constant. */
START_TEST(test_rosenbrock)
{
    double x[2] = {-1.2, 1};
    cln_minimize task = task_of(2, rosenbrock_at, NULL);
    cln_minimum minimum = run(&task, x);
    ck_assert_int_eq(minimum.stopped, CLN_STOP_TOLERANCE);
    ck_assert_double_le(hypot(x[0] - 1, x[1] - 1), 2 * sqrt(2) * task.tolerance / 0.39936);
    ck_assert_uint_le(minimum.evaluations, 100);
}
END_TEST

/* b ← A⁻¹b by elimination; A is positive definite. */
static void solve(double a[INPUTS][INPUTS], double *b)
{
    for (int p = 0; p < INPUTS; p++)
        for (int i = p + 1; i < INPUTS; i++) {
            double factor = a[i][p] / a[p][p];
            for (int j = p; j < INPUTS; j++)
                a[i][j] -= factor * a[p][j];
            b[i] -= factor * b[p];
        }
    for (int p = INPUTS; p-- > 0;) {
        for (int j = p + 1; j < INPUTS; j++)
            b[p] -= a[p][j] * b[j];
        b[p] /= a[p][p];
    }
}

/* Newton's method; from zero it converges on this problem in a few steps, to rounding. */
static void newton(const rows *r, double *w)
{
    memset(w, 0, INPUTS * sizeof *w);
    for (int step = 0; step < 50; step++) {
        double f, g[INPUTS], h[INPUTS][INPUTS] = {{0}};
        rows exact = *r;
        exact.as_float = false;
        ck_assert_int_eq(rows_at(w, &f, g, &exact, NULL), CLN_OK);
        for (int i = 0; i < ROWS; i++) {
            double p = 1 / (1 + exp(-margin(r, i, w)));
            for (int j = 0; j < INPUTS; j++)
                for (int l = 0; l < INPUTS; l++)
                    h[j][l] += (r->squared ? 1 : p * (1 - p)) * r->x[i][j] * r->x[i][l] / ROWS;
        }
        for (int j = 0; j < INPUTS; j++)
            h[j][j] += r->l2;
        solve(h, g);
        for (int j = 0; j < INPUTS; j++)
            w[j] -= g[j];
    }
}

/* The objective is l2-strongly convex: ‖w − w*‖ ≤ ‖g‖₂/l2. Nearly every iteration costs one evaluation. */
START_TEST(test_logistic)
{
    rows r = invent_rows(false);
    double w[INPUTS] = {0}, expected[INPUTS];
    cln_minimize task = task_of(INPUTS, rows_at, &r);
    cln_minimum minimum = run(&task, w);
    newton(&r, expected);
    ck_assert_int_eq(minimum.stopped, CLN_STOP_TOLERANCE);
    ck_assert_double_le(distance(w, expected), sqrt(INPUTS) * task.tolerance / r.l2 + 1e-12);
    ck_assert_uint_le(minimum.evaluations, minimum.iterations + 4);
}
END_TEST

/* Values that resolve no more than 2⁻²⁵ leave a minimum uncertain by gradients of √(2⁻²⁴·curvature), above 1e-4. The search reaches
   the gradient's own rounding, 2⁻²³ a component, all the same. */
START_TEST(test_float_noise)
{
    rows r = invent_rows(false);
    r.as_float = true;
    for (int start = 0; start < 20; start++) {
        double w[INPUTS] = {0}, expected[INPUTS];
        w[start % INPUTS] = start - 10;
        cln_minimize task = task_of(INPUTS, rows_at, &r);
        task.tolerance = ldexp(1, -22);
        task.noise = FLT_EPSILON;
        cln_minimum minimum = run(&task, w);
        newton(&r, expected);
        ck_assert_int_eq(minimum.stopped, CLN_STOP_TOLERANCE);
        ck_assert_double_le(distance(w, expected), sqrt(INPUTS) * 1.5 * task.tolerance / r.l2);
        ck_assert_uint_le(minimum.evaluations, minimum.iterations + 8);
    }
}
END_TEST

START_TEST(test_not_convex)
{
    double x[3] = {0.01, -0.5, 1};
    cln_minimize task = task_of(3, wave_at, NULL);
    ck_assert_int_eq(run(&task, x).stopped, CLN_STOP_TOLERANCE);
    for (int i = 0; i < 3; i++)
        ck_assert_double_le(fabs(cos(x[i]) + 1), 1e-15);
}
END_TEST

static Suite *minimize_suite(void)
{
    Suite *suite = suite_create("solve/minimize");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_set_timeout(ok, 60);
    tcase_add_test(ok, test_quadratics);
    tcase_add_test(ok, test_metric);
    tcase_add_test(ok, test_units);
    tcase_add_test(ok, test_rosenbrock);
    tcase_add_test(ok, test_logistic);
    tcase_add_test(ok, test_float_noise);
    tcase_add_test(edges, test_not_convex);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return suite;
}

int main(void)
{
    return run_suite(minimize_suite());
}
