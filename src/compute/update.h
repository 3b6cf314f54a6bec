/* The kernels of cl/update.cl: the same gradient and the same step for both engines. */
#ifndef CLN_COMPUTE_UPDATE_H
#define CLN_COMPUTE_UPDATE_H

#include "compute/shapes.h"
#include "device/program.h"

/* g = G·mean + λ·w, v ← μ·v + g, w ← w − η·v, or w ← w − η·(g + μ·v) with Nesterov's momentum (PyTorch's SGD); `mean` makes a
   mean of the summed gradient G. A buffer has one of these for each model: the float4 that is `sgd` in cl/update.h. */
typedef struct cln_step {
    float l2, momentum, learning_rate, nesterov; /* nesterov: 0 or 1 */
} cln_step;

/* Partial sums of a gradient, as the fused backward pass leaves them. */
typedef struct cln_partials {
    cl_mem sums; /* (splits,k,ld) */
    cl_mem bias; /* (splits,kp) */
    uint32_t splits;
    float scale;  /* of the features */
    cl_mem shift; /* (ld), the plan's, or NULL */
} cln_partials;

/* Memory for `splits` of them. */
cln_status cln_partials_create(cln_device *device, const cln_problem *problem, const cln_layout *layout,
                               uint32_t splits, cln_partials *partials, cln_error *error);
void cln_partials_release(cln_device *device, cln_partials *partials);

typedef struct cln_updater {
    cl_program program;
    cl_kernel collect, update, step;
    cln_grid grid;
} cln_updater;

/* defines: the shared macros, LD among them, which is `ld`. */
cln_status cln_updater_create(cln_device *device, const char *defines, const cln_problem *problem,
                              const cln_shape *shape, uint32_t ld, cln_updater *updater, cln_error *error);
void cln_updater_release(cln_updater *updater);

/* gradient (k,ld) = the sum of the partials, or that added to it. */
cln_status cln_updater_collect(cln_device *device, const cln_updater *updater, const cln_partials *partials, bool add,
                               cl_mem gradient, cln_error *error);
/* w and v (k,ld) moved by a gradient (k,ld). spread: (ld), the plan's, or NULL; steps: (models) cln_step. */
cln_status cln_updater_apply(cln_device *device, const cln_updater *updater, cl_mem gradient, cl_mem w, cl_mem v,
                             cl_mem spread, cl_mem steps, float mean, cln_error *error);
/* Both at once. */
cln_status cln_updater_step(cln_device *device, const cln_updater *updater, const cln_partials *partials, cl_mem w,
                            cl_mem v, cl_mem spread, cl_mem steps, float mean, cln_error *error);

#endif
