/* The fused engine in its shape for CPUs: one launch reads the rows once, see cl/fused_cpu.cl. Many minibatches with the steps between
   them go into one launch where there is a single stretch to a minibatch, or where work-groups can wait for each other. */
#include "base/size.h"
#include "compute/plan.h"
#include "compute/work.h"
#include "device/buffer.h"

#include <stdio.h>

#define QUEUE_BYTES 256

typedef struct fused_plan {
    cln_plan base;
    cl_program program;
    cl_kernel kernel;
    cln_partials partials;
    cl_mem queue; /* of tasks; NULL where work-groups cannot wait for each other */
} fused_plan;

/* One launch: whole minibatches of `batch` rows. */
typedef struct pass {
    const cln_rows *rows;
    uint32_t batch;
    cl_mem w, v, steps; /* v: NULL, or moved with w after each minibatch */
    float mean;
    bool gradient, queued;
} pass;

static cln_status launch(fused_plan *fused, const pass *p, const cln_outcome *outcome, cln_error *error)
{
    cln_plan *plan = &fused->base;
    cl_uint splits = cln_shape_splits(&plan->shape, p->batch), units = plan->device->facts.info.compute_units;
    cl_mem residual = outcome->residual ? plan->residual : NULL, queue = p->queued ? fused->queue : NULL;
    cl_mem weight = cln_rows_weight(p->rows);
    cl_mem sums = p->gradient ? fused->partials.sums : NULL, bias = p->gradient ? fused->partials.bias : NULL;
    /* How many take part decides who does a task, and no bit of what comes out. */
    cln_grid grid = {{p->queued && units && units < splits ? units : splits, 1}, {1, 1}};
    cl_uint patience = cln_shape_patience(&plan->shape, p->batch);
    fused->partials.splits = splits;
    const cln_argument arguments[] = {CLN_ARG(p->rows->x),
                                      CLN_ARG(p->rows->target),
                                      CLN_ARG(weight),
                                      CLN_ARG(p->rows->order),
                                      CLN_ARG(p->rows->first),
                                      CLN_ARG(p->rows->count),
                                      CLN_ARG(p->batch),
                                      CLN_ARG(splits),
                                      CLN_ARG(plan->problem.scale),
                                      CLN_ARG(plan->shift),
                                      CLN_ARG(plan->spread),
                                      CLN_ARG(p->w),
                                      CLN_ARG(p->v),
                                      CLN_ARG(p->steps),
                                      CLN_ARG(p->mean),
                                      CLN_ARG(queue),
                                      CLN_ARG(patience),
                                      CLN_ARG(sums),
                                      CLN_ARG(bias),
                                      CLN_ARG(residual),
                                      CLN_ARG(outcome->predicted),
                                      CLN_ARG(outcome->scores),
                                      CLN_ARG(outcome->first_score)};
    cln_profile_expect(plan->device, cln_work_pass(plan, p->rows->count, p->gradient ? splits : 0,
                                                   p->v ? p->rows->count / p->batch : 0));
    return cln_launch(plan->device, fused->kernel, grid, arguments, CLN_COUNT(arguments), error);
}

static cln_status forward(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome, cln_error *error)
{
    return launch((fused_plan *)plan, &(pass){.rows = rows, .batch = rows->count, .w = w}, outcome, error);
}

static cln_status gradient(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome,
                           const cln_sink *sink, cln_error *error)
{
    cln_status status;
    fused_plan *fused = (fused_plan *)plan;
    const cln_partials *made = &fused->partials;
    TRY(launch(fused, &(pass){.rows = rows, .batch = rows->count, .w = w, .gradient = true}, outcome, error));
    cln_profile_expect(plan->device, cln_work_update(plan, made->splits));
    if (sink->op == CLN_STEP)
        TRY(cln_updater_step(plan->device, &plan->updater, made, sink->w, sink->v, plan->spread, sink->steps,
                             sink->mean, error));
    else
        TRY(cln_updater_collect(plan->device, &plan->updater, made, sink->op == CLN_ADD, sink->gradient, error));
out:
    return status;
}

/* Whole minibatches in one launch. */
static cln_status descend_whole(fused_plan *fused, const cln_rows *rows, uint32_t batch, const cln_outcome *outcome,
                                const cln_sink *sink, cln_error *error)
{
    cln_status status;
    cln_plan *plan = &fused->base;
    pass all = {rows,        batch,
                sink->w,     sink->v,
                sink->steps, cln_mean_of(batch),
                true,        cln_shape_splits(&plan->shape, batch) > 1};
    if (all.queued)
        TRY(cln_buffer_zero(plan->device, fused->queue, error));
    TRY(launch(fused, &all, outcome, error));
out:
    return status;
}

static cln_status descend(cln_plan *plan, const cln_rows *rows, uint32_t batch, const cln_outcome *outcome,
                          const cln_sink *sink, cln_error *error)
{
    cln_status status = CLN_OK;
    fused_plan *fused = (fused_plan *)plan;
    cln_outcome here = *outcome;
    if (!fused->queue && cln_shape_splits(&plan->shape, batch) > 1)
        return cln_plan_descend_each(plan, rows, batch, outcome, sink, error);
    for (uint32_t done = 0, count; done < rows->count; done += count) {
        uint32_t left = rows->count - done, each = left < batch ? left : batch;
        count = left / each * each; /* the last minibatch, where it is smaller, by itself */
        cln_rows some = cln_rows_part(rows, done, count);
        TRY(descend_whole(fused, &some, each, &here, sink, error));
        here.first_score += (uint64_t)(count / each) * cln_plan_scores(plan, each);
    }
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
    cln_kernel_release(&fused->kernel);
    cln_program_release(&fused->program);
    cln_partials_release(plan->device, &fused->partials);
    cln_buffer_release(plan->device, &fused->queue);
}

static const cln_engine engine = {"fused", forward, gradient, descend, scores, release};

static cln_status build_kernel(fused_plan *fused, cln_error *error)
{
    cln_status status;
    cln_plan *plan = &fused->base;
    const cln_shape *shape = &plan->shape;
    char defines[CLN_DEFINES_BYTES], options[CLN_DEFINES_BYTES + 200];
    cln_plan_defines(plan, defines);
    snprintf(options, sizeof options, "%s -DCLN_KB=%u -DCLN_ROWS=%u -DCLN_GROUP_ROWS=%u -DCLN_FV=%u%s", defines,
             shape->outputs, shape->rows, shape->group_rows, shape->feature_vectors,
             plan->device->facts.prefetches ? " -DCLN_PREFETCH" : "");
    TRY(cln_program_build(plan->device, "fused_cpu", options, &fused->program, error));
    TRY(cln_kernel_create(fused->program, "fused", &fused->kernel, error));
out:
    return status;
}

static cln_status create_buffers(fused_plan *fused, cln_error *error)
{
    cln_status status;
    cln_plan *plan = &fused->base;
    uint32_t splits = cln_shape_splits(&plan->shape, plan->problem.block_rows);
    TRY(cln_partials_create(plan->device, &plan->problem, &plan->layout, splits, &fused->partials, error));
    if (plan->device->facts.groups_advance && splits > 1)
        TRY(cln_buffer_create(plan->device, "the queue of tasks", QUEUE_BYTES, &fused->queue, error));
out:
    return status;
}

cln_status cln_fused_cpu_outline(cln_device *dry, const cln_problem *problem, const cln_shape *shape, cln_plan *outline,
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

cln_status cln_fused_cpu_create(cln_device *device, const cln_problem *problem, const cln_shape *shape, cln_plan **plan,
                                cln_error *error)
{
    cln_status status;
    fused_plan *fused = NULL;
    *plan = NULL;

    TRY(cln_allocate((void **)&fused, 1, sizeof *fused, "a plan", error));
    TRY(cln_plan_init(&fused->base, &engine, device, problem, shape, error));
    TRY(build_kernel(fused, error));
    TRY(create_buffers(fused, error));
    fused->partials.shift = fused->base.shift;
out:
    if (status == CLN_OK)
        *plan = &fused->base;
    else if (fused)
        cln_plan_release(&fused->base);
    return status;
}
