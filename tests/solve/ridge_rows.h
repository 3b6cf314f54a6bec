/*
 * What the tests of least squares share: rows, their sums, and the answer from the rows themselves, by Gaussian elimination with
 * pivoting in long double on the augmented system [I Z; Z' −αI]·[r; w] = [t; 0], which does not square the condition number. Z are the
 * rows less their means and divided by the deviations, term by term.
 */
#ifndef CLN_TESTS_TRAIN_RIDGE_ROWS_H
#define CLN_TESTS_TRAIN_RIDGE_ROWS_H

#include "solve/ridge.h"

#include "base/random.h"
#include "base/size.h"
#include "harness.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- rows, their sums, and what is to be solved */

typedef struct rows {
    uint32_t n, d, k;
    double *x, *t;  /* (n,d), (n,k) */
    double *sums;   /* (d+1+k,d+1+k) as compute/gram.h has them */
    double *spread; /* (d) */
} rows;

static inline void *array(uint64_t count)
{
    void *memory = calloc(count ? count : 1, sizeof(long double));
    ck_assert_ptr_nonnull(memory);
    return memory;
}

static inline double column(const rows *r, uint32_t i, uint32_t j)
{
    return j < r->d ? r->x[i * r->d + j] : j == r->d ? 1 : r->t[i * r->k + j - r->d - 1];
}

/* After a change of x or t. */
static inline void add_up(rows *r)
{
    const uint32_t m = r->d + 1 + r->k;
    for (uint32_t a = 0; a < m; a++)
        for (uint32_t b = 0; b < m; b++) {
            long double sum = 0;
            for (uint32_t i = 0; i < r->n; i++)
                sum += (long double)column(r, i, a) * column(r, i, b);
            r->sums[a * m + b] = (double)sum;
        }
}

/* Whole numbers from `low` to 255, targets from −9 to 9. */
static inline rows make_rows(uint32_t n, uint32_t d, uint32_t k, uint32_t low, uint64_t seed)
{
    rows r = {n, d, k, array(n * d), array(n * k), array((d + 1 + k) * (d + 1 + k)), array(d)};
    cln_random random;
    cln_random_seed(&random, seed, 0);
    for (uint32_t i = 0; i < n * d; i++)
        r.x[i] = low + cln_random_below(&random, 256 - low);
    for (uint32_t i = 0; i < n * k; i++)
        r.t[i] = (int)cln_random_below(&random, 19) - 9;
    for (uint32_t j = 0; j < d; j++)
        r.spread[j] = 0.25 + cln_random_below(&random, 100) / 64.0;
    add_up(&r);
    return r;
}

static inline void free_rows(rows *r)
{
    free(r->x);
    free(r->t);
    free(r->sums);
    free(r->spread);
}

typedef struct mode {
    bool bias, centred, spread;
} mode;

static const mode modes[] = {{true, true, false}, {true, false, true},   {false, true, false},
                             {false, true, true}, {false, false, false}, {false, false, true}};

#define SCALE (1.0 / 256)

static inline cln_ridge_sums sums_of(const rows *r, mode m)
{
    const uint32_t ld = r->d + 1 + r->k;
    const double *ones = r->sums + r->d * ld;
    return (cln_ridge_sums){.d = r->d,
                            .k = r->k,
                            .n = ones[r->d],
                            .gram = r->sums,
                            .sum = ones,
                            .cross = r->sums + r->d + 1,
                            .total = ones + r->d + 1,
                            .gram_ld = ld,
                            .cross_ld = ld,
                            .scale = SCALE,
                            .spread = m.spread ? r->spread : NULL,
                            .bias = m.bias,
                            .centred = m.centred};
}

static inline cln_ridge *create(const rows *r, mode m)
{
    cln_error error = {0};
    cln_ridge *ridge;
    cln_ridge_sums sums = sums_of(r, m);
    ck_assert_msg(cln_ridge_create(&sums, &ridge, &error) == CLN_OK, "%s", error.message);
    return ridge;
}

static inline cln_ridge_answer solve(cln_ridge *ridge, double alpha, double *weight, double *bias)
{
    cln_error error = {0};
    cln_ridge_answer answer;
    ck_assert_msg(cln_ridge_solve(ridge, alpha, weight, bias, &answer, &error) == CLN_OK, "%s", error.message);
    return answer;
}

/* ---- the reference */

static inline long double mean_of(const rows *r, uint32_t j)
{
    long double sum = 0;
    for (uint32_t i = 0; i < r->n; i++)
        sum += column(r, i, j);
    return sum / r->n;
}

/* a (m,m) and b (m,k), row-major: b ← a⁻¹·b. */
static inline void eliminate(uint32_t m, uint32_t k, long double *a, long double *b)
{
    for (uint32_t p = 0; p < m; p++) {
        uint32_t best = p;
        for (uint32_t i = p + 1; i < m; i++)
            if (fabsl(a[i * m + p]) > fabsl(a[best * m + p]))
                best = i;
        for (uint32_t j = 0; j < m + k; j++) {
            long double *one = j < m ? &a[p * m + j] : &b[p * k + j - m];
            long double *other = j < m ? &a[best * m + j] : &b[best * k + j - m], kept = *one;
            *one = *other;
            *other = kept;
        }
        for (uint32_t i = 0; i < m; i++) {
            long double factor = i == p ? 0 : a[i * m + p] / a[p * m + p];
            if (factor == 0)
                continue;
            for (uint32_t j = p; j < m; j++)
                a[i * m + j] -= factor * a[p * m + j];
            for (uint32_t c = 0; c < k; c++)
                b[i * k + c] -= factor * b[p * k + c];
        }
    }
    for (uint32_t i = 0; i < m; i++)
        for (uint32_t c = 0; c < k; c++)
            b[i * k + c] /= a[i * m + i];
}

/* z (n,d), mean (d) of x·scale and target (k): the model's coordinates. */
static inline void standardise(const rows *r, mode m, long double *z, long double *mean, long double *target)
{
    for (uint32_t j = 0; j < r->d; j++) {
        mean[j] = m.bias || m.centred ? mean_of(r, j) * SCALE : 0;
        for (uint32_t i = 0; i < r->n; i++)
            z[i * r->d + j] = (r->x[i * r->d + j] * SCALE - mean[j]) / (m.spread ? r->spread[j] : 1);
    }
    for (uint32_t c = 0; c < r->k; c++)
        target[c] = m.bias ? mean_of(r, r->d + 1 + c) : 0;
}

/* weight (k,d) and bias (k) by the augmented system. */
static inline void reference(const rows *r, mode m, double alpha, double *weight, double *bias)
{
    const uint32_t n = r->n, d = r->d, k = r->k, size = n + d;
    long double *z = array(n * d), *mean = array(d), *target = array(k), *a = array(size * size), *b = array(size * k);
    standardise(r, m, z, mean, target);
    for (uint32_t i = 0; i < n; i++) {
        a[i * size + i] = 1;
        for (uint32_t j = 0; j < d; j++)
            a[i * size + n + j] = a[(n + j) * size + i] = z[i * d + j];
        for (uint32_t c = 0; c < k; c++)
            b[i * k + c] = r->t[i * k + c] - target[c];
    }
    for (uint32_t j = 0; j < d; j++)
        a[(n + j) * size + n + j] = -alpha;
    eliminate(size, k, a, b);
    for (uint32_t c = 0; c < k; c++) {
        long double sum = target[c];
        for (uint32_t j = 0; j < d; j++) {
            long double w = b[(n + j) * k + c] / (m.spread ? r->spread[j] : 1);
            weight[c * d + j] = (double)w;
            sum -= w * mean[j];
        }
        bias[c] = (double)sum;
    }
    free(z);
    free(mean);
    free(target);
    free(a);
    free(b);
}

static inline double largest(const double *x, uint32_t count)
{
    double most = 0;
    for (uint32_t i = 0; i < count; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

/* Entries of G and C are rounded once: a relative perturbation of ε in each. A bias is a sum of d + 1 terms. */
static inline void check(const rows *r, mode m, double alpha, const double *weight, const double *bias,
                         double condition)
{
    const uint32_t count = r->k * r->d;
    double *expected = array(count), *expected_bias = array(r->k);
    reference(r, m, alpha, expected, expected_bias);
    double tolerance =
        4 * r->d * DBL_EPSILON * condition * (m.spread ? 8 : 1); /* 8: between the spreads of two features */
    ck_assert_double_lt(tolerance, 1e-5);
    double size = largest(expected, count);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_double_eq_tol(weight[i], expected[i], tolerance * size + 1e-300);
    for (uint32_t c = 0; c < r->k; c++)
        ck_assert_double_eq_tol(bias[c], expected_bias[c], tolerance * (r->d * size + 9) + 1e-300);
    free(expected);
    free(expected_bias);
}

#endif
