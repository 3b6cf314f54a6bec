/* The search for a step along a direction that ends a pass of cln_minimize_run; see minimize.h for what is minimised. */
#ifndef CLN_SOLVE_LINE_SEARCH_H
#define CLN_SOLVE_LINE_SEARCH_H

#include "solve/minimize.h"

typedef struct cln_point {
    double *x, *g;    /* (count); g: of f, without the λ₁ part */
    double objective; /* with it */
} cln_point;

/* Evaluates at point->x. A value or gradient that is not finite is no failure: point->objective is NaN then. */
cln_status cln_point_evaluate(const cln_minimize *task, cln_point *point, uint64_t *evaluations, cln_error *error);

typedef enum cln_search_end {
    CLN_SEARCH_FOUND,     /* *to is the new point */
    CLN_SEARCH_FAILED,    /* no step within reach is better beyond noise */
    CLN_SEARCH_NOT_FINITE /* nowhere along the direction is the objective finite */
} cln_search_end;

/*
 * From *from, with pseudo (count) the subgradient of least norm there, along direction (count), `step` being tried first and nearly
 * always taken. A step is taken where
 *
 *   F₁ ≤ F₀ + δ·s₀,  or  F₁ ≤ F₀ + noise·|F₀| and s₁ ≤ (2δ − 1)·s₀       (sufficient decrease; the same by slopes: Hager and Zhang, 4.1)
 *   and s₁ ≥ σ·s₀                                                         (curvature; not asked where λ₁ bends the way)
 *
 * s₀ and s₁ being the slopes of the objective at both ends along x₁ − x₀. The second form resolves a minimum to the digits of the
 * gradient where those of F, of which a minimum uses only half, are spent.
 */
cln_status cln_line_search(const cln_minimize *task, const cln_point *from, const double *pseudo,
                           const double *direction, double step, cln_point *to, uint64_t *evaluations,
                           cln_search_end *end, cln_error *error);

#endif
