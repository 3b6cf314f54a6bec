/*
 * A small problem for the tests of this floor (reference/trial.h), and on the device with canaries behind every buffer that a test
 * hands to a kernel.
 */
#ifndef CLN_TESTS_COMPUTE_SAMPLE_H
#define CLN_TESTS_COMPUTE_SAMPLE_H

#include "compute/engine.h"
#include "compute/feed.h"
#include "device/buffer.h"
#include "device/opened.h"
#include "reference/truth.h"

#include <math.h>
#include <string.h>

#define UNIT         CLN_UNIT_ROUNDOFF
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

typedef cln_trial sample;

#define SAMPLE_MODELS 8 /* at most */

static inline sample sample_create(uint32_t n, uint32_t d, uint32_t k, cln_type type, bool bias)
{
    sample s;
    MUST(cln_trial_draw(n, d, k, type, bias, &s, error));
    return s;
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
                         .scale = s->scale,
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
