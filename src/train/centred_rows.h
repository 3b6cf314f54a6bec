/*
 * A trainer's training rows as least squares takes them, in double on the host: every column of features less its mean and divided by
 * a power of two near its standard deviation, so that no unit counts; targets less their means.
 *
 *   z_j = (x_j − mean_j)·inverse_j      x as it is stored, without scale; without a bias nothing is subtracted
 *
 * A column is constant where all its values are the same, or its deviation is below what double leaves of its mean; it is 0 then.
 */
#ifndef CLN_TRAIN_CENTRED_ROWS_H
#define CLN_TRAIN_CENTRED_ROWS_H

#include "train/trainer.h"

/* The most rows that are visited at once: few enough for a cache. */
#define CLN_CENTRED_BLOCK 64

typedef struct cln_centred_rows {
    cln_trainer *trainer;
    uint32_t d, k, ld;                 /* ld: doubles between rows of z, weights and gradients; zeros behind d */
    uint64_t n;                        /* rows */
    double *mean, *deviation;          /* (d): of x; without a bias 0, and the root of the mean square */
    double *inverse;                   /* (d): a power of two; 0 for a constant column */
    double *target, *target_deviation; /* (k): the same of the targets */
    double *memory;
} cln_centred_rows;

/* Targets are measured; features are for one of the two below. */
cln_status cln_centred_rows_create(cln_centred_rows *columns, cln_trainer *trainer, cln_error *error);
/* Mean and deviation of every feature from the rows, in two passes. CLN_INVALID where a value is no finite number. */
cln_status cln_centred_rows_measure(cln_centred_rows *columns, cln_error *error);
/* After mean and deviation were filled in from sums that are exact. */
void cln_centred_rows_scale(cln_centred_rows *columns);
void cln_centred_rows_release(cln_centred_rows *columns);
/* ld for d features. */
uint32_t cln_centred_stride(uint32_t d);
/* Of the host, with a pass over the rows. */
uint64_t cln_centred_rows_bytes(const cln_trainer *trainer);

/* At most CLN_CENTRED_BLOCK rows z (rows,ld) with their targets less the means t (rows,k). */
typedef cln_status cln_centred_rows_fn(void *user, const double *z, const double *t, uint64_t rows, cln_error *error);
cln_status cln_centred_rows_visit(const cln_centred_rows *columns, cln_centred_rows_fn *visit, void *user,
                                  cln_error *error);

#endif
