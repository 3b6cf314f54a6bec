#define _POSIX_C_SOURCE 200809L /* strtok_r */
#include "device/facts.h"

#include "base/size.h"
#include "device/words.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first reason stands: those behind it often follow from it. */
__attribute__((format(printf, 2, 3))) static void note_problem(cln_device_info *info, const char *format, ...)
{
    if (*info->problem)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(info->problem, sizeof info->problem, format, arguments);
    va_end(arguments);
}

static void note_silence(cln_device_info *info, const char *fact, cl_int code)
{
    const char *words = cln_opencl_words(code);
    note_problem(info, "its driver answers %s with %.*s", fact, (int)strcspn(words, " "), words);
}

/* Copies text with one blank in place of each run of blanks or control characters and none at the ends, and cuts it
   between characters (UTF-8), not within one. */
static void tidy(char *to, size_t size, const char *from)
{
    size_t length = 0;
    bool blank = false;
    for (; *from; from++) {
        unsigned char c = (unsigned char)*from;
        if (isspace(c) || iscntrl(c)) {
            blank = length > 0;
            continue;
        }
        if (length + blank + 1 >= size)
            break;
        if (blank)
            to[length++] = ' ';
        blank = false;
        to[length++] = (char)c;
    }
    if (((unsigned char)*from & 0xC0) == 0x80) {
        while (length > 0 && ((unsigned char)to[length - 1] & 0xC0) == 0x80)
            length--;
        length -= length > 0;
    }
    to[length] = '\0';
}

typedef struct source {
    cl_platform_id platform;
    cl_device_id id; /* NULL asks the platform */
} source;

static cl_int ask(source of, cl_uint fact, size_t size, void *value, size_t *needed)
{
    return of.id ? clGetDeviceInfo(of.id, fact, size, value, needed)
                 : clGetPlatformInfo(of.platform, fact, size, value, needed);
}

/* Any length of text; "" and a problem where the driver does not answer. To be released with free(). */
static cln_status read_text(source of, cl_uint fact, const char *fact_name, char **text, cln_device_info *info,
                            cln_error *error)
{
    size_t size = 0;
    cl_int code = ask(of, fact, 0, NULL, &size);
    cln_status status = cln_allocate((void **)text, (uint64_t)size + 1, 1, "a device's name", error);
    if (status != CLN_OK)
        return status;
    if (code == CL_SUCCESS && size > 0)
        code = ask(of, fact, size, *text, NULL);
    if (code != CL_SUCCESS) {
        **text = '\0';
        note_silence(info, fact_name, code);
    }
    return CLN_OK;
}

static cln_status read_name(source of, cl_uint fact, const char *fact_name, char (*name)[128], cln_device_info *info,
                            cln_error *error)
{
    char *text = NULL;
    cln_status status = read_text(of, fact, fact_name, &text, info, error);
    if (status == CLN_OK)
        tidy(*name, sizeof *name, *text ? text : "unnamed");
    free(text);
    return status;
}

static cln_status read_names(cl_platform_id platform, cl_device_id id, cln_device_info *info, cln_error *error)
{
    source ours = {platform, id}, its_platform = {platform, NULL};
    cln_status status = CLN_OK;
    TRY(read_name(its_platform, CL_PLATFORM_NAME, "CL_PLATFORM_NAME", &info->platform, info, error));
    TRY(read_name(ours, CL_DEVICE_NAME, "CL_DEVICE_NAME", &info->name, info, error));
    TRY(read_name(ours, CL_DEVICE_VENDOR, "CL_DEVICE_VENDOR", &info->vendor, info, error));
    TRY(read_name(ours, CL_DRIVER_VERSION, "CL_DRIVER_VERSION", &info->driver, info, error));
    TRY(read_name(ours, CL_DEVICE_VERSION, "CL_DEVICE_VERSION", &info->version, info, error));
out:
    return status;
}

/* Asked before all other facts, because an older device does not know all of them. */
static void check_version(cln_device_info *info)
{
    unsigned major = 0, minor = 0;
    if (sscanf(info->version, "OpenCL %u.%u", &major, &minor) != 2)
        note_problem(info, "it does not say which OpenCL it has");
    else if (major < 1 || (major == 1 && minor < 2))
        note_problem(info, "it has OpenCL %u.%u, and clinear needs 1.2 or later", major, minor);
}

static cln_status read_extensions(source ours, cln_device_info *info, cln_error *error)
{
    char *text = NULL, *rest;
    cln_status status = read_text(ours, CL_DEVICE_EXTENSIONS, "CL_DEVICE_EXTENSIONS", &text, info, error);
    if (status != CLN_OK)
        return status;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        info->fp16 |= strcmp(word, "cl_khr_fp16") == 0;
        info->fp64 |= strcmp(word, "cl_khr_fp64") == 0;
    }
    free(text);
    return CLN_OK;
}

static const char *type_word(cl_device_type type)
{
    return type & CL_DEVICE_TYPE_GPU           ? "gpu"
           : type & CL_DEVICE_TYPE_ACCELERATOR ? "accelerator"
           : type & CL_DEVICE_TYPE_CPU         ? "cpu"
                                               : "other";
}

static void read_number(source ours, cl_uint fact, const char *fact_name, size_t size, void *value,
                        cln_device_info *info)
{
    cl_int code = ask(ours, fact, size, value, NULL);
    if (code != CL_SUCCESS) {
        memset(value, 0, size);
        note_silence(info, fact_name, code);
    }
}
#define READ(fact, variable) read_number(ours, fact, #fact, sizeof(variable), &(variable), info)

static void read_numbers(source ours, cln_facts *facts)
{
    cln_device_info *info = &facts->info;
    cl_device_type type;
    cl_uint units, clock, width, vendor_id;
    cl_ulong global, largest, local;
    cl_bool unified, available, compiler, little_endian;
    READ(CL_DEVICE_TYPE, type);
    READ(CL_DEVICE_VENDOR_ID, vendor_id);
    READ(CL_DEVICE_MAX_COMPUTE_UNITS, units);
    READ(CL_DEVICE_MAX_CLOCK_FREQUENCY, clock);
    READ(CL_DEVICE_GLOBAL_MEM_SIZE, global);
    READ(CL_DEVICE_MAX_MEM_ALLOC_SIZE, largest);
    READ(CL_DEVICE_LOCAL_MEM_SIZE, local);
    READ(CL_DEVICE_MAX_WORK_GROUP_SIZE, facts->max_group_size);
    READ(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, width);
    READ(CL_DEVICE_HOST_UNIFIED_MEMORY, unified);
    READ(CL_DEVICE_AVAILABLE, available);
    READ(CL_DEVICE_COMPILER_AVAILABLE, compiler);
    READ(CL_DEVICE_ENDIAN_LITTLE, little_endian);

    snprintf(info->type, sizeof info->type, "%s", type_word(type));
    info->compute_units = units;
    info->clock_mhz = clock;
    info->global_bytes = global;
    info->max_alloc_bytes = largest;
    info->local_bytes = local;
    facts->vendor_id = vendor_id;
    facts->info.unified_memory = unified;
    facts->native_float_width = width ? width : 1;
    if (!available)
        note_problem(info, "its driver says that it is not available now");
    if (!compiler)
        note_problem(info, "its driver comes without an OpenCL C compiler");
    if (!little_endian)
        note_problem(info, "it is big-endian, and clinear reads little-endian data");
}

static bool contains(const char *text, const char *word)
{
    for (; *text; text++) {
        size_t i = 0;
        while (word[i] && tolower((unsigned char)text[i]) == word[i])
            i++;
        if (!word[i])
            return true;
    }
    return false;
}

/* What is known of drivers by their names. */
static void read_quirks(cln_facts *facts)
{
    static const char *const simulators[] = {"oclgrind", "llvmpipe", "softpipe", "swiftshader"};
    cln_device_info *info = &facts->info;
    for (size_t i = 0; i < CLN_COUNT(simulators); i++)
        info->simulator |= contains(info->name, simulators[i]) || contains(info->platform, simulators[i]);
    facts->is_cpu = strcmp(info->type, "cpu") == 0;
    bool pocl = contains(info->platform, "portable computing language");
    facts->groups_advance =
        facts->is_cpu && !info->simulator; /* each on a thread, to its end; Oclgrind sees a race in it */
    facts->prefetches = facts->is_cpu && pocl;
    facts->binaries_compile = pocl;
}

cln_status cln_facts_read(cl_platform_id platform, cl_device_id id, cln_facts *facts, cln_error *error)
{
    source ours = {platform, id};
    cln_status status = CLN_OK;
    memset(facts, 0, sizeof *facts);
    facts->info.same_as = -1;
    TRY(read_names(platform, id, &facts->info, error));
    check_version(&facts->info);
    read_numbers(ours, facts);
    TRY(read_extensions(ours, &facts->info, error));
    read_quirks(facts);
out:
    return status;
}
