#include "device/words.h"

#include <stdarg.h>
#include <stdio.h>

/* Every code of OpenCL 1.2, and -1001 of the ICD loader, whose name only an extension's header has. */
#define OPENCL_CODE_MAP(X)                                                                                             \
    X(0, CL_SUCCESS, "success")                                                                                        \
    X(-1, CL_DEVICE_NOT_FOUND, "the platform has no device of this type")                                              \
    X(-2, CL_DEVICE_NOT_AVAILABLE, "the device is there but cannot be used now; another process may hold it")          \
    X(-3, CL_COMPILER_NOT_AVAILABLE, "the driver comes without a compiler")                                            \
    X(-4, CL_MEM_OBJECT_ALLOCATION_FAILURE, "the device has not enough free memory")                                   \
    X(-5, CL_OUT_OF_RESOURCES, "the device ran out of memory, registers or time, or was reset")                        \
    X(-6, CL_OUT_OF_HOST_MEMORY, "the driver ran out of host memory")                                                  \
    X(-7, CL_PROFILING_INFO_NOT_AVAILABLE, "the queue does not measure times")                                         \
    X(-8, CL_MEM_COPY_OVERLAP, "source and target of a copy overlap")                                                  \
    X(-9, CL_IMAGE_FORMAT_MISMATCH, "the two images differ in format")                                                 \
    X(-10, CL_IMAGE_FORMAT_NOT_SUPPORTED, "the device does not know this image format")                                \
    X(-11, CL_BUILD_PROGRAM_FAILURE, "the compiler rejected the program")                                              \
    X(-12, CL_MAP_FAILURE, "device memory cannot be shown to the host")                                                \
    X(-13, CL_MISALIGNED_SUB_BUFFER_OFFSET, "a sub-buffer does not start at the device's alignment")                   \
    X(-14, CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST, "an earlier command, which this one waits for, failed")       \
    X(-15, CL_COMPILE_PROGRAM_FAILURE, "the compiler rejected the program")                                            \
    X(-16, CL_LINKER_NOT_AVAILABLE, "the driver comes without a linker")                                               \
    X(-17, CL_LINK_PROGRAM_FAILURE, "the program does not link")                                                       \
    X(-18, CL_DEVICE_PARTITION_FAILED, "the device cannot be divided like this")                                       \
    X(-19, CL_KERNEL_ARG_INFO_NOT_AVAILABLE, "the program was built without names of its arguments")                   \
    X(-30, CL_INVALID_VALUE, "a value is out of range")                                                                \
    X(-31, CL_INVALID_DEVICE_TYPE, "there is no such device type")                                                     \
    X(-32, CL_INVALID_PLATFORM, "the platform is not valid")                                                           \
    X(-33, CL_INVALID_DEVICE, "the device is not valid")                                                               \
    X(-34, CL_INVALID_CONTEXT, "the context is not valid")                                                             \
    X(-35, CL_INVALID_QUEUE_PROPERTIES, "the device does not know such a queue")                                       \
    X(-36, CL_INVALID_COMMAND_QUEUE, "the queue is not valid")                                                         \
    X(-37, CL_INVALID_HOST_PTR, "a host pointer is missing or does not fit the flags")                                 \
    X(-38, CL_INVALID_MEM_OBJECT, "the buffer is not valid")                                                           \
    X(-39, CL_INVALID_IMAGE_FORMAT_DESCRIPTOR, "the image format is not valid")                                        \
    X(-40, CL_INVALID_IMAGE_SIZE, "the image is larger than the device allows")                                        \
    X(-41, CL_INVALID_SAMPLER, "the sampler is not valid")                                                             \
    X(-42, CL_INVALID_BINARY, "the program's binary does not fit the device")                                          \
    X(-43, CL_INVALID_BUILD_OPTIONS, "the compiler does not know one of the build options")                            \
    X(-44, CL_INVALID_PROGRAM, "the program is not valid")                                                             \
    X(-45, CL_INVALID_PROGRAM_EXECUTABLE, "the program is not built for this device")                                  \
    X(-46, CL_INVALID_KERNEL_NAME,                                                                                     \
      "the program has no kernel of this name; the driver's cache of compiled kernels may be damaged, remove it "      \
      "(PoCL's is ~/.cache/pocl)")                                                                                     \
    X(-47, CL_INVALID_KERNEL_DEFINITION, "the kernel differs between the devices of the program")                      \
    X(-48, CL_INVALID_KERNEL, "the kernel is not valid")                                                               \
    X(-49, CL_INVALID_ARG_INDEX, "the kernel has no argument at this place")                                           \
    X(-50, CL_INVALID_ARG_VALUE, "an argument's value is not valid")                                                   \
    X(-51, CL_INVALID_ARG_SIZE, "an argument has another size in the kernel")                                          \
    X(-52, CL_INVALID_KERNEL_ARGS, "not every argument of the kernel is set")                                          \
    X(-53, CL_INVALID_WORK_DIMENSION, "a launch has one to three dimensions")                                          \
    X(-54, CL_INVALID_WORK_GROUP_SIZE, "the work-group is too large for this kernel or does not divide the launch")    \
    X(-55, CL_INVALID_WORK_ITEM_SIZE, "the work-group is too long in one dimension")                                   \
    X(-56, CL_INVALID_GLOBAL_OFFSET, "the launch's offset is not valid")                                               \
    X(-57, CL_INVALID_EVENT_WAIT_LIST, "the list of events to wait for is not valid")                                  \
    X(-58, CL_INVALID_EVENT, "the event is not valid")                                                                 \
    X(-59, CL_INVALID_OPERATION, "the device does not allow that here")                                                \
    X(-60, CL_INVALID_GL_OBJECT, "the OpenGL object is not valid")                                                     \
    X(-61, CL_INVALID_BUFFER_SIZE, "the buffer is empty or larger than the device allows")                             \
    X(-62, CL_INVALID_MIP_LEVEL, "the mipmap level is not valid")                                                      \
    X(-63, CL_INVALID_GLOBAL_WORK_SIZE, "the launch is empty or larger than the device allows")                        \
    X(-64, CL_INVALID_PROPERTY, "a property's name or value is not valid")                                             \
    X(-65, CL_INVALID_IMAGE_DESCRIPTOR, "the image description is not valid")                                          \
    X(-66, CL_INVALID_COMPILER_OPTIONS, "the compiler does not know one of the compile options")                       \
    X(-67, CL_INVALID_LINKER_OPTIONS, "the linker does not know one of the link options")                              \
    X(-68, CL_INVALID_DEVICE_PARTITION_COUNT, "the device has not as many parts")                                      \
    X(-1001, CL_PLATFORM_NOT_FOUND_KHR, "no OpenCL driver is installed, or none of them loads")

const char *cln_opencl_words(cl_int code)
{
    static _Thread_local char unknown[64]; /* drivers have codes of their own */
    switch (code) {
#define X(number, name, sentence)                                                                                      \
    case number:                                                                                                       \
        return #name " (" sentence ")";
        OPENCL_CODE_MAP(X)
#undef X
    default:
        snprintf(unknown, sizeof unknown, "OpenCL code %d (not one of OpenCL 1.2)", (int)code);
        return unknown;
    }
}

cln_status cln_check_cl(cln_error *error, cl_int code, const char *operation, ...)
{
    if (code == CL_SUCCESS)
        return CLN_OK;
    char what[1024];
    va_list arguments;
    va_start(arguments, operation);
    vsnprintf(what, sizeof what, operation, arguments);
    va_end(arguments);
    return cln_fail(error, CLN_DEVICE, "cannot %s: %s", what, cln_opencl_words(code));
}
