/*
 * Means and standard deviations of columns, for centring and standardising. With partial sums over 256 rows by cl/moments.cl, added up
 * in double:
 *
 *   mean = c + Σ(x − c)/n      deviation² = Σ(x − c)²/n − (Σ(x − c)/n)²      (Chan, Golub and LeVeque 1983, The American Statistician
 *                                                                             37(3): the corrected two-pass algorithm)
 *
 * bytes    c is the first row, all sums are exact whole numbers, and the results are off by roundings of double alone
 * floats   c is the first row in a first pass and the mean that it gave, as a float, in a second one: the mean is off by at most about
 *          258·u·(mean |x − c|), u = 2⁻²⁴, and deviation² by 258·u of itself, whatever the size of the mean
 *
 * Floats are multiplied by a power of two first, of each column's own, which brings its largest to about 1: that is exact, so that the
 * bits are those without it, and no column is too small or too large for its squares. Where it is beyond 2⁻¹⁰⁰ or 2¹¹⁵ the first pass is
 * made twice. Of a column in which all rows are equal the deviation is exactly 0.
 */
#ifndef CLN_COMPUTE_MOMENTS_H
#define CLN_COMPUTE_MOMENTS_H

#include "compute/feed.h"

/* Of rows first … first+rows−1 (1 or more) of the order (NULL: as they lie), in the data's units, unscaled. mean, deviation: (d);
   deviation divides by the number of rows. Waits for the device. */
cln_status cln_moments(cln_device *device, cln_resident *resident, cl_mem order, uint64_t first, uint64_t rows,
                       double *mean, double *deviation, cln_error *error);
/* Counts on a dry device (device/buffer.h) what that would allocate for d features, while a block of their data set on the device has
   block_rows. Returns what it takes of the host for the time it lasts. */
uint64_t cln_moments_count(cln_device *dry, uint32_t d, uint32_t block_rows);

#endif
