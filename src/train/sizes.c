/* What options and rows come to, for a trainer as for the estimate of one: its steps, its minibatches, the problem of its plan, its buffers. */
#include "base/size.h"
#include "device/buffer.h"
#include "train/trainer.h"

cln_settings cln_trainer_settings(const cln_settings *given)
{
    cln_settings settings = *given;
    settings.epochs = cln_settings_epochs(given);
    if (!cln_settings_solver_is(given, "sgd")) { /* all rows at once, as they lie */
        settings.batch_size = UINT64_MAX;
        settings.no_shuffle = true;
    }
    return settings;
}

void cln_trainer_cut(cln_trainer *trainer)
{
    const cln_settings *settings = &trainer->settings;
    uint64_t rows = trainer->selection->rows[CLN_TRAIN];
    trainer->batch = settings->batch_size < rows ? settings->batch_size : rows;
    trainer->batches = settings->drop_last ? rows / settings->batch_size : cln_ceil_divide(rows, settings->batch_size);
}

/* L-BFGS converges faster on centred features, and what direct found in double needs them on a device where floats are far from zero; a bias
   makes up for it: the objective is the same. Bytes are never far from zero. */
static bool is_centred(const cln_settings *settings, cln_type type)
{
    bool iterates = cln_settings_solver_is(settings, "lbfgs");
    bool solved = cln_settings_solver_is(settings, "direct") && type == CLN_FLOAT32;
    return settings->center || settings->standardize || ((iterates || solved) && !settings->no_bias);
}

cln_problem cln_trainer_problem(const cln_trainer *trainer)
{
    const cln_settings *settings = &trainer->settings;
    const cln_selection *selection = trainer->selection;
    const cln_dataset_info *info = &selection->info;
    cln_problem problem = {.features = info->features,
                           .outputs = trainer->lane_count * selection->outputs,
                           .models = trainer->lane_count,
                           .type = info->type,
                           .loss = cln_settings_loss(settings),
                           .target = selection->target,
                           .lowest = selection->lowest,
                           .highest = selection->highest,
                           .scale = (float)trainer->scale,
                           .bias = !settings->no_bias,
                           .centred = is_centred(settings, info->type),
                           .spread = settings->standardize};
    uint64_t rows = 0;
    for (int part = 0; part < CLN_PARTS; part++)
        rows = trainer->selection->rows[part] > rows ? trainer->selection->rows[part] : rows;
    if (cln_settings_solver_is(settings, "sgd"))
        problem.batch_rows = (uint32_t)cln_trainer_batch_rows(trainer, CLN_TRAIN, 0);
    problem.block_rows = trainer->block_rows ? trainer->block_rows
                                             : cln_plan_block_rows(trainer->device, settings->engine, &problem, rows);
    return problem;
}

/* A second place for weights: the best in validation, or those of a lane that has stopped before others. */
static bool needs_best(const cln_trainer *trainer)
{
    bool patient = false;
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        patient |= cln_patience_on(&trainer->lanes[m].patience);
    return patient || trainer->lane_count > 1;
}

cln_status cln_trainer_create_buffers(cln_trainer *trainer, cln_error *error)
{
    cln_status status;
    cln_device *device = trainer->device;
    const cln_layout *layout = &trainer->plan->layout;
    uint64_t bytes = (uint64_t)layout->kp * layout->ld * sizeof(float), rows = trainer->selection->rows[CLN_TRAIN];
    TRY(cln_buffer_create(device, "the weights", bytes, &trainer->weights, error));
    TRY(cln_buffer_create(device, "the velocity", bytes, &trainer->velocity, error));
    TRY(cln_buffer_create(device, "the gradient", bytes, &trainer->gradient, error));
    if (needs_best(trainer))
        TRY(cln_buffer_create(device, "the best weights", bytes, &trainer->best, error));
    if (!trainer->settings.no_shuffle)
        TRY(cln_buffer_create(device, "the row order", rows * sizeof(uint32_t), &trainer->order, error));
    TRY(cln_buffer_create(device, "the steps", trainer->lane_count * sizeof *trainer->h_steps, &trainer->d_steps,
                          error));
out:
    return status;
}
