/* Every function of clinear.h with NULL in the place of each thing it needs; and after a fork. (tests/house/test_symbols.sh says which
   function is missing here.) */
#define _GNU_SOURCE
#include "search/searches.h"

#include "files.h"

#include <sys/wait.h>
#include <unistd.h>

/* What is there to give. */
static struct {
    problem p;
    cln_options *options;
    cln_parts parts;
    cln_trainer *trainer, *other;
    cln_search *search;
    cln_model *model;
    cln_checkpoints to;
} all;
static char checkpoint[4096];

static int on_rows(uint64_t first, uint32_t count, const uint32_t *outputs, const float *probability, void *user)
{
    (void)first, (void)count, (void)outputs, (void)probability, (void)user;
    return 1;
}

static void on_line(const char *line, void *user)
{
    (void)line, (void)user;
}

static void on_measured(const cln_measurement *row, void *user)
{
    (void)row, (void)user;
}

static void on_profiled(const cln_profile_row *row, void *user)
{
    (void)row, (void)user;
}

static void make_all(void)
{
    cln_result result;
    make_folder();
    all.p = problem_make(60, 4, 3, CLN_UINT8, 5);
    all.options = options_of("fused", "epochs=1 valid=10");
    all.parts = (cln_parts){all.p.data, NULL, all.p.data};
    all.trainer = trainer_of("fused", "epochs=1 valid=10", all.p.data, NULL, all.p.data);
    all.other = trainer_of("fused", "epochs=1 valid=10", all.p.data, NULL, all.p.data);
    all.search = search_of("epochs=1 valid=10", "seed=1,2", 0, all.p.data, NULL, NULL);
    OK(cln_trainer_run(all.trainer, NULL, NULL, &result, error));
    OK(cln_search_run(all.search, NULL, NULL, error));
    all.model = model_of(all.trainer);
    OK(cln_model_save(all.model, at("m"), error));
    snprintf(checkpoint, sizeof checkpoint, "%s", at("c"));
    all.to = (cln_checkpoints){.path = checkpoint};
}

static void free_all(void)
{
    cln_model_free(all.model);
    cln_search_close(all.search);
    cln_trainer_close(all.other);
    cln_trainer_close(all.trainer);
    cln_options_free(all.options);
    problem_free(&all.p);
    remove_folder();
}

/* ---- functions with a status: one of the things that they need is NULL, `hole` says which */

/* What calls hand out. */
static struct {
    cln_device_info *list;
    size_t count;
    cln_device *device;
    cln_dataset *data;
    cln_options *options;
    cln_trainer *trainer;
    cln_search *search;
    cln_model *model;
    cln_evaluation evaluation;
    cln_estimate estimate;
    cln_result result;
    cln_certificate certificate;
    cln_verification verification;
    uint64_t errors;
    bool good;
} out;

static void release_out(void)
{
    cln_device_list_free(out.list);
    cln_search_close(out.search);
    cln_trainer_close(out.trainer);
    cln_device_close(out.device);
    cln_dataset_close(out.data);
    cln_options_free(out.options);
    cln_model_free(out.model);
    cln_evaluation_free(&out.evaluation);
    memset(&out, 0, sizeof out);
}

static const float targets[60];
static const uint32_t classes[] = {0, 1, 2};
static const cln_parts no_rows;
static char path[CLN_TUNING_PATH_BYTES];

/* Thing i of a call; parts are two, for they need training rows. */
#define GIVE(i, thing) (hole == (i) ? NULL : (thing))
#define PARTS(i)       (hole == (i) ? NULL : hole == (i) + 1 ? &no_rows : &all.parts)
#define TRIAL(name, ...)                                                                                               \
    static cln_status try_##name(int hole, cln_error *error)                                                           \
    {                                                                                                                  \
        cln_status status = name(__VA_ARGS__, error);                                                                  \
        release_out();                                                                                                 \
        return status;                                                                                                 \
    }

TRIAL(cln_device_list, GIVE(0, &out.list), GIVE(1, &out.count))
TRIAL(cln_device_explain, GIVE(0, on_line), NULL)
TRIAL(cln_device_open, getenv("CLINEAR_TEST_DEVICE"), GIVE(0, &out.device))
TRIAL(cln_device_choose, "0", GIVE(0, cln_device_describe(device)), 1, GIVE(1, &out.count))
TRIAL(cln_device_tuning_path, GIVE(0, device), GIVE(1, path))
TRIAL(cln_device_load_tuning, GIVE(0, device), NULL)
TRIAL(cln_device_save_tuning, GIVE(0, device), at("t"))
TRIAL(cln_device_tune, GIVE(0, device), 1, NULL, NULL, NULL)
TRIAL(cln_dataset_open, GIVE(0, at("x")), NULL, CLN_PART_TRAIN, GIVE(1, &out.data))
TRIAL(cln_dataset_wrap, GIVE(0, all.p.x), CLN_UINT8, 60, 4, NULL, GIVE(1, &out.data))
TRIAL(cln_dataset_wrap_targets, GIVE(0, all.p.x), CLN_UINT8, 60, 4, GIVE(1, targets), 1, GIVE(2, &out.data))
TRIAL(cln_dataset_weigh, GIVE(0, all.p.data), NULL)
TRIAL(cln_dataset_keep_classes, GIVE(0, all.p.data), GIVE(1, classes), 3)
TRIAL(cln_dataset_keep_rows, GIVE(0, all.p.data), 0, 60)
TRIAL(cln_options_create, GIVE(0, &out.options))
TRIAL(cln_options_set, GIVE(0, all.options), GIVE(1, "epochs"), GIVE(2, "1"))
TRIAL(cln_trainer_estimate, GIVE(0, device), GIVE(1, all.options), PARTS(2), GIVE(4, &out.estimate))
TRIAL(cln_trainer_create, GIVE(0, device), GIVE(1, all.options), PARTS(2), GIVE(4, &out.trainer))
TRIAL(cln_trainer_checkpoint, GIVE(0, all.other), GIVE(1, hole == 2 ? &(cln_checkpoints){0} : &all.to))
TRIAL(cln_trainer_run, GIVE(0, all.other), NULL, NULL, GIVE(1, &out.result))
TRIAL(cln_trainer_step, GIVE(0, all.trainer), 0, NULL)
TRIAL(cln_trainer_valid_errors, GIVE(0, all.trainer), 0, GIVE(1, &out.errors))
TRIAL(cln_trainer_test_errors, GIVE(0, all.trainer), 0, GIVE(1, &out.errors))
TRIAL(cln_trainer_certify, GIVE(0, all.trainer), GIVE(1, &out.certificate))
TRIAL(cln_trainer_model, GIVE(0, all.trainer), GIVE(1, &out.model))
TRIAL(cln_trainer_resume, GIVE(0, device), GIVE(1, all.options), PARTS(2), GIVE(4, at("c")), GIVE(5, &out.trainer))
TRIAL(cln_search_create, GIVE(0, device), GIVE(1, all.options), GIVE(2, "seed=1,2"), 0, PARTS(3), NULL,
      GIVE(5, &out.search))
TRIAL(cln_search_run, GIVE(0, all.search), NULL, NULL)
TRIAL(cln_search_refit, GIVE(0, all.search), GIVE(1, &out.trainer))
TRIAL(cln_model_save, GIVE(0, all.model), GIVE(1, at("n")))
TRIAL(cln_model_load, GIVE(0, at("m")), GIVE(1, &out.model))
TRIAL(cln_model_evaluate, GIVE(0, all.model), GIVE(1, device), NULL, GIVE(2, all.p.data), GIVE(3, &out.evaluation))
TRIAL(cln_model_verify, GIVE(0, all.model), GIVE(1, all.p.data), GIVE(2, &out.verification))
TRIAL(cln_model_predict, GIVE(0, all.model), GIVE(1, device), NULL, GIVE(2, all.p.data), GIVE(3, on_rows), NULL)
TRIAL(cln_measure_limits, GIVE(0, device), GIVE(1, on_measured), NULL)
TRIAL(cln_measure_training, GIVE(0, device), PARTS(1), NULL, 0.1, NULL, GIVE(3, on_measured), NULL)
TRIAL(cln_measure_agreement, GIVE(0, device), PARTS(1), NULL, NULL, NULL, NULL, GIVE(3, &out.good))
TRIAL(cln_measure_selftest, GIVE(0, device), NULL, NULL, NULL, GIVE(1, &out.good))
TRIAL(cln_device_keep_trust, GIVE(0, cln_device_describe(device)), true, NULL)
TRIAL(cln_profile_begin, GIVE(0, device))
TRIAL(cln_profile_end, GIVE(0, device), GIVE(1, on_profiled), NULL)

static const struct {
    const char *name;
    cln_status (*call)(int hole, cln_error *error);
    int things;
    bool whole; /* without a hole it is CLN_OK, in no time and without traces */
} trials[] = {
#define T(name, things, whole)                                                                                         \
    {                                                                                                                  \
#name, try_##name, things, whole                                                                               \
    }
    T(cln_device_list, 2, true),          T(cln_device_explain, 1, true),       T(cln_device_open, 1, true),
    T(cln_device_choose, 2, true),        T(cln_device_tuning_path, 2, false),  T(cln_device_load_tuning, 1, false),
    T(cln_device_save_tuning, 1, false),  T(cln_device_tune, 1, false),         T(cln_dataset_open, 2, false),
    T(cln_dataset_wrap, 2, true),         T(cln_dataset_wrap_targets, 3, true), T(cln_dataset_weigh, 1, true),
    T(cln_dataset_keep_classes, 2, true), T(cln_dataset_keep_rows, 1, true),    T(cln_options_create, 1, true),
    T(cln_options_set, 3, true),          T(cln_trainer_estimate, 5, true),     T(cln_trainer_create, 5, true),
    T(cln_trainer_checkpoint, 3, true),   T(cln_trainer_run, 2, true),          T(cln_trainer_step, 1, true),
    T(cln_trainer_valid_errors, 2, true), T(cln_trainer_test_errors, 2, true),  T(cln_trainer_certify, 2, true),
    T(cln_trainer_model, 2, true),        T(cln_trainer_resume, 6, false),      T(cln_search_create, 6, true),
    T(cln_search_run, 1, true),           T(cln_search_refit, 2, true),         T(cln_model_save, 2, true),
    T(cln_model_load, 2, true),           T(cln_model_evaluate, 4, true),       T(cln_model_verify, 3, false),
    T(cln_model_predict, 4, true),        T(cln_measure_limits, 2, false),      T(cln_measure_training, 4, false),
    T(cln_measure_agreement, 4, false),   T(cln_measure_selftest, 2, false),    T(cln_device_keep_trust, 1, false),
    T(cln_profile_begin, 1, false),       T(cln_profile_end, 2, false),
#undef T
};

START_TEST(nulls)
{
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
        for (int hole = 0; hole < trials[i].things; hole++) {
            cln_error error = {0};
            ck_assert_msg(trials[i].call(hole, &error) == CLN_INVALID, "%s, thing %d", trials[i].name, hole);
            ck_assert_int_eq(error.status, CLN_INVALID);
            bool named = strncmp(error.message, trials[i].name, strlen(trials[i].name)) == 0 &&
                         strstr(error.message, "was given NULL");
            ck_assert_msg(named || strcmp(error.message, "there is no training data") == 0, "%s, thing %d: %s",
                          trials[i].name, hole, error.message);
            ck_assert_int_eq(trials[i].call(hole, NULL), CLN_INVALID);
        }
}
END_TEST

/* A message that an earlier call has left goes with the first call that works. */
START_TEST(stale_error)
{
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
        if (trials[i].whole) {
            cln_error error = {CLN_FORMAT, "of an earlier call"};
            ck_assert_msg(trials[i].call(-1, &error) == CLN_OK, "%s: %s", trials[i].name, error.message);
            ck_assert_int_eq(error.status, CLN_OK);
            ck_assert_str_eq(error.message, "");
        }
}
END_TEST

/* ---- functions without one: a neutral value */

START_TEST(neutral_of_devices_and_data)
{
    cln_dataset_info info = {.rows = 7};
    cln_class_score score = cln_evaluation_class(NULL, 0);
    char why[8] = "why";
    cln_device_list_free(NULL);
    ck_assert_ptr_null(cln_device_describe(NULL));
    ck_assert_str_eq(cln_device_build_log(NULL), "");
    cln_device_on_compile(NULL, NULL, NULL);
    cln_device_close(NULL);
    ck_assert_int_eq(cln_device_trust(NULL, why, sizeof why), CLN_TRUST_UNKNOWN);
    ck_assert_str_eq(why, "");
    ck_assert(!cln_dataset_has_parts(NULL));
    cln_dataset_describe(NULL, &info);
    ck_assert_uint_eq(info.rows, 0);
    cln_dataset_describe(all.p.data, NULL);
    ck_assert_ptr_null(cln_dataset_labels(NULL));
    cln_dataset_close(NULL);
    ck_assert(isnan(score.precision) && isnan(score.recall) && isnan(score.f1) && score.support == 0);
    score = cln_evaluation_class(&(cln_evaluation){.outputs = 3}, 0);
    ck_assert(isnan(score.f1) && score.support == 0);
    cln_evaluation_free(NULL);
    ck_assert(isnan(cln_accuracy(NULL)));
}
END_TEST

START_TEST(neutral_of_options_and_trainers)
{
    size_t count = 7;
    cln_resumption resumption;
    ck_assert_ptr_null(cln_option_at(cln_option_count()));
    ck_assert_ptr_null(cln_options_get(NULL, "epochs"));
    ck_assert_ptr_null(cln_options_get(all.options, NULL));
    ck_assert(!cln_options_changed(NULL, "epochs") && !cln_options_changed(all.options, NULL));
    ck_assert_ptr_nonnull(cln_options_check(NULL));
    cln_options_free(NULL);
    ck_assert_str_ne(cln_version(), "");
    ck_assert_str_eq(cln_status_name((cln_status)99), "UNKNOWN");
    ck_assert_str_eq(cln_status_sentence((cln_status)99), "unknown status");
    ck_assert_str_eq(cln_stop_word(CLN_STOP_EPOCHS), "epochs");
    ck_assert_uint_eq(cln_trainer_batches(NULL), 0);
    ck_assert_ptr_null(cln_trainer_path(NULL, &count));
    ck_assert_uint_eq(count, 0);
    ck_assert_ptr_null(cln_trainer_path(all.trainer, NULL));
    ck_assert(!cln_trainer_resumed(NULL, &resumption) && !cln_trainer_resumed(all.trainer, NULL));
    cln_trainer_close(NULL);
}
END_TEST

START_TEST(neutral_of_searches_and_models)
{
    cln_search_row row = {.finished = true};
    ck_assert_uint_eq(cln_search_count(NULL), 0);
    ck_assert_ptr_null(cln_search_name(NULL, 0));
    ck_assert_ptr_null(cln_search_value(NULL, 0, 0));
    ck_assert_ptr_null(cln_search_value(all.search, 2, 0));
    ck_assert_ptr_null(cln_search_value(all.search, 0, 1));
    cln_search_row_at(NULL, 0, &row);
    ck_assert(!row.finished && isnan(row.valid.loss));
    cln_search_row_at(all.search, 2, &row);
    ck_assert(!row.finished && row.index == 2);
    cln_search_row_at(all.search, 0, NULL);
    ck_assert_int_lt(cln_search_compare(&row, NULL), 0);
    ck_assert_int_gt(cln_search_compare(NULL, &row), 0);
    ck_assert_int_eq(cln_search_compare(NULL, NULL), 0);
    ck_assert(!cln_search_best(NULL, &row) && !cln_search_best(all.search, NULL));
    cln_search_close(NULL);
    ck_assert_uint_eq(cln_model_outputs(NULL) + cln_model_features(NULL) + cln_model_classes(NULL), 0);
    ck_assert_ptr_null(cln_model_weight(NULL));
    ck_assert_ptr_null(cln_model_bias(NULL));
    ck_assert_ptr_null(cln_model_weight_double(NULL));
    ck_assert_ptr_null(cln_model_bias_double(NULL));
    ck_assert_ptr_null(cln_trainer_warning(NULL, 0));
    ck_assert_ptr_null(cln_search_warning(NULL, 0));
    ck_assert_ptr_null(cln_model_metadata(NULL, "scale"));
    ck_assert_ptr_null(cln_model_metadata(all.model, NULL));
    ck_assert_uint_eq(cln_model_class(NULL, 0), UINT32_MAX);
    ck_assert(!cln_model_is_softmax(NULL));
    cln_model_free(NULL);
}
END_TEST

/* ---- after a fork */

/* In the child: everything that needs a driver says that it cannot, and what is closed neither hangs nor crashes. */
static int in_child(void)
{
    static const char *const of_the_host[] = {"cln_device_choose", "cln_device_tuning_path", "cln_dataset_",
                                              "cln_options_",      "cln_model_save",         "cln_model_load",
                                              "cln_model_verify",  "cln_device_keep_trust"};
    alarm(20);
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        cln_error error = {0};
        bool host = false;
        for (size_t j = 0; j < sizeof of_the_host / sizeof *of_the_host; j++)
            host = host || strncmp(trials[i].name, of_the_host[j], strlen(of_the_host[j])) == 0;
        if (!host && (trials[i].call(-1, &error) != CLN_DEVICE || !strstr(error.message, "forked"))) {
            printf("%s in a forked process: %s\n", trials[i].name, error.message);
            return 1;
        }
        if (host && trials[i].whole && trials[i].call(-1, &error) != CLN_OK)
            return 2;
    }
    cln_search_close(all.search);
    cln_trainer_close(all.trainer);
    cln_device_close(device);
    return 0;
}

static int child_of(void)
{
    int status = -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(in_child());
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "the child ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

/* Also where the parent has closed what it had; and the parent goes on. */
START_TEST(forked)
{
    ck_assert_int_eq(child_of(), 0);
    cln_trainer *trainer = trainer_of("fused", "epochs=1", all.p.data, NULL, NULL);
    cln_result result;
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    cln_trainer_close(trainer);
}
END_TEST

/* The same where the parent has closed its device before. */
START_TEST(forked_after_close)
{
    int status = -1;
    free_all();
    cln_device_close(device);
    pid_t child = fork();
    if (child == 0) {
        cln_error error = {0};
        alarm(20);
        _exit(cln_device_open(getenv("CLINEAR_TEST_DEVICE"), &device, &error) == CLN_DEVICE && !device ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    OK(cln_device_open(getenv("CLINEAR_TEST_DEVICE"), &device, error));
    make_all();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("measure/entry");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, stale_error);
    tcase_add_test(ok, neutral_of_devices_and_data);
    tcase_add_test(ok, neutral_of_options_and_trainers);
    tcase_add_test(ok, neutral_of_searches_and_models);
    tcase_add_test(invalid, nulls);
    tcase_add_test(invalid, forked);
    tcase_add_test(invalid, forked_after_close);
    add_device_cases(suite, ok, invalid, make_all, free_all);
    return run_on_device(suite);
}
