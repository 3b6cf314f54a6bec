#include "compute/feed.h"

#include "base/size.h"
#include "compute/upload.h"
#include "device/buffer.h"
#include "device/profile.h"
#include "device/program.h"

#include <stdio.h>
#include <stdlib.h>

struct cln_resident {
    cln_device *device;
    cln_dataset_info info;
    uint32_t stride;
    size_t row_bytes;
    cln_chunk *chunks;
    uint64_t chunk_count, chunk_rows;
    cln_upload *upload; /* NULL once everything is there */
    cl_program program; /* gather; only where there are several chunks */
    cl_kernel gather;
    size_t group;
    cl_mem gathered_x, gathered_target;
};

static cln_status create_chunk(cln_resident *resident, cln_chunk *part, const int32_t *labels, cln_error *error)
{
    cln_status status;
    uint64_t label_bytes = part->rows * sizeof(uint32_t);
    TRY(cln_buffer_create_raw(resident->device, "the features", part->rows * resident->row_bytes, &part->x, error));
    if (labels) {
        TRY(cln_buffer_create_raw(resident->device, "the labels", label_bytes, &part->target, error));
        TRY(cln_buffer_write(resident->device, part->target, 0, label_bytes, labels + part->first, error));
    }
out:
    return status;
}

static cln_status prepare_gather(cln_resident *resident, uint32_t block_rows, cln_error *error)
{
    cln_status status;
    char options[200];
    bool bytes = resident->info.type == CLN_UINT8;
    uint32_t vector = resident->stride < 16 ? resident->stride : 16;
    resident->group = resident->device->facts.is_cpu || resident->device->facts.max_group_size < 64 ? 1 : 64;
    snprintf(options, sizeof options, "-DCLN_STRIDE=%u -DCLN_V=%u -DCLN_BYTES=%d -DCLN_GROUP=%zu", resident->stride,
             vector, bytes, resident->group);
    TRY(cln_program_build(resident->device, "gather", options, &resident->program, error));
    TRY(cln_kernel_create(resident->program, "gather", &resident->gather, error));
    TRY(cln_buffer_create(resident->device, "a gathered block", (uint64_t)block_rows * resident->row_bytes,
                          &resident->gathered_x, error));
    TRY(cln_buffer_create(resident->device, "a gathered block's labels", (uint64_t)block_rows * sizeof(uint32_t),
                          &resident->gathered_target, error));
out:
    return status;
}

static cln_status plan_chunks(cln_resident *resident, uint64_t most_bytes, cln_error *error)
{
    uint64_t limit = resident->device->facts.info.max_alloc_bytes;
    most_bytes = most_bytes && most_bytes < limit ? most_bytes : limit;
    resident->chunk_rows = most_bytes / resident->row_bytes;
    if (resident->chunk_rows == 0)
        return cln_fail(error, CLN_UNSUPPORTED,
                        "one row of %zu bytes is more than the device allocates at once (%llu bytes)",
                        resident->row_bytes, (unsigned long long)most_bytes);
    if (resident->chunk_rows > resident->info.rows)
        resident->chunk_rows = resident->info.rows;
    resident->chunk_count = cln_ceil_divide(resident->info.rows, resident->chunk_rows);
    return cln_allocate((void **)&resident->chunks, resident->chunk_count, sizeof(cln_chunk), "the list of chunks",
                        error);
}

cln_status cln_resident_begin(cln_device *device, cln_dataset *data, uint64_t most_bytes, cln_resident **result,
                              cln_error *error)
{
    cln_status status;
    cln_resident *resident = NULL;
    *result = NULL;

    TRY(cln_allocate((void **)&resident, 1, sizeof *resident, "a data set on the device", error));
    resident->device = device;
    cln_dataset_describe(data, &resident->info);
    resident->stride = cln_layout_of(resident->info.features, 1).stride;
    resident->row_bytes = resident->stride * cln_type_bytes(resident->info.type);
    TRY(plan_chunks(resident, most_bytes, error));
    for (uint64_t i = 0; i < resident->chunk_count; i++) {
        uint64_t first = i * resident->chunk_rows, left = resident->info.rows - first;
        resident->chunks[i].first = first;
        resident->chunks[i].rows = left < resident->chunk_rows ? left : resident->chunk_rows;
        TRY(create_chunk(resident, &resident->chunks[i], cln_dataset_labels(data), error));
    }
    TRY(cln_upload_begin(device, data, resident->chunks, resident->chunk_count, resident->row_bytes, &resident->upload,
                         error));
    *result = resident;
    resident = NULL;
out:
    cln_resident_release(resident);
    return status;
}

cln_status cln_resident_finish(cln_resident *resident, uint32_t block_rows, double *wait_seconds, cln_error *error)
{
    cln_status status;
    TRY(cln_upload_finish(resident->upload, wait_seconds, error));
    cln_upload_release(resident->upload);
    resident->upload = NULL;
    if (resident->chunk_count > 1)
        TRY(prepare_gather(resident, block_rows, error));
out:
    return status;
}

void cln_resident_release(cln_resident *resident)
{
    if (!resident)
        return;
    cln_upload_release(resident->upload);
    for (uint64_t i = 0; resident->chunks && i < resident->chunk_count; i++) {
        cln_buffer_release(resident->device, &resident->chunks[i].x);
        cln_buffer_release(resident->device, &resident->chunks[i].target);
    }
    cln_kernel_release(&resident->gather);
    cln_program_release(&resident->program);
    cln_buffer_release(resident->device, &resident->gathered_x);
    cln_buffer_release(resident->device, &resident->gathered_target);
    free(resident->chunks);
    free(resident);
}

/* Every row comes from one chunk: each chunk's share of them, read and written. */
static cln_work gather_work(const cln_resident *resident, const cln_chunk *part, uint32_t count)
{
    double share = (double)part->rows / (double)resident->info.rows;
    return (cln_work){0, 2 * share * count * (double)resident->row_bytes};
}

static cln_status gather_rows(cln_resident *resident, cl_mem order, uint64_t first, uint32_t count, cln_rows *rows,
                              cln_error *error)
{
    cln_status status = CLN_OK;
    cl_mem target = resident->chunks[0].target ? resident->gathered_target : NULL;
    cln_grid grid = {{cln_ceil_divide(count, resident->group), 1}, {resident->group, 1}};

    for (uint64_t i = 0; i < resident->chunk_count; i++) {
        const cln_chunk *part = &resident->chunks[i];
        bool elsewhere = !order && (part->first + part->rows <= first || first + count <= part->first);
        const cln_argument arguments[] = {
            CLN_ARG(part->x), CLN_ARG(part->target), CLN_ARG(part->first),          CLN_ARG(part->rows), CLN_ARG(order),
            CLN_ARG(first),   CLN_ARG(count),        CLN_ARG(resident->gathered_x), CLN_ARG(target)};
        cln_profile_expect(resident->device, gather_work(resident, part, count));
        if (!elsewhere)
            TRY(cln_launch(resident->device, resident->gather, grid, arguments, CLN_COUNT(arguments), error));
    }
    *rows = (cln_rows){.x = resident->gathered_x, .target = target, .count = count};
out:
    return status;
}

cln_status cln_resident_rows(cln_resident *resident, cl_mem order, uint64_t first, uint32_t count, cln_rows *rows,
                             cln_error *error)
{
    const cln_chunk *part = &resident->chunks[order ? 0 : first / resident->chunk_rows];
    bool together = order ? resident->chunk_count == 1 : first + count <= part->first + part->rows;
    if (!together)
        return gather_rows(resident, order, first, count, rows, error);
    *rows =
        (cln_rows){.x = part->x, .target = part->target, .order = order, .first = first - part->first, .count = count};
    return CLN_OK;
}
