/*
 * Random problems for test_campaign.c: rows, labels or real targets, row weights, and the options of a training. A seed gives the same
 * problem everywhere. Eight seeds in a row share a form (sizes, type, model, solver, engine: what kernels are compiled for); what is in
 * the rows, and the penalties, are the seed's own.
 */
#ifndef TRAIN_CAMPAIGN_PROBLEM_H
#define TRAIN_CAMPAIGN_PROBLEM_H

#include "base/random.h"

#include <check.h>
#include <clinear.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORM_SEEDS 8
#define MAX_ALPHAS 3

/* What a table's row of the campaign counts. */
#define CATEGORY_MAP(X)                                                                                                \
    X(DIRECT_FLOATS, "direct, floats")                                                                                 \
    X(DIRECT_BYTES, "direct, bytes")                                                                                   \
    X(DIRECT_PATH, "direct, path of alphas")                                                                           \
    X(LBFGS_LINEAR, "lbfgs, linear")                                                                                   \
    X(LBFGS_SOFTMAX, "lbfgs, softmax")                                                                                 \
    X(LBFGS_SQUARED, "lbfgs, softmax squared")                                                                         \
    X(LBFGS_SPARSE, "lbfgs, l1")                                                                                       \
    X(SGD, "sgd")                                                                                                      \
    X(UNITS, "units by powers of two")

typedef enum category {
#define X(name, word) name,
    CATEGORY_MAP(X)
#undef X
        CATEGORIES
} category;

/* What is hard about the columns. */
static const char *const kinds[] = {"plain",  "plain",    "duplicate", "nearly",  "wide", "outlier",
                                    "powers", "constant", "sparse",    "outlier", "wide", "nearly"};
#define KINDS (sizeof kinds / sizeof *kinds)

typedef struct problem_form {
    category category;
    uint32_t d, k;
    cln_type type;
    bool softmax, squared, real,
        value; /* model softmax; its loss squared; targets real, or the label's value; else one-hot */
    bool bias, center, standardize, clblast, direct;
} problem_form;

typedef struct campaign_problem {
    uint64_t seed;
    problem_form form;
    const char *kind;
    bool ordinary;     /* scales within 1e±3, means within 100 deviations, no kind that is hard */
    uint32_t n, valid; /* rows, of which the last `valid` are not trained on */
    double scale;      /* option scale */
    double l1, l2;     /* the latter 0 where alpha is given */
    double alpha[MAX_ALPHAS];
    uint32_t alphas;
    double tolerance;
    bool balanced;   /* class-weights */
    char words[500]; /* the options, NAME=VALUE */
    void *x;         /* (n,d) of the form's type */
    int32_t *labels; /* (n), or NULL */
    float *targets;  /* (n,k), or NULL */
    float *weights;  /* (n), or NULL */
} campaign_problem;

static inline double uniform(cln_random *random, double least, double most)
{
    return least + (most - least) * (cln_random_next(random) + 0.5) / 4294967296.0;
}

static inline double normal(cln_random *random)
{
    double radius = sqrt(-2 * log(uniform(random, 0, 1)));
    return radius * cos(6.283185307179586 * uniform(random, 0, 1));
}

static inline bool chance(cln_random *random, double share)
{
    return uniform(random, 0, 1) < share;
}

static inline uint32_t one_of(cln_random *random, const uint32_t *values, uint32_t count)
{
    return values[cln_random_below(random, count)];
}

static inline void *room(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    ck_assert_ptr_nonnull(memory);
    return memory;
}

static inline problem_form form_of(uint64_t seed)
{
    static const uint32_t features[] = {1, 2, 4, 6, 9, 12}, classes[] = {2, 3, 3, 4, 5, 12}, targets[] = {1, 1, 2, 3};
    cln_random random;
    cln_random_seed(&random, seed / FORM_SEEDS, 1);
    problem_form f = {.category = (category)(seed / FORM_SEEDS % CATEGORIES)};
    bool linear = f.category <= LBFGS_LINEAR || (f.category >= LBFGS_SPARSE && chance(&random, 0.5));
    uint32_t kind = cln_random_below(&random, 5); /* of a linear model's targets */
    f.softmax = !linear;
    f.squared = f.category == LBFGS_SQUARED;
    f.real = linear && kind < 3;
    f.value = linear && kind == 3;
    f.d = chance(&random, 0.05) ? 40 : one_of(&random, features, 6);
    f.k = f.real ? one_of(&random, targets, 4) : one_of(&random, classes, 6);
    f.type = f.category == DIRECT_BYTES || (f.category > DIRECT_FLOATS && f.category < UNITS && chance(&random, 0.25))
                 ? CLN_UINT8
                 : CLN_FLOAT32;
    f.standardize = f.category == UNITS || chance(&random, 0.4);
    f.bias = f.standardize || chance(&random, 0.75);
    f.center = f.bias && !f.standardize && chance(&random, 0.3);
    f.clblast = chance(&random, 0.4);
    f.direct = f.category <= DIRECT_PATH || (f.category == UNITS && linear && chance(&random, 0.5));
    return f;
}

/* Rows as deviates of about 1, before units and means. */
static inline void fill(campaign_problem *p, cln_random *random, double *z)
{
    uint32_t n = p->n, d = p->form.d;
    double angle = chance(random, 0.5) ? uniform(random, 0, 0.9) : 0, nearness = pow(10, -uniform(random, 1, 7));
    uint32_t copied = cln_random_below(random, d), odd = cln_random_below(random, n * d);
    for (uint32_t i = 0; i < n; i++) {
        double common = normal(random), *row = z + (size_t)i * d;
        for (uint32_t j = 0; j < d; j++)
            row[j] = angle * common + sqrt(1 - angle * angle) * normal(random);
        for (uint32_t j = 0; strcmp(p->kind, "powers") == 0 && j < d && j < 3; j++)
            row[j] = pow(4.0 * i / n, j + 1);
        for (uint32_t j = 0; strcmp(p->kind, "sparse") == 0 && j < d; j++)
            row[j] = row[j] > 1 ? floor(row[j] * 4) : 0;
        if (strcmp(p->kind, "duplicate") == 0)
            for (uint32_t j = 0; j < d; j++) /* whole numbers, so that sums of columns are exact */
                row[j] = j && j == d - 1 ? row[0] + (d > 2 ? row[1] : 0) : floor(row[j] * 16);
        if (strcmp(p->kind, "nearly") == 0 && d > 1)
            row[(copied + 1) % d] = row[copied] + nearness * normal(random);
        if (strcmp(p->kind, "constant") == 0)
            row[copied] = 1;
        for (uint32_t j = 0; strcmp(p->kind, "outlier") == 0 && j < d; j++)
            row[j] = i * d + j == odd ? -99999 : row[j];
    }
}

/* Units (scale) and means (offset, in deviations) of the columns. Duplicates keep exact ones. */
static inline void place(campaign_problem *p, cln_random *random, double *z)
{
    double width = p->ordinary ? 3 : chance(random, 0.5) ? 30 : 8, common = uniform(random, -width, width);
    double most = p->ordinary ? 2 : 6;
    bool mixed = chance(random, 0.5), exact = strcmp(p->kind, "duplicate") == 0;
    for (uint32_t j = 0; j < p->form.d; j++) {
        double scale = pow(10, mixed ? uniform(random, -width, width) : common);
        double offset = chance(random, 0.5) ? 0 : pow(10, uniform(random, 0, most)) * (chance(random, 0.5) ? 1 : -1);
        if (strcmp(p->kind, "outlier") == 0 && fabs(log10(scale)) > 25)
            scale = 1;
        if (exact) {
            scale = exp2(round(log2(scale)));
            offset = j < 2 && p->form.d > 2 ? 0 : offset > 0 ? 512 : 0;
        }
        for (uint32_t i = 0; i < p->n; i++)
            z[(size_t)i * p->form.d + j] = scale * (z[(size_t)i * p->form.d + j] + offset);
    }
}

/* The model that is behind targets and labels: (n,k) of deviation about 1 before noise, where columns are about 1. */
static inline double *signals(const campaign_problem *p, cln_random *random, const double *z)
{
    uint32_t k = p->form.k, d = p->form.d;
    double *w = room((size_t)k * d, sizeof *w), *signal = room((size_t)p->n * k, sizeof *signal);
    for (uint32_t i = 0; i < k * d; i++)
        w[i] = normal(random) / sqrt(d);
    for (uint32_t i = 0; i < p->n; i++)
        for (uint32_t c = 0; c < k; c++)
            for (uint32_t j = 0; j < d; j++)
                signal[i * k + c] += w[c * d + j] * fmax(-9, fmin(9, z[(size_t)i * d + j]));
    free(w);
    return signal;
}

static inline void answer(campaign_problem *p, cln_random *random, const double *z)
{
    uint32_t k = p->form.k;
    double *signal = signals(p, random, z), noise = pow(10, uniform(random, -4, 0.5));
    double unit = pow(10, p->ordinary ? uniform(random, -3, 3) : uniform(random, -15, 15));
    double offset = !p->form.bias || chance(random, 0.5) ? 0 : pow(10, uniform(random, 0, p->ordinary ? 2 : 6));
    bool flat = !p->ordinary && p->seed % 16 == 5; /* one output that does not vary */
    uint32_t missing = k > 2 && chance(random, 0.2) ? cln_random_below(random, k - 1) : k;
    if (p->form.real)
        p->targets = room((size_t)p->n * k, sizeof *p->targets);
    else
        p->labels = room(p->n, sizeof *p->labels);
    for (uint32_t i = 0; i < p->n; i++) {
        uint32_t best = 0;
        for (uint32_t c = 0; c < k; c++) {
            double *value = &signal[i * k + c];
            *value += p->form.real ? noise * normal(random) : 0;
            if (p->form.real)
                p->targets[i * k + c] = (float)(unit * ((flat && c == 0 ? 1 : *value) + offset));
            else if (2 * *value + normal(random) > 2 * signal[i * k + best])
                best = c;
        }
        if (p->form.real)
            continue;
        if (chance(random, 0.2))
            best = cln_random_below(random, k);
        p->labels[i] = (int32_t)(i == 0 ? k - 1 : best == missing ? (best + 1) % k : best);
    }
    free(signal);
}

static inline void keep_rows(campaign_problem *p, const double *z)
{
    size_t cells = (size_t)p->n * p->form.d;
    p->x = room(cells, p->form.type == CLN_UINT8 ? 1 : sizeof(float));
    for (size_t i = 0; i < cells; i++)
        if (p->form.type == CLN_UINT8)
            ((uint8_t *)p->x)[i] = (uint8_t)fmax(0, fmin(255, round(128 + 40 * z[i])));
        else
            ((float *)p->x)[i] = (float)z[i];
}

/* The middle one of the columns' root mean squares, times the scale: the unit of a penalty that does something. */
static inline double usual_size(const campaign_problem *p, const double *z)
{
    double sizes[64];
    uint32_t d = p->form.d;
    for (uint32_t j = 0; j < d; j++) {
        double squares = 0, mean = 0;
        for (uint32_t i = 0; i < p->n; i++)
            mean += z[(size_t)i * d + j] / p->n;
        for (uint32_t i = 0; i < p->n; i++)
            squares += pow(z[(size_t)i * d + j] - (p->form.bias ? mean : 0), 2) / p->n;
        double size = sqrt(squares);
        uint32_t at = j;
        for (; at > 0 && sizes[at - 1] > size; at--)
            sizes[at] = sizes[at - 1];
        sizes[at] = size;
    }
    return p->form.type == CLN_UINT8 ? 40 * p->scale : sizes[d / 2] * p->scale;
}

static inline void penalise(campaign_problem *p, cln_random *random, double size)
{
    const problem_form *f = &p->form;
    double unit = f->standardize ? 1 : size, strength = pow(10, uniform(random, -7, 0.5));
    double l2 = fmin(1e30, fmax(1e-60, strength * unit * unit));
    bool free_of = f->softmax ? p->n >= 20 * f->d * f->k && chance(random, 0.3) : chance(random, 0.4);
    if (f->category == DIRECT_PATH) {
        p->alphas = MAX_ALPHAS;
        for (uint32_t i = 0; i < MAX_ALPHAS; i++)
            p->alpha[i] = fmin(1e30, l2 * (p->n - p->valid) * pow(100, i));
        return;
    }
    if (f->category == LBFGS_SPARSE)
        p->l1 = fmin(1e30, pow(10, uniform(random, -4, -0.5)) * unit);
    if (free_of && !(f->softmax && p->l1 > 0))
        return;
    if (!p->weights && !p->balanced && chance(random, 0.3)) {
        p->alphas = 1;
        p->alpha[0] = fmin(1e30, l2 * p->n);
    } else
        p->l2 = l2;
}

static inline void weigh(campaign_problem *p, cln_random *random)
{
    bool may = p->form.category > DIRECT_PATH && p->form.category < UNITS && p->n >= 20;
    p->balanced = may && !p->form.real && !p->form.value && chance(random, 0.15);
    if (!may || !chance(random, 0.35))
        return;
    double width = chance(random, 0.3) ? 4 : 1;
    bool absent = chance(random, 0.5);
    p->weights = room(p->n, sizeof *p->weights);
    for (uint32_t i = 0; i < p->n; i++)
        p->weights[i] = i && absent && chance(random, 0.3) ? 0 : (float)pow(10, uniform(random, -width, width) / 2);
}

static inline void put_word(campaign_problem *p, const char *name, const char *format, double value)
{
    size_t length = strlen(p->words);
    length += (size_t)snprintf(p->words + length, sizeof p->words - length, "%s%s=", length ? " " : "", name);
    snprintf(p->words + length, sizeof p->words - length, format, value);
}

static inline void put_words(campaign_problem *p)
{
    const problem_form *f = &p->form;
    char list[200] = "";
    const char *solver = f->direct ? "direct" : f->category == SGD ? "sgd" : "lbfgs";
    snprintf(p->words, sizeof p->words, "engine=%s solver=%s model=%s%s%s%s%s%s%s", f->clblast ? "clblast" : "fused",
             solver, f->softmax ? "softmax" : "linear", f->squared ? " loss=squared" : "",
             f->value ? " target=value" : "", f->bias ? "" : " no-bias=true", f->center ? " center=true" : "",
             f->standardize ? " standardize=true" : "", p->balanced ? " class-weights=balanced" : "");
    put_word(p, "scale", "%.17g", p->scale);
    for (uint32_t i = 0; i < p->alphas; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%.17g", i ? "," : "", p->alpha[i]);
    if (p->alphas)
        snprintf(p->words + strlen(p->words), sizeof p->words - strlen(p->words), " alpha=%s", list);
    if (p->l2 > 0)
        put_word(p, "l2", "%.17g", p->l2);
    if (p->l1 > 0)
        put_word(p, "l1", "%.17g", p->l1);
    if (p->valid)
        put_word(p, "valid", "%.0f", p->valid);
    if (strcmp(solver, "lbfgs") == 0)
        put_word(p, "tolerance", "%g", p->tolerance);
    if (strcmp(solver, "sgd") == 0) {
        put_word(p, "epochs", "%.0f", 3);
        if (p->seed % 4 == 1)
            put_word(p, "momentum", "%g", 0.9);
        if (p->seed % 3 == 1)
            put_word(p, "batch-size", "%.0f", 7);
    }
}

static inline campaign_problem problem_of_seed(uint64_t seed)
{
    campaign_problem p = {.seed = seed, .form = form_of(seed)};
    cln_random random;
    cln_random_seed(&random, seed, 2);
    const char *kind = kinds[cln_random_below(&random, KINDS)];
    bool units = p.form.category == UNITS;
    p.ordinary = units || chance(&random, 0.4);
    p.kind = p.ordinary ? "plain" : kind;
    uint32_t least = p.form.d > 20 ? 150 : 40, wide = p.form.d / 2 + 1;
    p.n = strcmp(p.kind, "wide") == 0 ? (wide < 3 ? 3 : wide)
                                      : least + cln_random_below(&random, chance(&random, 0.1) ? 1500 : 160);
    if (p.form.category == DIRECT_PATH) {
        p.valid = p.n / 4 ? p.n / 4 : 1;
        p.n += p.valid;
    }
    p.scale = p.form.type == CLN_UINT8 ? 1.0 / 255 : 1;
    if (!units && chance(&random, 0.2))
        p.scale = pow(10, uniform(&random, -3, 3));
    p.tolerance = units || chance(&random, 0.6) ? 1e-4 : 1e-5;
    double *z = room((size_t)p.n * p.form.d, sizeof *z);
    fill(&p, &random, z);
    answer(&p, &random, z);
    if (p.form.type == CLN_FLOAT32)
        place(&p, &random, z);
    keep_rows(&p, z);
    weigh(&p, &random);
    penalise(&p, &random, usual_size(&p, z));
    put_words(&p);
    free(z);
    return p;
}

static inline void problem_free(campaign_problem *p)
{
    free(p->x);
    free(p->labels);
    free(p->targets);
    free(p->weights);
}

#endif
