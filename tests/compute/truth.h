/*
 * What a sample's rows come to in double precision, and how far a device's floats may be from it. Tolerances follow from the unit
 * roundoff u and the lengths of the sums; d features, k outputs of a model, n rows, t ≥ 1 a bound of a row's targets:
 *
 *   logit      |Δz| ≤ (d + 8)·u·(Σ|x·w| + Σ|shift·w| + |b|)
 *   softmax    |Δp| ≤ δ·p, δ = 2·max|Δz| + (k + 16)·u
 *   residual   cross-entropy k·t·δ (a label: δ);  squared Δz + 2u·(|z| + t);  squared softmax 8·t·δ;  times the row's weight
 *   loss       cross-entropy k·t·δ + (k + 16)·u·loss;  the squares: Σ|u|·Δu + (k + 16)·u·loss
 *   gradient   |ΔG| ≤ Σ_i |Δr_i|·|x_i − shift| + (n + 8)·u·|r_i|·(|x_i| + |shift|)
 */
#ifndef CLN_TESTS_COMPUTE_TRUTH_H
#define CLN_TESTS_COMPUTE_TRUTH_H

#include "compute/sample.h"

/* Row after row in the sample's order; of the models the outputs lie side by side. */
typedef struct truth {
    double *z, *outputs, *residual;    /* (n,k) */
    double *slack, *residual_slack;    /* (n,models): |Δz| of a row, |Δr| */
    double *loss, *loss_slack;         /* (models) */
    uint64_t *errors, *unsure;         /* (models); unsure: rows too near to tell */
    double *gradient, *gradient_slack; /* (k,d+1), of the summed loss */
} truth;

static inline void truth_free(truth *t)
{
    void *all[] = {t->z,          t->outputs, t->residual, t->slack,    t->residual_slack, t->loss,
                   t->loss_slack, t->errors,  t->unsure,   t->gradient, t->gradient_slack};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* |Δz| of the logits from c to c+one−1. */
static inline double row_slack(const sample *s, const double *x, uint32_t c, uint32_t one)
{
    double most = 0;
    for (uint32_t k = c; k < c + one; k++) {
        double sum = fabs(s->db[k]);
        for (uint32_t j = 0; j < s->d; j++)
            sum += (fabs(x[j]) + (s->shift ? fabs((double)s->shift[j]) : 0)) * fabs(s->dw[(size_t)k * s->d + j]);
        most = sum > most ? sum : most;
    }
    return (s->d + 8) * UNIT * most;
}

/* What is predicted may as well be another. */
static inline bool is_unsure(const sample *s, const double *z, uint32_t one, double slack)
{
    double best = -INFINITY, second = -INFINITY;
    if (s->target == CLN_TARGET_VALUE)
        return fabs(fabs(z[0] - rint(z[0])) - 0.5) <= slack;
    for (uint32_t k = 0; k < one; k++) {
        second = z[k] > best ? best : fmax(second, z[k]);
        best = fmax(best, z[k]);
    }
    return best - second <= 2 * slack;
}

/* Model m of row i: what it is, and how far the device may be. */
static inline void judge_row(const sample *s, truth *t, uint32_t m, uint32_t one, size_t i)
{
    const cln_row_rule rule = {s->loss, s->target, s->lowest, s->highest};
    const cln_row_answers answers = {s->y, s->targets, s->weights};
    size_t at = i * s->k + m * one, cell = i * s->models + m;
    double *z = t->z + at, *r = t->residual + at, dz = row_slack(s, s->dx + i * s->d, m * one, one), most = 1;
    double delta = 2 * dz + (one + 16) * UNIT, weight = s->weights ? (double)s->weights[i] : 1, size = 0, pull = 0;
    cln_row_result result = cln_reference_row(&rule, one, z, &answers, i, r);
    for (uint32_t k = 0; k < one; k++) {
        double target = cln_row_target(s->target, &answers, i, one, k);
        most = fmax(most, fabs(target));
        size = fmax(size, fabs(z[k]) + fabs(target));
        pull += s->loss == CLN_SQUARED ? fabs(z[k] - target) * (dz + 2 * UNIT * size) : most * 2 * delta;
    }
    double residual = s->loss == CLN_SQUARED           ? dz + 2 * UNIT * size
                      : s->loss == CLN_SOFTMAX_SQUARED ? 8 * most * delta
                      : s->target == CLN_TARGET_REAL   ? one * most * delta
                                                       : delta;
    double loss = s->loss == CLN_CROSS_ENTROPY ? (s->target == CLN_TARGET_REAL ? one * most : 1) * delta : pull;
    if (s->loss == CLN_SQUARED)
        memcpy(t->outputs + at, z, one * sizeof *z);
    else
        cln_reference_softmax_row(z, one, t->outputs + at);
    t->slack[cell] = dz;
    t->residual_slack[cell] = weight * residual;
    t->loss[m] += result.loss;
    t->loss_slack[m] += weight * loss + (one + s->n + 24) * UNIT * result.loss;
    t->errors[m] += result.error;
    t->unsure[m] += is_unsure(s, z, one, dz);
}

static inline truth truth_of(const sample *s)
{
    size_t n = s->n, k = s->k, d = s->d, models = s->models, one = k / models;
    truth t = {calloc(n * k, 8),      calloc(n * k, 8),       calloc(n * k, 8),      calloc(n * models, 8),
               calloc(n * models, 8), calloc(models, 8),      calloc(models, 8),     calloc(models, 8),
               calloc(models, 8),     calloc(k * (d + 1), 8), calloc(k * (d + 1), 8)};
    double *seen = calloc(n * d, 8);
    for (size_t at = 0; at < n * d; at++)
        seen[at] = s->dx[at] - (s->shift ? (double)s->shift[at % d] : 0);
    cln_reference_logits(&s->reference, seen, n, t.z);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < k; c++) {
            if (c % one == 0)
                judge_row(s, &t, (uint32_t)(c / one), (uint32_t)one, i);
            double r = t.residual[i * k + c];
            for (size_t j = 0; j <= d; j++) {
                double value = j < d ? seen[i * d + j] : s->bias;
                double size = j < d ? fabs(s->dx[i * d + j]) + (s->shift ? fabs((double)s->shift[j]) : 0) : s->bias;
                size_t at = c * (d + 1) + j;
                t.gradient[at] += r * value;
                t.gradient_slack[at] +=
                    t.residual_slack[i * models + c / one] * fabs(value) + (double)(n + 8) * UNIT * fabs(r) * size;
            }
        }
    free(seen);
    return t;
}

#endif
