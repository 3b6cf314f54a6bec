/*
 * Linear least squares with a penalty in closed form, in double by LAPACK, from the sums over rows that compute/gram.h makes:
 *
 *   minimise (1/2n)·Σ ‖W·x_i + b − t_i‖² + (α/2n)·‖W‖²,   W = (Xc'Xc + αI)⁻¹·Xc'Tc,  b = t̄ − W·x̄      (Bishop 2006, 3.28)
 *
 * on centred columns Xc, Tc where there is a bias, on X and T as they are where not. One factorisation of nothing else than the sums
 * serves any number of α. A matrix that is not positive definite to working precision gets the answer of least norm, by its
 * eigenvectors.
 */
#ifndef CLN_TRAIN_RIDGE_H
#define CLN_TRAIN_RIDGE_H

#include "base/error.h"

typedef struct cln_ridge cln_ridge;

/* gram (d,d) = Σ x·xᵀ, sum (d) = Σ x, cross (d,k) = Σ x·tᵀ, total (k) = Σ t, over n rows; of the features times `scale`, which is
   applied here. spread (d): standard deviations that features (after scaling) are divided by, or NULL. centred: b is in the model, or
   features are centred without it. What is passed is copied. */
cln_status cln_ridge_create(uint32_t d, uint32_t k, double n, const double *gram, const double *sum,
                            const double *cross, const double *total, double scale, bool centred, const double *spread,
                            cln_ridge **ridge, cln_error *error);

typedef struct cln_ridge_answer {
    uint32_t rank;    /* of the matrix that was solved with; d where it is positive definite */
    double condition; /* an estimate of its condition number */
    double residual;  /* ‖(G + αI)Wᵀ − C‖max / ‖C‖max after refinement */
} cln_ridge_answer;

/* weight (k,d) and bias (k, or NULL) of x·scale, with centring and spread folded in. CLN_MEMORY. */
cln_status cln_ridge_solve(cln_ridge *ridge, double alpha, double *weight, double *bias, cln_ridge_answer *answer,
                           cln_error *error);
/* delta (k,d) ← (G + αI)⁻¹·delta in the same coordinates as the last solved α: a Newton step for a gradient that was computed
   elsewhere (times n), of weights of x·scale. */
cln_status cln_ridge_correct(cln_ridge *ridge, double *delta, cln_error *error);
void cln_ridge_free(cln_ridge *ridge); /* accepts NULL */

#endif
