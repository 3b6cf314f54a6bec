/* The epochs: what each pass has come to, validation after it, the rules that end it all. */
#include "base/entry.h"
#include "base/os.h"
#include "base/size.h"
#include "train/checkpoint.h"
#include "train/run.h"
#include "train/solve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The lane whose scores progress tells: the first that has not stopped before this pass. */
static uint32_t front(const cln_trainer *trainer)
{
    uint32_t m = 0;
    while (m + 1 < trainer->lane_count && trainer->lanes[m].epoch < trainer->epoch)
        m++;
    return m;
}

/* Minibatches that a lane has done in this pass. */
static uint64_t lane_done(const cln_trainer *trainer, uint32_t m, uint64_t done)
{
    uint64_t first = trainer->steps - done;
    return trainer->lanes[m].steps > first ? trainer->lanes[m].steps - first : 0;
}

/* A lane's scores of the pass's minibatches: the running training score, the logged ones, and whether one is not sound. */
static cln_status read_lane_pass(cln_run *run, uint32_t m, uint64_t done, bool told, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_trainer *trainer = run->trainer;
    uint64_t first_step = trainer->steps - done, rows = 0, errors = 0;
    double loss = 0;
    for (uint64_t i = 0; i < lane_done(trainer, m, done); i++) {
        cln_score score = cln_run_score(trainer, m, i);
        loss += score.loss * (double)score.rows;
        errors += score.errors;
        rows += score.rows;
        if (told) {
            run->now.step = first_step + i;
            run->now.train = score;
            if (trainer->settings.log_every && (first_step + i) % trainer->settings.log_every == 0)
                TRY(cln_run_report(run, CLN_EVENT_STEP, error));
        }
        if (!cln_score_is_sound(&score, trainer->plan->problem.loss)) {
            snprintf(trainer->lanes[m].reason, sizeof trainer->lanes[m].reason,
                     "the loss of minibatch %llu in epoch %llu is %g; try a smaller learning rate",
                     (unsigned long long)i + 1, (unsigned long long)trainer->epoch, score.loss);
            TRY(cln_lane_stop(trainer, m, CLN_STOP_DIVERGED, error));
            break;
        }
    }
    if (told) {
        run->now.step = trainer->steps;
        run->now.train = (cln_score){rows ? loss / (double)rows : NAN, errors, rows};
    }
out:
    return status;
}

static cln_status read_pass(cln_run *run, uint64_t done, cln_error *error)
{
    cln_status status;
    cln_trainer *trainer = run->trainer;
    uint32_t told = front(trainer);
    TRY(cln_score_buffer_read(trainer->device, &trainer->scores, done * trainer->scores_per_batch, error));
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        TRY(read_lane_pass(run, m, done, m == told, error));
out:
    return status;
}

/* Takes in a lane's validation; a best that was found is kept. */
static cln_status see_lane(cln_run *run, uint32_t m, cln_error *error)
{
    cln_trainer *trainer = run->trainer;
    cln_lane *lane = &trainer->lanes[m];
    const cln_score *valid = &run->scores[m];
    bool counts = trainer->selection->target != CLN_TARGET_REAL; /* where nothing is right or wrong, the loss decides */
    double error_of = counts ? (double)valid->errors / (double)valid->rows : valid->loss;
    error_of =
        cln_score_is_sound(valid, trainer->plan->problem.loss) ? error_of : NAN; /* weights that overflow are no best */
    bool best = cln_patience_see(&lane->patience, trainer->epoch, trainer->steps - 1, error_of);
    if (m == front(trainer)) {
        run->now.best = best;
        run->now.valid = *valid;
    }
    return best && cln_patience_on(&lane->patience) ? cln_lane_keep(trainer, m, error) : CLN_OK;
}

/* True for a lane that has done this whole pass, soundly. */
static bool has_passed(const cln_trainer *trainer, uint32_t m, uint64_t done)
{
    return lane_done(trainer, m, done) == trainer->batches && trainer->lanes[m].stopped != CLN_STOP_DIVERGED;
}

/* The rules that end a lane after a whole pass. */
static cln_status stop_after_pass(cln_trainer *trainer, cln_error *error)
{
    cln_status status;
    TRY(cln_run_lose_patience(trainer, true, error));
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        if (!trainer->lanes[m].over && trainer->epoch == trainer->settings.epochs)
            TRY(cln_lane_stop(trainer, m, CLN_STOP_EPOCHS, error));
out:
    return status;
}

/* Validates after a pass and applies the patience rules. */
static cln_status end_pass(cln_run *run, uint64_t done, cln_error *error)
{
    cln_status status;
    cln_trainer *trainer = run->trainer;
    bool any = false;
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        any |= has_passed(trainer, m, done);
    if (!any)
        return CLN_OK;
    run->now.best = false;
    TRY(cln_trainer_score(trainer, CLN_VALID, trainer->weights, NULL, run->scores, error));
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        if (run->scores[m].rows && has_passed(trainer, m, done))
            TRY(see_lane(run, m, error));
    TRY(stop_after_pass(trainer, error));
    TRY(cln_run_report(run, CLN_EVENT_EPOCH, error));
    if (trainer->lanes[0].stopped != CLN_STOP_DIVERGED &&
        cln_checkpoint_due(trainer, trainer->steps, true, cln_run_is_over(run)))
        cln_checkpoint_keep_sgd(trainer, NULL, 0, trainer->seconds.train);
out:
    return status;
}

static cln_status run_epochs(cln_run *run, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_trainer *trainer = run->trainer;
    if (trainer->epoch > 0 && trainer->earlier_count == 0) /* resumed after a pass, perhaps the last */
        TRY(stop_after_pass(trainer, error));
    while (!cln_run_is_over(run)) {
        uint64_t done = 0;
        TRY(cln_run_enqueue_pass(run, &done, error));
        TRY(read_pass(run, done, error));
        trainer->earlier_count = 0;
        TRY(end_pass(run, done, error));
    }
out:
    return status;
}

/* From weights that are zero, or where a checkpoint was, to those that are kept. */
static cln_status solve(cln_run *run, cln_error *error)
{
    cln_trainer *trainer = run->trainer;
    char *reason = trainer->lanes[0].reason;
    if (cln_settings_solver_is(&trainer->settings, "lbfgs"))
        return cln_solve_lbfgs(trainer, run->progress, run->user, reason, error);
    if (cln_settings_solver_is(&trainer->settings, "direct"))
        return cln_solve_direct(trainer, run->progress, run->user, reason, error);
    return run_epochs(run, error);
}

cln_status cln_trainer_run_stack(cln_trainer *trainer, cln_progress_fn *progress, void *user, cln_result *results,
                                 cln_error *error)
{
    cln_status status;
    cln_run run = {.trainer = trainer, .progress = progress, .user = user};
    run.now.valid = (cln_score){NAN, 0, 0};
    run.now.objective = run.now.gradient_norm = NAN;
    memset(results, 0, trainer->lane_count * sizeof *results);
    if (trainer->steps > 0 && !trainer->resumed)
        return cln_fail(error, CLN_INVALID, "this trainer has already taken steps; create another one for another run");
    trainer->resumed = false;
    TRY(cln_allocate((void **)&run.scores, trainer->lane_count, sizeof *run.scores, "scores", error));
    TRY(cln_score_buffer_reserve(trainer->device, &trainer->scores, trainer->batches * trainer->scores_per_batch,
                                 error));
    TRY(solve(&run, error));
    TRY(cln_trainer_gather_kept(trainer, error));
    TRY(cln_trainer_conclude(trainer, results, error));
out:
    free(run.scores);
    trainer->seconds.total = cln_os_seconds() - trainer->created;
    for (uint32_t m = 0; m < trainer->lane_count; m++) {
        results[m].seconds = trainer->seconds;
        results[m].device_bytes = trainer->device->peak_bytes;
        results[m].peak_host_bytes = cln_os_peak_host_bytes();
    }
    return status;
}

cln_status cln_trainer_run(cln_trainer *trainer, cln_progress_fn *progress, void *user, cln_result *result,
                           cln_error *error)
{
    ENTER_OPENCL(error, trainer && result);
    cln_status status = cln_trainer_run_stack(trainer, progress, user, result, error);
    if (status != CLN_OK)
        return status;
    if (result->stopped == CLN_STOP_DIVERGED)
        return cln_fail(error, CLN_DIVERGED, "training diverged: %s", result->reason);
    double before = cln_os_seconds();
    status = cln_trainer_judge(trainer, result, error);
    trainer->seconds.evaluate += cln_os_seconds() - before;
    trainer->seconds.total = cln_os_seconds() - trainer->created;
    result->seconds = trainer->seconds;
    return status;
}
