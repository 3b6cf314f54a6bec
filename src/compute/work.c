#include "compute/work.h"

#include "data/dataset.h"

/* Floats of memory, in bytes. */
static double floats(double count)
{
    return sizeof(float) * count;
}

/* (k,ld): weights, velocity, a gradient. */
static double weights(const cln_plan *plan)
{
    return (double)plan->problem.outputs * plan->layout.ld;
}

static double features(const cln_plan *plan, double rows)
{
    return rows * plan->problem.features * (double)cln_type_bytes(plan->problem.type);
}

/* Multiply-adds of X·Wᵀ, or of RᵀX. */
static double product(const cln_plan *plan, double rows)
{
    return 2 * rows * plan->problem.features * plan->problem.outputs;
}

cln_work cln_work_forward(const cln_plan *plan, uint32_t count)
{
    return (cln_work){product(plan, count),
                      features(plan, count) + floats(weights(plan) + (double)count * plan->problem.outputs)};
}

cln_work cln_work_backward(const cln_plan *plan, uint32_t count, uint32_t splits)
{
    return (cln_work){product(plan, count),
                      features(plan, count) + floats((double)count * plan->problem.outputs + splits * weights(plan))};
}

cln_work cln_work_pass(const cln_plan *plan, uint32_t count, uint32_t splits, uint32_t steps)
{
    cln_work step = cln_work_update(plan, splits);
    return (cln_work){(splits ? 2 : 1) * product(plan, count) + steps * step.operations,
                      features(plan, count) + floats((1.0 + splits) * weights(plan)) + steps * step.bytes};
}

cln_work cln_work_update(const cln_plan *plan, uint32_t splits)
{
    const double each = 6; /* g·mean + λ·w, μ·v + g, w − η·v: three multiply-adds; w and v in and out */
    return (cln_work){(splits + each) * weights(plan), floats((splits + 4.0) * weights(plan))};
}

cln_work cln_work_pack(const cln_plan *plan, uint32_t padded)
{
    double packed = (double)padded * plan->layout.ld;
    return (cln_work){(double)padded * plan->problem.features, features(plan, padded) + floats(packed)};
}

cln_work cln_work_flip(uint32_t height, uint32_t width)
{
    return (cln_work){0, floats(2.0 * height * width)};
}

cln_work cln_work_product(const cln_product *p)
{
    double n = p->n, m = p->m, k = p->k;
    return (cln_work){2 * n * m * k, floats(n * m + m * k + n * k)};
}

cln_work cln_work_softmax(const cln_plan *plan, uint32_t padded)
{
    return (cln_work){3.0 * padded * plan->problem.outputs, floats(2.0 * padded * plan->layout.kp)};
}
