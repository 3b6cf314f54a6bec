/* The rows of a data set on the device in blocks: where they lie, or brought together from several chunks; and back on the host. */
#include "compute/resident.h"

#include "base/size.h"
#include "device/buffer.h"
#include "device/profile.h"
#include "device/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of padded rows on their way back to the host, about. */
#define READ_BYTES (1u << 20)

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

void cln_blocks_release(cln_resident *resident)
{
    cln_buffer_release(resident->device, &resident->gathered_x);
    cln_buffer_release(resident->device, &resident->gathered_target);
    cln_buffer_release(resident->device, &resident->gathered_weight);
}

cln_status cln_blocks_create_weights(cln_resident *resident, cln_error *error)
{
    return cln_buffer_create(resident->device, "a gathered block's weights",
                             (uint64_t)resident->block_rows * sizeof(float), &resident->gathered_weight, error);
}

cln_status cln_blocks_create(cln_resident *resident, cln_error *error)
{
    cln_status status;
    cln_device *device = resident->device;
    uint64_t rows = resident->block_rows;
    TRY(cln_buffer_create(device, "a gathered block", rows * resident->row_bytes, &resident->gathered_x, error));
    TRY(cln_buffer_create(device, "a gathered block's targets", cln_resident_target_bytes(resident, rows),
                          &resident->gathered_target, error));
out:
    return status;
}

cln_status cln_blocks_renew(cln_resident *resident, cln_error *error)
{
    cln_status status;
    cln_blocks_release(resident);
    TRY(build_gather(resident, error));
    TRY(cln_blocks_create(resident, error));
    if (resident->chunks[0].weight)
        TRY(cln_blocks_create_weights(resident, error));
out:
    if (status != CLN_OK)
        resident->block_rows = 0; /* so that another _finish tries again */
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
