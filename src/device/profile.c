#include "device/profile.h"

#include "base/entry.h"
#include "base/os.h"
#include "base/size.h"
#include "device/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A command that has been enqueued and whose times have not been read. */
typedef struct pending {
    cl_event event; /* NULL: the enqueueing failed */
    size_t entry;
    cln_work work;
} pending;

struct cln_profile {
    bool counting;
    double resumed, wall; /* by the host's clock; seconds between _resume and _pause */
    cln_work expected;
    cln_profile_entry *entries; /* (entry_room) */
    size_t entry_count, entry_room;
    pending *commands; /* (command_room) in the order of the queue */
    size_t command_count, command_room;
    cl_ulong previous_end; /* by the device's clock, of the command before; 0 after _resume */
    cl_ulong gaps;
    uint64_t lost; /* commands without times */
};

static cln_status exchange_queue(cln_device *device, cl_command_queue_properties properties, cln_error *error)
{
    cl_int code = clFinish(device->queue);
    if (code != CL_SUCCESS)
        return cln_check_cl(error, code, "finish the work on %s", device->facts.info.name);
    cl_command_queue queue = clCreateCommandQueue(device->context, device->id, properties, &code);
    if (code != CL_SUCCESS)
        return cln_check_cl(error, code, "open a queue on %s%s", device->facts.info.name,
                            properties ? " that tells when its commands run" : "");
    clReleaseCommandQueue(device->queue);
    device->queue = queue;
    return CLN_OK;
}

cln_status cln_profile_begin(cln_device *device, cln_error *error)
{
    ENTER_OPENCL(error, device);
    cln_status status;
    cln_profile *profile = NULL;
    TRY(cln_allocate((void **)&profile, 1, sizeof *profile, "a profile", error));
    TRY(exchange_queue(device, CL_QUEUE_PROFILING_ENABLE, error));
    cln_profile_release(device);
    device->profile = profile;
    profile = NULL;
out:
    free(profile);
    return status;
}

cln_status cln_profile_stop(cln_device *device, cln_error *error)
{
    cln_profile_release(device);
    return exchange_queue(device, 0, error);
}

void cln_profile_release(cln_device *device)
{
    cln_profile *profile = device->profile;
    if (!profile)
        return;
    for (size_t i = 0; i < profile->command_count; i++)
        if (profile->commands[i].event)
            clReleaseEvent(profile->commands[i].event);
    free(profile->commands);
    free(profile->entries);
    free(profile);
    device->profile = NULL;
}

/* ---- enqueueing ---- */

void cln_profile_expect(cln_device *device, cln_work work)
{
    if (device->profile)
        device->profile->expected = work;
}

/* One more zeroed element at the end of an array; NULL where memory is short. */
static void *append(void **array, size_t *count, size_t *room, size_t size)
{
    if (*count == *room) {
        size_t more = 2 * *room + 16;
        void *larger = realloc(*array, more * size);
        if (!larger)
            return NULL;
        *array = larger;
        *room = more;
    }
    return memset((char *)*array + size * (*count)++, 0, size);
}

static cln_profile_entry *find_entry(cln_profile *profile, cln_profile_kind kind, const char *name)
{
    for (size_t i = 0; i < profile->entry_count; i++)
        if (profile->entries[i].kind == kind && strcmp(profile->entries[i].name, name) == 0)
            return &profile->entries[i];
    cln_profile_entry *entry =
        append((void **)&profile->entries, &profile->entry_count, &profile->entry_room, sizeof *entry);
    if (entry) {
        entry->kind = kind;
        snprintf(entry->name, sizeof entry->name, "%s", name);
    }
    return entry;
}

static cl_event *expect_event(cln_profile *profile, cln_profile_kind kind, const char *name)
{
    cln_work work = profile->expected;
    const cln_profile_entry *entry = find_entry(profile, kind, name);
    pending *command =
        entry ? append((void **)&profile->commands, &profile->command_count, &profile->command_room, sizeof *command)
              : NULL;
    profile->expected = (cln_work){0};
    if (!command) {
        profile->lost++;
        return NULL;
    }
    *command = (pending){NULL, (size_t)(entry - profile->entries), work};
    return &command->event;
}

static bool counts(cln_device *device)
{
    if (!device->profile)
        return false;
    if (!device->profile->counting)
        device->profile->expected = (cln_work){0};
    return device->profile->counting;
}

cl_event *cln_profile_kernel(cln_device *device, cl_kernel kernel)
{
    char name[sizeof device->profile->entries->name] = "a kernel with a long name";
    if (!counts(device))
        return NULL;
    clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL);
    return expect_event(device->profile, CLN_PROFILE_KERNEL, name);
}

cl_event *cln_profile_command(cln_device *device, cln_profile_kind kind, const char *format, ...)
{
    char name[sizeof device->profile->entries->name];
    va_list arguments;
    if (!counts(device))
        return NULL;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    return expect_event(device->profile, kind, name);
}

/* ---- reading ---- */

static cl_ulong later(cl_ulong a, cl_ulong b)
{
    return a > b ? a : b;
}

/* One command's times into its entry. Commands run one after the other; where two clocks disagree, the later one begins where the
   earlier one ends. */
static void count_command(cln_profile *profile, const pending *command)
{
    cln_profile_entry *entry = &profile->entries[command->entry];
    cl_ulong queued, start, end, before = profile->previous_end;
    if (clGetEventProfilingInfo(command->event, CL_PROFILING_COMMAND_QUEUED, sizeof queued, &queued, NULL) ||
        clGetEventProfilingInfo(command->event, CL_PROFILING_COMMAND_START, sizeof start, &start, NULL) ||
        clGetEventProfilingInfo(command->event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL)) {
        profile->lost++;
        return;
    }
    start = later(start, before);
    if (before && entry->kind == CLN_PROFILE_CLBLAST)
        start = before;
    end = later(end, start);
    if (before && queued < start)
        profile->gaps += start - later(queued, before);
    profile->previous_end = end;
    entry->launches++;
    entry->seconds += 1e-9 * (double)(end - start);
    entry->work.operations += command->work.operations;
    entry->work.bytes += command->work.bytes;
}

/* False where the device has not come to it. */
static bool read_command(cln_profile *profile, const pending *command)
{
    cl_int state = CL_COMPLETE;
    if (!command->event)
        return true;
    if (clGetEventInfo(command->event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL) != CL_SUCCESS)
        state = -1;
    if (state > CL_COMPLETE)
        return false;
    if (state == CL_COMPLETE)
        count_command(profile, command);
    else
        profile->lost++;
    clReleaseEvent(command->event);
    return true;
}

void cln_profile_collect(cln_device *device)
{
    cln_profile *profile = device->profile;
    size_t done = 0;
    if (!profile)
        return;
    while (done < profile->command_count && read_command(profile, &profile->commands[done]))
        done++;
    profile->command_count -= done;
    if (done && profile->command_count)
        memmove(profile->commands, profile->commands + done, profile->command_count * sizeof *profile->commands);
}

void cln_profile_resume(cln_device *device)
{
    cln_profile *profile = device->profile;
    if (!profile)
        return;
    profile->counting = true;
    profile->resumed = cln_os_seconds();
    profile->previous_end = 0;
}

void cln_profile_pause(cln_device *device)
{
    cln_profile *profile = device->profile;
    if (!profile || !profile->counting)
        return;
    profile->wall += cln_os_seconds() - profile->resumed;
    profile->counting = false;
    cln_profile_collect(device);
}

cln_status cln_profile_totals(const cln_device *device, const cln_profile_entry **entries, size_t *count, double *gaps,
                              double *wall, cln_error *error)
{
    const cln_profile *profile = device->profile;
    if (!profile)
        return cln_fail(error, CLN_INVALID, "nothing was profiled on %s; begin a profile before the training",
                        device->facts.info.name);
    if (profile->lost || profile->command_count)
        return cln_fail(error, CLN_DEVICE,
                        "cannot profile: %s told no times for %llu of its commands; train without a profile",
                        device->facts.info.name, (unsigned long long)(profile->lost + profile->command_count));
    *entries = profile->entries;
    *count = profile->entry_count;
    *gaps = 1e-9 * (double)profile->gaps;
    *wall = profile->wall;
    return CLN_OK;
}
