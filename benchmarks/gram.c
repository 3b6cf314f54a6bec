/*
 * Seconds of the Gram matrix XᵀX of 60,000 rows of 784 bytes by CLBlast, as linear least squares takes it, as a line of JSON:
 *
 *     benchmark.gram DEVICE
 *
 * Its entries are exact: some are compared with sums in integers before a time is printed.
 */
#include "base/os.h"
#include "base/random.h"
#include "compute/gram.h"
#include "device/buffer.h"
#include "device/queue.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define SAMPLES 7
#define CHECKED 200
enum { ROWS = 60000, FEATURES = 784, SIZE = FEATURES + 1 };

static cln_status upload(cln_device *device, uint8_t *x, cl_mem *d_x, cln_error *error)
{
    cln_status status;
    cln_random random;
    cln_random_seed(&random, 1, 0);
    for (size_t i = 0; i < (size_t)ROWS * FEATURES; i++)
        x[i] = (uint8_t)cln_random_below(&random, 256);
    TRY(cln_buffer_create(device, "rows", (uint64_t)ROWS * FEATURES, d_x, error));
    TRY(cln_buffer_write(device, *d_x, 0, (uint64_t)ROWS * FEATURES, x, error));
out:
    return status;
}

/* Sums of the rows, once for the kernels' sake and once a sample. */
static cln_status sample(cln_device *device, cln_gram *gram, cl_mem d_x, json_t *samples, cln_error *error)
{
    cln_status status;
    cln_rows rows = {.x = d_x, .count = ROWS};
    for (int i = 0; i <= SAMPLES; i++) {
        double start = cln_os_seconds();
        TRY(cln_gram_add(gram, &rows, error));
        TRY(cln_queue_finish(device, error));
        if (i > 0)
            json_array_append_new(samples, json_real(cln_os_seconds() - start));
    }
out:
    return status;
}

static cln_status verify(cln_gram *gram, const uint8_t *x, double *sums, cln_error *error)
{
    cln_status status;
    cln_random random;
    cln_random_seed(&random, 2, 0);
    TRY(cln_gram_read(gram, sums, error));
    for (int check = 0; check < CHECKED; check++) {
        size_t i = cln_random_below(&random, FEATURES), j = cln_random_below(&random, FEATURES);
        uint64_t sum = 0;
        for (size_t row = 0; row < ROWS; row++)
            sum += (uint64_t)x[row * FEATURES + i] * x[row * FEATURES + j];
        if (sums[i * SIZE + j] != (double)(sum * (SAMPLES + 1)))
            return cln_fail(error, CLN_DEVICE, "the Gram matrix is wrong at (%zu,%zu)", i, j);
    }
out:
    return status;
}

int main(int count, char **words)
{
    if (count != 2) {
        fprintf(stderr, "usage: benchmark.gram DEVICE\n");
        return 2;
    }
    cln_status status;
    cln_error failure = {0}, *error = &failure;
    cln_device *device = NULL;
    cln_gram *gram = NULL;
    cl_mem d_x = NULL;
    uint8_t *x = malloc((size_t)ROWS * FEATURES);
    double *sums = malloc(sizeof *sums * SIZE * SIZE);
    json_t *samples = json_array();
    if (!x || !sums) {
        status = cln_fail(error, CLN_MEMORY, "cannot hold the rows: the host is out of memory");
        goto out;
    }
    TRY(cln_device_open(words[1], &device, error));
    TRY(upload(device, x, &d_x, error));
    TRY(cln_gram_create(device, FEATURES, 0, CLN_UINT8, &gram, error));
    TRY(sample(device, gram, d_x, samples, error));
    TRY(verify(gram, x, sums, error));
    const cln_device_info *info = cln_device_describe(device);
    json_t *line = json_pack("{s:s, s:s, s:O, s:f, s:s, s:s, s:s}", "case", "XᵀX of 60,000 rows, d=784", "unit", "s",
                             "samples", samples, "flop", 2.0 * ROWS * FEATURES * FEATURES, "device", info->name,
                             "platform", info->platform, "driver", info->driver);
    json_dumpf(line, stdout, JSON_REAL_PRECISION(9));
    printf("\n");
    json_decref(line);
out:
    if (status != CLN_OK)
        fprintf(stderr, "%s\n", failure.message);
    json_decref(samples);
    cln_gram_release(gram);
    if (device)
        cln_buffer_release(device, &d_x);
    free(sums);
    free(x);
    cln_device_close(device);
    return status != CLN_OK;
}
