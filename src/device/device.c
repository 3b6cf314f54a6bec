#include "device/device.h"

#include "base/entry.h"
#include "base/size.h"
#include "device/list.h"
#include "device/profile.h"
#include "device/words.h"

#include <stdlib.h>

/* The listed device that the selector takes. */
static cln_status choose(const char *selector, cln_listed *chosen, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_listed *listed = NULL;
    cln_device_info *infos = NULL;
    size_t count, index;
    TRY(cln_list_devices(&listed, &count, error));
    TRY(cln_allocate((void **)&infos, count, sizeof *infos, "the list of devices", error));
    for (size_t i = 0; i < count; i++)
        infos[i] = listed[i].facts.info;
    TRY(cln_device_choose(selector, infos, count, &index, error));
    *chosen = listed[index];
out:
    free(infos);
    free(listed);
    return status;
}

cln_status cln_device_open(const char *selector, cln_device **device, cln_error *error)
{
    MAKES(device);
    ENTER_OPENCL(error, device);
    cln_status status = CLN_OK;
    cln_device *made = NULL;
    cln_listed chosen;
    cl_int code;
    TRY(choose(selector, &chosen, error));
    TRY(cln_allocate((void **)&made, 1, sizeof *made, "a device", error));
    made->facts = chosen.facts;
    made->platform = chosen.platform;
    made->id = chosen.id;

    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)made->platform, 0};
    made->context = clCreateContext(properties, 1, &made->id, NULL, NULL, &code);
    TRY(cln_check_cl(error, code, "open a context on %s", made->facts.info.name));
    made->queue = clCreateCommandQueue(made->context, made->id, 0, &code);
    TRY(cln_check_cl(error, code, "open a queue on %s", made->facts.info.name));
    *device = made;
    made = NULL;
out:
    cln_device_close(made);
    return status;
}

const cln_device_info *cln_device_describe(const cln_device *device)
{
    if (!device)
        return NULL;
    return &device->facts.info;
}

const char *cln_device_build_log(const cln_device *device)
{
    if (!device)
        return "";
    return device->build_log ? device->build_log : "";
}

void cln_device_on_compile(cln_device *device, cln_compile_fn *told, void *user)
{
    if (!device)
        return;
    device->on_compile = told;
    device->on_compile_user = user;
}

void cln_device_close(cln_device *device)
{
    if (!device || cln_opencl_is_lost())
        return;
    if (device->queue) /* work that a failure left: drivers compile in threads, which must not outlive main() */
        clFinish(device->queue);
    if (device->before_close)
        device->before_close();
    if (device->tuning)
        device->tuning_free(device->tuning);
    cln_profile_release(device);
    if (device->queue)
        clReleaseCommandQueue(device->queue);
    if (device->context)
        clReleaseContext(device->context);
    free(device->build_log);
    free(device);
}
