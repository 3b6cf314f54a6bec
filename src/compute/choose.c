/* Which engine takes a problem, in which shape, with which parameters, and in blocks of how many rows. */
#include "base/size.h"
#include "compute/plan.h"
#include "compute/tuning.h"

#include <string.h>

/* What `auto` takes. Where nothing near was measured: the fused kernels read the data once and keep narrow outputs in registers,
   wide outputs are a matrix product like any other. */
static bool prefers_fused(const cln_tuning *tuning, const cln_problem *problem, bool *tuned)
{
    cln_case of = cln_case_of(problem);
    const cln_tuned_engine *row = cln_tuning_engine(tuning, &of);
    *tuned = row && problem->outputs <= CLN_FUSED_OUTPUTS;
    return *tuned ? row->fused_ms <= row->clblast_ms : problem->outputs <= CLN_FUSED_OUTPUTS;
}

static bool takes_fused(const cln_device *device, const char *engine, const cln_problem *problem, bool *tuned)
{
    *tuned = false;
    return strcmp(engine, "auto") == 0 ? prefers_fused(device->tuning, problem, tuned) : strcmp(engine, "fused") == 0;
}

/* The device's own shape: measured, or else built in. */
static cln_shape own_shape(const cln_device *device, const cln_problem *problem, bool *tuned)
{
    cln_shape_kind kind = device->facts.is_cpu ? CLN_SHAPE_CPU : CLN_SHAPE_GPU;
    cln_shape shape = cln_shape_choose(&device->facts, problem, kind);
    cln_case of = cln_case_of(problem);
    const cln_tuned_shape *row = cln_tuning_shape(device->tuning, kind, &of);
    cln_shape measured = row ? cln_tuning_apply(row, &device->facts, problem) : shape;
    *tuned = row && cln_shape_fits(&device->facts, problem, &measured);
    return *tuned ? measured : shape;
}

typedef cln_status create_fn(cln_device *device, const cln_problem *problem, const cln_shape *shape, cln_plan **plan,
                             cln_error *error);

/* A plan in the first of the shapes (count) that the device can run. The last runs everywhere. */
static cln_status create_fitting(create_fn *create, cln_device *device, const cln_problem *problem,
                                 const cln_shape *shapes, size_t count, cln_plan **plan, cln_error *error)
{
    cln_status status = CLN_OK;
    for (size_t i = 0; i < count; i++) {
        bool last = i + 1 == count;
        if (!last && !cln_shape_fits(&device->facts, problem, &shapes[i]))
            continue;
        status = create(device, problem, &shapes[i], plan, error);
        if (status != CLN_OK || (*plan)->fits || last)
            break;
        cln_plan_release(*plan);
    }
    return status;
}

static cln_status check(bool fused, const char *engine, const cln_problem *problem, cln_error *error)
{
    if (!fused && strcmp(engine, "clblast") != 0 && strcmp(engine, "auto") != 0)
        return cln_fail(error, CLN_INVALID, "unknown engine \"%s\"; there are auto, fused and clblast", engine);
    uint32_t models = cln_problem_models(problem);
    if (problem->outputs % models != 0 || (problem->target == CLN_TARGET_VALUE && problem->outputs != models))
        return cln_fail(error, CLN_INVALID, "%u models cannot have %u outputs together%s", models, problem->outputs,
                        problem->target == CLN_TARGET_VALUE ? " where each predicts a value" : "");
    return CLN_OK;
}

enum { SHAPES = 3 };

/* What is tried, in this order; *count of them, from shapes[SHAPES - *count] on. */
static void list_shapes(const cln_device *device, const cln_problem *problem, const cln_shape *given,
                        cln_shape shapes[SHAPES], size_t *count, bool *tuned)
{
    const cln_facts *facts = &device->facts;
    cln_shape_kind kind = facts->is_cpu ? CLN_SHAPE_CPU : CLN_SHAPE_GPU;
    *tuned = false;
    shapes[0] = given ? *given : own_shape(device, problem, tuned);
    shapes[1] = given ? *given : cln_shape_choose(facts, problem, kind);
    shapes[2] = cln_shape_choose(facts, problem, CLN_SHAPE_CPU);
    *count = SHAPES - (memcmp(&shapes[0], &shapes[1], sizeof *shapes) == 0);
}

cln_status cln_plan_create(cln_device *device, const char *engine, const cln_problem *problem, const cln_shape *shape,
                           cln_plan **plan, cln_error *error)
{
    cln_status status;
    bool engine_tuned, shape_tuned, fused = takes_fused(device, engine, problem, &engine_tuned);
    cln_shape shapes[SHAPES];
    size_t count;
    *plan = NULL;
    TRY(check(fused, engine, problem, error));
    list_shapes(device, problem, shape, shapes, &count, &shape_tuned);
    TRY(create_fitting(fused ? cln_fused_create : cln_clblast_create, device, problem, shapes + SHAPES - count, count,
                       plan, error));
    (*plan)->engine_tuned = engine_tuned;
    (*plan)->shape_tuned = shape_tuned && memcmp(&(*plan)->shape, &shapes[0], sizeof *shapes) == 0;
out:
    return status;
}

cln_status cln_plan_outline(cln_device *dry, const char *engine, const cln_problem *problem, cln_plan *outline,
                            cln_error *error)
{
    cln_status status;
    bool tuned, fused = takes_fused(dry, engine, problem, &tuned);
    cln_shape shapes[SHAPES];
    size_t count;
    TRY(check(fused, engine, problem, error));
    list_shapes(dry, problem, NULL, shapes, &count, &tuned);
    const cln_shape *shape = shapes + SHAPES - count;
    while (shape + 1 < shapes + SHAPES && !cln_shape_fits(&dry->facts, problem, shape))
        shape++;
    TRY((fused ? cln_fused_outline : cln_clblast_outline)(dry, problem, shape, outline, error));
out:
    return status;
}

/* NVIDIA launches at most 65,535 work-groups along the second dimension, where pack_columns takes 4 rows or more of a multiple of 16. */
#define PACKED_ROWS_MAX (65535u / 4 * 16)

static cln_layout layout_of(const cln_device *device, const cln_problem *problem, bool packs)
{
    return packs ? cln_clblast_layout(device, problem) : cln_layout_of(problem->features, problem->outputs);
}

/* Rows whose residuals, packed and gathered rows and partial gradients are one allocation each: a unit or more, at most `block`. */
static uint64_t allocatable_rows(const cln_device *device, const cln_problem *problem, bool packs, uint64_t block)
{
    bool tuned;
    cln_layout layout = layout_of(device, problem, packs);
    cln_shape shape = own_shape(device, problem, &tuned);
    uint64_t floats = device->facts.info.max_alloc_bytes / sizeof(float),
             partial = (uint64_t)problem->outputs * layout.ld;
    uint64_t width = packs ? layout.ld : problem->type == CLN_UINT8 ? layout.stride / 4 : layout.stride;
    uint64_t most = floats / (width > layout.kp ? width : layout.kp) / layout.unit * layout.unit;
    block = most < block ? most : block;
    while (!packs && block > 16 && cln_shape_splits(&shape, (uint32_t)block) * partial > floats)
        block /= 2;
    return block < 16 ? 16 : block;
}

uint32_t cln_plan_block_rows(const cln_device *device, const char *engine, const cln_problem *problem, uint64_t rows)
{
    bool tuned, packs = !takes_fused(device, engine, problem, &tuned);
    cln_layout layout = layout_of(device, problem, packs);
    uint64_t elements = packs ? 8u << 20 : 64u << 20; /* packing takes 8 bytes of scratch memory for each */
    uint64_t block = elements / (layout.stride + layout.kp);
    block = block < 16 ? 16 : packs && block > PACKED_ROWS_MAX ? PACKED_ROWS_MAX : block;
    block = allocatable_rows(device, problem, packs, block);
    return (uint32_t)(block < rows ? block : rows);
}
