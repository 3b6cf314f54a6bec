/* A finished model scored and used for prediction, on both engines, against the reference. */
#define _GNU_SOURCE /* mkdtemp */
#include "problem.h"

#include "files.h"
#include "model/model.h"
#include "train/trainer.h"

static const char *const engines[] = {"fused", "clblast"};

static uint64_t whole_alloc_bytes;

static void setup(void)
{
    whole_alloc_bytes = device->facts.info.max_alloc_bytes;
    make_folder();
}

static void teardown(void)
{
    device->facts.info.max_alloc_bytes = whole_alloc_bytes;
    remove_folder();
}

/* Predictions as they arrive. */
typedef struct heard {
    uint32_t n, k, calls, stop_after; /* stop_after: calls; 0: never */
    uint64_t next;                    /* the row that has to come next */
    uint32_t *outputs;                /* (n) */
    float *probability;               /* (n,k) */
} heard;

static heard heard_make(uint32_t n, uint32_t k)
{
    heard own = {.n = n, .k = k};
    own.outputs = calloc(n, sizeof *own.outputs);
    own.probability = calloc((size_t)n * k, sizeof *own.probability);
    ck_assert(own.outputs && own.probability);
    return own;
}

static void heard_free(heard *own)
{
    free(own->outputs);
    free(own->probability);
}

static int hear(uint64_t first, uint32_t count, const uint32_t *outputs, const float *probability, void *user)
{
    heard *own = user;
    ck_assert_uint_eq(first, own->next);
    ck_assert_uint_ge(count, 1);
    ck_assert_uint_le(first + count, own->n);
    memcpy(own->outputs + first, outputs, count * sizeof *outputs);
    memcpy(own->probability + first * own->k, probability, (size_t)count * own->k * sizeof *probability);
    own->next += count;
    return ++own->calls == own->stop_after;
}

/* Loss, errors, confusion and probabilities of the model on p are the reference's. */
static void check_model(const cln_model *model, const char *engine, const problem *p)
{
    cln_reference own = as_reference(model);
    cln_evaluation evaluation;
    double *z = calloc((size_t)p->n * p->k, sizeof *z), near = logit_tolerance(p, 10);
    heard said = heard_make(p->n, p->k);
    uint64_t before = device->bytes, sum = 0, right = 0;
    cln_reference_logits(&own, p->scaled, p->n, z);
    cln_reference_softmax(z, p->n, p->k, z);

    OK(cln_model_evaluate(model, device, engine, p->data, &evaluation, error));
    OK(cln_model_predict(model, device, engine, p->data, hear, &said, error));
    ck_assert_uint_eq(device->bytes, before);
    check_score(&evaluation.score, &own, p, 0, p->n);
    ck_assert_str_eq(evaluation.engine, engine);
    ck_assert_uint_eq(evaluation.outputs, p->k);
    ck_assert_double_ge(evaluation.seconds.total, evaluation.seconds.evaluate);
    ck_assert_uint_eq(said.next, p->n);

    uint64_t *confusion = calloc((size_t)p->k * p->k, sizeof *confusion);
    for (uint32_t i = 0; i < p->n; i++) {
        confusion[(uint32_t)p->y[i] * p->k + said.outputs[i]]++;
        for (uint32_t c = 0; c < p->k; c++) {
            ck_assert_double_eq_tol((double)said.probability[i * p->k + c], z[i * p->k + c], near);
            ck_assert(said.probability[i * p->k + said.outputs[i]] >= said.probability[i * p->k + c]);
        }
    }
    ck_assert_mem_eq(evaluation.confusion, confusion, (size_t)p->k * p->k * sizeof *confusion);
    for (uint32_t c = 0; c < p->k; c++) {
        uint64_t support = 0;
        for (uint32_t i = 0; i < p->n; i++)
            support += (uint32_t)p->y[i] == c;
        ck_assert_uint_eq(cln_evaluation_class(&evaluation, c).support, support);
        right += confusion[c * p->k + c];
        sum += support;
    }
    ck_assert_uint_eq(sum, p->n);
    ck_assert_uint_eq(evaluation.score.errors, p->n - right);
    cln_evaluation_free(&evaluation);
    cln_evaluation_free(NULL);
    heard_free(&said);
    free(confusion);
    free(z);
    free(own.w);
    free(own.b);
}

START_TEST(test_against_reference)
{
    static const struct {
        uint32_t n, d, k;
        cln_type type;
        const char *words;
    } shapes[] = {{50, 7, 3, CLN_UINT8, ""},
                  {51, 16, 4, CLN_FLOAT32, "no-bias=true"},
                  {33, 31, 20, CLN_UINT8, "scale=0.01"},
                  {1, 1, 1, CLN_FLOAT32, ""},
                  {17, 1, 2, CLN_UINT8, ""},
                  {200, 33, 64, CLN_FLOAT32, ""}};
    for (int i = 0; i < 6; i++) {
        problem p = problem_make(shapes[i].n, shapes[i].d, shapes[i].k, shapes[i].type, 5 + (uint64_t)i);
        char words[200];
        snprintf(words, sizeof words, "epochs=3 batch-size=16 %s", shapes[i].words);
        cln_model *model = trained(engines[_i], words, p.data, NULL, NULL, NULL);
        if (i == 2)
            for (uint32_t j = 0; j < p.n * p.d; j++)
                p.scaled[j] *= 255 * 0.01;
        check_model(model, engines[_i], &p);
        check_model(model, engines[1 - _i], &p); /* whoever trained it */
        cln_model_free(model);
        problem_free(&p);
    }
}
END_TEST

/* What a trainer reports of its test part, an evaluation finds again, also after the model was on disk. */
START_TEST(test_saved_and_loaded)
{
    problem p = problem_make(90, 12, 4, CLN_UINT8, 1), test = problem_make(70, 12, 4, CLN_UINT8, 2);
    cln_result result;
    cln_evaluation evaluation;
    cln_model *loaded,
        *model = trained(engines[_i], "epochs=3 batch-size=16 scale=0.00390625", p.data, NULL, test.data, &result);
    OK(cln_model_save(model, at("m.safetensors"), error));
    OK(cln_model_load(at("m.safetensors"), &loaded, error));
    ck_assert(same_bits(model, loaded));
    ck_assert_str_eq(cln_model_metadata(loaded, "engine"), engines[_i]);
    for (int i = 0; i < 2; i++) {
        heard said = heard_make(70, 4), again = heard_make(70, 4);
        OK(cln_model_evaluate(i ? loaded : model, device, engines[_i], test.data, &evaluation, error));
        ck_assert_double_eq(evaluation.score.loss, result.test.loss);
        ck_assert_uint_eq(evaluation.score.errors, result.test.errors);
        ck_assert_uint_eq(evaluation.score.rows, 70);
        OK(cln_model_predict(model, device, engines[_i], test.data, hear, &said, error));
        OK(cln_model_predict(loaded, device, engines[_i], test.data, hear, &again, error));
        ck_assert_mem_eq(said.probability, again.probability, 70 * 4 * sizeof(float));
        heard_free(&said);
        heard_free(&again);
        cln_evaluation_free(&evaluation);
    }
    OK(cln_model_evaluate(model, device, "auto", test.data, &evaluation, error));
    ck_assert_str_eq(evaluation.engine, "fused");
    cln_evaluation_free(&evaluation);
    cln_model_free(model);
    cln_model_free(loaded);
    problem_free(&p);
    problem_free(&test);
}
END_TEST

/* A model of classes 4 and 1 scores only their rows of the full data, under its own numbers, and leaves the data as it was. */
START_TEST(test_subset_model)
{
    problem p = problem_make(120, 6, 6, CLN_UINT8, 3);
    cln_result result;
    cln_evaluation evaluation;
    cln_model *loaded, *model = trained(engines[_i], "classes=4,1 epochs=5 batch-size=8", p.data, NULL, NULL, &result);
    OK(cln_model_save(model, at("m.safetensors"), error));
    OK(cln_model_load(at("m.safetensors"), &loaded, error));
    uint64_t fours = 0, ones = 0;
    for (uint32_t i = 0; i < p.n; i++) {
        fours += p.y[i] == 4;
        ones += p.y[i] == 1;
    }
    OK(cln_model_evaluate(loaded, device, engines[_i], p.data, &evaluation, error));
    ck_assert_uint_eq(evaluation.outputs, 2);
    ck_assert_uint_eq(evaluation.score.rows, fours + ones);
    ck_assert_uint_eq(evaluation.score.errors, result.train.errors);
    ck_assert_double_eq_tol(evaluation.score.loss, result.train.loss, 1e-6);
    ck_assert_uint_eq(evaluation.confusion[0] + evaluation.confusion[1], fours);
    ck_assert_uint_eq(evaluation.confusion[2] + evaluation.confusion[3], ones);
    ck_assert_uint_eq(evaluation.confusion[1] + evaluation.confusion[2], evaluation.score.errors);
    cln_dataset_info info;
    cln_dataset_describe(p.data, &info);
    ck_assert_uint_eq(info.rows, 120);

    heard said = heard_make(120, 2); /* a prediction takes all rows */
    OK(cln_model_predict(loaded, device, engines[_i], p.data, hear, &said, error));
    ck_assert_uint_eq(said.next, 120);
    for (int i = 0; i < 120; i++)
        ck_assert_uint_lt(said.outputs[i], 2);
    heard_free(&said);
    cln_evaluation_free(&evaluation);
    cln_model_free(model);
    cln_model_free(loaded);
    problem_free(&p);
}
END_TEST

/* Fewer labels than the model has outputs are fine; rows without labels can be predicted. */
START_TEST(test_fewer_labels)
{
    problem p = problem_make(60, 6, 4, CLN_UINT8, 4), few = problem_make(30, 6, 2, CLN_UINT8, 5);
    cln_evaluation evaluation;
    cln_model *model = trained(engines[_i], "epochs=2", p.data, NULL, NULL, NULL);
    OK(cln_model_evaluate(model, device, engines[_i], few.data, &evaluation, error));
    ck_assert_uint_eq(evaluation.outputs, 4);
    for (int i = 8; i < 16; i++)
        ck_assert_uint_eq(evaluation.confusion[i], 0);
    cln_class_score none = cln_evaluation_class(&evaluation, 3);
    ck_assert(none.support == 0 && isnan(none.recall));
    cln_evaluation_free(&evaluation);

    heard with = heard_make(30, 4), without = heard_make(30, 4);
    cln_dataset *bare;
    OK(cln_dataset_wrap(few.x, CLN_UINT8, 30, 6, NULL, &bare, error));
    OK(cln_model_predict(model, device, engines[_i], few.data, hear, &with, error));
    OK(cln_model_predict(model, device, engines[_i], bare, hear, &without, error));
    ck_assert_mem_eq(with.probability, without.probability, 30 * 4 * sizeof(float));
    ck_assert_mem_eq(with.outputs, without.outputs, 30 * sizeof(uint32_t));
    FAILS(CLN_INVALID, "has no labels", cln_model_evaluate(model, device, engines[_i], bare, &evaluation, error));
    ck_assert_ptr_null(evaluation.confusion);
    cln_dataset_close(bare);
    heard_free(&with);
    heard_free(&without);
    cln_model_free(model);
    problem_free(&p);
    problem_free(&few);
}
END_TEST

/* Several blocks of rows in several chunks: the same figures as at once; a callback may end it after any block. */
START_TEST(test_blocks)
{
    problem p = problem_make(700, 20, 3, CLN_FLOAT32, 6);
    cln_evaluation once, blocks;
    cln_model *model = trained(engines[_i], "epochs=2", p.data, NULL, NULL, NULL);
    heard said = heard_make(700, 3), again = heard_make(700, 3), some = heard_make(700, 3);
    OK(cln_model_evaluate(model, device, engines[_i], p.data, &once, error));
    OK(cln_model_predict(model, device, engines[_i], p.data, hear, &said, error));
    ck_assert_uint_eq(said.calls, 1);

    device->facts.info.max_alloc_bytes = 13000;
    OK(cln_model_evaluate(model, device, engines[_i], p.data, &blocks, error));
    OK(cln_model_predict(model, device, engines[_i], p.data, hear, &again, error));
    ck_assert_uint_gt(again.calls, 3);
    ck_assert_uint_eq(again.next, 700);
    some.stop_after = 2;
    OK(cln_model_predict(model, device, engines[_i], p.data, hear, &some, error));
    device->facts.info.max_alloc_bytes = whole_alloc_bytes;
    ck_assert_uint_eq(some.calls, 2);
    ck_assert_uint_lt(some.next, 700);

    ck_assert_double_eq_tol(blocks.score.loss, once.score.loss, 1e-6);
    ck_assert_uint_eq(blocks.score.errors, once.score.errors);
    ck_assert_uint_eq(blocks.score.rows, 700);
    ck_assert_mem_eq(blocks.confusion, once.confusion, 9 * sizeof(uint64_t));
    ck_assert_mem_eq(said.outputs, again.outputs, 700 * sizeof(uint32_t));
    for (int i = 0; i < 2100; i++)
        ck_assert_float_eq_tol(said.probability[i], again.probability[i], 1e-6f);
    cln_evaluation_free(&once);
    cln_evaluation_free(&blocks);
    heard_free(&said);
    heard_free(&again);
    heard_free(&some);
    cln_model_free(model);
    problem_free(&p);
}
END_TEST

START_TEST(test_refused)
{
    problem p = problem_make(60, 6, 4, CLN_UINT8, 7), wide = problem_make(30, 7, 4, CLN_UINT8, 8),
            more = problem_make(30, 6, 5, CLN_UINT8, 9), many = problem_make(80, 3, 65, CLN_UINT8, 10);
    cln_evaluation evaluation = {.confusion = (uint64_t *)&p}; /* what stood there does not matter */
    cln_model *model = trained(engines[_i], "epochs=1", p.data, NULL, NULL, NULL),
              *broad = trained("clblast", "epochs=1", many.data, NULL, NULL, NULL),
              *pair = trained(engines[_i], "epochs=1 classes=3,4", more.data, NULL, NULL, NULL);
    heard said = heard_make(60, 4);
    uint64_t before = device->bytes;
    FAILS(CLN_INVALID, "has 7 features, but the model takes 6",
          cln_model_evaluate(model, device, engines[_i], wide.data, &evaluation, error));
    ck_assert_ptr_null(evaluation.confusion);
    FAILS(CLN_INVALID, "has 7 features, but the model takes 6",
          cln_model_predict(model, device, engines[_i], wide.data, hear, &said, error));
    FAILS(CLN_INVALID, "has label 4, but the model knows only 0 to 3",
          cln_model_evaluate(model, device, engines[_i], more.data, &evaluation, error));
    uint64_t threes = 0; /* the only rows of these data that the model of classes 3 and 4 knows */
    for (uint32_t i = 0; i < p.n; i++)
        threes += p.y[i] == 3;
    OK(cln_model_evaluate(pair, device, engines[_i], p.data, &evaluation, error));
    ck_assert_uint_eq(evaluation.score.rows, threes);
    cln_evaluation_free(&evaluation);
    OK(cln_model_evaluate(model, device, NULL, p.data, &evaluation, error)); /* auto, as elsewhere */
    cln_evaluation_free(&evaluation);
    FAILS(CLN_INVALID, "unknown engine \"gpu\"", cln_model_evaluate(model, device, "gpu", p.data, &evaluation, error));
    FAILS(CLN_INVALID, "unknown engine \"\"", cln_model_predict(model, device, "", p.data, hear, &said, error));
    FAILS(CLN_UNSUPPORTED, "up to 64 outputs",
          cln_model_evaluate(broad, device, "fused", many.data, &evaluation, error));
    for (uint64_t bytes = 4; bytes <= 4096; bytes *= 2) { /* whatever does not fit, nothing is left behind */
        device->facts.info.max_alloc_bytes = bytes;
        if (cln_model_evaluate(model, device, engines[_i], p.data, &evaluation, NULL) != CLN_OK)
            ck_assert_ptr_null(evaluation.confusion);
        cln_evaluation_free(&evaluation);
        device->facts.info.max_alloc_bytes = whole_alloc_bytes;
        ck_assert_uint_eq(device->bytes, before);
    }
    ck_assert_uint_eq(said.calls, 0);
    ck_assert_uint_eq(device->bytes, before);
    heard_free(&said);
    cln_model_free(model);
    cln_model_free(broad);
    cln_model_free(pair);
    problem_free(&p);
    problem_free(&wide);
    problem_free(&more);
    problem_free(&many);
}
END_TEST

enum { FAR_ROWS = 60, FAR_FEATURES = 5 };

/* Columns with mean 10⁶ and deviation 1, of which floats resolve 0.06: x (FAR_ROWS,FAR_FEATURES), and k targets that are planes over them. */
static cln_dataset *far_away(float *x, uint32_t k, float *targets)
{
    cln_dataset *data = NULL;
    cln_random random;
    cln_random_seed(&random, 4, 12);
    for (uint32_t i = 0; i < FAR_ROWS; i++) {
        for (uint32_t j = 0; j < FAR_FEATURES; j++)
            x[i * FAR_FEATURES + j] = 1e6f + (float)cln_random_below(&random, 56) / 16 - 1.75f;
        for (uint32_t c = 0; c < k; c++)
            targets[i * k + c] = (x[i * FAR_FEATURES + c] - 1e6f) / 2 - (x[i * FAR_FEATURES + 4] - 1e6f) / 3 + (float)c;
    }
    OK(cln_dataset_wrap_targets(x, CLN_FLOAT32, FAR_ROWS, FAR_FEATURES, targets, k, &data, error));
    return data;
}

/* W·(x·scale) + b in double, the bias as large as the means are; *loss: mean ½‖z − t‖². */
static void predict_in_double(const cln_model *model, const float *x, const float *targets, double *z, double *loss)
{
    uint32_t k = model->outputs, d = model->features;
    *loss = 0;
    for (uint32_t i = 0; i < FAR_ROWS; i++)
        for (uint32_t c = 0; c < k; c++) {
            long double sum = model->bias[c];
            for (uint32_t j = 0; j < d; j++)
                sum += (long double)model->weight[c * d + j] * (long double)x[i * d + j] * model->scale;
            z[i * k + c] = (double)sum;
            *loss += pow(z[i * k + c] - (double)targets[i * k + c], 2) / 2 / FAR_ROWS;
        }
}

/* Predictions and the loss of a model whose features are far from zero are those of double precision: logits of size 1 to 1e-5, where
   floats of the raw features and the bias would leave 2⁻²³·(Σ|w·x| + |b|), about 0.2. What is left is W's and the logits' rounding. */
static void check_far(const cln_model *model, const char *engine, cln_dataset *data, const float *x,
                      const float *targets)
{
    double z[FAR_ROWS * 3], loss;
    uint32_t k = model->outputs;
    cln_evaluation evaluation;
    heard said = heard_make(FAR_ROWS, k);
    predict_in_double(model, x, targets, z, &loss);
    OK(cln_model_predict(model, device, engine, data, hear, &said, error));
    for (uint32_t i = 0; i < FAR_ROWS * k; i++)
        ck_assert_double_eq_tol((double)said.probability[i], z[i], 1e-5);
    OK(cln_model_evaluate(model, device, engine, data, &evaluation, error));
    ck_assert_double_eq_tol(evaluation.score.loss, loss, 1e-5 * (1 + loss));
    ck_assert_uint_eq(evaluation.score.errors, 0);
    ck_assert_uint_eq(evaluation.outputs, 0);
    cln_evaluation_free(&evaluation);
    heard_free(&said);
}

/* A model in double of features that are centred inside: weights of a plane that is not the targets', and the shift that the solver had. */
static cln_model *make_far(const char *engine, const char *words, cln_dataset *data)
{
    cln_model *model = trained(engine, words, data, NULL, NULL, NULL);
    ck_assert_ptr_nonnull(cln_model_metadata(model, "shift"));
    for (uint32_t c = 0; c < 3; c++) {
        long double bias = c;
        for (uint32_t j = 0; j < FAR_FEATURES; j++) {
            double weight = (1.0 / (c + j + 2) - 0.3) / model->scale;
            model->weight[c * FAR_FEATURES + j] = weight;
            bias -= (long double)weight * model->scale * 1e6L;
        }
        model->bias[c] = (double)bias;
    }
    model->weight_type = model->bias_type = CLN_F64;
    cln_model_round(model);
    return model;
}

START_TEST(test_far_from_zero)
{
    static const char *const words[] = {"model=linear solver=direct", "model=linear solver=lbfgs epochs=3"};
    static float x[FAR_ROWS * FAR_FEATURES], targets[FAR_ROWS * 3];
    cln_dataset *data = far_away(x, 3, targets);
    cln_model *loaded, *model = make_far(engines[_i], words[_i], data);
    check_far(model, engines[_i], data, x, targets);
    OK(cln_model_save(model, at("m.safetensors"), error));
    OK(cln_model_load(at("m.safetensors"), &loaded, error));
    check_far(loaded, engines[1 - _i], data, x, targets);
    cln_model_free(loaded);
    cln_model_free(model);
    cln_dataset_close(data);
}
END_TEST

/* A scale that floats do not hold moves features that are far from zero by more than what they differ in, unless the weights know. (The
   clblast engine rounds x·scale before it subtracts.) */
START_TEST(test_far_and_scaled)
{
    static float x[FAR_ROWS * FAR_FEATURES], targets[FAR_ROWS * 3];
    cln_dataset *data = far_away(x, 3, targets);
    cln_model *model = make_far("fused", "model=linear solver=lbfgs epochs=1 scale=1e-3", data);
    check_far(model, "fused", data, x, targets);
    cln_model_free(model);
    cln_dataset_close(data);
}
END_TEST

/* Centring by options goes the same way with every solver; sgd's file says nothing of a shift that there was none of. A shift that
   another hand has noted for a model without bias changes no prediction either. */
START_TEST(test_shift_noted)
{
    static const char *const words[] = {"solver=sgd epochs=3", "solver=direct no-bias=true",
                                        "solver=sgd epochs=3 center=true", "solver=direct alpha=1 standardize=true",
                                        "solver=lbfgs standardize=true scale=0.5"};
    problem p = problem_make(60, 5, 3, CLN_FLOAT32, 13);
    for (int i = 0; i < 5; i++) {
        char text[100];
        snprintf(text, sizeof text, "model=linear %s", words[i]);
        cln_model *model = trained(engines[_i], text, p.data, NULL, NULL, NULL);
        ck_assert_msg(!cln_model_metadata(model, "shift") == (i < 2), "%s", words[i]);
        if (i == 1)
            OK(cln_model_note(model, error, "shift", "0.5,-0.25,0,1e-3,2"));
        heard said = heard_make(p.n, p.k);
        OK(cln_model_predict(model, device, engines[_i], p.data, hear, &said, error));
        for (uint32_t row = 0; row < p.n; row++)
            for (uint32_t c = 0; c < p.k; c++) {
                double z = model->bias ? model->bias[c] : 0;
                for (uint32_t j = 0; j < p.d; j++)
                    z += model->weight[c * p.d + j] * p.scaled[row * p.d + j] * model->scale;
                ck_assert_double_eq_tol((double)said.probability[row * p.k + c], z, logit_tolerance(&p, 10));
            }
        heard_free(&said);
        cln_model_free(model);
    }
    problem_free(&p);
}
END_TEST

/* A list of so many means would be more than a file's header has room for: without it the model is saved and predicts all the same. */
START_TEST(test_wide)
{
    enum { D = 60000 };
    float *x = calloc((size_t)4 * D, sizeof *x);
    int32_t y[4] = {0, 1, 0, 1};
    cln_dataset *data = NULL;
    cln_random random;
    cln_random_seed(&random, 6, 12);
    for (size_t i = 0; i < (size_t)4 * D; i++)
        x[i] = (float)cln_random_below(&random, 1000000) / 1234567;
    OK(cln_dataset_wrap(x, CLN_FLOAT32, 4, D, y, &data, error));
    cln_model *loaded, *model = trained("fused", "solver=lbfgs epochs=1 l2=1", data, NULL, NULL, NULL);
    cln_evaluation evaluation;
    ck_assert_ptr_null(cln_model_metadata(model, "shift"));
    OK(cln_model_save(model, at("m.safetensors"), error));
    OK(cln_model_load(at("m.safetensors"), &loaded, error));
    OK(cln_model_evaluate(loaded, device, "fused", data, &evaluation, error));
    ck_assert(isfinite(evaluation.score.loss));
    cln_evaluation_free(&evaluation);
    cln_model_free(loaded);
    cln_model_free(model);
    cln_dataset_close(data);
    free(x);
}
END_TEST

/* Values are no classes: whatever is largest among them, no row has one. */
START_TEST(test_values)
{
    static float x[FAR_ROWS * FAR_FEATURES], targets[FAR_ROWS * 3];
    for (uint32_t k = 1; k <= 3; k += 2) {
        cln_dataset *data = far_away(x, k, targets), *labelled, *bare;
        int32_t labels[FAR_ROWS] = {0};
        cln_evaluation evaluation;
        heard said = heard_make(FAR_ROWS, k);
        cln_model *model = trained(engines[_i], "model=linear solver=lbfgs", data, NULL, NULL, NULL);
        ck_assert_uint_eq(cln_model_classes(model), 0);
        ck_assert(!cln_model_is_softmax(model));
        OK(cln_dataset_wrap(x, CLN_FLOAT32, FAR_ROWS, FAR_FEATURES, labels, &labelled, error));
        OK(cln_dataset_wrap(x, CLN_FLOAT32, FAR_ROWS, FAR_FEATURES, NULL, &bare, error));
        OK(cln_model_predict(model, device, engines[_i], k == 1 ? bare : labelled, hear, &said, error));
        ck_assert_uint_eq(said.next, FAR_ROWS);
        for (uint32_t i = 0; i < FAR_ROWS; i++)
            ck_assert_uint_eq(said.outputs[i], UINT32_MAX);
        FAILS(CLN_INVALID, "memory has labels of classes, but the model predicts real values",
              cln_model_evaluate(model, device, engines[_i], labelled, &evaluation, error));
        FAILS(CLN_INVALID, "memory has no targets, but the model predicts real values",
              cln_model_evaluate(model, device, engines[_i], bare, &evaluation, error));
        heard_free(&said);
        cln_model_free(model);
        cln_dataset_close(labelled);
        cln_dataset_close(bare);
        cln_dataset_close(data);
    }
}
END_TEST

/* What a file may hold and a device may not: weights in double beyond floats; and a shift that is no list of floats. */
START_TEST(test_beyond_floats)
{
    static const char *const shifts[] = {"1,2,3,4", "1,2,3,4,5,6", "1,2,3,4,1e39", "1,2,nan,4,5", "", "1,2,3,4,5x"};
    static float x[FAR_ROWS * FAR_FEATURES], targets[FAR_ROWS * 3];
    cln_dataset *data = far_away(x, 1, targets);
    cln_model *model = trained(engines[_i], "model=linear solver=lbfgs epochs=1", data, NULL, NULL, NULL);
    cln_evaluation evaluation;
    heard said = heard_make(FAR_ROWS, 1);
    uint64_t before = device->bytes;
    double weight = model->weight[3];
    static const double beyond[] = {1e39, -1e300, 1e34}; /* the last only by what the shift makes of the bias */
    for (int i = 0; i < 3; i++) {
        model->weight[3] = beyond[i];
        FAILS(CLN_UNSUPPORTED, "the weights of output 0 are beyond single precision",
              cln_model_evaluate(model, device, engines[_i], data, &evaluation, error));
        FAILS(CLN_UNSUPPORTED, "the weights of output 0 are beyond single precision",
              cln_model_predict(model, device, engines[_i], data, hear, &said, error));
    }
    model->weight[3] = weight;
    for (int i = 0; i < 6; i++) {
        OK(cln_model_note(model, error, "shift", "%s", shifts[i]));
        FAILS(CLN_FORMAT, "the model's metadata have",
              cln_model_predict(model, device, engines[_i], data, hear, &said, error));
        FAILS(CLN_FORMAT, "shift", cln_model_evaluate(model, device, engines[_i], data, &evaluation, error));
        ck_assert_ptr_null(evaluation.confusion);
    }
    ck_assert_uint_eq(said.calls, 0);
    ck_assert_uint_eq(device->bytes, before);
    heard_free(&said);
    cln_model_free(model);
    cln_dataset_close(data);
}
END_TEST

/* A weight of a few times the least float is nothing beside others, and most of a row of large features alone. */
START_TEST(test_small_weights)
{
    static float x[FAR_ROWS * FAR_FEATURES], targets[FAR_ROWS * 3];
    cln_dataset *data = far_away(x, 1, targets);
    cln_model *model = trained(engines[_i], "model=linear solver=direct", data, NULL, NULL, NULL);
    cln_evaluation evaluation;
    heard said = heard_make(FAR_ROWS, 1);
    model->weight[3] = 2.1e-45; /* which is 1.4e-45 or 2.8e-45 */
    OK(cln_model_predict(model, device, engines[_i], data, hear, &said, error));
    cln_dataset_close(data);
    for (uint32_t i = 0; i < FAR_ROWS * FAR_FEATURES; i++)
        x[i] = i == FAR_FEATURES + 3 ? 1e38f : 0;
    OK(cln_dataset_wrap_targets(x, CLN_FLOAT32, FAR_ROWS, FAR_FEATURES, targets, 1, &data, error));
    model->bias[0] = 0;
    FAILS(CLN_UNSUPPORTED, "loses digits that count in row 1 ",
          cln_model_predict(model, device, engines[_i], data, hear, &said, error));
    FAILS(CLN_UNSUPPORTED, "loses digits that count in row 1 ",
          cln_model_evaluate(model, device, engines[_i], data, &evaluation, error));
    heard_free(&said);
    cln_model_free(model);
    cln_dataset_close(data);
}
END_TEST

/* What a solver in double found is F64 in the file, and verified as it is; sgd's is F32. */
START_TEST(test_precision_of_files)
{
    problem p = problem_make(60, 5, 3, CLN_FLOAT32, 14);
    cln_trainer *trainer = trainer_of(engines[_i], "solver=lbfgs l2=1e-2", p.data, NULL, NULL);
    cln_result result;
    cln_verification verification;
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    bool found = trainer->solved != NULL;
    if (!found) { /* until every solver in double says so */
        trainer->solved = calloc(18, sizeof(double));
        for (int i = 0; i < 18; i++)
            trainer->solved[i] = 1.0 / (3 + i);
    }
    cln_model *loaded, *model = model_of(trainer);
    OK(cln_model_save(model, at("m.safetensors"), error));
    OK(cln_model_load(at("m.safetensors"), &loaded, error));
    ck_assert(loaded->weight_type == CLN_F64 && loaded->bias_type == CLN_F64);
    ck_assert_mem_eq(loaded->weight, trainer->solved, 15 * sizeof(double));
    ck_assert_mem_eq(loaded->bias, trainer->solved + 15, 3 * sizeof(double));
    OK(cln_model_verify(loaded, p.data, &verification, error));
    ck_assert_msg(verification.agrees || !found, "%s", verification.reason);
    cln_model_free(loaded);
    cln_model_free(model);
    cln_trainer_close(trainer);
    model = trained(engines[_i], "epochs=2", p.data, NULL, NULL, NULL);
    ck_assert(model->weight_type == CLN_F32 && model->bias_type == CLN_F32);
    for (int i = 0; i < 15; i++)
        ck_assert(model->weight[i] == (double)cln_model_weight(model)[i]);
    cln_model_free(model);
    problem_free(&p);
}
END_TEST

static Suite *evaluate_suite(void)
{
    Suite *suite = suite_create("train/evaluate");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *const cases[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], setup, teardown);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_loop_test(ok, test_against_reference, 0, 2);
    tcase_add_loop_test(ok, test_saved_and_loaded, 0, 2);
    tcase_add_loop_test(ok, test_subset_model, 0, 2);
    tcase_add_loop_test(edges, test_fewer_labels, 0, 2);
    tcase_add_loop_test(edges, test_blocks, 0, 2);
    tcase_add_loop_test(invalid, test_refused, 0, 2);
    tcase_add_loop_test(ok, test_far_from_zero, 0, 2);
    tcase_add_test(ok, test_far_and_scaled);
    tcase_add_loop_test(ok, test_shift_noted, 0, 2);
    tcase_add_loop_test(ok, test_values, 0, 2);
    if (!tiny())
        tcase_add_test(edges, test_wide);
    tcase_add_loop_test(ok, test_precision_of_files, 0, 2);
    tcase_add_loop_test(invalid, test_beyond_floats, 0, 2);
    tcase_add_loop_test(invalid, test_small_weights, 0, 2);
    return suite;
}

int main(void)
{
    return run_on_device(evaluate_suite());
}
