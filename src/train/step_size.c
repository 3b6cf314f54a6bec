#include "train/step_size.h"

#include "base/random.h"
#include "base/size.h"
#include "data/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Fewer could take a spectrum for flat that has one larger eigenvalue: the start has little of its vector. */
enum { LEAST_ITERATIONS = 8, MOST_ITERATIONS = 30 };

/* The power method comes from below: what its last iterations may have left out. */
#define MARGIN 1.02

/* Sums are in LANES partial ones, in double: a fixed order that compilers make vectors of. */
enum { LANES = 8 };

/* Rows as the training sees them, divided by their largest component, so that no square overflows. */
typedef struct seen {
    float *x; /* (rows,columns) */
    uint64_t rows;
    uint32_t columns; /* d, and one for the bias, up to a multiple of LANES */
    double largest;
} seen;

static double component(const void *x, cln_type type, size_t at, uint32_t j, const cln_curvature_view *view)
{
    double value = view->scale * cln_type_value(type, x, at);
    value -= view->shift ? view->shift[j] : 0;
    return value / (view->deviation ? view->deviation[j] : 1);
}

/* One row in double; row (d + 1). */
static void see_row(const void *x, cln_type type, size_t at, uint32_t d, const cln_curvature_view *view, double weight,
                    double *row)
{
    double root = sqrt(weight);
    for (uint32_t j = 0; j < d; j++)
        row[j] = root * component(x, type, at + j, j, view);
    row[d] = view->bias ? root : 0;
}

double cln_curvature_squared(const void *x, cln_type type, size_t at, uint32_t d, const cln_curvature_view *view)
{
    double sum = view->bias ? 1 : 0;
    for (uint32_t j = 0; j < d; j++) {
        double value = component(x, type, at + j, j, view);
        sum += value * value;
    }
    return sum;
}

static double dot(const float *x, const double *v, uint32_t columns)
{
    double lanes[LANES] = {0}, sum = 0;
    for (uint32_t j = 0; j < columns; j += LANES)
        for (uint32_t i = 0; i < LANES; i++)
            lanes[i] += (double)x[j + i] * v[j + i];
    for (uint32_t i = 0; i < LANES; i++)
        sum += lanes[i];
    return sum;
}

/* next ← XᵀX·v / rows. */
static void apply(const seen *own, const double *v, double *next)
{
    memset(next, 0, own->columns * sizeof *next);
    for (uint64_t i = 0; i < own->rows; i++) {
        const float *x = own->x + i * own->columns;
        double along = dot(x, v, own->columns) / (double)own->rows;
        for (uint32_t j = 0; j < own->columns; j++)
            next[j] += along * (double)x[j];
    }
}

static double norm(const double *v, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += v[i] * v[i];
    return sqrt(sum);
}

/* v (columns) and next (columns) are scratch. */
static double largest_eigenvalue(const seen *own, double *v, double *next)
{
    double value = 0, before = 0;
    cln_random random;
    cln_random_seed(&random, 0, 0x5eed);
    for (uint32_t j = 0; j < own->columns; j++)
        v[j] = (double)cln_random_next(&random) / 4294967296.0 + 0.5; /* means are positive in most data */
    double length = norm(v, own->columns);
    for (uint32_t iteration = 0; iteration < MOST_ITERATIONS && length > 0; iteration++) {
        for (uint32_t j = 0; j < own->columns; j++)
            v[j] /= length;
        apply(own, v, next);
        value = length = norm(next, own->columns); /* ‖A·v‖ ≤ λ_max, and grows */
        if (iteration >= LEAST_ITERATIONS && value <= 1.01 * before)
            break;
        before = value;
        double *swap = v;
        v = next;
        next = swap;
    }
    return value;
}

static cln_status see(seen *own, const void *x, cln_type type, uint32_t d, size_t stride,
                      const cln_curvature_view *view, const float *weights, cln_error *error)
{
    cln_status status;
    double *row = NULL;
    TRY(cln_allocate((void **)&row, (uint64_t)d + 1, sizeof *row, "a row", error));
    TRY(cln_allocate((void **)&own->x, own->rows * own->columns, sizeof *own->x, "a sample of rows", error));
    for (int pass = 0; pass < 2; pass++) /* the largest component, then the components */
        for (uint64_t i = 0; i < own->rows; i++) {
            see_row(x, type, i * stride, d, view, weights ? (double)weights[i] : 1, row);
            for (uint32_t j = 0; j <= d; j++) {
                if (pass == 0)
                    own->largest = fmax(own->largest, fabs(row[j]));
                else
                    own->x[i * own->columns + j] = (float)(row[j] / (own->largest > 0 ? own->largest : 1));
            }
        }
out:
    free(row);
    return status;
}

static uint32_t columns_of(uint32_t d)
{
    return (uint32_t)(cln_ceil_divide((uint64_t)d + 1, LANES) * LANES);
}

uint64_t cln_curvature_bytes(uint64_t rows, uint32_t d)
{
    return rows * columns_of(d) * sizeof(float) + ((uint64_t)d + 1 + 2 * (uint64_t)columns_of(d)) * sizeof(double);
}

cln_status cln_curvature_measure(const void *x, cln_type type, uint64_t rows, uint32_t d, size_t stride,
                                 const cln_curvature_view *view, const float *weights, cln_curvature *curvature,
                                 cln_error *error)
{
    cln_status status;
    seen own = {.rows = rows, .columns = columns_of(d)};
    double *v = NULL, *next = NULL, worst = 0;
    TRY(see(&own, x, type, d, stride, view, weights, error));
    TRY(cln_allocate((void **)&v, own.columns, sizeof *v, "an eigenvector", error));
    TRY(cln_allocate((void **)&next, own.columns, sizeof *next, "an eigenvector", error));
    for (uint64_t i = 0; i < rows; i++) {
        double squared = 0;
        for (uint32_t j = 0; j < own.columns; j++)
            squared += (double)own.x[i * own.columns + j] * (double)own.x[i * own.columns + j];
        worst = fmax(worst, squared);
    }
    double unit = own.largest * own.largest;
    curvature->worst = unit * worst;
    curvature->mean = fmin(MARGIN * unit * largest_eigenvalue(&own, v, next), curvature->worst);
out:
    free(own.x);
    free(v);
    free(next);
    return status;
}

double cln_logit_curvature(cln_row_loss loss)
{
    return loss == CLN_SQUARED ? 1 : 0.5;
}

double cln_step_size(const cln_curvature *curvature, cln_row_loss loss, double l2, double momentum, uint64_t n,
                     uint64_t batch)
{
    double c = cln_logit_curvature(loss), b = (double)(batch < n ? batch : n), all = (double)n;
    double of_all = n > 1 ? all * (b - 1) / (b * (all - 1)) : 1, of_worst = n > 1 ? (all - b) / (b * (all - 1)) : 0;
    double most = of_all * (c * curvature->mean + l2) + of_worst * (c * curvature->worst + l2);
    return most > 0 ? (1 - momentum) / most : 1; /* rows of nothing but zeros teach nothing */
}
