/* What settings mean together, and which of them do not go together: each in one sentence. */
#include "train/options.h"

/* The sentence has `part` in it; an empty part: nothing is wrong. */
static void check(const char *part)
{
    const char *sentence = cln_options_check(options);
    if (!*part)
        ck_assert_msg(sentence == NULL, "%s", sentence);
    else
        ck_assert_msg(sentence && strstr(sentence, part), "%s", sentence ? sentence : "nothing is wrong");
}

START_TEST(test_penalties_and_rows)
{
    take("l2", "1e-4");
    check("");
    take("alpha", "1");
    check("l2 and alpha");
    take("l2", "0");
    check("");
    take("patience", "3");
    check("");
    take("patience-iterations", "5000");
    check("patience and patience-iterations");
    ck_assert_int_eq(cln_options_create(&options, (cln_options_free(options), NULL)), CLN_OK);
    take("train-rows", "100");
    take("valid", "99");
    check("");
    take("valid", "100");
    check("valid takes 100 of the 100 rows");
    take("valid", "1000000000000000000");
    check("valid takes 1000000000000000000 of the 100 rows");
}
END_TEST

/* What each model and solver does not go with, and what does nothing with it. */
START_TEST(test_models_and_solvers)
{
    static const struct {
        const char *words, *part; /* "" where nothing is wrong */
    } cases[] = {
        {"model=linear", ""},
        {"model=linear loss=squared", ""},
        {"model=linear loss=cross-entropy", "needs model softmax"},
        {"loss=squared", ""},
        {"target=value", "needs model linear"},
        {"model=linear target=value", ""},
        {"model=linear target=value classes=3,6", "does not go with classes"},
        {"center=true no-bias=true", "becomes a bias"},
        {"standardize=true no-bias=true", "becomes a bias"},
        {"solver=direct", "is for model linear"},
        {"solver=direct model=linear", ""},
        {"solver=direct model=linear class-weights=balanced", "weighs all rows alike"},
        {"solver=direct model=linear class-weights=1:2", "weighs all rows alike"},
        {"solver=direct model=linear epochs=3", "epochs does nothing"},
        {"solver=direct model=linear alpha=1,2", ""},
        {"solver=lbfgs model=linear alpha=1,2", "need solver direct"},
        {"solver=lbfgs tolerance=0 l1=0.1 l2=0.1", ""},
        {"solver=lbfgs batch-size=200", ""}, /* what it is by itself */
        {"solver=lbfgs batch-size=100", "batch-size is for solver sgd"},
        {"solver=lbfgs momentum=0.5", "momentum is for solver sgd"},
        {"solver=lbfgs patience=3", "patience is for solver sgd"},
        {"solver=direct model=linear l1=1", "l1 is for solver lbfgs"},
        {"l1=1", "l1 is for solver lbfgs"},
        {"tolerance=1", "tolerance is for solver lbfgs"},
        {"nesterov=true", "needs momentum"},
        {"nesterov=true momentum=0.5", ""},
        {"decay=0.5", "need a schedule"},
        {"schedule=exponential decay=0.5", ""},
        {"schedule=cosine decay-epochs=5", "is for schedule step"},
        {"schedule=step decay-epochs=5", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char copy[200], *rest = NULL;
        ck_assert_int_eq(cln_options_create(&options, (cln_options_free(options), NULL)), CLN_OK);
        snprintf(copy, sizeof copy, "%s", cases[i].words);
        for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
            char *value = strchr(word, '=');
            *value = '\0';
            take(word, value + 1);
        }
        check(cases[i].part);
    }
}
END_TEST

START_TEST(test_meaning)
{
    ck_assert_int_eq(cln_settings_loss(settings()), CLN_CROSS_ENTROPY);
    take("loss", "squared");
    ck_assert_int_eq(cln_settings_loss(settings()), CLN_SOFTMAX_SQUARED);
    take("model", "linear");
    ck_assert_int_eq(cln_settings_loss(settings()), CLN_SQUARED);
    ck_assert_int_eq(cln_settings_target(settings()), CLN_TARGET_ONEHOT);
    take("target", "value");
    ck_assert_int_eq(cln_settings_target(settings()), CLN_TARGET_VALUE);
    ck_assert_uint_eq(cln_settings_epochs(settings()), 10);
    take("solver", "lbfgs");
    ck_assert_uint_eq(cln_settings_epochs(settings()), 1000);
    take("epochs", "7");
    ck_assert_uint_eq(cln_settings_epochs(settings()), 7);
    take("l2", "0.25");
    ck_assert(!cln_settings_has_alpha(settings()));
    ck_assert_double_eq(cln_settings_l2(settings(), 8), 0.25);
    take("alpha", "2");
    ck_assert(cln_settings_has_alpha(settings()));
    ck_assert_double_eq(cln_settings_l2(settings(), 8), 0.25);
    ck_assert_double_eq(cln_settings_l2(settings(), 16), 0.125);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/settings");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_checked_fixture(ok, setup, teardown);
    tcase_add_checked_fixture(invalid, setup, teardown);
    tcase_add_test(ok, test_meaning);
    tcase_add_test(invalid, test_penalties_and_rows);
    tcase_add_test(invalid, test_models_and_solvers);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, invalid);
    return run_suite(suite);
}
