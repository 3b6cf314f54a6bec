#include "reference/bound.h"

#include <math.h>

/* One term of (1), of weight w and a = A_cj where the feature's deviation is s. With u = s·w it is
   (λ₂·u + beyond)²/(2λ₂) + (λ₁·|u| + within·u), a/s = within + beyond and |within| ≤ λ₁: two parts that are no less than 0. */
static double penalty_gap(const cln_objective_problem *problem, uint32_t j, double w, double a)
{
    double s = problem->spread ? problem->spread[j] : 1, u = s * w;
    double beyond = cln_soft_threshold(a / s, problem->l1), within = a / s - beyond;
    double residual = problem->l2 * u + beyond;
    return residual * residual / (2 * problem->l2) + (problem->l1 * fabs(u) + within * u);
}

/* (1) where A is the gradient of the loss. */
static double fixed_bias(const cln_bound_sums *s)
{
    double gap = 0;
    for (uint32_t c = 0; c < s->problem->k; c++)
        for (uint32_t j = 0; j < s->problem->d; j++)
            gap += penalty_gap(s->problem, j, s->w[c * s->ld + j], s->gw[c * s->ld + j] / s->n);
    return gap;
}

static double squared(const cln_bound_sums *s)
{
    double gap = 0;
    for (uint32_t c = 0; c < s->problem->k; c++) {
        double g = s->gb[c] / s->n;
        gap += g * g / (2 * s->total[0] / s->n);
        for (uint32_t j = 0; j < s->problem->d; j++) {
            double a = s->gw[c * s->ld + j] / s->n - g * (s->x[j] / s->total[0]);
            gap += penalty_gap(s->problem, j, s->w[c * s->ld + j], a);
        }
    }
    return gap;
}

/* The least τ with q ≥ 0, where ω̄·q = p̄ + (t̄ − p̄)/τ, p̄ and t̄ the means of ω·p and w·t: the largest (p̄ − t̄)/p̄, 1 at most. */
static double least_share(const cln_bound_sums *s)
{
    double share = 0;
    for (uint32_t c = 0; c < s->problem->k; c++) {
        double needed = s->gb[c] > 0 ? s->gb[c] / (s->gb[c] + s->total[c]) : 0 * s->gb[c];
        share = needed > share || isnan(needed) ? needed : share; /* which a NaN stays, for nothing is larger */
    }
    return share;
}

/* ω̄·q of class c; rounding may have left it below 0. */
static double mixed_in(const cln_bound_sums *s, double share, uint32_t c)
{
    double q = (s->total[c] + s->gb[c] - s->gb[c] / share) / s->n;
    return q < 0 ? 0 : q;
}

/* q for all rows. */
static double mixed(const cln_bound_sums *s)
{
    uint32_t k = s->problem->k, d = s->problem->d;
    double share = least_share(s), mean = 0, entropy = 0, gap = 0;
    if (share == 0)
        return fixed_bias(s);
    for (uint32_t c = 0; c < k; c++)
        mean += s->total[c] / s->n;
    for (uint32_t c = 0; c < k; c++) {
        double q = mixed_in(s, share, c) / mean;
        entropy -= q > 0 ? q * log(q) : 0 * q;
        gap += s->gb[c] / s->n * s->b[c];
    }
    gap += share * (s->entropy / s->n - mean * entropy);
    for (uint32_t j = 0; j < d; j++) {
        double x = 0; /* the mean of ω·x_j: a row's targets add up to ω */
        for (uint32_t c = 0; c < k; c++)
            x += s->x[c * s->ld + j] / s->n;
        for (uint32_t c = 0; c < k; c++) {
            double w = s->w[c * s->ld + j], g = s->gw[c * s->ld + j] / s->n;
            double change = share * (mixed_in(s, share, c) / mean * x - s->x[c * s->ld + j] / s->n - g);
            gap += penalty_gap(s->problem, j, w, g + change) - change * w;
        }
    }
    return gap;
}

/* v ← −M⁻¹·g_b (k), and the diagonal of M (k). M has the null vector 1, which g_b is orthogonal to: M + (ω̄/k)·11ᵀ has none. False
   where that is not positive definite to working precision. */
static bool get_tilt(const cln_bound_sums *s, double *v, double *diagonal)
{
    double l[CLN_BOUND_OUTPUTS][CLN_BOUND_OUTPUTS], mean = 0;
    uint32_t k = s->problem->k;
    for (uint32_t c = 0; c < k; c++)
        mean += s->total[c] / s->n;
    for (uint32_t r = 0; r < k; r++) {
        diagonal[r] = (s->total[r] + s->gb[r] - s->pairs[r * k + r]) / s->n;
        v[r] = -s->gb[r] / s->n;
        for (uint32_t c = 0; c <= r; c++) {
            l[r][c] = (c == r ? diagonal[r] : -s->pairs[r * k + c] / s->n) + mean / k;
            for (uint32_t i = 0; i < c; i++)
                l[r][c] -= l[r][i] * l[c][i];
            if (c < r)
                l[r][c] /= l[c][c];
        }
        if (!(l[r][r] > 0))
            return false;
        l[r][r] = sqrt(l[r][r]);
        for (uint32_t i = 0; i < r; i++)
            v[r] -= l[r][i] * v[i];
        v[r] /= l[r][r];
    }
    for (uint32_t r = k; r-- > 0;) {
        for (uint32_t i = r + 1; i < k; i++)
            v[r] -= l[i][r] * v[i];
        v[r] /= l[r][r];
    }
    return true;
}

/* Every row's p tilted by v; ∞ where that is not to be had. */
static double tilted(const cln_bound_sums *s)
{
    double v[CLN_BOUND_OUTPUTS], diagonal[CLN_BOUND_OUTPUTS], lowest = INFINITY, highest = -INFINITY, gap = 0;
    if (!s->pairs || !get_tilt(s, v, diagonal))
        return INFINITY;
    for (uint32_t c = 0; c < s->problem->k; c++) {
        lowest = fmin(lowest, v[c]);
        highest = fmax(highest, v[c]);
        gap -= s->gb[c] / s->n * v[c];
    }
    if (!(highest - lowest <= 1))
        return INFINITY;
    for (uint32_t c = 0; c < s->problem->k; c++)
        for (uint32_t j = 0; j < s->problem->d; j++) {
            double w = s->w[c * s->ld + j], a = s->gw[c * s->ld + j] / s->n;
            double e = (highest - lowest) * sqrt(fmax(diagonal[c], 0) / 4 * (s->squares[j] / s->n));
            /* a term is convex in A, and so largest at an end */
            gap += fmax(penalty_gap(s->problem, j, w, a - e), penalty_gap(s->problem, j, w, a + e));
        }
    return gap;
}

static double cross_entropy(const cln_bound_sums *s)
{
    double gap = mixed(s), other = tilted(s);
    return other < gap ? other : gap; /* a NaN stays */
}

double cln_bound_compute(const cln_bound_sums *sums)
{
    double gap = !sums->problem->bias                       ? fixed_bias(sums)
                 : sums->problem->loss == CLN_CROSS_ENTROPY ? cross_entropy(sums)
                                                            : squared(sums);
    return gap < 0 ? 0 : gap;
}
