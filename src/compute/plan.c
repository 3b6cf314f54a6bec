#include "compute/plan.h"

#include "base/size.h"
#include "compute/work.h"
#include "device/buffer.h"

#include <stdio.h>
#include <stdlib.h>

void cln_plan_begin(cln_plan *plan, const cln_engine *engine, cln_device *device, const cln_problem *problem,
                    const cln_shape *shape)
{
    plan->engine = engine;
    plan->device = device;
    plan->problem = *problem;
    if (plan->layout.ld == 0)
        plan->layout = cln_layout_of(problem->features, problem->outputs);
    plan->shape = *shape;
    plan->fits = true;
}

cln_status cln_plan_create_buffers(cln_plan *plan, cln_error *error)
{
    cln_status status;
    cln_device *device = plan->device;
    const cln_layout *layout = &plan->layout;
    uint64_t rows = cln_ceil_divide(plan->problem.block_rows, layout->unit) * layout->unit;
    TRY(cln_buffer_create(device, "the residuals", rows * layout->kp * sizeof(float), &plan->residual, error));
    if (plan->problem.centred)
        TRY(cln_buffer_create(device, "the features' shift", layout->ld * sizeof(float), &plan->shift, error));
    if (plan->problem.spread)
        TRY(cln_buffer_create(device, "the features' spread", layout->ld * sizeof(float), &plan->spread, error));
out:
    return status;
}

cln_status cln_plan_init(cln_plan *plan, const cln_engine *engine, cln_device *device, const cln_problem *problem,
                         const cln_shape *shape, cln_error *error)
{
    cln_status status;
    char defines[CLN_DEFINES_BYTES];
    cln_plan_begin(plan, engine, device, problem, shape);
    TRY(cln_plan_create_buffers(plan, error));
    TRY(cln_plan_fold(plan, NULL, NULL, error));
    cln_plan_defines(plan, defines);
    TRY(cln_updater_create(device, defines, problem, shape, plan->layout.ld, &plan->updater, error));
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

static bool same_product(const cln_product *a, const cln_product *b)
{
    return a->n == b->n && a->m == b->m && a->k == b->k && a->rows == b->rows;
}

void cln_plan_note_product(cln_plan *plan, const cln_product *product, const cln_gemm *gemm, bool tuned)
{
    size_t i = 0;
    while (i < CLN_USED_PRODUCTS && plan->used[i].product.k != 0 && !same_product(&plan->used[i].product, product))
        i++;
    if (i < CLN_USED_PRODUCTS)
        plan->used[i] = (cln_used_product){*product, *gemm};
    plan->product_tuned |= tuned;
}

void cln_plan_defines(const cln_plan *plan, char text[CLN_DEFINES_BYTES])
{
    const cln_problem *problem = &plan->problem;
    snprintf(text, CLN_DEFINES_BYTES,
             "-DCLN_K=%u -DCLN_KP=%u -DCLN_D=%u -DCLN_STRIDE=%u -DCLN_LD=%u -DCLN_V=%u -DCLN_BYTES=%d -DCLN_BIAS=%d "
             "-DCLN_MODELS=%u -DCLN_LOSS=%d -DCLN_TARGET=%d -DCLN_LOWEST=%d -DCLN_HIGHEST=%d -DCLN_CENTRED=%d "
             "-DCLN_SPREAD=%d",
             problem->outputs, plan->layout.kp, problem->features, plan->layout.stride, plan->layout.ld,
             plan->shape.vector, problem->type == CLN_UINT8, problem->bias, cln_problem_models(problem), problem->loss,
             problem->target, problem->lowest, problem->highest, problem->centred, problem->spread);
}

uint32_t cln_problem_models(const cln_problem *problem)
{
    return problem->models ? problem->models : 1;
}

cl_mem cln_rows_weight(const cln_rows *rows)
{
    return rows->target ? rows->weight : NULL;
}

/* values (d) or NULL, and `rest` behind them or for all, into a buffer (ld), or none. */
static cln_status write_padded(cln_plan *plan, cl_mem buffer, const float *values, float rest, cln_error *error)
{
    cln_status status;
    uint32_t d = plan->problem.features, ld = plan->layout.ld;
    float *padded = NULL;
    if (!buffer)
        return CLN_OK;
    TRY(cln_allocate((void **)&padded, ld, sizeof *padded, "a shift or spread", error));
    for (uint32_t j = 0; j < ld; j++)
        padded[j] = values && j < d ? values[j] : rest;
    TRY(cln_buffer_write(plan->device, buffer, 0, ld * sizeof *padded, padded, error));
out:
    free(padded);
    return status;
}

cln_status cln_plan_fold(cln_plan *plan, const float *shift, const float *spread, cln_error *error)
{
    cln_status status;
    if ((shift && !plan->shift) || (spread && !plan->spread))
        return cln_fail(error, CLN_INVALID, "cannot fold a %s into a plan that was made without",
                        shift && !plan->shift ? "shift" : "spread");
    TRY(write_padded(plan, plan->shift, shift, 0, error));
    TRY(write_padded(plan, plan->spread, spread, 1, error));
out:
    return status;
}

void cln_plan_release(cln_plan *plan)
{
    if (!plan)
        return;
    plan->engine->release(plan);
    cln_updater_release(&plan->updater);
    cln_buffer_release(plan->device, &plan->spread);
    cln_buffer_release(plan->device, &plan->shift);
    cln_buffer_release(plan->device, &plan->residual);
    free(plan);
}

cln_status cln_plan_forward(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome,
                            cln_error *error)
{
    return plan->engine->forward(plan, rows, w, outcome, error);
}

cln_status cln_plan_gradient(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome,
                             const cln_sink *sink, cln_error *error)
{
    return plan->engine->gradient(plan, rows, w, outcome, sink, error);
}

cln_status cln_plan_descend(cln_plan *plan, const cln_rows *rows, uint32_t batch, const cln_outcome *outcome,
                            const cln_sink *sink, cln_error *error)
{
    return plan->engine->descend(plan, rows, batch, outcome, sink, error);
}

cln_status cln_plan_descend_each(cln_plan *plan, const cln_rows *rows, uint32_t batch, const cln_outcome *outcome,
                                 const cln_sink *sink, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_outcome here = *outcome;
    cln_sink moving = *sink;
    for (uint32_t done = 0; done < rows->count; done += batch) {
        cln_rows minibatch = cln_rows_part(rows, done, batch);
        moving.mean = cln_mean_of(minibatch.count);
        TRY(cln_plan_gradient(plan, &minibatch, sink->w, &here, &moving, error));
        here.first_score += cln_plan_scores(plan, minibatch.count);
    }
out:
    return status;
}

cln_rows cln_rows_part(const cln_rows *rows, uint32_t begin, uint32_t count)
{
    cln_rows part = *rows;
    part.first += begin;
    part.count = rows->count - begin < count ? rows->count - begin : count;
    return part;
}

float cln_mean_of(uint32_t count)
{
    return (float)(1.0 / (double)count);
}

cln_status cln_plan_update(cln_plan *plan, cl_mem gradient, cl_mem w, cl_mem v, cl_mem steps, float mean,
                           cln_error *error)
{
    cln_profile_expect(plan->device, cln_work_update(plan, 1));
    return cln_updater_apply(plan->device, &plan->updater, gradient, w, v, plan->spread, steps, mean, error);
}

uint32_t cln_plan_scores(const cln_plan *plan, uint32_t count)
{
    return plan->engine->scores(plan, count);
}
