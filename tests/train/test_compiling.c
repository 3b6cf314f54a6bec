/* Whoever asks hears when kernels are compiled and when that is over, also where it went wrong. */
#include "problem.h"

typedef struct told {
    int begun, ended, other;
    double seconds;
    char what[200];
} told;

static told heard;

static void listen(const char *what, double seconds, void *user)
{
    told *t = user;
    if (seconds < 0 && t->begun == t->ended)
        t->begun++;
    else if (seconds >= 0 && t->begun == t->ended + 1)
        t->ended++;
    else
        t->other++;
    t->seconds = seconds;
    snprintf(t->what, sizeof t->what, "%s", what);
}

static problem p;
static cln_options *options;

static void begin(void)
{
    heard = (told){0};
    p = problem_make(50, 7, 3, CLN_UINT8, 1);
    OK(cln_options_create(&options, error));
    cln_device_on_compile(device, listen, &heard);
}

static void end(void)
{
    cln_device_on_compile(device, NULL, NULL);
    cln_options_free(options);
    problem_free(&p);
}

static cln_status create(cln_trainer **trainer, cln_error *error)
{
    return cln_trainer_create(device, options, &(cln_parts){p.data, NULL, NULL}, trainer, error);
}

START_TEST(training_and_scoring_tell)
{
    cln_trainer *trainer = NULL;
    cln_model *model = NULL;
    cln_evaluation evaluation;
    OK(create(&trainer, error));
    ck_assert(heard.begun == 1 && heard.ended == 1 && heard.other == 0);
    ck_assert_str_eq(heard.what, "the kernels for 7 features and 3 outputs");
    double seconds = heard.seconds;
    cln_result result;
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    ck_assert_double_eq(result.seconds.build, seconds);
    OK(cln_trainer_model(trainer, &model, error));
    ck_assert_int_eq(heard.begun, 1);
    OK(cln_model_evaluate(model, device, "auto", p.data, &evaluation, error));
    ck_assert(heard.begun == 2 && heard.ended == 2 && heard.other == 0);
    ck_assert_double_eq(evaluation.seconds.build, heard.seconds);
    cln_evaluation_free(&evaluation);
    cln_device_on_compile(device, NULL, NULL);
    OK(cln_model_evaluate(model, device, "auto", p.data, &evaluation, error));
    ck_assert_int_eq(heard.begun, 2);
    cln_evaluation_free(&evaluation);
    cln_model_free(model);
    cln_trainer_close(trainer);
}
END_TEST

/* Refused before: nobody hears. Failed meanwhile: the end is told. */
START_TEST(failures_tell_their_end)
{
    cln_trainer *trainer = NULL;
    OK(cln_options_set(options, "patience", "3", error));
    FAILS(CLN_INVALID, "validation rows", create(&trainer, error));
    ck_assert_int_eq(heard.begun, 0);
    OK(cln_options_set(options, "valid", "10", error));

    problem_free(&p);
    p = problem_make(50, 7, 3, CLN_FLOAT32, 1);
    ((float *)p.x)[10] = NAN; /* which is found when the features are read */
    FAILS(CLN_FORMAT, "finite", create(&trainer, error));
    ck_assert(heard.begun == 1 && heard.ended == 1 && heard.other == 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("compiling");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    add_device_cases(suite, ok, invalid, begin, end);
    tcase_add_test(ok, training_and_scoring_tell);
    tcase_add_test(invalid, failures_tell_their_end);
    return run_on_device(suite);
}
