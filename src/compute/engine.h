/*
 * The interface of both engines, on which the trainer and every solver run. A plan holds what one problem on one device needs:
 * built kernels and scratch memory for blocks of up to problem.block_rows rows.
 *
 *   forward   outputs, loss and errors of a block of rows
 *   gradient  the same, and the gradient of the loss summed over the rows, into a sink
 *   update    a stored gradient applied to the weights; gradient with CLN_STEP does both at once, bit for bit the same
 *   descend   minibatch after minibatch of a block of rows, each a gradient with CLN_STEP, bit for bit the same
 *
 * Nothing here is divided by n but in `descend`: a sink's `mean` says what a sum is multiplied with.
 *
 * Stacked models (problem.models) lie side by side in the outputs and see the same rows, targets and weights; each has its own
 * softmax, scores and step.
 */
#ifndef CLN_COMPUTE_ENGINE_H
#define CLN_COMPUTE_ENGINE_H

#include "compute/gemm.h"
#include "compute/shapes.h"
#include "compute/update.h"
#include "device/device.h"

/* A block of rows: row i is order[first + i], or first + i where order is NULL. target NULL: rows without labels. */
typedef struct cln_rows {
    cl_mem x;      /* (·,stride) */
    cl_mem target; /* (·) uint32, or (·,k of one model) float for TARGET_REAL, or NULL */
    cl_mem order;  /* (·) uint32, or NULL */
    uint64_t first;
    uint32_t count; /* 1 or more */
    cl_mem weight;  /* (·) float: of the rows' losses and residuals, not of their errors; NULL for ones */
} cln_rows;

/* What is predicted: the first largest of a model's outputs, or with TARGET_VALUE the logit rounded (ties to even) and clipped to
   lowest … highest, the int32 in its bits. Where a logit is NaN it is the number of a model's outputs, or for a value this. An error
   is what is not the row's label; TARGET_REAL has none. */
#define CLN_NO_VALUE 0x80000000u

/* What a pass over rows leaves behind. */
typedef struct cln_outcome {
    bool residual;    /* in plan->residual; without targets: the probabilities, or with CLN_SQUARED the logits */
    cl_mem predicted; /* (count,models) uint32, or NULL */
    cl_mem scores;    /* (·,models) cln_partial_score, cln_plan_scores(count) rows from row first_score on, or NULL */
    uint64_t first_score;
} cln_outcome;

/* Loss and errors of a few rows, for the host to add up in order and in double. */
typedef struct cln_partial_score {
    float loss;
    uint32_t errors;
} cln_partial_score;

/* The gradient stored, added to what is there, or applied to the weights at once. */
typedef enum cln_sink_op { CLN_STORE, CLN_ADD, CLN_STEP } cln_sink_op;

typedef struct cln_sink {
    cln_sink_op op;
    cl_mem gradient; /* (kp,ld): STORE and ADD; the clblast engine uses it for STEP as well */
    /* for STEP */
    cl_mem w, v;  /* (kp,ld): weights and velocity */
    cl_mem steps; /* (models) cln_step */
    float mean;   /* what makes a mean of the sum: 1 / the rows of a minibatch */
} cln_sink;

typedef struct cln_plan cln_plan;

typedef struct cln_engine {
    const char *name;
    cln_status (*forward)(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome, cln_error *error);
    cln_status (*gradient)(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome,
                           const cln_sink *sink, cln_error *error);
    cln_status (*descend)(cln_plan *plan, const cln_rows *rows, uint32_t batch, const cln_outcome *outcome,
                          const cln_sink *sink, cln_error *error);
    uint32_t (*scores)(const cln_plan *plan, uint32_t count);
    void (*release)(cln_plan *plan);
} cln_engine;

/* A product of CLBlast's and what it was computed with. */
typedef struct cln_used_product {
    cln_product product;
    cln_gemm gemm;
} cln_used_product;

#define CLN_USED_PRODUCTS 4

/* The part that all plans begin with. */
struct cln_plan {
    const cln_engine *engine;
    cln_device *device;
    cln_problem problem;
    cln_layout layout;
    cln_shape shape; /* fused: of all kernels; clblast: of the update and the packing */
    cl_mem residual; /* (block_rows up to a multiple of layout.unit, kp) */
    cl_mem shift;    /* (ld), where the problem is centred; 0 from column d on */
    cl_mem spread;   /* (ld), where it has one; 1 from column d on */
    bool fits;       /* every kernel can run in the work-groups that the shape wants */
    cln_updater updater;
    bool engine_tuned, shape_tuned, product_tuned; /* decided by what was measured on the device */
    cln_used_product used[CLN_USED_PRODUCTS]; /* the first products, each size once; k is 0 where there are no more */
};

/* engine: "auto", "fused" or "clblast". shape: NULL for what was measured on the device, or else built in. A shape that the device
   cannot run (work-group or local memory too small) gives way to the CPU shape, which runs everywhere. */
cln_status cln_plan_create(cln_device *device, const char *engine, const cln_problem *problem, const cln_shape *shape,
                           cln_plan **plan, cln_error *error);
/* What _create would make without a shape of the caller's, before anything is built or allocated: counts its memory on a dry device
   (device/buffer.h), and fills in what cln_plan_scores and the reader of a problem, layout or shape may ask for. A driver that gives
   kernels smaller work-groups than the device has makes _create take another shape than this. */
cln_status cln_plan_outline(cln_device *dry, const char *engine, const cln_problem *problem, cln_plan *outline,
                            cln_error *error);
void cln_plan_release(cln_plan *plan);
/* How many of `rows` rows one call should take: enough to keep a device busy, few enough for a launch to stay short and for every
   buffer of a block to be one allocation. Reads the problem but for its block_rows. */
uint32_t cln_plan_block_rows(const cln_device *device, const char *engine, const cln_problem *problem, uint64_t rows);

cln_status cln_plan_forward(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome,
                            cln_error *error);
cln_status cln_plan_gradient(cln_plan *plan, const cln_rows *rows, cl_mem w, const cln_outcome *outcome,
                             const cln_sink *sink, cln_error *error);
/* Minibatches of `batch` rows each, the last of what is left. sink: CLN_STEP on its w, with a mean that is set for each
   minibatch to 1 / its rows. The scores of minibatch i begin at first_score + i·cln_plan_scores(batch). */
cln_status cln_plan_descend(cln_plan *plan, const cln_rows *rows, uint32_t batch, const cln_outcome *outcome,
                            const cln_sink *sink, cln_error *error);
cln_status cln_plan_update(cln_plan *plan, cl_mem gradient, cl_mem w, cl_mem v, cl_mem steps, float mean,
                           cln_error *error);
/* What features are seen as: scale·x − shift; and what their gradients are multiplied with in an update (not where they are stored):
   spread. shift, spread (d), or NULL for zeros and ones, which a plan begins with. Refused for what the problem does not have. */
cln_status cln_plan_fold(cln_plan *plan, const float *shift, const float *spread, cln_error *error);
/* Rows of partial scores that a pass over `count` rows writes. */
uint32_t cln_plan_scores(const cln_plan *plan, uint32_t count);

#endif
