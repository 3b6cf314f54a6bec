/*
 * The engine for wide outputs: the products by CLBlast on operands packed once a block, softmax and residual in between by
 * cl/softmax.cl.
 *
 *   logits (padded,kp) = columnsᵀ·weights     columns (ld,padded), weights (ld,kp): X and W transposed, bias column included
 *   gradient (kp,ld)   = residualᵀ·rows       residual (padded,kp), rows (padded,ld)
 */
#include "base/size.h"
#include "compute/blas.h"
#include "compute/plan.h"
#include "device/buffer.h"

#include <stdio.h>

#define ITEM_ROWS 8

typedef struct clblast_plan {
    cln_plan base;
    cl_program pack_program, softmax_program;
    cl_kernel pack_rows, pack_weights, softmax;
    size_t group;   /* work-items */
    cl_mem rows;    /* (padded,ld) */
    cl_mem columns; /* (ld,padded) */
    cl_mem weights; /* (ld,kp) */
} clblast_plan;

static uint32_t padded_rows(uint32_t count)
{
    return cln_round_up(count, CLN_BLAS_PAD);
}

static cln_status pack(clblast_plan *own, const cln_rows *block, cl_mem w, bool both, cln_error *error)
{
    cln_status status;
    const cln_plan *plan = &own->base;
    uint32_t vector = plan->shape.vector;
    cl_uint padded = padded_rows(block->count);
    cl_mem rows = both ? own->rows : NULL;

    const cln_argument row_arguments[] = {CLN_ARG(block->x),     CLN_ARG(block->order), CLN_ARG(block->first),
                                          CLN_ARG(block->count), CLN_ARG(padded),       CLN_ARG(plan->problem.scale),
                                          CLN_ARG(rows),         CLN_ARG(own->columns)};
    cln_grid tiles = {{cln_ceil_divide(plan->layout.ld / vector, own->group), padded / vector}, {own->group, 1}};
    TRY(cln_launch(plan->device, own->pack_rows, tiles, row_arguments, CLN_COUNT(row_arguments), error));

    const cln_argument weight_arguments[] = {CLN_ARG(w), CLN_ARG(own->weights)};
    cln_grid lines = {{cln_ceil_divide(plan->layout.ld, own->group), 1}, {own->group, 1}};
    TRY(cln_launch(plan->device, own->pack_weights, lines, weight_arguments, CLN_COUNT(weight_arguments), error));
out:
    return status;
}

static cln_status multiply(cln_plan *plan, cln_product product, cl_mem b, cl_mem a, float beta, cl_mem c,
                           cln_error *error)
{
    cln_gemm gemm = cln_gemm_choose(&plan->device->facts, &product);
    return cln_blas_product(plan->device, &product, plan->device->facts.is_cpu ? &gemm : NULL, b, a, beta, c, error);
}

static cln_status forward(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome, cln_error *error)
{
    cln_status status;
    clblast_plan *own = (clblast_plan *)plan;
    cl_uint padded = padded_rows(rows->count);
    const cln_argument arguments[] = {
        CLN_ARG(plan->residual),     CLN_ARG(rows->target),    CLN_ARG(rows->order),
        CLN_ARG(rows->first),        CLN_ARG(rows->count),     CLN_ARG(padded),
        CLN_ARG(outcome->predicted), CLN_ARG(outcome->scores), CLN_ARG(outcome->first_score)};
    cln_grid grid = {{cln_ceil_divide(padded, own->group * ITEM_ROWS), 1}, {own->group, 1}};

    TRY(pack(own, rows, w, outcome->residual && rows->target, error));
    TRY(multiply(plan, (cln_product){padded, plan->layout.kp, plan->layout.ld, false}, own->columns, own->weights, 0,
                 plan->residual, error));
    TRY(cln_launch(plan->device, own->softmax, grid, arguments, CLN_COUNT(arguments), error));
out:
    return status;
}

static cln_status gradient(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome,
                           const cln_sink *sink, cln_error *error)
{
    cln_status status;
    clblast_plan *own = (clblast_plan *)plan;
    cln_outcome with_residual = *outcome;
    with_residual.residual = true;
    TRY(forward(plan, rows, w, &with_residual, error));
    TRY(multiply(plan, (cln_product){plan->layout.kp, plan->layout.ld, padded_rows(rows->count), false}, plan->residual,
                 own->rows, sink->op == CLN_ADD ? 1 : 0, sink->gradient, error));
    if (sink->op == CLN_STEP)
        TRY(cln_plan_update(plan, sink->gradient, sink->w, sink->v, &sink->step, error));
out:
    return status;
}

static uint32_t scores(const cln_plan *plan, uint32_t count)
{
    (void)plan;
    return (uint32_t)cln_ceil_divide(count, ITEM_ROWS);
}

static void release(cln_plan *plan)
{
    clblast_plan *own = (clblast_plan *)plan;
    cln_kernel_release(&own->pack_rows);
    cln_kernel_release(&own->pack_weights);
    cln_kernel_release(&own->softmax);
    cln_program_release(&own->pack_program);
    cln_program_release(&own->softmax_program);
    cln_buffer_release(plan->device, &own->rows);
    cln_buffer_release(plan->device, &own->columns);
    cln_buffer_release(plan->device, &own->weights);
}

static const cln_engine engine = {"clblast", forward, gradient, NULL, scores, release};

static cln_status build_kernels(clblast_plan *own, cln_error *error)
{
    cln_status status;
    cln_plan *plan = &own->base;
    char defines[CLN_DEFINES_BYTES], options[CLN_DEFINES_BYTES + 100];
    cln_plan_defines(plan, defines);

    snprintf(options, sizeof options, "%s -DCLN_GROUP=%zu", defines, own->group);
    TRY(cln_program_build(plan->device, "pack", options, &own->pack_program, error));
    TRY(cln_kernel_create(own->pack_program, "pack_rows", &own->pack_rows, error));
    TRY(cln_kernel_create(own->pack_program, "pack_weights", &own->pack_weights, error));
    snprintf(options, sizeof options, "%s -DCLN_GROUP=%zu -DCLN_ITEM_ROWS=%d", defines, own->group, ITEM_ROWS);
    TRY(cln_program_build(plan->device, "softmax", options, &own->softmax_program, error));
    TRY(cln_kernel_create(own->softmax_program, "softmax", &own->softmax, error));
    TRY(cln_plan_check_group(plan, own->pack_rows, own->group, error));
    TRY(cln_plan_check_group(plan, own->pack_weights, own->group, error));
    TRY(cln_plan_check_group(plan, own->softmax, own->group, error));
out:
    return status;
}

cln_status cln_clblast_create(cln_device *device, const cln_problem *problem, const cln_shape *shape, cln_plan **plan,
                              cln_error *error)
{
    cln_status status;
    clblast_plan *own = NULL;
    uint64_t rows = padded_rows(problem->block_rows);
    *plan = NULL;

    TRY(cln_allocate((void **)&own, 1, sizeof *own, "a plan", error));
    TRY(cln_plan_init(&own->base, &engine, device, problem, shape, error));
    own->group = cln_shape_plain_group(shape);
    TRY(build_kernels(own, error));
    TRY(cln_blas_prepare(device, error));
    const cln_layout *layout = &own->base.layout;
    TRY(cln_buffer_create(device, "packed rows", rows * layout->ld * sizeof(float), &own->rows, error));
    TRY(cln_buffer_create(device, "packed columns", rows * layout->ld * sizeof(float), &own->columns, error));
    TRY(cln_buffer_create(device, "packed weights", (uint64_t)layout->ld * layout->kp * sizeof(float), &own->weights,
                          error));
out:
    if (status == CLN_OK)
        *plan = &own->base;
    else if (own)
        cln_plan_release(&own->base);
    return status;
}
