#include "base/entry.h"
#include "base/os.h"
#include "base/size.h"
#include "device/list.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct report {
    cln_line_fn *line;
    void *user;
    const char *folder; /* being walked through */
    unsigned seen;      /* entries of it that matter */
    bool nvidia_device; /* there is an NVIDIA GPU … */
    bool nvidia_driver; /* … and an ICD file that names its library */
} report;

__attribute__((format(printf, 2, 3))) static void say(const report *to, const char *format, ...)
{
    char text[6144];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    to->line(text, to->user);
}

/* ---- what OpenCL itself says */

static cln_status explain_platforms(const report *to, cln_error *error)
{
    cln_status status = CLN_OK;
    cl_platform_id *platforms = NULL;
    cln_listed *list = NULL;
    cl_uint platform_count = 0;
    size_t count = 0;
    TRY(cln_list_platforms(&platforms, &platform_count, error));
    TRY(cln_list_devices(&list, &count, error));
    if (platform_count == 0)
        say(to, "OpenCL has no platform: no driver is installed, or none of them loads.");
    for (cl_uint p = 0; p < platform_count; p++) {
        char name[128] = "unnamed";
        size_t devices = 0;
        clGetPlatformInfo(platforms[p], CL_PLATFORM_NAME, sizeof name, name, NULL);
        for (size_t i = 0; i < count; i++)
            devices += list[i].platform == platforms[p];
        say(to, "Platform %s has %zu device%s.", name, devices, devices == 1 ? "" : "s");
        if (devices == 0 && strcmp(name, "Portable Computing Language") == 0)
            say(to, "PoCL has no device where it cannot write its cache: set POCL_CACHE_DIR to a folder that this user "
                    "may write.");
    }
    for (size_t i = 0; i < count; i++)
        if (*list[i].facts.info.problem)
            say(to, "Device %zu (%s) cannot be used: %s.", i, list[i].facts.info.name, list[i].facts.info.problem);
out:
    free(list);
    free(platforms);
    return status;
}

/* ---- the drivers that its loader looks for */

static bool works(const char *library, char *why, size_t size)
{
    /* The entry point that the loader asks every driver for. */
    return cln_os_library_works(library, "clGetExtensionFunctionAddress", why, size);
}

/* The first line, to the letter as the loader takes it; false where there is none that could be a file's name. */
static bool read_library(const char *path, char *library, size_t size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t length = fread(library, 1, size - 1, file);
    fclose(file);
    library[length] = '\0';
    size_t end = strcspn(library, "\n");
    if (end == size - 1 || (end < length && library[end] == '\0'))
        return false;
    library[end] = '\0';
    return end > 0;
}

static void explain_driver_file(report *to, const char *path)
{
    char library[4096], why[1024];
    if (!cln_os_is_file(path)) {
        say(to, "%s is no readable file.", path);
        return;
    }
    if (!read_library(path, library, sizeof library)) {
        say(to, "%s names no library: its first line must be a driver's file name, and it must be readable.", path);
        return;
    }
    to->nvidia_driver |= strstr(library, "nvidia") != NULL;
    size_t length = strlen(library);
    bool loads = works(library, why, sizeof why);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)library[i] < ' ' || library[i] == 127)
            library[i] = '?';
    if (loads)
        say(to, "%s names %s, which loads.", path, library);
    else if (strchr(" ?", library[0]) || strchr(" ?", library[length - 1]))
        say(to, "%s names '%s', which cannot be loaded as a driver: remove what stands around the name.", path,
            library);
    else
        say(to, "%s names %s, which cannot be loaded as a driver: %s.", path, library, why);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length > tail && strcmp(text + length - tail, end) == 0;
}

static void explain_folder_entry(const char *name, void *user)
{
    report *to = user;
    char path[4096];
    if (!ends_with(name, ".icd"))
        return;
    to->seen++;
    if (snprintf(path, sizeof path, "%s/%s", to->folder, name) < (int)sizeof path)
        explain_driver_file(to, path);
}

static void explain_driver_folder(report *to, const char *folder)
{
    cln_error error = {0};
    to->folder = folder;
    to->seen = 0;
    if (cln_os_folder(folder, explain_folder_entry, to, &error) != CLN_OK)
        say(to, "No driver is registered: %s.", error.message);
    else if (to->seen == 0)
        say(to, "No driver is registered: folder %s has no file *.icd.", folder);
}

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* Looks where the loader (ocl-icd) looks: OCL_ICD_VENDORS is a folder, else an .icd file, else a driver itself. */
static void explain_drivers(report *to)
{
    const char *vendors = setting("OCL_ICD_VENDORS"), *folder = setting("OPENCL_VENDOR_PATH");
    char path[4096], why[1024];
    if (vendors)
        say(to, "OCL_ICD_VENDORS=%s takes the place of the system's drivers.", vendors);
    else if (folder)
        say(to, "OPENCL_VENDOR_PATH=%s takes the place of the system's drivers.", folder);
    folder = folder ? folder : "/etc/OpenCL/vendors";

    if (!vendors || cln_os_is_folder(vendors)) {
        explain_driver_folder(to, vendors ? vendors : folder);
    } else if (ends_with(vendors, ".icd")) {
        snprintf(path, sizeof path, "%s/%s", folder, vendors);
        explain_driver_file(to, !strchr(vendors, '/') && cln_os_is_file(path) ? path : vendors);
    } else if (works(vendors, why, sizeof why)) {
        to->nvidia_driver |= strstr(vendors, "nvidia") != NULL;
        say(to, "The driver %s loads.", vendors);
    } else {
        say(to, "The driver %s cannot be loaded: %s.", vendors, why);
    }
}

/* ---- the kernel's device files */

static void explain_device_file(report *to, const char *name)
{
    char path[4096], group[64];
    snprintf(path, sizeof path, "%s/%s", to->folder, name);
    cln_os_group_of(path, group, sizeof group);
    to->seen++;
    if (cln_os_may_use(path))
        say(to, "%s is there, and this user may use it.", path);
    else if (!*group || strcmp(group, "root") == 0)
        say(to, "%s is there, but this user may not use it: it has to be given to group render or video.", path);
    else
        say(to,
            "%s is there, but this user may not use it: join its group with `sudo usermod -aG %s $USER` and log in "
            "again.",
            path, group);
}

static void explain_render_node(const char *name, void *user)
{
    if (strncmp(name, "render", 6) == 0)
        explain_device_file(user, name);
}

static void explain_other_node(const char *name, void *user)
{
    report *to = user;
    bool nvidia = strncmp(name, "nvidia", 6) == 0 && strchr("0123456789", name[6]) && name[6];
    to->nvidia_device |= nvidia;
    if (nvidia || strcmp(name, "kfd") == 0 || strcmp(name, "nvidiactl") == 0 || strcmp(name, "nvidia-uvm") == 0)
        explain_device_file(to, name);
}

static void explain_device_files(report *to)
{
    char why[1024];
    to->seen = 0;
    to->folder = "/dev/dri";
    cln_os_folder(to->folder, explain_render_node, to, NULL);
    to->folder = "/dev";
    cln_os_folder(to->folder, explain_other_node, to, NULL);
    if (to->seen == 0)
        say(to,
            "There is no GPU's device file (/dev/dri/render*, /dev/kfd, /dev/nvidia*): this machine has no GPU, its "
            "kernel driver is missing, or this container was not given it.");
    if (to->nvidia_device && !to->nvidia_driver && works("libnvidia-opencl.so.1", why, sizeof why))
        say(to, "NVIDIA's driver libnvidia-opencl.so.1 is there but not registered: write this name into a file "
                "nvidia.icd in /etc/OpenCL/vendors, or in a folder that OCL_ICD_VENDORS names.");
}

cln_status cln_device_explain(cln_line_fn *line, void *user, cln_error *error)
{
    ENTER_OPENCL(error, line);
    static const struct {
        const char *hardware, *packages;
    } drivers[] = {{"any CPU", "pocl-opencl-icd"},
                   {"Intel GPUs", "intel-opencl-icd"},
                   {"NVIDIA GPUs", "nvidia-opencl-icd"},
                   {"AMD GPUs", "mesa-opencl-icd or rocm-opencl-icd"}};
    report to = {.line = line, .user = user};
    cln_status status = explain_platforms(&to, error);
    if (status != CLN_OK)
        return status;
    explain_drivers(&to);
    explain_device_files(&to);
    for (size_t i = 0; i < CLN_COUNT(drivers); i++)
        say(&to, "Debian's package for %s: %s.", drivers[i].hardware, drivers[i].packages);
    return CLN_OK;
}
