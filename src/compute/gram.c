#include "compute/gram.h"

#include "compute/tuning.h"

#include "base/size.h"
#include "compute/blas.h"
#include "device/buffer.h"
#include "device/program.h"
#include "device/queue.h"

#include <stdio.h>
#include <stdlib.h>

/* Rows of a block: what float32 adds up exactly, or with an error that stays small. */
#define BYTE_ROWS  1024
#define FLOAT_ROWS 256
#define SHIFT      128 /* of bytes, as in cl/gram.cl */
#define SPAN       1024

struct cln_gram {
    cln_device *device;
    cln_type type;
    uint32_t d, k, size; /* size: d + 1 + k */
    uint32_t block;      /* rows */
    cln_gemm gemm;
    uint32_t panel, panels; /* columns of a panel; panels */
    uint64_t tiles;         /* pairs of panels i ≤ j: those a step apart lie together, from step 0 on */
    cl_program program;
    cl_kernel pack, add;
    size_t group;
    uint32_t vector;
    cl_mem centre;   /* floats: (stride), what is taken off the features */
    cl_mem packed;   /* (panels,block,panel) */
    cl_mem products; /* (tiles,panel,panel) */
    cl_mem sums;     /* bytes: (tiles,panel,panel) longs; floats: (2,tiles,panel,panel) */
};

static uint64_t pairs(uint64_t panels)
{
    return panels * (panels + 1) / 2;
}

/* CPUs: a pair of panels stays in the second cache, and is a multiple of the tiles that are fast there. GPUs: whole tiles. */
static void choose_panels(cln_gram *gram)
{
    const cln_facts *facts = &gram->device->facts;
    static const uint32_t widths[] = {160, 144, 192};
    cln_product whole = {gram->size, gram->size, gram->block, false};
    cln_tuned_gemm(gram->device, &whole, &gram->gemm);
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < (facts->is_cpu ? CLN_COUNT(widths) : 1); i++) {
        cln_product product = {widths[i], widths[i], gram->block, false};
        if (gram->size <= widths[i])
            product.n = product.m = cln_round_up(gram->size, 16);
        cln_gemm gemm = gram->gemm;
        if (facts->is_cpu)
            cln_tuned_gemm(gram->device, &product, &gemm);
        uint32_t unit = cln_common_multiple(cln_common_multiple(gemm.mwg, gemm.nwg), 16);
        uint32_t panel = cln_round_up(facts->is_cpu ? product.m : 128, unit);
        uint32_t panels = (uint32_t)cln_ceil_divide(gram->size, panel);
        uint64_t work = pairs(panels) * panel * panel;
        if (work < least) {
            least = work;
            gram->gemm = gemm;
            gram->panel = panel;
            gram->panels = panels;
        }
    }
    gram->tiles = pairs(gram->panels);
}

static cln_status build_kernels(cln_gram *gram, cln_error *error)
{
    cln_status status;
    char options[300];
    uint32_t stride = cln_layout_of(gram->d, 1).stride;
    bool cpu = gram->device->facts.is_cpu;
    gram->vector = cpu && stride >= 16 ? 16 : 4;
    gram->group = cpu || gram->device->facts.max_group_size < 64 ? 1 : 64;
    snprintf(
        options, sizeof options,
        "-DCLN_K=%u -DCLN_D=%u -DCLN_STRIDE=%u -DCLN_V=%u -DCLN_BYTES=%d -DCLN_PANEL=%u -DCLN_PANELS=%u -DCLN_SPAN=%d "
        "-DCLN_GROUP=%zu",
        gram->k, gram->d, stride, gram->vector, gram->type == CLN_UINT8, gram->panel, gram->panels, SPAN, gram->group);
    TRY(cln_program_build(gram->device, "gram", options, &gram->program, error));
    TRY(cln_kernel_create(gram->program, "pack", &gram->pack, error));
    TRY(cln_kernel_create(gram->program, "add", &gram->add, error));
out:
    return status;
}

static uint64_t sum_bytes(const cln_gram *gram)
{
    return gram->tiles * gram->panel * gram->panel * 8;
}

static cln_status create_buffers(cln_gram *gram, cln_error *error)
{
    cln_status status;
    uint64_t tile = (uint64_t)gram->panel * gram->panel;
    if (gram->type == CLN_FLOAT32)
        TRY(cln_buffer_create(gram->device, "the features' centre", cln_layout_of(gram->d, 1).stride * sizeof(float),
                              &gram->centre, error));
    TRY(cln_buffer_create(gram->device, "packed rows",
                          (uint64_t)gram->panels * gram->block * gram->panel * sizeof(float), &gram->packed, error));
    TRY(cln_buffer_create(gram->device, "products of features", gram->tiles * tile * sizeof(float), &gram->products,
                          error));
    TRY(cln_buffer_create(gram->device, "sums of products of features", sum_bytes(gram), &gram->sums, error));
out:
    return status;
}

static cln_gram begin(cln_device *device, uint32_t d, uint32_t k, cln_type type)
{
    cln_gram gram = {.device = device, .type = type, .d = d, .k = k, .size = d + 1 + k};
    gram.block = type == CLN_UINT8 ? BYTE_ROWS : FLOAT_ROWS;
    choose_panels(&gram);
    return gram;
}

uint64_t cln_gram_count(cln_device *dry, uint32_t d, uint32_t k, cln_type type)
{
    cln_gram gram = begin(dry, d, k, type);
    create_buffers(&gram, NULL);
    return sum_bytes(&gram);
}

/* Its kernels count products in 32 bits. */
static cln_status check_size(const cln_gram *gram, cln_error *error)
{
    if (gram->tiles <= UINT32_MAX / ((uint64_t)gram->panel * gram->panel))
        return CLN_OK;
    return cln_fail(error, CLN_UNSUPPORTED,
                    "the sums of products of %u features and outputs are more than the %u that are counted; take fewer "
                    "features, or another solver than direct",
                    gram->d + gram->k, UINT32_MAX);
}

cln_status cln_gram_create(cln_device *device, uint32_t d, uint32_t k, cln_type type, cln_gram **result,
                           cln_error *error)
{
    cln_status status;
    cln_gram *gram = NULL;
    *result = NULL;
    TRY(cln_allocate((void **)&gram, 1, sizeof *gram, "a Gram matrix", error));
    *gram = begin(device, d, k, type);
    TRY(check_size(gram, error));
    TRY(build_kernels(gram, error));
    TRY(cln_blas_prepare(device, error));
    TRY(create_buffers(gram, error));
out:
    if (status == CLN_OK)
        *result = gram;
    else
        cln_gram_release(gram);
    return status;
}

void cln_gram_release(cln_gram *gram)
{
    if (!gram)
        return;
    cln_kernel_release(&gram->pack);
    cln_kernel_release(&gram->add);
    cln_program_release(&gram->program);
    cln_buffer_release(gram->device, &gram->centre);
    cln_buffer_release(gram->device, &gram->packed);
    cln_buffer_release(gram->device, &gram->products);
    cln_buffer_release(gram->device, &gram->sums);
    free(gram);
}

/* The products of all pairs of panels that are `step` apart: panel i with panel i + step. */
static cln_status multiply(cln_gram *gram, uint32_t padded, uint32_t step, cln_error *error)
{
    cln_status status;
    cl_mem left = NULL, right = NULL, to = NULL;
    uint64_t panel = (uint64_t)padded * gram->panel * sizeof(float),
             tile = (uint64_t)gram->panel * gram->panel * sizeof(float);
    uint32_t count = gram->panels - step;
    uint64_t before = gram->tiles - pairs(count);
    cln_product product = {gram->panel, gram->panel, padded, false};
    TRY(cln_buffer_part(gram->device, gram->packed, 0, count * panel, &left, error));
    TRY(cln_buffer_part(gram->device, gram->packed, step * panel, count * panel, &right, error));
    TRY(cln_buffer_part(gram->device, gram->products, before * tile, count * tile, &to, error));
    TRY(cln_blas_products(gram->device, &product, count, &gram->gemm, left, right, to, error));
out:
    cln_buffer_part_release(&left);
    cln_buffer_part_release(&right);
    cln_buffer_part_release(&to);
    return status;
}

static cln_status add_block(cln_gram *gram, const cln_rows *rows, cln_error *error)
{
    cln_status status;
    cl_uint padded = cln_round_up(rows->count, cln_common_multiple(gram->gemm.kwg * gram->gemm.kreg, 16));
    cl_mem labels = gram->k ? rows->target : NULL;
    const cln_argument pack_arguments[] = {CLN_ARG(rows->x),     CLN_ARG(labels),      CLN_ARG(rows->order),
                                           CLN_ARG(rows->first), CLN_ARG(rows->count), CLN_ARG(gram->centre),
                                           CLN_ARG(gram->packed)};
    TRY(cln_launch(gram->device, gram->pack, (cln_grid){{padded, 1}, {gram->group, 1}}, pack_arguments,
                   CLN_COUNT(pack_arguments), error));
    for (uint32_t step = 0; step < gram->panels; step++)
        TRY(multiply(gram, padded, step, error));

    cl_uint count = (cl_uint)(gram->tiles * gram->panel * gram->panel);
    const cln_argument add_arguments[] = {CLN_ARG(gram->products), CLN_ARG(count), CLN_ARG(gram->sums)};
    cln_grid grid = {{cln_ceil_divide(count, gram->group * SPAN), 1}, {gram->group, 1}};
    TRY(cln_launch(gram->device, gram->add, grid, add_arguments, CLN_COUNT(add_arguments), error));
out:
    return status;
}

cln_status cln_gram_add(cln_gram *gram, const cln_rows *rows, cln_error *error)
{
    cln_status status = CLN_OK;
    for (uint32_t first = 0; first < rows->count && status == CLN_OK; first += gram->block) {
        cln_rows block = *rows;
        block.first += first;
        block.count = rows->count - first < gram->block ? rows->count - first : gram->block;
        status = add_block(gram, &block, error);
    }
    return status;
}

cln_status cln_gram_add_range(cln_gram *gram, cln_resident *resident, cl_mem order, uint64_t first, uint64_t count,
                              cln_error *error)
{
    cln_status status = CLN_OK;
    cln_pace pace = {0};
    uint32_t most = cln_resident_block_rows(resident);
    most = most > gram->block ? most / gram->block * gram->block : most;
    for (uint64_t done = 0; done < count; done += most) {
        cln_rows rows;
        uint32_t here = count - done < most ? (uint32_t)(count - done) : most;
        TRY(cln_resident_rows(resident, order, first + done, here, &rows, error));
        TRY(cln_gram_add(gram, &rows, error));
        TRY(cln_pace_mark(gram->device, &pace, error));
    }
out:
    cln_pace_release(&pace);
    return status;
}

cln_status cln_gram_centre(cln_gram *gram, const float *centre, cln_error *error)
{
    if (gram->type != CLN_FLOAT32)
        return cln_fail(error, CLN_INVALID, "a Gram matrix of bytes is exact as it is, and takes no centre");
    return cln_buffer_write(gram->device, gram->centre, 0, gram->d * sizeof(float), centre, error);
}

cln_status cln_gram_clear(cln_gram *gram, cln_error *error)
{
    return cln_buffer_zero(gram->device, gram->sums, error);
}

/* Sum (i,j), i ≤ j, as the device has it, whole. */
static double sum_at(const cln_gram *gram, const void *sums, uint32_t i, uint32_t j)
{
    uint32_t panel = gram->panel, step = j / panel - i / panel;
    uint64_t tile = gram->tiles - pairs(gram->panels - step) + i / panel;
    uint64_t at = (tile * panel + i % panel) * panel + j % panel;
    if (gram->type == CLN_UINT8)
        return (double)((const int64_t *)sums)[at];
    return (double)((const float *)sums)[at] + (double)((const float *)sums)[gram->tiles * panel * panel + at];
}

/* Σ(x_i − s)(x_j − s) = Σx_i·x_j − s·(Σx_i + Σx_j) + n·s²; and with a column that is not shifted, Σ(x_i − s)·y = Σx_i·y − s·Σy. All
   are whole numbers far below 2⁵³, so exact in double. */
static void unshift(const cln_gram *gram, double *sums)
{
    uint64_t size = gram->size, d = gram->d;
    double rows = sums[d * size + d];
    for (uint64_t i = 0; i < d; i++)
        for (uint64_t j = d; j < size; j++)
            sums[i * size + j] += SHIFT * sums[d * size + j];
    for (uint64_t i = 0; i < d; i++)
        for (uint64_t j = i; j < d; j++)
            sums[i * size + j] += SHIFT * (sums[i * size + d] + sums[j * size + d] - SHIFT * rows);
}

cln_status cln_gram_read(cln_gram *gram, double *sums, cln_error *error)
{
    cln_status status;
    void *raw = NULL;
    uint64_t bytes = sum_bytes(gram), size = gram->size;
    TRY(cln_allocate(&raw, bytes, 1, "sums of products", error));
    TRY(cln_buffer_read(gram->device, gram->sums, 0, bytes, raw, error));
    for (uint32_t i = 0; i < size; i++)
        for (uint32_t j = i; j < size; j++)
            sums[i * size + j] = sum_at(gram, raw, i, j);
    if (gram->type == CLN_UINT8)
        unshift(gram, sums);
    for (uint64_t i = 0; i < size; i++)
        for (uint64_t j = 0; j < i; j++)
            sums[i * size + j] = sums[j * size + i];
out:
    free(raw);
    return status;
}
