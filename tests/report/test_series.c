/* What is drawn of logs, and where. */
#include "report/series.h"
#include "harness.h"

#include <math.h>
#include <string.h>

static cln_log_row rows[2000];
static cln_series series;

static cln_log_row pass(uint64_t epoch, uint64_t step, double loss)
{
    return (cln_log_row){true, epoch, step, loss, 0.9, loss / 2, 0.8, NAN, NAN};
}

static cln_log_row minibatch(uint64_t epoch, uint64_t step, double loss)
{
    return (cln_log_row){false, epoch, step, loss, 0.7, NAN, NAN, NAN, NAN};
}

static void collect(const char *solver, size_t count)
{
    cln_error error = {0};
    cln_log_rows log = {.rows = rows, .count = count};
    snprintf(log.solver, sizeof log.solver, "%s", solver);
    ck_assert_msg(cln_series_collect(&(cln_curve){"log", &log}, 1, &series, &error) == CLN_OK, "%s", error.message);
}

static void end(void)
{
    cln_series_release(&series);
}

START_TEST(minibatches_and_passes)
{
    size_t count = 0;
    for (uint64_t epoch = 1; epoch <= 3; epoch++) {
        for (uint64_t step = 0; step < 10; step++)
            rows[count++] = minibatch(epoch, 10 * (epoch - 1) + step, 1);
        rows[count++] = pass(epoch, 10 * epoch, 2);
    }
    collect("sgd", count);
    const cln_panel *panel = &series.panels[CLN_QUANTITY_LOSS];
    ck_assert_int_eq(series.axis, CLN_AXIS_STEPS);
    ck_assert_double_eq(series.pass_steps, 10);
    ck_assert_double_eq(series.first, 0);
    ck_assert_double_eq(series.last, 30);
    ck_assert_uint_eq(panel->count, 3);
    ck_assert_uint_eq(panel->lines[0].count, 30);
    ck_assert(panel->lines[1].pass && !panel->lines[1].valid && panel->lines[2].valid);
    ck_assert_double_eq(panel->lines[1].columns[0].x, 5); /* measured all along the pass */
    ck_assert_double_eq(panel->lines[2].columns[0].x, 10);
    ck_assert_double_eq(panel->lines[2].columns[0].mean, 1);
    ck_assert_double_eq(series.panels[CLN_QUANTITY_ACCURACY].lines[0].columns[0].mean, 70);
    ck_assert_uint_eq(series.panels[CLN_QUANTITY_OBJECTIVE].count, 0);
    ck_assert_uint_eq(series.hidden, 0);
    ck_assert_uint_eq(series.thinned, 0);
}
END_TEST

/* Many minibatches share columns, here by passes; one far away does not press the others flat, and is counted. */
START_TEST(many_minibatches)
{
    size_t count = 0;
    for (uint64_t epoch = 1; epoch <= 100; epoch++) {
        for (uint64_t step = 0; step < 10; step++)
            rows[count++] = minibatch(epoch, 10 * (epoch - 1) + step, 1 + (double)step / 100);
        rows[count++] = pass(epoch, 10 * epoch, 1.05 + (double)(epoch % 2) / 50);
    }
    rows[501].train_loss = 1e6;
    collect("sgd", count);
    const cln_panel *panel = &series.panels[CLN_QUANTITY_LOSS];
    ck_assert_uint_eq(panel->lines[0].points, 1000);
    ck_assert_uint_eq(panel->lines[0].count, 100);
    ck_assert_uint_eq(panel->lines[0].columns[0].count, 10);
    ck_assert_uint_eq(series.thinned, 1000);
    ck_assert_uint_eq(series.crowd, 10);
    ck_assert(panel->most < 2 && panel->least < 1.05 / 2);
    ck_assert_uint_eq(series.hidden, 1);
    ck_assert(!panel->logarithmic);
}
END_TEST

START_TEST(iterations)
{
    for (uint64_t i = 0; i < 9; i++) {
        rows[i] = pass(i + 1, 2 * i, 1);
        rows[i].objective = 1;
        rows[i].gradient_norm = i < 8 ? pow(10, -(double)i) : 0; /* at the optimum itself, where no logarithm is */
    }
    collect("lbfgs", 9);
    const cln_panel *gradient = &series.panels[CLN_QUANTITY_GRADIENT],
                    *objective = &series.panels[CLN_QUANTITY_OBJECTIVE];
    ck_assert_int_eq(series.axis, CLN_AXIS_ITERATIONS);
    ck_assert_double_eq(series.first, 1);
    ck_assert_double_eq(series.last, 9);
    ck_assert(gradient->logarithmic && gradient->least > 0 && gradient->least < 1e-7 && gradient->most > 1);
    ck_assert(!objective->logarithmic && objective->least < 1 && objective->most > 1);
    ck_assert_uint_eq(series.hidden, 1);
}
END_TEST

/* Solvers side by side stand by passes and iterations; minibatches of a log without a pass have no place then. */
START_TEST(mixed)
{
    cln_error error = {0};
    cln_log_row other[2] = {pass(1, 3, 1), pass(4, 9, 1)}, young = minibatch(1, 5, 1);
    cln_log_rows sgd = {.solver = "sgd", .rows = rows, .count = 2},
                 lbfgs = {.solver = "lbfgs", .rows = other, .count = 2},
                 early = {.solver = "sgd", .rows = &young, .count = 1};
    rows[0] = minibatch(1, 5, 1);
    rows[1] = pass(1, 10, 1);
    ck_assert_int_eq(cln_series_collect((cln_curve[]){{"a", &sgd}, {"b", &lbfgs}, {"c", &early}}, 3, &series, &error),
                     CLN_OK);
    const cln_panel *panel = &series.panels[CLN_QUANTITY_LOSS];
    ck_assert_int_eq(series.axis, CLN_AXIS_PASSES);
    ck_assert_uint_eq(panel->count, 5);
    ck_assert_double_eq(panel->lines[0].columns[0].x, 0.5);
    ck_assert_double_eq(series.first, 0.5);
    ck_assert_double_eq(series.last, 4);
}
END_TEST

START_TEST(one_point)
{
    rows[0] = pass(1, 1, 0);
    collect("direct", 1);
    ck_assert_int_eq(series.axis, CLN_AXIS_ALPHAS);
    ck_assert(series.first < 1 && series.last > 1);
    ck_assert(series.panels[CLN_QUANTITY_LOSS].least < 0 && series.panels[CLN_QUANTITY_LOSS].most > 0);
}
END_TEST

START_TEST(absurd_values)
{
    rows[0] = pass(1, 1, -1.7e308);
    rows[1] = pass(2, INT64_MAX, 1.7e308);
    rows[2] = pass(3, INT64_MAX, -9e299);
    rows[2].train_accuracy = 9e297;
    collect("sgd", 3);
    for (size_t i = 0; i < CLN_QUANTITIES; i++)
        ck_assert(series.panels[i].count == 0 ||
                  (isfinite(series.panels[i].least) && series.panels[i].least < series.panels[i].most));
    ck_assert(isfinite(series.first) && series.first < series.last);
}
END_TEST

START_TEST(nothing)
{
    cln_error error = {0};
    cln_log_rows log = {.solver = "sgd"};
    ck_assert_int_eq(cln_series_collect(&(cln_curve){"a.log", &log}, 1, &series, &error), CLN_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.message, "a.log has no figures"));
}
END_TEST

START_TEST(a_direct_solution_has_no_course)
{
    cln_error error = {0}, yet = {0};
    cln_log_rows log = {.solver = "direct", .rows = rows, .count = 1};
    rows[0] = (cln_log_row){true, 1, 1, NAN, NAN, NAN, NAN, NAN, NAN};
    ck_assert_int_eq(cln_series_collect(&(cln_curve){"a.log", &log}, 1, &series, &error), CLN_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.message, "a.log is of solver direct without validation"));
    log.count = 0; /* it has only begun */
    ck_assert_int_eq(cln_series_collect(&(cln_curve){"a.log", &log}, 1, &series, &yet), CLN_FORMAT);
    ck_assert_ptr_nonnull(strstr(yet.message, "a.log has no figures"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report/series");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    tcase_add_test(ok, minibatches_and_passes);
    tcase_add_test(ok, many_minibatches);
    tcase_add_test(ok, iterations);
    tcase_add_test(ok, mixed);
    tcase_add_test(edges, one_point);
    tcase_add_test(edges, absurd_values);
    tcase_add_test(invalid, nothing);
    tcase_add_test(invalid, a_direct_solution_has_no_course);
    for (int i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], NULL, end);
        suite_add_tcase(suite, cases[i]);
    }
    return run_suite(suite);
}
