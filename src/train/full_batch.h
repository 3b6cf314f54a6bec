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
    uint32_t k, d, ld;
    uint64_t count;           /* of variables */
    double l2;                /* λ in force; a caller may change it */
    double *inverse;          /* (d): 1/deviation; NULL for ones */
    float *h_weights, *h_sum; /* (k,ld): as on the device, weights and gradient */
    cln_score score;          /* of the last evaluation, rows weighted as in training */
} cln_full_batch;

/* Release it also after a failure. */
cln_status cln_full_batch_create(cln_full_batch *full, cln_trainer *trainer, cln_error *error);
void cln_full_batch_release(cln_full_batch *full);

/* Variables from a weight buffer on the device (kp,ld), and back. */
cln_status cln_full_batch_take(cln_full_batch *full, cl_mem w, double *x, cln_error *error);
cln_status cln_full_batch_give(cln_full_batch *full, const double *x, cl_mem w, cln_error *error);

/* f (without λ₁) and its gradient g (count) at x (count), which is in the trainer's weights afterwards. */
cln_status cln_full_batch_evaluate(cln_full_batch *full, const double *x, double *f, double *g, cln_error *error);
/* The same at x (count) that was taken from w. */
cln_status cln_full_batch_at(cln_full_batch *full, cl_mem w, const double *x, double *f, double *g, cln_error *error);
/* The largest absolute component of a gradient g (count), in the coordinates of the model: weights and bias of x·scale. A NaN stays. */
double cln_full_batch_norm(const cln_full_batch *full, const double *g);

#endif
