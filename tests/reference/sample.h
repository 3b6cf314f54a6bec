/* Small problems for the tests of the objective: rows, labels, targets and weights of either kind drawn from a seed. */
#ifndef CLN_TESTS_REFERENCE_SAMPLE_H
#define CLN_TESTS_REFERENCE_SAMPLE_H

#include "reference/objective.h"
#include "base/random.h"
#include "harness.h"

#include <math.h>
#include <string.h>

/* A small problem, its rows in their own type and as doubles. */
typedef struct sample {
    cln_objective_problem problem;
    uint32_t n;
    void *x;      /* (n,d) */
    double *dx;   /* (n,d) */
    double *w;    /* (k,d) */
    double *b;    /* (k) */
    double *s;    /* (d) */
    int32_t *y;   /* (n) */
    float *t, *v; /* (n,k), (n) */
    bool weighted;
} sample;

static inline double draw(cln_random *random)
{
    return cln_random_next(random) / 2147483648.0 - 1;
}

static inline void draw_rows(sample *s, cln_random *random)
{
    const cln_objective_problem *p = &s->problem;
    double total = 0;
    for (size_t i = 0; i < (size_t)s->n * p->d; i++) {
        ((float *)s->x)[i] = (float)draw(random);
        if (p->type == CLN_UINT8)
            ((uint8_t *)s->x)[i] = (uint8_t)(cln_random_next(random) >> 24);
        s->dx[i] = p->type == CLN_UINT8 ? (double)((uint8_t *)s->x)[i] : (double)((float *)s->x)[i];
    }
    for (uint32_t i = 0; i < s->n; i++) {
        s->y[i] = (int32_t)cln_random_below(random, p->target == CLN_TARGET_VALUE ? 10 : p->k);
        s->v[i] = (float)cln_random_below(random, 8);
        total += (double)s->v[i];
    }
    for (uint32_t i = 0; i < s->n; i++)
        s->v[i] = total > 0 ? (float)((double)s->v[i] * s->n / total) : 1;
}

/* Soft labels, whose rows add up to 1 but for rounding, for losses of a softmax; else any values. */
static inline void draw_targets(sample *s, cln_random *random)
{
    uint32_t k = s->problem.k;
    for (uint32_t i = 0; i < s->n; i++) {
        double total = 0, soft[80];
        for (uint32_t c = 0; c < k; c++)
            total += soft[c] = draw(random) + 1;
        for (uint32_t c = 0; c < k; c++)
            s->t[(size_t)i * k + c] = (float)(s->problem.loss == CLN_SQUARED ? 4 * draw(random) : soft[c] / total);
    }
}

/* problem: loss, target, type, k (1 for VALUE), d, penalties and bias; the rest is filled in. */
static inline sample sample_create(cln_objective_problem problem, uint32_t n, bool weighted, bool spread, uint64_t seed)
{
    sample s = {.problem = problem, .n = n, .weighted = weighted};
    cln_objective_problem *p = &s.problem;
    cln_random random;
    cln_random_seed(&random, seed, 7);
    if (p->target == CLN_TARGET_VALUE)
        p->k = 1;
    size_t cells = (size_t)n * p->d, weights = (size_t)p->k * p->d;
    p->scale = p->type == CLN_UINT8 ? 1 / 255.0 : 0.5;
    p->highest = 9;
    s.x = calloc(cells, sizeof(float));
    s.dx = calloc(cells, sizeof(double));
    s.w = calloc(weights, sizeof(double));
    s.b = calloc(p->k, sizeof(double));
    s.s = calloc(p->d, sizeof(double));
    s.y = calloc(n, sizeof(int32_t));
    s.t = calloc((size_t)n * p->k, sizeof(float));
    s.v = calloc(n, sizeof(float));
    draw_rows(&s, &random);
    draw_targets(&s, &random);
    for (size_t i = 0; i < weights; i++)
        s.w[i] = draw(&random);
    for (uint32_t c = 0; c < p->k; c++)
        s.b[c] = draw(&random);
    for (uint32_t j = 0; j < p->d; j++)
        s.s[j] = 1.25 + draw(&random);
    p->spread = spread ? s.s : NULL;
    return s;
}

static inline void sample_free(sample *s)
{
    void *arrays[] = {s->x, s->dx, s->w, s->b, s->s, s->y, s->t, s->v};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
}

static inline void add_rows(cln_objective *objective, const sample *s, uint32_t first, uint32_t count)
{
    size_t bytes = s->problem.type == CLN_UINT8 ? 1 : sizeof(float);
    cln_error error = {0};
    cln_status status =
        cln_objective_add(objective, (const char *)s->x + (size_t)first * s->problem.d * bytes, count,
                          s->problem.target == CLN_TARGET_REAL ? NULL : s->y + first,
                          s->t + (size_t)first * s->problem.k, s->weighted ? s->v + first : NULL, &error);
    ck_assert_msg(status == CLN_OK, "%s", error.message);
}

static inline cln_objective *objective_create(const sample *s)
{
    cln_objective *objective;
    cln_error error = {0};
    ck_assert_msg(cln_objective_create(&s->problem, s->w, s->b, &objective, &error) == CLN_OK, "%s", error.message);
    return objective;
}

/* At the sample's weights. gw, gb: NULL where they are not wanted. */
static inline cln_objective_value value_of(const sample *s, double *gw, double *gb)
{
    cln_objective *objective = objective_create(s);
    cln_objective_value value;
    add_rows(objective, s, 0, s->n);
    cln_objective_read(objective, &value, gw, gb);
    cln_objective_free(objective);
    return value;
}

#endif
