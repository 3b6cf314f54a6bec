/* Which engine takes a problem, and in blocks of how many rows. */
#include "compute/plan.h"
#include <string.h>

/* Until a tuning file says what was measured: the fused kernels read the data once and keep narrow outputs in registers, wide
   outputs are a matrix product like any other. */
static bool prefers_fused(const cln_problem *problem)
{
    return problem->outputs <= CLN_FUSED_OUTPUTS;
}

cln_status cln_plan_create(cln_device *device, const char *engine, const cln_problem *problem, const cln_shape *shape,
                           cln_plan **plan, cln_error *error)
{
    *plan = NULL;
    bool any = strcmp(engine, "auto") == 0;
    cln_shape own = cln_shape_choose(&device->facts, problem, device->facts.is_cpu ? CLN_SHAPE_CPU : CLN_SHAPE_GPU);
    if (strcmp(engine, "fused") == 0 || (any && prefers_fused(problem)))
        return cln_fused_create(device, problem, shape ? shape : &own, plan, error);
    if (strcmp(engine, "clblast") == 0 || any)
        return cln_clblast_create(device, problem, shape ? shape : &own, plan, error);
    return cln_fail(error, CLN_INVALID, "unknown engine \"%s\"; there are auto, fused and clblast", engine);
}

uint32_t cln_plan_block_rows(const char *engine, const cln_problem *problem, uint64_t rows)
{
    cln_layout layout = cln_layout_of(problem->features, problem->outputs);
    bool packs = strcmp(engine, "clblast") == 0 || (strcmp(engine, "auto") == 0 && !prefers_fused(problem));
    uint64_t elements = packs ? 8u << 20 : 64u << 20; /* packing takes 8 bytes of scratch memory for each */
    uint64_t block = elements / (layout.stride + layout.kp);
    block = block < 16 ? 16 : block;
    return (uint32_t)(block < rows ? block : rows);
}
