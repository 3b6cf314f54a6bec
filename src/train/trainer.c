/* A trainer's life: options and data checked, kernels built while the data is read and uploaded, each kernel run once. */
#include "train/trainer.h"

#include "base/entry.h"
#include "base/os.h"
#include "base/size.h"
#include "data/dataset.h"
#include "device/buffer.h"
#include "train/checkpoint.h"
#include "train/compiling.h"
#include "train/estimate.h"
#include "train/weights.h"

#include <stdlib.h>

static cln_status take_options(cln_lane *lane, const cln_options *options, cln_error *error)
{
    cln_status status = cln_options_copy(options, &lane->options, error);
    if (status != CLN_OK)
        return status;
    const char *wrong = cln_options_check(lane->options);
    if (wrong)
        return cln_fail(error, CLN_INVALID, "%s", wrong);
    lane->settings = cln_trainer_settings(cln_options_settings(lane->options));
    lane->patience = cln_patience_begin(&lane->settings);
    return CLN_OK;
}

static cln_status take_lanes(cln_trainer *trainer, const cln_options *const *options, uint32_t count, cln_error *error)
{
    cln_status status;
    TRY(cln_allocate((void **)&trainer->lanes, count, sizeof *trainer->lanes, "the lanes of a trainer", error));
    TRY(cln_allocate((void **)&trainer->h_steps, count, sizeof *trainer->h_steps, "the lanes of a trainer", error));
    trainer->lane_count = trainer->scores.models = count;
    for (uint32_t m = 0; m < count; m++) {
        if (m > 0 && !cln_options_stackable(options[0], options[m]))
            return cln_fail(error, CLN_INVALID,
                            "options that are trained side by side may differ in steps, penalty and patience alone");
        TRY(take_options(&trainer->lanes[m], options[m], error));
    }
    trainer->settings = trainer->lanes[0].settings;
out:
    return status;
}

static cln_status plan_batches(cln_trainer *trainer, cln_error *error)
{
    const cln_settings *settings = &trainer->settings;
    uint64_t rows = trainer->selection->rows[CLN_TRAIN];
    if (settings->drop_last && settings->batch_size > rows)
        return cln_fail(
            error, CLN_INVALID,
            "%llu training rows make no whole minibatch of %llu; give a smaller batch-size, or no drop-last",
            (unsigned long long)rows, (unsigned long long)settings->batch_size);
    cln_trainer_cut(trainer);
    double total = cln_weights_total(cln_dataset_weights(trainer->selection->data[CLN_TRAIN]),
                                     trainer->selection->list[CLN_TRAIN], rows);
    for (uint32_t m = 0; m < trainer->lane_count; m++) {
        const cln_settings *own = &trainer->lanes[m].settings;
        trainer->lanes[m].l2 = cln_settings_l2(own, total);
        trainer->h_steps[m] =
            (cln_step){.l2 = (float)trainer->lanes[m].l2, .momentum = (float)own->momentum, .nesterov = own->nesterov};
    }
    return CLN_OK;
}

static cln_status create_plan(cln_trainer *trainer, cln_error *error)
{
    cln_status status;
    cln_problem problem = cln_trainer_problem(trainer);
    TRY(cln_plan_create(trainer->device, trainer->settings.engine, &problem, NULL, &trainer->plan, error));
    trainer->scores_per_batch = cln_trainer_batch_scores(trainer, 0);
out:
    return status;
}

/* All that a pass works on. */
static cln_status create_memory(cln_trainer *trainer, cln_error *error)
{
    cln_status status;
    uint64_t rows = trainer->selection->rows[CLN_TRAIN];
    TRY(cln_trainer_create_buffers(trainer, error));
    if (trainer->order)
        TRY(cln_allocate((void **)&trainer->h_order, rows, sizeof(uint32_t), "the row order", error));
    trainer->kept = trainer->weights;
    TRY(cln_score_buffer_reserve(trainer->device, &trainer->scores, trainer->scores_per_batch, error));
out:
    return status;
}

/* Runs every kernel that training and scoring will need once, for drivers compile at the first launch; then forgets the result. */
static cln_status warm_up(cln_trainer *trainer, cln_error *error)
{
    cln_status status;
    cln_range range = trainer->selection->range[CLN_TRAIN];
    cln_score *scores = NULL;
    range.rows = trainer->batch;
    TRY(cln_allocate((void **)&scores, trainer->lane_count, sizeof *scores, "scores", error));
    if (cln_settings_solver_is(&trainer->settings, "sgd"))
        TRY(cln_trainer_enqueue(trainer, 0, 1, 0, error));
    TRY(cln_score_range(trainer->plan, &range, trainer->weights, trainer->gradient, &trainer->scores, scores, error));
    TRY(cln_buffer_zero(trainer->device, trainer->weights, error));
    TRY(cln_buffer_zero(trainer->device, trainer->velocity, error));
    TRY(cln_queue_finish(trainer->device, error));
out:
    free(scores);
    return status;
}

/* What decides by validation needs some. */
static cln_status check_validation(const cln_trainer *trainer, cln_error *error)
{
    if (trainer->settings.alpha_count > 1 && !trainer->selection->rows[CLN_VALID])
        return cln_fail(
            error, CLN_INVALID,
            "several values of alpha need validation rows to choose by; give option valid a number of rows or "
            "a data set");
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        if (cln_patience_on(&trainer->lanes[m].patience) && !trainer->selection->rows[CLN_VALID])
            return cln_fail(error, CLN_INVALID,
                            "patience needs validation rows; give option valid a number of rows or a data set");
    return CLN_OK;
}

static cln_status upload(cln_trainer *trainer, cln_error *error)
{
    double before = cln_os_seconds(), wait = 0;
    cln_status status;
    TRY(cln_selection_finish(trainer->selection, trainer->device, trainer->plan->problem.block_rows, &wait, error));
    TRY(cln_trainer_see(trainer, error));
    trainer->seconds.load += wait;
    trainer->seconds.upload += cln_os_seconds() - before - wait;
out:
    return status;
}

static cln_status select_rows(cln_trainer *trainer, cln_selection *selection, const cln_parts *parts, cln_error *error)
{
    trainer->selection = selection ? selection : &trainer->own_selection;
    return selection ? CLN_OK : cln_selection_create(trainer->selection, &trainer->settings, parts, error);
}

cln_status cln_trainer_prepare(cln_device *device, const cln_options *const *options, uint32_t count,
                               cln_selection *selection, const cln_parts *parts, cln_trainer **result, cln_error *error)
{
    cln_status status;
    cln_trainer *trainer = NULL;
    *result = NULL;
    TRY(cln_allocate((void **)&trainer, 1, sizeof *trainer, "a trainer", error));
    trainer->device = device;
    TRY(take_lanes(trainer, options, count, error));
    TRY(select_rows(trainer, selection, parts, error));
    TRY(check_validation(trainer, error));
    TRY(plan_batches(trainer, error));
    double scale = trainer->selection->info.type == CLN_UINT8 ? 1.0 / 255 : 1;
    trainer->scale = trainer->settings.scale > 0 ? trainer->settings.scale : scale;
    *result = trainer;
    trainer = NULL;
out:
    cln_trainer_close(trainer);
    return status;
}

cln_status cln_trainer_create(cln_device *device, const cln_options *options, const cln_parts *parts,
                              cln_trainer **result, cln_error *error)
{
    MAKES(result);
    ENTER_OPENCL(error, device && options && parts && result);
    return cln_trainer_create_stack(device, &options, 1, NULL, parts, result, error);
}

cln_status cln_trainer_build(cln_trainer *trainer, const cln_parts *parts, cln_error *error)
{
    cln_status status;
    cln_device *device = trainer->device;
    cln_selection *selection = trainer->selection;
    cln_compiling compiling = {0};
    TRY(cln_estimate_check(trainer, parts, error));
    double before = cln_os_seconds();
    trainer->seconds.load = before - trainer->created;
    TRY(cln_selection_begin(selection, device, error));
    trainer->seconds.upload = cln_os_seconds() - before;
    compiling = cln_compiling_begin(device, selection->info.features, trainer->lane_count * selection->outputs);
    TRY(create_plan(trainer, error));
    cln_compiling_pause(&compiling);
    TRY(create_memory(trainer, error));
    TRY(upload(trainer, error));
    cln_compiling_resume(&compiling);
    TRY(warm_up(trainer, error));
    TRY(cln_warn_of_labels(&trainer->warnings, selection, &trainer->settings, error));
    trainer->seconds.build = cln_compiling_end(&compiling);
out:
    cln_compiling_end(&compiling);
    return status;
}

cln_status cln_trainer_create_stack(cln_device *device, const cln_options *const *options, uint32_t count,
                                    cln_selection *selection, const cln_parts *parts, cln_trainer **result,
                                    cln_error *error)
{
    cln_status status;
    cln_trainer *trainer = NULL;
    double created = cln_os_seconds();
    *result = NULL;
    TRY(cln_trainer_prepare(device, options, count, selection, parts, &trainer, error));
    trainer->created = created;
    TRY(cln_trainer_build(trainer, parts, error));
    *result = trainer;
    trainer = NULL;
out:
    cln_trainer_close(trainer);
    return status;
}

void cln_trainer_close(cln_trainer *trainer)
{
    if (!trainer || cln_opencl_is_lost())
        return;
    cln_device *device = trainer->device;
    free(trainer->solved);
    cln_pace_release(&trainer->pace);
    cln_score_buffer_release(device, &trainer->scores);
    cln_buffer_release(device, &trainer->d_steps);
    cln_buffer_release(device, &trainer->order);
    cln_buffer_release(device, &trainer->best);
    cln_buffer_release(device, &trainer->gradient);
    cln_buffer_release(device, &trainer->velocity);
    cln_buffer_release(device, &trainer->weights);
    cln_plan_release(trainer->plan);
    cln_selection_release(&trainer->own_selection);
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        cln_options_free(trainer->lanes[m].options);
    free(trainer->columns.mean);
    free(trainer->columns.size);
    free(trainer->scaling.shift);
    free(trainer->scaling.deviation);
    free(trainer->lanes);
    free(trainer->h_steps);
    free(trainer->h_order);
    free(trainer->row_weights);
    free(trainer->earlier);
    cln_checkpoint_release(trainer);
    free(trainer->path);
    free(trainer);
}
