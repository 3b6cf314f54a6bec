/*
 * Every entry point that clinear and CLBlast call, and their neighbours: one list, of which the layer makes its functions, its table
 * and its counts. (Images, samplers, sharing with graphics and what came after OpenCL 1.2 go past it.)
 *
 *   STATUS(name, (parameters), (arguments), on, effect)         gives a status
 *   OBJECT(type, name, (parameters), (arguments), on, effect)   gives an object, and a status by `code`
 *   on       what tells the call's device
 *   effect   what a call that succeeds does to the number of references
 */
#ifndef FAULTS_CALLS_H
#define FAULTS_CALLS_H

#include "subject.h"

typedef enum kind { CONTEXT, QUEUE, MEMORY, PROGRAM, KERNEL, EVENT, KIND_COUNT } kind;
static const char *const kind_names[] = {"context", "queue", "memory", "program", "kernel", "event"};

#define ON(what, handle)   ((subject){ON_##what, handle})
#define FIRST(count, list) ((count) > 0 && (list) ? (void *)(list)[0] : NULL)
#define MAKES(kind)        count_live(kind, 1)
#define DROPS(kind)        count_live(kind, -1)
#define GIVES_EVENT        count_live(EVENT, event != NULL)
#define NOTHING            (void)0

/* Ends of parameter lists that many have, and the arguments that they become. */
#define QUESTION cl_uint fact, size_t size, void *value, size_t *needed
#define ASKED    fact, size, value, needed
#define WAITING  cl_uint waits, const cl_event *wait_for, cl_event *event
#define WAITED   waits, wait_for, event

/* clang-format off */
#define CALLS(STATUS, OBJECT) \
    STATUS(clGetPlatformIDs, (cl_uint count, cl_platform_id *platforms, cl_uint *found), (count, platforms, found), \
        ON(NOTHING, NULL), NOTHING) \
    STATUS(clGetPlatformInfo, (cl_platform_id platform, QUESTION), (platform, ASKED), ON(PLATFORM, platform), \
        NOTHING) \
    STATUS(clGetDeviceIDs, (cl_platform_id platform, cl_device_type type, cl_uint count, cl_device_id *devices, \
        cl_uint *found), (platform, type, count, devices, found), ON(PLATFORM, platform), NOTHING) \
    STATUS(clGetDeviceInfo, (cl_device_id device, QUESTION), (device, ASKED), ON(DEVICE, device), NOTHING) \
    OBJECT(cl_context, clCreateContext, (const cl_context_properties *properties, cl_uint count, \
        const cl_device_id *devices, void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), \
        void *user, cl_int *code), (properties, count, devices, notify, user, code), \
        ON(DEVICE, FIRST(count, devices)), MAKES(CONTEXT)) \
    STATUS(clRetainContext, (cl_context context), (context), ON(CONTEXT, context), MAKES(CONTEXT)) \
    STATUS(clReleaseContext, (cl_context context), (context), ON(CONTEXT, context), DROPS(CONTEXT)) \
    STATUS(clGetContextInfo, (cl_context context, QUESTION), (context, ASKED), ON(CONTEXT, context), NOTHING) \
    OBJECT(cl_command_queue, clCreateCommandQueue, (cl_context context, cl_device_id device, \
        cl_command_queue_properties properties, cl_int *code), (context, device, properties, code), \
        ON(DEVICE, device), MAKES(QUEUE)) \
    STATUS(clRetainCommandQueue, (cl_command_queue queue), (queue), ON(QUEUE, queue), MAKES(QUEUE)) \
    STATUS(clReleaseCommandQueue, (cl_command_queue queue), (queue), ON(QUEUE, queue), DROPS(QUEUE)) \
    STATUS(clGetCommandQueueInfo, (cl_command_queue queue, QUESTION), (queue, ASKED), ON(QUEUE, queue), NOTHING) \
    OBJECT(cl_mem, clCreateBuffer, (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code), \
        (context, flags, size, host, code), ON(CONTEXT, context), MAKES(MEMORY)) \
    OBJECT(cl_mem, clCreateSubBuffer, (cl_mem memory, cl_mem_flags flags, cl_buffer_create_type type, \
        const void *part, cl_int *code), (memory, flags, type, part, code), ON(MEMORY, memory), MAKES(MEMORY)) \
    STATUS(clRetainMemObject, (cl_mem memory), (memory), ON(MEMORY, memory), MAKES(MEMORY)) \
    STATUS(clReleaseMemObject, (cl_mem memory), (memory), ON(MEMORY, memory), DROPS(MEMORY)) \
    STATUS(clGetMemObjectInfo, (cl_mem memory, QUESTION), (memory, ASKED), ON(MEMORY, memory), NOTHING) \
    OBJECT(cl_program, clCreateProgramWithSource, (cl_context context, cl_uint count, const char **texts, \
        const size_t *lengths, cl_int *code), (context, count, texts, lengths, code), ON(CONTEXT, context), \
        MAKES(PROGRAM)) \
    OBJECT(cl_program, clCreateProgramWithBinary, (cl_context context, cl_uint count, const cl_device_id *devices, \
        const size_t *lengths, const unsigned char **binaries, cl_int *states, cl_int *code), (context, count, \
        devices, lengths, binaries, states, code), ON(CONTEXT, context), MAKES(PROGRAM)) \
    STATUS(clRetainProgram, (cl_program program), (program), ON(PROGRAM, program), MAKES(PROGRAM)) \
    STATUS(clReleaseProgram, (cl_program program), (program), ON(PROGRAM, program), DROPS(PROGRAM)) \
    STATUS(clBuildProgram, (cl_program program, cl_uint count, const cl_device_id *devices, const char *options, \
        void(CL_CALLBACK *notify)(cl_program, void *), void *user), (program, count, devices, options, notify, \
        user), ON(PROGRAM, program), NOTHING) \
    STATUS(clGetProgramInfo, (cl_program program, QUESTION), (program, ASKED), ON(PROGRAM, program), NOTHING) \
    STATUS(clGetProgramBuildInfo, (cl_program program, cl_device_id device, QUESTION), (program, device, ASKED), \
        ON(DEVICE, device), NOTHING) \
    OBJECT(cl_kernel, clCreateKernel, (cl_program program, const char *name, cl_int *code), (program, name, code), \
        ON(PROGRAM, program), MAKES(KERNEL)) \
    STATUS(clRetainKernel, (cl_kernel kernel), (kernel), ON(KERNEL, kernel), MAKES(KERNEL)) \
    STATUS(clReleaseKernel, (cl_kernel kernel), (kernel), ON(KERNEL, kernel), DROPS(KERNEL)) \
    STATUS(clSetKernelArg, (cl_kernel kernel, cl_uint index, size_t size, const void *value), (kernel, index, size, \
        value), ON(KERNEL, kernel), NOTHING) \
    STATUS(clGetKernelInfo, (cl_kernel kernel, QUESTION), (kernel, ASKED), ON(KERNEL, kernel), NOTHING) \
    STATUS(clGetKernelWorkGroupInfo, (cl_kernel kernel, cl_device_id device, QUESTION), (kernel, device, ASKED), \
        ON(KERNEL, kernel), NOTHING) \
    STATUS(clFlush, (cl_command_queue queue), (queue), ON(QUEUE, queue), NOTHING) \
    STATUS(clFinish, (cl_command_queue queue), (queue), ON(QUEUE, queue), NOTHING) \
    STATUS(clWaitForEvents, (cl_uint count, const cl_event *events), (count, events), \
        ON(EVENT, FIRST(count, events)), NOTHING) \
    STATUS(clGetEventInfo, (cl_event event, QUESTION), (event, ASKED), ON(EVENT, event), NOTHING) \
    STATUS(clGetEventProfilingInfo, (cl_event event, QUESTION), (event, ASKED), ON(EVENT, event), NOTHING) \
    STATUS(clRetainEvent, (cl_event event), (event), ON(EVENT, event), MAKES(EVENT)) \
    STATUS(clReleaseEvent, (cl_event event), (event), ON(EVENT, event), DROPS(EVENT)) \
    STATUS(clEnqueueReadBuffer, (cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, \
        size_t size, void *host, WAITING), (queue, memory, blocking, offset, size, host, WAITED), ON(QUEUE, queue), \
        GIVES_EVENT) \
    STATUS(clEnqueueWriteBuffer, (cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, \
        size_t size, const void *host, WAITING), (queue, memory, blocking, offset, size, host, WAITED), \
        ON(QUEUE, queue), GIVES_EVENT) \
    STATUS(clEnqueueCopyBuffer, (cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset, \
        size_t to_offset, size_t size, WAITING), (queue, from, to, from_offset, to_offset, size, WAITED), \
        ON(QUEUE, queue), GIVES_EVENT) \
    STATUS(clEnqueueFillBuffer, (cl_command_queue queue, cl_mem memory, const void *pattern, size_t bytes, \
        size_t offset, size_t size, WAITING), (queue, memory, pattern, bytes, offset, size, WAITED), \
        ON(QUEUE, queue), GIVES_EVENT) \
    OBJECT(void *, clEnqueueMapBuffer, (cl_command_queue queue, cl_mem memory, cl_bool blocking, \
        cl_map_flags flags, size_t offset, size_t size, WAITING, cl_int *code), (queue, memory, blocking, flags, \
        offset, size, WAITED, code), ON(QUEUE, queue), GIVES_EVENT) \
    STATUS(clEnqueueUnmapMemObject, (cl_command_queue queue, cl_mem memory, void *mapped, WAITING), (queue, memory, \
        mapped, WAITED), ON(QUEUE, queue), GIVES_EVENT) \
    STATUS(clEnqueueNDRangeKernel, (cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, \
        const size_t *offset, const size_t *global, const size_t *local, WAITING), (queue, kernel, dimensions, \
        offset, global, local, WAITED), ON(QUEUE, queue), GIVES_EVENT) \
    STATUS(clEnqueueMarkerWithWaitList, (cl_command_queue queue, WAITING), (queue, WAITED), ON(QUEUE, queue), \
        GIVES_EVENT) \
    STATUS(clEnqueueBarrierWithWaitList, (cl_command_queue queue, WAITING), (queue, WAITED), ON(QUEUE, queue), \
        GIVES_EVENT)
/* clang-format on */

/* Their numbers and names. */
typedef enum call_number {
#define STATUS(name, parameters, arguments, on, effect)       CALL_##name,
#define OBJECT(type, name, parameters, arguments, on, effect) CALL_##name,
    CALLS(STATUS, OBJECT) CALL_COUNT
#undef STATUS
#undef OBJECT
} call_number;

static const char *const call_names[] = {
#define STATUS(name, parameters, arguments, on, effect)       #name,
#define OBJECT(type, name, parameters, arguments, on, effect) #name,
    CALLS(STATUS, OBJECT)
#undef STATUS
#undef OBJECT
};

static const bool gives_object[] = {
#define STATUS(name, parameters, arguments, on, effect)       false,
#define OBJECT(type, name, parameters, arguments, on, effect) true,
    CALLS(STATUS, OBJECT)
#undef STATUS
#undef OBJECT
};

#endif
