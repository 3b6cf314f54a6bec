/* L-BFGS on both engines: every model, loss, scaling and penalty to a gradient that is recomputed here in double from the rows and the
   model's file-sized weights, and whose optimum is bounded. */
#include "problem.h"

#include "reference/objective.h"
#include "train/settings.h"

static const char *const engines[] = {"fused", "clblast"};

/* The double-precision objective of a model on the first n rows as a test sees it: nothing of the trainer is used. */
static cln_objective_value judge(const problem *p, const cln_model *model, const char *words, uint32_t n,
                                 const double *deviation, const float *weights)
{
    cln_options *options = options_of("auto", words);
    const cln_settings *settings = cln_options_settings(options);
    uint32_t k = cln_model_outputs(model);
    cln_reference reference = as_reference(model);
    cln_objective *objective = NULL;
    cln_objective_value value;
    cln_objective_problem of = {.loss = cln_settings_loss(settings),
                                .target = cln_settings_target(settings),
                                .k = k,
                                .d = p->d,
                                .highest = (int32_t)p->k - 1,
                                .type = p->type,
                                .scale = p->scale,
                                .l1 = settings->l1,
                                .l2 = cln_settings_l2(settings, n),
                                .spread = deviation,
                                .bias = !settings->no_bias};
    OK(cln_objective_create(&of, reference.w, reference.b, &objective, error));
    OK(cln_objective_add(objective, p->x, n, p->y, NULL, weights, error));
    cln_objective_read(objective, &value, NULL, NULL);
    cln_objective_free(objective);
    free(reference.w);
    free(reference.b);
    cln_options_free(options);
    return value;
}

/* Standard deviations over the first n rows, 1 where there is none. */
static double *deviations(const problem *p, uint32_t n)
{
    double *deviation = calloc(p->d, sizeof *deviation);
    ck_assert_ptr_nonnull(deviation);
    for (uint32_t j = 0; j < p->d; j++) {
        double mean = 0, squares = 0;
        for (uint32_t i = 0; i < n; i++)
            mean += p->scaled[(size_t)i * p->d + j] / n;
        for (uint32_t i = 0; i < n; i++)
            squares += (p->scaled[(size_t)i * p->d + j] - mean) * (p->scaled[(size_t)i * p->d + j] - mean) / n;
        deviation[j] = squares > 0 ? sqrt(squares) : 1;
    }
    return deviation;
}

/* The optimum is proven where the loss is convex and there is an l2. */
static const struct {
    const char *words;
    bool standardized, proven;
} cases[] = {
    {"l2=0.01 tolerance=1e-5", false, true},
    {"l2=0.01 tolerance=1e-5 center=true", false, true},
    {"l2=0.01 tolerance=1e-5 standardize=true", true, true},
    {"l2=0.01 tolerance=1e-5 no-bias=true", false, true},
    {"l2=0.02 l1=0.01 tolerance=1e-5", false, true},
    {"alpha=3 tolerance=1e-5 loss=squared", false, false},
    {"model=linear l2=0.01 tolerance=1e-5", false, true},
    {"model=linear target=value l2=0.01 tolerance=1e-4", false, true},
    {"model=linear target=value l2=0.01 l1=0.05 tolerance=1e-4 standardize=true", true, true},
};

enum { CASES = sizeof cases / sizeof *cases };

START_TEST(test_reaches_the_optimum)
{
    for (int type = 0; type < 2; type++) {
        uint32_t d = tiny() ? 5 : type ? 61 : 64, n = tiny() ? 24 : 213;
        problem p = problem_make(n, d, 4, type ? CLN_FLOAT32 : CLN_UINT8, 11);
        double *deviation = deviations(&p, n);
        for (int i = 0; i < (tiny() ? 1 : CASES); i++) {
            char words[200];
            cln_result result;
            snprintf(words, sizeof words, "solver=lbfgs %s", cases[i].words);
            cln_model *model = trained(engines[_i], words, p.data, NULL, p.data, &result);
            cln_objective_value value = judge(&p, model, words, n, cases[i].standardized ? deviation : NULL, NULL);
            double tolerance = strstr(words, "1e-4") ? 1e-4 : 1e-5;
            ck_assert_msg(result.stopped == CLN_STOP_TOLERANCE, "%s: %s", words, result.reason);
            ck_assert_msg(value.gradient_norm <= 2 * tolerance, "%s: gradient %g", words, value.gradient_norm);
            /* deviations of floats come from sums of 256 in float */
            double same = (cases[i].standardized ? 258 * (double)FLT_EPSILON : 1e-12) * value.objective;
            ck_assert_double_eq_tol(value.objective, result.objective, same);
            ck_assert_double_eq_tol(value.gradient_norm, result.gradient_norm, same);
            ck_assert_uint_eq(result.certificate.rows, n);
            ck_assert_uint_eq(result.train.errors, value.errors);
            ck_assert_msg(cases[i].proven ? result.certificate.suboptimality <= 1e-3 * value.objective
                                          : isnan(result.certificate.suboptimality),
                          "%s: bound %g", words, result.certificate.suboptimality);
            ck_assert_uint_gt(strlen(result.reason), 10);
            cln_model_free(model);
        }
        free(deviation);
        problem_free(&p);
    }
}
END_TEST

/* Floats far from zero: the offset is taken off as they are loaded, and takes no digits of what varies with it. */
START_TEST(test_offset)
{
    problem p = problem_make(tiny() ? 40 : 300, 3, 3, CLN_FLOAT32, 17);
    cln_result near, far;
    static const char words[] = "solver=lbfgs l2=0.01 tolerance=1e-5";
    for (uint32_t i = 0; i < p.n; i++) {
        float *row = (float *)p.x + i * 3;
        row[0] = 1024 + roundf(row[0] * 1024) / 1024; /* held exactly, here and there */
        row[1] = 100000;
    }
    problem_wrap(&p);
    cln_model_free(trained(engines[_i], words, p.data, NULL, NULL, &far));
    ck_assert_int_ne(far.stopped,
                     CLN_STOP_DIVERGED); /* the gradient by W has that by b, and its rounding, times the offset */
    for (uint32_t i = 0; i < p.n; i++) {
        float *row = (float *)p.x + i * 3;
        row[0] -= 1024;
        row[1] = 0;
    }
    problem_wrap(&p);
    cln_model_free(trained(engines[_i], words, p.data, NULL, NULL, &near));
    ck_assert_double_eq_tol(far.objective, near.objective, 1e-5 * near.objective);
    problem_free(&p);
}
END_TEST

/* A scale that no float is: what the device's differs from it by, times the offset, is a part of a deviation, and is in the weights. The device
   and double see the same loss. (The clblast engine rounds x·scale before it subtracts.) */
START_TEST(test_offset_and_scale)
{
    static const char *const solvers[] = {"lbfgs tolerance=1e-4", "direct"};
    problem p = problem_make(tiny() ? 40 : 300, 3, 3, CLN_FLOAT32, 18);
    for (uint32_t i = 0; i < p.n * p.d; i++)
        ((float *)p.x)[i] = 0x1p20f + roundf(((float *)p.x)[i] * 16) / 8;
    problem_wrap(&p);
    for (int solver = 0; solver < 2; solver++) {
        char words[150];
        cln_result result;
        snprintf(words, sizeof words, "model=linear target=value center=true scale=1e-3 solver=%s", solvers[solver]);
        cln_model_free(trained("fused", words, p.data, NULL, NULL, &result));
        ck_assert_msg(result.stopped == CLN_STOP_TOLERANCE, "%s: %s", words, result.reason);
        ck_assert_double_eq_tol(result.train.loss, result.certificate.loss, 1e-5 * result.certificate.loss);
    }
    problem_free(&p);
}
END_TEST

/* Lasso leaves few weights, exactly zero ones are counted, and a large penalty leaves none. */
START_TEST(test_sparse)
{
    problem p = problem_make(150, 20, 3, CLN_UINT8, 3);
    const char *const words[] = {"solver=lbfgs l1=0.002 l2=0.001 tolerance=1e-5", "solver=lbfgs l1=10 tolerance=1e-5"};
    for (int i = 0; i < (tiny() ? 1 : 2); i++) {
        cln_result result;
        uint64_t zeros = 0;
        cln_model *model = trained(engines[_i], words[i], p.data, NULL, NULL, &result);
        for (int j = 0; j < 60; j++)
            zeros += fpclassify(cln_model_weight(model)[j]) == FP_ZERO;
        ck_assert(result.sparse);
        ck_assert_uint_eq(result.zeros, zeros);
        ck_assert_msg(i ? zeros == 60 : zeros > 5 && zeros < 60, "%llu zeros", (unsigned long long)zeros);
        cln_model_free(model);
    }
    problem_free(&p);
}
END_TEST

/* A weight for a class is as good as that many copies of its rows. */
START_TEST(test_class_weights)
{
    problem p = problem_make(120, 10, 3, CLN_FLOAT32, 8);
    float weights[120], mean = 0;
    cln_result result;
    cln_model *model = trained(engines[_i], "solver=lbfgs l2=0.01 class-weights=1:3,2:0.5 tolerance=1e-5", p.data, NULL,
                               NULL, &result);
    for (int i = 0; i < 120; i++) {
        weights[i] = p.y[i] == 1 ? 3 : p.y[i] == 2 ? 0.5f : 1;
        mean += weights[i] / 120;
    }
    for (int i = 0; i < 120; i++)
        weights[i] /= mean;
    cln_objective_value value = judge(&p, model, "l2=0.01 solver=lbfgs", 120, NULL, weights);
    ck_assert_msg(value.gradient_norm <= 2e-5, "gradient %g", value.gradient_norm);
    ck_assert_double_eq_tol(value.objective, result.objective, 1e-6);
    cln_model_free(model);
    problem_free(&p);
}
END_TEST

/* Too few iterations, and a tolerance that float cannot reach: said, with a remedy, and the model is the best so far. */
START_TEST(test_says_why_it_stopped)
{
    problem p = problem_make(100, 12, 3, CLN_UINT8, 5);
    cln_result result;
    cln_model *model = trained(engines[_i], "solver=lbfgs epochs=2 tolerance=1e-6", p.data, NULL, NULL, &result);
    ck_assert_int_eq(result.stopped, CLN_STOP_EPOCHS);
    ck_assert_uint_eq(result.epochs, 2);
    ck_assert_msg(strstr(result.reason, "more epochs") != NULL, "%s", result.reason);
    ck_assert_double_lt(result.objective, log(3));
    cln_model_free(model);
    model = trained(engines[_i], "solver=lbfgs tolerance=0 l2=0.1", p.data, NULL, NULL, &result);
    ck_assert_msg(result.stopped == CLN_STOP_LINE_SEARCH || result.stopped == CLN_STOP_TOLERANCE, "%s", result.reason);
    ck_assert_double_lt(result.gradient_norm, 1e-5);
    cln_model_free(model);
    problem_free(&p);
}
END_TEST

/* Deviations of denormal floats, and near the largest one: no float divides by these. A scale, larger or smaller, makes them usual. */
START_TEST(test_beyond_floats)
{
    static const struct {
        double size;
        const char *scale;
    } sizes[] = {{1e-44, "1e30"}, {1e38, "1e-20"}};
    enum { N = 40 };
    float x[N];
    int32_t y[N];
    char words[100];
    for (int i = 0; i < N; i++) {
        x[i] = (float)((i % 7 - 3) * sizes[_i].size);
        y[i] = i % 7 > 3;
    }
    cln_dataset *data = NULL;
    OK(cln_dataset_wrap(x, CLN_FLOAT32, N, 1, y, &data, error));
    cln_trainer *trainer = trainer_of("fused", "model=linear solver=lbfgs standardize=true", data, NULL, NULL);
    cln_result result;
    cln_error error = {0};
    ck_assert_int_eq(cln_trainer_run(trainer, NULL, NULL, &result, &error), CLN_DIVERGED);
    ck_assert_str_eq(result.reason,
                     "objective or gradient is not finite in single precision; give a scale that brings the "
                     "features nearer to 1");
    cln_trainer_close(trainer);
    snprintf(words, sizeof words, "model=linear solver=lbfgs standardize=true scale=%s", sizes[_i].scale);
    trainer = trainer_of("fused", words, data, NULL, NULL);
    ck_assert_int_eq(cln_trainer_run(trainer, NULL, NULL, &result, &error), CLN_OK);
    ck_assert_int_eq(result.stopped, CLN_STOP_TOLERANCE);
    cln_trainer_close(trainer);
    cln_dataset_close(data);
}
END_TEST

static int stop_at_three(const cln_progress *progress, void *user)
{
    uint64_t *seen = user;
    ck_assert(isfinite(progress->objective) && isfinite(progress->gradient_norm));
    ck_assert_uint_eq(progress->valid.rows, 20);
    *seen = progress->epoch;
    return progress->epoch == 3;
}

START_TEST(test_interruption)
{
    problem p = problem_make(100, 12, 3, CLN_UINT8, 6);
    uint64_t seen = 0;
    cln_result result;
    cln_trainer *trainer = trainer_of(engines[_i], "solver=lbfgs valid=20 l2=0.001", p.data, NULL, NULL);
    OK(cln_trainer_run(trainer, stop_at_three, &seen, &result, error));
    ck_assert_uint_eq(seen, 3);
    ck_assert_int_eq(result.stopped, CLN_STOP_INTERRUPTED);
    ck_assert_uint_eq(result.epochs, 3);
    ck_assert_uint_eq(result.train.rows, 80);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* The same run twice gives the same bits. */
START_TEST(test_repeats)
{
    problem p = problem_make(130, 33, 5, CLN_UINT8, 7);
    cln_model *models[2];
    for (int i = 0; i < 2; i++)
        models[i] = trained(engines[_i], "solver=lbfgs l2=0.001 tolerance=1e-4", p.data, NULL, NULL, NULL);
    ck_assert(same_bits(models[0], models[1]));
    cln_model_free(models[0]);
    cln_model_free(models[1]);
    problem_free(&p);
}
END_TEST

/* Optima of the whole sets, which NumPy found in double precision by Newton's method with a gradient below 1e-11; here they are proven
   to be near by the duality gap as well. */
static const struct {
    const char *data;
    double l2, optimum;
} known[] = {
    {"mnist", 1e-3, 0.33461097842916926},
    {"mnist", 1e-4, 0.25924829500841795},
    {"fashion-mnist", 1e-3, 0.4524722147451784},
    {"fashion-mnist", 1e-4, 0.3794770784447217},
};

START_TEST(test_known_optima)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *folder = strcmp(known[i].data, "mnist") == 0 ? mnist_folder() : "/usr/share/datasets/fashion-mnist";
        char words[100];
        cln_dataset *data = NULL;
        cln_result result;
        if (tiny() || !folder || !cln_dataset_has_parts(folder))
            continue;
        OK(cln_dataset_open(folder, NULL, CLN_PART_TRAIN, &data, error));
        snprintf(words, sizeof words, "solver=lbfgs tolerance=1e-6 l2=%g", known[i].l2);
        cln_model *model = trained(engines[_i], words, data, NULL, NULL, &result);
        ck_assert_msg(result.stopped == CLN_STOP_TOLERANCE, "%s: %s", words, result.reason);
        ck_assert_double_le(result.gradient_norm, 2e-6);
        ck_assert_double_eq_tol(result.objective, known[i].optimum, 1e-5 * known[i].optimum);
        ck_assert_double_ge(result.objective, known[i].optimum * (1 - 1e-12));
        ck_assert_double_ge(result.certificate.suboptimality, result.objective - known[i].optimum - 1e-12);
        ck_assert_double_le(result.certificate.suboptimality, 1e-3 * known[i].optimum);
        cln_verification verification;
        OK(cln_model_verify(model, data, &verification, error));
        ck_assert_msg(verification.agrees, "%s", verification.reason);
        cln_model_free(model);
        cln_dataset_close(data);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/lbfgs");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_loop_test(ok, test_reaches_the_optimum, 0, 2);
    tcase_add_loop_test(ok, test_offset, 0, 2);
    tcase_add_test(ok, test_offset_and_scale);
    tcase_add_loop_test(ok, test_sparse, 0, 2);
    tcase_add_loop_test(ok, test_class_weights, 0, 2);
    tcase_add_loop_test(ok, test_repeats, 0, 2);
    tcase_add_loop_test(ok, test_known_optima, 0, 1);
    tcase_add_loop_test(edges, test_beyond_floats, 0, 2);
    tcase_add_loop_test(edges, test_says_why_it_stopped, 0, 2);
    tcase_add_loop_test(edges, test_interruption, 0, 2);
    add_device_cases(suite, ok, edges, NULL, NULL);
    return run_on_device(suite);
}
