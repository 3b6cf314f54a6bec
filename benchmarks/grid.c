/*
 * No cliff anywhere: a pass of SGD over made-up rows for a grid of features, outputs, batch sizes and types, on each engine.
 * grid [DEVICE [ENGINE]]: a JSON line per point with nanoseconds a row and billions of multiply-adds a second, forward and backward
 * together (2·k·d a row). Medians of five passes.
 */
#include "compute/feed.h"
#include "base/os.h"
#include "base/random.h"
#include "base/size.h"
#include "device/buffer.h"
#include "device/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cln_error failure;

static void must(cln_status status)
{
    if (status == CLN_OK)
        return;
    fprintf(stderr, "grid: %s\n", failure.message);
    exit(1);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds of a pass in minibatches, the median of five after one that is not counted. */
static double pass_seconds(cln_plan *plan, cln_resident *resident, cl_mem order, uint32_t rows, uint32_t batch)
{
    cln_device *device = plan->device;
    uint64_t bytes = (uint64_t)plan->layout.kp * plan->layout.ld * sizeof(float);
    const cln_step step = {.learning_rate = 0.01f};
    cl_mem w = NULL, v = NULL, gradient = NULL, steps = NULL;
    double seconds[6];
    must(cln_buffer_create(device, "the weights", bytes, &w, &failure));
    must(cln_buffer_create(device, "the velocity", bytes, &v, &failure));
    must(cln_buffer_create(device, "the gradient", bytes, &gradient, &failure));
    must(cln_buffer_create(device, "the step", sizeof step, &steps, &failure));
    must(cln_buffer_write(device, steps, 0, sizeof step, &step, &failure));
    must(cln_buffer_zero(device, w, &failure));
    must(cln_buffer_zero(device, v, &failure));
    const cln_outcome outcome = {0};
    const cln_sink sink = {.op = CLN_STEP, .gradient = gradient, .w = w, .v = v, .steps = steps};
    uint32_t stretch = batch * 32 > 4096 ? batch * 32 : (4096 + batch - 1) / batch * batch;
    for (int i = 0; i < 6; i++) {
        double before = cln_os_seconds();
        for (uint32_t done = 0; done < rows; done += stretch) {
            cln_rows block;
            uint32_t count = rows - done < stretch ? rows - done : stretch;
            must(cln_resident_rows(resident, order, done, count, &block, &failure));
            must(cln_plan_descend(plan, &block, batch, &outcome, &sink, &failure));
        }
        must(cln_queue_finish(device, &failure));
        seconds[i] = cln_os_seconds() - before;
    }
    cln_buffer_release(device, &w);
    cln_buffer_release(device, &v);
    cln_buffer_release(device, &gradient);
    cln_buffer_release(device, &steps);
    qsort(seconds + 1, 5, sizeof *seconds, by_size);
    return seconds[3];
}

static void *random_rows(uint32_t n, uint32_t d, cln_type type)
{
    cln_random random;
    uint64_t count = (uint64_t)n * d;
    char *x = malloc(count * cln_type_bytes(type));
    cln_random_seed(&random, n, d);
    for (uint64_t i = 0; x && i < count; i++) {
        uint32_t draw = cln_random_below(&random, 256);
        float value = (float)draw / 256;
        if (type == CLN_UINT8)
            x[i] = (char)draw;
        else
            memcpy(x + 4 * i, &value, 4);
    }
    return x;
}

static void measure(cln_device *device, const char *engine, uint32_t d, uint32_t k, cln_type type)
{
    static const uint32_t batches[] = {1, 8, 32, 100, 200, 600, 4096, 0};
    uint32_t rows = (uint32_t)(40000000u / (d + 100) / (k > 10 ? k / 10 : 1)), *order = calloc(rows, sizeof *order);
    rows = rows > 60000 ? 60000 : rows;
    void *x = random_rows(rows, d, type);
    int32_t *y = calloc(rows, sizeof *y);
    cln_dataset *data = NULL;
    cln_resident *resident = NULL;
    cln_plan *plan = NULL;
    cl_mem d_order = NULL;
    for (uint32_t i = 0; i < rows; i++) {
        y[i] = (int32_t)(i % k);
        order[i] = (uint32_t)((uint64_t)i * 7919 % rows);
    }
    cln_problem problem = {
        .features = d, .outputs = k, .type = type, .scale = type == CLN_UINT8 ? 1.0f / 255 : 1, .bias = true};
    problem.block_rows = cln_plan_block_rows(device, engine, &problem, rows);
    must(cln_dataset_wrap(x, type, rows, d, y, &data, &failure));
    must(cln_resident_begin(device, data, 0, &resident, &failure));
    must(cln_resident_finish(resident, problem.block_rows, NULL, &failure));
    must(cln_plan_create(device, engine, &problem, NULL, &plan, &failure));
    must(cln_buffer_create(device, "the row order", rows * sizeof *order, &d_order, &failure));
    must(cln_buffer_write(device, d_order, 0, rows * sizeof *order, order, &failure));
    for (size_t i = 0; i < CLN_COUNT(batches); i++) {
        uint32_t batch = batches[i] ? batches[i] : rows, some = rows;
        if (batch > rows || batch > problem.block_rows)
            continue;
        if (batch < 32)
            some = rows / 8 > batch ? rows / 8 : batch;
        double seconds = pass_seconds(plan, resident, d_order, some, batch);
        printf("{\"engine\": \"%s\", \"features\": %u, \"outputs\": %u, \"type\": \"%s\", \"rows\": %u, \"batch\": %u, "
               "\"ns_per_row\": %.1f, \"gmad_per_second\": %.2f}\n",
               plan->engine->name, d, k, type == CLN_UINT8 ? "uint8" : "float32", some, batch, seconds / some * 1e9,
               2.0 * k * d * some / seconds / 1e9);
        fflush(stdout);
    }
    cln_buffer_release(device, &d_order);
    cln_plan_release(plan);
    cln_resident_release(resident);
    cln_dataset_close(data);
    free(x);
    free(y);
    free(order);
}

int main(int argc, char **argv)
{
    static const uint32_t features[] = {2, 13, 100, 784, 785, 3072, 10000}, outputs[] = {1, 2, 7, 10, 13, 32, 64};
    cln_device *device = NULL;
    must(cln_device_open(argc > 1 ? argv[1] : "auto", &device, &failure));
    for (size_t i = 0; i < CLN_COUNT(features); i++)
        for (size_t j = 0; j < CLN_COUNT(outputs); j++)
            for (int type = CLN_UINT8; type <= CLN_FLOAT32; type++)
                measure(device, argc > 2 ? argv[2] : "fused", features[i], outputs[j], (cln_type)type);
    cln_device_close(device);
    return 0;
}
