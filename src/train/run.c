/* The epochs: minibatches enqueued ahead of the device, validation after each pass, the rules that end it all. */
#include "base/os.h"
#include "base/size.h"
#include "device/buffer.h"
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
    double began;    /* by the clock */
    double reported; /* the last tick, by the clock */
    bool over;
};

static void stop(struct run *run, cln_stop reason)
{
    run->trainer->stopped = reason;
    run->over = true;
}

/* Rows in all minibatches so far: only the last of a pass may be partial. */
static double rows_seen(const cln_trainer *trainer)
{
    uint64_t all = trainer->selection.rows[CLN_TRAIN], batch = trainer->settings.batch_size;
    uint64_t pass = trainer->settings.drop_last ? trainer->batches * batch : all;
    uint64_t passes = trainer->steps / trainer->batches, rest = trainer->steps % trainer->batches;
    return (double)passes * (double)pass + (double)rest * (double)batch;
}

/* Tells the caller; a nonzero answer ends training. */
static void report(struct run *run, cln_event event)
{
    cln_trainer *trainer = run->trainer;
    cln_progress *now = &run->now;
    now->event = event;
    now->epoch = trainer->epoch;
    now->epochs = trainer->settings.epochs;
    now->steps = trainer->batches;
    double total = (double)now->epochs * (double)trainer->batches;
    now->seconds_left = trainer->steps ? now->seconds * (total - (double)trainer->steps) / (double)trainer->steps : 0;
    now->rows_per_second = now->seconds > 0 ? rows_seen(trainer) / now->seconds : 0;
    if (run->progress && run->progress(now, run->user) != 0 && !run->over)
        stop(run, CLN_STOP_INTERRUPTED);
}

static void tick(struct run *run)
{
    double clock = cln_os_seconds();
    if (clock - run->reported < 0.1)
        return;
    run->reported = clock;
    run->now.step = run->trainer->steps;
    run->now.seconds = run->trainer->seconds.train + clock - run->began;
    report(run, CLN_EVENT_TICK);
}

/* How many minibatches go on from here before the host looks up: to the end of a stretch, of the pass or of patience. */
static uint64_t next_minibatches(struct run *run, uint64_t done)
{
    const cln_trainer *trainer = run->trainer;
    uint64_t stretch = cln_trainer_stretch(trainer), left = trainer->batches - done;
    uint64_t most = left < stretch ? left : stretch, count = 1;
    while (count < most && !cln_patience_over(&trainer->patience, trainer->steps + count - 1, false))
        count++;
    if (count < left && cln_patience_over(&trainer->patience, trainer->steps + count - 1, false))
        stop(run, CLN_STOP_PATIENCE);
    return count;
}

/* Enqueues a pass, or what patience leaves of it; *done minibatches. Waits for the device at the end. */
static cln_status enqueue_pass(struct run *run, uint64_t *done, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_trainer *trainer = run->trainer;
    run->began = cln_os_seconds();
    cln_profile_resume(trainer->device);
    TRY(cln_trainer_begin_pass(trainer, error));
    for (*done = 0; *done < trainer->batches && !run->over;) {
        uint64_t count = next_minibatches(run, *done);
        TRY(cln_trainer_enqueue(trainer, *done, count, *done * trainer->scores_per_batch, error));
        *done += count;
        trainer->steps += count;
        if (*done < trainer->batches) {
            TRY(cln_pace_mark(trainer->device, &trainer->pace, error));
            tick(run);
        }
    }
    TRY(cln_queue_finish(trainer->device, error));
    cln_profile_pause(trainer->device);
    trainer->seconds.train += cln_os_seconds() - run->began;
    run->now.seconds = trainer->seconds.train;
out:
    return status;
}

/* Reads the scores of the pass's minibatches: the running training score, the logged ones, and whether one is not sound. */
static cln_status read_pass(struct run *run, uint64_t done, char reason[256], cln_error *error)
{
    cln_trainer *trainer = run->trainer;
    uint64_t first_step = trainer->steps - done, rows = 0, errors = 0;
    double loss = 0;
    cln_status status =
        cln_score_buffer_read(trainer->device, &trainer->scores, done * trainer->scores_per_batch, error);
    if (status != CLN_OK)
        return status;
    for (uint64_t i = 0; i < done; i++) {
        uint64_t batch = cln_trainer_batch_rows(trainer, CLN_TRAIN, i);
        cln_score score =
            cln_score_sum(&trainer->scores, i * trainer->scores_per_batch, cln_trainer_batch_scores(trainer, i), batch);
        loss += score.loss * (double)batch;
        errors += score.errors;
        rows += batch;
        run->now.step = first_step + i;
        run->now.train = score;
        if (trainer->settings.log_every && (first_step + i) % trainer->settings.log_every == 0)
            report(run, CLN_EVENT_STEP);
        if (!cln_score_is_sound(&score)) {
            snprintf(reason, 256, "the loss of minibatch %llu in epoch %llu is %g; try a smaller learning rate",
                     (unsigned long long)i + 1, (unsigned long long)trainer->epoch, score.loss);
            stop(run, CLN_STOP_DIVERGED);
            break;
        }
    }
    run->now.step = trainer->steps;
    run->now.train = (cln_score){rows ? loss / (double)rows : NAN, errors, rows};
    return CLN_OK;
}

static uint64_t weight_bytes(const cln_trainer *trainer)
{
    return (uint64_t)trainer->plan->layout.kp * trainer->plan->layout.ld * sizeof(float);
}

/* Validates after a pass and applies the patience rules. */
static cln_status end_pass(struct run *run, cln_error *error)
{
    cln_status status;
    cln_trainer *trainer = run->trainer;
    run->now.best = false;
    TRY(cln_trainer_score(trainer, CLN_VALID, trainer->weights, NULL, &run->now.valid, error));
    if (run->now.valid.rows) {
        double share = (double)run->now.valid.errors / (double)run->now.valid.rows;
        share = cln_score_is_sound(&run->now.valid) ? share : NAN; /* weights that overflow are no best */
        run->now.best = cln_patience_see(&trainer->patience, trainer->epoch, trainer->steps - 1, share);
        if (run->now.best && trainer->best)
            TRY(cln_buffer_copy(trainer->device, trainer->weights, trainer->best, weight_bytes(trainer), error));
    }
    if (!run->over && cln_patience_over(&trainer->patience, trainer->steps - 1, true))
        stop(run, CLN_STOP_PATIENCE);
    if (!run->over && trainer->epoch == trainer->settings.epochs)
        stop(run, CLN_STOP_EPOCHS);
    report(run, CLN_EVENT_EPOCH);
out:
    return status;
}

static cln_status run_epochs(struct run *run, char reason[256], cln_error *error)
{
    cln_status status = CLN_OK;
    cln_trainer *trainer = run->trainer;
    while (!run->over) {
        uint64_t done = 0;
        TRY(enqueue_pass(run, &done, error));
        bool whole = done == trainer->batches;
        TRY(read_pass(run, done, reason, error));
        if (whole && trainer->stopped != CLN_STOP_DIVERGED)
            TRY(end_pass(run, error));
    }
out:
    return status;
}

cln_status cln_trainer_run(cln_trainer *trainer, cln_progress_fn *progress, void *user, cln_result *result,
                           cln_error *error)
{
    cln_status status;
    struct run run = {.trainer = trainer, .progress = progress, .user = user, .now.valid = {NAN, 0, 0}};
    memset(result, 0, sizeof *result);
    if (trainer->steps > 0)
        return cln_fail(error, CLN_INVALID, "this trainer has already taken steps; create another one for another run");
    TRY(cln_score_buffer_reserve(trainer->device, &trainer->scores, trainer->batches * trainer->scores_per_batch,
                                 error));
    TRY(run_epochs(&run, result->reason, error));
    if (trainer->patience.best_epoch && trainer->best)
        trainer->kept = trainer->best;
    status = cln_trainer_conclude(trainer, result, error);
out:
    trainer->seconds.total = cln_os_seconds() - trainer->created;
    result->seconds = trainer->seconds;
    result->device_bytes = trainer->device->peak_bytes;
    result->peak_host_bytes = cln_os_peak_host_bytes();
    return status;
}
