/* Real-valued targets, which only the library takes: as many as the model predicts, as large as they are, and never an answer that
   single precision cannot hold. */
#include "problem.h"

enum { N = 60, D = 4 };

static float x[N * D];

/* Targets (N,k): planes over the features, `size` high; features of about `length`. */
static cln_dataset *planes(uint32_t k, float length, float size)
{
    static float targets[N * 3];
    cln_dataset *data = NULL;
    cln_random random;
    cln_random_seed(&random, 11, 3);
    for (uint32_t i = 0; i < N; i++) {
        for (uint32_t j = 0; j < D; j++)
            x[i * D + j] = length * ((float)cln_random_below(&random, 2000) / 1000 - 1);
        for (uint32_t c = 0; c < k; c++)
            targets[i * k + c] = size * ((float)c + x[i * D + c] / length - x[i * D + 3] / length);
    }
    OK(cln_dataset_wrap_targets(x, CLN_FLOAT32, N, D, targets, k, &data, error));
    return data;
}

/* Rows are scored, and certificates computed again, by as many targets as the model predicts. */
START_TEST(test_other_targets)
{
    cln_dataset *three = planes(3, 1, 1), *labelled = NULL;
    int32_t labels[N];
    for (int i = 0; i < N; i++)
        labels[i] = i % 3;
    OK(cln_dataset_wrap(x, CLN_FLOAT32, N, D, labels, &labelled, error));
    cln_model *model = trained("auto", "model=linear solver=direct alpha=1", three, NULL, NULL, NULL),
              *classes = trained("auto", "model=linear solver=direct alpha=1", labelled, NULL, NULL, NULL);
    cln_evaluation evaluation;
    cln_verification verification;
    OK(cln_model_evaluate(model, device, "auto", three, &evaluation, error));
    cln_evaluation_free(&evaluation);
    OK(cln_model_verify(model, three, &verification, error));
    ck_assert_msg(verification.agrees, "%s", verification.reason);
    cln_dataset_close(three);

    cln_dataset *one = planes(1, 1, 1);
    FAILS(CLN_INVALID, "has 1 targets a row, but the model predicts 3",
          cln_model_evaluate(model, device, "auto", one, &evaluation, error));
    FAILS(CLN_INVALID, "has 1 targets a row, but the model predicts 3",
          cln_model_verify(model, one, &verification, error));
    FAILS(CLN_INVALID, "has labels, but the model was trained on real-valued targets",
          cln_model_verify(model, labelled, &verification, error));
    FAILS(CLN_INVALID, "has real-valued targets, but the model was trained on labels",
          cln_model_verify(classes, one, &verification, error));
    cln_dataset_close(one);
    cln_dataset_close(labelled);
    cln_model_free(model);
    cln_model_free(classes);
}
END_TEST

/* Losses are as large as the squares of targets, and no divergence. */
START_TEST(test_large_targets)
{
    cln_dataset *data = planes(1, 1, 1e7f);
    cln_result result;
    cln_model *model = trained("auto", "model=linear epochs=200 batch-size=10", data, NULL, NULL, &result);
    ck_assert_int_eq(result.stopped, CLN_STOP_EPOCHS);
    ck_assert_double_le(result.train.loss, 1e10); /* of about 2·10¹³ at the start */
    ck_assert_float_eq_tol(cln_model_weight(model)[0], 1e7f, 1e5f);
    cln_model_free(model);
    cln_dataset_close(data);
}
END_TEST

/* Features so small that the weights of the optimum are no floats: said, where a penalty does not hold them back. */
START_TEST(test_weights_beyond_floats)
{
    cln_dataset *data = planes(1, 1e-15f, 1);
    static const char words[] = "model=linear scale=1e-30 solver=direct alpha=";
    char text[100];
    cln_result result;
    cln_error failure = {0};
    snprintf(text, sizeof text, "%s1e-300", words);
    cln_trainer *trainer = trainer_of("auto", text, data, NULL, NULL);
    ck_assert_int_eq(cln_trainer_run(trainer, NULL, NULL, &result, &failure), CLN_DIVERGED);
    ck_assert_msg(strstr(failure.message, "beyond single precision") != NULL, "%s", failure.message);
    ck_assert_int_eq(result.stopped, CLN_STOP_DIVERGED);
    cln_trainer_close(trainer);

    snprintf(text, sizeof text, "%s1e-300,1e-60", words); /* the second is the better, for it can be had */
    trainer = trainer_of("auto", text, data, data, NULL);
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    ck_assert_int_eq(result.stopped, CLN_STOP_TOLERANCE);
    ck_assert(isfinite(result.objective) && isfinite(result.valid.loss));
    size_t count;
    const cln_path_row *path = cln_trainer_path(trainer, &count);
    ck_assert(count == 2 && !path[0].best && path[1].best);
    cln_trainer_close(trainer);
    cln_dataset_close(data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/targets");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, test_large_targets);
    tcase_add_test(invalid, test_other_targets);
    tcase_add_test(invalid, test_weights_beyond_floats);
    add_device_cases(suite, ok, invalid, NULL, NULL);
    return run_on_device(suite);
}
