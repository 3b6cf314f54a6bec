/* Weights on their way back from the device, as a model has them. */
#include "base/size.h"
#include "device/buffer.h"
#include "train/trainer.h"

#include <stdlib.h>

uint32_t cln_trainer_outputs(const cln_trainer *trainer)
{
    return trainer->selection->outputs;
}

/* W·(x̃ − shift) + b = W·x̃ + (b − W·shift): the bias is that of features as they are, summed in double. */
cln_status cln_trainer_read(cln_trainer *trainer, cl_mem w, uint32_t lane, float *weight, float *bias, cln_error *error)
{
    cln_status status;
    const double *shift = trainer->scaling.shift;
    uint32_t k = cln_trainer_outputs(trainer), d = trainer->plan->problem.features, ld = trainer->plan->layout.ld;
    uint64_t bytes = (uint64_t)k * ld * sizeof(float);
    float *padded = NULL;
    TRY(cln_allocate((void **)&padded, bytes, 1, "weights", error));
    TRY(cln_buffer_read(trainer->device, w, lane * bytes, bytes, padded, error));
    for (uint32_t i = 0; i < k; i++) {
        const float *row = padded + (uint64_t)i * ld;
        double shifted = 0;
        for (uint32_t j = 0; weight && j < d; j++)
            weight[(uint64_t)i * d + j] = row[j];
        for (uint32_t j = 0; shift && j < d; j++)
            shifted += (double)row[j] * shift[j];
        if (bias)
            bias[i] = (float)((double)row[d] - shifted);
    }
out:
    free(padded);
    return status;
}

cln_status cln_trainer_squared_norm(cln_trainer *trainer, cl_mem w, uint32_t lane, double *norm, cln_error *error)
{
    cln_status status;
    uint64_t d = trainer->plan->problem.features, count = cln_trainer_outputs(trainer) * d;
    const double *deviation = trainer->scaling.deviation;
    float *weight = NULL;
    *norm = 0;
    TRY(cln_allocate((void **)&weight, count, sizeof *weight, "weights", error));
    TRY(cln_trainer_read(trainer, w, lane, weight, NULL, error));
    for (uint64_t i = 0; i < count; i++) {
        double component = (double)weight[i] * (deviation ? deviation[i % d] : 1);
        *norm += component * component;
    }
out:
    free(weight);
    return status;
}

cln_status cln_trainer_lane_read(cln_trainer *trainer, uint32_t lane, double *weight, double *bias, cln_error *error)
{
    cln_status status = CLN_OK;
    uint64_t k = cln_trainer_outputs(trainer), count = k * trainer->plan->problem.features;
    const double *solved = trainer->solved;
    float *rounded = NULL;
    if (!solved) {
        TRY(cln_allocate((void **)&rounded, count + k, sizeof *rounded, "weights", error));
        TRY(cln_trainer_read(trainer, trainer->kept, lane, rounded, rounded + count, error));
    }
    for (uint64_t i = 0; weight && i < count; i++)
        weight[i] = solved ? solved[i] : (double)rounded[i];
    for (uint64_t c = 0; bias && c < k; c++)
        bias[c] = solved ? solved[count + c] : (double)rounded[count + c];
out:
    free(rounded);
    return status;
}
