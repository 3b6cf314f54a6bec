#include "compute/resident.h"

#include "base/size.h"
#include "device/buffer.h"
#include "device/program.h"

#include <stdlib.h>

static cln_status create_chunk(cln_resident *resident, cln_chunk *part, cln_error *error)
{
    cln_status status;
    const cln_dataset_info *info = &resident->info;
    TRY(cln_buffer_create_raw(resident->device, "the features", part->rows * resident->row_bytes, &part->x, error));
    if (info->labelled || info->real)
        TRY(cln_buffer_create_raw(resident->device, info->real ? "the targets" : "the labels",
                                  cln_resident_target_bytes(resident, part->rows), &part->target, error));
out:
    return status;
}

static cln_status write_targets(cln_resident *resident, const cln_chunk *part, const cln_dataset *data,
                                cln_error *error)
{
    const uint32_t *labels = (const uint32_t *)cln_dataset_labels(data); /* none below 0 */
    const float *targets = cln_dataset_targets(data);
    uint64_t at = part->first * resident->targets;
    if (!part->target)
        return CLN_OK;
    return cln_buffer_write(resident->device, part->target, 0, cln_resident_target_bytes(resident, part->rows),
                            labels ? (const void *)(labels + at) : (const void *)(targets + at), error);
}

static cln_status create_chunk_weights(cln_resident *resident, cln_chunk *part, cln_error *error)
{
    return cln_buffer_create_raw(resident->device, "weights of rows", part->rows * sizeof(float), &part->weight, error);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How the data set is cut into chunks of at most so many bytes. A row that no allocation can hold makes chunk_rows 0. */
static void cut(cln_resident *resident, uint64_t most_bytes)
{
    resident->stride = cln_layout_of(resident->info.features, 1).stride;
    resident->targets = resident->info.real ? resident->info.outputs : 1;
    resident->row_bytes = resident->stride * cln_type_bytes(resident->info.type);
    resident->chunk_rows = smaller(most_bytes / resident->row_bytes, resident->device->facts.info.max_alloc_bytes /
                                                                         cln_resident_target_bytes(resident, 1));
    resident->chunk_rows = smaller(resident->chunk_rows, resident->info.rows);
    resident->chunk_count = resident->chunk_rows ? cln_ceil_divide(resident->info.rows, resident->chunk_rows) : 0;
}

static cln_chunk chunk_at(const cln_resident *resident, uint64_t i)
{
    uint64_t first = i * resident->chunk_rows;
    return (cln_chunk){.first = first, .rows = smaller(resident->info.rows - first, resident->chunk_rows)};
}

static cln_status plan_chunks(cln_resident *resident, uint64_t most_bytes, cln_error *error)
{
    uint64_t limit = resident->device->facts.info.max_alloc_bytes;
    cut(resident, most_bytes ? smaller(most_bytes, limit) : limit);
    if (resident->chunk_rows == 0)
        return cln_fail(error, CLN_UNSUPPORTED,
                        "one row of %zu bytes, with %llu of targets, is more than the device allocates at once (%llu "
                        "bytes)",
                        resident->row_bytes, (unsigned long long)cln_resident_target_bytes(resident, 1),
                        (unsigned long long)(most_bytes ? smaller(most_bytes, limit) : limit));
    return cln_allocate((void **)&resident->chunks, resident->chunk_count, sizeof(cln_chunk), "the list of chunks",
                        error);
}

/* A row that no allocation can hold is counted as one chunk with all of them: too large it is either way. */
static cln_resident counted(cln_device *dry, const cln_dataset_info *info)
{
    cln_resident resident = {.device = dry, .info = *info};
    cut(&resident, dry->facts.info.max_alloc_bytes);
    if (resident.chunk_rows == 0) {
        resident.chunk_rows = info->rows;
        resident.chunk_count = 1;
    }
    return resident;
}

void cln_resident_count(cln_device *dry, const cln_dataset_info *info)
{
    cln_resident resident = counted(dry, info);
    for (uint64_t i = 0; i < resident.chunk_count; i++) {
        cln_chunk chunk = chunk_at(&resident, i);
        create_chunk(&resident, &chunk, NULL);
    }
}

void cln_resident_count_block(cln_device *dry, const cln_dataset_info *info, uint32_t block_rows)
{
    cln_resident resident = counted(dry, info);
    resident.block_rows = block_rows;
    if (resident.chunk_count > 1)
        cln_blocks_create(&resident, NULL);
}

void cln_resident_count_weights(cln_device *dry, const cln_dataset_info *info, uint32_t block_rows)
{
    cln_resident resident = counted(dry, info);
    resident.block_rows = block_rows;
    for (uint64_t i = 0; i < resident.chunk_count; i++) {
        cln_chunk chunk = chunk_at(&resident, i);
        create_chunk_weights(&resident, &chunk, NULL);
    }
    if (resident.chunk_count > 1)
        cln_blocks_create_weights(&resident, NULL);
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
    TRY(plan_chunks(resident, most_bytes, error));
    for (uint64_t i = 0; i < resident->chunk_count; i++) {
        resident->chunks[i] = chunk_at(resident, i);
        TRY(create_chunk(resident, &resident->chunks[i], error));
        TRY(write_targets(resident, &resident->chunks[i], data, error));
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
    cln_status status = CLN_OK;
    if (resident->upload)
        TRY(cln_upload_finish(resident->upload, wait_seconds, error));
    cln_upload_release(resident->upload);
    resident->upload = NULL;
    if (block_rows <= resident->block_rows)
        return CLN_OK;
    resident->block_rows = block_rows;
    if (resident->chunk_count > 1)
        TRY(cln_blocks_renew(resident, error));
out:
    return status;
}

static void release_weights(cln_resident *resident)
{
    for (uint64_t i = 0; resident->chunks && i < resident->chunk_count; i++)
        cln_buffer_release(resident->device, &resident->chunks[i].weight);
    cln_buffer_release(resident->device, &resident->gathered_weight);
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
    release_weights(resident);
    cln_blocks_release(resident);
    cln_kernel_release(&resident->gather);
    cln_program_release(&resident->program);
    free(resident->chunks);
    free(resident);
}

const cln_dataset_info *cln_resident_describe(const cln_resident *resident)
{
    return &resident->info;
}

uint32_t cln_resident_block_rows(const cln_resident *resident)
{
    return resident->block_rows;
}

static cln_status create_weights(cln_resident *resident, cln_error *error)
{
    cln_status status = CLN_OK;
    for (uint64_t i = 0; i < resident->chunk_count; i++)
        TRY(create_chunk_weights(resident, &resident->chunks[i], error));
    if (resident->chunk_count > 1)
        TRY(cln_blocks_create_weights(resident, error));
out:
    return status;
}

cln_status cln_resident_weigh(cln_resident *resident, const float *weights, cln_error *error)
{
    cln_status status = CLN_OK;
    if (weights && !resident->chunks[0].weight)
        TRY(create_weights(resident, error));
    for (uint64_t i = 0; weights && i < resident->chunk_count; i++) {
        const cln_chunk *part = &resident->chunks[i];
        TRY(cln_buffer_write(resident->device, part->weight, 0, part->rows * sizeof(float), weights + part->first,
                             error));
    }
out:
    if (!weights || status != CLN_OK)
        release_weights(resident);
    return status;
}
