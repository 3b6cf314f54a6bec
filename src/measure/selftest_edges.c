/* What is predicted at the edges: of equal logits the first is the largest, and a NaN, at whatever output, leaves none. */
#include "measure/selftest_rig.h"

#include "base/size.h"
#include "device/buffer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The prediction where a logit is NaN, as cl/types.h has it. */
static uint32_t no_label(const cln_trial *t)
{
    return t->target == CLN_TARGET_VALUE ? 0x80000000u : t->k / t->models;
}

/* Every row and model predicts `label`, and the errors are what follows from that. */
static cln_status check_label(cln_rig *r, uint32_t label, const char *what, cln_error *error)
{
    cln_status status;
    const cln_trial *t = r->trial;
    float *predicted = NULL, *scores = NULL;
    size_t count = cln_plan_scores(r->plan, t->n), labels = (size_t)t->n * t->models;
    uint64_t wrong = 0, errors = 0;
    TRY(cln_guarded_floats(r->device, r->predicted.memory, labels, &predicted, error));
    TRY(cln_guarded_floats(r->device, r->scores.memory, 2 * count * t->models, &scores, error));
    for (size_t i = 0; i < labels; i++) {
        uint32_t got;
        memcpy(&got, predicted + i, sizeof got);
        if (got != label)
            cln_check_fail(r->check, "the prediction for row %zu is %u, not %u, %s", i / t->models, got, label, what);
    }
    for (size_t i = 0; i < t->n; i++)
        wrong += t->target != CLN_TARGET_REAL && t->y[i] != (int64_t)label ? t->models : 0;
    for (size_t i = 0; i < count * t->models; i++) {
        cln_partial_score score;
        memcpy(&score, scores + 2 * i, sizeof score);
        errors += score.errors;
    }
    if (errors != wrong)
        cln_check_fail(r->check, "there are %llu errors, not %llu, %s", (unsigned long long)errors,
                       (unsigned long long)wrong, what);
out:
    free(predicted);
    free(scores);
    return status;
}

/* All rows with weights w (kp,ld). */
static cln_status predict(cln_rig *r, const float *w, cln_error *error)
{
    cln_status status;
    cln_rows rows;
    cln_outcome outcome = {.residual = true, .predicted = r->predicted.memory, .scores = r->scores.memory};
    TRY(cln_rig_rows(r, false, &rows, error));
    TRY(cln_buffer_write(r->device, r->moving.memory, 0, r->cells * sizeof *w, w, error));
    TRY(cln_plan_forward(r->plan, &rows, r->moving.memory, &outcome, error));
out:
    return status;
}

/* Weights of zero and biases that are equal: of outputs a < b, above all others, or without a bias of all. */
static cln_status test_tie(cln_rig *r, float *w, uint32_t a, uint32_t b, cln_error *error)
{
    cln_status status;
    const cln_trial *t = r->trial;
    uint32_t one = t->k / t->models;
    size_t ld = r->plan->layout.ld;
    memset(w, 0, r->cells * sizeof *w);
    for (uint32_t c = 0; t->bias && c < t->k; c++)
        w[c * ld + t->d] = c % one == a || c % one == b ? 0.75f : -0.5f;
    TRY(predict(r, w, error));
    TRY(check_label(r, t->bias ? a : 0, "where two logits are equal", error));
out:
    return status;
}

/* The weights as they are, but for a NaN at output c of every model. */
static cln_status test_nan(cln_rig *r, float *w, uint32_t c, cln_error *error)
{
    cln_status status;
    const cln_trial *t = r->trial;
    uint32_t one = t->k / t->models;
    memcpy(w, r->h_w, r->cells * sizeof *w);
    for (uint32_t m = 0; m < t->models; m++)
        w[(size_t)(m * one + c) * r->plan->layout.ld] = NAN;
    TRY(predict(r, w, error));
    TRY(check_label(r, no_label(t), "where a logit is NaN", error));
out:
    return status;
}

cln_status cln_rig_test_edges(cln_rig *r, cln_error *error)
{
    cln_status status;
    uint32_t last = r->trial->k / r->trial->models - 1, middle = (last + 1) / 2;
    float *w = NULL;
    TRY(cln_allocate((void **)&w, r->cells, sizeof *w, "weights to try", error));
    TRY(test_nan(r, w, last, error));
    if (last == 0)
        goto out;
    TRY(test_nan(r, w, middle, error));
    TRY(test_tie(r, w, 0, last, error));
    TRY(test_tie(r, w, middle - 1, middle, error));
    TRY(test_tie(r, w, 0, 1, error)); /* of one vector */
out:
    free(w);
    return status;
}
