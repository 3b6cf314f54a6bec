/* What a data set's rows bring beside their features: labels or real-valued targets, and weights. */
#include "base/entry.h"
#include "base/size.h"
#include "data/limits.h"
#include "data/state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void cln_dataset_take_labels(cln_dataset *data, int32_t *labels)
{
    int32_t largest = 0;
    for (uint64_t i = 0; i < data->info.rows; i++)
        largest = labels[i] > largest ? labels[i] : largest;
    data->labels = labels;
    data->info.labelled = true;
    data->info.outputs = (uint32_t)largest + 1;
}

cln_status cln_dataset_copy_labels(cln_dataset *data, const int32_t *labels, cln_error *error)
{
    int32_t *copy;
    for (uint64_t i = 0; i < data->info.rows; i++)
        if (labels[i] < 0 || (uint32_t)labels[i] >= CLN_CLASSES_MAX)
            return cln_fail(error, CLN_INVALID, "label %d of row %llu is not in 0 … %u", labels[i],
                            (unsigned long long)i, CLN_CLASSES_MAX - 1);
    cln_status status = cln_allocate((void **)&copy, data->info.rows, sizeof *copy, "labels", error);
    if (status == CLN_OK) {
        memcpy(copy, labels, (size_t)data->info.rows * sizeof *copy);
        cln_dataset_take_labels(data, copy);
    }
    return status;
}

cln_status cln_dataset_copy_targets(cln_dataset *data, const float *targets, uint32_t k, cln_error *error)
{
    float *copy;
    if (k == 0 || k > CLN_CLASSES_MAX)
        return cln_fail(error, CLN_INVALID, "%u targets a row cannot be used; 1 to %u can", k, CLN_CLASSES_MAX);
    uint64_t count = data->info.rows * k; /* below 2⁴⁸ */
    for (uint64_t i = 0; i < count; i++)
        if (!isfinite(targets[i]))
            return cln_fail(error, CLN_INVALID,
                            "target %llu of row %llu (both from 0) is not a finite number; replace it or leave the "
                            "row out",
                            (unsigned long long)(i % k), (unsigned long long)(i / k));
    cln_status status = cln_allocate((void **)&copy, count, sizeof *copy, "targets", error);
    if (status == CLN_OK) {
        memcpy(copy, targets, (size_t)count * sizeof *copy);
        data->targets = copy;
        data->info.real = true;
        data->info.outputs = k;
    }
    return status;
}

cln_status cln_dataset_weigh(cln_dataset *data, const float *weights, cln_error *error)
{
    ENTER(error, data);
    float *copy = NULL;
    bool some = !weights;
    for (uint64_t i = 0; weights && i < data->info.rows; i++) {
        if (!isfinite(weights[i]) || weights[i] < 0)
            return cln_fail(error, CLN_INVALID, "weight %g of row %llu is no number that is 0 or more",
                            (double)weights[i], (unsigned long long)i);
        some |= weights[i] > 0;
    }
    if (!some)
        return cln_fail(error, CLN_INVALID, "all weights of %s are 0, so no row counts; give some a weight above 0",
                        data->info.path);
    if (weights) {
        cln_status status = cln_allocate((void **)&copy, data->info.rows, sizeof *copy, "weights of rows", error);
        if (status != CLN_OK)
            return status;
        memcpy(copy, weights, (size_t)data->info.rows * sizeof *copy);
    }
    free(data->weights);
    data->weights = copy;
    return CLN_OK;
}

void cln_dataset_move_answers(cln_dataset *data, uint64_t from, uint64_t to)
{
    uint64_t k = data->info.outputs;
    if (from == to)
        return;
    if (data->labels)
        data->labels[to] = data->labels[from];
    if (data->targets)
        memcpy(data->targets + to * k, data->targets + from * k, (size_t)k * sizeof *data->targets);
    if (data->weights)
        data->weights[to] = data->weights[from];
}

const int32_t *cln_dataset_labels(const cln_dataset *data)
{
    if (!data)
        return NULL;
    return data->labels;
}

const float *cln_dataset_targets(const cln_dataset *data)
{
    return data->targets;
}

const float *cln_dataset_weights(const cln_dataset *data)
{
    return data->weights;
}
