/*
 * What L-BFGS remembers: the last steps s and changes of the gradient y, and the product of the inverse Hessian that they imply with
 * a vector (Nocedal and Wright 2006, algorithm 7.4).
 */
#ifndef CLN_SOLVE_PAIRS_H
#define CLN_SOLVE_PAIRS_H

#include "solve/minimize.h"

typedef struct cln_pairs {
    uint64_t count;               /* variables */
    uint32_t most;                /* pairs that are kept */
    uint32_t pairs, newest;       /* kept now; the row of the newest */
    double *s, *y;                /* (most,count), a ring */
    double *sy;                   /* (most): s·y, all positive */
    double *weight;               /* (most) scratch */
    const double *metric, *ridge; /* (count), or NULL: as in minimize.h */
} cln_pairs;

double cln_dot(uint64_t count, const double *a, const double *b);

cln_status cln_pairs_create(uint64_t count, uint32_t most, cln_pairs *pairs, cln_error *error);
/* What it takes of memory. */
uint64_t cln_pairs_bytes(uint64_t count, uint32_t most);
void cln_pairs_release(cln_pairs *pairs);
/* Takes in the way from one point with its gradient to another, and drops the oldest pair for it; a way along which the gradient has
   not grown beyond rounding is passed over, for its model would have no minimum. */
void cln_pairs_add(cln_pairs *pairs, const double *x0, const double *g0, const double *x1, const double *g1);
void cln_pairs_forget(cln_pairs *pairs);
/* v (count) ← the inverse Hessian times v. The model without pairs is the inverse of c·metric + ridge (or 1/c), c so that it agrees with the
   newest pair. */
void cln_pairs_apply(cln_pairs *pairs, double *v);

#endif
