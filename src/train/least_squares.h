/*
 * Linear least squares over a trainer's training rows, for one penalty α after another, to what double precision resolves.
 *
 * An approximate inverse of the normal equations' matrix turns gradients, which are taken from the rows in double, into steps, until
 * the gradient is as small as rounding leaves it (Higham 2002, 12.1 and 20.5). An answer counts only then; otherwise the next way is
 * taken.
 *
 *   SUMS  the device's Gram matrix: exact for bytes; of many floats, where the columns are far from dependent
 *   ROWS  a QR factorisation of the rows on the host: at once where there are few, and where SUMS has failed
 */
#ifndef CLN_TRAIN_LEAST_SQUARES_H
#define CLN_TRAIN_LEAST_SQUARES_H

#include "train/trainer.h"

typedef struct cln_least_squares cln_least_squares;

/* *built grows by the seconds that building kernels took. */
cln_status cln_least_squares_create(cln_trainer *trainer, double *built, cln_least_squares **squares, cln_error *error);
void cln_least_squares_free(cln_least_squares *squares); /* accepts NULL */
/* Of the host, at most; counts the Gram matrix on the trainer's device, which is dry (device/buffer.h). */
uint64_t cln_least_squares_bytes(const cln_trainer *trainer);

/* Of the last answer, before it is rounded to anything. */
typedef struct cln_least_squares_answer {
    double objective; /* with the penalty */
    /* The largest |∂objective/∂w_j|, divided by the standard deviations of target and column, to the latter of which the penalty adds. It is
       a correlation, which no unit changes, and at W = 0 at most 1. */
    double gradient;
    double condition; /* of the columns and the penalty's, divided by their norms; an estimate */
    uint32_t rank;    /* features less those that depend on others */
    /* The normal equations hold as well as double can tell. */
    bool holds;
} cln_least_squares_answer;

cln_status cln_least_squares_solve(cln_least_squares *squares, double alpha, cln_least_squares_answer *answer,
                                   cln_error *error);
/* Weight (k,d) and bias (k) of x·scale − shift (d, or NULL), at any scale. */
void cln_least_squares_read(const cln_least_squares *squares, double scale, const double *shift, double *weight,
                            double *bias);

#endif
