/* One minibatch: which rows it has, its launches, and the library's step by index. */
#include "base/size.h"
#include "data/order.h"
#include "device/buffer.h"
#include "train/trainer.h"

#include <stdlib.h>

uint64_t cln_trainer_batches(const cln_trainer *trainer)
{
    return trainer->batches;
}

uint64_t cln_trainer_batch_rows(const cln_trainer *trainer, int part, uint64_t index)
{
    uint64_t rows = trainer->selection.rows[part], first;
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

cln_status cln_trainer_begin_pass(cln_trainer *trainer, cln_error *error)
{
    trainer->epoch++;
    if (!trainer->order)
        return CLN_OK;
    uint32_t rows = (uint32_t)trainer->selection.rows[CLN_TRAIN];
    cln_order_shuffle(trainer->h_order, rows, trainer->settings.seed, trainer->epoch);
    return cln_buffer_write(trainer->device, trainer->order, 0, (uint64_t)rows * sizeof(uint32_t), trainer->h_order,
                            error);
}

cln_status cln_trainer_enqueue(cln_trainer *trainer, uint64_t index, uint64_t first_score, cln_error *error)
{
    cln_status status = CLN_OK;
    const cln_settings *settings = &trainer->settings;
    uint64_t batch = cln_trainer_batch_rows(trainer, CLN_TRAIN, index), first = index * settings->batch_size;
    uint32_t most = trainer->plan->problem.block_rows;
    const cln_step step = {(float)(1.0 / (double)batch), trainer->l2, (float)settings->momentum,
                           (float)settings->learning_rate};

    for (uint64_t done = 0; done < batch; done += most) {
        uint32_t count = (uint32_t)(batch - done < most ? batch - done : most);
        cln_rows rows;
        cln_outcome outcome = {.residual = true, .scores = trainer->scores.partial, .first_score = first_score};
        cln_sink sink = {.op = batch <= most ? CLN_STEP
                               : done        ? CLN_ADD
                                             : CLN_STORE,
                         .gradient = trainer->gradient,
                         .w = trainer->weights,
                         .v = trainer->velocity,
                         .step = step};
        TRY(cln_resident_rows(trainer->selection.resident[CLN_TRAIN], trainer->order, first + done, count, &rows,
                              error));
        TRY(cln_plan_forward(trainer->plan, &rows, trainer->weights, &outcome, error));
        TRY(cln_plan_backward(trainer->plan, &rows, &sink, error));
        first_score += cln_plan_scores(trainer->plan, count);
    }
    if (batch > most)
        TRY(cln_plan_update(trainer->plan, trainer->gradient, trainer->weights, trainer->velocity, &step, error));
out:
    return status;
}

cln_status cln_trainer_read(cln_trainer *trainer, cl_mem w, float *weight, float *bias, cln_error *error)
{
    cln_status status;
    uint32_t k = trainer->plan->problem.outputs, d = trainer->plan->problem.features, ld = trainer->plan->layout.ld;
    float *padded = NULL;
    TRY(cln_allocate((void **)&padded, (uint64_t)k * ld, sizeof *padded, "weights", error));
    TRY(cln_buffer_read(trainer->device, w, 0, (uint64_t)k * ld * sizeof *padded, padded, error));
    for (uint32_t i = 0; i < k; i++) {
        for (uint32_t j = 0; weight && j < d; j++)
            weight[(uint64_t)i * d + j] = padded[(uint64_t)i * ld + j];
        if (bias)
            bias[i] = padded[(uint64_t)i * ld + d];
    }
out:
    free(padded);
    return status;
}

cln_status cln_trainer_squared_norm(cln_trainer *trainer, cl_mem w, double *norm, cln_error *error)
{
    cln_status status;
    uint64_t count = (uint64_t)trainer->plan->problem.outputs * trainer->plan->problem.features;
    float *weight = NULL;
    *norm = 0;
    TRY(cln_allocate((void **)&weight, count, sizeof *weight, "weights", error));
    TRY(cln_trainer_read(trainer, w, weight, NULL, error));
    for (uint64_t i = 0; i < count; i++)
        *norm += (double)weight[i] * (double)weight[i];
out:
    free(weight);
    return status;
}

cln_status cln_trainer_step(cln_trainer *trainer, uint64_t index, double *cost, cln_error *error)
{
    cln_status status = CLN_OK;
    double norm = 0;
    if (index >= trainer->batches)
        return cln_fail(error, CLN_INVALID, "there is no minibatch %llu: a pass has %llu", (unsigned long long)index,
                        (unsigned long long)trainer->batches);
    if (trainer->epoch == 0 || (index == 0 && trainer->steps > 0))
        TRY(cln_trainer_begin_pass(trainer, error));
    if (cost && trainer->l2 > 0)
        TRY(cln_trainer_squared_norm(trainer, trainer->weights, &norm, error));
    TRY(cln_trainer_enqueue(trainer, index, 0, error));
    trainer->steps++;
    trainer->kept = trainer->weights;
    if (!cost && trainer->steps % CLN_STRETCH == 0)
        TRY(cln_pace_mark(trainer->device, &trainer->pace, error));
    if (cost) {
        uint64_t scores = cln_trainer_batch_scores(trainer, index);
        uint64_t rows = cln_trainer_batch_rows(trainer, CLN_TRAIN, index);
        TRY(cln_score_buffer_read(trainer->device, &trainer->scores, scores, error));
        *cost = cln_score_sum(&trainer->scores, 0, scores, rows).loss + (double)trainer->l2 / 2 * norm;
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
                        (unsigned long long)trainer->selection.rows[part]);
    cln_range range = trainer->selection.range[part];
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
    return count_errors(trainer, CLN_VALID, index, errors, error);
}

cln_status cln_trainer_test_errors(cln_trainer *trainer, uint64_t index, uint64_t *errors, cln_error *error)
{
    return count_errors(trainer, CLN_TEST, index, errors, error);
}
