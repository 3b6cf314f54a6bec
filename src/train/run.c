/* The epochs: minibatches enqueued ahead of the device, validation after each pass, the rules that end it all. */
#include "base/os.h"
#include "base/size.h"
#include "device/profile.h"
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
    cln_trainer *trainer;
    cln_progress_fn *progress;
    void *user;
    cln_progress now;
    double began;      /* by the clock */
    double reported;   /* the last tick, by the clock */
    cln_score *scores; /* (lanes) of the validation part */
};

static bool is_over(const struct run *run)
{
    return cln_trainer_running(run->trainer) == 0;
}

/* The lane whose scores progress tells: the first that has not stopped before this pass. */
static uint32_t front(const cln_trainer *trainer)
{
    uint32_t m = 0;
    while (m + 1 < trainer->lane_count && trainer->lanes[m].epoch < trainer->epoch)
        m++;
    return m;
}

/* Rows in all minibatches so far: only the last of a pass may be partial. */
static double rows_seen(const cln_trainer *trainer)
{
    uint64_t all = trainer->selection->rows[CLN_TRAIN], batch = trainer->settings.batch_size;
    uint64_t pass = trainer->settings.drop_last ? trainer->batches * batch : all;
    uint64_t passes = trainer->steps / trainer->batches, rest = trainer->steps % trainer->batches;
    return (double)passes * (double)pass + (double)rest * (double)batch;
}

/* Tells the caller; a nonzero answer ends training. */
static cln_status report(struct run *run, cln_event event, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_trainer *trainer = run->trainer;
    cln_progress *now = &run->now;
    now->event = event;
    now->epoch = trainer->epoch;
    now->epochs = trainer->settings.epochs;
    now->steps = trainer->batches;
    double total = (double)now->epochs * (double)trainer->batches;
    now->seconds_left = trainer->steps ? now->seconds * (total - (double)trainer->steps) / (double)trainer->steps : 0;
    now->rows_per_second = now->seconds > 0 ? rows_seen(trainer) / now->seconds : 0;
    if (!run->progress || run->progress(now, run->user) == 0)
        return CLN_OK;
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        if (!trainer->lanes[m].over)
            TRY(cln_lane_stop(trainer, m, CLN_STOP_INTERRUPTED, error));
out:
    return status;
}

static cln_status tick(struct run *run, cln_error *error)
{
    double clock = cln_os_seconds();
    if (clock - run->reported < 0.1)
        return CLN_OK;
    run->reported = clock;
    run->now.step = run->trainer->steps;
    run->now.seconds = run->trainer->seconds.train + clock - run->began;
    return report(run, CLN_EVENT_TICK, error);
}

/* Whether the patience of a lane that runs ends with minibatch `iteration`, within a pass. */
static bool patience_ends(const cln_trainer *trainer, uint64_t iteration)
{
    bool ends = false;
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        ends |= !trainer->lanes[m].over && cln_patience_over(&trainer->lanes[m].patience, iteration, false);
    return ends;
}

/* How many minibatches go on from here before the host looks up: to the end of a stretch, of the pass or of patience. */
static uint64_t next_minibatches(const cln_trainer *trainer, uint64_t done)
{
    uint64_t stretch = cln_trainer_stretch(trainer), left = trainer->batches - done;
    uint64_t most = left < stretch ? left : stretch, count = 1;
    while (count < most && !patience_ends(trainer, trainer->steps + count - 1))
        count++;
    return count;
}

/* Stops the lanes whose patience is over after the last minibatch. */
static cln_status lose_patience(cln_trainer *trainer, bool pass_ended, cln_error *error)
{
    cln_status status = CLN_OK;
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        if (!trainer->lanes[m].over && cln_patience_over(&trainer->lanes[m].patience, trainer->steps - 1, pass_ended))
            TRY(cln_lane_stop(trainer, m, CLN_STOP_PATIENCE, error));
out:
    return status;
}

/* Enqueues a pass, or what patience leaves of it; *done minibatches. Waits for the device at the end. */
static cln_status enqueue_pass(struct run *run, uint64_t *done, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_trainer *trainer = run->trainer;
    run->began = cln_os_seconds();
    cln_profile_resume(trainer->device);
    TRY(cln_trainer_begin_pass(trainer, error));
    for (*done = 0; *done < trainer->batches && !is_over(run);) {
        uint64_t count = next_minibatches(trainer, *done);
        TRY(cln_trainer_enqueue(trainer, *done, count, *done * trainer->scores_per_batch, error));
        *done += count;
        cln_trainer_count(trainer, count);
        if (*done < trainer->batches) {
            TRY(lose_patience(trainer, false, error));
            TRY(cln_pace_mark(trainer->device, &trainer->pace, error));
            TRY(tick(run, error));
        }
    }
    TRY(cln_queue_finish(trainer->device, error));
    cln_profile_pause(trainer->device);
    trainer->seconds.train += cln_os_seconds() - run->began;
    run->now.seconds = trainer->seconds.train;
out:
    return status;
}

/* Minibatches that a lane has done in this pass. */
static uint64_t lane_done(const cln_trainer *trainer, uint32_t m, uint64_t done)
{
    uint64_t first = trainer->steps - done;
    return trainer->lanes[m].steps > first ? trainer->lanes[m].steps - first : 0;
}

/* A lane's scores of the pass's minibatches: the running training score, the logged ones, and whether one is not sound. */
static cln_status read_lane_pass(struct run *run, uint32_t m, uint64_t done, bool told, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_trainer *trainer = run->trainer;
    uint64_t first_step = trainer->steps - done, rows = 0, errors = 0;
    double loss = 0;
    for (uint64_t i = 0; i < lane_done(trainer, m, done); i++) {
        uint64_t batch = cln_trainer_batch_rows(trainer, CLN_TRAIN, i);
        cln_score score = cln_score_sum(&trainer->scores, m, i * trainer->scores_per_batch,
                                        cln_trainer_batch_scores(trainer, i), batch);
        loss += score.loss * (double)batch;
        errors += score.errors;
        rows += batch;
        if (told) {
            run->now.step = first_step + i;
            run->now.train = score;
            if (trainer->settings.log_every && (first_step + i) % trainer->settings.log_every == 0)
                TRY(report(run, CLN_EVENT_STEP, error));
        }
        if (!cln_score_is_sound(&score)) {
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

static cln_status read_pass(struct run *run, uint64_t done, cln_error *error)
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
static cln_status see_lane(struct run *run, uint32_t m, cln_error *error)
{
    cln_trainer *trainer = run->trainer;
    cln_lane *lane = &trainer->lanes[m];
    const cln_score *valid = &run->scores[m];
    bool counts = trainer->selection->target != CLN_TARGET_REAL; /* where nothing is right or wrong, the loss decides */
    double error_of = counts ? (double)valid->errors / (double)valid->rows : valid->loss;
    error_of = cln_score_is_sound(valid) ? error_of : NAN; /* weights that overflow are no best */
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

/* Validates after a pass and applies the patience rules. */
static cln_status end_pass(struct run *run, uint64_t done, cln_error *error)
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
    TRY(lose_patience(trainer, true, error));
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        if (!trainer->lanes[m].over && trainer->epoch == trainer->settings.epochs)
            TRY(cln_lane_stop(trainer, m, CLN_STOP_EPOCHS, error));
    TRY(report(run, CLN_EVENT_EPOCH, error));
out:
    return status;
}

static cln_status run_epochs(struct run *run, cln_error *error)
{
    cln_status status = CLN_OK;
    while (!is_over(run)) {
        uint64_t done = 0;
        TRY(enqueue_pass(run, &done, error));
        TRY(read_pass(run, done, error));
        TRY(end_pass(run, done, error));
    }
out:
    return status;
}

cln_status cln_trainer_run_stack(cln_trainer *trainer, cln_progress_fn *progress, void *user, cln_result *results,
                                 cln_error *error)
{
    cln_status status;
    struct run run = {.trainer = trainer, .progress = progress, .user = user};
    run.now.valid = (cln_score){NAN, 0, 0};
    run.now.objective = run.now.gradient_norm = NAN;
    memset(results, 0, trainer->lane_count * sizeof *results);
    if (trainer->steps > 0)
        return cln_fail(error, CLN_INVALID, "this trainer has already taken steps; create another one for another run");
    TRY(cln_allocate((void **)&run.scores, trainer->lane_count, sizeof *run.scores, "scores", error));
    TRY(cln_score_buffer_reserve(trainer->device, &trainer->scores, trainer->batches * trainer->scores_per_batch,
                                 error));
    TRY(run_epochs(&run, error));
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
    cln_status status = cln_trainer_run_stack(trainer, progress, user, result, error);
    if (status == CLN_OK && result->stopped == CLN_STOP_DIVERGED)
        return cln_fail(error, CLN_DIVERGED, "training diverged: %s", result->reason);
    return status;
}
