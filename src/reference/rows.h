/* What one row's logits amount to, in double: model/loss.h in code. */
#ifndef CLN_REFERENCE_ROWS_H
#define CLN_REFERENCE_ROWS_H

#include "model/loss.h"

typedef struct cln_row_rule {
    cln_row_loss loss;
    cln_target target;
    double lowest, highest; /* of the training's labels, for VALUE: a logit is rounded and clipped to them */
} cln_row_rule;

/* What a row is held against: labels (n) for ONEHOT and VALUE, targets (n,k) for REAL, weights (n) or NULL for ones. */
typedef struct cln_row_answers {
    const int32_t *labels;
    const float *targets, *weights;
} cln_row_answers;

typedef struct cln_row_result {
    double loss;    /* times the row's weight */
    double entropy; /* −Σ p·log p of p = softmax(z); 0 for SQUARED */
    bool error;
} cln_row_result;

/*
 * Row `row` of the answers with logits z (k). r (k), which may be z, receives the residual ∂loss/∂z, times the row's weight too.
 * A loss is −Σ t·log p where t is not one-hot, and its residual (Σt)·p − t.
 *
 * An error is: for ONEHOT, that the first largest logit is not at the label; for VALUE (k = 1), that z, rounded (ties to even) and
 * clipped to lowest … highest, is not the label; and any NaN among the logits. REAL has none.
 */
cln_row_result cln_reference_row(const cln_row_rule *rule, uint32_t k, const double *z, const cln_row_answers *answers,
                                 uint64_t row, double *r);

/* The target of output c of a row. */
static inline double cln_row_target(cln_target target, const cln_row_answers *answers, uint64_t row, uint32_t k,
                                    uint32_t c)
{
    if (target == CLN_TARGET_REAL)
        return (double)answers->targets[row * k + c];
    return target == CLN_TARGET_VALUE ? answers->labels[row] : answers->labels[row] == (int64_t)c;
}

/* p (k) = softmax(z) (k), the largest logit subtracted first; p may be z. */
void cln_reference_softmax_row(const double *z, uint32_t k, double *p);

#endif
