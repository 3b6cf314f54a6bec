/*
 * Minibatch SGD of every loss and target, centred, standardised, weighted, with schedules and both momenta, on both engines: the
 * reference takes the same steps in double on rows that were transformed beforehand, and the model must be the one for raw rows.
 */
#include "problem.h"
#include "reference/linear.h"
#include "train/schedule.h"
#include "train/settings.h"
#include "train/step_size.h"

static const char *const engines[] = {"fused", "clblast"};

enum { N = 61, D = 7, K = 4, BATCH = 10, EPOCHS = 4, VALID = 6 };

typedef struct trial {
    const char *words; /* beside batch, epochs and validation */
    cln_target target;
    bool weighted; /* rows have weights of their own */
} trial;

static const trial trials[] = {
    {"learning-rate=0.2 momentum=0.8", CLN_TARGET_ONEHOT, false},
    {"learning-rate=0.2 momentum=0.8 nesterov=true l2=0.05", CLN_TARGET_ONEHOT, false},
    {"learning-rate=0.3 schedule=cosine", CLN_TARGET_ONEHOT, false},
    {"learning-rate=0.3 schedule=step decay-epochs=2 momentum=0.5", CLN_TARGET_ONEHOT, false},
    {"learning-rate=0.3 schedule=inverse-time decay=0.5", CLN_TARGET_ONEHOT, false},
    {"learning-rate=0.3 schedule=exponential", CLN_TARGET_ONEHOT, false},
    {"learning-rate=0.3 loss=squared l2=0.01", CLN_TARGET_ONEHOT, false},
    {"learning-rate=0.1 center=true l2=0.01", CLN_TARGET_ONEHOT, false},
    {"learning-rate=0.05 standardize=true l2=0.1 momentum=0.5", CLN_TARGET_ONEHOT, false},
    {"learning-rate=0.05 standardize=true l2=0.2", CLN_TARGET_ONEHOT, true},
    {"learning-rate=0.1 class-weights=balanced", CLN_TARGET_ONEHOT, false},
    {"learning-rate=0.1 class-weights=2:3,0:0.5", CLN_TARGET_ONEHOT, true},
    {"learning-rate=0.1", CLN_TARGET_ONEHOT, true},
    {"model=linear learning-rate=0.05", CLN_TARGET_ONEHOT, false},
    {"model=linear learning-rate=0.05 center=true momentum=0.5 nesterov=true", CLN_TARGET_ONEHOT, true},
    {"model=linear target=value learning-rate=0.05 l2=0.01", CLN_TARGET_VALUE, false},
    {"model=linear target=value learning-rate=0.02 standardize=true", CLN_TARGET_VALUE, false},
    {"model=linear target=value learning-rate=0.05 class-weights=balanced", CLN_TARGET_VALUE, false},
    {"model=linear learning-rate=0.05", CLN_TARGET_REAL, false},
    {"model=linear learning-rate=0.02 standardize=true l2=0.1 momentum=0.5", CLN_TARGET_REAL, true},
    {"learning-rate=0.05 class-weights=balanced center=true", CLN_TARGET_ONEHOT, true},
};

#define TRIALS ((int)(sizeof trials / sizeof *trials))

/* The rows of a trial as they are given and as its training sees them. */
typedef struct rows {
    problem p;
    float targets[N * K], own[N], weights[N]; /* weights: what a row counts in the end */
    double seen[N * D], shift[D], deviation[D];
    uint32_t train, outputs;
} rows;

static void centre(rows *r, const cln_settings *settings, bool weighted)
{
    double share[N], total = 0;
    for (uint32_t i = 0; i < r->train; i++)
        total += share[i] = weighted ? (double)r->own[i] : 1;
    for (uint32_t j = 0; j < D; j++) {
        double mean = 0, squared = 0;
        for (uint32_t i = 0; i < r->train; i++)
            mean += share[i] * r->p.scaled[i * D + j] / total;
        for (uint32_t i = 0; i < r->train; i++)
            squared += share[i] * (r->p.scaled[i * D + j] - mean) * (r->p.scaled[i * D + j] - mean) / total;
        r->shift[j] = settings->center || settings->standardize ? mean : 0;
        r->deviation[j] = settings->standardize && squared > 0 ? sqrt(squared) : 1;
        for (uint32_t i = 0; i < N; i++)
            r->seen[i * D + j] = (r->p.scaled[i * D + j] - r->shift[j]) / r->deviation[j];
    }
}

static void weigh(rows *r, const cln_settings *settings, bool weighted)
{
    double sums[K] = {0}, all = 0, mean = 0, product[N];
    for (uint32_t i = 0; i < r->train; i++) {
        sums[r->p.y[i]] += weighted ? (double)r->own[i] : 1;
        all += weighted ? (double)r->own[i] : 1;
    }
    for (uint32_t i = 0; i < r->train; i++) {
        product[i] = weighted ? (double)r->own[i] : 1;
        if (settings->balanced)
            product[i] *= all / (K * sums[r->p.y[i]]);
        for (uint32_t c = 0; c < settings->weighted_count; c++)
            if (settings->weighted[c] == (uint32_t)r->p.y[i])
                product[i] *= settings->class_weight[c];
        mean += product[i] / r->train;
    }
    for (uint32_t i = 0; i < r->train; i++)
        r->weights[i] = (float)(product[i] / mean);
}

static rows *rows_make(const trial *t, const cln_settings *settings, cln_type type)
{
    rows *r = calloc(1, sizeof *r);
    cln_random random;
    ck_assert_ptr_nonnull(r);
    cln_random_seed(&random, 5, 5);
    r->p = problem_make(N, D, K, type, 33);
    for (uint32_t i = 0; i < N; i++) /* a feature that is always the same */
        if (type == CLN_UINT8)
            r->p.scaled[i * D + 2] = (((uint8_t *)r->p.x)[i * D + 2] = 77) * r->p.scale;
    r->train = N - VALID;
    r->outputs = t->target == CLN_TARGET_VALUE ? 1 : K;
    for (int i = 0; i < N * K; i++)
        r->targets[i] = (float)cln_random_below(&random, 1000) / 500 - 1;
    for (int i = 0; i < N; i++)
        r->own[i] = (float)cln_random_below(&random, 4) / 2;
    problem_wrap(&r->p);
    if (t->target == CLN_TARGET_REAL) {
        cln_dataset_close(r->p.data);
        OK(cln_dataset_wrap_targets(r->p.x, type, N, D, r->targets, K, &r->p.data, error));
    }
    if (t->weighted)
        OK(cln_dataset_weigh(r->p.data, r->own, error));
    centre(r, settings, t->weighted);
    weigh(r, settings, t->weighted);
    return r;
}

static void rows_free(rows *r)
{
    problem_free(&r->p);
    free(r);
}

/* All passes; w (outputs,D) and b (outputs) of rows as they are seen. Returns the steps. */
static uint32_t descend(const rows *r, const cln_settings *settings, const cln_row_rule *rule, double *w, double *b)
{
    uint32_t k = r->outputs, steps = 0, order[N];
    double vw[K * D] = {0}, vb[K] = {0}, gw[K * D], gb[K], z[BATCH * K], x[BATCH * D];
    int32_t labels[BATCH];
    float targets[BATCH * K], weights[BATCH];
    cln_reference model = {k, D, w, settings->no_bias ? NULL : b};
    const cln_reference_view view = {1, NULL};
    const cln_row_answers answers = {labels, targets, weights};
    for (uint64_t epoch = 1; epoch <= EPOCHS; epoch++) {
        cln_order_shuffle(order, r->train, settings->seed, epoch);
        for (uint32_t first = 0; first < r->train; first += BATCH, steps++) {
            uint32_t count = r->train - first < BATCH ? r->train - first : BATCH;
            for (uint32_t i = 0; i < count; i++) {
                uint32_t row = order[first + i];
                memcpy(x + i * D, r->seen + row * D, D * sizeof *x);
                memcpy(targets + i * K, r->targets + row * K, K * sizeof *targets);
                labels[i] = r->p.y[row];
                weights[i] = r->weights[row];
            }
            cln_reference_sums(&model, rule, &view, x, &answers, count, z, gw, gb);
            const cln_reference_sgd sgd = {.mean = 1.0 / count,
                                           .l2 = settings->l2,
                                           .momentum = settings->momentum,
                                           .learning_rate =
                                               cln_schedule_rate(settings, settings->learning_rate, epoch - 1),
                                           .nesterov = settings->nesterov};
            cln_reference_update(&model, &sgd, gw, gb, vw, vb);
        }
    }
    return steps;
}

/* As weight_tolerance, with residuals of up to the labels' size, and the least deviation that weights are divided by, twice where
   a gradient is as well. */
static double tolerance(const rows *r, const cln_settings *settings, uint32_t steps, double widest)
{
    schedule s = {.batch = BATCH, .learning_rate = settings->learning_rate, .momentum = settings->momentum};
    double least = 1, residual = r->outputs == 1 ? K : 1;
    for (uint32_t j = 0; j < D; j++)
        least = fmin(least, r->deviation[j]);
    return weight_tolerance(&r->p, &s, steps, fmax(widest, 1)) * residual * 3 / (least * least); /* 3: row weights */
}

START_TEST(test_against_reference)
{
    const trial *t = &trials[_i / 2];
    const char *engine = engines[_i % 2];
    cln_type type = _i / 2 % 2 ? CLN_FLOAT32 : CLN_UINT8; /* by turns */
    if (tiny() && _i % 2)
        return;
    char words[300];
    snprintf(words, sizeof words, "batch-size=10 epochs=4 valid=6 seed=3 %s", t->words);
    cln_options *options = options_of(engine, words);
    const cln_settings *settings = cln_options_settings(options);
    rows *r = rows_make(t, settings, type);
    cln_row_rule rule = {cln_settings_loss(settings), t->target, 0, K - 1};
    double w[K * D] = {0}, b[K] = {0}, widest = 0;
    uint32_t steps = descend(r, settings, &rule, w, b);
    for (uint32_t c = 0; c < r->outputs; c++)
        for (uint32_t j = 0; j < D; j++) {
            w[c * D + j] /= r->deviation[j];
            b[c] -= w[c * D + j] * r->shift[j];
            widest = fmax(widest, fabs(w[c * D + j]));
        }
    cln_result result;
    cln_model *model = trained(engine, words, r->p.data, NULL, NULL, &result);
    bool bias = !settings->no_bias;
    cln_reference expected = {r->outputs, D, w, bias ? b : NULL};
    ck_assert_uint_eq(cln_model_outputs(model), r->outputs);
    ck_assert(!cln_model_bias(model) == !bias);
    ck_assert_double_le(widest_difference(model, &expected), tolerance(r, settings, steps, widest));
    ck_assert_double_eq(result.learning_rate, settings->learning_rate);

    /* The result's losses are those of the model on raw rows, which all count alike there. */
    double z[N * K];
    const cln_row_answers train = {r->p.y, r->targets, NULL};
    const cln_row_answers valid = {r->p.y + r->train, r->targets + r->train * K, NULL};
    const cln_reference_view raw = {1, NULL};
    double near = logit_tolerance(&r->p, 10) * (r->outputs == 1 ? K : 1);
    cln_reference own = as_reference(model);
    cln_score score = cln_reference_sums(&own, &rule, &raw, r->p.scaled, &train, r->train, z, NULL, NULL);
    ck_assert_double_eq_tol(result.train.loss, score.loss, near);
    score = cln_reference_sums(&own, &rule, &raw, r->p.scaled + r->train * D, &valid, VALID, z, NULL, NULL);
    ck_assert_double_eq_tol(result.valid.loss, score.loss, near);
    ck_assert_uint_eq(result.valid.errors, score.errors);
    free(own.w);
    free(own.b);
    cln_model_free(model);
    cln_options_free(options);
    rows_free(r);
}
END_TEST

/* What is taken where no step size is given is what the rows' curvature says, and what nothing diverges with. */
START_TEST(test_own_step_size)
{
    static const char *const words[] = {"model=linear epochs=60 batch-size=1000 standardize=true",
                                        "epochs=60 batch-size=1000 l2=0.1",
                                        "model=linear epochs=30 batch-size=1 momentum=0.9 center=true"};
    const char *engine = engines[_i % 2];
    problem p = problem_make(N, D, K, CLN_FLOAT32, 44);
    for (uint32_t i = 0; i < N; i++) /* features of very different sizes */
        p.scaled[i * D + 1] = (double)(((float *)p.x)[i * D + 1] *= 300);
    problem_wrap(&p);
    cln_result result, start;
    cln_model_free(trained(engine, words[_i / 2], p.data, NULL, NULL, &result));
    cln_options *options = options_of(engine, words[_i / 2]);
    const cln_settings *settings = cln_options_settings(options);
    double shift[D] = {0}, deviation[D];
    for (uint32_t j = 0; j < D; j++) {
        double squared = 0;
        for (uint32_t i = 0; i < N; i++)
            shift[j] += p.scaled[i * D + j] / N;
        for (uint32_t i = 0; i < N; i++)
            squared += (p.scaled[i * D + j] - shift[j]) * (p.scaled[i * D + j] - shift[j]) / N;
        deviation[j] = sqrt(squared);
    }
    bool centred = settings->center || settings->standardize;
    cln_curvature_view view = {1, centred ? shift : NULL, settings->standardize ? deviation : NULL, true};
    cln_curvature curvature;
    OK(cln_curvature_measure(p.x, CLN_FLOAT32, N, D, D, &view, NULL, &curvature, error));
    double expected = cln_step_size(&curvature, cln_settings_loss(settings), settings->l2, settings->momentum, N,
                                    settings->batch_size);
    ck_assert_double_eq_tol(result.learning_rate / expected, 1, 1e-5);
    char still[200];
    snprintf(still, sizeof still, "%s learning-rate=1e-30", words[_i / 2]);
    cln_model_free(trained(engine, still, p.data, NULL, NULL, &start));
    ck_assert_double_lt(result.objective, (_i / 2 == 2 ? 2 : 1) * start.objective); /* single rows wander */
    cln_options_free(options);
    problem_free(&p);
}
END_TEST

/* More rows than are looked at, validation rows among them that must not be: their size would be seen. */
START_TEST(test_sampled_step_size)
{
    if (tiny())
        return;
    problem p = problem_make(5000, 5, 3, CLN_FLOAT32, 45);
    for (uint32_t i = 4900; i < 5000; i++)
        for (uint32_t j = 0; j < 5; j++)
            ((float *)p.x)[i * 5 + j] = 1e6f;
    cln_curvature_view view = {.scale = 1, .bias = true};
    cln_curvature curvature;
    OK(cln_curvature_measure(p.x, CLN_FLOAT32, 4900, 5, 5, &view, NULL, &curvature, error));
    double all = cln_step_size(&curvature, CLN_CROSS_ENTROPY, 0, 0, 4900, 200);
    cln_result result;
    cln_model_free(trained("auto", "valid=100 epochs=1", p.data, NULL, NULL, &result));
    ck_assert_double_eq_tol(result.learning_rate / all, 1, 0.1);
    cln_model *a = trained("auto", "valid=100 epochs=1", p.data, NULL, NULL, NULL),
              *b = trained("auto", "valid=100 epochs=1", p.data, NULL, NULL, NULL);
    ck_assert(same_bits(a, b));
    cln_model_free(a);
    cln_model_free(b);
    problem_free(&p);
}
END_TEST

START_TEST(test_refused)
{
    problem p = problem_make(N, D, K, CLN_UINT8, 46);
    cln_trainer *trainer = NULL;
    cln_options *options = options_of("auto", "class-weights=9:2");
    cln_parts parts = {p.data, NULL, NULL};
    FAILS(CLN_INVALID, "names class 9, but no training row has it",
          cln_trainer_create(device, options, &parts, &trainer, error));
    ck_assert_ptr_null(trainer);
    cln_options_free(options);
    problem_free(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/descent");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_loop_test(ok, test_against_reference, 0, 2 * TRIALS);
    tcase_add_loop_test(ok, test_own_step_size, 0, 6);
    tcase_add_test(edges, test_sampled_step_size);
    tcase_add_test(invalid, test_refused);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return run_on_device(suite);
}
