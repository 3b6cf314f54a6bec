/* The products of the objective in double, fast on one core by loops that a compiler turns into vectors. Rows are `ld` doubles apart, d
   features and zeros behind them. What is added up over rows is added row after row, so it does not depend on how rows are cut. */
#ifndef CLN_REFERENCE_PRODUCTS_H
#define CLN_REFERENCE_PRODUCTS_H

#include "clinear.h"

/* ld is a multiple of this. */
#define CLN_PRODUCTS_STEP 8

/* to (rows,ld) ← scale·x, x (rows,d) of `type`. The zeros behind stay what they are. */
void cln_products_convert(const void *x, cln_type type, uint64_t rows, uint32_t d, double scale, uint64_t ld,
                          double *to);
/* z (rows,k) ← z + x·wᵀ, x (rows,ld), w (k,ld). */
void cln_products_logits(const double *x, uint64_t rows, uint64_t ld, const double *w, uint32_t k, double *z);
/* g (k,ld) ← g + rᵀ·x, r (rows,k), x (rows,ld). */
void cln_products_gradient(const double *x, uint64_t rows, uint64_t ld, const double *r, uint32_t k, double *g);
/* to (ld) ← to + weight·x², x (ld). */
void cln_products_squares(const double *x, uint64_t ld, double weight, double *to);
/* sums (ld) ← sums + weight·(x − centre), squares (ld) ← squares + weight·(x − centre)²; x, centre (ld). */
void cln_products_moments(const double *x, uint64_t ld, const double *centre, double weight, double *sums,
                          double *squares);

#endif
