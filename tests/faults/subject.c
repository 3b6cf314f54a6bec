#include "subject.h"

#include "rules.h"

static bool is_platform(const cl_icd_dispatch *driver, cl_platform_id platform, const char *text)
{
    char name[256] = "";
    return platform && driver->clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof name, name, NULL) == CL_SUCCESS &&
           has_text(name, text);
}

static bool is_device(const cl_icd_dispatch *driver, cl_device_id device, const char *text)
{
    char name[256] = "";
    cl_platform_id platform = NULL;
    if (!device)
        return false;
    if (driver->clGetDeviceInfo(device, CL_DEVICE_NAME, sizeof name, name, NULL) == CL_SUCCESS && has_text(name, text))
        return true;
    return driver->clGetDeviceInfo(device, CL_DEVICE_PLATFORM, sizeof platform, &platform, NULL) == CL_SUCCESS &&
           is_platform(driver, platform, text);
}

static bool is_context(const cl_icd_dispatch *driver, cl_context context, const char *text)
{
    cl_device_id devices[16];
    size_t bytes = 0;
    if (!context ||
        driver->clGetContextInfo(context, CL_CONTEXT_DEVICES, sizeof devices, devices, &bytes) != CL_SUCCESS)
        return false;
    for (size_t i = 0; i < bytes / sizeof *devices; i++)
        if (is_device(driver, devices[i], text))
            return true;
    return false;
}

bool is_on(const cl_icd_dispatch *driver, subject on, const char *text)
{
    cl_device_id device = NULL;
    cl_context context = NULL;
    if (!on.handle)
        return false;
    switch (on.kind) {
    case ON_NOTHING:
        return false;
    case ON_PLATFORM:
        return is_platform(driver, on.handle, text);
    case ON_DEVICE:
        return is_device(driver, on.handle, text);
    case ON_CONTEXT:
        return is_context(driver, on.handle, text);
    case ON_QUEUE:
        driver->clGetCommandQueueInfo(on.handle, CL_QUEUE_DEVICE, sizeof device, &device, NULL);
        return is_device(driver, device, text);
    case ON_MEMORY:
        driver->clGetMemObjectInfo(on.handle, CL_MEM_CONTEXT, sizeof context, &context, NULL);
        return is_context(driver, context, text);
    case ON_PROGRAM:
        driver->clGetProgramInfo(on.handle, CL_PROGRAM_CONTEXT, sizeof context, &context, NULL);
        return is_context(driver, context, text);
    case ON_KERNEL:
        driver->clGetKernelInfo(on.handle, CL_KERNEL_CONTEXT, sizeof context, &context, NULL);
        return is_context(driver, context, text);
    case ON_EVENT:
        driver->clGetEventInfo(on.handle, CL_EVENT_CONTEXT, sizeof context, &context, NULL);
        return is_context(driver, context, text);
    }
    return false;
}
