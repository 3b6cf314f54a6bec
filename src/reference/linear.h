/*
 * A linear model in double precision by plain loops: what every kernel, engine and solver is held against. A training sees features
 * x̃ = scale·x − shift (centred where shift is their mean), and moves weights of features that it has divided by their spread.
 * Shapes as in clinear.h.
 */
#ifndef CLN_REFERENCE_LINEAR_H
#define CLN_REFERENCE_LINEAR_H

#include "reference/rows.h"

typedef struct cln_reference {
    uint32_t k, d;
    double *w; /* (k,d) */
    double *b; /* (k), or NULL for a model without bias */
} cln_reference;

/* How a training sees rows x (n,d). */
typedef struct cln_reference_view {
    double scale;
    const double *shift; /* (d), or NULL for zeros */
} cln_reference_view;

/* z (n,k) = x (n,d) · wᵀ + b. */
void cln_reference_logits(const cln_reference *model, const double *x, uint64_t n, double *z);
/*
 * z (n,k) = x̃·wᵀ + b, the mean loss and the errors of n rows, and the sums gw (k,d) = Σ r·x̃ᵀ and gb (k) = Σ r of their residuals,
 * divided by nothing. z becomes the residuals. gw, gb: NULL where they are not wanted. A row's weight is in its loss and its residual;
 * the mean is over n.
 */
cln_score cln_reference_sums(const cln_reference *model, const cln_row_rule *rule, const cln_reference_view *view,
                             const double *x, const cln_row_answers *answers, uint64_t n, double *z, double *gw,
                             double *gb);

/* g = spread∘G·mean + λ·w, v ← μ·v + g, w ← w − η·v, or w ← w − η·(g + μ·v) with Nesterov's momentum, as PyTorch's SGD. */
typedef struct cln_reference_sgd {
    double mean, l2, momentum, learning_rate;
    bool nesterov;
    const double *spread; /* (d), or NULL for ones */
} cln_reference_sgd;

/* One step by sums gw (k,d) and gb (k). vw (k,d) and vb (k) hold v. The bias has spread 1 and no λ; gb and vb may be NULL as b. */
void cln_reference_update(cln_reference *model, const cln_reference_sgd *sgd, const double *gw, const double *gb,
                          double *vw, double *vb);

#endif
