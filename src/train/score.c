#include "train/score.h"

#include "base/size.h"
#include "device/buffer.h"

#include <math.h>
#include <stdlib.h>

static uint64_t models_of(const cln_score_buffer *buffer)
{
    return buffer->models ? buffer->models : 1;
}

uint64_t cln_score_buffer_bytes(const cln_score_buffer *buffer, uint64_t count)
{
    return count * models_of(buffer) * sizeof(cln_partial_score);
}

uint64_t cln_score_room(const cln_plan *plan, uint64_t rows)
{
    uint32_t most = plan->problem.block_rows;
    return cln_ceil_divide(rows, most) * cln_plan_scores(plan, most);
}

cln_status cln_score_buffer_reserve(cln_device *device, cln_score_buffer *buffer, uint64_t count, cln_error *error)
{
    cln_status status = CLN_OK;
    if (count <= buffer->capacity)
        return CLN_OK;
    uint64_t bytes = cln_score_buffer_bytes(buffer, count);
    cln_score_buffer_release(device, buffer);
    TRY(cln_buffer_create(device, "partial scores", bytes, &buffer->partial, error));
    TRY(cln_allocate((void **)&buffer->h_partial, bytes, 1, "partial scores", error));
    buffer->capacity = count;
out:
    return status;
}

void cln_score_buffer_release(cln_device *device, cln_score_buffer *buffer)
{
    cln_buffer_release(device, &buffer->partial);
    free(buffer->h_partial);
    *buffer = (cln_score_buffer){.models = buffer->models};
}

cln_status cln_score_buffer_read(cln_device *device, cln_score_buffer *buffer, uint64_t count, cln_error *error)
{
    return cln_buffer_read(device, buffer->partial, 0, cln_score_buffer_bytes(buffer, count), buffer->h_partial, error);
}

cln_score cln_score_sum(const cln_score_buffer *buffer, uint32_t model, uint64_t first, uint64_t count, uint64_t rows)
{
    cln_score score = {0, 0, rows};
    for (uint64_t i = first; i < first + count; i++) {
        const cln_partial_score *part = &buffer->h_partial[i * models_of(buffer) + model];
        score.loss += (double)part->loss;
        score.errors += part->errors;
    }
    score.loss = isnan(score.loss) ? NAN : score.loss / (double)rows; /* a NaN without a sign, which would be printed */
    return score;
}

/* A cross-entropy of 10⁹ takes logits of that size, which float resolves to 64: nothing is left to learn from. Squared distances are as
   large as the targets make them, and sound as long as float holds them. NaN is not sound either. */
bool cln_score_is_sound(const cln_score *score, cln_row_loss loss)
{
    return score->loss <= (loss == CLN_SQUARED ? 1e30 : 1e9);
}

cln_status cln_score_range(cln_plan *plan, const cln_range *range, cl_mem w, cl_mem gradient, cln_score_buffer *buffer,
                           cln_score *scores, cln_error *error)
{
    cln_status status;
    uint32_t most = plan->problem.block_rows;
    uint64_t used = 0;
    TRY(cln_score_buffer_reserve(plan->device, buffer, cln_score_room(plan, range->rows), error));
    for (uint64_t done = 0; done < range->rows; done += most) {
        uint32_t count = (uint32_t)(range->rows - done < most ? range->rows - done : most);
        cln_rows rows;
        cln_outcome outcome = {.scores = buffer->partial, .first_score = used};
        cln_sink sink = {.op = done ? CLN_ADD : CLN_STORE, .gradient = gradient};
        TRY(cln_resident_rows(range->data, range->order, range->first + done, count, &rows, error));
        if (range->alike)
            rows.weight = NULL;
        TRY(gradient ? cln_plan_gradient(plan, &rows, w, &outcome, &sink, error)
                     : cln_plan_forward(plan, &rows, w, &outcome, error));
        used += cln_plan_scores(plan, count);
    }
    TRY(cln_score_buffer_read(plan->device, buffer, used, error));
    for (uint32_t model = 0; model < models_of(buffer); model++)
        scores[model] = cln_score_sum(buffer, model, 0, used, range->rows);
out:
    return status;
}
