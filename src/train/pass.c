/* The minibatches of a pass, enqueued ahead of the device: progress, patience and checkpoints amid it. */
#include "base/os.h"
#include "base/size.h"
#include "device/profile.h"
#include "train/checkpoint.h"
#include "train/run.h"

#include <stdlib.h>

bool cln_run_is_over(const cln_run *run)
{
    return cln_trainer_running(run->trainer) == 0;
}

/* Rows in all minibatches so far: only the last of a pass may be partial. */
static double rows_seen(const cln_trainer *trainer)
{
    uint64_t all = trainer->selection->rows[CLN_TRAIN], batch = trainer->settings.batch_size;
    uint64_t pass = trainer->settings.drop_last ? trainer->batches * batch : all;
    uint64_t passes = trainer->steps / trainer->batches, rest = trainer->steps % trainer->batches;
    return (double)passes * (double)pass + (double)rest * (double)batch;
}

cln_status cln_run_report(cln_run *run, cln_event event, cln_error *error)
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

static cln_status tick(cln_run *run, cln_error *error)
{
    double clock = cln_os_seconds();
    if (clock - run->reported < 0.1)
        return CLN_OK;
    run->reported = clock;
    run->now.step = run->trainer->steps;
    run->now.seconds = run->trainer->seconds.train + clock - run->began;
    return cln_run_report(run, CLN_EVENT_TICK, error);
}

/* Whether the patience of a lane that runs ends with minibatch `iteration`, within a pass. */
static bool patience_ends(const cln_trainer *trainer, uint64_t iteration)
{
    bool ends = false;
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        ends |= !trainer->lanes[m].over && cln_patience_over(&trainer->lanes[m].patience, iteration, false);
    return ends;
}

/* How many minibatches go on from here before the host looks up: to the end of a stretch, of the pass, of patience,
   or to a checkpoint. */
static uint64_t next_minibatches(const cln_trainer *trainer, uint64_t done)
{
    uint64_t stretch = cln_trainer_stretch(trainer), left = trainer->batches - done;
    uint64_t due = cln_checkpoint_left(trainer), most = left < stretch ? left : stretch, count = 1;
    most = most < due ? most : due;
    while (count < most && !patience_ends(trainer, trainer->steps + count - 1))
        count++;
    return count;
}

cln_status cln_run_lose_patience(cln_trainer *trainer, bool pass_ended, cln_error *error)
{
    cln_status status = CLN_OK;
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        if (!trainer->lanes[m].over && cln_patience_over(&trainer->lanes[m].patience, trainer->steps - 1, pass_ended))
            TRY(cln_lane_stop(trainer, m, CLN_STOP_PATIENCE, error));
out:
    return status;
}

cln_score cln_run_score(const cln_trainer *trainer, uint32_t m, uint64_t i)
{
    if (i < trainer->earlier_count)
        return trainer->earlier[i];
    return cln_score_sum(&trainer->scores, m, i * trainer->scores_per_batch, cln_trainer_batch_scores(trainer, i),
                         cln_trainer_batch_rows(trainer, CLN_TRAIN, i));
}

/* Keeps a checkpoint after `done` minibatches of a pass, unless it has diverged by then. Its time is not the optimisation's. */
static cln_status keep_amid(cln_run *run, uint64_t done, cln_error *error)
{
    cln_status status;
    cln_trainer *trainer = run->trainer;
    cln_score *pass = NULL;
    bool sound = true;
    TRY(cln_queue_finish(trainer->device, error));
    cln_profile_pause(trainer->device);
    double before = cln_os_seconds();
    TRY(cln_allocate((void **)&pass, done, sizeof *pass, "scores", error));
    TRY(cln_score_buffer_read(trainer->device, &trainer->scores, done * trainer->scores_per_batch, error));
    for (uint64_t i = 0; i < done; i++) {
        pass[i] = cln_run_score(trainer, 0, i);
        sound = sound && cln_score_is_sound(&pass[i], trainer->plan->problem.loss);
    }
    if (sound)
        cln_checkpoint_keep_sgd(trainer, pass, done, trainer->seconds.train + before - run->began);
    run->began += cln_os_seconds() - before;
    cln_profile_resume(trainer->device);
out:
    free(pass);
    return status;
}

/* After `done` minibatches of a pass that has more: patience, progress, a checkpoint where one is due or the run was stopped. */
static cln_status look_up(cln_run *run, uint64_t done, cln_error *error)
{
    cln_status status;
    cln_trainer *trainer = run->trainer;
    const cln_lane *lane = &trainer->lanes[0];
    TRY(cln_run_lose_patience(trainer, false, error));
    TRY(cln_pace_mark(trainer->device, &trainer->pace, error));
    TRY(tick(run, error));
    bool stopped = lane->over && lane->stopped == CLN_STOP_INTERRUPTED;
    if ((stopped || !lane->over) && cln_checkpoint_due(trainer, trainer->steps, false, stopped))
        TRY(keep_amid(run, done, error));
out:
    return status;
}

cln_status cln_run_enqueue_pass(cln_run *run, uint64_t *done, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_trainer *trainer = run->trainer;
    run->began = cln_os_seconds();
    cln_profile_resume(trainer->device);
    *done = trainer->earlier_count;
    if (*done == 0)
        TRY(cln_trainer_begin_pass(trainer, error));
    while (*done < trainer->batches && !cln_run_is_over(run)) {
        uint64_t count = next_minibatches(trainer, *done);
        TRY(cln_trainer_enqueue(trainer, *done, count, *done * trainer->scores_per_batch, error));
        *done += count;
        cln_trainer_count(trainer, count);
        if (*done < trainer->batches)
            TRY(look_up(run, *done, error));
    }
    TRY(cln_queue_finish(trainer->device, error));
    cln_profile_pause(trainer->device);
    trainer->seconds.train += cln_os_seconds() - run->began;
    run->now.seconds = trainer->seconds.train;
out:
    return status;
}
