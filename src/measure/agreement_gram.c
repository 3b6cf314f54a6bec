/* The Gram matrix of a few rows against the host's. */
#include "base/size.h"
#include "compute/gram.h"
#include "measure/agreement.h"
#include "reference/sums.h"

#include <math.h>
#include <stdlib.h>

/* Products on the host; simulators interpret each. */
static const double most_products = 1e9, most_simulated_products = 4e6;

/* What is right, and what a device found; each (size,size). */
typedef struct gram_sums {
    uint64_t size;
    double *right, *slack, *found;
} gram_sums;

static void release(gram_sums *g)
{
    free(g->right);
    free(g->slack);
    free(g->found);
}

/* The rows as they lie in the data set, with its labels, if there are any. */
static cln_trial raw_rows(const cln_fixed_run *run, uint32_t classes)
{
    cln_trial raw = run->rows;
    raw.k = classes;
    raw.weights = raw.shift = NULL;
    return raw;
}

static cln_status make_room(gram_sums *g, cln_error *error)
{
    cln_status status;
    double **const all[] = {&g->right, &g->slack, &g->found};
    for (size_t i = 0; i < CLN_COUNT(all); i++)
        TRY(cln_allocate((void **)all[i], g->size * g->size, sizeof(double), "sums of products", error));
out:
    return status;
}

static double judge(const gram_sums *g, cln_type type)
{
    double worst = 0;
    for (size_t i = 0; i < g->size * g->size; i++)
        worst = cln_worse(worst, cln_in_tolerances(g->found[i] - g->right[i], type == CLN_UINT8 ? 0.5 : g->slack[i]));
    return worst;
}

cln_status cln_agreement_gram(cln_device *device, const cln_fixed_run *run, double *worst, cln_error *error)
{
    cln_status status;
    const cln_trial *t = &run->rows;
    cln_gram *gram = NULL;
    cln_resident *resident = NULL;
    uint32_t classes = t->target == CLN_TARGET_ONEHOT ? t->k : 0;
    const cln_trial raw = raw_rows(run, classes);
    gram_sums g = {.size = (uint64_t)t->d + 1 + classes};
    double products = device->facts.info.simulator ? most_simulated_products : most_products;
    if (g.size > CLN_AGREEMENT_COLUMNS)
        return cln_fail(error, CLN_UNSUPPORTED, "a Gram matrix of %llu columns is not tried here, with more than %d",
                        (unsigned long long)g.size, CLN_AGREEMENT_COLUMNS);
    uint32_t rows = (uint32_t)fmin(t->n, fmax(2, floor(products / (double)(g.size * g.size))));
    TRY(make_room(&g, error));
    TRY(cln_reference_gram(&raw, 0, rows, g.right, g.slack, error));
    TRY(cln_resident_begin(device, run->data, 0, &resident, error));
    TRY(cln_gram_create(device, t->d, classes, t->type, &gram, error));
    TRY(cln_resident_finish(resident, rows, NULL, error));
    TRY(cln_gram_add_range(gram, resident, NULL, 0, rows, error));
    TRY(cln_gram_read(gram, g.found, error));
    *worst = judge(&g, t->type);
out:
    cln_gram_release(gram);
    cln_resident_release(resident);
    release(&g);
    return status;
}
