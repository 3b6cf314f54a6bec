#include "train/full_batch.h"

#include "base/size.h"
#include "device/buffer.h"

#include <math.h>
#include <stdlib.h>

cln_status cln_full_batch_create(cln_full_batch *full, cln_trainer *trainer, uint32_t lane, cln_error *error)
{
    cln_status status;
    const cln_problem *problem = &trainer->plan->problem;
    const double *deviation = trainer->scaling.deviation;
    *full = (cln_full_batch){.trainer = trainer,
                             .lane = lane,
                             .k = cln_trainer_outputs(trainer),
                             .d = problem->features,
                             .ld = trainer->plan->layout.ld,
                             .l2 = trainer->lanes[lane].l2};
    full->count = (uint64_t)full->k * (full->d + problem->bias);
    TRY(cln_allocate((void **)&full->h_weights, (uint64_t)full->k * full->ld, sizeof(float), "weights", error));
    TRY(cln_allocate((void **)&full->h_sum, (uint64_t)full->k * full->ld, sizeof(float), "a gradient", error));
    if (deviation)
        TRY(cln_allocate((void **)&full->inverse, full->d, sizeof(double), "deviations", error));
    for (uint32_t j = 0; full->inverse && j < full->d; j++)
        full->inverse[j] = 1 / deviation[j];
out:
    return status;
}

uint64_t cln_full_batch_bytes(const cln_trainer *trainer)
{
    const cln_plan *plan = trainer->plan;
    uint64_t weights = (uint64_t)cln_trainer_outputs(trainer) * plan->layout.ld;
    return 2 * weights * sizeof(float) + (plan->problem.spread ? plan->problem.features * sizeof(double) : 0);
}

void cln_full_batch_release(cln_full_batch *full)
{
    free(full->h_weights);
    free(full->h_sum);
    free(full->inverse);
    *full = (cln_full_batch){0};
}

static double factor(const double *values, uint32_t j)
{
    return values ? values[j] : 1;
}

/* Bytes of a lane in a buffer of weights. */
static uint64_t lane_bytes(const cln_full_batch *full)
{
    return (uint64_t)full->k * full->ld * sizeof(float);
}

cln_status cln_full_batch_take(cln_full_batch *full, cl_mem w, double *x, cln_error *error)
{
    uint64_t k = full->k, d = full->d, ld = full->ld, bytes = lane_bytes(full);
    cln_status status = cln_buffer_read(full->trainer->device, w, full->lane * bytes, bytes, full->h_weights, error);
    if (status != CLN_OK)
        return status;
    for (uint64_t c = 0; c < k; c++) {
        for (uint32_t j = 0; j < d; j++)
            x[c * d + j] = (double)full->h_weights[c * ld + j] / factor(full->inverse, j);
        if (full->count > k * d)
            x[k * d + c] = (double)full->h_weights[c * ld + d];
    }
    return CLN_OK;
}

/* And back, into the trainer's weights: a certificate was of others. */
static cln_status give(cln_full_batch *full, const double *x, cln_error *error)
{
    cln_trainer *trainer = full->trainer;
    uint64_t k = full->k, d = full->d, ld = full->ld;
    trainer->certificate = (cln_certificate){0};
    for (uint64_t c = 0; c < k; c++) {
        for (uint32_t j = 0; j < d; j++)
            full->h_weights[c * ld + j] = (float)(x[c * d + j] * factor(full->inverse, j));
        full->h_weights[c * ld + d] = full->count > k * d ? (float)x[k * d + c] : 0;
    }
    return cln_buffer_write(trainer->device, trainer->weights, full->lane * lane_bytes(full), lane_bytes(full),
                            full->h_weights, error);
}

/* The device's scale, a float, over the trainer's: x·scale on the device is this times what the model and its certificate take. Times a mean,
   what it differs from 1 by may be more than a deviation. */
static double device_ratio(const cln_trainer *trainer)
{
    return (double)trainer->plan->problem.scale / trainer->scale;
}

cln_status cln_full_batch_solved(cln_full_batch *full, const double *x, cln_error *error)
{
    cln_status status;
    cln_trainer *trainer = full->trainer;
    const double *shift = trainer->scaling.shift, ratio = device_ratio(trainer);
    uint64_t k = full->k, d = full->d;
    double *weight = NULL;
    TRY(give(full, x, error));
    TRY(cln_allocate((void **)&weight, k * d + k, sizeof *weight, "weights", error));
    for (uint64_t c = 0; c < k; c++) {
        double bias = full->count > k * d ? x[k * d + c] : 0;
        for (uint32_t j = 0; j < d; j++) {
            double w = x[c * d + j] * factor(full->inverse, j); /* of the device's x·scale */
            weight[c * d + j] = w * ratio;
            bias -= shift ? w * shift[j] : 0;
        }
        weight[k * d + c] = bias;
    }
    free(trainer->solved);
    trainer->solved = weight;
out:
    return status;
}

cln_status cln_full_batch_evaluate(cln_full_batch *full, const double *x, double *f, double *g, cln_error *error)
{
    cln_status status;
    cln_trainer *trainer = full->trainer;
    cln_score score;
    TRY(give(full, x, error));
    TRY(cln_score_range(trainer->plan, &trainer->selection->range[CLN_TRAIN], trainer->weights, trainer->gradient,
                        &trainer->scores, &score, error));
    TRY(cln_full_batch_finish(full, &score, x, f, g, error));
out:
    return status;
}

cln_status cln_full_batch_finish(cln_full_batch *full, const cln_score *score, const double *x, double *f, double *g,
                                 cln_error *error)
{
    cln_status status;
    const cln_trainer *trainer = full->trainer;
    uint64_t k = full->k, d = full->d, ld = full->ld, bytes = lane_bytes(full);
    double n = (double)score->rows, squares = 0;
    full->score = *score;
    TRY(cln_buffer_read(trainer->device, trainer->gradient, full->lane * bytes, bytes, full->h_sum, error));
    for (uint64_t c = 0; c < k; c++) {
        for (uint32_t j = 0; j < d; j++) {
            double v = x[c * d + j];
            g[c * d + j] = (double)full->h_sum[c * ld + j] / n * factor(full->inverse, j) + full->l2 * v;
            squares += v * v;
        }
        if (full->count > k * d)
            g[k * d + c] = (double)full->h_sum[c * ld + d] / n;
    }
    *f = full->score.loss + full->l2 / 2 * squares;
out:
    return status;
}

/* The model's bias is b − W·shift, so that its W moves b along: ∂f/∂W = ∂f/∂V·deviation + ∂f/∂b·shiftᵀ. */
double cln_full_batch_largest(const cln_full_batch *full, const double *g)
{
    const double *shift = full->trainer->scaling.shift;
    uint64_t k = full->k, d = full->d;
    bool bias = full->count > k * d;
    double largest = 0;
    for (uint64_t c = 0; c < k; c++) {
        double gb = bias ? g[k * d + c] : 0, component = fabs(gb);
        largest = isnan(component) || component > largest ? component : largest;
        for (uint32_t j = 0; j < d; j++) {
            component = fabs(g[c * d + j] / factor(full->inverse, j) + (bias && shift ? gb * shift[j] : 0));
            if (isnan(component) || component > largest) /* a NaN stays */
                largest = component;
        }
    }
    return largest;
}

double cln_full_batch_norm(const cln_full_batch *full, const double *g)
{
    const cln_columns *columns = &full->trainer->columns;
    const double *shift = full->trainer->scaling.shift, ratio = device_ratio(full->trainer);
    uint64_t k = full->k, d = full->d;
    double norm = 0;
    for (uint64_t c = 0; c < k; c++) {
        double gb = full->count > k * d ? g[k * d + c] : 0;
        norm = isnan(gb) || fabs(gb) > norm ? fabs(gb) : norm;
        for (uint32_t j = 0; j < d; j++) {
            double beside = columns->mean[j] * ratio - (shift ? shift[j] : 0), size = columns->size[j];
            double component = fabs(g[c * d + j] / factor(full->inverse, j) - gb * beside);
            component = size > 0 ? component / size : 0 * component;
            if (isnan(component) || component > norm) /* a NaN stays */
                norm = component;
        }
    }
    return norm / columns->unit;
}

void cln_full_batch_metric(const cln_full_batch *full, double *metric, double *ridge)
{
    const cln_columns *columns = &full->trainer->columns;
    uint64_t k = full->k, d = full->d;
    double curvature = full->trainer->plan->problem.loss == CLN_SQUARED ? 1 : 1.0 / (double)(k > 1 ? k : 1);
    for (uint64_t i = 0; i < full->count; i++) {
        bool weight = i < k * d;
        double size = weight ? columns->size[i % d] * factor(full->inverse, (uint32_t)(i % d)) : 1;
        metric[i] = curvature * size * size;
        ridge[i] = weight ? full->l2 : 0;
    }
}
