/* The tutorial's way: one step by the minibatch's number, its cost, the errors of one validation or test minibatch. */
#include "problem.h"

static const char *const engines[] = {"fused", "clblast"};

/* The cost of every step is the reference's objective before it: with penalty, momentum, a partial last batch, shuffled. */
START_TEST(test_costs)
{
    problem p = problem_make(47, 9, 3, CLN_UINT8, 1);
    schedule s = {.rows = 47, .batch = 10, .epochs = 4, .learning_rate = 0.2, .momentum = 0.5, .l2 = 0.1, .seed = 3};
    shadow reference = shadow_make(&p, &s);
    cln_trainer *trainer =
        trainer_of(engines[_i], "batch-size=10 learning-rate=0.2 momentum=0.5 l2=0.1 seed=3", p.data, NULL, NULL);
    ck_assert_uint_eq(cln_trainer_batches(trainer), 5);
    for (uint64_t epoch = 1; epoch <= s.epochs; epoch++) {
        double expected[5], cost;
        ck_assert_uint_eq(shadow_pass(&reference, &p, &s, epoch, expected), 5);
        for (uint64_t i = 0; i < 5; i++) {
            cost = -1;
            OK(cln_trainer_step(trainer, i, epoch == 2 ? NULL : &cost, error));
            if (epoch != 2)
                ck_assert_double_eq_tol(cost, expected[i], logit_tolerance(&p, 1));
        }
    }
    cln_model *model = model_of(trainer);
    ck_assert_double_le(widest_difference(model, &reference.model), weight_tolerance(&p, &s, 20, 1));
    cln_model_free(model);
    cln_trainer_close(trainer);
    shadow_free(&reference);
    problem_free(&p);
}
END_TEST

/* In the file's order any minibatch may be taken, also twice. */
START_TEST(test_any_order)
{
    problem p = problem_make(40, 6, 3, CLN_FLOAT32, 2);
    static const uint64_t taken[] = {3, 1, 1, 0, 2, 0};
    cln_trainer *trainer =
        trainer_of(engines[_i], "batch-size=10 no-shuffle=true learning-rate=0.1", p.data, NULL, NULL);
    schedule s = {.rows = 40, .batch = 10};
    shadow reference = shadow_make(&p, &s);
    for (int i = 0; i < 6; i++) {
        double cost, expected = cln_reference_step(&reference.model, p.scaled + taken[i] * 10 * 6, p.y + taken[i] * 10,
                                                   10, 0.1, 0, 0, reference.vw, reference.vb);
        OK(cln_trainer_step(trainer, taken[i], &cost, error));
        ck_assert_double_eq_tol(cost, expected, logit_tolerance(&p, 1));
    }
    cln_trainer_close(trainer);
    shadow_free(&reference);
    problem_free(&p);
}
END_TEST

typedef cln_status count_fn(cln_trainer *trainer, uint64_t index, uint64_t *errors, cln_error *error);

/* The errors of all minibatches of a part with so many rows. */
static uint64_t all_errors(cln_trainer *trainer, count_fn *count, uint64_t rows, uint64_t batch)
{
    uint64_t sum = 0, errors;
    for (uint64_t i = 0; i < (rows + batch - 1) / batch; i++) {
        errors = UINT64_MAX;
        OK(count(trainer, i, &errors, error));
        ck_assert_uint_le(errors, batch);
        sum += errors;
    }
    FAILS(CLN_INVALID, "there is no minibatch", count(trainer, (rows + batch - 1) / batch, &errors, error));
    return sum;
}

/* Minibatches of a part add up to what a run reports; after a run with patience, too, whose weights are the best, not the last. */
START_TEST(test_errors_add_up)
{
    static const char *const words[] = {"valid=33 batch-size=10 epochs=3",
                                        "valid=33 batch-size=10 epochs=9 patience=8 learning-rate=3",
                                        "valid=63 batch-size=64 epochs=2", "valid=33 batch-size=1000 epochs=2"};
    static const uint64_t valid[] = {33, 33, 63, 33}, batch[] = {10, 10, 64, 1000};
    for (int i = 0; i < 4; i++) {
        problem p = problem_make(80, 6, 4, CLN_UINT8, 3), test = problem_make(55, 6, 4, CLN_UINT8, 4);
        cln_result result;
        cln_trainer *trainer = trainer_of(engines[_i], words[i], p.data, NULL, test.data);
        OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
        ck_assert_uint_eq(all_errors(trainer, cln_trainer_valid_errors, valid[i], batch[i]), result.valid.errors);
        ck_assert_uint_eq(all_errors(trainer, cln_trainer_test_errors, 55, batch[i]), result.test.errors);
        cln_trainer_close(trainer);
        problem_free(&p);
        problem_free(&test);
    }
}
END_TEST

/* The tutorial's loop written by hand ends where cln_trainer_run does: the same pass, the same bits. */
START_TEST(test_loop_by_hand)
{
    problem p = problem_make(130, 6, 4, CLN_UINT8, 5);
    const char *words = "valid=30 batch-size=10 epochs=60 learning-rate=2 patience-iterations=20 patience-increase=1.5";
    cln_result result;
    cln_model *by_run = trained(engines[_i], words, p.data, NULL, NULL, &result), *by_hand = NULL;
    ck_assert_int_eq(result.stopped, CLN_STOP_PATIENCE);
    ck_assert_str_eq(result.reason, "validation no longer improved");

    cln_trainer *trainer = trainer_of(engines[_i], words, p.data, NULL, NULL);
    double patience = 20, best = INFINITY;
    uint64_t batches = cln_trainer_batches(trainer), iter = 0, best_epoch = 0, epoch = 0;
    ck_assert_uint_eq(batches, 10);
    for (bool looping = true; looping;) {
        epoch++;
        for (uint64_t i = 0; i < batches && looping; i++) {
            double cost;
            iter = (epoch - 1) * batches + i;
            OK(cln_trainer_step(trainer, i, &cost, error));
            if (i + 1 == batches) {
                double share = (double)all_errors(trainer, cln_trainer_valid_errors, 30, 10) / 30;
                if (share < best) {
                    if (share < best * 0.995)
                        patience = fmax(patience, (double)iter * 1.5);
                    best = share;
                    best_epoch = epoch;
                    cln_model_free(by_hand);
                    by_hand = model_of(trainer);
                }
            }
            looping = patience > (double)iter;
        }
    }
    ck_assert_uint_eq(result.steps, iter + 1);
    ck_assert_uint_eq(result.epochs, epoch);
    ck_assert_uint_eq(result.best_epoch, best_epoch);
    ck_assert_uint_lt(best_epoch, epoch);
    ck_assert_uint_eq(result.valid.errors, (uint64_t)lround(best * 30));
    ck_assert(same_bits(by_run, by_hand));
    cln_trainer_close(trainer);
    cln_model_free(by_run);
    cln_model_free(by_hand);
    problem_free(&p);
}
END_TEST

/* Passes by hand without patience are the run's as well: shuffled anew in each, momentum carried on. */
START_TEST(test_passes_by_hand)
{
    problem p = problem_make(55, 6, 4, CLN_FLOAT32, 6);
    const char *words = "batch-size=10 epochs=3 momentum=0.9 l2=0.01 drop-last=true seed=9";
    cln_model *by_run = trained(engines[_i], words, p.data, NULL, NULL, NULL);
    cln_trainer *trainer = trainer_of(engines[_i], words, p.data, NULL, NULL);
    for (int i = 0; i < 15; i++)
        OK(cln_trainer_step(trainer, (uint64_t)i % 5, NULL, error));
    cln_model *by_hand = model_of(trainer);
    ck_assert(same_bits(by_run, by_hand));
    ck_assert_str_eq(cln_model_metadata(by_hand, "steps"), "15");
    ck_assert_str_eq(cln_model_metadata(by_hand, "epochs"), "3");
    cln_model_free(by_run);
    cln_model_free(by_hand);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* Steps after a run go on from its last weights, and the model is theirs from then on. */
START_TEST(test_steps_after_run)
{
    problem p = problem_make(80, 6, 4, CLN_UINT8, 7);
    const char *words = "valid=20 batch-size=10 epochs=12 patience=11 learning-rate=3";
    cln_result result;
    cln_trainer *trainer = trainer_of(engines[_i], words, p.data, NULL, NULL),
                *hand = trainer_of(engines[_i], words, p.data, NULL, NULL);
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    ck_assert_uint_lt(result.best_epoch, result.epochs); /* so best and last are two */
    OK(cln_trainer_step(trainer, 0, NULL, error));
    for (uint64_t i = 0; i <= result.steps; i++)
        OK(cln_trainer_step(hand, i % 6, NULL, error));
    cln_model *a = model_of(trainer), *b = model_of(hand);
    ck_assert(same_bits(a, b));
    ck_assert_uint_eq(all_errors(trainer, cln_trainer_valid_errors, 20, 10),
                      all_errors(hand, cln_trainer_valid_errors, 20, 10));
    FAILS(CLN_INVALID, "already taken steps", cln_trainer_run(trainer, NULL, NULL, &result, error));
    cln_model_free(a);
    cln_model_free(b);
    cln_trainer_close(hand);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* Thousands of steps that nobody waits for. */
START_TEST(test_many_steps)
{
    problem p = problem_make(20, 3, 2, CLN_UINT8, 8);
    cln_trainer *trainer = trainer_of(engines[_i], "batch-size=10 no-shuffle=true", p.data, NULL, NULL);
    double first, last;
    OK(cln_trainer_step(trainer, 0, &first, error));
    for (uint64_t i = 1; i < (getenv("CLINEAR_TEST_TINY") ? 50 : 5000); i++)
        OK(cln_trainer_step(trainer, i % 2, NULL, error));
    OK(cln_trainer_step(trainer, 0, &last, error));
    ck_assert_double_eq_tol(first, log(2), 1e-6);
    ck_assert_double_lt(last, first);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

START_TEST(test_no_such_minibatch)
{
    problem p = problem_make(45, 6, 4, CLN_UINT8, 9);
    cln_trainer *trainer = trainer_of(engines[_i], "batch-size=10 valid=5 drop-last=true", p.data, NULL, NULL);
    uint64_t errors = 77;
    double cost = 77;
    ck_assert_uint_eq(cln_trainer_batches(trainer), 4);
    FAILS(CLN_INVALID, "no minibatch 4: a pass has 4", cln_trainer_step(trainer, 4, &cost, error));
    FAILS(CLN_INVALID, "no minibatch 18446744073709551615", cln_trainer_step(trainer, UINT64_MAX, &cost, error));
    FAILS(CLN_INVALID, "no minibatch 1 of the validation part, which has 5 rows",
          cln_trainer_valid_errors(trainer, 1, &errors, error));
    FAILS(CLN_INVALID, "no minibatch", cln_trainer_valid_errors(trainer, UINT64_MAX, &errors, error));
    FAILS(CLN_INVALID, "no minibatch", cln_trainer_valid_errors(trainer, UINT64_MAX / 10 + 1, &errors, error));
    FAILS(CLN_INVALID, "no minibatch 0 of the test part, which has 0 rows",
          cln_trainer_test_errors(trainer, 0, &errors, error));
    ck_assert_uint_eq(errors, 77);
    ck_assert_double_eq(cost, 77);
    cln_result result;
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error)); /* a refused step is none */
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* Solvers that see all rows at once make no steps by minibatches; a part is one minibatch to them. */
START_TEST(test_solver_without_steps)
{
    static const char *const words[] = {"solver=lbfgs valid=33 l2=0.1", "solver=direct model=linear valid=33 alpha=1"};
    problem p = problem_make(80, 6, 4, CLN_UINT8, 10), test = problem_make(55, 6, 4, CLN_UINT8, 11);
    cln_trainer *trainer = trainer_of("fused", words[_i], p.data, NULL, test.data);
    cln_result result;
    double cost = 77;
    FAILS(CLN_INVALID, "makes no steps by minibatches; call cln_trainer_run",
          cln_trainer_step(trainer, 0, &cost, error));
    ck_assert_double_eq(cost, 77);
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    FAILS(CLN_INVALID, "makes no steps", cln_trainer_step(trainer, 0, NULL, error));
    cln_model *model = model_of(trainer);
    char steps[24];
    snprintf(steps, sizeof steps, "%llu", (unsigned long long)result.steps);
    ck_assert_str_eq(cln_model_metadata(model, "steps"), steps);
    ck_assert_uint_eq(all_errors(trainer, cln_trainer_valid_errors, 33, 33), result.valid.errors);
    ck_assert_uint_eq(all_errors(trainer, cln_trainer_test_errors, 55, 55), result.test.errors);
    cln_model_free(model);
    cln_trainer_close(trainer);
    problem_free(&p);
    problem_free(&test);
}
END_TEST

static Suite *step_suite(void)
{
    Suite *suite = suite_create("train/step");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_loop_test(ok, test_costs, 0, 2);
    tcase_add_loop_test(ok, test_any_order, 0, 2);
    tcase_add_loop_test(ok, test_errors_add_up, 0, 2);
    tcase_add_loop_test(ok, test_loop_by_hand, 0, 2);
    tcase_add_loop_test(ok, test_passes_by_hand, 0, 2);
    tcase_add_loop_test(edges, test_steps_after_run, 0, 2);
    tcase_add_loop_test(edges, test_many_steps, 0, 2);
    tcase_add_loop_test(invalid, test_no_such_minibatch, 0, 2);
    tcase_add_loop_test(invalid, test_solver_without_steps, 0, 2);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_on_device(step_suite());
}
