/*
 * How a problem lies in device memory, and how the fused kernels are cut for a device. Pure functions of facts and problem: no
 * OpenCL call, the same answer every time, so a model trained again has the same bits.
 */
#ifndef CLN_COMPUTE_SHAPES_H
#define CLN_COMPUTE_SHAPES_H

#include "device/facts.h"
#include "model/loss.h"

/* Models on rows of one type. Logits are W·(scale·x − shift) + b: see cln_plan_fold for the shift, which is 0 where not `centred`. */
typedef struct cln_problem {
    uint32_t features, outputs; /* d, k; of all models together */
    uint32_t models; /* stacked: outputs is a multiple of it, each has its own softmax, steps and scores; 0 is 1 */
    cln_type type;
    cln_row_loss loss;
    cln_target target;
    int32_t lowest, highest; /* TARGET_VALUE: the labels that a logit is rounded and clipped to */
    float scale;
    bool bias;
    bool centred, spread; /* cln_plan_fold gives a shift; a spread */
    uint32_t block_rows;  /* the most rows in one call of an engine */
    uint32_t batch_rows;  /* in most calls, which engine and shape are chosen for; 0: many */
} cln_problem;

/* Row lengths on the device, in elements. What lies behind the data is zero. */
typedef struct cln_layout {
    uint32_t stride; /* of X: d up to a whole vector */
    uint32_t ld;     /* of W and the gradient: more than d, the bias in column d */
    uint32_t kp;     /* of logits and residuals: k or more */
    uint32_t unit;   /* rows of a block are padded to a multiple of this */
} cln_layout;

/* The fused engine's: LD, KP and the unit are multiples of 16. The clblast engine pads as its parameters want it. */
cln_layout cln_layout_of(uint32_t features, uint32_t outputs);

typedef enum cln_shape_kind { CLN_SHAPE_CPU, CLN_SHAPE_GPU } cln_shape_kind;

/* The most outputs that the fused kernels take: their logits stay in registers and local memory. */
#define CLN_FUSED_OUTPUTS 64

/* The macros of cl/fused_cpu.cl, forward_gpu.cl, backward_gpu.cl and update.cl, and how rows are cut. */
typedef struct cln_shape {
    cln_shape_kind kind;
    uint32_t vector;          /* V */
    uint32_t outputs;         /* KB: outputs whose sums are in registers at once */
    uint32_t rows;            /* ROWS: rows against them, forward */
    uint32_t group_rows;      /* CPU: GROUP_ROWS, a multiple of ROWS and V */
    uint32_t feature_vectors; /* CPU: FV, backward */
    uint32_t looks_per_row;   /* CPU: looks at the queue of tasks for each row of a stretch that is waited for */
    uint32_t lanes, slots;    /* GPU: the work-group, forward */
    uint32_t group;           /* GPU: the work-group, backward */
    uint32_t split_rows;      /* rows that make another stretch worth it, in the gradient */
    uint32_t most_splits;
} cln_shape;

cln_shape cln_shape_choose(const cln_facts *facts, const cln_problem *problem, cln_shape_kind kind);

/* Whether the shape's kernels can be cut like this, and the device has the work-group and the local memory that they ask for. A
   built kernel may still get a smaller work-group: the engines ask. */
bool cln_shape_fits(const cln_facts *facts, const cln_problem *problem, const cln_shape *shape);

/* Work-items in a group of the kernels without barriers (packing, update), which both engines run. */
uint32_t cln_shape_plain_group(const cln_shape *shape);

/* Partial scores that a pass writes for `count` rows, and stretches that the gradient cuts them into. */
uint32_t cln_shape_scores(const cln_shape *shape, uint32_t count);
uint32_t cln_shape_splits(const cln_shape *shape, uint32_t count);

/* Looks at the queue of tasks before a work-group leaves it: 1 or more. */
uint32_t cln_shape_patience(const cln_shape *shape, uint32_t batch);

#endif
