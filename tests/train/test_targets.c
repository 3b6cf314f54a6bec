/* Real-valued targets, which only the library takes: as many as the model predicts, and as large as they are. */
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

int main(void)
{
    Suite *suite = suite_create("train/targets");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, test_large_targets);
    tcase_add_test(invalid, test_other_targets);
    add_device_cases(suite, ok, invalid, NULL, NULL);
    return run_on_device(suite);
}
