/*
 * Sums over rows that linear least squares is solved from: the Gram matrix of [X 1 Y], Y the labels one-hot. It has d + 1 + k rows and
 * columns and holds XᵀX, the features' sums Xᵀ1, XᵀY, the number of rows and those of each class.
 *
 * By CLBlast, in blocks of rows whose sums float32 holds, added up on the device in more: for bytes, as they are and unscaled,
 * every entry is the exact whole number (Higham 2002, Accuracy and Stability of Numerical Algorithms, 3.1, for floats):
 *
 *   bytes    x − 128 is a whole number of at most 128, so that 1,024 products add up to at most 2²⁴; 64-bit integers from there on
 *   floats   |Δ| ≤ 260·u·Σ|x_i·x_j|, u = 2⁻²⁴, however many the rows: 256 products in float, then sums with their rounding errors;
 *            x less the centre, where one is given
 */
#ifndef CLN_COMPUTE_GRAM_H
#define CLN_COMPUTE_GRAM_H

#include "compute/feed.h"

typedef struct cln_gram cln_gram;

/* For rows of d features and labels below k; k is 0 for rows without labels, and real-valued targets are left out. The sums begin at
   zero. CLN_UNSUPPORTED from about 92,000 features on. */
cln_status cln_gram_create(cln_device *device, uint32_t d, uint32_t k, cln_type type, cln_gram **gram,
                           cln_error *error);
void cln_gram_release(cln_gram *gram); /* accepts NULL */
/* Counts on a dry device (device/buffer.h) what _create would allocate. Returns what _read takes of the host for the time it lasts. */
uint64_t cln_gram_count(cln_device *dry, uint32_t d, uint32_t k, cln_type type);

/* From here on centre (d) is taken off every row of floats: near their means, sums about it lose nothing to an offset. CLN_INVALID for
   bytes. */
cln_status cln_gram_centre(cln_gram *gram, const float *centre, cln_error *error);
/* Adds any number of rows. Without targets the labels' columns stay zero. */
cln_status cln_gram_add(cln_gram *gram, const cln_rows *rows, cln_error *error);
/* Adds rows first … first+count−1 of the order (NULL: as they lie) of a data set on the device, however many, block by block. */
cln_status cln_gram_add_range(cln_gram *gram, cln_resident *resident, cl_mem order, uint64_t first, uint64_t count,
                              cln_error *error);

/* Back to sums of nothing. */
cln_status cln_gram_clear(cln_gram *gram, cln_error *error);

/* What has been added so far, symmetric: features 0 … d−1, then the column of ones, then the classes. */
cln_status cln_gram_read(cln_gram *gram, double *sums /* (d+1+k,d+1+k) */, cln_error *error);

#endif
