/*
 * Minibatch SGD from W = 0 in double, with all that a training can have: rows in the order that a seed gives (data/order.h), their
 * weights, features that are centred and standardised, Nesterov's momentum, a penalty. And how far a device's weights usually are from
 * where it ends.
 *
 * Where L bounds the curvature of a convex loss, a step of η ≤ 2/L brings no two points further apart (Hardt, Recht and Singer 2016,
 * Train faster, generalize better, lemma 3.7), and with momentum μ one of η ≤ (1 − μ)/L little: what a step is off by stays, and does
 * not grow. An error of a gradient moves the weights by η/(1 − μ) times itself in the long run. Norms are over all weights, those of a
 * feature times its deviation s_j, in which no unit of the data counts. Errors of steps are a walk, but for those of the float 1/n and
 * of the inverse variances, which are the same in every step:
 *
 *   σ² = Σ_steps (η/(1 − μ))²·(‖e‖² + u²·‖g‖² + ¼u²·‖v‖²) + ¼u²·‖w‖²,   a = Σ_steps η/(1 − μ)·2u·‖g‖
 *
 * e the gradient_slack of reference/usual.h over the minibatch, divided by its rows; u float's unit roundoff. Usual is σ + a.
 */
#ifndef CLN_REFERENCE_DESCENT_H
#define CLN_REFERENCE_DESCENT_H

#include "reference/usual.h"

typedef struct cln_descent {
    uint32_t batch, passes;
    uint64_t seed;
    double learning_rate, momentum, l2;
} cln_descent;

/* From W = 0 over the trial's rows, of one model, whose own w and b count for nothing; its shift is subtracted. deviation (d). w (k,d)
   and b (k): where it ends, of centred features; *usual: how far a device's usually are from there, in the norm above. */
cln_status cln_descend(const cln_trial *trial, const double *deviation, const cln_descent *descent, double *w,
                       double *b, double *usual, cln_error *error);

/* ‖Δ‖ in that norm, of weights (k,d) and (k) from w and b. */
double cln_descent_distance(const cln_trial *trial, const double *deviation, const double *w, const double *b,
                            const float *weight, const float *bias);

#endif
