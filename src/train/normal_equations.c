#include "train/normal_equations.h"

#include "base/os.h"
#include "base/size.h"
#include "compute/gram.h"
#include "compute/moments.h"
#include "device/profile.h"
#include "device/queue.h"
#include "train/certify.h"

#include <stdlib.h>

/* More labels than this are not worth a column each in the Gram matrix. */
#define COUNTED_LABELS 256
#define WARM_ROWS      16

typedef struct sums {
    cln_trainer *trainer;
    uint32_t d, k, labels; /* labels: columns of the Gram matrix for classes; 0: targets are summed on the host */
    uint64_t n, size;      /* size: d + 1 + labels */
    double *gram;          /* (size,size) */
    float *centre;         /* (d): what is taken off the features first, or NULL */
    double *cross, *total; /* (d,k), (k), of x as it is stored less the centre */
} sums;

/* Floats are summed up about their means, where a bias makes up for it: their offset would take digits off every product. */
static bool is_centred(const cln_problem *problem)
{
    return problem->type == CLN_FLOAT32 && problem->bias;
}

static cln_status find_centre(sums *own, cln_gram *gram, cln_error *error)
{
    cln_status status;
    cln_trainer *trainer = own->trainer;
    const cln_range *range = &trainer->selection->range[CLN_TRAIN];
    double *moments = NULL; /* means, deviations */
    if (!is_centred(&trainer->plan->problem))
        return CLN_OK;
    TRY(cln_allocate((void **)&own->centre, own->d, sizeof(float), "the features' means", error));
    TRY(cln_allocate((void **)&moments, 2 * (uint64_t)own->d, sizeof(double), "the features' means", error));
    TRY(cln_moments(trainer->device, range->data, range->order, range->first, range->rows, moments, moments + own->d,
                    error));
    for (uint32_t j = 0; j < own->d; j++)
        own->centre[j] = (float)moments[j];
    TRY(cln_gram_centre(gram, own->centre, error));
out:
    free(moments);
    return status;
}

/* All training rows into the Gram matrix; the first few once before, for drivers compile at the first launch. */
static cln_status sum_rows(sums *own, double *built, cln_error *error)
{
    cln_status status;
    cln_trainer *trainer = own->trainer;
    const cln_range *range = &trainer->selection->range[CLN_TRAIN];
    cln_gram *gram = NULL;
    double before = cln_os_seconds();
    TRY(cln_gram_create(trainer->device, own->d, own->labels, trainer->plan->problem.type, &gram, error));
    TRY(find_centre(own, gram, error));
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
    TRY(cln_trainer_objective(own->trainer, 0, g, g + weights, &objective, error));
    TRY(cln_trainer_add_rows(own->trainer, objective, error));
    cln_objective_read(objective, &value, g, g + weights);
    for (uint64_t c = 0; c < own->k; c++)
        own->total[c] = -g[weights + c] * n;
    for (uint64_t j = 0; j < own->d; j++)
        for (uint64_t c = 0; c < own->k; c++)
            own->cross[j * own->k + c] =
                -g[c * own->d + j] * n / scale - (own->centre ? (double)own->centre[j] * own->total[c] : 0);
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
                               .centre = own->centre,
                               .noise = problem->type == CLN_UINT8 ? 0 : 1e-7,
                               .scale = trainer->scale,
                               .spread = trainer->scaling.deviation,
                               .bias = problem->bias};
    return cln_ridge_create(&of, ridge, error);
}

static sums begin(const cln_problem *problem)
{
    sums own = {.d = problem->features, .k = problem->outputs};
    if (problem->target == CLN_TARGET_ONEHOT)
        own.labels = own.k;
    else if (problem->target == CLN_TARGET_VALUE && problem->highest < COUNTED_LABELS)
        own.labels = (uint32_t)problem->highest + 1;
    own.size = own.d + 1 + own.labels;
    return own;
}

/* With a penalty there is an inverse, and no need for eigenvectors. */
static bool is_penalised(const cln_trainer *trainer)
{
    const cln_settings *settings = &trainer->settings;
    bool penalised = settings->alpha_count > 1 || trainer->lanes[0].l2 > 0;
    for (uint32_t i = 0; settings->alpha_count > 1 && i < settings->alpha_count; i++)
        penalised = penalised && settings->alpha[i] > 0;
    return penalised;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t cln_normal_equations_bytes(const cln_trainer *trainer, uint64_t *kept)
{
    const cln_problem *problem = &trainer->plan->problem;
    sums own = begin(problem);
    uint64_t d = own.d, weights = own.k * d, later = 0, solving;
    uint64_t summing = cln_gram_count(trainer->device, own.d, own.labels, problem->type);
    if (is_centred(problem))
        summing =
            larger(summing, cln_moments_count(trainer->device, own.d, problem->block_rows) + 2 * d * sizeof(double));
    if (!own.labels)
        later = (weights + own.k) * sizeof(double) + cln_trainer_objective_bytes(trainer);
    *kept = cln_ridge_bytes(own.d, own.k, &solving);
    uint64_t held = (own.size * own.size + weights + own.k) * sizeof(double) + d * sizeof(float);
    return larger(held + larger(larger(summing, later), *kept), *kept + (is_penalised(trainer) ? 0 : solving));
}

cln_status cln_normal_equations(cln_trainer *trainer, double *built, cln_ridge **ridge, cln_error *error)
{
    cln_status status;
    sums own = begin(&trainer->plan->problem);
    own.trainer = trainer;
    own.n = trainer->selection->rows[CLN_TRAIN];
    TRY(cln_allocate((void **)&own.gram, own.size * own.size, sizeof(double), "sums of products", error));
    TRY(cln_allocate((void **)&own.cross, (uint64_t)own.d * own.k, sizeof(double), "sums of products", error));
    TRY(cln_allocate((void **)&own.total, own.k, sizeof(double), "sums of targets", error));
    TRY(sum_rows(&own, built, error));
    if (own.labels)
        take_labels(&own);
    else
        TRY(take_targets(&own, error));
    TRY(factorise(&own, ridge, error));
out:
    free(own.gram);
    free(own.centre);
    free(own.cross);
    free(own.total);
    return status;
}
