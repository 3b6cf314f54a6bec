/* L-BFGS over all rows: the gradient by one pass on the device, everything else on the host in double. */
#include "base/os.h"
#include "base/size.h"
#include "device/profile.h"
#include "solve/minimize.h"
#include "train/checkpoint.h"
#include "train/full_batch.h"
#include "train/solve.h"

#include <stdio.h>
#include <stdlib.h>

/* What a mean of float losses is good for: partial sums over up to some thousand rows, each rounded to 2⁻²⁴. */
#define LOSS_NOISE 1e-6

typedef struct solving {
    cln_full_batch full;
    cln_progress_fn *progress;
    void *user;
    double began; /* by the clock; evaluation on other parts is not counted */
    double *l1;   /* (count), or NULL */
    bool stopping;
} solving;

static cln_status evaluate(const double *x, double *f, double *g, void *user, cln_error *error)
{
    solving *s = user;
    return cln_full_batch_evaluate(&s->full, x, f, g, error);
}

static double norm(const double *g, void *user)
{
    return cln_full_batch_norm(&((solving *)user)->full, g);
}

static int report(const cln_minimum_progress *at, void *user)
{
    solving *s = user;
    cln_trainer *trainer = s->full.trainer;
    double seconds = cln_os_seconds() - s->began;
    trainer->epoch = at->iteration;
    trainer->steps = at->evaluations;
    if (!s->progress)
        return 0;
    cln_progress now = {.event = CLN_EVENT_EPOCH,
                        .epoch = at->iteration,
                        .epochs = trainer->settings.epochs,
                        .step = at->evaluations,
                        .steps = 1,
                        .train = s->full.score,
                        .objective = at->objective,
                        .gradient_norm = at->gradient_norm,
                        .seconds = seconds};
    double n = (double)trainer->selection->rows[CLN_TRAIN];
    now.seconds_left = seconds * (double)(now.epochs - now.epoch) / (double)now.epoch;
    now.rows_per_second = seconds > 0 ? n * (double)now.step / seconds : 0;
    double before = cln_os_seconds();
    if (cln_trainer_score(trainer, CLN_VALID, trainer->weights, NULL, &now.valid, NULL) != CLN_OK)
        now.valid = (cln_score){0}; /* the next evaluation says what is wrong */
    s->began += cln_os_seconds() - before;
    s->stopping = s->progress(&now, s->user) != 0;
    return s->stopping;
}

/* After an iteration: a checkpoint where one is due, at the end or where the run was stopped. */
static void keep(const cln_minimize_state *state, void *user)
{
    solving *s = user;
    cln_trainer *trainer = s->full.trainer;
    bool ends = s->stopping || state->iterations == trainer->settings.epochs ||
                state->gradient_norm <= trainer->settings.tolerance;
    if (!cln_checkpoint_due(trainer, state->iterations, true, ends))
        return;
    double before = cln_os_seconds();
    cln_checkpoint_keep_lbfgs(trainer, state, s->full.count, before - s->began);
    s->began += cln_os_seconds() - before;
}

static cln_status resume(cln_minimize_state *state, void *user, cln_error *error)
{
    solving *s = user;
    return cln_checkpoint_take_lbfgs(s->full.trainer, state, s->full.count, error);
}

/* λ₁ counts in the coordinates that are penalised, which the variables are; the bias has none. */
static cln_status take_l1(solving *s, double l1, cln_error *error)
{
    if (!(l1 > 0))
        return CLN_OK;
    cln_status status = cln_allocate((void **)&s->l1, s->full.count, sizeof *s->l1, "penalties", error);
    for (uint64_t i = 0; status == CLN_OK && i < (uint64_t)s->full.k * s->full.d; i++)
        s->l1[i] = l1;
    return status;
}

static void explain(const cln_minimum *minimum, const cln_settings *settings, char reason[CLN_REASON_BYTES])
{
    switch (minimum->stopped) {
    case CLN_STOP_TOLERANCE:
        snprintf(reason, CLN_REASON_BYTES, "the relative gradient is %.2g, within the tolerance of %g",
                 minimum->gradient_norm, settings->tolerance);
        break;
    case CLN_STOP_EPOCHS:
        snprintf(
            reason, CLN_REASON_BYTES,
            "the limit of %llu %s was reached with a relative gradient of %.2g, above the tolerance of %g; give more "
            "epochs",
            (unsigned long long)minimum->iterations, minimum->iterations == 1 ? "iteration" : "iterations",
            minimum->gradient_norm, settings->tolerance);
        break;
    case CLN_STOP_LINE_SEARCH:
        snprintf(
            reason, CLN_REASON_BYTES,
            "no step lowers the objective any more in single precision, with a relative gradient of %.2g, above the "
            "tolerance of %g; give a larger tolerance",
            minimum->gradient_norm, settings->tolerance);
        break;
    case CLN_STOP_DIVERGED:
        snprintf(reason, CLN_REASON_BYTES,
                 "objective or gradient is not finite in single precision; give a scale that brings the features "
                 "nearer to 1");
        break;
    default:
        snprintf(reason, CLN_REASON_BYTES, "it was interrupted");
    }
}

/* The pixels of an image share a unit, and behind a softmax plain L-BFGS needs fewer passes over them: on MNIST 171 against 215 to 1e-6 with
   l2 1e-4. Least squares has no softmax that is flat where pixels are rare: over 1,000 against 180, to 3e-6. */
static bool has_units(const cln_trainer *trainer)
{
    return trainer->selection->info.height == 1 || trainer->plan->problem.loss == CLN_SQUARED;
}

static cln_minimize task_of(uint64_t count, const cln_settings *settings)
{
    return (cln_minimize){
        .count = count, .tolerance = settings->tolerance, .iterations = settings->epochs, .noise = LOSS_NOISE};
}

uint64_t cln_solve_lbfgs_bytes(const cln_trainer *trainer)
{
    const cln_problem *problem = &trainer->plan->problem;
    uint64_t count = (uint64_t)cln_trainer_outputs(trainer) * (problem->features + problem->bias);
    cln_minimize task = task_of(count, &trainer->settings);
    /* the variables, penalties, units */
    uint64_t arrays = 1u + (trainer->settings.l1 > 0) + 2u * has_units(trainer);
    return cln_full_batch_bytes(trainer) + arrays * count * sizeof(double) + cln_minimize_bytes(&task);
}

cln_status cln_solve_lbfgs(cln_trainer *trainer, cln_progress_fn *progress, void *user, char reason[CLN_REASON_BYTES],
                           cln_error *error)
{
    cln_status status;
    solving s = {.progress = progress, .user = user, .began = cln_os_seconds() - trainer->seconds.train};
    double *x = NULL, *metric = NULL;
    cln_minimum minimum;
    TRY(cln_trainer_measure_columns(trainer, error));
    TRY(cln_full_batch_create(&s.full, trainer, 0, error));
    TRY(take_l1(&s, trainer->settings.l1, error));
    TRY(cln_allocate((void **)&x, s.full.count, sizeof *x, "variables", error));
    cln_profile_resume(trainer->device);
    cln_minimize task = task_of(s.full.count, &trainer->settings);
    task.evaluate = evaluate;
    task.norm = norm;
    if (has_units(trainer)) {
        TRY(cln_allocate((void **)&metric, 2 * s.full.count, sizeof *metric, "the columns' units", error));
        cln_full_batch_metric(&s.full, metric, metric + s.full.count);
        task.metric = metric;
        task.ridge = metric + s.full.count;
    }
    task.progress = report;
    task.keep = keep;
    task.resume = trainer->epoch ? resume : NULL;
    task.user = &s;
    task.l1 = s.l1;
    TRY(cln_minimize_run(&task, x, &minimum, error));
    TRY(cln_full_batch_solved(&s.full, x, error));
    cln_profile_pause(trainer->device);
    cln_lane_solved(trainer, minimum.stopped, minimum.iterations, minimum.evaluations);
    trainer->seconds.train = cln_os_seconds() - s.began;
    explain(&minimum, &trainer->settings, reason);
out:
    free(x);
    free(metric);
    free(s.l1);
    cln_full_batch_release(&s.full);
    return status;
}
