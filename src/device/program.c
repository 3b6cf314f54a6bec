#include "device/program.h"

#include "base/size.h"
#include "device/cache.h"
#include "device/profile.h"
#include "device/sources.h"
#include "device/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cln_status cln_program_build(cln_device *device, const char *name, const char *options, cl_program *program,
                             cln_error *error)
{
    *program = NULL;
    for (const cln_source *source = cln_sources; source->name; source++)
        if (strcmp(source->name, name) == 0)
            return cln_program_build_source(device, name, source->text, options, program, error);
    return cln_fail(error, CLN_INVALID, "cannot build cl/%s.cl: the library was made without this file", name);
}

/* The whole log, to be released with free(); NULL where the driver has none to give. */
static char *read_log(cl_program program, cl_device_id id)
{
    size_t bytes = 0;
    if (clGetProgramBuildInfo(program, id, CL_PROGRAM_BUILD_LOG, 0, NULL, &bytes) != CL_SUCCESS || bytes < 2)
        return NULL;
    char *log = calloc(bytes + 1, 1);
    if (log && clGetProgramBuildInfo(program, id, CL_PROGRAM_BUILD_LOG, bytes, log, NULL) == CL_SUCCESS)
        return log;
    free(log);
    return NULL;
}

/* Keeps the log in the device and puts as many of its whole lines into the message as a screen holds. */
static cln_status fail_build(cln_device *device, const char *name, cl_program program, cl_int code, cln_error *error)
{
    free(device->build_log);
    device->build_log = read_log(program, device->id);
    const char *log = device->build_log ? device->build_log : "";
    int shown = 0;
    while (log[shown]) {
        size_t end = (size_t)shown + strcspn(log + shown, "\n");
        if (end > 1200)
            break;
        shown = (int)end + (log[end] == '\n');
    }
    if (!*log)
        return cln_fail(error, CLN_BUILD, "cannot build cl/%s.cl for %s: %s; the driver gave no log", name,
                        device->facts.info.name, cln_opencl_words(code));
    return cln_fail(error, CLN_BUILD, "cannot build cl/%s.cl for %s: %s; the log %s:\n%.*s", name,
                    device->facts.info.name, cln_opencl_words(code), log[shown] ? "begins" : "says",
                    shown ? shown : 1200, log);
}

cln_status cln_program_build_source(cln_device *device, const char *name, const char *text, const char *options,
                                    cl_program *program, cln_error *error)
{
    static const char standard[] = "-cl-std=CL1.2 ";
    cln_status status = CLN_OK;
    cl_int code;
    char *all = NULL;
    cl_program made = NULL;
    *program = NULL;

    size_t bytes = sizeof standard + strlen(options);
    TRY(cln_allocate((void **)&all, bytes, 1, "build options", error));
    snprintf(all, bytes, "%s%s", standard, options);
    if (cln_cache_serves(device) && cln_cache_take(device, text, all, program))
        goto out;
    made = clCreateProgramWithSource(device->context, 1, &text, NULL, &code);
    TRY(cln_check_cl(error, code, "hand cl/%s.cl to %s", name, device->facts.info.name));

    code = clBuildProgram(made, 1, &device->id, all, NULL, NULL);
    if (code != CL_SUCCESS)
        TRY(fail_build(device, name, made, code, error));
    if (cln_cache_serves(device))
        cln_cache_keep(device, text, all, made);
    *program = made;
    made = NULL;
out:
    cln_program_release(&made);
    free(all);
    return status;
}

void cln_program_release(cl_program *program)
{
    if (*program)
        clReleaseProgram(*program);
    *program = NULL;
}

cln_status cln_kernel_create(cl_program program, const char *name, cl_kernel *kernel, cln_error *error)
{
    cl_int code;
    *kernel = clCreateKernel(program, name, &code);
    return cln_check_cl(error, code, "make kernel %s", name);
}

void cln_kernel_release(cl_kernel *kernel)
{
    if (*kernel)
        clReleaseKernel(*kernel);
    *kernel = NULL;
}

typedef struct kernel_name {
    char text[128];
} kernel_name;

static kernel_name name_of(cl_kernel kernel)
{
    kernel_name name = {"of unknown name"};
    clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name.text, name.text, NULL);
    return name;
}

cln_status cln_kernel_group_limit(cln_device *device, cl_kernel kernel, size_t *limit, cln_error *error)
{
    *limit = 0;
    cl_int code = clGetKernelWorkGroupInfo(kernel, device->id, CL_KERNEL_WORK_GROUP_SIZE, sizeof *limit, limit, NULL);
    return code == CL_SUCCESS ? CLN_OK
                              : cln_check_cl(error, code, "ask %s for the largest work-group of kernel %s",
                                             device->facts.info.name, name_of(kernel).text);
}

cln_status cln_launch(cln_device *device, cl_kernel kernel, cln_grid grid, const cln_argument *arguments, size_t count,
                      cln_error *error)
{
    size_t global[2];
    for (int i = 0; i < 2; i++) {
        uint64_t items;
        if (grid.groups[i] == 0)
            return CLN_OK;
        if (!cln_multiply(grid.groups[i], grid.group[i], &items) || items > SIZE_MAX)
            return cln_fail(error, CLN_INVALID, "cannot run kernel %s: its launch has more work-items than fit a size",
                            name_of(kernel).text);
        global[i] = (size_t)items;
    }
    for (size_t i = 0; i < count; i++) {
        cl_int code = clSetKernelArg(kernel, (cl_uint)i, arguments[i].bytes, arguments[i].value);
        if (code != CL_SUCCESS)
            return cln_check_cl(error, code, "set argument %zu of kernel %s", i, name_of(kernel).text);
    }
    cl_int code = clEnqueueNDRangeKernel(device->queue, kernel, 2, NULL, global, grid.group, 0, NULL,
                                         cln_profile_kernel(device, kernel));
    if (code == CL_SUCCESS)
        return CLN_OK;
    return cln_check_cl(error, code, "run kernel %s on %s with %zu x %zu work-groups of %zu x %zu work-items",
                        name_of(kernel).text, device->facts.info.name, grid.groups[0], grid.groups[1], grid.group[0],
                        grid.group[1]);
}
