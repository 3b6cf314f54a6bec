/*
 * The λ₁ part of an objective f(x) + Σ λ₁ᵢ·|xᵢ| (Andrew and Gao 2007). Within one orthant it is linear, so that what
 * suits smooth functions holds there; each iteration works within the orthant into which the objective falls. l1 (count) may hold
 * zeros for variables without a penalty, whose sign is free, and may be NULL, which is the smooth case.
 */
#ifndef CLN_SOLVE_ORTHANT_H
#define CLN_SOLVE_ORTHANT_H

#include <stdint.h>

/* Σ λ₁ᵢ·|xᵢ| */
double cln_orthant_penalty(uint64_t count, const double *l1, const double *x);
/* pseudo (count) ← the subgradient of least norm where f has gradient g. It is 0 in all of x exactly at a minimum. */
void cln_orthant_gradient(uint64_t count, const double *l1, const double *x, const double *g, double *pseudo);
/* Sets to 0 where direction does not fall by its own component: there the model has left the orthant it was made for. */
void cln_orthant_align(uint64_t count, const double *l1, const double *pseudo, double *direction);
/* to ← x + step·direction, with 0 where that would change its sign, and at 0 leave it against −pseudo. */
void cln_orthant_move(uint64_t count, const double *l1, const double *x, const double *pseudo, const double *direction,
                      double step, double *to);
/* The derivative at `to` along to − x of what the objective is in that orthant; g is the gradient of f there. */
double cln_orthant_slope(uint64_t count, const double *l1, const double *x, const double *pseudo, const double *to,
                         const double *g);

#endif
