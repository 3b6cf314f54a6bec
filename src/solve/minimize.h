/*
 * A minimiser of smooth functions with an optional λ₁ penalty, in double on the host: it knows nothing of devices, rows or models.
 * L-BFGS (Nocedal and Wright 2006, algorithm 7.5) with an approximate Wolfe line search (Hager and Zhang 2005), which goes on by
 * slopes where function values have no more digits; orthant-wise where λ₁ > 0 (Andrew and Gao 2007), with exact zeros. An iteration
 * nearly always costs one evaluation. Made for convex functions; others end in a stationary point.
 */
#ifndef CLN_SOLVE_MINIMIZE_H
#define CLN_SOLVE_MINIMIZE_H

#include "base/error.h"

/* f(x) without the λ₁ part and its gradient g (count) at x (count). A failure ends the run. */
typedef cln_status cln_evaluate_fn(const double *x, double *f, double *g, void *user, cln_error *error);

typedef struct cln_minimum_progress {
    uint64_t iteration, evaluations; /* from 1 */
    double objective;                /* with the λ₁ part */
    double gradient_norm;            /* what `norm` says of the (sub)gradient of least norm */
} cln_minimum_progress;

/* After each iteration; nonzero stops. */
typedef int cln_minimum_progress_fn(const cln_minimum_progress *progress, void *user);

/* All that an iteration leaves to the next: a run that goes on from it has the bits of one that was never interrupted. */
typedef struct cln_minimize_state {
    uint64_t iterations, evaluations, idle;
    double objective, gradient_norm, least_objective, least_norm, scale;
    double *x, *g;   /* (count) */
    uint32_t pairs;  /* that L-BFGS remembers, */
    uint32_t newest; /* and the row of the newest, in rings of which `rows` rows were written */
    uint32_t rows;
    double *s, *y; /* (rows,count) */
    double *sy;    /* (rows) */
} cln_minimize_state;

/* After each iteration and its progress; the arrays are the run's own, to be read. */
typedef void cln_minimize_keep_fn(const cln_minimize_state *state, void *user);
/* Fills in a state that was kept, for the same task with as many iterations or more; its arrays are there, with `rows` rows of room. */
typedef cln_status cln_minimize_resume_fn(cln_minimize_state *state, void *user, cln_error *error);

typedef struct cln_minimize {
    uint64_t count;
    cln_evaluate_fn *evaluate;
    double (*norm)(const double *g, void *user); /* of a (sub)gradient (count); NULL: the largest absolute component */
    cln_minimum_progress_fn *progress;           /* may be NULL */
    cln_minimize_keep_fn *keep;                  /* may be NULL */
    cln_minimize_resume_fn *resume;              /* NULL: begins at x */
    void *user;
    const double *l1; /* (count): λ₁ of each variable, 0 where it has none; NULL: none at all */
    /* (count) each, or both NULL: the Hessian's diagonal is about c·metric + ridge, so that the variables' units do not count. The factor c is
       1 at first and then estimated from the steps; ridge is exact. A diagonal of 0 says that f does not depend on the variable. */
    const double *metric, *ridge;
    double tolerance;    /* stops where the norm is at most this; 0 is legal */
    uint64_t iterations; /* the most */
    uint32_t memory;     /* pairs that are kept; 0: the usual number */
    double noise;        /* relative error of f, which the line search must not trust beyond */
} cln_minimize;

typedef struct cln_minimum {
    /* TOLERANCE, EPOCHS (the most iterations), LINE_SEARCH (no better point beyond noise), INTERRUPTED, or DIVERGED: f or g is not
       finite at the start, or nowhere on the way that it went. */
    cln_stop stopped;
    uint64_t iterations, evaluations;
    double objective, gradient_norm; /* at the last point; NaN where the start is not finite */
} cln_minimum;

/* x (count): the start, and then the last point that was accepted, after a failure of `evaluate` as well. CLN_MEMORY, and what
   `evaluate` or `resume` return; CLN_FORMAT for a state that cannot be one. */
cln_status cln_minimize_run(const cln_minimize *task, double *x, cln_minimum *minimum, cln_error *error);
/* What it takes of memory meanwhile, at most. Reads count, memory and iterations. */
uint64_t cln_minimize_bytes(const cln_minimize *task);

#endif
