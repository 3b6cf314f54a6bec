/* Checkpoints, kept. */
#include "train/checkpoint.h"

#include "base/entry.h"
#include "base/number.h"
#include "base/os.h"
#include "base/size.h"
#include "device/buffer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cln_status cln_checkpoint_of(cln_trainer *trainer, cln_checkpoint **checkpoint, cln_error *error)
{
    cln_status status = CLN_OK;
    if (!trainer->checkpoint)
        TRY(cln_allocate((void **)&trainer->checkpoint, 1, sizeof *trainer->checkpoint, "a checkpoint", error));
out:
    *checkpoint = trainer->checkpoint;
    return status;
}

void cln_checkpoint_release(cln_trainer *trainer)
{
    if (!trainer->checkpoint)
        return;
    cln_entries_release(&trainer->checkpoint->notes);
    cln_container_close(trainer->checkpoint->from);
    free(trainer->checkpoint);
    trainer->checkpoint = NULL;
}

/* ---- when */

cln_status cln_trainer_checkpoint(cln_trainer *trainer, const cln_checkpoints *checkpoints, cln_error *error)
{
    ENTER_OPENCL(error, trainer && checkpoints && checkpoints->path);
    cln_status status;
    cln_checkpoint *c;
    cln_replacement file = {0};
    if (cln_settings_solver_is(&trainer->settings, "direct"))
        return cln_fail(error, CLN_INVALID,
                        "solver direct keeps no checkpoints: it is one pass over the data and a few products; leave "
                        "them out");
    if (strlen(checkpoints->path) >= sizeof c->path)
        return cln_fail(error, CLN_IO, "cannot write %.60s…: the name is too long", checkpoints->path);
    TRY(cln_os_replace_begin(&file, checkpoints->path, error)); /* what can be known to fail fails now */
    cln_os_replace_abandon(&file);
    TRY(cln_checkpoint_of(trainer, &c, error));
    if (!c->known)
        TRY(cln_identity_note(trainer, &c->notes, error));
    c->known = true;
    c->to = *checkpoints;
    snprintf(c->path, sizeof c->path, "%s", checkpoints->path);
    c->to.path = c->path;
out:
    return status;
}

static bool is_kept(const cln_trainer *trainer)
{
    return trainer->checkpoint && trainer->checkpoint->to.path;
}

uint64_t cln_checkpoint_left(const cln_trainer *trainer)
{
    uint64_t every = is_kept(trainer) ? trainer->checkpoint->to.every : 0;
    return every ? every - trainer->steps % every : UINT64_MAX;
}

bool cln_checkpoint_due(const cln_trainer *trainer, uint64_t steps, bool pass_ends, bool run_ends)
{
    if (!is_kept(trainer))
        return false;
    uint64_t every = trainer->checkpoint->to.every;
    return run_ends || (every ? steps % every == 0 : pass_ends);
}

/* ---- metadata */

static cln_status note_real(cln_entries *notes, const char *key, double value, cln_error *error)
{
    char text[32] = "nan";
    if (isinf(value))
        snprintf(text, sizeof text, "%s", value > 0 ? "inf" : "-inf");
    else if (!isnan(value))
        cln_format_real(value, text);
    return cln_entries_note(notes, error, key, "%s", text);
}

static cln_status note_count(cln_entries *notes, const char *key, uint64_t value, cln_error *error)
{
    return cln_entries_note(notes, error, key, "%llu", (unsigned long long)value);
}

static cln_status note_seconds(const cln_trainer *trainer, double train_seconds, cln_entries *notes, cln_error *error)
{
    cln_status status;
    const cln_seconds *seconds = &trainer->seconds;
    TRY(note_real(notes, "seconds.total", cln_os_seconds() - trainer->created, error));
    TRY(note_real(notes, "seconds.load", seconds->load, error));
    TRY(note_real(notes, "seconds.build", seconds->build, error));
    TRY(note_real(notes, "seconds.upload", seconds->upload, error));
    TRY(note_real(notes, "seconds.train", train_seconds, error));
    TRY(note_real(notes, "seconds.evaluate", seconds->evaluate, error));
out:
    return status;
}

/* What both solvers have. */
static cln_status note_progress(const cln_trainer *trainer, double train_seconds, cln_entries *notes, cln_error *error)
{
    cln_status status;
    const cln_checkpoints *to = &trainer->checkpoint->to;
    const char *mark = to->mark ? to->mark(to->user) : "";
    TRY(note_count(notes, "epochs", trainer->settings.epochs, error));
    TRY(note_count(notes, "epoch", trainer->epoch, error));
    TRY(note_count(notes, "steps", trainer->steps, error));
    TRY(note_count(notes, "every", to->every, error));
    TRY(cln_entries_note(notes, error, "mark", "%.*s", CLN_CHECKPOINT_MARK, mark ? mark : ""));
    TRY(note_seconds(trainer, train_seconds, notes, error));
out:
    return status;
}

static cln_status note_patience(const cln_patience *patience, cln_entries *notes, cln_error *error)
{
    cln_status status;
    TRY(note_count(notes, "patience.since_best", patience->since_best, error));
    TRY(note_count(notes, "patience.iterations", patience->iterations, error));
    TRY(note_count(notes, "patience.best_epoch", patience->best_epoch, error));
    TRY(note_real(notes, "patience.best_error", patience->best_error, error));
out:
    return status;
}

/* ---- arrays */

/* w (kp,ld) as (k,d+1) in memory that is to be released with free(). */
static cln_status read_weights(cln_trainer *trainer, cl_mem w, float **values, cln_error *error)
{
    cln_status status;
    uint64_t k = cln_trainer_outputs(trainer), width = (uint64_t)trainer->plan->problem.features + 1;
    uint64_t ld = trainer->plan->layout.ld;
    TRY(cln_allocate((void **)values, k * ld, sizeof **values, "weights", error));
    TRY(cln_buffer_read(trainer->device, w, 0, k * ld * sizeof **values, *values, error));
    for (uint64_t c = 1; c < k; c++)
        memmove(*values + c * width, *values + c * ld, width * sizeof **values);
out:
    return status;
}

/* Of a pass that is not over; both (done), to be released with free(). */
static cln_status take_scores(const cln_score *pass, uint64_t done, double **losses, int64_t **errors, cln_error *error)
{
    cln_status status;
    TRY(cln_allocate((void **)losses, done, sizeof **losses, "scores", error));
    TRY(cln_allocate((void **)errors, done, sizeof **errors, "scores", error));
    for (uint64_t i = 0; i < done; i++) {
        (*losses)[i] = pass[i].loss;
        (*errors)[i] = (int64_t)pass[i].errors;
    }
out:
    return status;
}

static cln_status keep_sgd(cln_trainer *trainer, const cln_score *pass, uint64_t done, double train_seconds,
                           cln_error *error)
{
    cln_status status;
    cln_checkpoint *c = trainer->checkpoint;
    const cln_lane *lane = &trainer->lanes[0];
    uint64_t k = cln_trainer_outputs(trainer), width = (uint64_t)trainer->plan->problem.features + 1;
    float *weights = NULL, *velocity = NULL, *best = NULL;
    double *losses = NULL;
    int64_t *errors = NULL, *products = NULL;
    cln_array arrays[6];
    size_t count = 0;
    TRY(note_progress(trainer, train_seconds, &c->notes, error));
    TRY(note_count(&c->notes, "minibatch", done, error));
    TRY(note_real(&c->notes, "learning_rate", lane->settings.learning_rate, error));
    TRY(note_patience(&lane->patience, &c->notes, error));
    TRY(read_weights(trainer, trainer->weights, &weights, error));
    TRY(read_weights(trainer, trainer->velocity, &velocity, error));
    arrays[count++] = (cln_array){"weights", CLN_F32, k, width, weights};
    arrays[count++] = (cln_array){"velocity", CLN_F32, k, width, velocity};
    if (lane->in_best) {
        TRY(read_weights(trainer, trainer->best, &best, error));
        arrays[count++] = (cln_array){"best", CLN_F32, k, width, best};
    }
    if (done) {
        TRY(take_scores(pass, done, &losses, &errors, error));
        arrays[count++] = (cln_array){"losses", CLN_F64, 1, done, losses};
        arrays[count++] = (cln_array){"errors", CLN_I64, 1, done, errors};
    }
    TRY(cln_checkpoint_products(trainer->plan, &arrays[count], &products, error));
    count += products != NULL;
    TRY(cln_container_save(c->path, &c->notes, arrays, count, error));
out:
    free(products);
    free(weights);
    free(velocity);
    free(best);
    free(losses);
    free(errors);
    return status;
}

static cln_status note_lbfgs(const cln_minimize_state *state, cln_entries *notes, cln_error *error)
{
    cln_status status;
    TRY(note_count(notes, "lbfgs.idle", state->idle, error));
    TRY(note_count(notes, "lbfgs.pairs", state->pairs, error));
    TRY(note_count(notes, "lbfgs.newest", state->newest, error));
    TRY(note_count(notes, "lbfgs.rows", state->rows, error));
    TRY(note_real(notes, "lbfgs.objective", state->objective, error));
    TRY(note_real(notes, "lbfgs.gradient_norm", state->gradient_norm, error));
    TRY(note_real(notes, "lbfgs.least_objective", state->least_objective, error));
    TRY(note_real(notes, "lbfgs.least_norm", state->least_norm, error));
    TRY(note_real(notes, "lbfgs.scale", state->scale, error));
out:
    return status;
}

static cln_status keep_lbfgs(cln_trainer *trainer, const cln_minimize_state *state, uint64_t count,
                             double train_seconds, cln_error *error)
{
    cln_status status;
    cln_checkpoint *c = trainer->checkpoint;
    int64_t *products = NULL;
    cln_array arrays[6] = {{"x", CLN_F64, 1, count, state->x}, {"gradient", CLN_F64, 1, count, state->g}};
    size_t used = 2;
    TRY(note_progress(trainer, train_seconds, &c->notes, error));
    TRY(note_lbfgs(state, &c->notes, error));
    if (state->rows) {
        arrays[used++] = (cln_array){"s", CLN_F64, state->rows, count, state->s};
        arrays[used++] = (cln_array){"y", CLN_F64, state->rows, count, state->y};
        arrays[used++] = (cln_array){"sy", CLN_F64, 1, state->rows, state->sy};
    }
    TRY(cln_checkpoint_products(trainer->plan, &arrays[used], &products, error));
    used += products != NULL;
    TRY(cln_container_save(c->path, &c->notes, arrays, used, error));
out:
    free(products);
    return status;
}

/* L-BFGS writes its own arrays. */
static uint64_t copy_bytes(const cln_trainer *trainer)
{
    uint64_t weights = (uint64_t)cln_trainer_outputs(trainer) * trainer->plan->layout.ld * sizeof(float);
    uint64_t score = sizeof(cln_score) + sizeof(double) + sizeof(int64_t); /* as it was read, and as it is kept */
    uint64_t earlier = sizeof *trainer->earlier;                           /* of a run that has been resumed */
    if (!cln_settings_solver_is(&trainer->settings, "sgd"))
        return 0;
    return (cln_patience_on(&trainer->lanes[0].patience) ? 3 : 2) * weights + trainer->batches * (score + earlier);
}

uint64_t cln_checkpoint_bytes(const cln_trainer *trainer)
{
    uint64_t copies = copy_bytes(trainer), rows = cln_identity_bytes(trainer);
    if (cln_settings_solver_is(&trainer->settings, "direct") || trainer->lane_count > 1)
        return 0;
    return copies > rows ? copies : rows;
}

/* ---- told */

static void tell(const cln_trainer *trainer, const cln_error *failure)
{
    const cln_checkpoints *to = &trainer->checkpoint->to;
    if (to->told)
        to->told(failure->status == CLN_OK ? NULL : failure, to->user);
}

void cln_checkpoint_keep_sgd(cln_trainer *trainer, const cln_score *pass, uint64_t done, double train_seconds)
{
    cln_error failure = {0};
    keep_sgd(trainer, pass, done, train_seconds, &failure);
    tell(trainer, &failure);
}

void cln_checkpoint_keep_lbfgs(cln_trainer *trainer, const cln_minimize_state *state, uint64_t count,
                               double train_seconds)
{
    cln_error failure = {0};
    keep_lbfgs(trainer, state, count, train_seconds, &failure);
    tell(trainer, &failure);
}
