/* Least squares in closed form on the device's Gram matrix: the normal equations hold in double, on bytes and on floats, for every kind of
   target; a path of penalties is what single runs are. */
#include "problem.h"

#include "base/random.h"

/* n·∂f/∂W of a model (k,d) and its bias on rows x with targets t (n,k), by plain loops; returns the largest component over the
   largest of XᵀT, which is what rounding W to float leaves times the condition of nothing. */
static double equations_residual(const problem *p, const cln_model *model, const double *t, uint32_t k, double alpha)
{
    cln_reference reference = as_reference(model);
    double *z = calloc((size_t)p->n * k, sizeof *z), most = 0, size = 0;
    ck_assert_ptr_nonnull(z);
    cln_reference_logits(&reference, p->scaled, p->n, z);
    for (uint32_t c = 0; c < k; c++)
        for (uint32_t j = 0; j < p->d; j++) {
            double sum = alpha * reference.w[(size_t)c * p->d + j], right = 0;
            for (uint32_t i = 0; i < p->n; i++) {
                sum += (z[(size_t)i * k + c] - t[(size_t)i * k + c]) * p->scaled[(size_t)i * p->d + j];
                right += t[(size_t)i * k + c] * p->scaled[(size_t)i * p->d + j];
            }
            most = fmax(most, fabs(sum));
            size = fmax(size, fabs(right));
        }
    free(z);
    free(reference.w);
    free(reference.b);
    return most / size;
}

/* Targets (n,k) of labels. */
static double *targets_of(const problem *p, bool value)
{
    uint32_t k = value ? 1 : p->k;
    double *t = calloc((size_t)p->n * k, sizeof *t);
    ck_assert_ptr_nonnull(t);
    for (uint32_t i = 0; i < p->n; i++)
        for (uint32_t c = 0; c < k; c++)
            t[(size_t)i * k + c] = value ? p->y[i] : p->y[i] == (int32_t)c;
    return t;
}

static const double alphas[] = {1e-3, 1, 1e4};

/* W in float32 leaves residuals of its rounding times the rows; XᵀT is as large as they are. */
START_TEST(test_equations_hold)
{
    for (int type = 0; type < 2; type++)
        for (int value = 0; value < 2; value++)
            for (int i = 0; i < (tiny() ? 1 : 3); i++) {
                problem p = problem_make(tiny() ? 30 : 300, tiny() ? 6 : 61, 4, type ? CLN_FLOAT32 : CLN_UINT8, 21);
                double *t = targets_of(&p, value);
                char words[200];
                cln_result result;
                snprintf(words, sizeof words, "model=linear solver=direct alpha=%g target=%s", alphas[i],
                         value ? "value" : "onehot");
                cln_model *model = trained("auto", words, p.data, NULL, p.data, &result);
                double residual = equations_residual(&p, model, t, value ? 1 : 4, alphas[i]);
                ck_assert_msg(residual <= 1e-6, "%s: %g", words, residual);
                ck_assert_int_eq(result.stopped, CLN_STOP_TOLERANCE);
                ck_assert_double_eq_tol(result.l2, alphas[i] / p.n, 1e-15);
                ck_assert_double_le(result.certificate.suboptimality, 1e-6 * result.objective);
                ck_assert_uint_eq(result.train.errors, result.test.errors);
                ck_assert_uint_lt(result.train.errors, p.n);
                cln_model_free(model);
                free(t);
                problem_free(&p);
            }
}
END_TEST

/* Real-valued targets, which the library takes: a plane with noise comes out. */
START_TEST(test_real_targets)
{
    problem p = problem_make(200, 9, 2, CLN_FLOAT32, 5);
    float t[400];
    double wide[400];
    cln_random random;
    cln_dataset *data = NULL;
    cln_result result;
    cln_random_seed(&random, 4, 1);
    for (uint32_t i = 0; i < 200; i++)
        for (uint32_t c = 0; c < 2; c++) {
            double sum = 3 - (double)c;
            for (uint32_t j = 0; j < 9; j++)
                sum += (j + 1.0) * (c ? -1 : 1) * p.scaled[i * 9 + j];
            t[i * 2 + c] = (float)(sum + cln_random_below(&random, 1000) / 1e4);
            wide[i * 2 + c] = (double)t[i * 2 + c];
        }
    OK(cln_dataset_wrap_targets(p.x, CLN_FLOAT32, 200, 9, t, 2, &data, error));
    static const char *const words[] = {"model=linear solver=direct alpha=0.001",
                                        "model=linear solver=lbfgs alpha=0.001 tolerance=1e-4"};
    for (int i = 0; i < (tiny() ? 1 : 2); i++) {
        cln_model *model = trained("auto", words[i], data, NULL, NULL, &result);
        ck_assert_double_le(equations_residual(&p, model, wide, 2, 0.001), i ? 1e-3 : 1e-6);
        ck_assert_float_eq_tol(cln_model_weight(model)[0], 1, 0.05f);
        ck_assert_float_eq_tol(cln_model_weight(model)[9 + 8], -9, 0.05f);
        cln_model_free(model);
    }
    cln_dataset_close(data);
    problem_free(&p);
}
END_TEST

/* Floats far from 0 for their spread are fitted like the same floats without their offset, by labels and by real-valued targets. */
START_TEST(test_offset)
{
    for (int real = 0; real < (tiny() ? 1 : 2); real++) {
        problem p = problem_make(tiny() ? 30 : 300, tiny() ? 6 : 17, 3, CLN_FLOAT32, 8);
        float *x = p.x, *t = calloc(p.n, sizeof *t);
        cln_model *models[2];
        cln_result results[2];
        for (uint32_t i = 0; i < p.n; i++)
            t[i] = (float)(p.y[i] * p.y[i]) / 4;
        for (uint32_t i = 0; i < p.n * p.d; i++)
            x[i] += 2000;
        for (int i = 0; i < 2; i++) {
            cln_dataset *data = NULL;
            for (uint32_t j = 0; i == 1 && j < p.n * p.d; j++)
                x[j] -= 2000; /* exact */
            OK(real ? cln_dataset_wrap_targets(x, CLN_FLOAT32, p.n, p.d, t, 1, &data, error)
                    : cln_dataset_wrap(x, CLN_FLOAT32, p.n, p.d, p.y, &data, error));
            models[i] = trained("auto", "model=linear solver=direct alpha=0.5", data, NULL, NULL, &results[i]);
            cln_dataset_close(data);
        }
        ck_assert_double_eq_tol(results[0].objective, results[1].objective, 1e-6 * results[1].objective);
        ck_assert_double_le(results[0].certificate.suboptimality, 1e-6 * results[0].objective);
        for (uint32_t i = 0; i < cln_model_outputs(models[0]) * p.d; i++)
            ck_assert_float_eq_tol(cln_model_weight(models[0])[i], cln_model_weight(models[1])[i], 1e-5f);
        ck_assert_msg(strstr(results[0].reason, "singular") == NULL, "%s", results[0].reason);
        cln_model_free(models[0]);
        cln_model_free(models[1]);
        free(t);
        problem_free(&p);
    }
}
END_TEST

/* Dead features with alpha 0: said, answered by the least norm, their weights are 0. */
START_TEST(test_singular)
{
    problem p = problem_make(90, 8, 3, CLN_UINT8, 6);
    cln_result result;
    for (uint32_t i = 0; i < p.n; i++)
        ((uint8_t *)p.x)[i * 8 + 3] = 7;
    problem_wrap(&p);
    cln_model *model = trained("auto", "model=linear solver=direct", p.data, NULL, NULL, &result);
    ck_assert_msg(strstr(result.reason, "singular (rank 7 of 8)") != NULL, "%s", result.reason);
    for (int c = 0; c < 3; c++)
        ck_assert_float_eq_tol(cln_model_weight(model)[c * 8 + 3], 0, 1e-6f);
    ck_assert_double_le(result.gradient_norm, 1e-6);
    cln_model_free(model);
    problem_free(&p);
}
END_TEST

/* Standardised and centred: the penalty is on other coordinates, and the certificate knows. */
START_TEST(test_scaling)
{
    static const char *const words[] = {"model=linear solver=direct alpha=5 standardize=true",
                                        "model=linear solver=direct alpha=5 center=true",
                                        "model=linear solver=direct alpha=5 no-bias=true"};
    for (int i = 0; i < (tiny() ? 1 : 3); i++) {
        problem p = problem_make(120, 11, 3, CLN_UINT8, 9);
        cln_result result, same;
        cln_model_free(trained("auto", words[i], p.data, NULL, NULL, &result));
        char other[200];
        snprintf(other, sizeof other, "model=linear solver=lbfgs tolerance=1e-5 %s", strstr(words[i], "alpha"));
        cln_model_free(trained("auto", other, p.data, NULL, NULL, &same));
        ck_assert_msg(result.gradient_norm <= 1e-6, "%s: gradient %g", words[i], result.gradient_norm);
        ck_assert_double_eq_tol(result.objective, same.objective, 1e-5 * result.objective);
        problem_free(&p);
    }
}
END_TEST

START_TEST(test_path)
{
    problem p = problem_make(260, 20, 4, CLN_UINT8, 12);
    static const char base[] = "model=linear solver=direct valid=60 alpha=";
    static const char *const each[] = {"1000", "0.1", "10"};
    cln_trainer *trainer =
        trainer_of("auto", "model=linear solver=direct valid=60 alpha=1000,0.1,10", p.data, NULL, NULL);
    cln_result result, single;
    size_t count, best = 0;
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    const cln_path_row *path = cln_trainer_path(trainer, &count);
    ck_assert_uint_eq(count, 3);
    for (size_t i = 0; i < count; i++) {
        char words[200];
        snprintf(words, sizeof words, "%s%s", base, each[i]);
        cln_model *model = trained("auto", words, p.data, NULL, NULL, &single);
        ck_assert_uint_eq(path[i].valid.errors, single.valid.errors);
        ck_assert_double_eq_tol(path[i].valid.loss, single.valid.loss, 1e-6 * single.valid.loss);
        ck_assert_double_eq_tol(path[i].objective, single.objective, 1e-5 * single.objective);
        if (path[i].best) {
            cln_model *kept = model_of(trainer);
            for (uint32_t j = 0; j < 80; j++)
                ck_assert_float_eq_tol(cln_model_weight(kept)[j], cln_model_weight(model)[j], 1e-5f);
            ck_assert_double_eq_tol(result.l2, single.l2, 1e-15);
            cln_model_free(kept);
            best++;
        }
        cln_model_free(model);
    }
    ck_assert_uint_eq(best, 1);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* MNIST, all 60,000 rows, as NumPy solves it in double precision: objectives, and errors of the 10,000 test rows, which here choose. */
static const struct {
    const char *target;
    struct {
        double objective;
        uint64_t errors;
    } at[8]; /* α = 0.001, 0.01, …, 10,000 */
} numpy[] = {
    {"value",
     {{1.602367554293865, 7702},
      {1.6025937211465011, 7702},
      {1.603235889142252, 7698},
      {1.6047391785726157, 7696},
      {1.6092885198950067, 7704},
      {1.6312410914092772, 7754},
      {1.7294390008680534, 7956},
      {2.0364737231934043, 8261}}},
    {"onehot",
     {{0.19002022312970973, 1398},
      {0.19004650368425532, 1397},
      {0.1901138346283085, 1396},
      {0.19029359730191972, 1396},
      {0.19087880533085677, 1391},
      {0.19338982151253128, 1381},
      {0.20365243492718166, 1347},
      {0.23776522007686993, 1429}}},
};

START_TEST(test_as_numpy)
{
    const char *folder = mnist_folder();
    cln_dataset *train = NULL, *test = NULL;
    if (tiny() || !folder)
        return;
    OK(cln_dataset_open(folder, NULL, CLN_PART_TRAIN, &train, error));
    OK(cln_dataset_open(folder, NULL, CLN_PART_TEST, &test, error));
    for (size_t t = 0; t < sizeof numpy / sizeof *numpy; t++) {
        char words[200];
        size_t count;
        cln_result result;
        snprintf(words, sizeof words, "model=linear solver=direct target=%s alpha=0.001,0.01,0.1,1,10,100,1000,10000",
                 numpy[t].target);
        cln_trainer *trainer = trainer_of("auto", words, train, test, NULL);
        OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
        const cln_path_row *path = cln_trainer_path(trainer, &count);
        ck_assert_uint_eq(count, 8);
        for (size_t i = 0; i < count; i++) {
            double objective = numpy[t].at[i].objective;
            ck_assert_double_eq_tol(path[i].objective, objective, 1e-6 * objective); /* scored in float */
            ck_assert_uint_le(path[i].valid.errors, numpy[t].at[i].errors + 2);
            ck_assert_uint_ge(path[i].valid.errors + 2, numpy[t].at[i].errors);
            if (path[i].best) /* certified in double */
                ck_assert_double_eq_tol(result.objective, objective, 1e-11 * objective);
        }
        cln_trainer_close(trainer);
    }
    cln_dataset_close(test);
    cln_dataset_close(train);
}
END_TEST

START_TEST(test_refusals)
{
    problem p = problem_make(50, 5, 3, CLN_UINT8, 2);
    cln_trainer *trainer = NULL;
    cln_options *options = options_of("auto", "model=linear solver=direct alpha=1,2");
    cln_parts parts = {p.data, NULL, NULL};
    FAILS(CLN_INVALID, "validation rows", cln_trainer_create(device, options, &parts, &trainer, error));
    cln_options_free(options);
    options = options_of("auto", "solver=direct");
    FAILS(CLN_INVALID, "solver direct is for model linear",
          cln_trainer_create(device, options, &parts, &trainer, error));
    cln_options_free(options);
    float weights[50];
    for (int i = 0; i < 50; i++)
        weights[i] = i < 25 ? 1 : 2;
    options = options_of("auto", "model=linear solver=direct");
    OK(cln_dataset_weigh(p.data, weights, error));
    FAILS(CLN_INVALID, "weighs all rows alike", cln_trainer_create(device, options, &parts, &trainer, error));
    cln_options_free(options);
    problem_free(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/direct");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, test_equations_hold);
    tcase_add_test(ok, test_real_targets);
    tcase_add_test(ok, test_offset);
    tcase_add_test(ok, test_singular);
    tcase_add_test(ok, test_scaling);
    tcase_add_test(ok, test_path);
    tcase_add_test(ok, test_as_numpy);
    tcase_add_test(invalid, test_refusals);
    add_device_cases(suite, ok, invalid, NULL, NULL);
    return run_on_device(suite);
}
