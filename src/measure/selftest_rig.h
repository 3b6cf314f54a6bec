/* A trial on an engine of a device: plan, rows and buffers, each with a canary behind it, and the checks of what it computes. */
#ifndef CLN_MEASURE_SELFTEST_RIG_H
#define CLN_MEASURE_SELFTEST_RIG_H

#include "measure/selftest.h"

#define CLN_RIG_MODELS 8 /* of a trial, at most */
#define CLN_RIG_STEPS  3 /* minibatches of a descent, at most */

/* Everything on the device that a trial needs. */
typedef struct cln_rig {
    cln_device *device;
    const cln_trial *trial;
    cln_truth truth;
    cln_plan *plan;
    cln_resident *resident;
    cln_guarded w, v, moving, gradient, predicted, scores, order, steps;
    cln_step h_steps[CLN_RIG_MODELS];
    size_t cells;     /* floats of weights */
    float *h_w, *h_v; /* (cells): as they begin */
    cln_check *check; /* what is being checked */
} cln_rig;

/* resident NULL after CLN_OK: the device cannot run the shape. */
cln_status cln_rig_create(cln_rig *r, const cln_tested_engine *of, cln_error *error);
void cln_rig_release(cln_rig *r);
/* All rows of the trial. */
cln_status cln_rig_rows(cln_rig *r, bool ordered, cln_rows *rows, cln_error *error);
/* Scores of `count` stretches add up to what all rows have. */
cln_status cln_rig_check_scores(cln_rig *r, size_t count, cln_error *error);

/* Predictions of logits that are equal, and of NaN: exact, and with the weights of `moving`. */
cln_status cln_rig_test_edges(cln_rig *r, cln_error *error);
/* A step from a stored gradient; steps of minibatches. */
cln_status cln_rig_test_update(cln_rig *r, cln_error *error);
cln_status cln_rig_test_descent(cln_rig *r, cln_error *error);

#endif
