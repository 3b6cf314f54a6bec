/* The fused engine in its shape for GPUs: a launch forward, one backward and the update; see cl/forward_gpu.cl and
   cl/backward_gpu.cl. */
#include "base/size.h"
#include "compute/plan.h"
#include "compute/work.h"

#include <stdio.h>

typedef struct fused_plan {
    cln_plan base;
    cl_program forward_program, backward_program;
    cl_kernel forward, backward;
    cln_partials partials;
} fused_plan;

static cln_grid forward_grid(const cln_plan *plan, uint32_t count)
{
    const cln_shape *shape = &plan->shape;
    size_t groups = cln_shape_scores(shape, count);
    return (cln_grid){{groups, 1}, {shape->lanes, shape->slots}};
}

static cln_status forward(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome, cln_error *error)
{
    fused_plan *fused = (fused_plan *)plan;
    cl_mem residual = outcome->residual ? plan->residual : NULL, weight = cln_rows_weight(rows);
    const cln_argument arguments[] = {CLN_ARG(rows->x),
                                      CLN_ARG(rows->target),
                                      CLN_ARG(weight),
                                      CLN_ARG(rows->order),
                                      CLN_ARG(rows->first),
                                      CLN_ARG(rows->count),
                                      CLN_ARG(w),
                                      CLN_ARG(plan->problem.scale),
                                      CLN_ARG(plan->shift),
                                      CLN_ARG(residual),
                                      CLN_ARG(outcome->predicted),
                                      CLN_ARG(outcome->scores),
                                      CLN_ARG(outcome->first_score)};
    cln_profile_expect(plan->device, cln_work_forward(plan, rows->count));
    return cln_launch(plan->device, fused->forward, forward_grid(plan, rows->count), arguments, CLN_COUNT(arguments),
                      error);
}

static cln_grid backward_grid(const cln_plan *plan, uint32_t splits)
{
    const cln_shape *shape = &plan->shape;
    uint32_t vectors = plan->layout.stride / shape->vector;
    size_t blocks = cln_ceil_divide(vectors + 1, shape->group); /* one more for the bias */
    return (cln_grid){{blocks * cln_ceil_divide(plan->problem.outputs, shape->outputs), splits}, {shape->group, 1}};
}

static cln_status gradient(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome,
                           const cln_sink *sink, cln_error *error)
{
    cln_status status;
    fused_plan *fused = (fused_plan *)plan;
    uint32_t splits = cln_shape_splits(&plan->shape, rows->count);
    cl_uint stretch = (cl_uint)cln_ceil_divide(rows->count, splits);
    cln_outcome with_residual = *outcome;
    with_residual.residual = true;
    cln_partials *made = &fused->partials;
    const cln_argument arguments[] = {
        CLN_ARG(rows->x),        CLN_ARG(rows->order), CLN_ARG(rows->first),         CLN_ARG(rows->count),
        CLN_ARG(plan->residual), CLN_ARG(stretch),     CLN_ARG(plan->problem.scale), CLN_ARG(plan->shift),
        CLN_ARG(made->sums),     CLN_ARG(made->bias)};

    made->splits = splits;
    TRY(forward(plan, rows, w, &with_residual, error));
    cln_profile_expect(plan->device, cln_work_backward(plan, rows->count, splits));
    TRY(cln_launch(plan->device, fused->backward, backward_grid(plan, splits), arguments, CLN_COUNT(arguments), error));
    cln_profile_expect(plan->device, cln_work_update(plan, splits));
    if (sink->op == CLN_STEP)
        TRY(cln_updater_step(plan->device, &plan->updater, made, sink->w, sink->v, plan->spread, sink->steps,
                             sink->mean, error));
    else
        TRY(cln_updater_collect(plan->device, &plan->updater, made, sink->op == CLN_ADD, sink->gradient, error));
out:
    return status;
}

static uint32_t scores(const cln_plan *plan, uint32_t count)
{
    return cln_shape_scores(&plan->shape, count);
}

static void release(cln_plan *plan)
{
    fused_plan *fused = (fused_plan *)plan;
    cln_kernel_release(&fused->forward);
    cln_kernel_release(&fused->backward);
    cln_program_release(&fused->forward_program);
    cln_program_release(&fused->backward_program);
    cln_partials_release(plan->device, &fused->partials);
}

static const cln_engine engine = {"fused", forward, gradient, cln_plan_descend_each, scores, release};

static cln_status build_kernels(fused_plan *fused, cln_error *error)
{
    cln_status status;
    cln_plan *plan = &fused->base;
    const cln_shape *shape = &plan->shape;
    char defines[CLN_DEFINES_BYTES], options[CLN_DEFINES_BYTES + 200];
    cln_plan_defines(plan, defines);

    snprintf(options, sizeof options, "%s -DCLN_KB=%u -DCLN_ROWS=%u -DCLN_LANES=%u -DCLN_SLOTS=%u", defines,
             shape->outputs, shape->rows, shape->lanes, shape->slots);
    TRY(cln_program_build(plan->device, "forward_gpu", options, &fused->forward_program, error));
    TRY(cln_kernel_create(fused->forward_program, "forward", &fused->forward, error));
    snprintf(options, sizeof options, "%s -DCLN_KB=%u -DCLN_GROUP=%u", defines, shape->outputs, shape->group);
    TRY(cln_program_build(plan->device, "backward_gpu", options, &fused->backward_program, error));
    TRY(cln_kernel_create(fused->backward_program, "backward", &fused->backward, error));
    TRY(cln_plan_check_group(plan, fused->forward, shape->lanes * shape->slots, error));
    TRY(cln_plan_check_group(plan, fused->backward, shape->group, error));
out:
    return status;
}

static cln_status create_buffers(fused_plan *fused, cln_error *error)
{
    cln_plan *plan = &fused->base;
    uint32_t splits = cln_shape_splits(&plan->shape, plan->problem.block_rows);
    return cln_partials_create(plan->device, &plan->problem, &plan->layout, splits, &fused->partials, error);
}

cln_status cln_fused_gpu_outline(cln_device *dry, const cln_problem *problem, const cln_shape *shape, cln_plan *outline,
                                 cln_error *error)
{
    cln_status status;
    fused_plan fused = {0};
    cln_plan_begin(&fused.base, &engine, dry, problem, shape);
    TRY(cln_plan_create_buffers(&fused.base, error));
    TRY(create_buffers(&fused, error));
    *outline = fused.base;
out:
    return status;
}

cln_status cln_fused_gpu_create(cln_device *device, const cln_problem *problem, const cln_shape *shape, cln_plan **plan,
                                cln_error *error)
{
    cln_status status;
    fused_plan *fused = NULL;
    *plan = NULL;

    TRY(cln_allocate((void **)&fused, 1, sizeof *fused, "a plan", error));
    TRY(cln_plan_init(&fused->base, &engine, device, problem, shape, error));
    TRY(build_kernels(fused, error));
    TRY(create_buffers(fused, error));
    fused->partials.shift = fused->base.shift;
out:
    if (status == CLN_OK)
        *plan = &fused->base;
    else if (fused)
        cln_plan_release(&fused->base);
    return status;
}
