/* What a run tells on the way: events in their order, with true figures. */
#include "recorder.h"

static const char *const engines[] = {"fused", "clblast"};

/* Every seventh minibatch since the start, with its loss before its step; every pass with the mean over its rows. */
START_TEST(test_events)
{
    problem p = problem_make(97, 6, 3, CLN_UINT8, 10);
    schedule s = {.rows = 77, .batch = 10, .epochs = 5, .learning_rate = 0.2};
    shadow reference = shadow_make(&p, &s);
    double costs[5][8];
    for (uint64_t epoch = 1; epoch <= 5; epoch++)
        ck_assert_uint_eq(shadow_pass(&reference, &p, &s, epoch, costs[epoch - 1]), 8);

    cln_result result;
    cln_trainer *trainer =
        trainer_of(engines[_i], "batch-size=10 epochs=5 valid=20 learning-rate=0.2 log-every=7", p.data, NULL, NULL);
    begin(CLN_EVENT_EPOCH, -1);
    OK(cln_trainer_run(trainer, on_progress, &record, &result, error));
    uint64_t step = 0, epoch = 0;
    double seconds = 0;
    for (int i = 0; i < record.count; i++) {
        const cln_progress *now = &record.events[i];
        ck_assert_uint_eq(now->epochs, 5);
        ck_assert_uint_eq(now->steps, 8);
        ck_assert_double_ge(now->seconds, seconds);
        ck_assert_double_ge(now->seconds_left, 0);
        seconds = now->seconds;
        if (now->event == CLN_EVENT_STEP) {
            ck_assert_uint_eq(now->step, step);
            ck_assert_uint_eq(now->epoch, step / 8 + 1);
            ck_assert_uint_eq(now->train.rows, step % 8 == 7 ? 7 : 10);
            ck_assert_double_eq_tol(now->train.loss, costs[step / 8][step % 8], logit_tolerance(&p, 1));
            ck_assert_uint_le(now->train.errors, now->train.rows);
            step += 7;
        } else if (now->event == CLN_EVENT_EPOCH) {
            double mean = 0;
            for (int j = 0; j < 8; j++)
                mean += costs[epoch][j] * (j == 7 ? 7 : 10) / 77;
            epoch++;
            ck_assert_uint_eq(now->epoch, epoch);
            ck_assert_uint_eq(now->step, epoch * 8);
            ck_assert_uint_eq(now->train.rows, 77);
            ck_assert_double_eq_tol(now->train.loss, mean, logit_tolerance(&p, 1));
            ck_assert_uint_eq(now->valid.rows, 20);
            ck_assert(now->valid.errors <= 20 && isfinite(now->valid.loss));
            ck_assert_double_eq_tol(now->rows_per_second * now->seconds, 77.0 * (double)epoch, 1e-6);
            ck_assert_double_eq_tol(now->seconds_left, now->seconds * (5 - (double)epoch) / (double)epoch, 1e-9);
        }
    }
    ck_assert_uint_eq(step, 42); /* 0, 7, …, 35 of 40 */
    ck_assert_uint_eq(epoch, 5);
    ck_assert_uint_eq(result.valid.errors, record.events[record.count - 1].valid.errors);
    ck_assert_double_eq(result.valid.loss, record.events[record.count - 1].valid.loss);
    cln_trainer_close(trainer);
    shadow_free(&reference);
    problem_free(&p);
}
END_TEST

/* Without validation rows there is nothing to be best at. */
START_TEST(test_no_validation)
{
    problem p = problem_make(30, 4, 2, CLN_FLOAT32, 11);
    cln_result result;
    cln_trainer *trainer = trainer_of(engines[_i], "batch-size=7 epochs=2 drop-last=true", p.data, NULL, NULL);
    begin(CLN_EVENT_EPOCH, -1);
    OK(cln_trainer_run(trainer, on_progress, &record, &result, error));
    for (int i = 0; i < record.count; i++) {
        ck_assert(!record.events[i].best);
        ck_assert(record.events[i].valid.rows == 0 && isnan(record.events[i].valid.loss));
        ck_assert_uint_eq(record.events[i].train.rows, 28);
        ck_assert_double_eq_tol(record.events[i].rows_per_second * record.events[i].seconds, 28 * (i + 1), 1e-6);
    }
    ck_assert_int_eq(record.count, 2);
    ck_assert_uint_eq(result.train.rows, 30); /* all are scored at the end */
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/progress");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_loop_test(ok, test_events, 0, 2);
    tcase_add_loop_test(edges, test_no_validation, 0, 2);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return run_on_device(suite);
}
