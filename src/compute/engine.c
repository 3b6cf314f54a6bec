#include "compute/engine.h"

#include "base/size.h"
#include "device/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Until a tuning file says what was measured: the fused kernels read the data once and keep narrow outputs in registers, wide
   outputs are a matrix product like any other. */
static bool prefers_fused(const cln_problem *problem)
{
    return problem->outputs <= CLN_FUSED_OUTPUTS;
}

typedef cln_status create_fn(cln_device *device, const cln_problem *problem, const cln_shape *shape, cln_plan **plan,
                             cln_error *error);

/* A plan in this shape, or in the CPU shape, whose groups of one work-item run everywhere. */
static cln_status create_fitting(create_fn *create, cln_device *device, const cln_problem *problem,
                                 const cln_shape *shape, cln_plan **plan, cln_error *error)
{
    cln_shape everywhere = cln_shape_choose(&device->facts, problem, CLN_SHAPE_CPU);
    if (!cln_shape_fits(&device->facts, problem, shape))
        return create(device, problem, &everywhere, plan, error);
    cln_status status = create(device, problem, shape, plan, error);
    if (status != CLN_OK || (*plan)->fits || shape->kind == CLN_SHAPE_CPU)
        return status;
    cln_plan_release(*plan);
    return create(device, problem, &everywhere, plan, error);
}

cln_status cln_plan_create(cln_device *device, const char *engine, const cln_problem *problem, const cln_shape *shape,
                           cln_plan **plan, cln_error *error)
{
    *plan = NULL;
    bool any = strcmp(engine, "auto") == 0;
    cln_shape own = cln_shape_choose(&device->facts, problem, device->facts.is_cpu ? CLN_SHAPE_CPU : CLN_SHAPE_GPU);
    shape = shape ? shape : &own;
    if (strcmp(engine, "fused") == 0 || (any && prefers_fused(problem)))
        return create_fitting(cln_fused_create, device, problem, shape, plan, error);
    if (strcmp(engine, "clblast") == 0 || any)
        return create_fitting(cln_clblast_create, device, problem, shape, plan, error);
    return cln_fail(error, CLN_INVALID, "unknown engine \"%s\"; there are auto, fused and clblast", engine);
}

/* NVIDIA launches at most 65,535 work-groups along the second dimension, where pack_rows takes 4 rows or more of a multiple of 16. */
#define PACKED_ROWS_MAX (65535u / 4 * 16)

/* Bytes of the largest buffer that a block of `rows` rows asks for: residuals, packed or gathered rows, partial gradients. */
static uint64_t largest_buffer(const cln_facts *facts, const cln_problem *problem, bool packs, uint64_t rows)
{
    cln_layout layout = cln_layout_of(problem->features, problem->outputs);
    cln_shape shape = cln_shape_choose(facts, problem, facts->is_cpu ? CLN_SHAPE_CPU : CLN_SHAPE_GPU);
    uint64_t width = packs                        ? layout.ld * sizeof(float)
                     : problem->type == CLN_UINT8 ? layout.stride
                                                  : layout.stride * sizeof(float);
    uint64_t block = (rows + 15) / 16 * 16;
    uint64_t partial = packs ? 0 : (uint64_t)cln_shape_splits(&shape, (uint32_t)rows) * problem->outputs * layout.ld;
    width = width < layout.kp * sizeof(float) ? layout.kp * sizeof(float) : width;
    return block * width > partial * sizeof(float) ? block * width : partial * sizeof(float);
}

uint32_t cln_plan_block_rows(const cln_facts *facts, const char *engine, const cln_problem *problem, uint64_t rows)
{
    cln_layout layout = cln_layout_of(problem->features, problem->outputs);
    bool packs = strcmp(engine, "clblast") == 0 || (strcmp(engine, "auto") == 0 && !prefers_fused(problem));
    uint64_t elements = packs ? 8u << 20 : 64u << 20; /* packing takes 8 bytes of scratch memory for each */
    uint64_t block = elements / (layout.stride + layout.kp);
    block = block < 16 ? 16 : packs && block > PACKED_ROWS_MAX ? PACKED_ROWS_MAX : block;
    block = block < rows ? block : rows;
    while (block > 16 && largest_buffer(facts, problem, packs, block) > facts->info.max_alloc_bytes)
        block = block / 2 < 16 ? 16 : block / 2;
    return (uint32_t)block;
}

cln_status cln_plan_init(cln_plan *plan, const cln_engine *engine, cln_device *device, const cln_problem *problem,
                         const cln_shape *shape, cln_error *error)
{
    cln_status status;
    char defines[CLN_DEFINES_BYTES];
    plan->engine = engine;
    plan->device = device;
    plan->problem = *problem;
    plan->layout = cln_layout_of(problem->features, problem->outputs);
    plan->shape = *shape;
    plan->fits = true;

    uint64_t rows = cln_ceil_divide(problem->block_rows, 16) * 16;
    TRY(cln_buffer_create(device, "the residuals", rows * plan->layout.kp * sizeof(float), &plan->residual, error));
    cln_plan_defines(plan, defines);
    TRY(cln_updater_create(device, defines, problem, shape, &plan->updater, error));
    TRY(cln_plan_check_group(plan, plan->updater.collect, cln_shape_plain_group(shape), error));
    TRY(cln_plan_check_group(plan, plan->updater.update, cln_shape_plain_group(shape), error));
    TRY(cln_plan_check_group(plan, plan->updater.step, cln_shape_plain_group(shape), error));
out:
    return status;
}

cln_status cln_plan_check_group(cln_plan *plan, cl_kernel kernel, size_t items, cln_error *error)
{
    size_t limit;
    if (items == 1)
        return CLN_OK;
    cln_status status = cln_kernel_group_limit(plan->device, kernel, &limit, error);
    plan->fits = plan->fits && status == CLN_OK && items <= limit;
    return status;
}

void cln_plan_defines(const cln_plan *plan, char text[CLN_DEFINES_BYTES])
{
    snprintf(text, CLN_DEFINES_BYTES,
             "-DCLN_K=%u -DCLN_KP=%u -DCLN_D=%u -DCLN_STRIDE=%u -DCLN_LD=%u -DCLN_V=%u -DCLN_BYTES=%d -DCLN_BIAS=%d",
             plan->problem.outputs, plan->layout.kp, plan->problem.features, plan->layout.stride, plan->layout.ld,
             plan->shape.vector, plan->problem.type == CLN_UINT8, plan->problem.bias);
}

void cln_plan_release(cln_plan *plan)
{
    if (!plan)
        return;
    plan->engine->release(plan);
    cln_updater_release(&plan->updater);
    cln_buffer_release(plan->device, &plan->residual);
    free(plan);
}

cln_status cln_plan_forward(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome,
                            cln_error *error)
{
    return plan->engine->forward(plan, rows, w, outcome, error);
}

cln_status cln_plan_backward(cln_plan *plan, const cln_rows *rows, const cln_sink *sink, cln_error *error)
{
    return plan->engine->backward(plan, rows, sink, error);
}

cln_status cln_plan_update(cln_plan *plan, cl_mem gradient, cl_mem w, cl_mem v, const cln_step *step, cln_error *error)
{
    return cln_updater_apply(plan->device, &plan->updater, gradient, w, v, step, error);
}

uint32_t cln_plan_scores(const cln_plan *plan, uint32_t count)
{
    return plan->engine->scores(plan, count);
}
