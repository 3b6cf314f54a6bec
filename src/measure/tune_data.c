#include "measure/tune_data.h"

#include "base/random.h"
#include "base/size.h"
#include "data/order.h"
#include "device/buffer.h"
#include "reference/softmax.h"

#include <math.h>
#include <stdlib.h>

/* So many bytes of rows that no cache holds them all, as in training. */
#define DATA_BYTES (16u << 20)
static const double unit_roundoff = 5.97e-8;

static double *get_row(const cln_tune_data *data, const void *x, uint32_t row, double *to)
{
    uint32_t d = data->of.features;
    for (uint32_t j = 0; j < d; j++) {
        size_t at = (size_t)row * d + j;
        to[j] = (double)data->scale *
                (data->of.type == CLN_UINT8 ? (double)((const uint8_t *)x)[at] : (double)((const float *)x)[at]);
    }
    return to;
}

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

/*
 * Gradient (k,d+1) of the summed loss, and how far a right one may be off: a logit is a sum of d+1 terms, each off by a unit roundoff
 * u, so by s = (d+8)·u·(Σ|x·w| + |b|); a residual by 2·s + (k+16)·u; and a sum of n of them by n more roundings of each.
 */
static cln_status expect(cln_tune_data *data, const void *x, const int32_t *y, cln_error *error)
{
    cln_status status;
    uint32_t n = data->of.rows, d = data->of.features, k = data->of.outputs, ld = d + 1;
    double *row = NULL, *z = NULL;
    TRY(cln_allocate((void **)&row, d + 1, sizeof(double), "a row", error));
    TRY(cln_allocate((void **)&z, k, sizeof(double), "logits", error));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = data->h_order[i];
        double slack = 0;
        get_row(data, x, at, row)[d] = 1;
        for (uint32_t c = 0; c < k; c++) {
            const float *w = data->h_w + (size_t)c * ld;
            double sum = 0, size = 0;
            for (uint32_t j = 0; j <= d; j++) {
                sum += row[j] * (double)w[j];
                size += fabs(row[j] * (double)w[j]);
            }
            z[c] = sum;
            slack = size > slack ? size : slack;
        }
        cln_reference_softmax(z, 1, k, z);
        slack = 2 * (d + 8) * unit_roundoff * slack + (k + 16) * unit_roundoff;
        for (uint32_t c = 0; c < k; c++) {
            double residual = z[c] - ((int32_t)c == y[at]);
            for (uint32_t j = 0; j <= d; j++) {
                data->expected[(size_t)c * ld + j] += residual * row[j];
                data->slack[(size_t)c * ld + j] += (slack + (n + 8) * unit_roundoff * fabs(residual)) * fabs(row[j]);
            }
        }
    }
out:
    free(z);
    free(row);
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
