/* One minibatch: which rows it has, its launches, and the library's step by index. */
#include "base/entry.h"
#include "base/size.h"
#include "data/order.h"
#include "device/buffer.h"
#include "train/schedule.h"
#include "train/trainer.h"

uint64_t cln_trainer_batches(const cln_trainer *trainer)
{
    if (!trainer)
        return 0;
    return trainer->batches;
}

uint64_t cln_trainer_batch_rows(const cln_trainer *trainer, int part, uint64_t index)
{
    uint64_t rows = trainer->selection->rows[part], first;
    if (!cln_multiply(index, trainer->settings.batch_size, &first) || first >= rows)
        return 0;
    return rows - first < trainer->settings.batch_size ? rows - first : trainer->settings.batch_size;
}

uint64_t cln_trainer_batch_scores(const cln_trainer *trainer, uint64_t index)
{
    uint64_t rows = cln_trainer_batch_rows(trainer, CLN_TRAIN, index), most = trainer->plan->problem.block_rows;
    uint64_t rest = rows % most;
    return rows / most * cln_plan_scores(trainer->plan, (uint32_t)most) +
           (rest ? cln_plan_scores(trainer->plan, (uint32_t)rest) : 0);
}

cln_status cln_trainer_write_steps(cln_trainer *trainer, uint64_t epoch, cln_error *error)
{
    bool changed = false;
    for (uint32_t m = 0; m < trainer->lane_count; m++) {
        const cln_settings *settings = &trainer->lanes[m].settings;
        float rate = (float)cln_schedule_rate(settings, settings->learning_rate, epoch);
        changed |= rate != trainer->h_steps[m].learning_rate;
        trainer->h_steps[m].learning_rate = rate;
    }
    return changed ? cln_buffer_write(trainer->device, trainer->d_steps, 0,
                                      trainer->lane_count * sizeof *trainer->h_steps, trainer->h_steps, error)
                   : CLN_OK;
}

cln_status cln_trainer_begin_pass(cln_trainer *trainer, cln_error *error)
{
    trainer->epoch++;
    return cln_trainer_continue_pass(trainer, error);
}

cln_status cln_trainer_continue_pass(cln_trainer *trainer, cln_error *error)
{
    cln_status status = CLN_OK;
    TRY(cln_trainer_write_steps(trainer, trainer->epoch - 1, error));
    if (trainer->order) {
        uint32_t rows = (uint32_t)trainer->selection->rows[CLN_TRAIN];
        const uint32_t *list = trainer->selection->list[CLN_TRAIN];
        for (uint32_t i = 0; i < rows; i++)
            trainer->h_order[i] = list ? list[i] : i;
        cln_order_permute(trainer->h_order, rows, trainer->settings.seed, trainer->epoch);
        TRY(cln_buffer_write(trainer->device, trainer->order, 0, (uint64_t)rows * sizeof(uint32_t), trainer->h_order,
                             error));
    }
out:
    return status;
}

void cln_trainer_count(cln_trainer *trainer, uint64_t minibatches)
{
    trainer->steps += minibatches;
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        if (!trainer->lanes[m].over) {
            trainer->lanes[m].epoch = trainer->epoch;
            trainer->lanes[m].steps = trainer->steps;
        }
}

uint64_t cln_trainer_stretch(const cln_trainer *trainer)
{
    const uint64_t minibatches = 32, rows = 4096; /* at least */
    return trainer->batch * minibatches > rows ? minibatches : cln_ceil_divide(rows, trainer->batch);
}

/* Of the pass's rows; NULL: as they lie. */
static cl_mem order_of(const cln_trainer *trainer)
{
    return trainer->order ? trainer->order : trainer->selection->range[CLN_TRAIN].order;
}

/* Minibatches that fit a block, one after the other. */
static cln_status enqueue_several(cln_trainer *trainer, uint64_t first, uint64_t count, uint64_t first_score,
                                  cln_error *error)
{
    cln_status status = CLN_OK;
    uint32_t batch = (uint32_t)trainer->batch, most = trainer->plan->problem.block_rows / batch * batch;
    cln_outcome outcome = {.scores = trainer->scores.partial, .first_score = first_score};
    const cln_range *range = &trainer->selection->range[CLN_TRAIN];
    const cln_sink sink = {.op = CLN_STEP,
                           .gradient = trainer->gradient,
                           .w = trainer->weights,
                           .v = trainer->velocity,
                           .steps = trainer->d_steps};
    for (uint64_t done = 0; done < count; done += most) {
        cln_rows rows;
        uint32_t here = (uint32_t)(count - done < most ? count - done : most);
        TRY(cln_resident_rows(range->data, order_of(trainer), range->first + first + done, here, &rows, error));
        TRY(cln_plan_descend(trainer->plan, &rows, batch, &outcome, &sink, error));
        outcome.first_score += cln_ceil_divide(here, batch) * trainer->scores_per_batch;
    }
out:
    return status;
}

/* One minibatch that takes several blocks. */
static cln_status enqueue_large(cln_trainer *trainer, uint64_t first, uint64_t count, uint64_t first_score,
                                cln_error *error)
{
    cln_status status = CLN_OK;
    uint32_t most = trainer->plan->problem.block_rows;
    const cln_range *range = &trainer->selection->range[CLN_TRAIN];
    float mean = (float)(1.0 / (double)count);
    for (uint64_t done = 0; done < count; done += most) {
        cln_rows rows;
        uint32_t here = (uint32_t)(count - done < most ? count - done : most);
        cln_outcome outcome = {.scores = trainer->scores.partial, .first_score = first_score};
        cln_sink sink = {.op = done ? CLN_ADD : CLN_STORE, .gradient = trainer->gradient};
        TRY(cln_resident_rows(range->data, order_of(trainer), range->first + first + done, here, &rows, error));
        TRY(cln_plan_gradient(trainer->plan, &rows, trainer->weights, &outcome, &sink, error));
        first_score += cln_plan_scores(trainer->plan, here);
    }
    TRY(cln_plan_update(trainer->plan, trainer->gradient, trainer->weights, trainer->velocity, trainer->d_steps, mean,
                        error));
out:
    return status;
}

cln_status cln_trainer_enqueue(cln_trainer *trainer, uint64_t index, uint64_t count, uint64_t first_score,
                               cln_error *error)
{
    cln_status status = CLN_OK;
    uint64_t batch = trainer->batch, first = index * batch;
    trainer->certificate = (cln_certificate){0}; /* it was of other weights */
    if (batch <= trainer->plan->problem.block_rows) {
        uint64_t rows = (count - 1) * batch + cln_trainer_batch_rows(trainer, CLN_TRAIN, index + count - 1);
        return enqueue_several(trainer, first, rows, first_score, error);
    }
    for (uint64_t i = 0; i < count; i++)
        TRY(enqueue_large(trainer, first + i * batch, cln_trainer_batch_rows(trainer, CLN_TRAIN, index + i),
                          first_score + i * trainer->scores_per_batch, error));
out:
    return status;
}

cln_status cln_trainer_step(cln_trainer *trainer, uint64_t index, double *cost, cln_error *error)
{
    ENTER_OPENCL(error, trainer);
    cln_status status = CLN_OK;
    double norm = 0;
    if (!cln_settings_solver_is(&trainer->settings, "sgd"))
        return cln_fail(error, CLN_INVALID,
                        "solver %s makes no steps by minibatches; call cln_trainer_run, or take solver sgd",
                        trainer->settings.solver);
    if (index >= trainer->batches)
        return cln_fail(error, CLN_INVALID, "there is no minibatch %llu: a pass has %llu", (unsigned long long)index,
                        (unsigned long long)trainer->batches);
    if (trainer->epoch == 0 || (index == 0 && trainer->steps > 0))
        TRY(cln_trainer_begin_pass(trainer, error));
    if (cost && trainer->h_steps[0].l2 > 0)
        TRY(cln_trainer_squared_norm(trainer, trainer->weights, 0, &norm, error));
    TRY(cln_trainer_enqueue(trainer, index, 1, 0, error));
    trainer->lanes[0].over = trainer->lanes[0].in_best = false;
    cln_trainer_count(trainer, 1);
    trainer->kept = trainer->weights;
    if (!cost && trainer->steps % cln_trainer_stretch(trainer) == 0)
        TRY(cln_pace_mark(trainer->device, &trainer->pace, error));
    if (cost) {
        uint64_t scores = cln_trainer_batch_scores(trainer, index);
        uint64_t rows = cln_trainer_batch_rows(trainer, CLN_TRAIN, index);
        TRY(cln_score_buffer_read(trainer->device, &trainer->scores, scores, error));
        *cost = cln_score_sum(&trainer->scores, 0, 0, scores, rows).loss + (double)trainer->h_steps[0].l2 / 2 * norm;
    }
out:
    return status;
}

static cln_status count_errors(cln_trainer *trainer, int part, uint64_t index, uint64_t *errors, cln_error *error)
{
    uint64_t rows = cln_trainer_batch_rows(trainer, part, index);
    if (rows == 0)
        return cln_fail(error, CLN_INVALID, "there is no minibatch %llu of the %s part, which has %llu rows",
                        (unsigned long long)index, part == CLN_VALID ? "validation" : "test",
                        (unsigned long long)trainer->selection->rows[part]);
    cln_range range = trainer->selection->range[part];
    cln_score score;
    range.first += index * trainer->settings.batch_size;
    range.rows = rows;
    cln_status status = cln_score_range(trainer->plan, &range, trainer->kept, NULL, &trainer->scores, &score, error);
    if (status == CLN_OK)
        *errors = score.errors;
    return status;
}

cln_status cln_trainer_valid_errors(cln_trainer *trainer, uint64_t index, uint64_t *errors, cln_error *error)
{
    ENTER_OPENCL(error, trainer && errors);
    return count_errors(trainer, CLN_VALID, index, errors, error);
}

cln_status cln_trainer_test_errors(cln_trainer *trainer, uint64_t index, uint64_t *errors, cln_error *error)
{
    ENTER_OPENCL(error, trainer && errors);
    return count_errors(trainer, CLN_TEST, index, errors, error);
}
