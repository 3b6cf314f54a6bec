/* Measuring a training: rows as promised, a value or a reason in each, ends. Times are looked at only for being some. */
#define _GNU_SOURCE
#include "base/size.h"
#include "train/problem.h"
#include "train/trainer.h"

static const char *const names[] = {"copy_bandwidth",     "read_bandwidth",
                                    "multiply_add_rate",  "launch_time",
                                    "launch_wait_time",   "upload_rate",
                                    "download_rate",      "upload",
                                    "fused.epoch.32",     "fused.epoch.200",
                                    "fused.epoch.600",    "fused.epoch.4096",
                                    "fused.gradient",     "fused.evaluate",
                                    "fused.device.200",   "fused.between.200",
                                    "fused.host.200",     "fused.optimum",
                                    "fused.objective",    "fused.memory",
                                    "clblast.epoch.32",   "clblast.epoch.200",
                                    "clblast.epoch.600",  "clblast.epoch.4096",
                                    "clblast.gradient",   "clblast.evaluate",
                                    "clblast.device.200", "clblast.between.200",
                                    "clblast.host.200",   "clblast.optimum",
                                    "clblast.objective",  "clblast.memory",
                                    "wide_product",       "gram",
                                    "host_memory"};
enum { LIMITS = 7, ROWS = 35, FUSED = 8, CLBLAST = 20, ENGINE_ROWS = 12 };

typedef struct heard {
    cln_measurement rows[64];
    char names[64][48], reasons[64][300];
    size_t count;
    int calls, stop_at;
    bool last; /* the last of all measurements has begun */
} heard;

static void hear(const cln_measurement *row, void *user)
{
    heard *h = user;
    ck_assert_uint_lt(h->count, 64);
    snprintf(h->names[h->count], sizeof h->names[0], "%s", row->name);
    snprintf(h->reasons[h->count], sizeof h->reasons[0], "%s", row->reason ? row->reason : "");
    ck_assert(*row->unit);
    h->rows[h->count++] = *row;
}

/* Ends where told to, or after all measurements once: times are none of a test's affair. */
static int go_on(const cln_measure_progress *progress, void *user)
{
    heard *h = user;
    bool last = strstr(progress->doing, "Gram") != NULL;
    ck_assert(*progress->doing && progress->seconds >= 0 && progress->seconds_left >= 0);
    bool over = h->last && !last;
    h->last |= last;
    return ++h->calls == h->stop_at || (over && h->stop_at == 0);
}

static void measure(const cln_parts *parts, double budget, heard *h)
{
    OK(cln_measure_training(device, parts, NULL, budget, go_on, hear, h, error));
    ck_assert_uint_eq(h->count, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        ck_assert_str_eq(h->names[i], names[i]);
        ck_assert_msg(isfinite(h->rows[i].value) || *h->reasons[i], "%s has neither value nor reason", names[i]);
        ck_assert_msg(isnan(h->rows[i].value) || h->rows[i].value >= 0, "%s", names[i]);
        ck_assert_msg(isnan(h->rows[i].limit) || h->rows[i].limit > 0, "%s", names[i]);
    }
}

static const cln_measurement *find(const heard *h, const char *name)
{
    for (size_t i = 0; i < h->count; i++)
        if (strcmp(h->names[i], name) == 0)
            return &h->rows[i];
    ck_abort_msg("there is no %s", name);
    return NULL;
}

START_TEST(everything_in_enough_time)
{
    problem train = problem_make(5000, 40, 7, CLN_UINT8, 3), test = problem_make(900, 40, 7, CLN_UINT8, 4);
    heard h = {0};
    measure(&(cln_parts){train.data, NULL, test.data}, 3600, &h);
    for (size_t i = LIMITS; i < ROWS; i++)
        ck_assert_msg(isfinite(h.rows[i].value), "%s: %s", names[i], h.reasons[i]);
    static const char *const limited[] = {"upload",         "fused.epoch.32", "fused.gradient",
                                          "fused.evaluate", "fused.optimum",  "clblast.epoch.4096",
                                          "wide_product",   "gram",           "fused.device.200"};
    for (size_t i = 0; i < CLN_COUNT(limited); i++)
        ck_assert_msg(find(&h, limited[i])->limit > 0, "%s", limited[i]);
    double fused = find(&h, "fused.objective")->value, clblast = find(&h, "clblast.objective")->value;
    ck_assert_double_eq_tol(fused, clblast, 1e-6 * fused);
    ck_assert_int_gt(h.calls, 20);
    problem_free(&train);
    problem_free(&test);
}
END_TEST

/* The memory is that of a training, of which nothing is left. */
START_TEST(memory_of_a_training)
{
    static const char *const engines[] = {"fused", "clblast"}, *const rows[] = {"fused.memory", "clblast.memory"};
    problem p = problem_make(20000, 30, 5, CLN_FLOAT32, 3), test = problem_make(700, 30, 5, CLN_FLOAT32, 4);
    heard h = {0};
    measure(&(cln_parts){p.data, NULL, test.data}, 3600, &h);
    ck_assert_uint_eq(device->bytes, 0);
    for (size_t i = 0; i < 2; i++) {
        cln_result result;
        device->peak_bytes = 0;
        cln_model_free(trained(engines[i], "epochs=1", p.data, NULL, test.data, &result));
        ck_assert_double_eq(find(&h, rows[i])->value, (double)result.device_bytes);
    }
    problem_free(&p);
    problem_free(&test);
}
END_TEST

START_TEST(few_rows_and_none_to_test)
{
    problem p = problem_make(700, 30, 5, CLN_FLOAT32, 3);
    heard h = {0};
    measure(&(cln_parts){p.data, NULL, NULL}, 3600, &h);
    ck_assert(isfinite(find(&h, "fused.epoch.4096")->value) && isfinite(find(&h, "fused.evaluate")->value));
    ck_assert_ptr_nonnull(find(&h, "fused.epoch.4096")->reason);
    ck_assert_ptr_nonnull(find(&h, "fused.evaluate")->reason);
    ck_assert_ptr_null(find(&h, "fused.epoch.600")->reason);
    problem_free(&p);
}
END_TEST

START_TEST(real_targets)
{
    problem p = problem_make(300, 12, 3, CLN_FLOAT32, 8);
    float targets[300];
    cln_dataset *data = NULL;
    heard h = {0};
    for (uint32_t i = 0; i < p.n; i++)
        targets[i] = (float)sin(i);
    OK(cln_dataset_wrap_targets(p.x, p.type, p.n, p.d, targets, 1, &data, error));
    measure(&(cln_parts){data, NULL, NULL}, 3600, &h);
    ck_assert(isfinite(find(&h, "fused.epoch.200")->value));
    ck_assert_msg(isfinite(find(&h, "gram")->value), "%s", h.reasons[33]);
    cln_dataset_close(data);
    problem_free(&p);
}
END_TEST

/* Too many outputs for one engine: its rows say so, and the other goes on. */
START_TEST(one_engine_fails)
{
    problem p = problem_make(200, 5, 80, CLN_UINT8, 8);
    heard h = {0};
    measure(&(cln_parts){p.data, NULL, NULL}, 3600, &h);
    for (size_t i = FUSED; i < FUSED + ENGINE_ROWS; i++)
        ck_assert_msg(isnan(h.rows[i].value) && strstr(h.reasons[i], "outputs"), "%s: %s", names[i], h.reasons[i]);
    ck_assert(isfinite(h.rows[CLBLAST].value));
    problem_free(&p);
}
END_TEST

START_TEST(no_time)
{
    problem p = problem_make(200, 5, 3, CLN_UINT8, 8);
    heard h = {0};
    measure(&(cln_parts){p.data, NULL, NULL}, 0.01, &h);
    ck_assert_str_eq(h.reasons[CLBLAST], "the budget was spent before");
    problem_free(&p);
}
END_TEST

START_TEST(stopped)
{
    problem p = problem_make(200, 5, 3, CLN_UINT8, 8);
    static const int ends[] = {1, 9, 14, 40};
    for (size_t i = 0; i < CLN_COUNT(ends); i++) {
        heard h = {.stop_at = ends[i]};
        OK(cln_measure_training(device, &(cln_parts){p.data, NULL, NULL}, "clblast", 60, go_on, hear, &h, error));
        ck_assert_int_eq(h.calls, ends[i]);
        ck_assert_str_eq(h.names[h.count - 1], "host_memory");
        ck_assert_uint_eq(device->bytes, 0);
    }
    problem_free(&p);
}
END_TEST

static void be_no_simulator(void)
{
    device->facts.info.simulator = false;
}

START_TEST(simulators_have_reasons)
{
    problem p = problem_make(50, 5, 3, CLN_UINT8, 8);
    heard h = {0};
    device->facts.info.simulator = true;
    measure(&(cln_parts){p.data, NULL, NULL}, 60, &h);
    for (size_t i = 0; i < ROWS; i++)
        ck_assert_msg(isnan(h.rows[i].value) && strstr(h.reasons[i], "simulator"), "%s", names[i]);
    problem_free(&p);
}
END_TEST

/* Another run of the same trainer comes to the same bits, whatever was before. */
START_TEST(a_trainer_starts_again)
{
    static const char *const words[] = {"epochs=3 batch-size=32", "solver=lbfgs l2=1e-3"};
    problem p = problem_make(300, 12, 3, CLN_UINT8, 8);
    for (size_t i = 0; i < CLN_COUNT(words); i++) {
        cln_result first, again;
        cln_trainer *trainer = trainer_of("auto", words[i], p.data, NULL, NULL);
        OK(cln_trainer_run(trainer, NULL, NULL, &first, error));
        cln_model *before = model_of(trainer);
        OK(cln_trainer_restart(trainer, error));
        OK(cln_trainer_run(trainer, NULL, NULL, &again, error));
        cln_model *after = model_of(trainer);
        ck_assert(same_bits(before, after));
        ck_assert_uint_eq(first.steps, again.steps);
        ck_assert_int_eq(first.stopped, again.stopped);
        ck_assert_double_eq(first.objective, again.objective);
        cln_model_free(before);
        cln_model_free(after);
        cln_trainer_close(trainer);
    }
    problem_free(&p);
}
END_TEST

START_TEST(what_makes_no_sense)
{
    static const double budgets[] = {0, -1, NAN, INFINITY};
    uint8_t x[4] = {0};
    cln_dataset *bare = NULL;
    problem p = problem_make(50, 5, 3, CLN_UINT8, 8);
    OK(cln_dataset_wrap(x, CLN_UINT8, 2, 2, NULL, &bare, error));
    for (size_t i = 0; i < CLN_COUNT(budgets); i++)
        FAILS(
            CLN_INVALID, "time above 0",
            cln_measure_training(device, &(cln_parts){p.data, NULL, NULL}, NULL, budgets[i], NULL, hear, NULL, error));
    FAILS(CLN_INVALID, "no training data",
          cln_measure_training(device, &(cln_parts){NULL, NULL, NULL}, NULL, 1, NULL, hear, NULL, error));
    FAILS(CLN_INVALID, "labels",
          cln_measure_training(device, &(cln_parts){bare, NULL, NULL}, NULL, 1, NULL, hear, NULL, error));
    FAILS(CLN_INVALID, "there is no engine",
          cln_measure_training(device, &(cln_parts){p.data, NULL, NULL}, "fast", 1, NULL, hear, NULL, error));
    cln_dataset_close(bare);
    problem_free(&p);
}
END_TEST

static void nothing_left(void)
{
    ck_assert_uint_eq(device->bytes, 0);
}

int main(void)
{
    Suite *suite = suite_create("training");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_set_timeout(cases[i], 0);
        tcase_add_checked_fixture(cases[i], be_no_simulator, nothing_left);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(ok, everything_in_enough_time);
    tcase_add_test(ok, memory_of_a_training);
    tcase_add_test(ok, few_rows_and_none_to_test);
    tcase_add_test(ok, real_targets);
    tcase_add_test(ok, a_trainer_starts_again);
    tcase_add_test(edges, one_engine_fails);
    tcase_add_test(edges, no_time);
    tcase_add_test(edges, stopped);
    tcase_add_test(edges, simulators_have_reasons);
    tcase_add_test(invalid, what_makes_no_sense);
    return run_on_device(suite);
}
