#include "measure/tune_data.h"

#include "base/random.h"
#include "base/size.h"
#include "data/order.h"
#include "device/buffer.h"
#include "reference/truth.h"

#include <stdlib.h>
#include <string.h>

/* So many bytes of rows that no cache holds them all, as in training. */
#define DATA_BYTES (16u << 20)

/* Half of the bytes are 0, as in images. Drawn for some rows and repeated with a shift, for drawing takes long. */
static void draw_rows(const cln_tune_data *data, void *x, int32_t *y)
{
    cln_random random;
    size_t cells = (size_t)data->rows * data->of.features, drawn = cells < 1u << 20 ? cells : 1u << 20;
    cln_random_seed(&random, data->of.features, data->of.outputs);
    for (size_t i = 0; i < cells; i++) {
        uint32_t bits = i < drawn ? cln_random_next(&random) : 0;
        if (data->of.type == CLN_UINT8)
            ((uint8_t *)x)[i] = i >= drawn ? ((uint8_t *)x)[i - drawn + 1] : bits >> 31 ? (uint8_t)bits : 0;
        else
            ((float *)x)[i] = i >= drawn ? ((float *)x)[i - drawn + 1] : (float)(int32_t)bits * 0x1p-31f;
    }
    for (uint32_t i = 0; i < data->rows; i++)
        y[i] = (int32_t)(i + 1 < data->rows ? cln_random_below(&random, data->of.outputs) : data->of.outputs - 1);
}

static void draw_weights(cln_tune_data *data)
{
    cln_random random;
    size_t cells = (size_t)data->of.outputs * (data->of.features + 1);
    cln_random_seed(&random, cells, 2);
    for (size_t i = 0; i < cells; i++)
        data->h_w[i] = (float)(int32_t)cln_random_next(&random) * 0x1p-36f;
}

/* Gradient (k,d+1) of the summed loss over the rows of a first step, and how far a right one may be off. */
static cln_status expect(cln_tune_data *data, const void *x, const int32_t *y, cln_error *error)
{
    cln_status status;
    cln_truth truth = {0};
    uint32_t n = data->of.rows, d = data->of.features, k = data->of.outputs;
    size_t bytes = d * (data->of.type == CLN_UINT8 ? 1 : sizeof(float));
    cln_trial first = {.n = n, .d = d, .k = k, .models = 1, .type = data->of.type, .scale = data->scale, .bias = true};
    TRY(cln_allocate(&first.x, n, bytes, "rows to tune with", error));
    TRY(cln_allocate((void **)&first.y, n, sizeof *first.y, "labels to tune with", error));
    TRY(cln_allocate((void **)&first.w, (uint64_t)k * d, sizeof *first.w, "weights", error));
    TRY(cln_allocate((void **)&first.b, k, sizeof *first.b, "weights", error));
    for (uint32_t i = 0; i < n; i++) {
        memcpy((char *)first.x + i * bytes, (const char *)x + data->h_order[i] * bytes, bytes);
        first.y[i] = y[data->h_order[i]];
    }
    for (uint32_t c = 0; c < k; c++) {
        memcpy(first.w + (size_t)c * d, data->h_w + (size_t)c * (d + 1), d * sizeof *first.w);
        first.b[c] = data->h_w[(size_t)c * (d + 1) + d];
    }
    TRY(cln_truth_create(&first, &truth, error));
    memcpy(data->expected, truth.gradient, (size_t)k * (d + 1) * sizeof *data->expected);
    memcpy(data->slack, truth.gradient_slack, (size_t)k * (d + 1) * sizeof *data->slack);
out:
    cln_truth_free(&truth);
    cln_trial_free(&first);
    return status;
}

static cln_status upload(cln_tune_data *data, const void *x, const int32_t *y, cln_error *error)
{
    cln_status status;
    cln_dataset *rows = NULL;
    TRY(cln_dataset_wrap(x, data->of.type, data->rows, data->of.features, y, &rows, error));
    TRY(cln_resident_begin(data->device, rows, 0, &data->resident, error));
    TRY(cln_resident_finish(data->resident, CLN_TUNE_STRETCH * data->of.rows, NULL, error));
out:
    if (status != CLN_OK) { /* before the rows go that it reads */
        cln_resident_release(data->resident);
        data->resident = NULL;
    }
    cln_dataset_close(rows);
    return status;
}

static cln_status make_buffers(cln_tune_data *data, cln_error *error)
{
    cln_status status;
    cln_device *device = data->device;
    uint64_t cells = (uint64_t)data->of.outputs * (data->of.features + 1);
    const cln_step step = {.learning_rate = 1e-3f};
    TRY(cln_allocate((void **)&data->h_order, data->rows, sizeof(uint32_t), "a row order", error));
    TRY(cln_allocate((void **)&data->h_w, cells, sizeof(float), "weights", error));
    TRY(cln_allocate((void **)&data->expected, cells, sizeof(double), "a gradient", error));
    TRY(cln_allocate((void **)&data->slack, cells, sizeof(double), "a gradient", error));
    cln_order_shuffle(data->h_order, data->rows, 1, 1);
    draw_weights(data);
    TRY(cln_buffer_create(device, "a row order", data->rows * sizeof(uint32_t), &data->order, error));
    TRY(cln_buffer_write(device, data->order, 0, data->rows * sizeof(uint32_t), data->h_order, error));
    TRY(cln_buffer_create(device, "scores to tune with",
                          (uint64_t)CLN_TUNE_STRETCH * data->of.rows * sizeof(cln_partial_score), &data->scores,
                          error));
    TRY(cln_buffer_create(device, "a step to tune with", sizeof step, &data->step, error));
    TRY(cln_buffer_write(device, data->step, 0, sizeof step, &step, error));
out:
    return status;
}

cln_status cln_tune_data_create(cln_device *device, const cln_case *of, cln_tune_data **result, cln_error *error)
{
    cln_status status;
    cln_tune_data *data = NULL;
    void *x = NULL;
    int32_t *y = NULL;
    size_t bytes = of->type == CLN_UINT8 ? 1 : sizeof(float);
    *result = NULL;
    TRY(cln_allocate((void **)&data, 1, sizeof *data, "data to tune with", error));
    data->device = device;
    data->of = *of;
    data->scale = of->type == CLN_UINT8 ? 1.0f / 255 : 1;
    uint64_t batches = DATA_BYTES / ((uint64_t)of->rows * of->features * bytes);
    data->batches = (uint32_t)(batches < 2 ? 2 : batches > 1000 ? 1000 : batches);
    data->rows = of->rows * data->batches;
    TRY(cln_allocate(&x, (uint64_t)data->rows * of->features, bytes, "data to tune with", error));
    TRY(cln_allocate((void **)&y, data->rows, sizeof *y, "data to tune with", error));
    draw_rows(data, x, y);
    TRY(make_buffers(data, error));
    TRY(expect(data, x, y, error));
    TRY(upload(data, x, y, error));
    *result = data;
    data = NULL;
out:
    cln_tune_data_release(data);
    free(x);
    free(y);
    return status;
}

void cln_tune_data_release(cln_tune_data *data)
{
    if (!data)
        return;
    cl_mem *buffers[] = {&data->order, &data->scores, &data->step};
    for (size_t i = 0; i < CLN_COUNT(buffers); i++)
        cln_buffer_release(data->device, buffers[i]);
    void *arrays[] = {data->h_order, data->h_w, data->expected, data->slack};
    for (size_t i = 0; i < CLN_COUNT(arrays); i++)
        free(arrays[i]);
    cln_resident_release(data->resident);
    free(data);
}
