/*
 * Least squares with a penalty of its own on every column, from the triangle R of the rows' QR factorisation, by LAPACK in double:
 *
 *   minimise ‖Z·w − t‖² + ‖P·w‖²,  Z (n,d), P diagonal      [Z t] = Q·[R c; 0 e]
 *
 * Rows come block after block: each is rotated into the triangle that is there (Golub and Van Loan 2013, 5.2; Demmel, Grigori, Hoemmen
 * and Langou 2012), as the penalty's rows are for each P. The rank is that of the columns divided by their norms. Where a column depends
 * on others to working precision, the answer is the one for which ‖diag(norm)·w‖ is least.
 *
 * Sums of products that are not exact, Z'Z + E, may stand in for rows: their Cholesky factor is no answer, but approximates
 * (Z'Z + P²)⁻¹, by which gradients from the rows become steps towards it (Higham 2002, 12.1).
 */
#ifndef CLN_SOLVE_RIDGE_TRIANGLE_H
#define CLN_SOLVE_RIDGE_TRIANGLE_H

#include "base/error.h"

typedef struct cln_triangle cln_triangle;

/* For rows of d columns and k targets; k is 0 for sums of products. CLN_MEMORY where about three matrices (d+k,d+k) do not fit. */
cln_status cln_triangle_create(uint32_t d, uint32_t k, cln_triangle **triangle, cln_error *error);
void cln_triangle_free(cln_triangle *triangle); /* accepts NULL */
/* What it takes of memory; *shifting: what _shift takes at most, for the time it lasts. */
uint64_t cln_triangle_bytes(uint32_t d, uint32_t k, uint64_t *shifting);

/* Adds rows z (rows,ld), t (rows,k). */
cln_status cln_triangle_add(cln_triangle *triangle, const double *z, uint64_t ld, const double *t, uint64_t rows,
                            cln_error *error);
/* (d,d), symmetric: to be filled with sums of products, its upper half by columns or its lower half by rows. `noise`: by how much their
   errors may move an eigenvalue of the matrix scaled to a diagonal of ones. */
double *cln_triangle_sums(cln_triangle *triangle, double noise);

typedef struct cln_triangle_state {
    uint32_t rank;    /* of [Z; P]; d where no column depends on others */
    double condition; /* of that, its columns divided by their norms; an estimate, at rank d */
    bool usable;      /* false: sums whose errors might decide, so that there is no factor */
} cln_triangle_state;

/* Makes ready for the penalties P (d) and, where there is no single answer, the norm (d), above 0. */
cln_status cln_triangle_shift(cln_triangle *triangle, const double *penalty, const double *norm,
                              cln_triangle_state *state, cln_error *error);
/* From rows: w (k,ld), the answer at the last P. */
cln_status cln_triangle_solve(const cln_triangle *triangle, double *w, uint64_t ld, cln_error *error);
/* g (rows,ld) ← g·(Z'Z + P²)⁻¹, of the pseudo-inverse where the rank is below d. */
cln_status cln_triangle_step(const cln_triangle *triangle, double *g, uint32_t rows, uint64_t ld, cln_error *error);

#endif
