/*
 * The engine for wide outputs: the products by CLBlast on operands packed for it, row losses and residuals in between by cl/residual.cl,
 * or cl/residual_narrow.cl, which leaves the residual transposed.
 * A call takes its rows in blocks that stay in a CPU's second cache. The products of a block:
 *
 *   wide      weights (ld,kp), columns (ld,padded)   logitsᵀ (kp,padded) = weightsᵀ·columns, flipped to logits (padded,kp)
 *             rows (padded,ld)                       gradient (kp,ld)    = residualᵀ·rows
 *   narrow    weights (ld,kp), rows (padded,ld)      logits (padded,kp)  = rows·weights
 *             residualᵀ (kp,padded)                  gradient (kp,ld)    = residualᵀ·rows
 *
 * W is packed transposed, as weights; X as rows, and for wide outputs transposed as columns, too: CLBlast's faster kernel wants the
 * index that it sums over to be the slow one of both operands, so that X serves both products in two copies. Beside narrow outputs
 * the second copy would cost more than it gains, and the kernel that takes the rows as they lie is as fast.
 */
#include "base/size.h"
#include "compute/blas.h"
#include "compute/plan.h"
#include "compute/tuning.h"
#include "compute/work.h"
#include "device/buffer.h"

#include <stdio.h>

#define SCORE_ROWS  8  /* rows that add up to a partial score: those of a work-item beside wide outputs */
#define NARROW_ROWS 16 /* rows of a work-item beside narrow ones; they divide every layout's unit */

/* On CPUs: outputs up to which one copy of X is better; rows of a block, and elements of its copy of X, at most. */
#define CPU_NARROW 64
#define CPU_ROWS   768
#define CPU_FLOATS (1u << 21)

typedef struct clblast_plan {
    cln_plan base;
    bool tuned;    /* its parameters were measured on the device */
    cln_gemm gemm; /* of both products: others in between cost the host more than they gain */
    bool narrow;
    uint32_t block; /* rows: a multiple of layout.unit */
    uint32_t tile;  /* of `flip`: a vector's width that divides kp, itself a multiple of 8 */
    cl_program pack_program, residual_program;
    cl_kernel pack_rows, pack_columns, flip, finish;
    size_t group;       /* work-items */
    uint32_t item_rows; /* of that kernel */
    cl_mem rows;        /* (block,ld) */
    cl_mem columns;     /* (ld,block); wide */
    cl_mem weights;     /* (ld,kp) */
    cl_mem flipped;     /* (kp,block) */
} clblast_plan;

/* A block of the rows of a call, from row `begin` on, and its part of the residual memory. */
typedef struct stretch {
    cln_rows of;
    uint32_t begin, padded;
    cl_mem residual; /* (padded,kp) */
} stretch;

/* Where the residual is not wanted afterwards, every block has the same memory, which stays in the caches. */
static cln_status stretch_at(const clblast_plan *own, const cln_rows *rows, uint32_t begin, uint32_t count,
                             const cln_outcome *outcome, stretch *b, cln_error *error)
{
    const cln_plan *plan = &own->base;
    uint64_t row = plan->layout.kp * sizeof(float);
    *b = (stretch){.of = cln_rows_part(rows, begin, count), .begin = begin};
    b->padded = cln_round_up(b->of.count, plan->layout.unit);
    return cln_buffer_part(plan->device, plan->residual, outcome->residual ? begin * row : 0, b->padded * row,
                           &b->residual, error);
}

static cln_status pack_rows(clblast_plan *own, const stretch *b, cln_error *error)
{
    const cln_plan *plan = &own->base;
    const cln_argument arguments[] = {CLN_ARG(b->of.x),     CLN_ARG(b->of.order),         CLN_ARG(b->of.first),
                                      CLN_ARG(b->of.count), CLN_ARG(plan->problem.scale), CLN_ARG(plan->shift),
                                      CLN_ARG(own->rows)};
    cln_grid grid = {{b->padded, 1}, {own->group, 1}};
    cln_profile_expect(plan->device, cln_work_pack(plan, b->padded));
    return cln_launch(plan->device, own->pack_rows, grid, arguments, CLN_COUNT(arguments), error);
}

static cln_status pack_columns(clblast_plan *own, const stretch *b, cln_error *error)
{
    const cln_plan *plan = &own->base;
    uint32_t vector = plan->shape.vector;
    const cln_argument arguments[] = {CLN_ARG(b->of.x),     CLN_ARG(b->of.order), CLN_ARG(b->of.first),
                                      CLN_ARG(b->of.count), CLN_ARG(b->padded),   CLN_ARG(plan->problem.scale),
                                      CLN_ARG(plan->shift), CLN_ARG(own->columns)};
    cln_grid tiles = {{cln_ceil_divide(plan->layout.ld / vector, own->group), b->padded / vector}, {own->group, 1}};
    cln_profile_expect(plan->device, cln_work_pack(plan, b->padded));
    return cln_launch(plan->device, own->pack_columns, tiles, arguments, CLN_COUNT(arguments), error);
}

/* to (width,height) = from (height,width), transposed. */
static cln_status flip(clblast_plan *own, cl_mem from, cl_uint height, cl_uint width, cl_mem to, cln_error *error)
{
    const cln_argument arguments[] = {CLN_ARG(from), CLN_ARG(height), CLN_ARG(width), CLN_ARG(to)};
    cln_grid tiles = {{cln_ceil_divide(width / own->tile, own->group), height / own->tile}, {own->group, 1}};
    cln_profile_expect(own->base.device, cln_work_flip(height, width));
    return cln_launch(own->base.device, own->flip, tiles, arguments, CLN_COUNT(arguments), error);
}

static cln_status multiply(clblast_plan *own, cln_product product, cl_mem b, cl_mem a, float beta, cl_mem c,
                           cln_error *error)
{
    cln_plan_note_product(&own->base, &product, &own->gemm, own->tuned);
    return cln_blas_product(own->base.device, &product, &own->gemm, b, a, beta, c, error);
}

/* The block's logits into its residual memory. keep_rows: for the gradient. */
static cln_status block_logits(clblast_plan *own, const stretch *b, bool keep_rows, cln_error *error)
{
    cln_status status;
    const cln_layout *layout = &own->base.layout;
    cln_product narrow = {b->padded, layout->kp, layout->ld, true}, wide = {layout->kp, b->padded, layout->ld, false};
    if (own->narrow || keep_rows)
        TRY(pack_rows(own, b, error));
    if (own->narrow)
        return multiply(own, narrow, own->rows, own->weights, 0, b->residual, error);
    TRY(pack_columns(own, b, error));
    TRY(multiply(own, wide, own->weights, own->columns, 0, own->flipped, error));
    TRY(flip(own, own->flipped, layout->kp, b->padded, b->residual, error));
out:
    return status;
}

/* gradient: its product follows. */
static cln_status block_residual(clblast_plan *own, const stretch *b, const cln_outcome *outcome, bool gradient,
                                 cln_error *error)
{
    cl_ulong first_score = outcome->first_score + b->begin / SCORE_ROWS;
    cl_uint keep = outcome->residual;
    cl_mem flipped = gradient ? own->flipped : NULL, weight = cln_rows_weight(&b->of);
    const cln_argument arguments[] = {CLN_ARG(b->residual),     CLN_ARG(b->of.target),       CLN_ARG(weight),
                                      CLN_ARG(b->of.order),     CLN_ARG(b->of.first),        CLN_ARG(b->of.count),
                                      CLN_ARG(b->padded),       CLN_ARG(outcome->predicted), CLN_ARG(b->begin),
                                      CLN_ARG(outcome->scores), CLN_ARG(first_score),        CLN_ARG(keep),
                                      CLN_ARG(flipped)};
    size_t count = CLN_COUNT(arguments) - (own->narrow ? 0 : 2); /* the last two are residual_narrow's */
    cln_grid grid = {{cln_ceil_divide(b->padded, own->group * own->item_rows), 1}, {own->group, 1}};
    cln_profile_expect(own->base.device, cln_work_softmax(&own->base, b->padded));
    return cln_launch(own->base.device, own->finish, grid, arguments, count, error);
}

static cln_status block_gradient(clblast_plan *own, const stretch *b, float beta, cl_mem gradient, cln_error *error)
{
    cln_product product = {own->base.layout.kp, own->base.layout.ld, b->padded, own->narrow};
    return multiply(own, product, own->narrow ? own->flipped : b->residual, own->rows, beta, gradient, error);
}

/* Block after block; sink NULL: without the gradient. */
static cln_status pass(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome, const cln_sink *sink,
                       cln_error *error)
{
    cln_status status;
    clblast_plan *own = (clblast_plan *)plan;
    stretch b = {0};
    uint32_t even = (uint32_t)cln_ceil_divide(rows->count, cln_ceil_divide(rows->count, own->block));
    even = cln_round_up(even, plan->layout.unit);
    TRY(flip(own, w, plan->layout.kp, plan->layout.ld, own->weights, error));
    for (uint32_t begin = 0; begin < rows->count; begin += even) {
        TRY(stretch_at(own, rows, begin, even, outcome, &b, error));
        TRY(block_logits(own, &b, sink != NULL, error));
        TRY(block_residual(own, &b, outcome, sink != NULL, error));
        if (sink)
            TRY(block_gradient(own, &b, begin || sink->op == CLN_ADD ? 1 : 0, sink->gradient, error));
        cln_buffer_part_release(&b.residual);
    }
out:
    cln_buffer_part_release(&b.residual);
    return status;
}

static cln_status forward(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome, cln_error *error)
{
    return pass(plan, rows, w, outcome, NULL, error);
}

static cln_status gradient(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome,
                           const cln_sink *sink, cln_error *error)
{
    cln_status status;
    TRY(pass(plan, rows, w, outcome, sink, error));
    if (sink->op == CLN_STEP)
        TRY(cln_plan_update(plan, sink->gradient, sink->w, sink->v, sink->steps, sink->mean, error));
out:
    return status;
}

static uint32_t scores(const cln_plan *plan, uint32_t count)
{
    (void)plan;
    return (uint32_t)cln_ceil_divide(count, SCORE_ROWS);
}

static void release(cln_plan *plan)
{
    clblast_plan *own = (clblast_plan *)plan;
    cln_kernel_release(&own->pack_rows);
    cln_kernel_release(&own->pack_columns);
    cln_kernel_release(&own->flip);
    cln_kernel_release(&own->finish);
    cln_program_release(&own->pack_program);
    cln_program_release(&own->residual_program);
    cln_buffer_release(plan->device, &own->rows);
    cln_buffer_release(plan->device, &own->columns);
    cln_buffer_release(plan->device, &own->weights);
    cln_buffer_release(plan->device, &own->flipped);
}

static const cln_engine engine = {"clblast", forward, gradient, cln_plan_descend_each, scores, release};

static cln_status build_kernels(clblast_plan *own, cln_error *error)
{
    cln_status status;
    cln_plan *plan = &own->base;
    char defines[CLN_DEFINES_BYTES], options[CLN_DEFINES_BYTES + 100];
    cln_plan_defines(plan, defines);

    snprintf(options, sizeof options, "%s -DCLN_GROUP=%zu -DCLN_TILE=%u", defines, own->group, own->tile);
    TRY(cln_program_build(plan->device, "pack", options, &own->pack_program, error));
    TRY(cln_kernel_create(own->pack_program, "pack_rows", &own->pack_rows, error));
    TRY(cln_kernel_create(own->pack_program, "pack_columns", &own->pack_columns, error));
    TRY(cln_kernel_create(own->pack_program, "flip", &own->flip, error));
    const char *name = own->narrow ? "residual_narrow" : "residual";
    snprintf(options, sizeof options, "%s -DCLN_GROUP=%zu -DCLN_ITEM_ROWS=%u -DCLN_SCORE_ROWS=%d", defines, own->group,
             own->item_rows, SCORE_ROWS);
    TRY(cln_program_build(plan->device, name, options, &own->residual_program, error));
    TRY(cln_kernel_create(own->residual_program, name, &own->finish, error));
    TRY(cln_plan_check_group(plan, own->pack_rows, own->group, error));
    TRY(cln_plan_check_group(plan, own->pack_columns, own->group, error));
    TRY(cln_plan_check_group(plan, own->flip, own->group, error));
    TRY(cln_plan_check_group(plan, own->finish, own->group, error));
out:
    return status;
}

static bool is_narrow(const cln_facts *facts, const cln_problem *problem)
{
    return facts->is_cpu && problem->outputs <= CPU_NARROW;
}

/* Measured, or else built in (false). */
static bool choose(const cln_device *device, const cln_problem *problem, cln_gemm *gemm)
{
    const cln_facts *facts = &device->facts;
    cln_product gradient = {problem->outputs, problem->features + 1, CPU_ROWS, is_narrow(facts, problem)};
    return cln_tuned_gemm(device, &gradient, gemm);
}

/* Rows and features are MWG of one product and KWG of the other. Vectors and parts of buffers want multiples of 8 and 16. */
cln_layout cln_clblast_layout(const cln_device *device, const cln_problem *problem)
{
    cln_gemm gemm;
    choose(device, problem, &gemm);
    cln_layout layout = cln_layout_of(problem->features, problem->outputs);
    layout.unit = cln_common_multiple(cln_common_multiple(gemm.mwg, gemm.kwg * gemm.kreg), 16);
    layout.ld = cln_round_up(problem->features + 1, layout.unit);
    layout.kp = cln_round_up(problem->outputs, cln_common_multiple(gemm.nwg, 8));
    return layout;
}

/* As many rows as a CPU's caches are good for, in even blocks; elsewhere all. */
static uint32_t block_rows(const cln_facts *facts, const cln_problem *problem, const cln_layout *layout)
{
    uint32_t rows = problem->block_rows, most = CPU_FLOATS / layout->ld;
    most = most < layout->unit ? layout->unit : most > CPU_ROWS ? CPU_ROWS : most;
    uint64_t blocks = facts->is_cpu ? cln_ceil_divide(rows, most) : 1;
    return cln_round_up((uint32_t)cln_ceil_divide(rows, blocks), layout->unit);
}

static cln_status create_buffers(clblast_plan *own, cln_error *error)
{
    cln_status status;
    cln_device *device = own->base.device;
    uint64_t ld = own->base.layout.ld * sizeof(float), kp = own->base.layout.kp, block = own->block;
    TRY(cln_buffer_create(device, "packed rows", block * ld, &own->rows, error));
    if (!own->narrow)
        TRY(cln_buffer_create(device, "packed columns", block * ld, &own->columns, error));
    TRY(cln_buffer_create(device, "packed weights", kp * ld, &own->weights, error));
    TRY(cln_buffer_create(device, "logits or residuals", kp * block * sizeof(float), &own->flipped, error));
out:
    return status;
}

static void begin(clblast_plan *own, const cln_device *device, const cln_problem *problem)
{
    own->tuned = choose(device, problem, &own->gemm);
    own->narrow = is_narrow(&device->facts, problem);
    own->base.layout = cln_clblast_layout(device, problem);
    own->block = block_rows(&device->facts, problem, &own->base.layout);
}

cln_status cln_clblast_outline(cln_device *dry, const cln_problem *problem, const cln_shape *shape, cln_plan *outline,
                               cln_error *error)
{
    cln_status status;
    clblast_plan own = {0};
    begin(&own, dry, problem);
    cln_plan_begin(&own.base, &engine, dry, problem, shape);
    TRY(cln_plan_create_buffers(&own.base, error));
    TRY(create_buffers(&own, error));
    *outline = own.base;
out:
    return status;
}

cln_status cln_clblast_create(cln_device *device, const cln_problem *problem, const cln_shape *shape, cln_plan **plan,
                              cln_error *error)
{
    cln_status status;
    clblast_plan *own = NULL;
    *plan = NULL;

    TRY(cln_allocate((void **)&own, 1, sizeof *own, "a plan", error));
    begin(own, device, problem);
    TRY(cln_plan_init(&own->base, &engine, device, problem, shape, error));
    own->group = cln_shape_plain_group(shape);
    own->item_rows = own->narrow ? NARROW_ROWS : SCORE_ROWS;
    own->tile = own->base.layout.kp % shape->vector ? 8 : shape->vector;
    TRY(build_kernels(own, error));
    TRY(cln_blas_prepare(device, error));
    TRY(create_buffers(own, error));
out:
    if (status == CLN_OK)
        *plan = &own->base;
    else if (own)
        cln_plan_release(&own->base);
    return status;
}
