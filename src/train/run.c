/* The epochs: minibatches enqueued ahead of the device, validation after each pass, the rules that end it all. */
#include "base/os.h"
#include "base/size.h"
#include "device/buffer.h"
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

static const struct {
    const char *word;
} stops[] = {
#define X(name, word) {word},
    CLN_STOP_MAP(X)
#undef X
};

const char *cln_stop_word(cln_stop stop)
{
    return (size_t)stop < sizeof stops / sizeof *stops ? stops[stop].word : "unknown";
}

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
    return (double)(trainer->steps / trainer->batches) * (double)pass +
           (double)(trainer->steps % trainer->batches) * (double)batch;
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

/* Enqueues a pass, or what patience leaves of it; *done minibatches. Waits for the device at the end. */
static cln_status enqueue_pass(struct run *run, uint64_t *done, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_trainer *trainer = run->trainer;
    run->began = cln_os_seconds();
    TRY(cln_trainer_begin_pass(trainer, error));
    for (*done = 0; *done < trainer->batches && !run->over;) {
        TRY(cln_trainer_enqueue(trainer, *done, *done * trainer->scores_per_batch, error));
        ++*done;
        if (*done < trainer->batches && cln_patience_over(&trainer->patience, trainer->steps, false))
            stop(run, CLN_STOP_PATIENCE);
        trainer->steps++;
        if (*done % CLN_STRETCH == 0) {
            TRY(cln_pace_mark(trainer->device, &trainer->pace, error));
            tick(run);
        }
    }
    TRY(cln_queue_finish(trainer->device, error));
    trainer->seconds.train += cln_os_seconds() - run->began;
    run->now.seconds = trainer->seconds.train;
out:
    return status;
}

/* A loss of 10⁹ takes logits of that size, which float resolves to 64: nothing is left to learn from. NaN is not sound either. */
static bool is_sound(const cln_score *score)
{
    return score->loss <= 1e9;
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
        if (!is_sound(&score)) {
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

static cln_status score_part(cln_trainer *trainer, int part, cl_mem w, cl_mem gradient, cln_score *score,
                             cln_error *error)
{
    double before = cln_os_seconds();
    *score = (cln_score){NAN, 0, 0};
    if (!trainer->selection.rows[part])
        return CLN_OK;
    cln_status status =
        cln_score_range(trainer->plan, &trainer->selection.range[part], w, gradient, &trainer->scores, score, error);
    trainer->seconds.evaluate += cln_os_seconds() - before;
    return status;
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
    TRY(score_part(trainer, CLN_VALID, trainer->weights, NULL, &run->now.valid, error));
    if (run->now.valid.rows) {
        double share = (double)run->now.valid.errors / (double)run->now.valid.rows;
        share = finite_score(&run->now.valid) ? share : NAN; /* weights that overflow are no best */
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

/* The largest absolute component of the gradient of the objective, from the gradient (kp,ld) of the summed loss. */
static cln_status gradient_norm(cln_trainer *trainer, uint64_t rows, double *norm, double *objective, cln_error *error)
{
    cln_status status;
    uint64_t k = trainer->plan->problem.outputs, d = trainer->plan->problem.features;
    float *g = NULL, *w = NULL;
    TRY(cln_allocate((void **)&g, k * (d + 1), sizeof *g, "a gradient", error));
    TRY(cln_allocate((void **)&w, k * d, sizeof *w, "weights", error));
    TRY(cln_trainer_read(trainer, trainer->gradient, g, g + k * d, error));
    TRY(cln_trainer_read(trainer, trainer->kept, w, NULL, error));
    *norm = 0;
    for (uint64_t i = 0; i < k * (d + 1); i++) {
        double penalty = i < k * d ? (double)trainer->l2 * (double)w[i] : 0;
        double component = fabs((double)g[i] / (double)rows + penalty);
        if (isnan(component) || component > *norm) /* a NaN stays */
            *norm = component;
        if (i < k * d)
            *objective += penalty / 2 * (double)w[i];
    }
out:
    free(g);
    free(w);
    return status;
}

/* The last step may have broken the weights after its own loss was fine. */
static void check_end(cln_trainer *trainer, cln_result *result)
{
    if (trainer->stopped == CLN_STOP_DIVERGED || (finite_score(&result->train) && isfinite(result->gradient_norm)))
        return;
    trainer->stopped = CLN_STOP_DIVERGED;
    snprintf(result->reason, sizeof result->reason,
             "the loss after minibatch %llu of epoch %llu is not finite; try a smaller learning rate",
             (unsigned long long)((trainer->steps - 1) % trainer->batches) + 1, (unsigned long long)trainer->epoch);
}

/* Scores the kept weights on every part. */
static cln_status score_all(cln_trainer *trainer, cln_result *result, cln_error *error)
{
    cln_status status;
    TRY(score_part(trainer, CLN_TRAIN, trainer->kept, trainer->gradient, &result->train, error));
    result->objective = result->train.loss;
    TRY(gradient_norm(trainer, result->train.rows, &result->gradient_norm, &result->objective, error));
    TRY(score_part(trainer, CLN_VALID, trainer->kept, NULL, &result->valid, error));
    TRY(score_part(trainer, CLN_TEST, trainer->kept, NULL, &result->test, error));
    check_end(trainer, result);
out:
    return status;
}

static void describe(const cln_trainer *trainer, cln_result *result)
{
    const cln_score none = {NAN, 0, 0};
    result->engine = trainer->plan->engine->name;
    result->rows = trainer->selection.rows[CLN_TRAIN];
    result->features = trainer->plan->problem.features;
    result->outputs = trainer->plan->problem.outputs;
    result->epochs = trainer->epoch;
    result->steps = trainer->steps;
    result->best_epoch = cln_patience_on(&trainer->patience) ? trainer->patience.best_epoch : 0;
    result->objective = result->gradient_norm = NAN;
    result->train = result->valid = result->test = none;
}

static cln_status conclude(const cln_trainer *trainer, cln_result *result, cln_error *error)
{
    static const char *const words[] = {"the epoch limit was reached", "validation no longer improved",
                                        "it was interrupted"};
    result->stopped = trainer->stopped;
    if (trainer->stopped == CLN_STOP_DIVERGED)
        return cln_fail(error, CLN_DIVERGED, "training diverged: %s", result->reason);
    snprintf(result->reason, sizeof result->reason, "%s", words[trainer->stopped]);
    return CLN_OK;
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
    describe(trainer, result);
    if (trainer->stopped != CLN_STOP_DIVERGED || trainer->kept == trainer->best)
        TRY(score_all(trainer, result, error));
    status = conclude(trainer, result, error);
out:
    trainer->seconds.total = cln_os_seconds() - trainer->created;
    result->seconds = trainer->seconds;
    result->device_bytes = trainer->device->peak_bytes;
    result->peak_host_bytes = cln_os_peak_host_bytes();
    return status;
}
