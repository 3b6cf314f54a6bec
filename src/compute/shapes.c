#include "compute/shapes.h"

#include "base/size.h"
#include "data/dataset.h"

cln_layout cln_layout_of(uint32_t features, uint32_t outputs)
{
    return (cln_layout){
        .stride = features <= 4   ? 4
                  : features <= 8 ? 8
                                  : cln_round_up(features, 16),
        .ld = cln_round_up(features + 1, 16),
        .kp = cln_round_up(outputs, 16),
        .unit = 16,
    };
}

/* The least even cut of `outputs` into blocks of at most `most`. */
static uint32_t even_blocks(uint32_t outputs, uint32_t most)
{
    uint32_t blocks = (uint32_t)cln_ceil_divide(outputs, most);
    return (uint32_t)cln_ceil_divide(outputs, blocks);
}

static uint32_t between(uint32_t least, uint64_t value, uint32_t most)
{
    return value < least ? least : value > most ? most : (uint32_t)value;
}

/* How rows are cut for CPUs, as measured with PoCL on two cores:
     a stretch is worth waiting for its end, and adding up its sums, if it takes as long as 75 rows of MNIST; reading a byte takes a
     row as long as 2 of its products, softmax as long as 512;
     a stretch has at least 16 rows, for it adds to its partial sums once a group; of stacked models 75, for these sums, which a
     step reads, are as long as all their weights;
     partial sums of all stretches together stay within 4 Mi floats, which caches hold;
     a look at the queue takes about 2 ns, in which 75 products are made, and more than that by many CPUs: 32 times as long as a
     stretch should take is waited for it. */
static void cut_for_cpu(const cln_problem *problem, cln_shape *shape)
{
    cln_layout layout = cln_layout_of(problem->features, problem->outputs);
    uint64_t weights = (uint64_t)problem->outputs * layout.ld, products = (uint64_t)problem->outputs * layout.stride;
    uint64_t row = products + 2 * (uint64_t)layout.stride * cln_type_bytes(problem->type) + 512;
    shape->split_rows = between(problem->models > 1 ? 75 : 16, 75 * (7840 + 2 * 784 + 512) / row, UINT32_MAX);
    shape->most_splits = between(2, (4u << 20) / weights, 64);
    shape->looks_per_row = between(1, row * 32 / 75, 1u << 20);
}

/* Two rows (or two vectors of features) against KB outputs: 2·KB accumulators, 2 operands and 1 weight have to fit the vector
   registers, 32 of 16 floats with AVX-512 and 16 of 8 with AVX. */
static cln_shape cpu_shape(const cln_facts *facts, const cln_problem *problem, uint32_t widest)
{
    uint32_t native = facts->native_float_width >= 16 ? 16 : facts->native_float_width >= 8 ? 8 : 4;
    cln_shape shape = {
        .kind = CLN_SHAPE_CPU,
        .vector = native < widest ? native : widest,
        .outputs = even_blocks(problem->outputs, native == 16 ? 12 : 6),
        .rows = 2,
        .group_rows = 16,
        .feature_vectors = 2,
    };
    cut_for_cpu(problem, &shape);
    return shape;
}

/* Forward: 4 rows against up to 16 outputs, 64 sums in registers; as many lanes to a row as leave each about 16 vectors of four
   features, for a small batch waits for every one of them in turn; 64 work-items, two warps or one wavefront, a group.
   Backward: an item for each vector and one for the bias, in even groups of whole warps. Stretches of 32 rows and then longer ones,
   as many as keep a large GPU busy: more of them only grow the partial sums. */
static cln_shape gpu_shape(const cln_facts *facts, const cln_problem *problem)
{
    uint32_t vectors = cln_layout_of(problem->features, problem->outputs).stride / 4, items = vectors + 1;
    uint32_t outputs = even_blocks(problem->outputs, 16), lanes = 8;
    if (outputs < problem->outputs)
        outputs = cln_round_up(outputs, 4); /* residuals are read four at a time */
    while (lanes < 64 && lanes * 16 < vectors)
        lanes *= 2;
    uint32_t largest = facts->max_group_size < 256 ? 64 : 256;
    uint32_t all_items = items * (uint32_t)cln_ceil_divide(problem->outputs, outputs), splits = 65536 / all_items;
    return (cln_shape){
        .kind = CLN_SHAPE_GPU,
        .vector = 4,
        .outputs = outputs,
        .rows = 4,
        .lanes = lanes,
        .slots = 64 / lanes,
        .group = cln_round_up(even_blocks(items, largest), 32),
        .split_rows = 32,
        .most_splits = splits > 128  ? 128
                       : splits < 16 ? 16
                                     : splits,
    };
}

cln_shape cln_shape_choose(const cln_facts *facts, const cln_problem *problem, cln_shape_kind kind)
{
    uint32_t stride = cln_layout_of(problem->features, problem->outputs).stride;
    return kind == CLN_SHAPE_CPU ? cpu_shape(facts, problem, stride < 16 ? stride : 16) : gpu_shape(facts, problem);
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

uint32_t cln_shape_plain_group(const cln_shape *shape)
{
    return shape->kind == CLN_SHAPE_CPU ? 1 : 64;
}

bool cln_shape_fits(const cln_facts *facts, const cln_problem *problem, const cln_shape *shape)
{
    if (shape->kind == CLN_SHAPE_CPU)
        return true;
    uint32_t kp = cln_layout_of(problem->features, problem->outputs).kp, group_rows = shape->slots * shape->rows;
    uint32_t models = problem->models ? problem->models : 1;
    uint32_t floats = shape->slots * shape->outputs * (shape->lanes + 1) + group_rows * (kp + 4 + 2 * models);
    uint32_t items = larger(larger(shape->lanes * shape->slots, shape->group), cln_shape_plain_group(shape));
    uint32_t outputs = (uint32_t)cln_ceil_divide(problem->outputs, shape->outputs) * shape->outputs;
    if (outputs > kp || (shape->outputs % 4 != 0 && shape->outputs < problem->outputs))
        return false; /* the backward pass reads residuals four at a time, and none behind KP */
    return items <= facts->max_group_size && (uint64_t)floats * 4 <= facts->info.local_bytes;
}

uint32_t cln_shape_scores(const cln_shape *shape, uint32_t count)
{
    if (shape->kind == CLN_SHAPE_CPU)
        return cln_shape_splits(shape, count);
    return (uint32_t)cln_ceil_divide(count, shape->slots * shape->rows);
}

uint32_t cln_shape_splits(const cln_shape *shape, uint32_t count)
{
    uint32_t splits = (uint32_t)cln_ceil_divide(count, shape->split_rows), even = 1;
    splits = splits < shape->most_splits ? splits : shape->most_splits;
    if (shape->kind == CLN_SHAPE_GPU)
        return splits;
    while (even <= splits / 2) /* a power of two shares out evenly among the cores of most CPUs */
        even *= 2;
    return even;
}

uint32_t cln_shape_patience(const cln_shape *shape, uint32_t batch)
{
    uint64_t stretch = cln_ceil_divide(batch, cln_shape_splits(shape, batch));
    return between(1, 1 + stretch * shape->looks_per_row, UINT32_MAX);
}
