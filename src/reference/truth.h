/*
 * What a trial's rows come to in double precision, and how far a device's floats may be from it. Tolerances follow from the unit
 * roundoff u and the lengths of the sums; d features, k outputs of a model, n rows, t ≥ 1 a bound of a row's targets:
 *
 *   logit      |Δz| ≤ (d + 8)·u·(Σ|x·w| + Σ|shift·w| + |b|)
 *   softmax    |Δp| ≤ δ·p, δ = 2·max|Δz| + (k + 16)·u
 *   residual   cross-entropy k·t·δ (a label: δ);  squared Δz + 2u·(|z| + t);  squared softmax 8·t·δ;  times the row's weight
 *   loss       cross-entropy k·t·δ + (k + 16)·u·loss;  the squares: Σ|u|·Δu + (k + 16)·u·loss
 *   gradient   |ΔG| ≤ Σ_i |Δr_i|·|x_i − shift| + (n + 8)·u·|r_i|·(|x_i| + |shift|)
 */
#ifndef CLN_REFERENCE_TRUTH_H
#define CLN_REFERENCE_TRUTH_H

#include "reference/trial.h"

#define CLN_UNIT_ROUNDOFF 0x1p-24 /* of float */

/* Row after row as they lie; of the models the outputs lie side by side. */
typedef struct cln_truth {
    uint32_t k, models;
    cln_row_loss loss_of;
    double *z, *outputs, *residual;    /* (n,k) */
    double *slack, *residual_slack;    /* (n,models): |Δz| of a row, |Δr| */
    double *loss, *loss_slack;         /* (models): of all rows together */
    uint64_t *errors, *unsure;         /* (models); unsure: rows too near to tell */
    double *gradient, *gradient_slack; /* (k,d+1), the bias last, of the summed loss; not a mean */
} cln_truth;

/* Released with cln_truth_free, which a failure here needs too. A trial's order counts for nothing. */
cln_status cln_truth_create(const cln_trial *trial, cln_truth *truth, cln_error *error);
void cln_truth_free(cln_truth *truth);

/* How far a device's output (what rows without targets come to: probabilities, or with SQUARED the logits) and its residual may be from
   outputs[row,c] and residual[row,c]. */
double cln_truth_output_slack(const cln_truth *truth, size_t row, uint32_t c);
double cln_truth_residual_slack(const cln_truth *truth, size_t row, uint32_t c);

/* Whether a row's model may predict this: any output that is the largest but for the slack, or a value. `lowest`, `highest`: the trial's. */
bool cln_truth_may_predict(const cln_truth *truth, const cln_trial *trial, size_t row, uint32_t model,
                           uint32_t predicted);
/* Whether a model may have so many errors. */
bool cln_truth_may_err(const cln_truth *truth, const cln_trial *trial, uint32_t model, uint64_t errors);

#endif
