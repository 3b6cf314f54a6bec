/*
 * A training whose end is known: minibatch SGD from W = 0 on the first rows of a data set, in their order, without momentum or
 * penalty. The host follows it with gradients in double and weights in float, and bounds how far a device's weights can be from there.
 *
 * Where L bounds the curvature of a convex loss, a step of η ≤ 2/L brings no two points further apart (Hardt, Recht and Singer 2016,
 * Train faster, generalize better, lemma 3.7). A row's curvature is at most c·‖x̃‖² (train/step_size.h), x̃ with a 1 for the bias, so
 * η = 1/(c·max‖x̃‖²), rounded down to a power of two, does for every minibatch. Let E be the distance of the device's weights from the
 * host's before a step, in the 2-norm over all of them, g the exact gradient at the host's and e the error of the device's. After it
 *
 *   E' ≤ E + η·‖e‖ + ρ
 *
 *   ‖e‖ ≤ ‖s‖ + u·(2√k·(d + 8) + n + 8)·max‖x̃‖²·E    s the bound of reference/truth.h over the n rows of the minibatch, divided by n.
 *                                                       That is at the host's weights: at the device's logits and residuals are up
 *                                                       to ‖x̃‖·E larger, and so are the errors that follow from their sizes
 *   ρ   ≤ u·(4·η·(‖g‖ + ‖e‖) + 2·(‖w'‖ + E'))          a float 1/n, a product with it and a sum; w' rounded here and there. η is a
 *                                                       power of two and rounds nothing
 *
 * u is float's unit roundoff.
 */
#ifndef CLN_MEASURE_FIXED_RUN_H
#define CLN_MEASURE_FIXED_RUN_H

#include "data/dataset.h"
#include "reference/truth.h"

typedef struct cln_fixed_run {
    cln_dataset *data, *again; /* the rows twice: to train on, and as a test part */
    cln_trial rows;            /* the same on the host; w and b: where it ends */
    uint32_t batch, passes;
    double learning_rate;
    double distance; /* from w and b that a device's weights may have */
} cln_fixed_run;

/* simulator: of so few rows that one of those does it within a minute. The data set stays as it was. CLN_INVALID for one without labels
   or targets, or with features beyond float's range when they are squared and added. Release it also after a failure. */
cln_status cln_fixed_run_create(const cln_dataset *train, bool simulator, cln_fixed_run *run, cln_error *error);
void cln_fixed_run_release(cln_fixed_run *run);

/* What a device says of the rows at its own weights. */
typedef struct cln_fixed_findings {
    cln_score train, test; /* with the gradient, and without */
    float *weight, *bias;  /* (k,d), (k) */
    uint32_t *predicted;   /* (n) */
    float *probability;    /* (n,k), or a linear model's outputs */
} cln_fixed_findings;

/* Largest errors in units of their tolerances: 1 is the most that can be right. A NaN among what was found is one here. */
typedef struct cln_fixed_verdict {
    double weights, loss, predictions;
} cln_fixed_verdict;

cln_status cln_fixed_run_judge(const cln_fixed_run *run, const cln_fixed_findings *findings, cln_fixed_verdict *verdict,
                               cln_error *error);

/* |error| / tolerance, where nothing is as little as can be told apart: 0 for no error at all. A NaN stays. */
double cln_in_tolerances(double error, double tolerance);
/* The larger; a NaN stays. */
double cln_worse(double a, double b);

#endif
