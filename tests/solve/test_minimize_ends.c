/* How runs of the minimiser end: at limits, where digits end, where functions do, and after failures. */
#include "functions.h"

/* A row that the first step overshoots by far: steep at 0, then uphill for long at a slope that hardly changes, along which secants creep. */
static cln_status overshot_at(const double *x, double *f, double *g, void *user, cln_error *error)
{
    const double steep = *(double *)user;
    (void)error;
    *f = log1p(exp(-steep * x[0])) + 0.1 * steep * x[0];
    g[0] = steep * (0.1 - 1 / (1 + exp(steep * x[0])));
    return CLN_OK;
}

START_TEST(test_first_step_far_too_long)
{
    double steep[] = {1e2, 1e4, 1e6};
    for (size_t i = 0; i < sizeof steep / sizeof *steep; i++) {
        double x[1] = {0};
        cln_minimize task = task_of(1, overshot_at, &steep[i]);
        task.tolerance = 1e-6 * steep[i];
        cln_minimum minimum = run(&task, x);
        ck_assert_int_eq(minimum.stopped, CLN_STOP_TOLERANCE);
        ck_assert_double_eq_tol(steep[i] * x[0], log(9), 1e-4);
    }
}
END_TEST

/* Nothing stops it before the digits are spent. */
START_TEST(test_tolerance_zero)
{
    quadratic q = invent(12, 100, true);
    double x[MOST] = {0};
    cln_minimize task = task_of(q.count, quadratic_at, &q);
    task.tolerance = 0;
    cln_minimum minimum = run(&task, x);
    ck_assert(minimum.stopped == CLN_STOP_LINE_SEARCH || minimum.stopped == CLN_STOP_TOLERANCE);
    ck_assert_uint_lt(minimum.evaluations, 200);
    check_quadratic(&q, x, 100 * 4 * 12 * DBL_EPSILON); /* a gradient's rounding: curvature · that of a mirrored x */
}
END_TEST

/* Where values and gradients are rounded to float's digits it does not go on at random until the last iteration. */
START_TEST(test_digits_end)
{
    for (int squared = 0; squared < 2; squared++)
        for (int start = 0; start < 10; start++) {
            rows r = invent_rows(squared);
            r.as_float = true;
            double w[INPUTS] = {0};
            w[start % INPUTS] = start;
            cln_minimize task = task_of(INPUTS, rows_at, &r);
            task.tolerance = 0;
            task.noise = FLT_EPSILON;
            cln_minimum minimum = run(&task, w);
            ck_assert(minimum.stopped == CLN_STOP_LINE_SEARCH || minimum.stopped == CLN_STOP_TOLERANCE);
            ck_assert_double_le(minimum.gradient_norm, ldexp(1, -20));
            ck_assert_uint_lt(minimum.evaluations, 300);
        }
}
END_TEST

/* A gradient that is never twice the same, as of sums in no fixed order. */
static cln_random restless;

static cln_status restless_at(const double *x, double *f, double *g, void *user, cln_error *error)
{
    cln_status status = quadratic_at(x, f, g, user, error);
    for (int i = 0; i < MOST; i++)
        g[i] += 1e-7 * (cln_random_below(&restless, 1000) / 500.0 - 1);
    *f = (float)(1 + *f);
    return status;
}

START_TEST(test_restless)
{
    quadratic q = invent(MOST, 100, true);
    double x[MOST] = {0};
    cln_minimize task = task_of(MOST, restless_at, &q);
    task.tolerance = 0;
    task.noise = FLT_EPSILON;
    task.iterations = 100000;
    cln_random_seed(&restless, 1, 1);
    cln_minimum minimum = run(&task, x);
    ck_assert_int_eq(minimum.stopped, CLN_STOP_LINE_SEARCH);
    ck_assert_uint_lt(minimum.evaluations, 1000);
    check_quadratic(&q, x, 1e-5); /* it wanders by more than a single gradient's noise */
}
END_TEST

/* Nowhere finite for so many evaluations as one search has: it begins anew from the steepest descent, once. */
static cln_status outage_at(const double *x, double *f, double *g, void *user, cln_error *error)
{
    const quadratic *q = user;
    cln_status status = quadratic_at(x, f, g, user, error);
    if (q->calls > 5 && q->calls <= 25)
        *f = NAN;
    return status;
}

START_TEST(test_restart)
{
    quadratic q = invent(MOST, 100, true);
    double x[MOST] = {0};
    cln_minimize task = task_of(MOST, outage_at, &q);
    ck_assert_int_eq(run(&task, x).stopped, CLN_STOP_TOLERANCE);
    check_quadratic(&q, x, task.tolerance);
}
END_TEST

START_TEST(test_limits)
{
    quadratic q = invent(MOST, 1e4, true);
    double x[MOST] = {0}, start[MOST] = {0}, f, g[MOST];
    cln_minimize task = task_of(q.count, quadratic_at, &q);
    task.progress = quadratic_progress;
    task.iterations = 0; /* only looks */
    cln_minimum minimum = run(&task, x);
    ck_assert_int_eq(minimum.stopped, CLN_STOP_EPOCHS);
    ck_assert_uint_eq(minimum.evaluations, 1);
    ck_assert_mem_eq(x, start, sizeof x);
    task.iterations = 5;
    minimum = run(&task, x);
    ck_assert_int_eq(minimum.stopped, CLN_STOP_EPOCHS);
    ck_assert_uint_eq(minimum.iterations, 5);
    ck_assert_uint_eq(q.seen, 5);
    ck_assert_int_eq(quadratic_at(x, &f, g, &q, NULL), CLN_OK); /* what is reported belongs to what is returned */
    ck_assert_double_eq(f, minimum.objective);

    q.stop_at = 3;
    q.seen = 0;
    memset(x, 0, sizeof x);
    minimum = run(&task, x);
    ck_assert_int_eq(minimum.stopped, CLN_STOP_INTERRUPTED);
    ck_assert_uint_eq(minimum.iterations, 3);
    ck_assert_int_eq(quadratic_at(x, &f, g, &q, NULL), CLN_OK);
    ck_assert_double_eq(f, minimum.objective);
}
END_TEST

START_TEST(test_at_the_minimum)
{
    quadratic q = invent(1, 3, false);
    double x[MOST] = {q.m[0]};
    cln_minimize task = task_of(1, quadratic_at, &q);
    task.tolerance = 0;
    cln_minimum minimum = run(&task, x);
    ck_assert_int_eq(minimum.stopped, CLN_STOP_TOLERANCE);
    ck_assert_uint_eq(minimum.iterations, 0);
    ck_assert_double_eq(x[0], q.m[0]);
}
END_TEST

/* A slope of which no step is left to see. */
static cln_status ledge_at(const double *x, double *f, double *g, void *user, cln_error *error)
{
    (void)user;
    (void)error;
    *f = x[0];
    g[0] = 1e-20;
    return CLN_OK;
}

/* Where the minimum is closer than any step that changes x, that is all there is to find; it has not diverged. */
START_TEST(test_step_too_short)
{
    quadratic q = invent(1, 1, false);
    q.a[0] = 1e12;
    q.m[0] = 1;
    double x[MOST] = {1 + DBL_EPSILON};
    cln_minimize task = task_of(1, quadratic_at, &q);
    task.metric = q.a;
    task.tolerance = 0;
    cln_minimum minimum = run(&task, x);
    ck_assert_int_eq(minimum.stopped, CLN_STOP_TOLERANCE);
    x[0] = 1 + DBL_EPSILON;
    task.evaluate = ledge_at;
    task.metric = NULL;
    minimum = run(&task, x);
    ck_assert_int_eq(minimum.stopped, CLN_STOP_LINE_SEARCH);
    ck_assert_uint_eq(minimum.evaluations, 1);
}
END_TEST

/* x − log x, which is nowhere for x ≤ 0; the minimum is 1, with curvature 1. Mode: what is found where it is not. */
static cln_status barrier_at(const double *x, double *f, double *g, void *user, cln_error *error)
{
    const int *mode = user;
    (void)error;
    bool inside = x[0] > 0;
    *f = inside ? x[0] - log(x[0]) : *mode == 0 ? NAN : *mode == 1 ? INFINITY : *mode == 2 ? -INFINITY : 0;
    g[0] = inside ? 1 - 1 / x[0] : NAN;
    return CLN_OK;
}

START_TEST(test_not_finite_on_the_way)
{
    for (int mode = 0; mode < 4; mode++)
        for (double start = 1e-3; start < 100; start *= 7) {
            double x = start;
            cln_minimize task = task_of(1, barrier_at, &mode);
            cln_minimum minimum = run(&task, &x);
            ck_assert_int_eq(minimum.stopped, CLN_STOP_TOLERANCE);
            ck_assert_double_le(fabs(x - 1), 2 * task.tolerance);
        }
}
END_TEST

START_TEST(test_not_finite_at_the_start)
{
    for (int mode = 0; mode < 4; mode++) {
        double x = -2;
        cln_minimize task = task_of(1, barrier_at, &mode);
        cln_minimum minimum = run(&task, &x);
        ck_assert_int_eq(minimum.stopped, CLN_STOP_DIVERGED);
        ck_assert_uint_eq(minimum.evaluations, 1);
        ck_assert_double_eq(x, -2);
    }
}
END_TEST

/* Finite where it starts, and nowhere else. */
static cln_status island_at(const double *x, double *f, double *g, void *user, cln_error *error)
{
    (void)user;
    (void)error;
    *f = x[0] == 1 ? 1 : NAN;
    g[0] = 1;
    return CLN_OK;
}

START_TEST(test_nowhere_finite)
{
    double x = 1;
    cln_minimize task = task_of(1, island_at, NULL);
    ck_assert_int_eq(run(&task, &x).stopped, CLN_STOP_DIVERGED);
    ck_assert_double_eq(x, 1);
}
END_TEST

/* A line falls for ever. */
static cln_status line_at(const double *x, double *f, double *g, void *user, cln_error *error)
{
    (void)user;
    (void)error;
    *f = -x[0];
    g[0] = -1;
    return CLN_OK;
}

START_TEST(test_unbounded)
{
    double x = 0;
    cln_minimize task = task_of(1, line_at, NULL);
    task.iterations = 100;
    cln_minimum minimum = run(&task, &x);
    ck_assert_int_ne(minimum.stopped, CLN_STOP_TOLERANCE);
    ck_assert(isfinite(x) && x > 1e6);
    ck_assert_double_eq(minimum.objective, -x);
}
END_TEST

/* The gradient of another function: no step is better, and it says so. */
static cln_status liar_at(const double *x, double *f, double *g, void *user, cln_error *error)
{
    (void)user;
    (void)error;
    *f = 1 + fabs(x[0]);
    g[0] = -1;
    return CLN_OK;
}

START_TEST(test_line_search_fails)
{
    double x = 0;
    cln_minimize task = task_of(1, liar_at, NULL);
    cln_minimum minimum = run(&task, &x);
    ck_assert_int_eq(minimum.stopped, CLN_STOP_LINE_SEARCH);
    ck_assert_double_eq(x, 0);
    ck_assert_uint_lt(minimum.evaluations, 50);
}
END_TEST

START_TEST(test_evaluation_fails)
{
    quadratic q = invent(MOST, 1e4, true);
    cln_minimize task = task_of(q.count, quadratic_at, &q);
    for (q.fail_at = 1; q.fail_at < 20; q.fail_at++) {
        double x[MOST] = {0}, f = NAN, g[MOST];
        cln_minimum minimum;
        cln_error error = {0};
        q.calls = 0;
        ck_assert_int_eq(cln_minimize_run(&task, x, &minimum, &error), CLN_MEMORY);
        ck_assert_uint_eq(minimum.evaluations, q.fail_at);
        ck_assert_int_eq(quadratic_at(x, &f, g, &q, NULL), CLN_OK);
        ck_assert(q.fail_at == 1 || f == minimum.objective);
    }
}
END_TEST

static Suite *minimize_ends_suite(void)
{
    Suite *suite = suite_create("solve/minimize_ends");
    TCase *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_test(edges, test_tolerance_zero);
    tcase_add_test(edges, test_digits_end);
    tcase_add_test(edges, test_restless);
    tcase_add_test(edges, test_restart);
    tcase_add_test(edges, test_limits);
    tcase_add_test(edges, test_at_the_minimum);
    tcase_add_test(edges, test_first_step_far_too_long);
    tcase_add_test(edges, test_not_finite_on_the_way);
    tcase_add_test(edges, test_step_too_short);
    tcase_add_test(edges, test_unbounded);
    tcase_add_test(invalid, test_not_finite_at_the_start);
    tcase_add_test(invalid, test_nowhere_finite);
    tcase_add_test(invalid, test_line_search_fails);
    tcase_add_test(invalid, test_evaluation_fails);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_suite(minimize_ends_suite());
}
