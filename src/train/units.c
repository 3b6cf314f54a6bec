#include "train/units.h"

#include "base/size.h"
#include "data/dataset.h"

#include <math.h>
#include <stdlib.h>

/* Standardised columns have to go so many times as far, or it is the steps that are too few. */
#define MUCH_FARTHER 10

/* Columns of x̃: means (zeros without a bias, which could not take them in) and variances about these; (d) each. */
typedef struct columns {
    double *mean, *variance, *sorted;
} columns;

static double value_of(const void *x, cln_type type, size_t at, uint32_t j, const cln_curvature_view *view)
{
    return view->scale * cln_type_value(type, x, at) - (view->shift ? view->shift[j] : 0);
}

static void measure(const void *x, cln_type type, uint64_t rows, uint32_t d, const cln_curvature_view *view,
                    const float *weights, columns *own)
{
    double total = 0;
    for (int pass = view->bias ? 0 : 1; pass < 2; pass++) {
        double *to = pass ? own->variance : own->mean;
        total = 0;
        for (uint64_t i = 0; i < rows; i++) {
            double weight = weights ? (double)weights[i] : 1;
            total += weight;
            for (uint32_t j = 0; weight > 0 && j < d; j++) {
                double value = value_of(x, type, i * d + j, j, view) - own->mean[j];
                to[j] += weight * (pass ? value * value : value);
            }
        }
        for (uint32_t j = 0; total > 0 && j < d; j++)
            to[j] /= total;
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of the variances that are not 0. */
static double median(const columns *own, uint32_t d)
{
    uint32_t count = 0;
    for (uint32_t j = 0; j < d; j++)
        if (own->variance[j] > 0)
            own->sorted[count++] = own->variance[j];
    if (count == 0)
        return 0;
    qsort(own->sorted, count, sizeof *own->sorted, ascending);
    return own->sorted[count / 2];
}

/* T·η·c·v, η without momentum, which lengthens the steps as much as it shortens η, and without the penalty, which no unit changes. */
static double way(const cln_pace_of *pace, const cln_curvature *curvature, double variance)
{
    double step_size = cln_step_size(curvature, pace->loss, 0, 0, pace->rows, pace->batch);
    return (double)pace->steps * step_size * cln_logit_curvature(pace->loss) * variance;
}

/* As if the columns were standardised. */
static cln_status see_standardised(const void *x, cln_type type, uint64_t rows, uint32_t d,
                                   const cln_curvature_view *view, const float *weights, columns *own,
                                   cln_curvature *curvature, cln_error *error)
{
    const cln_curvature_view standard = {view->scale, own->mean, own->variance, view->bias};
    for (uint32_t j = 0; j < d; j++) {
        own->mean[j] += view->shift ? view->shift[j] : 0;
        own->variance[j] = own->variance[j] > 0 ? sqrt(own->variance[j]) : 1;
    }
    return cln_curvature_measure(x, type, rows, d, d, &standard, weights, curvature, error);
}

cln_status cln_units_judge(const void *x, cln_type type, uint64_t rows, uint32_t d, const cln_curvature_view *view,
                           const float *weights, const cln_curvature *curvature, const cln_pace_of *pace, bool *slow,
                           cln_error *error)
{
    cln_status status;
    columns own = {NULL, NULL, NULL};
    cln_curvature standardised;
    *slow = false;
    if (view->deviation)
        return CLN_OK;
    TRY(cln_allocate((void **)&own.mean, d, sizeof(double), "columns of a sample", error));
    TRY(cln_allocate((void **)&own.variance, d, sizeof(double), "columns of a sample", error));
    TRY(cln_allocate((void **)&own.sorted, d, sizeof(double), "columns of a sample", error));
    measure(x, type, rows, d, view, weights, &own);
    double usual = median(&own, d), gone = way(pace, curvature, usual);
    if (usual > 0 && gone < CLN_LITTLE_WAY) {
        TRY(see_standardised(x, type, rows, d, view, weights, &own, &standardised, error));
        *slow = way(pace, &standardised, 1) >= MUCH_FARTHER * gone;
    }
out:
    free(own.mean);
    free(own.variance);
    free(own.sorted);
    return status;
}

uint64_t cln_units_bytes(uint64_t rows, uint32_t d)
{
    return 3 * (uint64_t)d * sizeof(double) + cln_curvature_bytes(rows, d);
}
