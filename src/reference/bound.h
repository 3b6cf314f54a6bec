/*
 * How far an objective (reference/objective.h) can be above its optimum, by convex duality (Boyd and Vandenberghe, Convex
 * Optimization, 2004, 3.3 and 5.2), from sums of one pass over the rows.
 *
 * The penalty Ω(W) has the conjugate Ω*(A) = Σ max(|A_cj/s_j| − λ₁, 0)²/(2λ₂). Where φ is the mean loss as a function of W alone and
 * A its gradient, φ(W') ≥ φ(W) + ⟨A, W' − W⟩, so that no W' has an objective less than φ(W) − ⟨A,W⟩ − Ω*(A). The difference is
 *
 *   Ω(W) + Ω*(A) + ⟨A,W⟩,   a sum over weights of terms that are no less than 0                                            (1)
 *
 * A bias that may move has no penalty, and needs more:
 *
 * SQUARED      The best bias for W is b − g_b/ω̄, ω̄ the mean weight of rows, and lowers the objective by ‖g_b‖²/(2ω̄). Then (1)
 *              with A = G − g_b·x̄ᵀ, x̄ the weighted mean of the rows, G and g_b the gradient of the mean loss.
 *
 * CROSS_ENTROPY  With ω_i = w_i·Σt_i, a row's loss is the maximum over p in the simplex of ω(⟨p,z⟩ + H(p)) − w⟨t,z⟩. So any p_i give
 *              the lower bound (1/n)Σ ω_i·H(p_i) − Ω*(A), A = (1/n)Σ (ω_i·p_i − w_i·t_i)·x_iᵀ, if Σ ω_i·p_i = Σ w_i·t_i: else b could
 *              lower it without end. The softmax p of the logits is the best, and nearly right; (1−τ)·p_i + τ·q with one q for all
 *              rows and the least τ for which q ≥ 0 is right, and H, which is concave, no less than (1−τ)·H(p_i) + τ·H(q).
 *
 *              That is of first order in g_b. Where g_b is small, p_i∘(1 + v − ⟨p_i,v⟩) is right as well and of second: M·v = −g_b,
 *              M = (1/n)Σ ω_i·(diag p_i − p_i·p_iᵀ), max v − min v ≤ 1. As log(1+e) ≤ e, the bound is (1) with A = G + E, and vᵀMv;
 *              E is not known, but |E_cj| ≤ (max v − min v)·√(M_cc/4)·√((1/n)Σ ω_i·x_ij²) by Cauchy and Schwarz, for p(1−p) ≤ ¼. The
 *              lesser of both counts, for CLN_BOUND_OUTPUTS outputs at most.
 *
 * Everything is computed as a sum of what vanishes at the optimum, not as a difference of two objectives.
 */
#ifndef CLN_REFERENCE_BOUND_H
#define CLN_REFERENCE_BOUND_H

#include "reference/objective.h"

#define CLN_BOUND_OUTPUTS 32

/* Sums over rows, not divided by n; z = W·x + b of features x·scale. */
typedef struct cln_bound_sums {
    const cln_objective_problem *problem;
    double n;
    uint64_t ld;             /* the distance of rows in what is (·,ld) */
    const double *w, *b;     /* (k,ld), (k) */
    const double *gw, *gb;   /* (k,ld), (k): Σ r·xᵀ, Σ r */
    const double *x, *total; /* CROSS_ENTROPY: Σ w·t·xᵀ (k,ld), Σ w·t (k). SQUARED: Σ w·xᵀ (1,ld), Σ w (1) */
    double entropy;          /* Σ ω·H(p), for CROSS_ENTROPY */
    const double *pairs, *squares; /* for CROSS_ENTROPY: Σ ω·p·pᵀ (k,k), Σ ω·x² (ld); NULL with too many outputs */
} cln_bound_sums;

/* For CROSS_ENTROPY and SQUARED, λ₂ > 0, no weight below 0. 0 or more, or NaN. */
double cln_bound_compute(const cln_bound_sums *sums);

/* The nearest to 0 of a − λ … a + λ; a NaN stays one. */
static inline double cln_soft_threshold(double a, double lambda)
{
    return a > lambda ? a - lambda : a < -lambda ? a + lambda : 0 * a;
}

#endif
