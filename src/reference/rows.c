#include "reference/rows.h"

#include <math.h>

/* The largest of z (k). A NaN is passed over, and then shows in whatever is computed from z. */
static double largest(const double *z, uint32_t k)
{
    double most = z[0];
    for (uint32_t c = 1; c < k; c++)
        most = fmax(most, z[c]);
    return most;
}

/* Is y not the first largest of z (k)? True for any row with a NaN, for nothing is larger than that. */
static bool is_not_first_largest(const double *z, int32_t y, uint32_t k)
{
    for (uint32_t c = 0; c < k; c++) {
        bool below = (int64_t)c < y ? z[c] < z[y] : z[c] <= z[y];
        if (!below)
            return true;
    }
    return false;
}

/* Comparisons, not fmin and fmax, which would clip a NaN to a label. */
static bool is_another_value(const cln_row_rule *rule, double z, int32_t y)
{
    double value = rint(z);
    value = value < rule->lowest ? rule->lowest : value > rule->highest ? rule->highest : value;
    return value != y;
}

static bool is_error(const cln_row_rule *rule, const double *z, uint32_t k, int32_t y)
{
    return rule->target == CLN_TARGET_VALUE ? is_another_value(rule, z[0], y) : is_not_first_largest(z, y, k);
}

typedef struct exponentials {
    double logarithm; /* log Σ exp(z − max) */
    double entropy;   /* −Σ p·log p, as that and Σ p·(max − z): nothing cancels */
} exponentials;

/* p ← softmax(z); p may be z. */
static exponentials exponentiate(const double *z, uint32_t k, double most, double *p)
{
    double sum = 0, moment = 0;
    for (uint32_t c = 0; c < k; c++) {
        double below = most - z[c];
        p[c] = exp(-below);
        sum += p[c];
        if (p[c] > 0) /* 0·∞ is 0 here */
            moment += p[c] * below;
    }
    for (uint32_t c = 0; c < k; c++)
        p[c] /= sum;
    return (exponentials){log(sum), log(sum) + moment / sum};
}

void cln_reference_softmax_row(const double *z, uint32_t k, double *p)
{
    exponentiate(z, k, largest(z, k), p);
}

static cln_row_result cross_entropy(cln_target target, uint32_t k, const double *z, const cln_row_answers *answers,
                                    uint64_t row, double *r)
{
    double most = largest(z, k), below = 0, total = 0;
    for (uint32_t c = 0; c < k; c++) {
        double t = cln_row_target(target, answers, row, k, c);
        total += t;
        if (t != 0) /* a class that is not the row's may have logit −∞ */
            below += t * (most - z[c]);
    }
    exponentials of = exponentiate(z, k, most, r);
    for (uint32_t c = 0; c < k; c++)
        r[c] = total * r[c] - cln_row_target(target, answers, row, k, c);
    return (cln_row_result){.loss = total * of.logarithm + below, .entropy = of.entropy};
}

static cln_row_result softmax_squared(cln_target target, uint32_t k, const double *z, const cln_row_answers *answers,
                                      uint64_t row, double *r)
{
    double squares = 0, mean = 0;
    exponentials of = exponentiate(z, k, largest(z, k), r);
    for (uint32_t c = 0; c < k; c++) {
        double u = r[c] - cln_row_target(target, answers, row, k, c);
        squares += u * u;
        mean += u * r[c];
    }
    for (uint32_t c = 0; c < k; c++)
        r[c] *= r[c] - cln_row_target(target, answers, row, k, c) - mean;
    return (cln_row_result){.loss = squares / 2, .entropy = of.entropy};
}

static cln_row_result squared(cln_target target, uint32_t k, const double *z, const cln_row_answers *answers,
                              uint64_t row, double *r)
{
    double squares = 0;
    for (uint32_t c = 0; c < k; c++) {
        r[c] = z[c] - cln_row_target(target, answers, row, k, c);
        squares += r[c] * r[c];
    }
    return (cln_row_result){.loss = squares / 2};
}

cln_row_result cln_reference_row(const cln_row_rule *rule, uint32_t k, const double *z, const cln_row_answers *answers,
                                 uint64_t row, double *r)
{
    bool error = rule->target != CLN_TARGET_REAL && is_error(rule, z, k, answers->labels[row]);
    cln_row_result result = rule->loss == CLN_CROSS_ENTROPY ? cross_entropy(rule->target, k, z, answers, row, r)
                            : rule->loss == CLN_SQUARED     ? squared(rule->target, k, z, answers, row, r)
                                                            : softmax_squared(rule->target, k, z, answers, row, r);
    result.error = error;
    if (answers->weights) {
        double weight = (double)answers->weights[row];
        result.loss *= weight;
        for (uint32_t c = 0; c < k; c++)
            r[c] *= weight;
    }
    return result;
}
