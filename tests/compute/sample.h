/*
 * A small problem for the tests of this floor: rows, labels and weights drawn from a seed, the same in double precision for the
 * reference, and on the device with canaries behind every buffer that a test hands to a kernel.
 */
#ifndef CLN_TESTS_COMPUTE_SAMPLE_H
#define CLN_TESTS_COMPUTE_SAMPLE_H

#include "base/random.h"
#include "compute/engine.h"
#include "compute/feed.h"
#include "device/buffer.h"
#include "device/opened.h"
#include "reference/linear.h"

#include <math.h>
#include <string.h>

#define UNIT         5.96e-8 /* unit roundoff of float: 2⁻²⁴ */
#define CANARY_BYTES 256
#define CANARY       0xA5

/* What failed, for messages in loops over cases. */
static char place[256];

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        cln_error must_error = {0};                                                                                    \
        cln_error *error = &must_error;                                                                                \
        cln_status must_status = (call);                                                                               \
        ck_assert_msg(must_status == CLN_OK, "%s: %s", place, must_error.message);                                     \
    } while (0)

typedef struct sample {
    uint32_t n, d, k;
    cln_type type;
    double scale;
    bool bias;
    void *x;         /* (n,d) of type */
    int32_t *y;      /* (n) */
    uint32_t *order; /* (n): a permutation */
    float *w, *b;    /* (k,d), (k) */
    double *dx;      /* (n,d): x·scale */
    double *dw, *db; /* (k,d), (k) */
    cln_reference reference;

    /* What sample_create leaves out: one softmax model with its own loss on classes. */
    cln_row_loss loss;
    cln_target target;
    uint32_t models;
    int32_t lowest, highest; /* of values */
    float *targets;          /* (n,k/models): real ones */
    float *weights;          /* (n) */
    float *shift, *spread;   /* (d) */
} sample;

#define SAMPLE_MODELS 8 /* at most */

static inline float uniform(cln_random *random)
{
    return (float)cln_random_below(random, 2001) / 1000 - 1;
}

/* Bytes like those of images, many of them 0; floats with an outlier here and there; weights of either sign. */
static inline sample sample_create(uint32_t n, uint32_t d, uint32_t k, cln_type type, bool bias)
{
    sample s = {
        .n = n, .d = d, .k = k, .models = 1, .type = type, .bias = bias, .scale = type == CLN_UINT8 ? 1.0 / 255 : 0.5};
    cln_random random;
    cln_random_seed(&random, n * 1000003ull + d * 1009ull + k, type);
    s.x = calloc((size_t)n * d, 4);
    s.dx = calloc((size_t)n * d, sizeof *s.dx);
    s.y = calloc(n, sizeof *s.y);
    s.order = calloc(n, sizeof *s.order);
    s.w = calloc((size_t)k * d, sizeof *s.w);
    s.b = calloc(k, sizeof *s.b);
    s.dw = calloc((size_t)k * d, sizeof *s.dw);
    s.db = calloc(k, sizeof *s.db);
    for (size_t i = 0; i < (size_t)n * d; i++) {
        uint32_t draw = cln_random_below(&random, 512);
        float value = type == CLN_UINT8 ? (draw < 256 ? (float)draw : 0) : uniform(&random) * (draw == 0 ? 40 : 1);
        if (type == CLN_UINT8)
            ((uint8_t *)s.x)[i] = (uint8_t)value;
        else
            ((float *)s.x)[i] = value;
        s.dx[i] = (double)value * (double)(float)s.scale;
    }
    for (uint32_t i = 0; i < n; i++) {
        s.y[i] = (int32_t)cln_random_below(&random, k);
        s.order[i] = i;
    }
    for (uint32_t i = n - 1; i > 0; i--) {
        uint32_t j = cln_random_below(&random, i + 1), kept = s.order[i];
        s.order[i] = s.order[j];
        s.order[j] = kept;
    }
    s.y[0] = (int32_t)k - 1; /* so that the labels show all k outputs */
    for (size_t i = 0; i < (size_t)k * d; i++)
        s.dw[i] = (double)(s.w[i] = uniform(&random));
    for (uint32_t i = 0; i < k; i++)
        s.db[i] = (double)(s.b[i] = bias ? uniform(&random) : 0);
    s.reference = (cln_reference){k, d, s.dw, bias ? s.db : NULL};
    return s;
}

static inline void sample_free(sample *s)
{
    void *all[] = {s->x, s->dx, s->y, s->order, s->w, s->b, s->dw, s->db, s->targets, s->weights, s->shift, s->spread};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* Other models on the sample's rows: labels that every one has, or values of 0 … 9 that are clipped to 1 … 8, or real targets, of
   which some are 0 and none is negative. */
static inline void sample_models(sample *s, cln_row_loss loss, cln_target target, uint32_t models)
{
    uint32_t one = s->k / models;
    cln_random random;
    cln_random_seed(&random, s->n, s->k);
    s->loss = loss;
    s->target = target;
    s->models = models;
    s->lowest = 1;
    s->highest = 8;
    for (uint32_t i = 0; i < s->n; i++)
        s->y[i] = (int32_t)cln_random_below(&random, target == CLN_TARGET_VALUE ? 10 : one);
    for (uint32_t k = 0; target == CLN_TARGET_VALUE && s->bias && k < s->k; k++)
        s->db[k] = (double)(s->b[k] += 4.5f);
    s->targets = target == CLN_TARGET_REAL ? calloc((size_t)s->n * one, sizeof *s->targets) : NULL;
    for (size_t i = 0; s->targets && i < (size_t)s->n * one; i++)
        s->targets[i] = fmaxf(0, 2 * uniform(&random));
}

/* Weights of the rows, some of them 0. */
static inline void sample_weigh(sample *s)
{
    cln_random random;
    cln_random_seed(&random, s->n, 7);
    s->weights = calloc(s->n, sizeof *s->weights);
    for (uint32_t i = 0; i < s->n; i++)
        s->weights[i] = fmaxf(0, 0.5f + uniform(&random));
}

static inline void sample_fold(sample *s, bool centred, bool spread)
{
    cln_random random;
    cln_random_seed(&random, s->d, 11);
    s->shift = centred ? calloc(s->d, sizeof *s->shift) : NULL;
    s->spread = spread ? calloc(s->d, sizeof *s->spread) : NULL;
    for (uint32_t j = 0; j < s->d; j++) {
        if (centred)
            s->shift[j] = uniform(&random);
        if (spread)
            s->spread[j] = 2 + uniform(&random);
    }
}

static inline cln_problem sample_problem(const sample *s)
{
    return (cln_problem){.features = s->d,
                         .outputs = s->k,
                         .models = s->models,
                         .loss = s->loss,
                         .target = s->target,
                         .lowest = s->lowest,
                         .highest = s->highest,
                         .centred = s->shift != NULL,
                         .spread = s->spread != NULL,
                         .type = s->type,
                         .scale = (float)s->scale,
                         .bias = s->bias,
                         .block_rows = s->n,
                         .batch_rows = s->n};
}

static inline cln_resident *sample_upload(const sample *s, uint64_t most_bytes)
{
    cln_dataset *data = NULL;
    cln_resident *resident = NULL;
    MUST(cln_dataset_wrap(s->x, s->type, s->n, s->d, s->y, &data, error));
    MUST(cln_resident_begin(device, data, most_bytes, &resident, error));
    MUST(cln_resident_finish(resident, s->n, NULL, error));
    cln_dataset_close(data);
    return resident;
}

/* A buffer of `bytes`, filled from `from` (NULL: zeros), with a canary behind it. Written at once, for Oclgrind takes as initialised
   only what the last write to a buffer covered. */
static inline cl_mem guarded(const void *from, size_t bytes)
{
    cl_mem buffer = NULL;
    unsigned char *content = calloc(bytes + CANARY_BYTES, 1);
    if (from)
        memcpy(content, from, bytes);
    memset(content + bytes, CANARY, CANARY_BYTES);
    MUST(cln_buffer_create(device, "a test buffer", bytes + CANARY_BYTES, &buffer, error));
    MUST(cln_buffer_write(device, buffer, 0, bytes + CANARY_BYTES, content, error));
    free(content);
    return buffer;
}

/* Releases a guarded buffer; fails where something wrote behind it. */
static inline void check_guard(cl_mem *buffer, size_t bytes)
{
    unsigned char canary[CANARY_BYTES];
    MUST(cln_buffer_read(device, *buffer, bytes, sizeof canary, canary, error));
    for (size_t i = 0; i < sizeof canary; i++)
        ck_assert_msg(canary[i] == CANARY, "%s: byte %zu behind a buffer of %zu was overwritten", place, i, bytes);
    cln_buffer_release(device, buffer);
}

/* The sample's weights as the device holds them: (kp,ld), the bias in column d. */
static inline cl_mem guarded_weights(const sample *s, cln_layout layout)
{
    float *padded = calloc((size_t)layout.kp * layout.ld, sizeof *padded);
    for (uint32_t k = 0; k < s->k; k++) {
        memcpy(padded + (size_t)k * layout.ld, s->w + (size_t)k * s->d, s->d * sizeof(float));
        padded[(size_t)k * layout.ld + s->d] = s->b[k];
    }
    cl_mem buffer = guarded(padded, (size_t)layout.kp * layout.ld * sizeof *padded);
    free(padded);
    return buffer;
}

static inline bool tiny(void)
{
    return getenv("CLINEAR_TEST_TINY") != NULL;
}

static inline bool narrow(void)
{
    return tiny() && strcmp(getenv("CLINEAR_TEST_TINY"), "narrow") == 0;
}

#endif
