#define _GNU_SOURCE
/* The search on the device: small products and steps, and the whole of it cut short. */
#include "base/os.h"
#include "device/opened.h"
#include "measure/tune.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        cln_error error_ = {0}, *error = &error_;                                                                      \
        ck_assert_msg((call) == CLN_OK, "%s: %s", #call, error_.message);                                              \
    } while (0)

START_TEST(nan_agrees_with_nothing)
{
    const double expected[] = {1, 2, 3}, slack[] = {0.1, 0.1, 0.1}, wide[] = {INFINITY, INFINITY, INFINITY};
    ck_assert(cln_tune_agrees((const float[]){1, 2.05f, 3}, expected, slack, 3));
    ck_assert(!cln_tune_agrees((const float[]){1, 2.2f, 3}, expected, slack, 3));
    ck_assert(!cln_tune_agrees((const float[]){1, 2, NAN}, expected, slack, 3));
    ck_assert(!cln_tune_agrees((const float[]){1, 2, NAN}, expected, wide, 3));
    ck_assert(!cln_tune_agrees((const float[]){1, INFINITY, 3}, expected, slack, 3));
}
END_TEST

static cln_search patient(void)
{
    return (cln_search){.began = cln_os_seconds(), .budget = 600};
}

/* The built-in parameters, and moves none of which can run: the right product, the wrong candidates left out. */
START_TEST(product_with_the_built_in_parameters)
{
    static const cln_move impossible[] = {{{{offsetof(cln_gemm, vwm), 3}}, 1},
                                          {{{offsetof(cln_gemm, gemmk), 1}}, 1},
                                          {{{offsetof(cln_gemm, mdimc), 4096}}, 1}};
    cln_product product = {48, 16, 80, false};
    cln_tuned_product tuned;
    cln_tune_row row = {0};
    cln_search search = patient();
    cln_gemm builtin = cln_gemm_choose(&device->facts, &product);
    OK(cln_tune_product(device, &product, NULL, (cln_moves){impossible, 3}, &search, 60, &tuned, &row, error));
    ck_assert_mem_eq(&tuned.gemm, &builtin, sizeof builtin);
    ck_assert(tuned.builtin_ms > 0 && isfinite(tuned.builtin_ms) && tuned.best_ms == tuned.builtin_ms);
    ck_assert_uint_eq(row.tried + row.wrong + row.slow, 0);
    ck_assert_str_eq(row.best, "built-in");
}
END_TEST

/* Every shape that the search may try computes right, on floats and bytes: none is counted as wrong. */
START_TEST(every_shape_that_is_tried_computes_right)
{
    for (int type = CLN_UINT8; type <= CLN_FLOAT32; type++) {
        cln_case of = {61, 7, 70, (cln_type)type};
        cln_tune_data *data = NULL;
        cln_tuned_shape tuned;
        cln_tune_row row = {0};
        cln_search search = patient();
        cln_shape_kind kind = device->facts.is_cpu ? CLN_SHAPE_CPU : CLN_SHAPE_GPU;
        OK(cln_tune_data_create(device, &of, &data, error));
        OK(cln_tune_shape(data, NULL, cln_moves_of_shape(kind), &search, 120, &tuned, &row, error));
        cln_tune_data_release(data);
        ck_assert_uint_eq(row.wrong, 0);
        ck_assert_uint_ge(row.tried + row.slow, 3);
        ck_assert(tuned.best_ms > 0 && tuned.best_ms <= tuned.builtin_ms);
        ck_assert(cln_tuned_shape_is_sound(&tuned, &device->facts));
    }
}
END_TEST

/* Each has its own layout of the weights. */
START_TEST(both_engines_are_timed)
{
    cln_case of = {100, 33, 70, CLN_UINT8};
    cln_tune_data *data = NULL;
    cln_tuned_engine tuned;
    cln_tune_row row = {0};
    cln_search search = patient();
    OK(cln_tune_data_create(device, &of, &data, error));
    OK(cln_tune_engine(data, &search, 120, &tuned, &row, error));
    cln_tune_data_release(data);
    ck_assert(tuned.fused_ms > 0 && isfinite(tuned.fused_ms));
    ck_assert(tuned.clblast_ms > 0 && isfinite(tuned.clblast_ms));
    ck_assert_str_eq(row.best,
                     tuned.clblast_ms < tuned.fused_ms && strcmp(row.best, "clblast") == 0 ? "clblast" : "fused");
}
END_TEST

START_TEST(a_time_that_is_none)
{
    static const double budgets[] = {0, -1, NAN, INFINITY};
    for (size_t i = 0; i < sizeof budgets / sizeof *budgets; i++) {
        cln_error error = {0};
        ck_assert_int_eq(cln_device_tune(device, budgets[i], NULL, NULL, NULL, &error), CLN_INVALID);
    }
}
END_TEST

static int stop_at_once(const cln_tune_progress *progress, void *user)
{
    ++*(int *)user;
    ck_assert(*progress->name && *progress->trying && progress->index >= 1 && progress->index <= progress->count);
    return 1;
}

static void count_row(const cln_tune_row *row, void *user)
{
    ck_assert(*row->name);
    *(int *)user += 100;
}

/* What runs already is finished and told; nothing more is begun. */
START_TEST(stopped_at_once)
{
    int calls = 0;
    OK(cln_device_tune(device, 60, stop_at_once, count_row, &calls, error));
    ck_assert_int_eq(calls, 101);
    device->tuning->shape_count = 0;
}
END_TEST

static void nothing_left(void)
{
    ck_assert_uint_eq(device->bytes, 0);
}

static void be_no_simulator(void)
{
    device->facts.info.simulator = false;
}

START_TEST(simulators_are_refused)
{
    cln_error error = {0};
    device->facts.info.simulator = true;
    ck_assert_int_eq(cln_device_tune(device, 1, NULL, NULL, NULL, &error), CLN_UNSUPPORTED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tune");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_set_timeout(cases[i], 0);
        tcase_add_checked_fixture(cases[i], NULL, nothing_left);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(ok, product_with_the_built_in_parameters);
    tcase_add_test(ok, every_shape_that_is_tried_computes_right);
    tcase_add_test(ok, both_engines_are_timed);
    tcase_add_test(edges, nan_agrees_with_nothing);
    tcase_add_test(invalid, a_time_that_is_none);
    TCase *whole = tcase_create("whole"), *simulated = tcase_create("simulated");
    tcase_set_timeout(whole, 0);
    tcase_add_checked_fixture(whole, be_no_simulator, nothing_left);
    tcase_add_test(whole, stopped_at_once);
    suite_add_tcase(suite, whole);
    tcase_add_checked_fixture(simulated, NULL, be_no_simulator);
    tcase_add_test(simulated, simulators_are_refused);
    suite_add_tcase(suite, simulated);
    return run_on_device(suite);
}
