/* What a device takes for the parts of a training that no engine does: rows into its memory, products of CLBlast. */
#include "base/os.h"
#include "base/random.h"
#include "base/size.h"
#include "compute/blas.h"
#include "compute/tuning.h"
#include "compute/work.h"
#include "device/buffer.h"
#include "measure/training.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Of rows that are uploaded once more, beside those that stay. */
static const uint64_t most_held = 256u << 20;

/* So that what a file takes to be read is none of the device's time. */
static cln_status hold_rows(cln_measured *m, const cln_dataset_info *info, cln_error *error)
{
    cln_status status;
    uint64_t row_bytes = info->features * cln_type_bytes(info->type), most = most_held / row_bytes;
    uint64_t rows = most == 0 ? 1 : most < info->rows ? most : info->rows;
    TRY(cln_allocate((void **)&m->h_rows, rows, row_bytes, "rows to upload", error));
    TRY(cln_dataset_rewind(m->parts->train, error));
    TRY(cln_dataset_pull(m->parts->train, m->h_rows, rows, row_bytes, error));
    TRY(cln_dataset_rewind(m->parts->train, error));
    TRY(cln_dataset_wrap(m->h_rows, info->type, rows, info->features, cln_dataset_labels(m->parts->train), &m->held,
                         error));
out:
    return status;
}

cln_status cln_measured_upload(void *user, cln_round_item *item, double values[CLN_ROUND_VALUES], double *seconds,
                               cln_error *error)
{
    cln_status status;
    cln_measured *m = user;
    cln_resident *resident = NULL;
    cln_dataset_info info, held;
    cln_dataset_describe(m->parts->train, &info);
    double row_bytes = info.features * (double)cln_type_bytes(info.type);
    if (!m->held)
        TRY(hold_rows(m, &info, error));
    cln_dataset_describe(m->held, &held);
    double before = cln_os_seconds();
    TRY(cln_resident_begin(m->device, m->held, 0, &resident, error));
    TRY(cln_resident_finish(resident, 1, NULL, error));
    TRY(cln_queue_finish(m->device, error));
    *seconds = cln_os_seconds() - before;
    values[0] = *seconds / (double)held.rows * (double)info.rows;
    item->limits[0] = (double)info.rows * row_bytes / m->roof.upload_rate;
    if (held.rows < info.rows)
        snprintf(item->note, sizeof item->note, "as the first %llu rows take it", (unsigned long long)held.rows);
out:
    cln_resident_release(resident);
    return status;
}

cln_status cln_measured_gram(void *user, cln_round_item *item, double values[CLN_ROUND_VALUES], double *seconds,
                             cln_error *error)
{
    cln_status status;
    cln_measured *m = user;
    const cln_dataset_info *info = &m->selection.info;
    uint32_t classes = info->labelled ? info->outputs : 0;
    double rows = (double)info->rows, size = (double)info->features + 1 + classes;
    if (!m->gram)
        TRY(cln_gram_create(m->device, info->features, classes, info->type, &m->gram, error));
    for (int round = item->count == 0 ? 0 : 1; round < 2; round++) { /* the first one of all builds kernels */
        const cln_range *range = &m->selection.range[CLN_TRAIN];
        TRY(cln_gram_clear(m->gram, error));
        TRY(cln_queue_finish(m->device, error));
        double before = cln_os_seconds();
        uint64_t first_block = range->rows < 1024 ? range->rows : 1024;
        TRY(cln_gram_add_range(m->gram, range->data, NULL, range->first, round ? range->rows : first_block, error));
        TRY(cln_queue_finish(m->device, error));
        values[0] = *seconds = cln_os_seconds() - before;
        cln_telling_goes_on(m->telling);
    }
    cln_work work = {rows * size * (size + 1), rows * info->features * (double)cln_type_bytes(info->type)};
    item->limits[0] = cln_roof_seconds(&m->roof, work);
out:
    return status;
}

/* Numbers between −1 and 1: some devices multiply zeros faster. */
static cln_status make_matrix(cln_device *device, uint64_t seed, cl_mem *matrix, cln_error *error)
{
    cln_status status;
    cln_random random;
    float *values = NULL;
    size_t cells = (size_t)CLN_WIDE * CLN_WIDE;
    TRY(cln_allocate((void **)&values, cells, sizeof *values, "a matrix", error));
    cln_random_seed(&random, seed, 1);
    for (size_t i = 0; i < cells; i++)
        values[i] = (float)(int32_t)cln_random_next(&random) * 0x1p-31f;
    TRY(cln_buffer_create(device, "a matrix", cells * sizeof *values, matrix, error));
    TRY(cln_buffer_write(device, *matrix, 0, cells * sizeof *values, values, error));
out:
    free(values);
    return status;
}

cln_status cln_measured_product(void *user, cln_round_item *item, double values[CLN_ROUND_VALUES], double *seconds,
                                cln_error *error)
{
    cln_status status = CLN_OK;
    cln_measured *m = user;
    const cln_product product = {CLN_WIDE, CLN_WIDE, CLN_WIDE, false};
    uint32_t repeats = 0;
    if (!m->wide[2]) {
        TRY(cln_blas_prepare(m->device, error));
        cln_tuned_gemm(m->device, &product, &m->gemm);
        for (int i = 0; i < 3; i++)
            TRY(make_matrix(m->device, (uint64_t)i, &m->wide[i], error));
    }
    if (item->count == 0) { /* builds the kernel */
        TRY(cln_blas_product(m->device, &product, &m->gemm, m->wide[0], m->wide[1], 0, m->wide[2], error));
        TRY(cln_queue_finish(m->device, error));
    }
    double before = cln_os_seconds();
    do {
        TRY(cln_blas_product(m->device, &product, &m->gemm, m->wide[0], m->wide[1], 0, m->wide[2], error));
        TRY(cln_queue_finish(m->device, error));
        *seconds = cln_os_seconds() - before;
    } while (cln_sample_goes_on(++repeats, *seconds));
    values[0] = cln_work_product(&product).operations * repeats / *seconds;
    item->limits[0] = m->roof.multiply_add_rate;
out:
    return status;
}
