/* The engine for narrow outputs: products, row losses and gradient in our own kernels, which differ between CPUs and GPUs. */
#include "compute/plan.h"

static cln_status check(const cln_problem *problem, cln_error *error)
{
    if (problem->outputs > CLN_FUSED_OUTPUTS)
        return cln_fail(error, CLN_UNSUPPORTED,
                        "the fused engine takes up to %d outputs, not %u; use engine clblast or auto",
                        CLN_FUSED_OUTPUTS, problem->outputs);
    return CLN_OK;
}

cln_status cln_fused_create(cln_device *device, const cln_problem *problem, const cln_shape *shape, cln_plan **plan,
                            cln_error *error)
{
    *plan = NULL;
    if (check(problem, error) != CLN_OK)
        return CLN_UNSUPPORTED;
    return shape->kind == CLN_SHAPE_CPU ? cln_fused_cpu_create(device, problem, shape, plan, error)
                                        : cln_fused_gpu_create(device, problem, shape, plan, error);
}

cln_status cln_fused_outline(cln_device *dry, const cln_problem *problem, const cln_shape *shape, cln_plan *outline,
                             cln_error *error)
{
    if (check(problem, error) != CLN_OK)
        return CLN_UNSUPPORTED;
    return shape->kind == CLN_SHAPE_CPU ? cln_fused_cpu_outline(dry, problem, shape, outline, error)
                                        : cln_fused_gpu_outline(dry, problem, shape, outline, error);
}
