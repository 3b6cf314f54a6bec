/* An invented data set that a softmax model can partly learn, and the same steps on a device and by the reference. */
#ifndef CLN_TESTS_TRAIN_PROBLEM_H
#define CLN_TESTS_TRAIN_PROBLEM_H

#include "base/random.h"
#include "data/order.h"
#include "device/opened.h"
#include "reference/softmax.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        cln_error error_ = {0}, *error = &error_;                                                                      \
        cln_status status_ = (call);                                                                                   \
        ck_assert_msg(status_ == CLN_OK, "%s: %s", #call, error->message);                                             \
        ck_assert_msg(error->status == CLN_OK && !*error->message, "%s, beside OK: %s", #call, error->message);        \
    } while (0)

/* The call fails with this status and these words. */
#define FAILS(expected, words, call)                                                                                   \
    do {                                                                                                               \
        cln_error error_ = {0}, *error = &error_;                                                                      \
        cln_status status_ = (call);                                                                                   \
        ck_assert_msg(status_ == (expected), "%s: %s", #call, cln_status_name(status_));                               \
        ck_assert_msg(strstr(error->message, words) != NULL, "%s: %s", #call, error->message);                         \
    } while (0)

typedef struct problem {
    uint32_t n, d, k;
    cln_type type;
    double scale;   /* of the features, as the trainer uses by default */
    void *x;        /* (n,d) of type */
    double *scaled; /* (n,d): x·scale in double */
    int32_t *y;     /* (n) */
    cln_dataset *data;
} problem;

static inline void problem_wrap(problem *p)
{
    cln_dataset_close(p->data);
    p->data = NULL;
    OK(cln_dataset_wrap(p->x, p->type, p->n, p->d, p->y, &p->data, error));
}

/* Rows scattered around a mean of their class, about a fifth of them with another class's label. The last row has label
   k−1, so that there are k outputs. */
static inline problem problem_make(uint32_t n, uint32_t d, uint32_t k, cln_type type, uint64_t seed)
{
    problem p = {.n = n, .d = d, .k = k, .type = type, .scale = type == CLN_UINT8 ? 1.0 / 255 : 1};
    size_t cells = (size_t)n * d;
    p.x = calloc(cells, sizeof(float));
    p.scaled = calloc(cells, sizeof(double));
    p.y = calloc(n, sizeof(int32_t));
    ck_assert(p.x && p.scaled && p.y);
    cln_random random;
    cln_random_seed(&random, seed, 1);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t class = i + 1 == n ? k - 1 : cln_random_below(&random, k);
        p.y[i] = (int32_t)(i + 1 < n && cln_random_below(&random, 5) == 0 ? cln_random_below(&random, k) : class);
        for (uint32_t j = 0; j < d; j++) {
            uint32_t mean = (class * 2654435761u ^ (j + 1) * 2246822519u) >> 13 & 127;
            uint32_t byte = mean + cln_random_below(&random, 128);
            size_t at = (size_t)i * d + j;
            if (type == CLN_UINT8) {
                ((uint8_t *)p.x)[at] = (uint8_t)byte;
                p.scaled[at] = byte * p.scale;
            } else {
                float value = (float)byte / 128 - 1 + (float)cln_random_below(&random, 1000) / 1e5f;
                ((float *)p.x)[at] = value;
                p.scaled[at] = (double)value;
            }
        }
    }
    problem_wrap(&p);
    return p;
}

static inline void problem_free(problem *p)
{
    cln_dataset_close(p->data);
    free(p->x);
    free(p->scaled);
    free(p->y);
}

/* Options from a text of NAME=VALUE words with blanks between. */
static inline cln_options *options_of(const char *engine, const char *words)
{
    cln_options *options = NULL;
    char copy[1000], *rest = NULL;
    OK(cln_options_create(&options, error));
    OK(cln_options_set(options, "engine", engine, error));
    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(word, '=');
        ck_assert_ptr_nonnull(value);
        *value = '\0';
        OK(cln_options_set(options, word, value + 1, error));
    }
    return options;
}

static inline cln_trainer *trainer_of(const char *engine, const char *words, cln_dataset *train, cln_dataset *valid,
                                      cln_dataset *test)
{
    cln_trainer *trainer = NULL;
    cln_options *options = options_of(engine, words);
    cln_parts parts = {train, valid, test};
    OK(cln_trainer_create(device, options, &parts, &trainer, error));
    cln_options_free(options);
    return trainer;
}

static inline cln_model *model_of(cln_trainer *trainer)
{
    cln_model *model = NULL;
    OK(cln_trainer_model(trainer, &model, error));
    return model;
}

/* Trains and gives back the model. */
static inline cln_model *trained(const char *engine, const char *words, cln_dataset *train, cln_dataset *valid,
                                 cln_dataset *test, cln_result *result)
{
    cln_result ignored;
    cln_trainer *trainer = trainer_of(engine, words, train, valid, test);
    OK(cln_trainer_run(trainer, NULL, NULL, result ? result : &ignored, error));
    cln_model *model = model_of(trainer);
    cln_trainer_close(trainer);
    return model;
}

static inline bool same_bits(const cln_model *a, const cln_model *b)
{
    uint32_t k = cln_model_outputs(a), d = cln_model_features(a);
    const float *ba = cln_model_bias(a), *bb = cln_model_bias(b);
    return k == cln_model_outputs(b) && d == cln_model_features(b) &&
           memcmp(cln_model_weight(a), cln_model_weight(b), (size_t)k * d * sizeof(float)) == 0 && !ba == !bb &&
           (!ba || memcmp(ba, bb, k * sizeof(float)) == 0);
}

/* The reference's side of a run. */
typedef struct shadow {
    cln_reference model;
    double *vw, *vb; /* velocity */
    uint32_t *order; /* (rows) */
} shadow;

typedef struct schedule {
    uint32_t rows, batch, epochs; /* training rows: the first ones */
    bool drop_last, no_bias, no_shuffle;
    uint64_t seed;
    double learning_rate, momentum, l2;
} schedule;

static inline shadow shadow_make(const problem *p, const schedule *s)
{
    shadow own = {.model = {.k = p->k, .d = p->d}};
    own.model.w = calloc((size_t)p->k * p->d, sizeof(double));
    own.model.b = s->no_bias ? NULL : calloc(p->k, sizeof(double));
    own.vw = calloc((size_t)p->k * p->d, sizeof(double));
    own.vb = s->no_bias ? NULL : calloc(p->k, sizeof(double));
    own.order = calloc(s->rows, sizeof(uint32_t));
    ck_assert(own.model.w && own.vw && own.order);
    return own;
}

static inline void shadow_free(shadow *own)
{
    free(own->model.w);
    free(own->model.b);
    free(own->vw);
    free(own->vb);
    free(own->order);
}

/* One pass, `epoch` from 1; costs (NULL: not wanted) receives the objective before each step. Returns the steps. */
static inline uint32_t shadow_pass(shadow *own, const problem *p, const schedule *s, uint64_t epoch, double *costs)
{
    double *x = calloc((size_t)s->batch * p->d, sizeof(double));
    int32_t *y = calloc(s->batch, sizeof(int32_t));
    uint32_t step = 0;
    ck_assert(x && y);
    if (s->no_shuffle)
        for (uint32_t i = 0; i < s->rows; i++)
            own->order[i] = i;
    else
        cln_order_shuffle(own->order, s->rows, s->seed, epoch);
    for (uint32_t first = 0; first < s->rows; first += s->batch, step++) {
        uint32_t count = s->rows - first < s->batch ? s->rows - first : s->batch;
        if (s->drop_last && count < s->batch)
            break;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t row = own->order[first + i];
            memcpy(x + (size_t)i * p->d, p->scaled + (size_t)row * p->d, p->d * sizeof(double));
            y[i] = p->y[row];
        }
        double cost =
            cln_reference_step(&own->model, x, y, count, s->learning_rate, s->momentum, s->l2, own->vw, own->vb);
        if (costs)
            costs[step] = cost;
    }
    free(x);
    free(y);
    return step;
}

/* The reference's score of rows first … first+count−1. *unsure (may be NULL): how many of them have their two largest logits
   nearer to each other than `near`. */
static inline cln_score shadow_score(const cln_reference *model, const problem *p, uint32_t first, uint32_t count,
                                     double near, uint64_t *unsure)
{
    double *z = calloc((size_t)count * p->k, sizeof(double));
    ck_assert_ptr_nonnull(z);
    cln_reference_logits(model, p->scaled + (size_t)first * p->d, count, z);
    cln_score score = cln_reference_score(z, p->y + first, count, p->k);
    if (unsure)
        *unsure = 0;
    for (uint32_t i = 0; unsure && i < count; i++) {
        double most = -INFINITY, second = -INFINITY;
        for (uint32_t c = 0; c < p->k; c++) {
            double value = z[(size_t)i * p->k + c];
            second = value > most ? most : fmax(second, value);
            most = fmax(most, value);
        }
        *unsure += p->k > 1 && most - second < near;
    }
    free(z);
    return score;
}

/* How far a float32 logit, or a loss, may lie from the true one: sums of d+1 products, each of them below `widest`. */
static inline double logit_tolerance(const problem *p, double widest)
{
    return 4 * (sqrt(p->d + 1.0) + 4) * (double)FLT_EPSILON * fmax(widest, 1);
}

/* The device's score is that of the reference with the same weights, but for rows too near to call. */
static inline void check_score(const cln_score *score, const cln_reference *model, const problem *p, uint32_t first,
                               uint32_t count)
{
    uint64_t unsure;
    double near = logit_tolerance(p, 10);
    cln_score expected = shadow_score(model, p, first, count, near, &unsure);
    ck_assert_uint_eq(score->rows, count);
    ck_assert_double_eq_tol(score->loss, expected.loss, near);
    uint64_t apart =
        score->errors > expected.errors ? score->errors - expected.errors : expected.errors - score->errors;
    ck_assert_uint_le(apart, unsure);
    ck_assert_uint_le(unsure, count / 10);
}

/* The largest component of the reference's gradient on the first `rows` rows; *objective receives the objective. */
static inline double shadow_gradient(const cln_reference *model, const problem *p, uint32_t rows, double l2,
                                     double *objective)
{
    size_t cells = (size_t)p->k * p->d;
    double *gw = calloc(cells, sizeof(double)), *gb = calloc(p->k, sizeof(double)), most = 0;
    ck_assert(gw && gb);
    *objective = cln_reference_gradient(model, p->scaled, p->y, rows, l2, gw, model->b ? gb : NULL);
    for (size_t i = 0; i < cells; i++)
        most = fmax(most, fabs(gw[i]));
    for (uint32_t i = 0; i < p->k; i++)
        most = fmax(most, fabs(gb[i]));
    free(gw);
    free(gb);
    return most;
}

/* A device's model as the reference sees it. Release w and b with free(). */
static inline cln_reference as_reference(const cln_model *model)
{
    uint32_t k = cln_model_outputs(model), d = cln_model_features(model);
    cln_reference reference = {.k = k, .d = d, .w = calloc((size_t)k * d, sizeof(double))};
    for (size_t i = 0; i < (size_t)k * d; i++)
        reference.w[i] = cln_model_weight_double(model)[i];
    if (cln_model_bias(model)) {
        reference.b = calloc(k, sizeof(double));
        for (uint32_t i = 0; i < k; i++)
            reference.b[i] = cln_model_bias_double(model)[i];
    }
    return reference;
}

static inline double widest_difference(const cln_model *model, const cln_reference *reference)
{
    double most = 0;
    for (size_t i = 0; i < (size_t)reference->k * reference->d; i++) {
        double difference = fabs((double)cln_model_weight(model)[i] - reference->w[i]);
        if (!(difference <= most))
            most = isnan(difference) ? INFINITY : difference;
    }
    for (uint32_t i = 0; reference->b && i < reference->k; i++) {
        double difference = fabs((double)cln_model_bias(model)[i] - reference->b[i]);
        if (!(difference <= most))
            most = isnan(difference) ? INFINITY : difference;
    }
    return most;
}

/*
 * How far float32 weights may lie from the reference's after `steps` steps. A sum of m terms of size 1 in float32 is off by
 * about √m·ε/2 times that size (a random walk of roundings); a logit has d+1 such terms, a mean gradient `batch`. A step moves the
 * weights by the learning rate times the gradient (1/(1 − momentum) times that in the long run), and rounds them once more. The
 * errors of steps add up. Times 4, for the walk may be a wide one.
 */
static inline double weight_tolerance(const problem *p, const schedule *s, uint32_t steps, double widest)
{
    double gradient = (sqrt(s->batch) + sqrt(p->d + 1.0) * widest) * (double)FLT_EPSILON / 2;
    return 4 * steps * (s->learning_rate / (1 - s->momentum) * gradient + (double)FLT_EPSILON / 2 * widest);
}

/* For simulators: tiny shapes only. */
static inline bool tiny(void)
{
    return getenv("CLINEAR_TEST_TINY") != NULL;
}

/* The largest |w|. */
static inline double widest_weight(const cln_reference *model)
{
    double most = 0;
    for (size_t i = 0; i < (size_t)model->k * model->d; i++)
        most = fmax(most, fabs(model->w[i]));
    return most;
}

#endif
