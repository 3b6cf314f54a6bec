/* Configurations trained side by side in one pass: each comes to what it comes to alone, however the others end. */
#include "problem.h"
#include "train/trainer.h"

static const char *const engines[] = {"fused", "clblast"};

enum { MOST = 6 };

typedef struct stack {
    cln_trainer *trainer;
    cln_result results[MOST];
} stack;

/* words (count): beside `common`. */
static stack run_stack(const char *engine, const char *common, const char *const *words, uint32_t count,
                       cln_selection *selection, const cln_parts *parts)
{
    stack s = {NULL, {{0}}};
    cln_options *options[MOST];
    for (uint32_t m = 0; m < count; m++) {
        char text[400];
        snprintf(text, sizeof text, "%s %s", common, words[m]);
        options[m] = options_of(engine, text);
    }
    OK(cln_trainer_create_stack(device, (const cln_options *const *)options, count, selection, parts, &s.trainer,
                                error));
    OK(cln_trainer_run_stack(s.trainer, NULL, NULL, s.results, error));
    for (uint32_t m = 0; m < count; m++)
        cln_options_free(options[m]);
    return s;
}

/* A lane's model is the one that the same options give alone, up to `near`; results are the same, too. */
static void check_lane(const stack *s, uint32_t m, const char *engine, const char *common, const char *words,
                       const cln_parts *parts, double near)
{
    char text[400];
    cln_result alone;
    cln_error failure = {0};
    snprintf(text, sizeof text, "%s %s", common, words);
    cln_trainer *trainer = trainer_of(engine, text, parts->train, parts->valid, parts->test);
    const cln_result *result = &s->results[m];
    cln_status status = cln_trainer_run(trainer, NULL, NULL, &alone, &failure);
    ck_assert_int_eq(status == CLN_DIVERGED, result->stopped == CLN_STOP_DIVERGED);
    ck_assert_int_eq(result->stopped, alone.stopped);
    ck_assert_str_eq(result->reason, alone.reason);
    ck_assert_uint_eq(result->epochs, alone.epochs);
    ck_assert_uint_eq(result->steps, alone.steps);
    ck_assert_uint_eq(result->best_epoch, alone.best_epoch);
    ck_assert_uint_eq(result->outputs, alone.outputs);
    ck_assert_double_eq(result->learning_rate, alone.learning_rate);
    ck_assert_uint_eq(result->train.rows, alone.train.rows);
    if (!alone.train.rows) { /* diverged, with nothing kept */
        cln_trainer_close(trainer);
        return;
    }
    ck_assert_double_eq_tol(result->objective, alone.objective, 1e-4 * fmax(1, alone.objective));
    ck_assert_uint_eq(result->train.errors, alone.train.errors);
    ck_assert_uint_eq(result->valid.errors, alone.valid.errors);
    cln_model *model = model_of(trainer);
    uint32_t k = cln_model_outputs(model), d = cln_model_features(model);
    double *w = calloc((size_t)k * d, sizeof *w), *b = calloc(k, sizeof *b);
    OK(cln_trainer_lane_read(s->trainer, m, w, b, error));
    for (uint32_t i = 0; i < k * d; i++)
        ck_assert_double_eq_tol(w[i], (double)cln_model_weight(model)[i], near);
    for (uint32_t i = 0; i < k && cln_model_bias(model); i++)
        ck_assert_double_eq_tol(b[i], (double)cln_model_bias(model)[i], near);
    free(w);
    free(b);
    cln_model_free(model);
    cln_trainer_close(trainer);
}

/* Steps, penalties, momenta, schedules and found step sizes differ. */
START_TEST(test_alike)
{
    static const char *const common[] = {
        "batch-size=10 epochs=4 valid=20 seed=2", "batch-size=10 epochs=4 valid=20 standardize=true",
        "model=linear target=value batch-size=16 epochs=3 center=true valid=20",
        "model=linear batch-size=100 epochs=5 no-shuffle=true class-weights=balanced valid=20"};
    static const char *const words[] = {"learning-rate=0.02", "learning-rate=0.01 momentum=0.5 nesterov=true l2=0.1",
                                        "alpha=3 learning-rate=0.03 schedule=cosine", ""};
    const char *engine = engines[_i % 2];
    problem p = problem_make(90, 9, 4, _i / 2 % 2 ? CLN_FLOAT32 : CLN_UINT8, 11);
    cln_parts parts = {p.data, NULL, p.data};
    stack s = run_stack(engine, common[_i / 2], words, 4, NULL, &parts);
    for (uint32_t m = 0; m < 4; m++)
        check_lane(&s, m, engine, common[_i / 2], words[m], &parts, 1e-4);
    cln_trainer_close(s.trainer);
    problem_free(&p);
}
END_TEST

/* Lanes that end at different times by both rules, some within a pass, one that never does; each with the weights it had then. */
START_TEST(test_patience)
{
    static const char *const words[] = {"learning-rate=1 patience=3",
                                        "learning-rate=0.5 patience=2",
                                        "learning-rate=0.3",
                                        "learning-rate=0.2 patience-iterations=23 patience-increase=1.5",
                                        "learning-rate=0.1 patience-iterations=3", /* before any validation */
                                        "learning-rate=2 patience=30"};
    const char *common = "batch-size=10 epochs=25 valid=20", *engine = engines[_i];
    problem p = problem_make(90, 6, 4, CLN_UINT8, 12);
    cln_parts parts = {p.data, NULL, NULL};
    stack s = run_stack(engine, common, words, 6, NULL, &parts);
    for (uint32_t m = 0; m < 6; m++)
        check_lane(&s, m, engine, common, words[m], &parts, 1e-4);
    ck_assert_int_eq(s.results[0].stopped, CLN_STOP_PATIENCE);
    ck_assert_int_eq(s.results[2].stopped, CLN_STOP_EPOCHS);
    ck_assert_uint_eq(s.results[4].steps, 4);
    cln_trainer_close(s.trainer);
    problem_free(&p);
}
END_TEST

/* One lane overflows to NaN, another one after it had a best; the others do not notice. */
START_TEST(test_one_diverges)
{
    static const char *const words[] = {"learning-rate=0.1", "learning-rate=1e20 l2=1",
                                        "learning-rate=0.2 momentum=0.5", "learning-rate=1 l2=100 patience=150"};
    const char *common = "batch-size=60 epochs=60 valid=20", *engine = engines[_i];
    problem p = problem_make(80, 5, 3, CLN_FLOAT32, 13);
    cln_parts parts = {p.data, NULL, NULL};
    stack s = run_stack(engine, common, words, 4, NULL, &parts);
    ck_assert_int_eq(s.results[0].stopped, CLN_STOP_EPOCHS);
    ck_assert_int_eq(s.results[1].stopped, CLN_STOP_DIVERGED);
    ck_assert_int_eq(s.results[3].stopped, CLN_STOP_DIVERGED);
    ck_assert_uint_ge(s.results[3].best_epoch, 1);
    for (uint32_t m = 0; m < 3; m++)
        check_lane(&s, m, engine, common, words[m], &parts, 1e-4);
    cln_trainer_close(s.trainer);
    problem_free(&p);
}
END_TEST

static int stop_at_third(const cln_progress *progress, void *user)
{
    (void)user;
    ck_assert(isnan(progress->objective) && isnan(progress->gradient_norm));
    return progress->event == CLN_EVENT_EPOCH && progress->epoch == 3;
}

START_TEST(test_interrupted)
{
    problem p = problem_make(80, 5, 3, CLN_UINT8, 14);
    cln_options *options[] = {options_of(engines[_i], "epochs=9 learning-rate=0.1"),
                              options_of(engines[_i], "epochs=9 learning-rate=0.2")};
    cln_parts parts = {p.data, NULL, NULL};
    cln_trainer *trainer = NULL;
    cln_result results[2];
    OK(cln_trainer_create_stack(device, (const cln_options *const *)options, 2, NULL, &parts, &trainer, error));
    OK(cln_trainer_run_stack(trainer, stop_at_third, NULL, results, error));
    for (int m = 0; m < 2; m++) {
        ck_assert_int_eq(results[m].stopped, CLN_STOP_INTERRUPTED);
        ck_assert_uint_eq(results[m].epochs, 3);
        ck_assert_uint_eq(results[m].train.rows, 80);
        cln_options_free(options[m]);
    }
    ck_assert_double_lt(results[1].train.loss, results[0].train.loss);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* Rows that were uploaded once serve several trainers, and folds of them. */
START_TEST(test_shared_rows)
{
    static const char *const words[] = {"learning-rate=0.1", "learning-rate=0.3 patience=2", "learning-rate=1"};
    const char *common = "batch-size=10 epochs=5", *engine = engines[_i];
    problem p = problem_make(90, 6, 3, CLN_UINT8, 15), kept = problem_make(90, 6, 3, CLN_UINT8, 15),
            left = problem_make(90, 6, 3, CLN_UINT8, 15);
    cln_parts parts = {p.data, NULL, NULL};
    cln_selection selection = {0};
    cln_options *options = options_of(engine, common);
    OK(cln_selection_create(&selection, cln_options_settings(options), &parts, error));
    stack one = run_stack(engine, common, words, 1, &selection, NULL);
    check_lane(&one, 0, engine, common, words[0], &parts, 1e-4);
    cln_trainer_close(one.trainer);
    for (uint32_t fold = 0; fold < 3; fold++) {
        OK(cln_selection_fold(&selection, device, fold, 3, error));
        kept.n = left.n = 0;
        for (uint32_t i = 0; i < 90; i++) {
            problem *to = i % 3 == fold ? &left : &kept;
            memcpy((uint8_t *)to->x + to->n * 6, (uint8_t *)p.x + i * 6, 6);
            to->y[to->n++] = p.y[i];
        }
        problem_wrap(&kept);
        problem_wrap(&left);
        cln_parts split = {kept.data, left.data, NULL};
        stack s = run_stack(engine, common, words, 3, &selection, NULL);
        for (uint32_t m = 0; m < 3; m++)
            check_lane(&s, m, engine, common, words[m], &split, 1e-4);
        cln_trainer_close(s.trainer);
    }
    cln_selection_release(&selection);
    cln_options_free(options);
    problem_free(&p);
    problem_free(&kept);
    problem_free(&left);
}
END_TEST

START_TEST(test_stackable)
{
    static const char *const fit[] = {"learning-rate=3",
                                      "momentum=0.5 nesterov=true",
                                      "l2=1",
                                      "alpha=2",
                                      "schedule=step decay=0.5 decay-epochs=2",
                                      "patience=3",
                                      "patience-iterations=9 patience-increase=3 improvement=0.9"};
    static const char *const others[] = {"epochs=3",        "batch-size=5",          "seed=1",  "no-bias=true",
                                         "center=true",     "model=linear",          "scale=2", "classes=0,1",
                                         "solver=lbfgs",    "loss=squared",          "valid=9", "drop-last=true",
                                         "no-shuffle=true", "class-weights=balanced"};
    cln_options *plain = options_of("auto", "");
    for (size_t i = 0; i < sizeof fit / sizeof *fit; i++) {
        cln_options *options = options_of("auto", fit[i]);
        ck_assert_msg(cln_options_stackable(plain, options), "%s", fit[i]);
        cln_options_free(options);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        cln_options *options = options_of("auto", others[i]);
        ck_assert_msg(!cln_options_stackable(plain, options), "%s", others[i]);
        cln_options_free(options);
    }
    const cln_settings *settings = cln_options_settings(plain);
    uint32_t most = cln_stack_most(settings, 1);
    ck_assert(most > 1 && most <= CLN_FUSED_OUTPUTS);
    ck_assert_uint_eq(cln_stack_most(settings, 10), most / 10);
    ck_assert_uint_eq(cln_stack_most(settings, CLN_FUSED_OUTPUTS), 1);
    ck_assert_uint_eq(cln_stack_most(settings, 1000), 1);
    cln_options *lbfgs = options_of("auto", "solver=lbfgs");
    ck_assert_uint_eq(cln_stack_most(cln_options_settings(lbfgs), 10), 1);
    cln_options_free(lbfgs);
    cln_options_free(plain);
}
END_TEST

START_TEST(test_refused)
{
    problem p = problem_make(40, 5, 3, CLN_UINT8, 16);
    cln_options *options[] = {options_of("auto", ""), options_of("auto", "epochs=3")};
    cln_parts parts = {p.data, NULL, NULL};
    cln_trainer *trainer = NULL;
    FAILS(CLN_INVALID, "may differ in steps, penalty and patience alone",
          cln_trainer_create_stack(device, (const cln_options *const *)options, 2, NULL, &parts, &trainer, error));
    ck_assert_ptr_null(trainer);
    cln_options_free(options[0]);
    cln_options_free(options[1]);
    problem_free(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/stack");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_loop_test(ok, test_alike, 0, 8);
    tcase_add_loop_test(ok, test_patience, 0, 2);
    tcase_add_loop_test(ok, test_shared_rows, 0, 2);
    tcase_add_test(ok, test_stackable);
    tcase_add_loop_test(edges, test_one_diverges, 0, 2);
    tcase_add_loop_test(edges, test_interrupted, 0, 2);
    tcase_add_test(invalid, test_refused);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return run_on_device(suite);
}
