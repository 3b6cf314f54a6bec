/*
 * Softmax regression in double precision by plain loops: what every kernel, engine and solver is held against. Formulas:
 * Bishop, Pattern Recognition and Machine Learning (2006), equations 4.104 to 4.109. Shapes as in clinear.h.
 */
#ifndef CLN_REFERENCE_SOFTMAX_H
#define CLN_REFERENCE_SOFTMAX_H

#include "clinear.h"

typedef struct cln_reference {
    uint32_t k, d;
    double *w; /* (k,d) */
    double *b; /* (k), or NULL for a model without bias */
} cln_reference;

/* z (n,k) = x (n,d) · wᵀ + b. */
void cln_reference_logits(const cln_reference *model, const double *x, uint64_t n, double *z);
/* p (n,k) = softmax of each row of z (n,k), its maximum subtracted first; p may be z. */
void cln_reference_softmax(const double *z, uint64_t n, uint32_t k, double *p);
/* Mean of −log softmax(z)[y] (log-sum-exp form), and how often the first largest logit is not at y. A row with a NaN is an
   error. y (n). */
cln_score cln_reference_score(const double *z, const int32_t *y, uint64_t n, uint32_t k);
/* gw (k,d) = RᵀX/n + λ·w and gb (k) = ΣR/n for R = softmax(z) − onehot(y); gb may be NULL. Returns mean loss + (λ/2)·‖w‖². */
double cln_reference_gradient(const cln_reference *model, const double *x, const int32_t *y, uint64_t n, double l2,
                              double *gw, double *gb);
/* One step as PyTorch's SGD: v ← μv + g, w ← w − ηv. vw (k,d) and vb (k) hold v; vb may be NULL as b. Returns the objective
   before the step. */
double cln_reference_step(cln_reference *model, const double *x, const int32_t *y, uint64_t n, double learning_rate,
                          double momentum, double l2, double *vw, double *vb);

#endif
