/* How training ends early: divergence, interruption, patience. */
#include "recorder.h"

static const char *const engines[] = {"fused", "clblast"};

static bool all_finite(const cln_model *model)
{
    for (size_t i = 0; i < (size_t)cln_model_outputs(model) * cln_model_features(model); i++)
        if (!isfinite(cln_model_weight(model)[i]))
            return false;
    return true;
}

/* ---- divergence */

/* A step so large that the second minibatch's loss, though finite, is beyond what float resolves. */
START_TEST(test_diverged)
{
    problem p = problem_make(60, 5, 3, CLN_UINT8, 1);
    cln_result result;
    cln_error error = {0};
    cln_trainer *trainer = trainer_of(engines[_i], "batch-size=10 learning-rate=1e20 l2=1", p.data, NULL, p.data);
    begin(CLN_EVENT_EPOCH, -1);
    ck_assert_int_eq(cln_trainer_run(trainer, on_progress, &record, &result, &error), CLN_DIVERGED);
    ck_assert_int_eq(error.status, CLN_DIVERGED);
    ck_assert_int_eq(result.stopped, CLN_STOP_DIVERGED);
    ck_assert_msg(strstr(result.reason, "of minibatch 2 in epoch 1 "), "%s", result.reason);
    ck_assert_msg(strstr(error.message, result.reason) && strstr(error.message, "diverged"), "%s", error.message);
    ck_assert_str_eq(cln_stop_word(result.stopped), "diverged");
    ck_assert_uint_eq(result.epochs, 1);
    ck_assert_uint_eq(result.rows, 60);
    ck_assert_str_eq(result.engine, engines[_i]);
    ck_assert(isnan(result.objective) && isnan(result.gradient_norm));
    ck_assert(result.train.rows == 0 && result.test.rows == 0);
    ck_assert_double_gt(result.seconds.total, 0);
    ck_assert_int_eq(record.count, 0); /* no epoch has ended */
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* The last step breaks the weights, after a loss that was fine: that is no success with a model of NaN. */
START_TEST(test_diverged_at_the_end)
{
    problem p = problem_make(20, 5, 3, CLN_UINT8, 2);
    cln_result result;
    for (int valid = 0; valid < 2; valid++) {
        cln_trainer *trainer = trainer_of(engines[_i], "batch-size=20 epochs=1 learning-rate=1e30 l2=1e30", p.data,
                                          valid ? p.data : NULL, NULL);
        FAILS(CLN_DIVERGED, "the weights after minibatch 1 of epoch 1 give a loss of",
              cln_trainer_run(trainer, NULL, NULL, &result, error));
        ck_assert_int_eq(result.stopped, CLN_STOP_DIVERGED);
        ck_assert_ptr_nonnull(strstr(result.reason, "minibatch 1 of epoch 1"));
        ck_assert_uint_eq(result.steps, 1);
        cln_trainer_close(trainer);
    }
    problem_free(&p);
}
END_TEST

/* Weights that broke in the first pass are no best, although no error was counted before. */
START_TEST(test_broken_is_no_best)
{
    problem p = problem_make(20, 5, 3, CLN_UINT8, 2);
    cln_result result;
    cln_trainer *trainer =
        trainer_of(engines[_i], "batch-size=20 learning-rate=1e30 l2=1e30 patience=2", p.data, p.data, NULL);
    begin(CLN_EVENT_EPOCH, -1);
    FAILS(CLN_DIVERGED, "minibatch 1 in epoch 2", cln_trainer_run(trainer, on_progress, &record, &result, error));
    ck_assert_uint_eq(result.best_epoch, 0);
    ck_assert_int_eq(record.count, 1);
    ck_assert(!record.events[0].best);
    ck_assert(!(record.events[0].valid.loss <= 1e9));
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* With a momentum that grows slowly into overflow there is a best model: it is kept and scored, and the word is still diverged. */
START_TEST(test_best_is_kept)
{
    problem p = problem_make(60, 5, 3, CLN_FLOAT32, 3);
    const char *words =
        "batch-size=60 epochs=200 learning-rate=1 l2=100 valid=20 patience=150"; /* w ← w·(1 − 100) − … */
    cln_result result;
    cln_trainer *trainer = trainer_of(engines[_i], words, p.data, NULL, p.data);
    begin(CLN_EVENT_EPOCH, -1);
    FAILS(CLN_DIVERGED, "in epoch", cln_trainer_run(trainer, on_progress, &record, &result, error));
    ck_assert_uint_ge(result.best_epoch, 1);
    ck_assert_uint_lt(result.best_epoch, result.epochs);
    cln_model *model = model_of(trainer);
    ck_assert(all_finite(model));
    cln_reference own = as_reference(model);
    double objective;
    shadow_gradient(&own, &p, 40, 100, &objective);
    ck_assert_double_eq_tol(result.objective / objective, 1, 1e-5);
    ck_assert_uint_eq(result.train.rows, 40);
    ck_assert_uint_eq(result.valid.rows, 20);
    ck_assert_uint_eq(result.test.rows, 60);
    ck_assert_uint_eq(result.valid.errors, record.events[result.best_epoch - 1].valid.errors);
    free(own.w);
    free(own.b);
    cln_model_free(model);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* Features so large that a logit overflows, in the second minibatch in the file's order. */
START_TEST(test_huge_features)
{
    problem p = problem_make(40, 5, 3, CLN_FLOAT32, 4);
    for (int j = 0; j < 5; j++)
        ((float *)p.x)[15 * 5 + j] = 3e38f;
    cln_result result;
    cln_trainer *trainer =
        trainer_of(engines[_i], "batch-size=10 no-shuffle=true learning-rate=10", p.data, NULL, NULL);
    FAILS(CLN_DIVERGED, "minibatch 2 in epoch 1", cln_trainer_run(trainer, NULL, NULL, &result, error));
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* A large step alone is no divergence: the losses are finite, the weights too. */
START_TEST(test_large_steps)
{
    problem p = problem_make(60, 5, 3, CLN_UINT8, 5);
    cln_result result;
    cln_model *model = trained(engines[_i], "batch-size=10 learning-rate=1e6 epochs=3", p.data, NULL, NULL, &result);
    ck_assert(all_finite(model));
    ck_assert_double_gt(result.train.loss, 1e3);
    cln_model_free(model);
    problem_free(&p);
}
END_TEST

/* ---- interruption */

static void check_interrupted(const cln_result *result, uint64_t epochs)
{
    ck_assert_int_eq(result->stopped, CLN_STOP_INTERRUPTED);
    ck_assert_str_eq(result->reason, "it was interrupted");
    ck_assert_uint_eq(result->epochs, epochs);
}

/* At the end of the third pass, without patience: the weights of three passes, scored. */
START_TEST(test_interrupted_epoch)
{
    problem p = problem_make(60, 5, 3, CLN_UINT8, 6);
    cln_result result, three;
    cln_model *whole = trained(engines[_i], "batch-size=10 epochs=3 valid=10", p.data, NULL, p.data, &three);
    cln_trainer *trainer = trainer_of(engines[_i], "batch-size=10 epochs=50 valid=10", p.data, NULL, p.data);
    begin(CLN_EVENT_EPOCH, 2);
    OK(cln_trainer_run(trainer, on_progress, &record, &result, error));
    check_interrupted(&result, 3);
    ck_assert_uint_eq(result.steps, 15);
    cln_model *model = model_of(trainer);
    ck_assert(same_bits(model, whole));
    ck_assert_double_eq(result.objective, three.objective);
    ck_assert_uint_eq(result.test.errors, three.test.errors);
    ck_assert_str_eq(cln_model_metadata(model, "stopped"), "interrupted");
    cln_model_free(model);
    cln_model_free(whole);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* With patience: the best so far, not the last. */
START_TEST(test_interrupted_keeps_best)
{
    problem p = problem_make(80, 6, 4, CLN_UINT8, 7);
    cln_result result;
    cln_trainer *trainer =
        trainer_of(engines[_i], "valid=20 batch-size=10 epochs=50 patience=40 learning-rate=3", p.data, NULL, NULL);
    begin(CLN_EVENT_EPOCH, 11);
    OK(cln_trainer_run(trainer, on_progress, &record, &result, error));
    check_interrupted(&result, 12);
    uint64_t least = UINT64_MAX, best = 0;
    for (int i = 0; i < record.count; i++) {
        ck_assert_int_eq(record.events[i].best, record.events[i].valid.errors < least);
        if (record.events[i].best) {
            least = record.events[i].valid.errors;
            best = (uint64_t)i + 1;
        }
    }
    ck_assert_uint_lt(best, 12);
    ck_assert_uint_eq(result.best_epoch, best);
    ck_assert_uint_eq(result.valid.errors, least);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* Within a pass: steps that were taken are the model's, and nothing was validated. */
START_TEST(test_interrupted_tick)
{
    if (getenv("CLINEAR_TEST_TINY"))
        return;
    problem p = problem_make(20000, 2000, 10, CLN_UINT8, 8);
    cln_result result;
    cln_trainer *trainer = trainer_of(engines[_i], "batch-size=1 epochs=9 valid=10 patience=3", p.data, NULL, NULL);
    begin(CLN_EVENT_TICK, 1); /* the first comes at once, the second a tenth of a second later */
    OK(cln_trainer_run(trainer, on_progress, &record, &result, error));
    check_interrupted(&result, 1);
    ck_assert_uint_eq(result.best_epoch, 0);
    ck_assert_uint_lt(result.steps, 19990);
    ck_assert_uint_gt(result.steps, 0);
    ck_assert_int_eq(record.count, 2);
    const cln_progress *tick = &record.events[1];
    ck_assert_int_eq(tick->event, CLN_EVENT_TICK);
    ck_assert_uint_eq(tick->epoch, 1);
    ck_assert_uint_eq(tick->steps, 19990);
    ck_assert_uint_eq(tick->step, result.steps);
    ck_assert_double_gt(tick->seconds, 0.05);
    ck_assert_double_gt(tick->rows_per_second, 0);
    ck_assert_double_gt(tick->seconds_left, tick->seconds);
    ck_assert_uint_eq(result.train.rows, 19990);

    cln_trainer *hand = trainer_of(engines[_i], "batch-size=1 valid=10", p.data, NULL, NULL);
    for (uint64_t i = 0; i < result.steps; i++)
        OK(cln_trainer_step(hand, i, NULL, error));
    cln_model *a = model_of(trainer), *b = model_of(hand);
    ck_assert(same_bits(a, b));
    cln_model_free(a);
    cln_model_free(b);
    cln_trainer_close(hand);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* At a logged minibatch: the pass is done by then, so it ends as a pass does. */
START_TEST(test_interrupted_step)
{
    problem p = problem_make(60, 5, 3, CLN_UINT8, 9);
    cln_result result;
    cln_trainer *trainer = trainer_of(engines[_i], "batch-size=10 epochs=50 log-every=4", p.data, NULL, NULL);
    begin(CLN_EVENT_STEP, 3);
    OK(cln_trainer_run(trainer, on_progress, &record, &result, error));
    check_interrupted(&result, 3);
    ck_assert_uint_eq(result.steps, 18);
    ck_assert_int_eq(record.events[record.count - 1].event, CLN_EVENT_EPOCH);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* ---- patience */

/* The epochs rule stops a run and its weights are the best pass's, also where later passes are as good but not better. */
START_TEST(test_patience)
{
    problem p = problem_make(80, 6, 4, CLN_UINT8, 7);
    cln_result result;
    cln_trainer *trainer =
        trainer_of(engines[_i], "valid=20 batch-size=10 epochs=500 patience=4 learning-rate=1", p.data, NULL, NULL);
    begin(CLN_EVENT_EPOCH, -1);
    OK(cln_trainer_run(trainer, on_progress, &record, &result, error));
    ck_assert_int_eq(result.stopped, CLN_STOP_PATIENCE);
    ck_assert_uint_eq(result.epochs, result.best_epoch + 4);
    ck_assert_uint_eq(result.valid.errors, record.events[result.best_epoch - 1].valid.errors);
    ck_assert_double_eq(result.valid.loss, record.events[result.best_epoch - 1].valid.loss);
    cln_model *kept = model_of(trainer);
    char words[200];
    snprintf(words, sizeof words, "valid=20 batch-size=10 epochs=%d learning-rate=1", (int)result.best_epoch);
    cln_model *best = trained(engines[_i], words, p.data, NULL, NULL, NULL);
    ck_assert(same_bits(kept, best));
    cln_model_free(kept);
    cln_model_free(best);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

START_TEST(test_words)
{
    ck_assert_str_eq(cln_stop_word(CLN_STOP_EPOCHS), "epochs");
    ck_assert_str_eq(cln_stop_word(CLN_STOP_PATIENCE), "patience");
    ck_assert_str_eq(cln_stop_word(CLN_STOP_INTERRUPTED), "interrupted");
    ck_assert_str_eq(cln_stop_word(CLN_STOP_DIVERGED), "diverged");
    ck_assert_str_eq(cln_stop_word((cln_stop)99), "unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/stop");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_loop_test(ok, test_patience, 0, 2);
    tcase_add_loop_test(ok, test_interrupted_epoch, 0, 2);
    tcase_add_loop_test(ok, test_interrupted_keeps_best, 0, 2);
    tcase_add_loop_test(ok, test_interrupted_tick, 0, 2);
    tcase_add_loop_test(ok, test_interrupted_step, 0, 2);
    tcase_add_loop_test(edges, test_large_steps, 0, 2);
    tcase_add_test(edges, test_words);
    tcase_add_loop_test(invalid, test_diverged, 0, 2);
    tcase_add_loop_test(invalid, test_diverged_at_the_end, 0, 2);
    tcase_add_loop_test(invalid, test_broken_is_no_best, 0, 2);
    tcase_add_loop_test(invalid, test_best_is_kept, 0, 2);
    tcase_add_loop_test(invalid, test_huge_features, 0, 2);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return run_on_device(suite);
}
