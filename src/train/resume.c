/* A run that goes on from a checkpoint, read with distrust: what a number or a size can be is decided before it is used. */
#include "base/entry.h"
#include "base/os.h"
#include "base/size.h"
#include "compute/tuning.h"
#include "device/buffer.h"
#include "model/text.h"
#include "train/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char task[] = "cannot resume from";

/* ---- kernels */

/* The engine's word, as the table of options has it. */
static cln_status take_engine(const cln_container *from, const char **engine, cln_error *error)
{
    const char *text = cln_container_text(from, "engine");
    *engine = !text ? NULL : strcmp(text, "fused") == 0 ? "fused" : strcmp(text, "clblast") == 0 ? "clblast" : NULL;
    return *engine ? CLN_OK : cln_container_refuse(from, error, "its engine is none that there is");
}

/* On the same device everything as it was; on another one the engine. */
static cln_status impose(cln_trainer *trainer, const cln_container *from, bool same_device, cln_error *error)
{
    cln_status status;
    uint64_t rows;
    if (!same_device)
        return take_engine(from, &trainer->settings.engine, error);
    TRY(cln_container_count(from, "block_rows", UINT32_MAX, &rows, error));
    if (rows == 0 ||
        rows > trainer->selection->info.rows + trainer->selection->rows[CLN_VALID] + trainer->selection->rows[CLN_TEST])
        return cln_container_refuse(from, error, "its block_rows are more than there are rows, or none");
    trainer->block_rows = (uint32_t)rows;
out:
    return status;
}

static cln_status impose_tuning(cln_device *device, const cln_container *from, cln_error *error)
{
    cln_error problem = {0};
    const char *text = cln_container_text(from, "tuning"), *name = cln_container_text(from, "tuning_name");
    cln_status status = cln_tuning_take(device, text, name ? name : "", "within it", &problem);
    return status == CLN_OK ? CLN_OK : cln_container_refuse(from, error, "%.700s", problem.message);
}

/* ---- state */

/* (k,d+1) into w (kp,ld). */
static cln_status write_weights(cln_trainer *trainer, const char *name, cl_mem w, cln_error *error)
{
    cln_status status;
    uint64_t k = cln_trainer_outputs(trainer), width = (uint64_t)trainer->plan->problem.features + 1;
    uint64_t ld = trainer->plan->layout.ld;
    float *values = NULL;
    TRY(cln_allocate((void **)&values, k * ld, sizeof *values, "weights", error));
    TRY(cln_container_read(trainer->checkpoint->from, name, CLN_F32, k, width, values, error));
    for (uint64_t c = k; c-- > 0;) {
        memmove(values + c * ld, values + c * width, width * sizeof *values);
        memset(values + c * ld + width, 0, (ld - width) * sizeof *values);
    }
    TRY(cln_buffer_write(trainer->device, w, 0, k * ld * sizeof *values, values, error));
out:
    free(values);
    return status;
}

/* The scores of a pass that is not over. */
static cln_status take_scores(cln_trainer *trainer, uint64_t done, cln_error *error)
{
    cln_status status;
    cln_container *from = trainer->checkpoint->from;
    double *losses = NULL;
    int64_t *errors = NULL;
    TRY(cln_allocate((void **)&losses, done, sizeof *losses, "scores", error));
    TRY(cln_allocate((void **)&errors, done, sizeof *errors, "scores", error));
    TRY(cln_allocate((void **)&trainer->earlier, done, sizeof *trainer->earlier, "scores", error));
    TRY(cln_container_read(from, "losses", CLN_F64, 1, done, losses, error));
    TRY(cln_container_read(from, "errors", CLN_I64, 1, done, errors, error));
    for (uint64_t i = 0; i < done; i++)
        trainer->earlier[i] = (cln_score){.loss = losses[i],
                                          .errors = errors[i] < 0 ? 0 : (uint64_t)errors[i],
                                          .rows = cln_trainer_batch_rows(trainer, CLN_TRAIN, i)};
    trainer->earlier_count = done;
out:
    free(losses);
    free(errors);
    return status;
}

static cln_status take_patience(const cln_container *from, cln_patience *patience, cln_error *error)
{
    cln_status status;
    TRY(cln_container_count(from, "patience.since_best", UINT64_MAX, &patience->since_best, error));
    TRY(cln_container_count(from, "patience.iterations", UINT64_MAX, &patience->iterations, error));
    TRY(cln_container_count(from, "patience.best_epoch", UINT64_MAX, &patience->best_epoch, error));
    TRY(cln_container_real(from, "patience.best_error", &patience->best_error, error));
out:
    return status;
}

static cln_status take_sgd(cln_trainer *trainer, cln_error *error)
{
    cln_status status;
    cln_container *from = trainer->checkpoint->from;
    cln_lane *lane = &trainer->lanes[0];
    uint64_t done = 0;
    TRY(cln_container_count(from, "minibatch", trainer->batches - 1, &done, error));
    if (trainer->steps % trainer->batches != done ||
        cln_ceil_divide(trainer->steps, trainer->batches) != trainer->epoch)
        return cln_container_refuse(from, error, "its epoch, minibatch and steps do not fit each other");
    TRY(cln_container_real(from, "learning_rate", &lane->settings.learning_rate, error));
    if (!(lane->settings.learning_rate > 0))
        return cln_container_refuse(from, error, "its learning_rate is not above 0");
    trainer->settings.learning_rate = lane->settings.learning_rate;
    TRY(take_patience(from, &lane->patience, error));
    TRY(write_weights(trainer, "weights", trainer->weights, error));
    TRY(write_weights(trainer, "velocity", trainer->velocity, error));
    if (cln_container_has(from, "best") != (cln_patience_on(&lane->patience) && lane->patience.best_epoch))
        return cln_container_refuse(from, error, "its best weights and its patience do not fit each other");
    if (cln_container_has(from, "best")) {
        TRY(write_weights(trainer, "best", trainer->best, error));
        lane->in_best = true;
    }
    if (done) {
        TRY(take_scores(trainer, done, error));
        TRY(cln_trainer_continue_pass(trainer, error));
    }
out:
    return status;
}

static cln_status take_seconds(cln_trainer *trainer, const cln_container *from, cln_error *error)
{
    cln_status status;
    cln_seconds before;
    cln_seconds *now = &trainer->seconds;
    TRY(cln_container_real(from, "seconds.total", &before.total, error));
    TRY(cln_container_real(from, "seconds.load", &before.load, error));
    TRY(cln_container_real(from, "seconds.build", &before.build, error));
    TRY(cln_container_real(from, "seconds.upload", &before.upload, error));
    TRY(cln_container_real(from, "seconds.train", &before.train, error));
    TRY(cln_container_real(from, "seconds.evaluate", &before.evaluate, error));
    trainer->created -= before.total;
    now->load += before.load;
    now->build += before.build;
    now->upload += before.upload;
    now->train += before.train;
    now->evaluate += before.evaluate;
out:
    return status;
}

/* A schedule that depends on the limit would have been another one from the start. */
static cln_status check_epochs(const cln_trainer *trainer, const cln_container *from, cln_error *error)
{
    uint64_t before;
    const cln_settings *settings = &trainer->settings;
    cln_status status = cln_container_count(from, "epochs", UINT64_MAX, &before, error);
    if (status != CLN_OK)
        return status;
    if (trainer->epoch > settings->epochs)
        return cln_container_refuse(from, error,
                                    "it has done %llu epochs, and option epochs is %llu; give as many or more",
                                    (unsigned long long)trainer->epoch, (unsigned long long)settings->epochs);
    bool cosine = strcmp(settings->schedule, "cosine") == 0,
         thirds = strcmp(settings->schedule, "step") == 0 && !settings->decay_epochs;
    if (before != settings->epochs && (cosine || thirds))
        return cln_container_refuse(
            from, error,
            "its option epochs is %llu, and here it is %llu, which schedule %s depends on; give "
            "the same, or train anew",
            (unsigned long long)before, (unsigned long long)settings->epochs, settings->schedule);
    return CLN_OK;
}

/* Into a trainer that is ready. */
static cln_status take_state(cln_trainer *trainer, cln_error *error)
{
    cln_status status;
    cln_checkpoint *c = trainer->checkpoint;
    cln_lane *lane = &trainer->lanes[0];
    TRY(cln_container_count(c->from, "epoch", INT64_MAX, &trainer->epoch, error));
    TRY(cln_container_count(c->from, "steps", INT64_MAX, &trainer->steps, error));
    TRY(cln_container_count(c->from, "every", UINT64_MAX, &c->resumption.every, error));
    TRY(check_epochs(trainer, c->from, error));
    if (trainer->epoch == 0 || trainer->steps == 0)
        return cln_container_refuse(c->from, error, "nothing was done yet when it was kept");
    lane->epoch = trainer->epoch;
    lane->steps = trainer->steps;
    if (cln_settings_solver_is(&trainer->settings, "sgd"))
        TRY(take_sgd(trainer, error));
    if (c->resumption.same_device)
        TRY(cln_checkpoint_take_products(trainer->plan, c->from, error));
    TRY(take_seconds(trainer, c->from, error));
    const char *mark = cln_container_text(c->from, "mark");
    c->resumption.epoch = trainer->epoch;
    c->resumption.steps = trainer->steps;
    c->resumption.seconds = trainer->seconds.train;
    c->resumption.mark = mark ? mark : "";
    c->resumption.device = c->device;
    trainer->resumed = true;
out:
    return status;
}

cln_status cln_checkpoint_take_lbfgs(cln_trainer *trainer, cln_minimize_state *state, uint64_t count, cln_error *error)
{
    cln_status status;
    cln_container *from = trainer->checkpoint->from;
    uint64_t pairs = 0, newest = 0, rows = 0;
    state->iterations = trainer->epoch;
    state->evaluations = trainer->steps;
    TRY(cln_container_count(from, "lbfgs.idle", INT64_MAX, &state->idle, error));
    TRY(cln_container_count(from, "lbfgs.rows", state->rows, &rows, error));
    TRY(cln_container_count(from, "lbfgs.pairs", rows, &pairs, error));
    TRY(cln_container_count(from, "lbfgs.newest", rows, &newest, error));
    TRY(cln_container_real(from, "lbfgs.objective", &state->objective, error));
    TRY(cln_container_real(from, "lbfgs.gradient_norm", &state->gradient_norm, error));
    TRY(cln_container_real(from, "lbfgs.least_objective", &state->least_objective, error));
    TRY(cln_container_real(from, "lbfgs.least_norm", &state->least_norm, error));
    TRY(cln_container_real(from, "lbfgs.scale", &state->scale, error));
    state->rows = (uint32_t)rows;
    state->pairs = (uint32_t)pairs;
    state->newest = (uint32_t)newest;
    TRY(cln_container_read(from, "x", CLN_F64, 1, count, state->x, error));
    TRY(cln_container_read(from, "gradient", CLN_F64, 1, count, state->g, error));
    if (rows) {
        TRY(cln_container_read(from, "s", CLN_F64, rows, count, state->s, error));
        TRY(cln_container_read(from, "y", CLN_F64, rows, count, state->y, error));
        TRY(cln_container_read(from, "sy", CLN_F64, 1, rows, state->sy, error));
    }
out:
    return status;
}

/* ---- the trainer */

static cln_status open_checkpoint(cln_trainer *trainer, const char *path, cln_checkpoint **checkpoint, cln_error *error)
{
    cln_status status;
    cln_checkpoint *c;
    TRY(cln_checkpoint_of(trainer, &c, error));
    if (strlen(path) >= sizeof c->origin)
        return cln_fail(error, CLN_IO, "%s %.60s…: the name is too long", task, path);
    snprintf(c->origin, sizeof c->origin, "%s", path);
    TRY(cln_container_open(task, c->origin, "clinear_checkpoint", CLN_CHECKPOINT_VERSION, &c->from, error));
    const char *device = cln_container_text(c->from, "device");
    char here[600];
    cln_identity_device(&trainer->device->facts.info, here);
    c->resumption.same_device = device && strcmp(device, here) == 0;
    snprintf(c->device, sizeof c->device, "%s", device ? device : "");
    for (char *byte = c->device; *byte; byte++)
        *byte = *byte >= ' ' && *byte <= '~' ? *byte : '?';
    *checkpoint = c;
out:
    return status;
}

cln_status cln_trainer_resume(cln_device *device, const cln_options *options, const cln_parts *parts, const char *path,
                              cln_trainer **result, cln_error *error)
{
    MAKES(result);
    ENTER_OPENCL(error, device && options && parts && path && result);
    cln_status status;
    cln_trainer *trainer = NULL;
    cln_checkpoint *c = NULL;
    double created = cln_os_seconds();
    TRY(cln_trainer_prepare(device, &options, 1, NULL, parts, &trainer, error));
    trainer->created = created;
    TRY(open_checkpoint(trainer, path, &c, error));
    TRY(cln_identity_check_options(c->from, options, error));
    if (c->resumption.same_device)
        TRY(impose_tuning(device, c->from, error));
    TRY(impose(trainer, c->from, c->resumption.same_device, error));
    TRY(cln_trainer_build(trainer, parts, error));
    TRY(cln_identity_check(trainer, c->from, c->resumption.same_device, error));
    TRY(take_state(trainer, error));
    *result = trainer;
    trainer = NULL;
out:
    cln_trainer_close(trainer);
    return status;
}

bool cln_trainer_resumed(const cln_trainer *trainer, cln_resumption *resumption)
{
    if (!trainer || !resumption)
        return false;
    if (!trainer->checkpoint || !trainer->checkpoint->from)
        return false;
    *resumption = trainer->checkpoint->resumption;
    return true;
}
