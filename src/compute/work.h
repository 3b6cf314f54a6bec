/*
 * What the engines' launches have to do at least, for a profile to say how near they come to the device's limits: every operand
 * through memory once (residuals, partial sums and weights too, which may in truth stay in caches), multiplications and additions.
 * Formulas are of the launches' contracts; what a kernel reads twice is its own loss.
 */
#ifndef CLN_COMPUTE_WORK_H
#define CLN_COMPUTE_WORK_H

#include "compute/gemm.h"
#include "compute/plan.h"
#include "device/profile.h"

/* The fused engine on GPUs: logits and residual of `count` rows; the gradient of `count` rows in `splits` partial sums. */
cln_work cln_work_forward(const cln_plan *plan, uint32_t count);
cln_work cln_work_backward(const cln_plan *plan, uint32_t count, uint32_t splits);

/* And on CPUs: both in one reading of the rows (splits 0: forward alone), with `steps` updates from as many partial sums. */
cln_work cln_work_pass(const cln_plan *plan, uint32_t count, uint32_t splits, uint32_t steps);

/* `splits` partial gradients added up and applied to the weights. */
cln_work cln_work_update(const cln_plan *plan, uint32_t splits);

/* The clblast engine: `padded` rows into one orientation; a matrix transposed; a product; softmax. */
cln_work cln_work_pack(const cln_plan *plan, uint32_t padded);
cln_work cln_work_flip(uint32_t height, uint32_t width);
cln_work cln_work_product(const cln_product *product);
cln_work cln_work_softmax(const cln_plan *plan, uint32_t padded);

#endif
