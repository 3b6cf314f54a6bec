/*
 * Means, standard deviations and a sample of weighted training rows, in double on the host: rows are read back block by block, as for a
 * certificate (certify.h). Without weights the device's own sums serve (compute/moments.h).
 */
#ifndef CLN_TRAIN_WEIGHTED_H
#define CLN_TRAIN_WEIGHTED_H

#include "train/step_size.h"
#include "train/trainer.h"

/* Means and standard deviations of the columns in the data's units, as cln_moments; mean, deviation: (d). With weights w (training rows),
   not all 0: Σw·x/Σw and √(Σw·(x − mean)²/Σw). A row of weight 0 counts as absent, even with a NaN in it; a row of weight 3 as three.
   NULL: the data set's own weights, without those of classes, for features are standardised without regard to labels. */
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

/* What each of them takes of the host meanwhile, at most. */
uint64_t cln_weighted_bytes(const cln_trainer *trainer);

#endif
