#include "reference/objective.h"

#include "base/size.h"
#include "reference/bound.h"
#include "reference/products.h"
#include "reference/rows.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 64 /* rows that are doubles at a time: few enough for a cache */
#define LINE  8  /* doubles in a line of it */

/* A sum that keeps what its additions round off (Neumaier 1974): a line search compares objectives down to their last digits. */
typedef struct careful_sum {
    double sum, rest;
} careful_sum;

struct cln_objective {
    cln_objective_problem problem;
    cln_row_rule rule;
    uint64_t ld, rows, errors;
    uint32_t masses; /* k or 1: rows of `moments`; 0 where nothing is to be proven */
    bool tilted;     /* `pairs` and `squares` are there */
    bool convex;     /* no row has weighed less than 0 */
    careful_sum loss;
    double entropy;                           /* Σ ω·H(p) */
    double *w, *b, *gw, *gb, *moments, *mass; /* reference/bound.h: moments is x there, mass total */
    double *pairs, *squares;                  /* reference/bound.h */
    double *spread;                           /* (d) */
    double weight;                            /* Σ of the rows' */
    /* (ld): the first row that counts; Σ weight·(x − centre), Σ weight·(x − centre)² */
    double *centre, *sums, *deviations;
    /* (k), (k): the same of targets, all outputs' squares in one; for SQUARED */
    double *t_centre, *t_sums, t_deviations;
    double *x, *z;  /* (BLOCK,ld), (BLOCK,k) */
    double *memory; /* of all these */
};

static void add_carefully(careful_sum *to, double term)
{
    double sum = to->sum + term;
    to->rest += fabs(to->sum) >= fabs(term) ? (to->sum - sum) + term : (term - sum) + to->sum;
    to->sum = sum;
}

typedef struct array {
    double **to;
    uint64_t rows, columns;
} array;

#define ARRAYS 16

/* Returns the doubles that all take, or UINT64_MAX where nothing can hold them. */
static uint64_t list_arrays(cln_objective *o, array list[ARRAYS])
{
    uint64_t k = o->problem.k, total = LINE, targets = o->problem.loss == CLN_SQUARED ? k : 0, cells;
    const array arrays[ARRAYS] = {{&o->w, k, o->ld},
                                  {&o->gw, k, o->ld},
                                  {&o->moments, o->masses, o->ld},
                                  {&o->x, BLOCK, o->ld},
                                  {&o->spread, 1, o->ld},
                                  {&o->z, BLOCK, k},
                                  {&o->b, 1, k},
                                  {&o->gb, 1, k},
                                  {&o->mass, 1, o->masses},
                                  {&o->pairs, o->tilted ? k : 0, k},
                                  {&o->squares, o->tilted, o->ld},
                                  {&o->centre, 1, o->ld},
                                  {&o->sums, 1, o->ld},
                                  {&o->deviations, 1, o->ld},
                                  {&o->t_centre, 1, targets},
                                  {&o->t_sums, 1, targets}};
    bool fits = true;
    memcpy(list, arrays, sizeof arrays);
    for (size_t i = 0; i < ARRAYS; i++)
        fits = fits && cln_multiply(arrays[i].rows, arrays[i].columns, &cells) && cln_add(total, cells + LINE, &total);
    return fits ? total : UINT64_MAX;
}

/* One piece of memory for all arrays, each at the start of a cache line: vectors that lie across two are slower. */
static cln_status allocate_all(cln_objective *o, cln_error *error)
{
    array arrays[ARRAYS];
    uint64_t total = list_arrays(o, arrays);
    cln_status status = cln_allocate((void **)&o->memory, total, sizeof(double), "an objective", error);
    if (status != CLN_OK)
        return status;
    uint64_t at = (LINE - (uintptr_t)o->memory / sizeof(double) % LINE) % LINE;
    for (size_t i = 0; i < ARRAYS; i++) {
        *arrays[i].to = o->memory + at;
        at += cln_ceil_divide(arrays[i].rows * arrays[i].columns, LINE) * LINE;
    }
    return CLN_OK;
}

static cln_objective begin(const cln_objective_problem *problem)
{
    cln_objective o = {.problem = *problem,
                       .rule = {problem->loss, problem->target, problem->lowest, problem->highest},
                       .ld = cln_ceil_divide(problem->d, CLN_PRODUCTS_STEP) * CLN_PRODUCTS_STEP};
    if (problem->l2 > 0 && problem->loss != CLN_SOFTMAX_SQUARED)
        o.masses = problem->loss == CLN_CROSS_ENTROPY ? problem->k : 1;
    o.tilted = o.masses && problem->loss == CLN_CROSS_ENTROPY && problem->bias && problem->k <= CLN_BOUND_OUTPUTS;
    return o;
}

uint64_t cln_objective_bytes(const cln_objective_problem *problem)
{
    cln_objective o = begin(problem);
    array arrays[ARRAYS];
    return list_arrays(&o, arrays) * sizeof(double);
}

cln_status cln_objective_create(const cln_objective_problem *problem, const double *weight, const double *bias,
                                cln_objective **objective, cln_error *error)
{
    cln_status status;
    cln_objective *o = NULL;
    *objective = NULL;
    if (problem->target == CLN_TARGET_VALUE && problem->k != 1)
        return cln_fail(error, CLN_INVALID, "an objective: a label as a value needs one output, and here are %u",
                        problem->k);
    TRY(cln_allocate((void **)&o, 1, sizeof *o, "an objective", error));
    *o = begin(problem);
    TRY(allocate_all(o, error));
    for (uint32_t j = 0; j < problem->d; j++)
        o->spread[j] = problem->spread ? problem->spread[j] : 1;
    o->problem.spread = o->spread;
    cln_objective_move(o, weight, bias);
    *objective = o;
    o = NULL;
out:
    cln_objective_free(o);
    return status;
}

void cln_objective_free(cln_objective *objective)
{
    if (objective)
        free(objective->memory);
    free(objective);
}

void cln_objective_move(cln_objective *objective, const double *weight, const double *bias)
{
    cln_objective *o = objective;
    uint32_t k = o->problem.k, d = o->problem.d;
    for (uint32_t c = 0; c < k; c++) {
        memcpy(o->w + c * o->ld, weight + (uint64_t)c * d, d * sizeof *weight);
        o->b[c] = bias ? bias[c] : 0;
    }
    memset(o->gw, 0, k * o->ld * sizeof *o->gw);
    memset(o->gb, 0, k * sizeof *o->gb);
    memset(o->moments, 0, o->masses * o->ld * sizeof *o->moments);
    memset(o->mass, 0, o->masses * sizeof *o->mass);
    memset(o->pairs, 0, o->tilted * k * k * sizeof *o->pairs);
    memset(o->squares, 0, o->tilted * o->ld * sizeof *o->squares);
    memset(o->sums, 0, o->ld * sizeof *o->sums);
    memset(o->deviations, 0, o->ld * sizeof *o->deviations);
    memset(o->t_sums, 0, (o->problem.loss == CLN_SQUARED ? k : 0) * sizeof *o->t_sums);
    o->loss = (careful_sum){0, 0};
    o->weight = o->t_deviations = o->entropy = 0;
    o->rows = o->errors = 0;
    o->convex = true;
}

/* What the bound needs beside the residual r (k) of a row x (ld). */
static void add_masses(cln_objective *o, const cln_row_answers *answers, uint64_t row, const double *x, const double *r,
                       double entropy)
{
    double weight = answers->weights ? (double)answers->weights[row] : 1, all = 0, p[CLN_BOUND_OUTPUTS]; /* ω, ω·p */
    uint32_t k = o->problem.k;
    for (uint32_t c = 0; c < o->masses; c++) {
        double t = o->problem.loss == CLN_SQUARED ? 1 : cln_row_target(o->problem.target, answers, row, k, c);
        double mass = weight * t;
        all += mass;
        o->convex = o->convex && mass >= 0;
        o->mass[c] += mass;
        if (t != 0 && o->problem.bias)
            cln_products_gradient(x, 1, o->ld, &mass, 1, o->moments + c * o->ld);
        if (o->tilted)
            p[c] = r[c] + mass;
    }
    o->entropy += all * entropy;
    if (o->tilted && all != 0) {
        cln_products_squares(x, o->ld, all, o->squares);
        for (uint32_t c = 0; c < k; c++)
            for (uint32_t i = 0; i < k; i++)
                o->pairs[c * k + i] += p[c] * (p[i] / all);
    }
}

/* Moments about the first row: it is no further from the mean than √n deviations, so that the difference of squares keeps its digits. */
static void add_moments(cln_objective *o, const cln_row_answers *answers, uint64_t row, const double *x)
{
    double weight = answers->weights ? (double)answers->weights[row] : 1;
    uint32_t targets = o->problem.loss == CLN_SQUARED ? o->problem.k : 0, k = o->problem.k;
    if (weight == 0)
        return;
    if (o->weight == 0) {
        memcpy(o->centre, x, o->ld * sizeof *x);
        for (uint32_t c = 0; c < targets; c++)
            o->t_centre[c] = cln_row_target(o->problem.target, answers, row, k, c);
    }
    o->weight += weight;
    cln_products_moments(x, o->ld, o->centre, weight, o->sums, o->deviations);
    for (uint32_t c = 0; c < targets; c++) {
        double beside = cln_row_target(o->problem.target, answers, row, k, c) - o->t_centre[c];
        o->t_sums[c] += weight * beside;
        o->t_deviations += weight * beside * beside;
    }
}

/* Rows first … first+count−1 of the answers, which are in o->x. */
static void add_block(cln_objective *o, const cln_row_answers *answers, uint64_t first, uint64_t count)
{
    uint32_t k = o->problem.k;
    for (uint64_t i = 0; i < count; i++)
        memcpy(o->z + i * k, o->b, k * sizeof *o->z);
    cln_products_logits(o->x, count, o->ld, o->w, k, o->z);
    for (uint64_t i = 0; i < count; i++) {
        double *z = o->z + i * k;
        cln_row_result row = cln_reference_row(&o->rule, k, z, answers, first + i, z);
        add_carefully(&o->loss, row.loss);
        o->errors += row.error;
        if (o->masses)
            add_masses(o, answers, first + i, o->x + i * o->ld, z, row.entropy);
        add_moments(o, answers, first + i, o->x + i * o->ld);
        for (uint32_t c = 0; c < k; c++)
            o->gb[c] += z[c];
    }
    cln_products_gradient(o->x, count, o->ld, o->z, k, o->gw);
}

cln_status cln_objective_add(cln_objective *objective, const void *x, uint64_t rows, const int32_t *labels,
                             const float *targets, const float *weights, cln_error *error)
{
    cln_objective *o = objective;
    const cln_objective_problem *p = &o->problem;
    cln_row_answers answers = {.labels = labels, .targets = targets, .weights = weights};
    for (uint64_t i = 0; p->target == CLN_TARGET_ONEHOT && i < rows; i++)
        if (labels[i] < 0 || (uint32_t)labels[i] >= p->k)
            return cln_fail(error, CLN_INVALID, "an objective: row %llu has label %d, which none of %u outputs is for",
                            (unsigned long long)(o->rows + i), labels[i], p->k);
    for (uint64_t first = 0; first < rows; first += BLOCK) {
        uint64_t count = rows - first < BLOCK ? rows - first : BLOCK;
        const char *from = (const char *)x + first * p->d * (p->type == CLN_UINT8 ? 1 : sizeof(float));
        cln_products_convert(from, p->type, count, p->d, p->scale, o->ld, o->x);
        add_block(o, &answers, first, count);
    }
    o->rows += rows;
    return CLN_OK;
}

/* The larger; a NaN stays. */
static double larger(double a, double b)
{
    return a >= b || isnan(a) ? a : b;
}

/* The absolute component of the (sub)gradient: g without the λ₁ part, of a weight whose feature has deviation s. */
static double component(const cln_objective *o, double g, double w, double s)
{
    double slope = o->problem.l1 * s;
    return fabs(w > 0 ? g + slope : w < 0 ? g - slope : cln_soft_threshold(g, slope));
}

static double get_bound(const cln_objective *o)
{
    cln_bound_sums sums = {.problem = &o->problem,
                           .n = (double)o->rows,
                           .ld = o->ld,
                           .w = o->w,
                           .b = o->b,
                           .gw = o->gw,
                           .gb = o->gb,
                           .x = o->moments,
                           .total = o->mass,
                           .entropy = o->entropy,
                           .pairs = o->tilted ? o->pairs : NULL,
                           .squares = o->squares};
    return o->masses && o->convex ? cln_bound_compute(&sums) : (double)NAN;
}

/* About 0 where no bias makes up for the means, or where nothing else is left. */
double cln_target_variance(double variance, double squares, bool bias)
{
    return bias && variance > 4 * DBL_EPSILON * squares ? variance : variance + squares;
}

double cln_gradient_unit(cln_row_loss loss, uint32_t k, double variance)
{
    if (loss == CLN_SQUARED)
        return variance > 0 ? sqrt(variance) / 2 : 1;
    if (k < 2)
        return 1;
    return loss == CLN_CROSS_ENTROPY ? log(k) : (1 - 1.0 / k) / 2;
}

double cln_column_size(double mean, double variance, bool bias)
{
    if (!bias)
        return sqrt(variance + mean * mean);
    double deviation = sqrt(variance), rounding = 4 * DBL_EPSILON * fabs(mean);
    return deviation > rounding ? deviation : fabs(mean);
}

static double target_variance(const cln_objective *o)
{
    double variance = o->t_deviations / o->weight, square = 0;
    for (uint32_t c = 0; o->problem.loss == CLN_SQUARED && c < o->problem.k; c++) {
        double beside = o->t_sums[c] / o->weight, mean = o->t_centre[c] + beside;
        variance -= beside * beside;
        square += mean * mean;
    }
    return cln_target_variance(variance, square, o->problem.bias);
}

/* Mean and size of column j, the mean 0 where no bias makes up for it. */
static void measure_column(const cln_objective *o, uint32_t j, double *mean, double *size)
{
    double beside = o->sums[j] / o->weight, variance = o->deviations[j] / o->weight - beside * beside;
    double middle = o->centre[j] + beside;
    *size = cln_column_size(middle, fmax(variance, 0), o->problem.bias);
    *mean = o->problem.bias ? middle : 0;
}

void cln_objective_read(const cln_objective *objective, cln_objective_value *value, double *gw, double *gb)
{
    const cln_objective *o = objective;
    const cln_objective_problem *p = &o->problem;
    double n = (double)o->rows, squares = 0, sizes = 0, norm = 0, largest = 0;
    for (uint32_t j = 0; j < p->d; j++) {
        double mean, size, s = o->spread[j];
        measure_column(o, j, &mean, &size);
        for (uint32_t c = 0; c < p->k; c++) {
            double w = o->w[c * o->ld + j], offset = p->bias ? o->gb[c] / n * mean : 0;
            double g = o->gw[c * o->ld + j] / n + p->l2 * s * s * w, centred = component(o, g - offset, w, s);
            squares += s * w * s * w;
            sizes += fabs(s * w);
            largest = larger(largest, component(o, g, w, s));
            norm = larger(norm, size > 0 ? centred / size : 0 * centred);
            if (gw)
                gw[(uint64_t)c * p->d + j] = g;
        }
    }
    for (uint32_t c = 0; c < p->k; c++) {
        double g = p->bias ? o->gb[c] / n : 0;
        largest = larger(largest, fabs(g));
        norm = larger(norm, fabs(g));
        if (gb)
            gb[c] = g;
    }
    double loss = (o->loss.sum + o->loss.rest) / n;
    *value = (cln_objective_value){.loss = loss,
                                   .objective = loss + p->l2 / 2 * squares + p->l1 * sizes,
                                   .gradient_norm = norm / cln_gradient_unit(p->loss, p->k, target_variance(o)),
                                   .largest = largest,
                                   .bound = get_bound(o),
                                   .rows = o->rows,
                                   .errors = o->errors};
}
