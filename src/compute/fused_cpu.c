/* The fused engine in its shape for CPUs: one launch reads the rows once, see cl/fused_cpu.cl. Steps between minibatches are folded
   into it where that costs less than a launch of their own. */
#include "base/size.h"
#include "compute/plan.h"
#include "device/buffer.h"

#include <stdio.h>

/* What one launch makes and the next one may begin with. */
typedef struct turn {
    cln_partials partials; /* ->splits: of the last launch */
    cl_mem w;              /* (folded splits,k,ld): the weights before the partials, a slot for each work-item */
    cl_mem v;              /* (kp,ld) */
} turn;

typedef struct fused_plan {
    cln_plan base;
    cl_program program;
    cl_kernel kernel;
    turn turns[2]; /* the second, and weights, only where steps can be folded */
} fused_plan;

/* A launch's rows, cut and results; all zero but these: no step to begin with, no gradient. */
typedef struct pass {
    const cln_rows *rows;
    uint32_t batch;      /* rows between two steps */
    cl_mem w, v;         /* before the pending step */
    const turn *pending; /* the sums behind it, or NULL */
    cl_mem new_w, new_v; /* after it */
    cln_step step;
    turn *into; /* the gradient's place, or NULL */
} pass;

static cln_status launch(fused_plan *fused, const pass *p, const cln_outcome *outcome, cln_error *error)
{
    cln_plan *plan = &fused->base;
    const cln_partials none = {0}, *from = p->pending ? &p->pending->partials : &none;
    const cln_partials *into = p->into ? &p->into->partials : &none;
    cl_uint splits = cln_shape_splits(&plan->shape, p->batch), stretch = (cl_uint)cln_ceil_divide(p->batch, splits);
    cl_mem residual = outcome->residual ? plan->residual : NULL;
    if (p->into)
        p->into->partials.splits = splits;
    const cln_argument arguments[] = {CLN_ARG(p->rows->x),
                                      CLN_ARG(p->rows->target),
                                      CLN_ARG(p->rows->order),
                                      CLN_ARG(p->rows->first),
                                      CLN_ARG(p->rows->count),
                                      CLN_ARG(p->batch),
                                      CLN_ARG(stretch),
                                      CLN_ARG(plan->problem.scale),
                                      CLN_ARG(p->w),
                                      CLN_ARG(p->v),
                                      CLN_ARG(from->splits),
                                      CLN_ARG(from->sums),
                                      CLN_ARG(from->bias),
                                      CLN_ARG(p->new_w),
                                      CLN_ARG(p->new_v),
                                      CLN_ARG(p->step),
                                      CLN_ARG(into->sums),
                                      CLN_ARG(into->bias),
                                      CLN_ARG(residual),
                                      CLN_ARG(outcome->predicted),
                                      CLN_ARG(outcome->scores),
                                      CLN_ARG(outcome->first_score)};
    return cln_launch(plan->device, fused->kernel, (cln_grid){{splits, 1}, {1, 1}}, arguments, CLN_COUNT(arguments),
                      error);
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
    turn *into = &fused->turns[0];
    TRY(launch(fused, &(pass){.rows = rows, .batch = rows->count, .w = w, .into = into}, outcome, error));
    if (sink->op == CLN_STEP)
        TRY(cln_updater_step(plan->device, &plan->updater, &into->partials, sink->w, sink->v, sink->w, sink->v,
                             &sink->step, error));
    else
        TRY(cln_updater_collect(plan->device, &plan->updater, &into->partials, sink->op == CLN_ADD, sink->gradient,
                                error));
out:
    return status;
}

/* Minibatches of one stretch: one launch takes them all, weights and velocity in place. */
static cln_status descend_alone(fused_plan *fused, const cln_rows *rows, uint32_t batch, const cln_outcome *outcome,
                                const cln_sink *sink, cln_error *error)
{
    cln_status status;
    cln_plan *plan = &fused->base;
    turn *into = &fused->turns[0];
    uint32_t last = (rows->count - 1) % batch + 1;
    cln_step step = sink->step;
    step.mean = cln_mean_of(batch);
    TRY(launch(fused,
               &(pass){.rows = rows,
                       .batch = batch,
                       .w = sink->w,
                       .v = sink->v,
                       .new_w = sink->w,
                       .new_v = sink->v,
                       .step = step,
                       .into = into},
               outcome, error));
    step.mean = cln_mean_of(last);
    TRY(cln_updater_step(plan->device, &plan->updater, &into->partials, sink->w, sink->v, sink->w, sink->v, &step,
                         error));
out:
    return status;
}

/* Minibatches of few stretches: each launch begins with the step of the one before. */
static cln_status descend_folded(fused_plan *fused, const cln_rows *rows, uint32_t batch, const cln_outcome *outcome,
                                 const cln_sink *sink, cln_error *error)
{
    cln_status status;
    cln_plan *plan = &fused->base;
    cln_outcome here = *outcome;
    cln_rows minibatch;
    pass p = {.rows = &minibatch, .w = sink->w, .v = sink->v, .step = sink->step};
    p.step.mean = cln_mean_of(batch);
    for (uint32_t done = 0; done < rows->count; done += batch) {
        minibatch = cln_rows_part(rows, done, batch);
        p.batch = minibatch.count;
        p.pending = p.into;
        p.into = &fused->turns[p.into == &fused->turns[0]];
        p.new_w = p.into->w;
        p.new_v = p.into->v;
        TRY(launch(fused, &p, &here, error));
        if (p.pending) { /* slot 0 holds what the pass has worked with */
            p.w = p.new_w;
            p.v = p.new_v;
        }
        here.first_score += cln_plan_scores(plan, minibatch.count);
    }
    p.step.mean = cln_mean_of(minibatch.count);
    TRY(cln_updater_step(plan->device, &plan->updater, &p.into->partials, p.w, p.v, sink->w, sink->v, &p.step, error));
out:
    return status;
}

static cln_status descend(cln_plan *plan, const cln_rows *rows, uint32_t batch, const cln_outcome *outcome,
                          const cln_sink *sink, cln_error *error)
{
    cln_status status = CLN_OK;
    fused_plan *fused = (fused_plan *)plan;
    cln_outcome here = *outcome;
    cln_sink moving = *sink;
    uint32_t splits = cln_shape_splits(&plan->shape, batch);
    if (splits == 1)
        return descend_alone(fused, rows, batch, outcome, sink, error);
    if (splits <= plan->shape.folded_splits)
        return descend_folded(fused, rows, batch, outcome, sink, error);
    for (uint32_t done = 0; done < rows->count; done += batch) {
        cln_rows minibatch = cln_rows_part(rows, done, batch);
        moving.step.mean = cln_mean_of(minibatch.count);
        TRY(gradient(plan, &minibatch, sink->w, &here, &moving, error));
        here.first_score += cln_plan_scores(plan, minibatch.count);
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
    for (int i = 0; i < 2; i++) {
        cln_buffer_release(plan->device, &fused->turns[i].partials.sums);
        cln_buffer_release(plan->device, &fused->turns[i].partials.bias);
        cln_buffer_release(plan->device, &fused->turns[i].w);
        cln_buffer_release(plan->device, &fused->turns[i].v);
    }
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

static cln_status create_turn(fused_plan *fused, turn *made, uint64_t splits, bool folded, cln_error *error)
{
    cln_status status;
    cln_plan *plan = &fused->base;
    uint64_t k = plan->problem.outputs, kp = plan->layout.kp, ld = plan->layout.ld;
    made->partials.scale = plan->problem.scale;
    TRY(cln_buffer_create(plan->device, "partial gradients", splits * k * ld * sizeof(float), &made->partials.sums,
                          error));
    TRY(cln_buffer_create(plan->device, "partial bias gradients", splits * kp * sizeof(float), &made->partials.bias,
                          error));
    if (!folded)
        return CLN_OK;
    uint64_t slots = plan->shape.folded_splits;
    TRY(cln_buffer_create(plan->device, "weights between steps", slots * k * ld * sizeof(float), &made->w, error));
    TRY(cln_buffer_create(plan->device, "velocity between steps", kp * ld * sizeof(float), &made->v, error));
out:
    return status;
}

cln_status cln_fused_cpu_create(cln_device *device, const cln_problem *problem, const cln_shape *shape, cln_plan **plan,
                                cln_error *error)
{
    cln_status status;
    fused_plan *fused = NULL;
    uint32_t splits = cln_shape_splits(shape, problem->block_rows);
    bool folds = splits > 1 && shape->folded_splits > 1;
    *plan = NULL;

    TRY(cln_allocate((void **)&fused, 1, sizeof *fused, "a plan", error));
    TRY(cln_plan_init(&fused->base, &engine, device, problem, shape, error));
    TRY(build_kernel(fused, error));
    TRY(create_turn(fused, &fused->turns[0], splits, folds, error));
    if (folds)
        TRY(create_turn(fused, &fused->turns[1], shape->folded_splits, true, error));
out:
    if (status == CLN_OK)
        *plan = &fused->base;
    else if (fused)
        cln_plan_release(&fused->base);
    return status;
}
