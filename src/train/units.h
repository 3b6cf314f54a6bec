/*
 * Whether features' units keep sgd from learning. A step size η found for the largest eigenvalue (step_size.h) moves the weight of a column
 * of variance v, in T steps, over a share T·η·c·v, at most, of the way to where its gradient is 0; c is the curvature in the logits. Units
 * are at fault where that share is small for the column of median variance, and standardised columns, with the step size found for
 * them, would go ten times as far. Otherwise the steps are too few.
 */
#ifndef CLN_TRAIN_UNITS_H
#define CLN_TRAIN_UNITS_H

#include "train/step_size.h"

/* A small share: half of the weights go no farther. */
#define CLN_LITTLE_WAY 0.01

/* A training as its step size is found. */
typedef struct cln_pace_of {
    cln_row_loss loss;
    uint64_t rows, batch, steps; /* n, b, T */
} cln_pace_of;

/* Of a sample x (rows,d) with weights (rows) or NULL, seen as `view` says, and its curvature. *slow: units are in the way. */
cln_status cln_units_judge(const void *x, cln_type type, uint64_t rows, uint32_t d, const cln_curvature_view *view,
                           const float *weights, const cln_curvature *curvature, const cln_pace_of *pace, bool *slow,
                           cln_error *error);
/* What that takes of memory meanwhile, beside the sample. */
uint64_t cln_units_bytes(uint64_t rows, uint32_t d);

#endif
