/* What an engine takes for the parts of a training: by trainers, as training does them. */
#include "base/os.h"
#include "base/size.h"
#include "compute/work.h"
#include "device/buffer.h"
#include "measure/training.h"
#include "train/full_batch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t batches[CLN_MEASURED_BATCHES] = {32, CLN_MEASURED_USUAL, 600, 4096};

static cln_measured_engine *engine_of(cln_measured *m, const cln_round_item *item)
{
    for (size_t i = 0; i < m->engine_count; i++)
        if (strcmp(m->engines[i].name, item->engine) == 0)
            return &m->engines[i];
    return NULL;
}

/* A trainer of the common selection. What an engine cannot build once it cannot build at all. */
static cln_status make_trainer(cln_measured *m, cln_measured_engine *engine, const char *solver, uint32_t batch,
                               cln_trainer **trainer, cln_error *error)
{
    cln_status status;
    cln_options *options = NULL;
    cln_error failure = {0};
    if (*engine->broken)
        return cln_fail(error, CLN_BUILD, "%s", engine->broken);
    TRY(cln_measured_options(m, engine->name, solver, batch, &options, error));
    status = cln_trainer_create_stack(m->device, (const cln_options *const *)&options, 1, &m->selection, m->parts,
                                      trainer, &failure);
    if (status == CLN_BUILD || status == CLN_UNSUPPORTED)
        snprintf(engine->broken, sizeof engine->broken, "%.250s", failure.message);
    if (status != CLN_OK)
        cln_fail(error, status, "%s", failure.message);
out:
    cln_options_free(options);
    return status;
}

static cln_status sgd_of(cln_measured *m, const cln_round_item *item, uint32_t rows, cln_trainer **trainer,
                         cln_error *error)
{
    cln_measured_engine *engine = engine_of(m, item);
    size_t i = 0;
    while (batches[i] != rows)
        i++;
    cln_status status = engine->sgd[i] ? CLN_OK : make_trainer(m, engine, "sgd", rows, &engine->sgd[i], error);
    *trainer = engine->sgd[i];
    return status;
}

static cln_status lbfgs_of(cln_measured *m, const cln_round_item *item, cln_trainer **trainer, cln_error *error)
{
    cln_measured_engine *engine = engine_of(m, item);
    cln_status status = engine->lbfgs ? CLN_OK : make_trainer(m, engine, "lbfgs", 0, &engine->lbfgs, error);
    *trainer = engine->lbfgs;
    return status;
}

/* The rows and the weights through memory once, and what is multiplied and added: passes forward, or forward and back with `steps`
   updates. */
static double least(const cln_measured *m, const cln_trainer *trainer, int part, bool gradient, uint64_t steps)
{
    uint32_t rows = (uint32_t)m->selection.rows[part];
    cln_work work = cln_work_pass(trainer->plan, rows, gradient, 0);
    work.operations += (double)steps * cln_work_update(trainer->plan, 1).operations;
    work.bytes = cln_work_pass(trainer->plan, rows, 0, 0).bytes;
    return cln_roof_seconds(&m->roof, work);
}

/* A pass from W = 0 on, as run.c enqueues it. */
static cln_status pass(cln_measured *m, cln_trainer *trainer, double *seconds, cln_error *error)
{
    cln_status status;
    TRY(cln_score_buffer_reserve(m->device, &trainer->scores, trainer->batches * trainer->scores_per_batch, error));
    TRY(cln_trainer_restart(trainer, error));
    double before = cln_os_seconds();
    cln_profile_resume(m->device);
    TRY(cln_trainer_begin_pass(trainer, error));
    for (uint64_t done = 0, count; done < trainer->batches && !m->telling->stopped; done += count) {
        uint64_t stretch = cln_trainer_stretch(trainer), left = trainer->batches - done;
        count = left < stretch ? left : stretch;
        TRY(cln_trainer_enqueue(trainer, done, count, done * trainer->scores_per_batch, error));
        cln_trainer_count(trainer, count);
        if (count < left)
            TRY(cln_pace_mark(m->device, &trainer->pace, error));
        cln_telling_goes_on(m->telling);
    }
    TRY(cln_queue_finish(m->device, error));
    cln_profile_pause(m->device);
    *seconds = cln_os_seconds() - before;
out:
    return status;
}

/* What the trainer alone would have had of the device, which scores all parts after its passes: the rows, and what was made since there
   were `before` bytes. */
static cln_status note_memory(cln_measured *m, const cln_round_item *item, cln_trainer *trainer, uint64_t before,
                              cln_error *error)
{
    cln_status status;
    cln_score score;
    TRY(cln_trainer_score(trainer, CLN_TRAIN, trainer->weights, trainer->gradient, &score, error));
    TRY(cln_trainer_score(trainer, CLN_TEST, trainer->weights, NULL, &score, error));
    engine_of(m, item)->memory = m->data_bytes + (double)(m->device->peak_bytes - before);
out:
    return status;
}

cln_status cln_measured_epoch(void *user, cln_round_item *item, double values[CLN_ROUND_VALUES], double *seconds,
                              cln_error *error)
{
    cln_status status;
    cln_measured *m = user;
    cln_trainer *trainer = NULL;
    uint64_t before = m->device->peak_bytes = m->device->bytes;
    uint32_t repeats = 0;
    TRY(sgd_of(m, item, item->rows, &trainer, error));
    do {
        double one = 0;
        TRY(pass(m, trainer, &one, error));
        *seconds += one;
    } while (cln_sample_goes_on(++repeats, *seconds) && !m->telling->stopped);
    values[0] = *seconds / repeats;
    if (item->count == 0 && item->rows == CLN_MEASURED_USUAL)
        TRY(note_memory(m, item, trainer, before, error));
    item->limits[0] = least(m, trainer, CLN_TRAIN, true, trainer->batches);
    if (trainer->batch < item->rows)
        snprintf(item->note, sizeof item->note, "in one minibatch of all %llu rows",
                 (unsigned long long)trainer->batch);
out:
    return status;
}

/* The usual epoch again, every command timed. */
cln_status cln_measured_idleness(void *user, cln_round_item *item, double values[CLN_ROUND_VALUES], double *seconds,
                                 cln_error *error)
{
    cln_status status;
    cln_measured *m = user;
    cln_trainer *trainer = NULL;
    const cln_profile_entry *entries;
    size_t count;
    double busy = 0, gaps, wall;
    TRY(sgd_of(m, item, CLN_MEASURED_USUAL, &trainer, error));
    TRY(cln_profile_begin(m->device, error));
    TRY(pass(m, trainer, seconds, error));
    TRY(cln_profile_totals(m->device, &entries, &count, &gaps, &wall, error));
    for (size_t i = 0; i < count; i++)
        busy += entries[i].seconds;
    values[0] = busy;
    values[1] = gaps;
    values[2] = fmax(0, wall - busy - gaps);
    item->limits[0] = least(m, trainer, CLN_TRAIN, true, trainer->batches);
out:
    if (m->device->profile)
        status = cln_profile_stop(m->device, status == CLN_OK ? error : NULL) == CLN_OK ? status : CLN_DEVICE;
    return status;
}

cln_status cln_measured_gradient(void *user, cln_round_item *item, double values[CLN_ROUND_VALUES], double *seconds,
                                 cln_error *error)
{
    cln_status status;
    cln_measured *m = user;
    cln_trainer *trainer = NULL;
    cln_full_batch full = {0};
    double *x = NULL, *g = NULL, f;
    uint32_t repeats = 0;
    TRY(lbfgs_of(m, item, &trainer, error));
    TRY(cln_full_batch_create(&full, trainer, 0, error));
    TRY(cln_allocate((void **)&x, full.count, sizeof *x, "weights", error));
    TRY(cln_allocate((void **)&g, full.count, sizeof *g, "a gradient", error));
    double before = cln_os_seconds();
    do {
        TRY(cln_full_batch_evaluate(&full, x, &f, g, error));
        *seconds = cln_os_seconds() - before;
    } while (cln_sample_goes_on(++repeats, *seconds));
    values[0] = *seconds / repeats;
    item->limits[0] = least(m, trainer, CLN_TRAIN, true, 0);
out:
    free(x);
    free(g);
    cln_full_batch_release(&full);
    return status;
}

cln_status cln_measured_evaluation(void *user, cln_round_item *item, double values[CLN_ROUND_VALUES], double *seconds,
                                   cln_error *error)
{
    cln_status status;
    cln_measured *m = user;
    cln_trainer *trainer = NULL;
    cln_score score;
    int part = m->selection.rows[CLN_TEST] ? CLN_TEST : CLN_TRAIN;
    uint32_t repeats = 0;
    TRY(sgd_of(m, item, CLN_MEASURED_USUAL, &trainer, error));
    double before = cln_os_seconds();
    do {
        TRY(cln_trainer_score(trainer, part, trainer->weights, NULL, &score, error));
        *seconds = cln_os_seconds() - before;
    } while (cln_sample_goes_on(++repeats, *seconds));
    values[0] = *seconds / repeats;
    item->limits[0] = least(m, trainer, part, false, 0);
    if (part == CLN_TRAIN)
        snprintf(item->note, sizeof item->note, "of the training rows, for there are no test rows");
out:
    return status;
}

static int solve_on(const cln_progress *progress, void *user)
{
    cln_measured *m = user;
    return cln_telling_train(progress, m->telling) || cln_os_seconds() > m->deadline;
}

cln_status cln_measured_optimum(void *user, cln_round_item *item, double values[CLN_ROUND_VALUES], double *seconds,
                                cln_error *error)
{
    cln_status status;
    cln_measured *m = user;
    cln_measured_engine *engine = engine_of(m, item);
    cln_trainer *trainer = NULL;
    cln_result result;
    TRY(lbfgs_of(m, item, &trainer, error));
    TRY(cln_trainer_restart(trainer, error));
    TRY(cln_trainer_run(trainer, solve_on, m, &result, error));
    if (result.stopped == CLN_STOP_INTERRUPTED && !m->telling->stopped)
        return cln_fail(error, CLN_DIVERGED, "the budget was spent before the optimum was found");
    if (result.stopped != CLN_STOP_TOLERANCE && !m->telling->stopped)
        return cln_fail(error, CLN_DIVERGED, "%s", result.reason);
    values[0] = *seconds = result.seconds.train;
    item->limits[0] = (double)result.steps * least(m, trainer, CLN_TRAIN, true, 0);
    if (!m->telling->stopped)
        engine->objective = result.certificate.objective;
out:
    return status;
}
