#include "compute/feed.h"

#include "base/size.h"
#include "compute/upload.h"
#include "device/buffer.h"
#include "device/profile.h"
#include "device/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of padded rows on their way back to the host, about. */
#define READ_BYTES (1u << 20)

struct cln_resident {
    cln_device *device;
    cln_dataset_info info;
    uint32_t stride;
    uint32_t targets; /* words of a row's target: a label, or floats */
    size_t row_bytes;
    cln_chunk *chunks;
    uint64_t chunk_count, chunk_rows;
    cln_upload *upload; /* NULL once everything is there */
    cl_program program; /* gather; only where there are several chunks */
    cl_kernel gather;
    size_t group;
    uint32_t block_rows;
    cl_mem gathered_x, gathered_target, gathered_weight;
};

static uint64_t target_bytes(const cln_resident *resident, uint64_t rows)
{
    return rows * resident->targets * sizeof(uint32_t);
}

static cln_status create_chunk(cln_resident *resident, cln_chunk *part, cln_error *error)
{
    cln_status status;
    const cln_dataset_info *info = &resident->info;
    TRY(cln_buffer_create_raw(resident->device, "the features", part->rows * resident->row_bytes, &part->x, error));
    if (info->labelled || info->real)
        TRY(cln_buffer_create_raw(resident->device, info->real ? "the targets" : "the labels",
                                  target_bytes(resident, part->rows), &part->target, error));
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
    return cln_buffer_write(resident->device, part->target, 0, target_bytes(resident, part->rows),
                            labels ? (const void *)(labels + at) : (const void *)(targets + at), error);
}

static cln_status create_chunk_weights(cln_resident *resident, cln_chunk *part, cln_error *error)
{
    return cln_buffer_create_raw(resident->device, "weights of rows", part->rows * sizeof(float), &part->weight, error);
}

static cln_status build_gather(cln_resident *resident, cln_error *error)
{
    cln_status status = CLN_OK;
    char options[200];
    bool bytes = resident->info.type == CLN_UINT8;
    uint32_t vector = resident->stride < 16 ? resident->stride : 16;
    if (resident->gather)
        return CLN_OK;
    resident->group = resident->device->facts.is_cpu || resident->device->facts.max_group_size < 64 ? 1 : 64;
    snprintf(options, sizeof options, "-DCLN_STRIDE=%u -DCLN_V=%u -DCLN_BYTES=%d -DCLN_TARGETS=%u -DCLN_GROUP=%zu",
             resident->stride, vector, bytes, resident->targets, resident->group);
    TRY(cln_program_build(resident->device, "gather", options, &resident->program, error));
    TRY(cln_kernel_create(resident->program, "gather", &resident->gather, error));
out:
    return status;
}

static void release_blocks(cln_resident *resident)
{
    cln_buffer_release(resident->device, &resident->gathered_x);
    cln_buffer_release(resident->device, &resident->gathered_target);
    cln_buffer_release(resident->device, &resident->gathered_weight);
}

static cln_status create_block_weights(cln_resident *resident, cln_error *error)
{
    return cln_buffer_create(resident->device, "a gathered block's weights",
                             (uint64_t)resident->block_rows * sizeof(float), &resident->gathered_weight, error);
}

/* Where rows of several chunks are brought together. */
static cln_status create_block(cln_resident *resident, cln_error *error)
{
    cln_status status;
    cln_device *device = resident->device;
    uint64_t rows = resident->block_rows;
    TRY(cln_buffer_create(device, "a gathered block", rows * resident->row_bytes, &resident->gathered_x, error));
    TRY(cln_buffer_create(device, "a gathered block's targets", target_bytes(resident, rows),
                          &resident->gathered_target, error));
out:
    return status;
}

static cln_status create_blocks(cln_resident *resident, cln_error *error)
{
    cln_status status;
    release_blocks(resident);
    TRY(build_gather(resident, error));
    TRY(create_block(resident, error));
    if (resident->chunks[0].weight)
        TRY(create_block_weights(resident, error));
out:
    if (status != CLN_OK)
        resident->block_rows = 0; /* so that another _finish tries again */
    return status;
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
    resident->chunk_rows = smaller(most_bytes / resident->row_bytes,
                                   resident->device->facts.info.max_alloc_bytes / target_bytes(resident, 1));
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
                        resident->row_bytes, (unsigned long long)target_bytes(resident, 1),
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
        create_block(&resident, NULL);
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
        create_block_weights(&resident, NULL);
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
        TRY(create_blocks(resident, error));
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
    release_blocks(resident);
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
        TRY(create_block_weights(resident, error));
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
    cl_mem weight = resident->gathered_weight; /* NULL without weights */
    cln_grid grid = {{cln_ceil_divide(count, resident->group), 1}, {resident->group, 1}};

    for (uint64_t i = 0; i < resident->chunk_count; i++) {
        const cln_chunk *part = &resident->chunks[i];
        bool elsewhere = !order && (part->first + part->rows <= first || first + count <= part->first);
        const cln_argument arguments[] = {CLN_ARG(part->x),     CLN_ARG(part->target), CLN_ARG(part->weight),
                                          CLN_ARG(part->first), CLN_ARG(part->rows),   CLN_ARG(order),
                                          CLN_ARG(first),       CLN_ARG(count),        CLN_ARG(resident->gathered_x),
                                          CLN_ARG(target),      CLN_ARG(weight)};
        cln_profile_expect(resident->device, gather_work(resident, part, count));
        if (!elsewhere)
            TRY(cln_launch(resident->device, resident->gather, grid, arguments, CLN_COUNT(arguments), error));
    }
    *rows = (cln_rows){.x = resident->gathered_x, .target = target, .count = count, .weight = weight};
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
    *rows = (cln_rows){part->x, part->target, order, first - part->first, count, part->weight};
    return CLN_OK;
}

/* Rows of one chunk, without what pads them; padded: (at_once,row_bytes), or NULL where nothing does. */
static cln_status read_part(cln_resident *resident, const cln_chunk *part, uint64_t first, uint64_t count, char *padded,
                            uint64_t at_once, char *x, cln_error *error)
{
    cln_status status = CLN_OK;
    size_t row = resident->info.features * cln_type_bytes(resident->info.type), stride = resident->row_bytes;
    if (!padded)
        return cln_buffer_read(resident->device, part->x, first * stride, count * stride, x, error);
    for (uint64_t done = 0; done < count; done += at_once) {
        uint64_t here = count - done < at_once ? count - done : at_once;
        TRY(cln_buffer_read(resident->device, part->x, (first + done) * stride, here * stride, padded, error));
        for (uint64_t i = 0; i < here; i++)
            memcpy(x + (done + i) * row, padded + i * stride, row);
    }
out:
    return status;
}

uint64_t cln_resident_read_bytes(const cln_dataset_info *info)
{
    uint64_t row = cln_layout_of(info->features, 1).stride * cln_type_bytes(info->type);
    return row > info->features * cln_type_bytes(info->type) ? cln_ceil_divide(READ_BYTES, row) * row : 0;
}

cln_status cln_resident_read(cln_resident *resident, uint64_t first, uint64_t count, void *x, cln_error *error)
{
    cln_status status = CLN_OK;
    uint64_t at_once = cln_ceil_divide(READ_BYTES, resident->row_bytes);
    size_t row = resident->info.features * cln_type_bytes(resident->info.type);
    char *padded = NULL, *to = x;
    if (row < resident->row_bytes)
        TRY(cln_allocate((void **)&padded, at_once, resident->row_bytes, "rows read back", error));
    while (count > 0) {
        const cln_chunk *part = &resident->chunks[first / resident->chunk_rows];
        uint64_t there = part->first + part->rows - first, here = count < there ? count : there;
        TRY(read_part(resident, part, first - part->first, here, padded, at_once, to, error));
        first += here;
        count -= here;
        to += here * row;
    }
out:
    free(padded);
    return status;
}
