/* The table of options: every name with its default, and sets of them. */
#include "train/options.h"

static const struct {
    const char *name, *initial;
    bool has_argument;
} defaults[] = {
    {"model", "softmax", true},
    {"loss", "", true},
    {"target", "onehot", true},
    {"no-bias", "", false},
    {"l1", "0", true},
    {"l2", "0", true},
    {"alpha", "0", true},
    {"class-weights", "", true},
    {"classes", "", true},
    {"train-rows", "", true},
    {"valid", "", true},
    {"scale", "", true},
    {"center", "", false},
    {"standardize", "", false},
    {"solver", "sgd", true},
    {"epochs", "", true},
    {"tolerance", "1e-5", true},
    {"engine", "auto", true},
    {"batch-size", "200", true},
    {"drop-last", "", false},
    {"no-shuffle", "", false},
    {"seed", "0", true},
    {"learning-rate", "", true},
    {"momentum", "0", true},
    {"nesterov", "", false},
    {"schedule", "constant", true},
    {"decay", "", true},
    {"decay-epochs", "", true},
    {"patience", "", true},
    {"patience-iterations", "", true},
    {"patience-increase", "2", true},
    {"improvement", "0.995", true},
    {"log-every", "", true},
};

#define DEFAULTS (sizeof defaults / sizeof *defaults)

START_TEST(test_table)
{
    ck_assert_uint_eq(cln_option_count(), DEFAULTS);
    for (size_t i = 0; i < DEFAULTS; i++) {
        const cln_option_info *info = cln_option_at(i);
        ck_assert_str_eq(info->name, defaults[i].name);
        ck_assert_str_eq(info->initial, defaults[i].initial);
        ck_assert_str_eq(cln_options_get(options, info->name), info->initial);
        ck_assert(!cln_options_changed(options, info->name));
        ck_assert_int_eq(info->argument != NULL, defaults[i].has_argument);
        ck_assert_uint_gt(strlen(info->help), 5);
        ck_assert_ptr_null(strchr(info->help, '\n'));
        for (size_t other = 0; i > 0 && other < i - 1; other++) /* a group's options stand together */
            ck_assert(strcmp(cln_option_at(other)->group, info->group) != 0 ||
                      strcmp(cln_option_at(i - 1)->group, info->group) == 0);
    }
    ck_assert_ptr_null(cln_option_at(DEFAULTS));
    ck_assert_ptr_null(cln_option_at(SIZE_MAX));
}
END_TEST

START_TEST(test_default_settings)
{
    const cln_settings *s = settings();
    ck_assert_str_eq(s->engine, "auto");
    ck_assert_str_eq(s->model, "softmax");
    ck_assert_ptr_null(s->loss);
    ck_assert_int_eq(cln_settings_loss(s), CLN_CROSS_ENTROPY);
    ck_assert_int_eq(cln_settings_target(s), CLN_TARGET_ONEHOT);
    ck_assert_str_eq(s->schedule, "constant");
    ck_assert_str_eq(s->solver, "sgd");
    ck_assert_uint_eq(s->class_count, 0);
    ck_assert_double_eq(s->scale, 0);
    ck_assert_uint_eq(s->train_rows + s->valid_rows + s->patience + s->patience_iterations + s->log_every + s->seed, 0);
    ck_assert(!s->drop_last && !s->no_bias && !s->no_shuffle);
    ck_assert_uint_eq(s->batch_size, 200);
    ck_assert_uint_eq(s->epochs, 0);
    ck_assert_uint_eq(cln_settings_epochs(s), 10);
    ck_assert_double_eq(s->learning_rate + s->momentum + s->l1 + s->l2 + s->decay + cln_settings_l2(s, 7), 0);
    ck_assert(!cln_settings_has_alpha(s));
    ck_assert_double_eq(s->tolerance, 1e-5);
    ck_assert_double_eq(s->patience_increase, 2);
    ck_assert_double_eq(s->improvement, 0.995);
    ck_assert_ptr_null(cln_options_check(options));
}
END_TEST

START_TEST(test_changed)
{
    take("epochs", "3");
    take("l2", "0"); /* as it is by itself */
    take("momentum", "0.9");
    take("momentum", "0");
    ck_assert(cln_options_changed(options, "epochs"));
    ck_assert(!cln_options_changed(options, "l2") && !cln_options_changed(options, "momentum"));
    ck_assert(!cln_options_changed(options, "no-such-option"));
}
END_TEST

START_TEST(test_unknown)
{
    static const char *const names[][2] = {{"learning-rte", "learning-rate"}, {"epoch", "epochs"},
                                           {"batch_size", "batch-size"},      {"lr2", "l2"},
                                           {"Momentum", "momentum"},          {"no-suffle", "no-shuffle"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cln_error error = {0};
        ck_assert_int_eq(cln_options_set(options, names[i][0], "1", &error), CLN_INVALID);
        ck_assert_ptr_nonnull(strstr(error.message, names[i][0]));
        ck_assert_msg(strstr(error.message, "did you mean") && strstr(error.message, names[i][1]), "%s", error.message);
        ck_assert_ptr_null(cln_options_get(options, names[i][0]));
    }
    cln_error error = {0};
    ck_assert_int_eq(cln_options_set(options, "", "1", &error), CLN_INVALID);
    error = (cln_error){0};
    ck_assert_int_eq(cln_options_set(options, "quantum-leap-of-faith", "1", &error), CLN_INVALID);
    ck_assert_str_eq(error.message, "there is no option \"quantum-leap-of-faith\"");
    char longest[5000];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    ck_assert_int_eq(cln_options_set(options, longest, longest, NULL), CLN_INVALID);
    refuse("epochs", longest);
}
END_TEST

START_TEST(test_copy)
{
    cln_options *copy = NULL;
    take("classes", "3,6");
    take("no-bias", "true");
    take("learning-rate", "0.25");
    take("engine", "clblast");
    take("valid", "12");
    ck_assert_int_eq(cln_options_copy(options, &copy, NULL), CLN_OK);
    for (size_t i = 0; i < DEFAULTS; i++)
        ck_assert_str_eq(cln_options_get(copy, defaults[i].name), cln_options_get(options, defaults[i].name));
    take("learning-rate", "0.5");
    take("classes", "1");
    const cln_settings *s = cln_options_settings(copy);
    ck_assert_double_eq(s->learning_rate, 0.25);
    ck_assert_uint_eq(s->class_count, 2);
    ck_assert_uint_eq(s->classes[1], 6);
    ck_assert(s->no_bias && !s->no_shuffle);
    ck_assert_str_eq(s->engine, "clblast");
    ck_assert_uint_eq(s->valid_rows, 12);
    cln_options_free(copy);
    cln_options_free(NULL);
}
END_TEST

static Suite *options_suite(void)
{
    Suite *suite = suite_create("train/options");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_checked_fixture(ok, setup, teardown);
    tcase_add_checked_fixture(invalid, setup, teardown);
    tcase_add_test(ok, test_table);
    tcase_add_test(ok, test_default_settings);
    tcase_add_test(ok, test_changed);
    tcase_add_test(ok, test_copy);
    tcase_add_test(invalid, test_unknown);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_suite(options_suite());
}
