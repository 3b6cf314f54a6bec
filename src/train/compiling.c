#include "train/compiling.h"

#include "base/os.h"

#include <stdio.h>

static void tell(const cln_compiling *compiling, double seconds)
{
    const cln_device *device = compiling->device;
    if (device->on_compile)
        device->on_compile(compiling->what, seconds, device->on_compile_user);
}

cln_compiling cln_compiling_begin(const cln_device *device, uint32_t features, uint32_t outputs)
{
    cln_compiling compiling = {.device = device, .began = cln_os_seconds()};
    snprintf(compiling.what, sizeof compiling.what, "the kernels for %u feature%s and %u output%s", features,
             features == 1 ? "" : "s", outputs, outputs == 1 ? "" : "s");
    tell(&compiling, -1);
    return compiling;
}

void cln_compiling_pause(cln_compiling *compiling)
{
    compiling->seconds += cln_os_seconds() - compiling->began;
}

void cln_compiling_resume(cln_compiling *compiling)
{
    compiling->began = cln_os_seconds();
}

double cln_compiling_end(cln_compiling *compiling)
{
    if (!compiling->device)
        return 0;
    cln_compiling_pause(compiling);
    tell(compiling, compiling->seconds);
    compiling->device = NULL;
    return compiling->seconds;
}
