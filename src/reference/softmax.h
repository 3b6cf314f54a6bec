/*
 * Softmax regression in double precision by plain loops, on features as they are. Formulas: Bishop, Pattern Recognition and Machine
 * Learning (2006), equations 4.104 to 4.109. Shapes as in clinear.h.
 */
#ifndef CLN_REFERENCE_SOFTMAX_H
#define CLN_REFERENCE_SOFTMAX_H

#include "reference/linear.h"

/* p (n,k) = softmax of each row of z (n,k), its maximum subtracted first; p may be z. */
void cln_reference_softmax(const double *z, uint64_t n, uint32_t k, double *p);
/* Mean of −log softmax(z)[y] (log-sum-exp form), and how often the first largest logit is not at y. A row with a NaN is an
   error. y (n). A loss of NaN where memory has run out. */
cln_score cln_reference_score(const double *z, const int32_t *y, uint64_t n, uint32_t k);
/* gw (k,d) = RᵀX/n + λ·w and gb (k) = ΣR/n for R = softmax(z) − onehot(y); gb may be NULL. Returns mean loss + (λ/2)·‖w‖². */
double cln_reference_gradient(const cln_reference *model, const double *x, const int32_t *y, uint64_t n, double l2,
                              double *gw, double *gb);
/* One step as PyTorch's SGD: v ← μv + g, w ← w − ηv. vw (k,d) and vb (k) hold v; vb may be NULL as b. Returns the objective
   before the step. */
double cln_reference_step(cln_reference *model, const double *x, const int32_t *y, uint64_t n, double learning_rate,
                          double momentum, double l2, double *vw, double *vb);

#endif
