#include "device/buffer.h"

#include "device/profile.h"
#include "device/words.h"

static const char *name_of(const cln_device *device)
{
    return device->facts.info.name;
}

/* The code of a call that was to give something. A driver that gives nothing and says that all is well has no memory for it: a kernel
   takes NULL for a buffer, and nobody would be told that rows went nowhere. */
static cl_int code_of(const void *given, cl_int code)
{
    return code == CL_SUCCESS && !given ? CL_MEM_OBJECT_ALLOCATION_FAILURE : code;
}

static cl_int size_of(cl_mem buffer, size_t *bytes)
{
    *bytes = 0;
    return clGetMemObjectInfo(buffer, CL_MEM_SIZE, sizeof *bytes, bytes, NULL);
}

/* The event of a command over `bytes`, where one is wanted. */
static cl_event *event_of(cln_device *device, cln_profile_kind kind, const char *name, uint64_t bytes)
{
    cln_profile_expect(device, (cln_work){0, (double)bytes});
    return cln_profile_command(device, kind, "%s", name);
}

static cln_status fill_with_zeros(cln_device *device, cl_mem buffer, size_t bytes, cln_error *error)
{
    const cl_uchar zero = 0;
    return cln_check_cl(error,
                        clEnqueueFillBuffer(device->queue, buffer, &zero, sizeof zero, 0, bytes, 0, NULL,
                                            event_of(device, CLN_PROFILE_KERNEL, "fill", bytes)),
                        "fill %zu bytes on %s with zeros", bytes, name_of(device));
}

static void count(cln_device *device, const char *what, uint64_t bytes)
{
    device->bytes += bytes;
    if (device->bytes > device->peak_bytes)
        device->peak_bytes = device->bytes;
    if (bytes > device->largest_bytes) {
        device->largest_bytes = bytes;
        device->largest = what;
    }
}

cln_device cln_device_dry(const cln_device *device)
{
    return (cln_device){.facts = device->facts, .tuning = device->tuning, .dry = true};
}

cln_status cln_buffer_create_raw(cln_device *device, const char *what, uint64_t bytes, cl_mem *buffer, cln_error *error)
{
    *buffer = NULL;
    if (bytes == 0)
        bytes = 1; /* OpenCL has no empty buffer, and a kernel wants a valid argument even where it reads nothing */
    if (device->dry) {
        count(device, what, bytes);
        return CLN_OK;
    }
    uint64_t most = device->facts.info.max_alloc_bytes;
    if (bytes > most || bytes > SIZE_MAX)
        return cln_fail(error, CLN_DEVICE,
                        "cannot allocate %llu bytes for %s: %s gives at most %llu bytes in one piece; "
                        "use a smaller batch, less data or another device",
                        (unsigned long long)bytes, what, name_of(device), (unsigned long long)most);
    cl_int code;
    cl_mem made = clCreateBuffer(device->context, CL_MEM_READ_WRITE, (size_t)bytes, NULL, &code);
    cln_status status =
        cln_check_cl(error, code_of(made, code), "allocate %llu bytes for %s on %s, where %llu are in use",
                     (unsigned long long)bytes, what, name_of(device), (unsigned long long)device->bytes);
    if (status != CLN_OK)
        return status;
    count(device, what, bytes);
    *buffer = made;
    return CLN_OK;
}

cln_status cln_buffer_create(cln_device *device, const char *what, uint64_t bytes, cl_mem *buffer, cln_error *error)
{
    cln_status status = cln_buffer_create_raw(device, what, bytes, buffer, error);
    if (status == CLN_OK && !device->dry)
        status = fill_with_zeros(device, *buffer, bytes ? (size_t)bytes : 1, error);
    if (status != CLN_OK)
        cln_buffer_release(device, buffer);
    return status;
}

void cln_buffer_release(cln_device *device, cl_mem *buffer)
{
    if (!*buffer)
        return;
    size_t bytes;
    size_of(*buffer, &bytes);
    device->bytes -= bytes;
    clReleaseMemObject(*buffer);
    *buffer = NULL;
}

cln_status cln_buffer_zero(cln_device *device, cl_mem buffer, cln_error *error)
{
    size_t bytes;
    cl_int code = size_of(buffer, &bytes);
    if (code != CL_SUCCESS)
        return cln_check_cl(error, code, "ask %s for the size of a buffer", name_of(device));
    return fill_with_zeros(device, buffer, bytes, error);
}

cln_status cln_buffer_read(cln_device *device, cl_mem buffer, uint64_t offset, uint64_t bytes, void *to,
                           cln_error *error)
{
    if (bytes == 0)
        return CLN_OK;
    return cln_check_cl(error,
                        clEnqueueReadBuffer(device->queue, buffer, CL_TRUE, (size_t)offset, (size_t)bytes, to, 0, NULL,
                                            event_of(device, CLN_PROFILE_DOWNLOAD, "read", bytes)),
                        "read %llu bytes at offset %llu from %s", (unsigned long long)bytes, (unsigned long long)offset,
                        name_of(device));
}

cln_status cln_buffer_write(cln_device *device, cl_mem buffer, uint64_t offset, uint64_t bytes, const void *from,
                            cln_error *error)
{
    if (bytes == 0)
        return CLN_OK;
    return cln_check_cl(error,
                        clEnqueueWriteBuffer(device->queue, buffer, CL_TRUE, (size_t)offset, (size_t)bytes, from, 0,
                                             NULL, event_of(device, CLN_PROFILE_UPLOAD, "write", bytes)),
                        "write %llu bytes at offset %llu to %s", (unsigned long long)bytes, (unsigned long long)offset,
                        name_of(device));
}

cln_status cln_buffer_copy(cln_device *device, cl_mem from, cl_mem to, uint64_t offset, uint64_t bytes,
                           cln_error *error)
{
    if (bytes == 0)
        return CLN_OK;
    return cln_check_cl(error,
                        clEnqueueCopyBuffer(device->queue, from, to, (size_t)offset, (size_t)offset, (size_t)bytes, 0,
                                            NULL, event_of(device, CLN_PROFILE_KERNEL, "copy", 2 * bytes)),
                        "copy %llu bytes on %s", (unsigned long long)bytes, name_of(device));
}

cln_status cln_buffer_part(cln_device *device, cl_mem buffer, uint64_t offset, uint64_t bytes, cl_mem *part,
                           cln_error *error)
{
    cl_mem whole = NULL;
    size_t start = 0;
    cl_int code = clGetMemObjectInfo(buffer, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof whole, &whole, NULL);
    if (code == CL_SUCCESS && whole) /* OpenCL has no parts of parts */
        code = clGetMemObjectInfo(buffer, CL_MEM_OFFSET, sizeof start, &start, NULL);
    cl_buffer_region region = {start + (size_t)offset, (size_t)bytes};
    *part = NULL;
    if (code == CL_SUCCESS)
        *part = clCreateSubBuffer(whole ? whole : buffer, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &code);
    code = code_of(*part, code);
    return cln_check_cl(error, code, "take %llu bytes at offset %llu of a buffer on %s", (unsigned long long)bytes,
                        (unsigned long long)offset, name_of(device));
}

void cln_buffer_part_release(cl_mem *part)
{
    if (*part)
        clReleaseMemObject(*part);
    *part = NULL;
}

cln_status cln_buffer_map(cln_device *device, cl_mem buffer, uint64_t offset, uint64_t bytes, void **window,
                          cln_error *error)
{
    *window = NULL;
    if (bytes == 0)
        return CLN_OK;
    cl_int code;
    *window = clEnqueueMapBuffer(device->queue, buffer, CL_TRUE, CL_MAP_WRITE_INVALIDATE_REGION, (size_t)offset,
                                 (size_t)bytes, 0, NULL, NULL, &code);
    return cln_check_cl(error, code_of(*window, code), "map %llu bytes at offset %llu of %s", (unsigned long long)bytes,
                        (unsigned long long)offset, name_of(device));
}

cln_status cln_buffer_unmap(cln_device *device, cl_mem buffer, void *window, cln_error *error)
{
    if (!window)
        return CLN_OK;
    return cln_check_cl(error, clEnqueueUnmapMemObject(device->queue, buffer, window, 0, NULL, NULL),
                        "unmap memory of %s", name_of(device));
}
