#include "compute/update.h"

#include "base/size.h"
#include "device/buffer.h"

#include <stdio.h>

cln_status cln_partials_create(cln_device *device, const cln_problem *problem, const cln_layout *layout,
                               uint32_t splits, cln_partials *partials, cln_error *error)
{
    cln_status status;
    uint64_t sums = (uint64_t)splits * problem->outputs * layout->ld, bias = (uint64_t)splits * layout->kp;
    partials->splits = splits;
    partials->scale = problem->scale;
    TRY(cln_buffer_create(device, "partial gradients", sums * sizeof(float), &partials->sums, error));
    TRY(cln_buffer_create(device, "partial bias gradients", bias * sizeof(float), &partials->bias, error));
out:
    return status;
}

void cln_partials_release(cln_device *device, cln_partials *partials)
{
    cln_buffer_release(device, &partials->sums);
    cln_buffer_release(device, &partials->bias);
}

cln_status cln_updater_create(cln_device *device, const char *defines, const cln_problem *problem,
                              const cln_shape *shape, uint32_t ld, cln_updater *updater, cln_error *error)
{
    cln_status status;
    char options[1200];
    uint32_t group = cln_shape_plain_group(shape), columns = shape->kind == CLN_SHAPE_CPU ? 4 : 1;

    snprintf(options, sizeof options, "%s -DCLN_GROUP=%u -DCLN_COLUMNS=%u", defines, group, columns);
    updater->grid = (cln_grid){{cln_ceil_divide(ld, group * columns * shape->vector), problem->outputs}, {group, 1}};
    TRY(cln_program_build(device, "update", options, &updater->program, error));
    TRY(cln_kernel_create(updater->program, "collect", &updater->collect, error));
    TRY(cln_kernel_create(updater->program, "update", &updater->update, error));
    TRY(cln_kernel_create(updater->program, "sgd_step", &updater->step, error));
out:
    return status;
}

void cln_updater_release(cln_updater *updater)
{
    cln_kernel_release(&updater->step);
    cln_kernel_release(&updater->update);
    cln_kernel_release(&updater->collect);
    cln_program_release(&updater->program);
}

cln_status cln_updater_collect(cln_device *device, const cln_updater *updater, const cln_partials *partials, bool add,
                               cl_mem gradient, cln_error *error)
{
    cl_uint splits = partials->splits, added = add;
    const cln_argument arguments[] = {CLN_ARG(partials->sums),  CLN_ARG(partials->bias),  CLN_ARG(splits),
                                      CLN_ARG(partials->scale), CLN_ARG(partials->shift), CLN_ARG(added),
                                      CLN_ARG(gradient)};
    return cln_launch(device, updater->collect, updater->grid, arguments, CLN_COUNT(arguments), error);
}

cln_status cln_updater_apply(cln_device *device, const cln_updater *updater, cl_mem gradient, cl_mem w, cl_mem v,
                             cl_mem spread, cl_mem steps, float mean, cln_error *error)
{
    const cln_argument arguments[] = {CLN_ARG(gradient), CLN_ARG(w),     CLN_ARG(v),
                                      CLN_ARG(spread),   CLN_ARG(steps), CLN_ARG(mean)};
    return cln_launch(device, updater->update, updater->grid, arguments, CLN_COUNT(arguments), error);
}

cln_status cln_updater_step(cln_device *device, const cln_updater *updater, const cln_partials *partials, cl_mem w,
                            cl_mem v, cl_mem spread, cl_mem steps, float mean, cln_error *error)
{
    const cln_argument arguments[] = {CLN_ARG(partials->sums),
                                      CLN_ARG(partials->bias),
                                      CLN_ARG(partials->splits),
                                      CLN_ARG(partials->scale),
                                      CLN_ARG(partials->shift),
                                      CLN_ARG(w),
                                      CLN_ARG(v),
                                      CLN_ARG(spread),
                                      CLN_ARG(steps),
                                      CLN_ARG(mean)};
    return cln_launch(device, updater->step, updater->grid, arguments, CLN_COUNT(arguments), error);
}
