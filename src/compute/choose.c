/* Which engine takes a problem, and in blocks of how many rows. */
#include "compute/plan.h"

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

/* NVIDIA launches at most 65,535 work-groups along the second dimension, where pack_columns takes 4 rows or more of a multiple of 16. */
#define PACKED_ROWS_MAX (65535u / 4 * 16)

static cln_layout layout_of(const cln_facts *facts, const cln_problem *problem, bool packs)
{
    return packs ? cln_clblast_layout(facts, problem) : cln_layout_of(problem->features, problem->outputs);
}

/* Rows whose residuals, packed and gathered rows and partial gradients are one allocation each: a unit or more, at most `block`. */
static uint64_t allocatable_rows(const cln_facts *facts, const cln_problem *problem, bool packs, uint64_t block)
{
    cln_layout layout = layout_of(facts, problem, packs);
    cln_shape shape = cln_shape_choose(facts, problem, facts->is_cpu ? CLN_SHAPE_CPU : CLN_SHAPE_GPU);
    uint64_t floats = facts->info.max_alloc_bytes / sizeof(float), partial = (uint64_t)problem->outputs * layout.ld;
    uint64_t width = packs ? layout.ld : problem->type == CLN_UINT8 ? layout.stride / 4 : layout.stride;
    uint64_t most = floats / (width > layout.kp ? width : layout.kp) / layout.unit * layout.unit;
    block = most < block ? most : block;
    while (!packs && block > 16 && cln_shape_splits(&shape, (uint32_t)block) * partial > floats)
        block /= 2;
    return block < 16 ? 16 : block;
}

uint32_t cln_plan_block_rows(const cln_facts *facts, const char *engine, const cln_problem *problem, uint64_t rows)
{
    bool packs = strcmp(engine, "clblast") == 0 || (strcmp(engine, "auto") == 0 && !prefers_fused(problem));
    cln_layout layout = layout_of(facts, problem, packs);
    uint64_t elements = packs ? 8u << 20 : 64u << 20; /* packing takes 8 bytes of scratch memory for each */
    uint64_t block = elements / (layout.stride + layout.kp);
    block = block < 16 ? 16 : packs && block > PACKED_ROWS_MAX ? PACKED_ROWS_MAX : block;
    block = allocatable_rows(facts, problem, packs, block);
    return (uint32_t)(block < rows ? block : rows);
}
