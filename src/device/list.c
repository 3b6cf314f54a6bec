#include "device/list.h"

#include "base/entry.h"
#include "base/os.h"
#include "base/size.h"
#include "device/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The loader loads the drivers, and a driver looks for its devices, when they are first asked: neither ocl-icd nor PoCL stands two
   threads there at once. */
static cln_status list_platforms(cl_platform_id **platforms, cl_uint *count, cln_error *error)
{
    const cl_int none = -1001; /* CL_PLATFORM_NOT_FOUND_KHR: the loader found no driver that works */
    *platforms = NULL;
    *count = 0;
    cln_use_opencl();
    cl_int code = clGetPlatformIDs(0, NULL, count);
    if (code == none || (code == CL_SUCCESS && *count == 0)) {
        *count = 0;
        return CLN_OK;
    }
    cln_status status = CLN_OK;
    TRY(cln_check_cl(error, code, "list the OpenCL platforms"));
    TRY(cln_allocate((void **)platforms, *count, sizeof **platforms, "the list of platforms", error));
    TRY(cln_check_cl(error, clGetPlatformIDs(*count, *platforms, NULL), "list the OpenCL platforms"));
out:
    if (status != CLN_OK) {
        free(*platforms);
        *platforms = NULL;
        *count = 0;
    }
    return status;
}

cln_status cln_list_platforms(cl_platform_id **platforms, cl_uint *count, cln_error *error)
{
    cln_os_lock();
    cln_status status = list_platforms(platforms, count, error);
    cln_os_unlock();
    return status;
}

/* Appends a platform's devices. One that has none (Mesa's Clover without a GPU) or does not answer adds none. */
static cln_status append_devices(cl_platform_id platform, cln_listed **list, size_t *count, cln_error *error)
{
    cl_uint more = 0;
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &more) != CL_SUCCESS || more == 0)
        return CLN_OK;
    cln_status status = CLN_OK;
    cl_device_id *ids = NULL;
    TRY(cln_allocate((void **)&ids, more, sizeof *ids, "a platform's devices", error));
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, more, ids, NULL) != CL_SUCCESS)
        goto out;
    cln_listed *longer = realloc(*list, (*count + more) * sizeof **list);
    if (!longer)
        TRY(cln_fail_memory(error, "the list of devices", (*count + more) * sizeof **list));
    *list = longer;
    for (cl_uint i = 0; i < more; i++) {
        cln_listed *entry = &longer[*count];
        *entry = (cln_listed){.platform = platform, .id = ids[i]};
        TRY(cln_facts_read(platform, ids[i], &entry->facts, error));
        entry->facts.info.index = (int)(*count)++;
    }
out:
    free(ids);
    return status;
}

cln_status cln_list_devices(cln_listed **list, size_t *count, cln_error *error)
{
    cln_status status = CLN_OK;
    cl_platform_id *platforms = NULL;
    cl_uint platform_count = 0;
    cln_listed *made = NULL;
    size_t made_count = 0;
    *list = NULL;
    *count = 0;
    cln_os_lock();
    TRY(list_platforms(&platforms, &platform_count, error));
    for (cl_uint i = 0; i < platform_count; i++)
        TRY(append_devices(platforms[i], &made, &made_count, error));
    cln_list_mark_same(made, made_count);
    *list = made;
    *count = made_count;
    made = NULL;
out:
    cln_os_unlock();
    free(made);
    free(platforms);
    return status;
}

/* A name without what differs between the drivers of one device: PoCL's prefix ("pthread-skylake-avx512-"), Mesa's
   ("Mesa "), whatever stands in brackets ("(R)", "(KBL GT2)"), case, blanks and signs. */
static void normalise(char to[128], const char *name)
{
    size_t length = 0, depth = 0;
    if (strncmp(name, "pthread-", 8) == 0 || strncmp(name, "basic-", 6) == 0 || strncmp(name, "cpu-", 4) == 0) {
        size_t words = strcspn(name, " (");
        while (words > 0 && name[words - 1] != '-')
            words--;
        name += words;
    }
    if (strncmp(name, "Mesa ", 5) == 0)
        name += 5;
    for (; *name; name++) {
        depth += *name == '(';
        if (depth == 0 && isalnum((unsigned char)*name))
            to[length++] = (char)tolower((unsigned char)*name);
        depth -= *name == ')' && depth > 0;
    }
    to[length] = '\0';
}

static bool same_device(const cln_listed *a, const cln_listed *b)
{
    char name_a[128], name_b[128];
    if (a->platform == b->platform || a->facts.vendor_id != b->facts.vendor_id ||
        strcmp(a->facts.info.type, b->facts.info.type) != 0 || a->facts.info.simulator || b->facts.info.simulator)
        return false;
    normalise(name_a, a->facts.info.name);
    normalise(name_b, b->facts.info.name);
    return *name_a && strcmp(name_a, name_b) == 0;
}

/* Whether an earlier device of entry's platform is already said to be `original`. */
static bool taken(const cln_listed *list, size_t entry, size_t original)
{
    for (size_t i = 0; i < entry; i++)
        if (list[i].platform == list[entry].platform && list[i].facts.info.same_as == (int)original)
            return true;
    return false;
}

void cln_list_mark_same(cln_listed *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        list[i].facts.info.same_as = -1;
        for (size_t j = 0; j < i && list[i].facts.info.same_as < 0; j++)
            if (list[j].facts.info.same_as < 0 && same_device(&list[j], &list[i]) && !taken(list, i, j))
                list[i].facts.info.same_as = (int)j;
    }
}

cln_status cln_device_list(cln_device_info **list, size_t *count, cln_error *error)
{
    MAKES(list);
    if (count)
        *count = 0;
    ENTER_OPENCL(error, list && count);
    cln_status status = CLN_OK;
    cln_listed *devices = NULL;
    size_t found = 0;
    TRY(cln_list_devices(&devices, &found, error));
    TRY(cln_allocate((void **)list, found, sizeof **list, "the list of devices", error));
    for (size_t i = 0; i < found; i++)
        (*list)[i] = devices[i].facts.info;
    *count = found;
out:
    free(devices);
    return status;
}

void cln_device_list_free(cln_device_info *list)
{
    free(list);
}
