/*
 * Solving with G + αI for one α after another, G (d,d) symmetric and positive semidefinite, by LAPACK in double:
 *
 *   CHOLESKY     G + αI = L·Lᵀ, for the first α: the cheapest by far where there is only one
 *   TRIDIAGONAL  G = Q·T·Qᵀ, from the second α on: about the cost of five Cholesky factors once, and next to nothing for each α
 *   SPECTRUM     G = V·Λ·Vᵀ, from the first α on for which G + αI is singular to working precision: the answer of least norm
 *
 * (Golub and Van Loan 2013, 4.2, 8.3 and 5.5.)
 */
#ifndef CLN_SOLVE_RIDGE_FACTOR_H
#define CLN_SOLVE_RIDGE_FACTOR_H

#include "base/error.h"

typedef enum cln_ridge_form {
    CLN_RIDGE_NONE,
    CLN_RIDGE_CHOLESKY,
    CLN_RIDGE_TRIDIAGONAL,
    CLN_RIDGE_SPECTRUM
} cln_ridge_form;

typedef struct cln_ridge_factor {
    uint32_t d;
    double *gram; /* (d,d), symmetric, both halves: for the caller to fill in before the first α */

    double alpha; /* the last one, of which the rest speaks */
    cln_ridge_form form;
    uint32_t rank;    /* of G + αI; d where it is positive definite to working precision */
    double condition; /* of what is solved with: an estimate by CHOLESKY, else the ratio of the eigenvalues */

    double *factor;                                  /* (d,d), column-major: L, the reflectors of Q, or V */
    double *eigenvalues;                             /* (d), ascending: of TRIDIAGONAL and SPECTRUM */
    double *diagonal, *off_diagonal, *tau;           /* (d): T, and the scales of Q's reflectors */
    double *shifted_diagonal, *shifted_off_diagonal; /* (d): the factor of T + αI */
    double *triangles; /* (d,32): of blocks of reflectors (Golub and Van Loan 2013, 5.1.7) */
} cln_ridge_factor;

/* CLN_MEMORY where two matrices (d,d) do not fit. */
cln_status cln_ridge_factor_create(uint32_t d, cln_ridge_factor **factor, cln_error *error);
/* Makes ready for another α ≥ 0. CLN_MEMORY; CLN_UNSUPPORTED where a singular matrix is too large for its eigenvectors. */
cln_status cln_ridge_factor_shift(cln_ridge_factor *factor, double alpha, cln_error *error);
/* b (k,d) ← b·(G + αI)⁻¹ in place, of the pseudo-inverse where the rank is below d. */
cln_status cln_ridge_factor_solve(const cln_ridge_factor *factor, uint32_t k, double *b, cln_error *error);
/* What it takes of memory; *shifting: what _shift takes at most, for the time it lasts. */
uint64_t cln_ridge_factor_bytes(uint32_t d, uint64_t *shifting);
void cln_ridge_factor_free(cln_ridge_factor *factor); /* accepts NULL */

#endif
