/*
 * Linear least squares with a penalty in closed form, in double by LAPACK, from the sums over rows that compute/gram.h makes:
 *
 *   minimise (1/2n)·Σ ‖W·x_i + b − t_i‖² + (α/2n)·‖W‖²      W = (Xc'Xc + αI)⁻¹·Xc'Tc,  b = t̄ − W·x̄      (Bishop 2006, 3.28)
 *
 * with columns Xc, Tc less their means x̄, t̄ where there is a bias. Without one, b = 0 and nothing is centred, or the features alone
 * are and b = −W·x̄. Where they are standardised, ‖W‖² is that of the weights of features divided by their deviations.
 *
 * The sums serve any number of α: the first costs a Cholesky factor, the second a reduction to a tridiagonal matrix, every further one
 * next to nothing (ridge_factor.h). Each answer is refined with residuals in more than double (Higham 2002, 12.1): what is left is the
 * rounding of the centred matrix to double, ε times the condition number at most. A matrix that is singular to working precision
 * gets the answer of least norm, and a column that is constant the weight 0.
 */
#ifndef CLN_SOLVE_RIDGE_H
#define CLN_SOLVE_RIDGE_H

#include "base/error.h"

typedef struct cln_ridge cln_ridge;

/* Sums over n rows (or over their weights, n being the sum of these) of features x (d), as they are stored, and targets t (k): exact,
   or rounded to double. All is read by cln_ridge_create() alone. */
typedef struct cln_ridge_sums {
    uint32_t d, k;
    double n;
    const double *gram;  /* (d,d): Σ x·xᵀ; the lower half, row by row, is read */
    const double *sum;   /* (d): Σ x */
    const double *cross; /* (d,k): Σ x·tᵀ */
    const double *total; /* (k): Σ t */
    uint64_t gram_ld;    /* elements between rows of gram; 0: d */
    uint64_t cross_ld;   /* elements between rows of cross; 0: k */
    double scale;        /* of the features: the model is of x·scale */
    /* (d): deviations that the features, after scaling, are divided by; 0 leaves a feature out. NULL: nothing is divided. */
    const double *spread;
    bool bias;    /* b is in the model */
    bool centred; /* without bias: the features' means are taken off all the same */
} cln_ridge_sums;

/* CLN_INVALID for sums that are no finite numbers, CLN_MEMORY and CLN_UNSUPPORTED where two matrices (d,d) are too much. */
cln_status cln_ridge_create(const cln_ridge_sums *sums, cln_ridge **ridge, cln_error *error);

typedef struct cln_ridge_answer {
    uint32_t rank;    /* of the matrix that was solved with; d where it is positive definite to working precision */
    double condition; /* of that matrix; for the first α an estimate */
    double residual; /* ‖(G + αI)·Wᵀ − C‖max / ‖C‖max, in centred and standardised coordinates; 0 where C is 0 */
} cln_ridge_answer;

/* weight (k,d) and bias (k, may be NULL) of x·scale, with centring and deviations folded in; answer may be NULL. α ≥ 0 in units of
   sums. CLN_INVALID, CLN_MEMORY; CLN_UNSUPPORTED where G + αI is singular and d above 32,765. */
cln_status cln_ridge_solve(cln_ridge *ridge, double alpha, double *weight, double *bias, cln_ridge_answer *answer,
                           cln_error *error);
/* A Newton step at the last α: gradients of n times the objective, by W (k,d) and b (k), at whatever point they were computed, become
   the steps that are to be subtracted from W and b there. `bias` may be NULL in a model without centring. */
cln_status cln_ridge_correct(cln_ridge *ridge, double *weight, double *bias, cln_error *error);
/* Of the last answer, as the sums have it: gradient (k,d), of n times the objective by W; *gain, by how much 2n times the objective is less
   than at W = 0; and *error, what rounding may have done to that. */
void cln_ridge_judge(const cln_ridge *ridge, double *gradient, double *gain, double *error);
/* What it takes of memory; *solving: what solving takes at most, for the time it lasts. */
uint64_t cln_ridge_bytes(uint32_t d, uint32_t k, uint64_t *solving);
void cln_ridge_free(cln_ridge *ridge); /* accepts NULL */

#endif
