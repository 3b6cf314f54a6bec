/*
 * What training rows that weigh more or less come to, in double on the host: they are read back block by block, as for a certificate
 * (certify.h). Device sums, which see all rows alike, serve where nothing is weighted.
 */
#ifndef CLN_TRAIN_WEIGHTED_H
#define CLN_TRAIN_WEIGHTED_H

#include "train/step_size.h"
#include "train/trainer.h"

/* Means and deviations of the columns in the data's units, as cln_moments; mean, deviation: (d). With weights w (training rows), not all
   0: Σw·x/Σw and √(Σw·(x − mean)²/Σw), so that a row of weight 0 is as one that is absent, whatever stands in it, and whole numbers are as
   many rows. NULL: the data set's own, without those of classes, for features are standardised without regard to labels. */
cln_status cln_weighted_moments(cln_trainer *trainer, const float *weights, double *mean, double *deviation,
                                cln_error *error);

/*
 * A sample of CLN_CURVATURE_ROWS of more rows, for curvature where rows weigh trainer->row_weights: x (CLN_CURVATURE_ROWS,d) of the data's
 * type, weights (CLN_CURVATURE_ROWS) with which its XᵀWX/CLN_CURVATURE_ROWS stands for that of all rows. A row is drawn in proportion
 * to q = w·‖x̃‖² and weighs 1/q of what it stands for, which leaves the smallest error in the norm of XᵀWX (Drineas, Kannan and Mahoney
 * 2006, Fast Monte Carlo Algorithms for Matrices I, section 4); those that make up much of it are there as they are. *worst: max q over
 * all rows.
 */
cln_status cln_weighted_sample(cln_trainer *trainer, const cln_curvature_view *view, void *x, float *weights,
                               double *worst, cln_error *error);

/* What either takes of the host for the time it lasts. */
uint64_t cln_weighted_bytes(const cln_trainer *trainer);

#endif
