/* The certificate of weights, by reference/objective.h from the rows that they were trained on. */
#ifndef CLN_TRAIN_CERTIFY_H
#define CLN_TRAIN_CERTIFY_H

#include "reference/objective.h"
#include "train/trainer.h"

/* Single precision sees a gradient with its own rounding. One in double of at most this many times option `tolerance` meets it. */
#define CLN_TOLERANCE_TIMES 2

/* What each of these takes of the host, at most. Of the trainer what its plan is without memory and kernels is enough. */
uint64_t cln_trainer_visit_bytes(const cln_trainer *trainer);
uint64_t cln_trainer_objective_bytes(const cln_trainer *trainer);
uint64_t cln_trainer_certify_bytes(const cln_trainer *trainer);
/* A block of a part's rows: x (rows,d) of the data's type, labels (rows) or targets (rows,k), and weights (rows) where there are any. */
typedef cln_status cln_visit_rows_fn(void *user, const void *x, uint64_t rows, const int32_t *labels,
                                     const float *targets, const float *weights, cln_error *error);
/* All rows of a part in order, block after block, read back from the device. */
cln_status cln_trainer_visit_rows(cln_trainer *trainer, int part, cln_visit_rows_fn *visit, void *user,
                                  cln_error *error);
/* An objective of all rows of a part at weight (k,d) and bias (k, or NULL) of x·scale, with penalty l2. *objective is to be freed, also
   after a failure. */
cln_status cln_trainer_objective(cln_trainer *trainer, int part, double l2, const double *weight, const double *bias,
                                 cln_objective **objective, cln_error *error);
/* Objective and gradient of the training rows at `times` the kept weights. */
cln_status cln_trainer_evaluate_kept(cln_trainer *trainer, double times, cln_objective_value *value, cln_error *error);

cln_certificate cln_certificate_of(const cln_objective_value *value);
/* What the certificate is called in a model's metadata; none where it has no rows. */
cln_status cln_certificate_note(const cln_certificate *certificate, cln_model *model, cln_error *error);
/* False for models of earlier versions, whose gradient_norm is the largest component by weights and bias of x·scale. */
bool cln_certificate_is_relative(const cln_model *model);
/* And back: rows is 0 where there is none, or none that makes sense. */
cln_certificate cln_certificate_recall(const cln_model *model);

#endif
