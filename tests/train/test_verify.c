/* A certificate computed again: it agrees with what was trained, in any way of training, and no longer once a weight is spoiled. */
#include "problem.h"

#include "model/model.h"

static const struct {
    const char *words;
    double tolerance; /* NaN: none */
} cases[] = {
    {"solver=lbfgs l2=0.01 tolerance=1e-5", 1e-5},
    {"solver=lbfgs l2=0.01 standardize=true tolerance=1e-5 valid=40", 1e-5},
    {"solver=lbfgs l2=0.01 l1=0.003 tolerance=1e-5 train-rows=150", 1e-5},
    {"solver=lbfgs l2=0.01 class-weights=balanced tolerance=1e-5 classes=3,1", 1e-5},
    {"model=linear solver=direct alpha=1 target=value", (double)NAN},
    {"model=linear solver=direct alpha=1,100 valid=50 center=true", (double)NAN},
    {"epochs=2 learning-rate=0.1 l2=0.001", (double)NAN},
    {"epochs=2 learning-rate=0.1 center=true", (double)NAN},
};

START_TEST(test_verifies_and_refuses)
{
    for (size_t i = 0; i < (tiny() ? 1 : sizeof cases / sizeof *cases); i++) {
        problem p = problem_make(200, 16, 4, CLN_UINT8, 31);
        cln_verification verification;
        cln_model *model = trained("auto", cases[i].words, p.data, NULL, NULL, NULL), *loaded = NULL;
        OK(cln_model_save(model, "verify.safetensors", error));
        OK(cln_model_load("verify.safetensors", &loaded, error));
        OK(cln_model_verify(loaded, p.data, &verification, error));
        ck_assert_msg(verification.agrees, "%s: %s", cases[i].words, verification.reason);
        ck_assert_uint_eq(verification.found.rows, verification.stored.rows);
        if (isnan(cases[i].tolerance))
            ck_assert(isnan(verification.tolerance));
        else
            ck_assert_double_eq(verification.tolerance, cases[i].tolerance);
        loaded->weight[5] += 0.01f;
        OK(cln_model_verify(loaded, p.data, &verification, error));
        ck_assert_msg(!verification.agrees, "%s: %s", cases[i].words, verification.reason);
        ck_assert_uint_gt(strlen(verification.reason), 10);
        cln_model_free(loaded);
        cln_model_free(model);
        remove("verify.safetensors");
        problem_free(&p);
    }
}
END_TEST

/* Models of before: their certificate's gradient is the largest component, and is held against that. */
START_TEST(test_older_models)
{
    problem p = problem_make(200, 7, 4, CLN_UINT8, 17);
    cln_verification verification;
    cln_result result;
    char largest[40];
    cln_model *model = trained("auto", "solver=sgd epochs=3", p.data, NULL, NULL, &result);
    OK(cln_model_verify(model, p.data, &verification, error));
    ck_assert_msg(verification.agrees, "%s", verification.reason);
    double relative = verification.found.gradient_norm;
    for (size_t i = 0; i < model->metadata.count; i++)
        if (strcmp(model->metadata.list[i].key, "certificate.gradient") == 0)
            model->metadata.list[i].key[0] = 'x';
    snprintf(largest, sizeof largest, "%.17g", result.gradient_norm); /* by the device's sums */
    OK(cln_model_note(model, error, "certificate.gradient_norm", "%s", largest));
    OK(cln_model_verify(model, p.data, &verification, error));
    ck_assert_msg(verification.agrees, "%s", verification.reason);
    ck_assert_double_eq_tol(verification.found.gradient_norm, result.gradient_norm, 1e-5);
    ck_assert_double_gt(fabs(relative - result.gradient_norm), 1e-4);
    cln_model_free(model);
    problem_free(&p);
}
END_TEST

/* Tolerances that single precision cannot always meet: whatever training says of them, verify agrees, and what stopped at the
   tolerance meets it in double. */
START_TEST(test_what_single_precision_sees)
{
    static const char *const engines[] = {"fused", "clblast"};
    for (int i = 0; i < (tiny() ? 1 : 8); i++) {
        problem p = problem_make(tiny() ? 50 : 2000, tiny() ? 6 : 64, 4, CLN_UINT8, 17);
        const double tolerance = i / 4 ? 3e-9 : 1e-8;
        char words[120];
        cln_result result;
        cln_verification verification;
        snprintf(words, sizeof words, "solver=lbfgs l2=%g tolerance=%g", i / 2 % 2 ? 1.0 : 0.1, tolerance);
        cln_model *model = trained(engines[i % 2], words, p.data, NULL, NULL, &result);
        if (result.stopped == CLN_STOP_TOLERANCE)
            ck_assert_double_le(result.certificate.gradient_norm, 2 * tolerance);
        else
            ck_assert_int_eq(result.stopped, CLN_STOP_LINE_SEARCH);
        OK(cln_model_verify(model, p.data, &verification, error));
        ck_assert_msg(verification.agrees, "%s, %s: %s", engines[i % 2], words, verification.reason);
        printf("  %-7s %s: %s, %.2g in double\n", engines[i % 2], words, cln_stop_word(result.stopped),
               result.certificate.gradient_norm);
        cln_model_free(model);
        problem_free(&p);
    }
}
END_TEST

/* Asked for before, between and after steps and a run, a certificate is of the weights that there are then. */
START_TEST(test_moving_weights)
{
    problem p = problem_make(60, 6, 3, CLN_UINT8, 7);
    const double chance = log(3); /* the loss of weights that are 0 */
    cln_certificate at_start, moved;
    cln_result result;
    cln_trainer *trainer = trainer_of("auto", "batch-size=20 learning-rate=0.1", p.data, NULL, NULL);
    OK(cln_trainer_certify(trainer, &at_start, error));
    ck_assert_double_eq_tol(at_start.loss, chance, 1e-12);
    OK(cln_trainer_step(trainer, 0, NULL, error));
    OK(cln_trainer_certify(trainer, &moved, error));
    ck_assert_double_lt(moved.loss, chance - 1e-3);
    cln_trainer_close(trainer);

    trainer = trainer_of("auto", "solver=lbfgs l2=0.01", p.data, NULL, NULL);
    OK(cln_trainer_certify(trainer, &at_start, error));
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    ck_assert_double_lt(result.objective, at_start.objective - 1e-3);
    ck_assert_double_le(result.gradient_norm, 2e-5);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* Other data, and models that have nothing to verify. */
START_TEST(test_refusals)
{
    problem p = problem_make(100, 6, 3, CLN_UINT8, 1), narrow = problem_make(100, 5, 3, CLN_UINT8, 1),
            few = problem_make(99, 6, 3, CLN_UINT8, 1);
    cln_verification verification;
    cln_model *model = trained("auto", "solver=lbfgs l2=0.1", p.data, NULL, NULL, NULL), *bare = NULL;
    FAILS(CLN_INVALID, "5 features", cln_model_verify(model, narrow.data, &verification, error));
    FAILS(CLN_INVALID, "trained on 100 rows", cln_model_verify(model, few.data, &verification, error));
    OK(cln_model_create(3, 6, true, &bare, error));
    FAILS(CLN_INVALID, "no certificate", cln_model_verify(bare, p.data, &verification, error));
    cln_model_free(bare);
    cln_model_free(model);
    problem_free(&p);
    problem_free(&narrow);
    problem_free(&few);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/verify");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, test_verifies_and_refuses);
    tcase_add_test(ok, test_older_models);
    tcase_add_test(ok, test_what_single_precision_sees);
    tcase_add_test(ok, test_moving_weights);
    tcase_add_test(invalid, test_refusals);
    add_device_cases(suite, ok, invalid, NULL, NULL);
    return run_on_device(suite);
}
