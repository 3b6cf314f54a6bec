/*
 * Programs from the sources in cl/, embedded at build time with their #includes resolved, and kernels: made, asked for
 * their limits, launched.
 */
#ifndef CLN_DEVICE_PROGRAM_H
#define CLN_DEVICE_PROGRAM_H

#include "device/device.h"

/* Builds cl/<name>.cl with "-cl-std=CL1.2 <options>". CLN_BUILD has the log's beginning; cln_device_build_log the whole.
   What was built before may come from disk (device/cache.h). */
cln_status cln_program_build(cln_device *device, const char *name, const char *options, cl_program *program,
                             cln_error *error);
/* The same from a text of the caller's; `name` stands for it in messages. */
cln_status cln_program_build_source(cln_device *device, const char *name, const char *text, const char *options,
                                    cl_program *program, cln_error *error);
void cln_program_release(cl_program *program); /* sets *program to NULL; accepts NULL there */

cln_status cln_kernel_create(cl_program program, const char *name, cl_kernel *kernel, cln_error *error);
void cln_kernel_release(cl_kernel *kernel); /* sets *kernel to NULL; accepts NULL there */

/* The largest work-group that this kernel can run with here (kernels with barriers may get 1). */
cln_status cln_kernel_group_limit(cln_device *device, cl_kernel kernel, size_t *limit, cln_error *error);

/* A launch's size: `groups` work-groups of `group` work-items in each of two dimensions. The local size is always explicit. */
typedef struct cln_grid {
    size_t groups[2], group[2];
} cln_grid;

/* A kernel's arguments in order: CLN_ARG(variable) or CLN_LOCAL(bytes). */
typedef struct cln_argument {
    size_t bytes;
    const void *value;
} cln_argument;
#define CLN_ARG(variable)                                                                                              \
    {                                                                                                                  \
        sizeof(variable), &(variable)                                                                                  \
    }
#define CLN_LOCAL(size)                                                                                                \
    {                                                                                                                  \
        (size), NULL                                                                                                   \
    }

/* Sets the arguments and enqueues the kernel. A grid with no work-group is no launch. */
cln_status cln_launch(cln_device *device, cl_kernel kernel, cln_grid grid, const cln_argument *arguments, size_t count,
                      cln_error *error);

#endif
