/*
 * The objective over all training rows and its gradient, by one pass on the device: what the solvers on the host minimise, and what a
 * result says of its weights. The variables are
 *
 *   V (k,d), then b (k) where there is a bias:   logits = V·((scale·x − shift)/deviation) + b
 *
 * with shift the features' means where they are centred, and deviation 1 where they are not standardised. λ penalises V.
 */
#ifndef CLN_TRAIN_FULL_BATCH_H
#define CLN_TRAIN_FULL_BATCH_H

#include "train/trainer.h"

typedef struct cln_full_batch {
    cln_trainer *trainer;
    uint32_t lane;
    uint32_t k, d, ld;        /* of the lane */
    uint64_t count;           /* of variables */
    double l2;                /* λ in force */
    double *inverse;          /* (d): 1/deviation; NULL for ones */
    float *h_weights, *h_sum; /* (k,ld): as on the device, weights and gradient */
    cln_score score;          /* of the last evaluation, rows weighted as in training */
} cln_full_batch;

/* Release it also after a failure. */
cln_status cln_full_batch_create(cln_full_batch *full, cln_trainer *trainer, uint32_t lane, cln_error *error);
/* What it takes of the host. Of the trainer what its plan is without memory and kernels is enough. */
uint64_t cln_full_batch_bytes(const cln_trainer *trainer);
void cln_full_batch_release(cln_full_batch *full);

/* The lane's variables from a weight buffer on the device (kp,ld). */
cln_status cln_full_batch_take(cln_full_batch *full, cl_mem w, double *x, cln_error *error);

/* What a solver found: x in double for the model, and rounded in the trainer's weights. For a trainer of one lane. */
cln_status cln_full_batch_solved(cln_full_batch *full, const double *x, cln_error *error);

/* f (without λ₁) and its gradient g (count) at x (count), which is in the trainer's weights afterwards. For a trainer of one lane. */
cln_status cln_full_batch_evaluate(cln_full_batch *full, const double *x, double *f, double *g, cln_error *error);
/* The same at x that was taken from weights whose score this is, and whose gradient is in the trainer's. */
cln_status cln_full_batch_finish(cln_full_batch *full, const cln_score *score, const double *x, double *f, double *g,
                                 cln_error *error);
/* The largest absolute component of a gradient g (count), in the coordinates of the model: weights and bias of x·scale. A NaN stays. */
double cln_full_batch_largest(const cln_full_batch *full, const double *g);
/* The gradient's norm that has no unit (reference/objective.h), of a trainer whose columns are measured. A NaN stays. */
double cln_full_batch_norm(const cln_full_batch *full, const double *g);
/* metric, ridge (count): the Hessian's diagonal is about metric + ridge, c·s² of the columns' sizes s and λ; c is the curvature in a logit
   of a softmax over k alike (1/k), or 1. */
void cln_full_batch_metric(const cln_full_batch *full, double *metric, double *ridge);

#endif
