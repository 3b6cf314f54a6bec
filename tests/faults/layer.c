/*
 * A layer between a program and its OpenCL drivers that makes them misbehave, for tests:
 *
 *   OPENCL_LAYERS=build/tests/libfaults.so CLINEAR_FAULTS='die clFinish 3' clinear train …
 *
 * CLINEAR_FAULTS holds rules (rules.h); one that cannot be read ends the process with status 125, lest a test passes without its
 * fault. CLINEAR_FAULTS_IN keeps those of calls to processes with this work (work.h). CLINEAR_FAULTS_COUNTS names a file, to which a
 * process adds what it has done when it ends in order: "process WORK", "call NAME COUNT" for each entry point, "live KIND COUNT" for
 * references that were not given back, "rule N COUNT" for what a rule has done.
 *
 * Programs kept on disk hide what `wrong` does to a source, for their key is the source as the caller gave it: a test of it sets
 * XDG_CACHE_HOME and POCL_CACHE_DIR to folders of its own.
 */
#define _POSIX_C_SOURCE 200809L /* strdup, nanosleep */
#include "calls.h"
#include "rules.h"
#include "subject.h"
#include "work.h"

#include <CL/cl_layer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static cl_icd_dispatch driver; /* what lies below */
static cl_icd_dispatch inner;  /* the same, but for calls that a rule changes */
static rule *rules;
static char *rules_text; /* which they point into */
static size_t rule_count;
static char work_here[WORK_BYTES];
static bool is_here; /* whether calls fail in this process */
static atomic_ulong called[CALL_COUNT];
static atomic_long live[KIND_COUNT];

static bool is_for(const rule *r, subject on)
{
    return !r->device || is_on(&driver, on, r->device);
}

/* ---- what the rules do */

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* Whether a device that is gone does not take this call. */
static bool needs_device(const char *name)
{
    size_t length = strlen(name);
    return !begins(name, "clRetain") && !begins(name, "clRelease") && strcmp(name + length - 4, "Info") != 0;
}

static void sleep_for(unsigned long microseconds)
{
    struct timespec left = {(time_t)(microseconds / 1000000), (long)(microseconds % 1000000 * 1000)};
    nanosleep(&left, NULL);
}

/* What a vanished device answers. It computes no more, so what the driver has under way ends. */
static cl_int gone(subject on)
{
    if (on.kind == ON_QUEUE)
        driver.clFinish((cl_command_queue)on.handle);
    return CL_DEVICE_NOT_AVAILABLE;
}

/* Before a call: whether it fails, and with what. */
static bool meet(call_number number, subject on, cl_int *status)
{
    atomic_fetch_add(&called[number], 1);
    for (size_t i = 0; i < rule_count && is_here; i++) {
        rule *r = &rules[i];
        if (r->fault == FAULT_VANISH && atomic_load(&r->fired) > 0 && needs_device(call_names[number]) &&
            is_for(r, on)) {
            atomic_fetch_add(&r->fired, 1);
            *status = gone(on);
            return true;
        }
        if (!r->call || strcmp(r->call, call_names[number]) != 0 || !is_for(r, on) ||
            atomic_fetch_add(&r->met, 1) + 1 != r->n)
            continue;
        atomic_fetch_add(&r->fired, 1);
        if (r->fault == FAULT_DIE)
            abort();
        while (r->fault == FAULT_HANG)
            pause();
        if (r->fault == FAULT_LATE) {
            sleep_for((unsigned long)r->status);
            continue;
        }
        *status = r->fault == FAULT_VANISH ? gone(on) : r->status; /* CL_SUCCESS of NULL */
        return true;
    }
    return false;
}

/* `source`, to be freed, with NEW for every OLD; NULL where memory is short. */
static char *change_source(char *source, rule *r)
{
    size_t old = strlen(r->text), more = strlen(r->change), found = 0;
    for (const char *at = source; (at = strstr(at, r->text)); at += old)
        found++;
    if (found == 0)
        return source;
    atomic_fetch_add(&r->fired, found);
    char *changed = calloc(strlen(source) + found * more + 1, 1), *to = changed;
    const char *from = source;
    for (const char *at; changed && (at = strstr(from, r->text)); from = at + old) {
        memcpy(to, from, (size_t)(at - from));
        to += at - from;
        memcpy(to, r->change, more);
        to += more;
    }
    if (changed)
        memcpy(to, from, strlen(from) + 1);
    free(source);
    return changed;
}

static char *join_sources(cl_uint count, const char **texts, const size_t *lengths)
{
    size_t bytes = 0;
    char *joined = NULL;
    for (int writing = 0; writing < 2; writing++) {
        if (writing && !(joined = calloc(bytes + 1, 1)))
            return NULL;
        bytes = 0;
        for (cl_uint i = 0; i < count; i++) {
            size_t length = lengths && lengths[i] ? lengths[i] : strlen(texts[i]);
            if (writing)
                memcpy(joined + bytes, texts[i], length);
            bytes += length;
        }
    }
    return joined;
}

static CL_API_ENTRY cl_program CL_API_CALL create_changed(cl_context context, cl_uint count, const char **texts,
                                                          const size_t *lengths, cl_int *code)
{
    char *source = NULL;
    for (size_t i = 0; i < rule_count; i++)
        if (rules[i].fault == FAULT_WRONG && texts && is_for(&rules[i], (subject){ON_CONTEXT, context})) {
            if (!source)
                source = join_sources(count, texts, lengths);
            if (source)
                source = change_source(source, &rules[i]);
        }
    if (!source)
        return driver.clCreateProgramWithSource(context, count, texts, lengths, code);
    const char *text = source;
    cl_program program = driver.clCreateProgramWithSource(context, 1, &text, NULL, code);
    free(source);
    return program;
}

static CL_API_ENTRY cl_int CL_API_CALL get_fact(cl_device_id device, cl_device_info fact, size_t size, void *value,
                                                size_t *needed)
{
    rule *named = NULL;
    for (size_t i = 0; i < rule_count && fact == CL_DEVICE_NAME; i++)
        if (rules[i].fault == FAULT_NAME && is_for(&rules[i], (subject){ON_DEVICE, device}))
            named = &rules[i];
    if (!named)
        return driver.clGetDeviceInfo(device, fact, size, value, needed);
    size_t bytes = strlen(named->text) + 1;
    if (value && size < bytes)
        return CL_INVALID_VALUE;
    if (value)
        memcpy(value, named->text, bytes);
    if (needed)
        *needed = bytes;
    atomic_fetch_add(&named->fired, 1);
    return CL_SUCCESS;
}

static CL_API_ENTRY cl_int CL_API_CALL enqueue_slowly(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                                                      const size_t *offset, const size_t *global, const size_t *local,
                                                      cl_uint waits, const cl_event *wait_for, cl_event *event)
{
    cl_int status =
        driver.clEnqueueNDRangeKernel(queue, kernel, dimensions, offset, global, local, waits, wait_for, event);
    char name[256] = "";
    for (size_t i = 0; status == CL_SUCCESS && i < rule_count; i++) {
        rule *r = &rules[i];
        if (r->fault != FAULT_SLOW || !is_for(r, (subject){ON_QUEUE, queue}))
            continue;
        driver.clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL);
        if (strcmp(r->text, "*") != 0 && !has_text(name, r->text))
            continue;
        atomic_fetch_add(&r->fired, 1);
        status = driver.clFinish(queue); /* so that nothing runs beside the sleep */
        sleep_for(r->n);
    }
    return status;
}

/* ---- every entry point */

static void count_live(kind what, int more)
{
    atomic_fetch_add(&live[what], more);
}

#define STATUS(name, parameters, arguments, on, effect)                                                                \
    static CL_API_ENTRY cl_int CL_API_CALL faulty_##name parameters                                                    \
    {                                                                                                                  \
        cl_int status = CL_SUCCESS;                                                                                    \
        if (meet(CALL_##name, on, &status))                                                                            \
            return status;                                                                                             \
        status = inner.name arguments;                                                                                 \
        if (status == CL_SUCCESS)                                                                                      \
            effect;                                                                                                    \
        return status;                                                                                                 \
    }
#define OBJECT(type, name, parameters, arguments, on, effect)                                                          \
    static CL_API_ENTRY type CL_API_CALL faulty_##name parameters                                                      \
    {                                                                                                                  \
        cl_int status = CL_SUCCESS;                                                                                    \
        if (meet(CALL_##name, on, &status)) {                                                                          \
            if (code)                                                                                                  \
                *code = status;                                                                                        \
            return NULL;                                                                                               \
        }                                                                                                              \
        type object = inner.name arguments;                                                                            \
        if (object)                                                                                                    \
            effect;                                                                                                    \
        return object;                                                                                                 \
    }
CALLS(STATUS, OBJECT)
#undef STATUS
#undef OBJECT

/* ---- what the loader calls */

static void refuse(const char *why)
{
    fprintf(stderr, "faults: %s\n", why);
    _exit(125);
}

static void read_rules(void)
{
    const char *text = getenv("CLINEAR_FAULTS");
    char why[256];
    rules_text = strdup(text ? text : "");
    if (!rules_text)
        refuse("no memory");
    rules = rules_read(rules_text, &rule_count, why);
    if (!rules)
        refuse(why);
    for (size_t i = 0; i < rule_count; i++) {
        int known = !rules[i].call, gives = rules[i].fault != FAULT_NULL;
        for (int call = 0; call < CALL_COUNT; call++)
            if (rules[i].call && strcmp(rules[i].call, call_names[call]) == 0) {
                known = 1;
                gives |= gives_object[call];
            }
        if (!known)
            refuse("a rule names an entry point that is none");
        if (!gives)
            refuse("a rule wants an object of an entry point that gives none");
    }
}

__attribute__((visibility("default"))) CL_API_ENTRY cl_int CL_API_CALL clGetLayerInfo(cl_layer_info fact, size_t size,
                                                                                      void *value, size_t *needed)
{
    static const cl_layer_api_version version = CL_LAYER_API_VERSION_100;
    static const char name[] = "faults";
    const void *from = fact == CL_LAYER_API_VERSION ? (const void *)&version : name;
    size_t bytes = fact == CL_LAYER_API_VERSION ? sizeof version : sizeof name;
    if ((fact != CL_LAYER_API_VERSION && fact != CL_LAYER_NAME) || (value && size < bytes))
        return CL_INVALID_VALUE;
    if (value)
        memcpy(value, from, bytes);
    if (needed)
        *needed = bytes;
    return CL_SUCCESS;
}

__attribute__((visibility("default"))) CL_API_ENTRY cl_int CL_API_CALL clInitLayer(cl_uint count,
                                                                                   const cl_icd_dispatch *target,
                                                                                   cl_uint *count_here,
                                                                                   const cl_icd_dispatch **layer)
{
    static cl_icd_dispatch outer;
    if (count < sizeof outer / sizeof(void *) || !target || !count_here || !layer)
        refuse("the loader's table is too short");
    name_work(work_here);
    is_here = is_of_faults(work_here);
    read_rules();
    outer = inner = driver = *target;
    inner.clCreateProgramWithSource = create_changed;
    inner.clEnqueueNDRangeKernel = enqueue_slowly;
    inner.clGetDeviceInfo = get_fact;
#define STATUS(name, parameters, arguments, on, effect)       outer.name = faulty_##name;
#define OBJECT(type, name, parameters, arguments, on, effect) outer.name = faulty_##name;
    CALLS(STATUS, OBJECT)
#undef STATUS
#undef OBJECT
    *count_here = sizeof outer / sizeof(void *);
    *layer = &outer;
    return CL_SUCCESS;
}

static void write_counts(void)
{
    const char *path = getenv("CLINEAR_FAULTS_COUNTS");
    FILE *file = path && *path ? fopen(path, "a") : NULL;
    if (!file)
        return;
    setvbuf(file, NULL, _IOFBF, 1 << 16); /* at once, lest processes mix */
    fprintf(file, "process %s\n", work_here);
    for (int call = 0; call < CALL_COUNT; call++)
        fprintf(file, "call %s %lu\n", call_names[call], atomic_load(&called[call]));
    for (int i = 0; i < KIND_COUNT; i++)
        fprintf(file, "live %s %ld\n", kind_names[i], atomic_load(&live[i]));
    for (size_t i = 0; i < rule_count; i++)
        fprintf(file, "rule %zu %lu\n", i + 1, atomic_load(&rules[i].fired));
    fclose(file);
}

/* Behind everything that atexit() and C++ have registered, so that what these release is not live. */
__attribute__((destructor)) static void end(void)
{
    write_counts();
    rule_count = 0;
    free(rules);
    free(rules_text);
}
