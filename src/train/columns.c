/* The units of a trainer's features and targets, which its gradient's norm is free of. */
#include "base/size.h"
#include "compute/moments.h"
#include "reference/objective.h"
#include "train/weighted.h"

#include <stdlib.h>

/* σ² of the gradient's norm (reference/objective.h). */
static double target_variance(const cln_trainer *trainer)
{
    uint64_t n = trainer->selection->rows[CLN_TRAIN];
    double variance = 0, square = 0;
    for (uint32_t c = 0; c < cln_trainer_outputs(trainer); c++) {
        double first = cln_selection_target(trainer->selection, 0, c), sum = 0, squares = 0, total = 0;
        for (uint64_t i = 0; i < n; i++) {
            double weight = trainer->row_weights ? (double)trainer->row_weights[i] : 1;
            double beside = cln_selection_target(trainer->selection, i, c) - first;
            total += weight;
            sum += weight * beside;
            squares += weight * beside * beside;
        }
        double mean = first + sum / total;
        variance += squares / total - (sum / total) * (sum / total);
        square += mean * mean;
    }
    return cln_target_variance(variance, square, trainer->plan->problem.bias);
}

cln_status cln_trainer_keep_columns(cln_trainer *trainer, const double *mean, const double *deviation, cln_error *error)
{
    cln_status status;
    cln_columns *columns = &trainer->columns;
    bool bias = trainer->plan->problem.bias;
    uint32_t d = trainer->plan->problem.features;
    TRY(cln_allocate((void **)&columns->mean, d, sizeof(double), "the features' means", error));
    TRY(cln_allocate((void **)&columns->size, d, sizeof(double), "the features' deviations", error));
    for (uint32_t j = 0; j < d; j++) {
        double middle = mean[j] * trainer->scale, s = deviation[j] * trainer->scale;
        columns->size[j] = cln_column_size(middle, s * s, bias);
        columns->mean[j] = bias ? middle : 0;
    }
out:
    return status;
}

/* By a pass or two. */
static cln_status pass(cln_trainer *trainer, cln_error *error)
{
    cln_status status;
    const cln_range *range = &trainer->selection->range[CLN_TRAIN];
    uint32_t d = trainer->plan->problem.features;
    double *mean = NULL, *deviation = NULL;
    TRY(cln_allocate((void **)&mean, 2 * (uint64_t)d, sizeof(double), "the features' means and deviations", error));
    deviation = mean + d;
    if (trainer->row_weights)
        TRY(cln_weighted_moments(trainer, trainer->row_weights, mean, deviation, error));
    else
        TRY(cln_moments(trainer->device, range->data, range->order, range->first, range->rows, mean, deviation, error));
    TRY(cln_trainer_keep_columns(trainer, mean, deviation, error));
out:
    free(mean);
    return status;
}

cln_status cln_trainer_measure_columns(cln_trainer *trainer, cln_error *error)
{
    cln_status status = CLN_OK;
    const cln_problem *problem = &trainer->plan->problem;
    double variance = problem->loss == CLN_SQUARED ? target_variance(trainer) : 0;
    trainer->columns.unit = cln_gradient_unit(problem->loss, cln_trainer_outputs(trainer), variance);
    if (!trainer->columns.size)
        status = pass(trainer, error);
    return status;
}
