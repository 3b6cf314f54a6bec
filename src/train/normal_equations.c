#include "train/normal_equations.h"

#include "base/os.h"
#include "base/size.h"
#include "compute/gram.h"
#include "device/profile.h"
#include "device/queue.h"
#include "train/certify.h"

#include <math.h>
#include <stdlib.h>

/* More labels than this are not worth a column each in the Gram matrix. */
#define COUNTED_LABELS 256
#define WARM_ROWS      16

typedef struct sums {
    cln_trainer *trainer;
    uint32_t d, k,
        labels; /* labels: columns of the Gram matrix for classes; 0: targets are summed on the host, or not at all */
    uint64_t n, size;      /* size: d + 1 + labels */
    double *gram;          /* (size,size) */
    float *centre;         /* (d): what is taken off floats first; NULL for bytes */
    double *cross, *total; /* (d,k), (k), of x as it is stored */
} sums;

/* All training rows into the Gram matrix; the first few once before, for drivers compile at the first launch. */
static cln_status sum_rows(sums *own, double *built, cln_error *error)
{
    cln_status status;
    cln_trainer *trainer = own->trainer;
    const cln_range *range = &trainer->selection->range[CLN_TRAIN];
    cln_gram *gram = NULL;
    double before = cln_os_seconds();
    TRY(cln_gram_create(trainer->device, own->d, own->labels, trainer->plan->problem.type, &gram, error));
    if (own->centre)
        TRY(cln_gram_centre(gram, own->centre, error));
    TRY(cln_gram_add_range(gram, range->data, range->order, range->first,
                           range->rows < WARM_ROWS ? range->rows : WARM_ROWS, error));
    TRY(cln_gram_clear(gram, error));
    TRY(cln_queue_finish(trainer->device, error));
    *built = cln_os_seconds() - before;
    cln_profile_resume(trainer->device);
    TRY(cln_gram_add_range(gram, range->data, range->order, range->first, range->rows, error));
    TRY(cln_gram_read(gram, own->gram, error));
    cln_profile_pause(trainer->device);
out:
    cln_gram_release(gram);
    return status;
}

/* Xᵀt and Σt from the columns of the classes: each is a target, or they are weighed with their label. */
static void take_labels(sums *own)
{
    bool value = own->trainer->plan->problem.target == CLN_TARGET_VALUE;
    for (uint64_t j = 0; j <= own->d; j++) /* column d is the ones */
        for (uint64_t c = 0; c < own->labels; c++) {
            double sum = own->gram[j * own->size + own->d + 1 + c];
            double *to = j < own->d ? own->cross + j * own->k : own->total;
            to[value ? 0 : c] += value ? (double)c * sum : sum;
        }
}

/* The same for any targets: at W = 0 the gradient of the squared loss is −Xᵀt/n. */
static cln_status take_targets(sums *own, cln_error *error)
{
    cln_status status;
    cln_objective *objective = NULL;
    cln_objective_value value;
    uint64_t weights = (uint64_t)own->k * own->d;
    double n = (double)own->n, scale = own->trainer->scale, *g = NULL; /* (k,d), (k): the point, then the gradient */
    TRY(cln_allocate((void **)&g, weights + own->k, sizeof *g, "a gradient", error));
    TRY(cln_trainer_objective(own->trainer, CLN_TRAIN, 0, g, g + weights, &objective, error));
    cln_objective_read(objective, &value, g, g + weights);
    for (uint64_t c = 0; c < own->k; c++)
        own->total[c] = -g[weights + c] * n;
    for (uint64_t j = 0; j < own->d; j++)
        for (uint64_t c = 0; c < own->k; c++)
            own->cross[j * own->k + c] = -g[c * own->d + j] * n / scale;
out:
    free(g);
    cln_objective_free(objective);
    return status;
}

static cln_status factorise(sums *own, cln_ridge **ridge, cln_error *error)
{
    const cln_trainer *trainer = own->trainer;
    const cln_problem *problem = &trainer->plan->problem;
    const cln_ridge_sums of = {.d = own->d,
                               .k = own->k,
                               .n = (double)own->n,
                               .gram = own->gram,
                               .gram_ld = own->size,
                               .sum = own->gram + own->d * own->size,
                               .cross = own->cross,
                               .total = own->total,
                               .scale = trainer->scale,
                               .spread = trainer->scaling.deviation,
                               .bias = problem->bias};
    return cln_ridge_create(&of, ridge, error);
}

/* Whole numbers, exact in long double's 64 bits: the deviation to all digits. */
static void measure_columns(const sums *own, cln_centred_rows *columns)
{
    bool centred = own->trainer->plan->problem.bias;
    const double *sum = own->gram + own->d * own->size;
    long double n = (long double)own->n;
    for (uint64_t j = 0; j < own->d; j++) {
        long double offset = centred ? sum[j] : 0, squares = own->gram[j * own->size + j];
        columns->mean[j] = (double)(offset / n);
        columns->deviation[j] = (double)(sqrtl(fmaxl(n * squares - offset * offset, 0)) / n);
    }
    cln_centred_rows_scale(columns);
}

static sums begin(const cln_problem *problem)
{
    sums own = {.d = problem->features, .k = problem->outputs};
    if (problem->type != CLN_UINT8)
        own.labels = 0;
    else if (problem->target == CLN_TARGET_ONEHOT)
        own.labels = own.k;
    else if (problem->target == CLN_TARGET_VALUE && problem->highest < COUNTED_LABELS)
        own.labels = (uint32_t)problem->highest + 1;
    own.size = own.d + 1 + own.labels;
    return own;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t cln_normal_equations_bytes(const cln_trainer *trainer, bool penalised)
{
    const cln_problem *problem = &trainer->plan->problem;
    sums own = begin(problem);
    uint64_t d = own.d, weights = own.k * d, later = 0, solving, kept;
    uint64_t summing = cln_gram_count(trainer->device, own.d, own.labels, problem->type);
    if (problem->type != CLN_UINT8) {
        kept = cln_triangle_bytes(own.d, 0, &solving);
        return kept + own.size * own.size * sizeof(double) + d * sizeof(float) + summing;
    }
    if (!own.labels)
        later = (weights + own.k) * sizeof(double) + cln_trainer_objective_bytes(trainer);
    kept = cln_ridge_bytes(own.d, own.k, &solving);
    uint64_t held = (own.size * own.size + weights + own.k) * sizeof(double);
    return larger(held + larger(larger(summing, later), kept), kept + (penalised ? 0 : solving));
}

static void release(sums *own)
{
    free(own->gram);
    free(own->centre);
    free(own->cross);
    free(own->total);
}

static cln_status allocate(sums *own, cln_trainer *trainer, cln_error *error)
{
    *own = begin(&trainer->plan->problem);
    own->trainer = trainer;
    own->n = trainer->selection->rows[CLN_TRAIN];
    return cln_allocate((void **)&own->gram, own->size * own->size, sizeof(double), "sums of products", error);
}

cln_status cln_normal_equations(cln_trainer *trainer, cln_centred_rows *columns, double *built, cln_ridge **ridge,
                                cln_error *error)
{
    cln_status status;
    sums own = {0};
    TRY(allocate(&own, trainer, error));
    TRY(cln_allocate((void **)&own.cross, (uint64_t)own.d * own.k, sizeof(double), "sums of products", error));
    TRY(cln_allocate((void **)&own.total, own.k, sizeof(double), "sums of targets", error));
    TRY(sum_rows(&own, built, error));
    if (own.labels)
        take_labels(&own);
    else
        TRY(take_targets(&own, error));
    measure_columns(&own, columns);
    TRY(factorise(&own, ridge, error));
out:
    release(&own);
    return status;
}

/* Products of columns z from those of x less the centre; whether each column's is what the rows say, and all are finite. */
static bool fill(const sums *own, const cln_centred_rows *columns, double *to)
{
    const double n = (double)own->n, *sum = own->gram + own->d * own->size;
    bool centred = own->trainer->plan->problem.bias;
    double finite = 0; /* stays 0 where all is finite, for 0·∞ is NaN */
    for (uint64_t i = 0; i < own->d; i++)
        for (uint64_t j = 0; j <= i; j++) {
            double product = own->gram[i * own->size + j] - (centred ? sum[i] * sum[j] / n : 0);
            to[i * own->d + j] = product * columns->inverse[i] * columns->inverse[j];
            finite += 0 * to[i * own->d + j];
        }
    for (uint64_t j = 0; finite == 0 && j < own->d; j++) {
        double size = columns->deviation[j] * columns->inverse[j];
        if (!(fabs(to[j * own->d + j] - n * size * size) <= 1e-3 * n * size * size))
            return false;
    }
    return finite == 0;
}

/* The usual error, not the bound, that single precision leaves in an eigenvalue of d columns of length 1. */
static double noise_of(uint32_t d)
{
    return 32 * sqrt(d) * 0x1p-20;
}

cln_status cln_normal_sums(cln_trainer *trainer, const cln_centred_rows *columns, double *built,
                           cln_triangle **triangle, bool *usable, cln_error *error)
{
    cln_status status;
    sums own = {0};
    TRY(allocate(&own, trainer, error));
    TRY(cln_allocate((void **)&own.centre, own.d, sizeof(float), "the features' means", error));
    for (uint32_t j = 0; j < own.d; j++)
        own.centre[j] = (float)columns->mean[j];
    TRY(sum_rows(&own, built, error));
    TRY(cln_triangle_create(own.d, 0, triangle, error));
    *usable = fill(&own, columns, cln_triangle_sums(*triangle, noise_of(own.d)));
out:
    release(&own);
    return status;
}
