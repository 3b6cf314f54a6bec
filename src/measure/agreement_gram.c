/* The Gram matrix of a few rows by plain sums. */
#include "base/size.h"
#include "compute/gram.h"
#include "measure/agreement.h"

#include <math.h>
#include <stdlib.h>

/* Products of features; simulators interpret each. */
static const double most_products = 1e9, most_simulated_products = 2e6;

typedef struct gram_sums {
    uint32_t size, rows;
    double *row;          /* (size): x, 1, y one-hot */
    double *sums, *sizes; /* (size,size), the upper half: Σ x_i·x_j, Σ |x_i·x_j| */
    double *found;        /* (size,size) */
} gram_sums;

static void release(gram_sums *g)
{
    free(g->row);
    free(g->sums);
    free(g->sizes);
    free(g->found);
}

static void take_row(gram_sums *g, const cln_trial *t, const int32_t *labels, size_t i)
{
    cln_trial raw = *t;
    raw.scale = 1;
    for (uint32_t j = 0; j < g->size; j++)
        g->row[j] = j < t->d ? cln_trial_value(&raw, i, j) : j == t->d;
    if (g->size > t->d + 1)
        g->row[t->d + 1 + (uint32_t)labels[i]] = 1;
    for (uint32_t a = 0; a < g->size; a++) {
        double x = g->row[a], *sums = g->sums + (size_t)a * g->size, *sizes = g->sizes + (size_t)a * g->size;
        for (uint32_t b = a; x != 0 && b < g->size; b++) {
            double product = x * g->row[b];
            sums[b] += product;
            sizes[b] += fabs(product);
        }
    }
}

/* Whole numbers of bytes are exact in double. */
static cln_status expect(gram_sums *g, const cln_fixed_run *run, cln_error *error)
{
    cln_status status;
    uint64_t cells = (uint64_t)g->size * g->size;
    TRY(cln_allocate((void **)&g->row, g->size, sizeof(double), "a row", error));
    TRY(cln_allocate((void **)&g->sums, cells, sizeof(double), "sums of products", error));
    TRY(cln_allocate((void **)&g->sizes, cells, sizeof(double), "sums of products", error));
    TRY(cln_allocate((void **)&g->found, cells, sizeof(double), "sums of products", error));
    for (uint32_t i = 0; i < g->rows; i++)
        take_row(g, &run->rows, cln_dataset_labels(run->data), i);
out:
    return status;
}

static double judge(const gram_sums *g, cln_type type)
{
    double worst = 0;
    for (size_t a = 0; a < g->size; a++)
        for (size_t b = 0; b < g->size; b++) {
            size_t at = a * g->size + b, known = a < b ? at : b * g->size + a;
            double tolerance = type == CLN_UINT8 ? 0.5 : 260 * CLN_UNIT_ROUNDOFF * g->sizes[known];
            worst = cln_worse(worst, cln_in_tolerances(g->found[at] - g->sums[known], tolerance));
        }
    return worst;
}

cln_status cln_agreement_gram(cln_device *device, const cln_fixed_run *run, double *worst, cln_error *error)
{
    cln_status status;
    const cln_trial *t = &run->rows;
    cln_gram *gram = NULL;
    cln_resident *resident = NULL;
    uint32_t classes = t->target == CLN_TARGET_ONEHOT ? t->k : 0;
    uint64_t size = (uint64_t)t->d + 1 + classes;
    double products = device->facts.info.simulator ? most_simulated_products : most_products;
    gram_sums g = {.size = (uint32_t)size, .rows = t->n};
    if (size > CLN_AGREEMENT_COLUMNS)
        return cln_fail(error, CLN_UNSUPPORTED, "a Gram matrix of %llu columns is not tried here, with more than %d",
                        (unsigned long long)size, CLN_AGREEMENT_COLUMNS);
    g.rows = (uint32_t)fmin(g.rows, fmax(2, floor(2 * products / (double)(size * size))));
    TRY(expect(&g, run, error));
    TRY(cln_resident_begin(device, run->data, 0, &resident, error));
    TRY(cln_gram_create(device, t->d, classes, t->type, &gram, error));
    TRY(cln_resident_finish(resident, g.rows, NULL, error));
    TRY(cln_gram_add_range(gram, resident, NULL, 0, g.rows, error));
    TRY(cln_gram_read(gram, g.found, error));
    *worst = judge(&g, t->type);
out:
    cln_gram_release(gram);
    cln_resident_release(resident);
    release(&g);
    return status;
}
