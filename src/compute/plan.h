/* For the engines: what is common to their plans, and how each engine makes one. */
#ifndef CLN_COMPUTE_PLAN_H
#define CLN_COMPUTE_PLAN_H

#include "compute/engine.h"

/* The common part of a plan as it is without memory and kernels: layout, where the engine has not set its own, problem and shape. */
void cln_plan_begin(cln_plan *plan, const cln_engine *engine, cln_device *device, const cln_problem *problem,
                    const cln_shape *shape);
/* Its memory. */
cln_status cln_plan_create_buffers(cln_plan *plan, cln_error *error);
/* Fills in the common part: all of that, and the update kernels. */
cln_status cln_plan_init(cln_plan *plan, const cln_engine *engine, cln_device *device, const cln_problem *problem,
                         const cln_shape *shape, cln_error *error);

/* Notes in plan->fits whether `kernel` can run in work-groups of `items`. */
cln_status cln_plan_check_group(cln_plan *plan, cl_kernel kernel, size_t items, cln_error *error);

/* Notes in plan->used what a product is computed with; tuned: that was measured on the device. */
void cln_plan_note_product(cln_plan *plan, const cln_product *product, const cln_gemm *gemm, bool tuned);

/* Models stacked in a problem's outputs: 1 or more. */
uint32_t cln_problem_models(const cln_problem *problem);

/* Rows' weights, which mean nothing without targets. */
cl_mem cln_rows_weight(const cln_rows *rows);

/* The -D macros that all kernels of a plan share. */
#define CLN_DEFINES_BYTES 1024
void cln_plan_defines(const cln_plan *plan, char text[CLN_DEFINES_BYTES]);

/* A descent as one gradient after the other, which every engine can. */
cln_status cln_plan_descend_each(cln_plan *plan, const cln_rows *rows, uint32_t batch, const cln_outcome *outcome,
                                 const cln_sink *sink, cln_error *error);

/* Rows begin … begin+count−1 of a block, or as many as there are. */
cln_rows cln_rows_part(const cln_rows *rows, uint32_t begin, uint32_t count);
/* What makes a mean of a sum over `count` rows. */
float cln_mean_of(uint32_t count);

/* The fused engine, by the kind of its shape. */
cln_status cln_fused_cpu_create(cln_device *device, const cln_problem *problem, const cln_shape *shape, cln_plan **plan,
                                cln_error *error);
cln_status cln_fused_gpu_create(cln_device *device, const cln_problem *problem, const cln_shape *shape, cln_plan **plan,
                                cln_error *error);
cln_status cln_fused_create(cln_device *device, const cln_problem *problem, const cln_shape *shape, cln_plan **plan,
                            cln_error *error);
/* What the clblast engine pads to on a device: its products' sizes, so that CLBlast copies nothing. */
cln_layout cln_clblast_layout(const cln_device *device, const cln_problem *problem);
cln_status cln_clblast_create(cln_device *device, const cln_problem *problem, const cln_shape *shape, cln_plan **plan,
                              cln_error *error);

/* As cln_plan_outline, in a given shape. */
cln_status cln_fused_cpu_outline(cln_device *dry, const cln_problem *problem, const cln_shape *shape, cln_plan *outline,
                                 cln_error *error);
cln_status cln_fused_gpu_outline(cln_device *dry, const cln_problem *problem, const cln_shape *shape, cln_plan *outline,
                                 cln_error *error);
cln_status cln_fused_outline(cln_device *dry, const cln_problem *problem, const cln_shape *shape, cln_plan *outline,
                             cln_error *error);
cln_status cln_clblast_outline(cln_device *dry, const cln_problem *problem, const cln_shape *shape, cln_plan *outline,
                               cln_error *error);

#endif
