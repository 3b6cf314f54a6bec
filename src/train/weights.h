/*
 * The weight of each training row in the loss: the data set's own times its class's, divided by their mean over the training rows,
 * so that a mean loss remains one and step size and penalty mean what they mean without. Class weights are those of option
 * class-weights. `balanced` gives W/(k·W_c) to the rows of class c, W_c the sum of their own weights (their number without weights) and W
 * that of all rows, so that each class has the same share of the loss (scikit-learn's "balanced" with sample_weight, after King and Zeng
 * 2001).
 *
 * Features are centred and standardised by the data set's own weights, not by those of classes (train/weighted.h), like scikit-learn's
 * StandardScaler, which sees no labels. A row of weight 0 counts as absent.
 */
#ifndef CLN_TRAIN_WEIGHTS_H
#define CLN_TRAIN_WEIGHTS_H

#include "train/settings.h"

/* Whether rows weigh anything but 1 each; own: as below. */
bool cln_weights_any(const cln_settings *settings, const float *own);
/* The sum of the rows' own weights, or their number without any; own and list as below. */
double cln_weights_total(const float *own, const uint32_t *list, uint64_t rows);
/* labels: (data set) in 0 … outputs−1, as option `classes` has renumbered them, or NULL where there are real-valued targets;
   own: (data set), or NULL; list: (rows), which of the data set's rows are meant, NULL for the first. *weights: (rows), to be released
   with free(); NULL where all rows weigh 1. CLN_INVALID where a class with a weight has no rows, or there are no classes, or nothing
   weighs anything. */
cln_status cln_weights_create(const cln_settings *settings, const int32_t *labels, uint32_t outputs, const float *own,
                              const uint32_t *list, uint64_t rows, float **weights, cln_error *error);

#endif
