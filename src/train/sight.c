/* What a trainer sees of its rows beside their bytes: where they are centred, what they weigh, and the step sizes that follow. */
#include "base/size.h"
#include "compute/moments.h"
#include "train/step_size.h"
#include "train/trainer.h"
#include "train/units.h"
#include "train/weighted.h"
#include "train/weights.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In the data's units; mean, deviation: (d). */
static cln_status find_moments(cln_trainer *trainer, double *mean, double *deviation, cln_error *error)
{
    const cln_range *range = &trainer->selection->range[CLN_TRAIN];
    if (cln_dataset_weights(trainer->selection->data[CLN_TRAIN]))
        return cln_weighted_moments(trainer, NULL, mean, deviation, error);
    return cln_moments(trainer->device, range->data, range->order, range->first, range->rows, mean, deviation, error);
}

/* What sgd divides gradients by, 1/σ², is a float. Other solvers divide on the host. */
static cln_status find_spread(const cln_trainer *trainer, float *spread, cln_error *error)
{
    for (uint32_t j = 0; j < trainer->plan->problem.features; j++) {
        double deviation = trainer->scaling.deviation[j], inverse = 1 / (deviation * deviation);
        if (!(inverse >= (double)FLT_MIN && inverse <= (double)FLT_MAX))
            return cln_fail(
                error, CLN_INVALID,
                "feature %u (from 0) has a standard deviation of %.2g, by which solver sgd cannot divide in "
                "single precision; bring it nearer to 1 (option scale for all features), or take solver lbfgs",
                j, deviation);
        spread[j] = (float)inverse;
    }
    return CLN_OK;
}

/* Of the training rows: mean and deviation in units of scaled features, and the same for the kernels. */
static cln_status find_scaling(cln_trainer *trainer, cln_error *error)
{
    cln_status status;
    const cln_problem *problem = &trainer->plan->problem;
    uint32_t d = problem->features;
    float *shift = NULL, *spread = NULL;
    double *deviation = NULL;
    if (!problem->centred)
        return CLN_OK;
    TRY(cln_allocate((void **)&trainer->scaling.shift, d, sizeof(double), "the features' means", error));
    TRY(cln_allocate((void **)&deviation, d, sizeof(double), "the features' deviations", error));
    TRY(cln_allocate((void **)&shift, d, sizeof(float), "the features' means", error));
    TRY(find_moments(trainer, trainer->scaling.shift, deviation, error));
    if (cln_settings_solver_is(&trainer->settings, "lbfgs") &&
        !cln_weights_any(&trainer->settings, cln_dataset_weights(trainer->selection->data[CLN_TRAIN])))
        TRY(cln_trainer_keep_columns(trainer, trainer->scaling.shift, deviation, error));
    for (uint32_t j = 0; j < d; j++) {
        shift[j] = (float)(trainer->scaling.shift[j] * trainer->scale);
        trainer->scaling.shift[j] = (double)shift[j]; /* what is subtracted is what a model's bias makes up for */
        deviation[j] = deviation[j] > 0 ? deviation[j] * trainer->scale : 1;
    }
    if (problem->spread) {
        trainer->scaling.deviation = deviation;
        deviation = NULL;
        if (cln_settings_solver_is(&trainer->settings, "sgd")) {
            TRY(cln_allocate((void **)&spread, d, sizeof(float), "the features' deviations", error));
            TRY(find_spread(trainer, spread, error));
        }
    }
    TRY(cln_plan_fold(trainer->plan, shift, spread, error));
out:
    free(deviation);
    free(shift);
    free(spread);
    return status;
}

/* weights (rows of the training part), or NULL, for the device: validation rows in the same data set weigh 1. */
static cln_status upload_weights(cln_trainer *trainer, const float *weights, cln_error *error)
{
    cln_status status;
    const cln_selection *selection = trainer->selection;
    uint64_t rows = selection->rows[CLN_TRAIN], all = selection->info.rows;
    float *padded = NULL;
    if (!weights)
        return cln_resident_weigh(selection->resident[CLN_TRAIN], NULL, error);
    TRY(cln_allocate((void **)&padded, all, sizeof(float), "row weights", error));
    for (uint64_t i = 0; i < all; i++)
        padded[i] = 1;
    for (uint64_t i = 0; i < rows; i++)
        padded[cln_selection_row(selection, CLN_TRAIN, i)] = weights[i];
    TRY(cln_resident_weigh(selection->resident[CLN_TRAIN], padded, error));
out:
    free(padded);
    return status;
}

enum {
    STRETCH = 16
}; /* rows of the sample that lie behind each other: few reads, and no order of classes goes unseen */

/* Training rows first … first+count−1; x: (count,row_bytes). */
static cln_status read_rows(const cln_selection *selection, uint64_t first, uint64_t count, char *x, size_t row_bytes,
                            cln_error *error)
{
    cln_status status = CLN_OK;
    uint64_t at_once = selection->list[CLN_TRAIN] ? 1 : count;
    for (uint64_t i = 0; i < count; i += at_once)
        TRY(cln_resident_read(selection->resident[CLN_TRAIN], cln_selection_row(selection, CLN_TRAIN, first + i),
                              at_once, x + i * row_bytes, error));
out:
    return status;
}

/* Up to CLN_CURVATURE_ROWS evenly spaced training rows: x (·,d) of the data's type, and their weights where there are any. */
static cln_status sample(cln_trainer *trainer, const float *weights, void *x, float *sampled, uint64_t *count,
                         cln_error *error)
{
    cln_status status = CLN_OK;
    const cln_selection *selection = trainer->selection;
    uint64_t rows = selection->rows[CLN_TRAIN], most = CLN_CURVATURE_ROWS;
    uint64_t stretch = rows <= most ? rows : STRETCH, stretches = rows <= most ? 1 : most / STRETCH;
    size_t row_bytes = selection->info.features * cln_type_bytes(selection->info.type);
    *count = stretches * stretch;
    for (uint64_t i = 0; i < stretches; i++) {
        uint64_t first = stretches > 1 ? i * (rows - stretch) / (stretches - 1) : 0;
        TRY(read_rows(selection, first, stretch, (char *)x + i * stretch * row_bytes, row_bytes, error));
        if (weights)
            memcpy(sampled + i * stretch, weights + first, stretch * sizeof(float));
    }
out:
    return status;
}

/* Steps of a whole run, as many as a double holds. */
static cln_pace_of pace_of(const cln_trainer *trainer)
{
    double steps = (double)trainer->settings.epochs * (double)trainer->batches;
    return (cln_pace_of){cln_settings_loss(&trainer->settings), trainer->selection->rows[CLN_TRAIN], trainer->batch,
                         steps < 0x1p63 ? (uint64_t)steps : UINT64_MAX};
}

/* *slow: the units keep sgd from learning with a step size for this curvature. */
static cln_status measure(cln_trainer *trainer, const float *weights, cln_curvature *curvature, bool *slow,
                          cln_error *error)
{
    cln_status status;
    const cln_dataset_info *info = &trainer->selection->info;
    uint64_t rows = trainer->selection->rows[CLN_TRAIN], most = rows < CLN_CURVATURE_ROWS ? rows : CLN_CURVATURE_ROWS;
    uint64_t count = 0;
    double worst = 0;
    void *x = NULL;
    float *sampled = NULL;
    const cln_curvature_view view = {trainer->scale, trainer->scaling.shift, trainer->scaling.deviation,
                                     trainer->plan->problem.bias};
    TRY(cln_allocate(&x, most * info->features, cln_type_bytes(info->type), "a sample of rows", error));
    TRY(cln_allocate((void **)&sampled, most, sizeof(float), "a sample of weights", error));
    bool drawn = weights && rows > CLN_CURVATURE_ROWS;
    if (drawn) {
        count = CLN_CURVATURE_ROWS;
        TRY(cln_weighted_sample(trainer, &view, x, sampled, &worst, error));
    } else
        TRY(sample(trainer, weights, x, sampled, &count, error));
    TRY(cln_curvature_measure(x, info->type, count, info->features, info->features, &view, weights ? sampled : NULL,
                              curvature, error));
    if (drawn)
        *curvature = (cln_curvature){fmin(curvature->mean, worst), worst};
    const cln_pace_of pace = pace_of(trainer);
    TRY(cln_units_judge(x, info->type, count, info->features, &view, weights ? sampled : NULL, curvature, &pace, slow,
                        error));
out:
    free(x);
    free(sampled);
    return status;
}

/* Steps are floats on the device, where smaller ones than FLT_MIN may be none. */
static cln_status check_step_size(double size, cln_error *error)
{
    bool small = size < (double)FLT_MIN;
    if (!small && size <= (double)FLT_MAX)
        return CLN_OK;
    return cln_fail(error, CLN_INVALID,
                    "the features are so %s that the step size for them, %.2g, is beyond a float's range; scale them "
                    "%s (option scale)",
                    small ? "large" : "small", size, small ? "down" : "up");
}

/* Where no step size is given. */
static cln_status find_step_sizes(cln_trainer *trainer, const float *weights, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_curvature curvature;
    bool measured = false, slow = false;
    uint64_t rows = trainer->selection->rows[CLN_TRAIN];
    for (uint32_t m = 0; m < trainer->lane_count; m++) {
        cln_settings *settings = &trainer->lanes[m].settings;
        if (settings->learning_rate > 0)
            continue;
        if (!measured)
            TRY(measure(trainer, weights, &curvature, &slow, error));
        measured = true;
        settings->learning_rate = cln_step_size(&curvature, cln_settings_loss(settings), trainer->lanes[m].l2,
                                                settings->momentum, rows, trainer->batch);
        trainer->lanes[m].slow = slow;
        TRY(check_step_size(settings->learning_rate, error));
    }
out:
    return status;
}

cln_status cln_trainer_see(cln_trainer *trainer, cln_error *error)
{
    cln_status status;
    const cln_selection *selection = trainer->selection;
    const cln_dataset *data = selection->data[CLN_TRAIN];
    TRY(cln_weights_create(&trainer->settings, cln_dataset_labels(data), selection->info.outputs,
                           cln_dataset_weights(data), selection->list[CLN_TRAIN], selection->rows[CLN_TRAIN],
                           &trainer->row_weights, error));
    TRY(find_scaling(trainer, error));
    TRY(upload_weights(trainer, trainer->row_weights, error));
    if (cln_settings_solver_is(&trainer->settings, "sgd"))
        TRY(find_step_sizes(trainer, trainer->row_weights, error));
    trainer->settings.learning_rate = trainer->lanes[0].settings.learning_rate;
    TRY(cln_trainer_write_steps(trainer, 0, error));
out:
    return status;
}
