/* Sums over the rows of a trial in double, and how far a device may be from them: Gram matrices, means and deviations. In the data's
   units: unscaled. Rows first … first+count−1 of the trial's order, or as they lie where that is NULL. */
#ifndef CLN_REFERENCE_SUMS_H
#define CLN_REFERENCE_SUMS_H

#include "reference/trial.h"

/* Adds to sums (d+1+k,d+1+k) = [X 1 Y]ᵀ·[X 1 Y], Y the labels one-hot, X less the shift where there is one, and to slack of as many:
   0 for bytes, whose sums are exact; for floats 260·u·Σ|x_i·x_j| (compute/gram.h). CLN_MEMORY. */
cln_status cln_reference_gram(const cln_trial *trial, uint32_t first, uint32_t count, double *sums, double *slack,
                              cln_error *error);

/* Mean and deviation (divided by count) of a column, and how far they may be (compute/moments.h). */
typedef struct cln_moment {
    double mean, mean_slack, deviation, deviation_slack;
} cln_moment;

cln_moment cln_reference_moment(const cln_trial *trial, uint32_t first, uint32_t count, uint32_t column);

#endif
