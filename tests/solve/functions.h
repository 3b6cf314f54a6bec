/* Functions for the tests of the minimiser. */
#ifndef CLN_TESTS_FUNCTIONS_H
#define CLN_TESTS_FUNCTIONS_H

#include "solve/minimize.h"

#include "base/random.h"
#include "harness.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MOST = 32, ROWS = 60, INPUTS = 6 };

/* ½·Σ aᵢ(x − m)ᵢ² in mirrored coordinates: x is multiplied by I − 2vvᵀ first, so that no axis is an eigenvector. */
typedef struct quadratic {
    uint64_t count;
    double a[MOST], m[MOST], v[MOST]; /* v of length 1, or 0 for no mirror */
    uint64_t stop_at;                 /* iteration at which progress says to stop; 0: none */
    uint64_t fail_at, calls;          /* the evaluation that fails; 0: none */
    uint64_t seen;                    /* iterations that progress was told of */
} quadratic;

static inline void mirror(const quadratic *q, double *x)
{
    double along = 0;
    for (uint64_t i = 0; i < q->count; i++)
        along += q->v[i] * x[i];
    for (uint64_t i = 0; i < q->count; i++)
        x[i] -= 2 * along * q->v[i];
}

static inline cln_status quadratic_at(const double *x, double *f, double *g, void *user, cln_error *error)
{
    quadratic *q = user;
    if (++q->calls == q->fail_at)
        return cln_fail(error, CLN_MEMORY, "evaluation %d", (int)q->calls);
    memcpy(g, x, q->count * sizeof *g);
    mirror(q, g);
    *f = 0;
    for (uint64_t i = 0; i < q->count; i++) {
        double way = g[i] - q->m[i];
        *f += 0.5 * q->a[i] * way * way;
        g[i] = q->a[i] * way;
    }
    mirror(q, g);
    return CLN_OK;
}

static inline int quadratic_progress(const cln_minimum_progress *progress, void *user)
{
    quadratic *q = user;
    ck_assert_uint_eq(progress->iteration, ++q->seen);
    ck_assert_uint_gt(progress->evaluations, progress->iteration);
    ck_assert(isfinite(progress->objective) && progress->gradient_norm >= 0);
    return progress->iteration == q->stop_at;
}

/* Curvatures from 1 to `condition`, evenly in their logarithm. */
static inline quadratic invent(uint64_t count, double condition, bool mirrored)
{
    quadratic q = {.count = count};
    cln_random random;
    cln_random_seed(&random, 7, count);
    double length = 0;
    for (uint64_t i = 0; i < count; i++) {
        q.a[i] = pow(condition, count > 1 ? (double)i / (double)(count - 1) : 1);
        q.m[i] = (double)cln_random_below(&random, 2001) / 1000 - 1;
        q.v[i] = mirrored ? 1 + cln_random_below(&random, 10) : 0;
        length += q.v[i] * q.v[i];
    }
    for (uint64_t i = 0; mirrored && i < count; i++)
        q.v[i] /= sqrt(length);
    return q;
}

static inline cln_minimize task_of(uint64_t count, cln_evaluate_fn *evaluate, void *user)
{
    return (cln_minimize){.count = count, .evaluate = evaluate, .user = user, .tolerance = 1e-9, .iterations = 2000};
}

static inline cln_minimum run(const cln_minimize *task, double *x)
{
    cln_minimum minimum;
    ck_assert_int_eq(cln_minimize_run(task, x, &minimum, NULL), CLN_OK);
    ck_assert_uint_ge(minimum.evaluations, minimum.iterations);
    return minimum;
}

/* ‖x − minimum‖ ≤ ‖g‖₂ / least curvature, which is 1, and ‖g‖₂ ≤ √count·tolerance; and the rounding of x and m through a mirror. */
static inline void check_quadratic(const quadratic *q, const double *x, double tolerance)
{
    double way[MOST], length = 0;
    memcpy(way, x, sizeof way);
    mirror(q, way);
    for (uint64_t i = 0; i < q->count; i++)
        length += (way[i] - q->m[i]) * (way[i] - q->m[i]);
    double count = (double)q->count;
    ck_assert_double_le(sqrt(length), sqrt(count) * tolerance + 8 * count * DBL_EPSILON);
}

/* Logistic regression, or least squares, with (l2/2)·‖w‖². */
typedef struct rows {
    double x[ROWS][INPUTS], y[ROWS], l2;
    bool squared, as_float;
} rows;

static inline rows invent_rows(bool squared)
{
    rows r = {.l2 = 0.05, .squared = squared};
    cln_random random;
    cln_random_seed(&random, 3, 0);
    for (int i = 0; i < ROWS; i++) {
        double common = cln_random_below(&random, 1000) / 500.0 - 1, sum = 0; /* makes inputs depend on each other */
        for (int j = 0; j < INPUTS; j++) {
            r.x[i][j] = common + cln_random_below(&random, 1000) / 500.0 - 1;
            sum += (j < 2 ? 2 : 0) * r.x[i][j];
        }
        sum += cln_random_below(&random, 1000) / 500.0 - 1;
        r.y[i] = squared ? sum : sum > 0;
    }
    return r;
}

static inline double margin(const rows *r, int i, const double *w)
{
    double z = 0;
    for (int j = 0; j < INPUTS; j++)
        z += r->x[i][j] * w[j];
    return z;
}

static inline cln_status rows_at(const double *w, double *f, double *g, void *user, cln_error *error)
{
    const rows *r = user;
    (void)error;
    *f = 0;
    memset(g, 0, INPUTS * sizeof *g);
    for (int i = 0; i < ROWS; i++) {
        double z = margin(r, i, w), residual = r->squared ? z - r->y[i] : 1 / (1 + exp(-z)) - r->y[i];
        *f += r->squared ? 0.5 * residual * residual : log1p(exp(-fabs(z))) + fmax(z, 0) - r->y[i] * z;
        for (int j = 0; j < INPUTS; j++)
            g[j] += residual * r->x[i][j] / ROWS;
    }
    *f /= ROWS;
    for (int j = 0; j < INPUTS; j++) {
        *f += 0.5 * r->l2 * w[j] * w[j];
        g[j] += r->l2 * w[j];
    }
    if (r->as_float) { /* f has float's digits, and a gradient those of sums of float: multiples of 2⁻²² */
        *f = (float)*f;
        for (int j = 0; j < INPUTS; j++)
            g[j] = ldexp(nearbyint(ldexp(g[j], 22)), -22);
    }
    return CLN_OK;
}

static inline double distance(const double *a, const double *b)
{
    double sum = 0;
    for (int j = 0; j < INPUTS; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sqrt(sum);
}

/* Σ cos: concave where it starts; its minima are π apart from its maxima. */
static inline cln_status wave_at(const double *x, double *f, double *g, void *user, cln_error *error)
{
    (void)user;
    (void)error;
    *f = 0;
    for (int i = 0; i < 3; i++) {
        *f += cos(x[i]);
        g[i] = -sin(x[i]);
    }
    return CLN_OK;
}

#endif
