/*
 * The objective of a model over a training set and its gradient, in double precision on the host, row block after row block: the
 * certificate of a training, what `verify` recomputes and what solver direct chooses by among penalties. W and b are those of x·scale, as
 * a model has them.
 *
 *   f(W,b) = (1/n)·Σ loss_i + (λ₂/2)·Σ (s_j·W_cj)² + λ₁·Σ |s_j·W_cj|,   s the features' deviations where they are standardised, else 1
 *
 * n counts rows: where rows have weights, these are in loss_i, and of mean 1 by the caller's care.
 *
 * The gradient's norm has no unit: neither features nor targets in other units change it, nor an offset of them that a bias makes up for.
 *
 *   norm = max_cj |∂_cj|/s_j / (f₀/σ)
 *
 *   ∂_cj   ∂f/∂W_cj − m_j·∂f/∂b_c, the gradient in centred coordinates; at W_cj = 0 with λ₁ > 0 that of the subgradient of least norm.
 *          ∂f/∂b_c itself counts as well, with s = 1
 *   m_j, s_j   mean and standard deviation of column j of x·scale, rows weighted. A column that is constant has s_j = |m_j|. Where the bias
 *          may not move m_j = 0, and s_j is the column's root mean square
 *   f₀/σ   cross-entropy log k, the loss at the start, W = 0; squared loss behind softmax (1 − 1/k)/2; least squares σ/2, the loss σ²/2 of
 *          the best constant divided by σ, σ² the variance of the targets, summed over outputs. Where the bias may not move it is their mean
 *          square
 *
 * Proof that no unit counts: x_j → c·x_j with W_j → W_j/c leaves f, and ∂_j → c·∂_j, s_j → c·s_j; t → c·t makes f, f₀ → c²·, ∂, σ → c·.
 *
 * The same rows in the same order give the same bits, however they are cut into calls.
 */
#ifndef CLN_REFERENCE_OBJECTIVE_H
#define CLN_REFERENCE_OBJECTIVE_H

#include "model/loss.h"

typedef struct cln_objective_problem {
    cln_row_loss loss;
    cln_target target;
    uint32_t k, d;
    cln_type type;          /* of the rows */
    double scale;           /* of the features */
    double l1, l2;          /* λ₁, λ₂ */
    const double *spread;   /* (d): s, above 0; copied. NULL for ones */
    bool bias;              /* b may move, and its gradient counts; where not, b stays as it is */
    double lowest, highest; /* of the training's labels, for VALUE (reference/rows.h) */
} cln_objective_problem;

typedef struct cln_objective cln_objective;

/* weight (k,d), bias (k) or NULL for zeros: copied. Zero sums. VALUE with k > 1 is CLN_INVALID. */
cln_status cln_objective_create(const cln_objective_problem *problem, const double *weight, const double *bias,
                                cln_objective **objective, cln_error *error);
/* Starts again at other weights. */
void cln_objective_move(cln_objective *objective, const double *weight, const double *bias);
/* Adds rows x (rows,d) of the problem's type. labels (rows) for ONEHOT and VALUE, targets (rows,k) for REAL; weights (rows) or NULL.
   A label for ONEHOT that is not among 0 … k−1 is CLN_INVALID, and no row has been added then. */
cln_status cln_objective_add(cln_objective *objective, const void *x, uint64_t rows, const int32_t *labels,
                             const float *targets, const float *weights, cln_error *error);

typedef struct cln_objective_value {
    double loss;          /* mean over rows */
    double objective;     /* with the penalties */
    double gradient_norm; /* without unit, as above */
    double largest;       /* the largest absolute component of the gradient by W and b */
    /* objective − optimum is at most this, proven but for double's rounding (reference/bound.h); NaN where nothing proves it:
       λ₂ = 0, a loss that is not convex, a weight below 0. */
    double bound;
    uint64_t rows, errors;
} cln_objective_value;

/* Of all rows so far; NaN where there is none, or a NaN was among what was given. gw (k,d) and gb (k), either may be NULL: the
   gradient of f without the λ₁ part; gb is 0 where the bias may not move. */
void cln_objective_read(const cln_objective *objective, cln_objective_value *value, double *gw, double *gb);
/* σ² of the norm, for SQUARED. variance: of the targets about their means; squares: of these means; both summed over outputs. */
double cln_target_variance(double variance, double squares, bool bias);
/* f₀/σ of the norm; variance: σ², for SQUARED. */
double cln_gradient_unit(cln_row_loss loss, uint32_t k, double variance);
/* s_j of the norm, 0 for a column of zeros; variance: about the mean. */
double cln_column_size(double mean, double variance, bool bias);
/* What one of such a problem takes of memory. */
uint64_t cln_objective_bytes(const cln_objective_problem *problem);
void cln_objective_free(cln_objective *objective); /* accepts NULL */

#endif
