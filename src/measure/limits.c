#include "measure/limits.h"

#include "base/entry.h"
#include "base/size.h"
#include "device/buffer.h"
#include "device/queue.h"
#include "measure/probe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static cln_status build(cln_probe *probe, const char *text, cln_error *error)
{
    cln_status status;
    const cln_facts *facts = &probe->device->facts;
    uint32_t native = facts->native_float_width, units = facts->info.compute_units;
    char options[100];
    probe->group = facts->is_cpu || facts->max_group_size < 64 ? 1 : 64;
    probe->groups = (facts->is_cpu ? 8 : 32) * (size_t)(units ? units : 1);
    probe->vector = !facts->is_cpu ? 4 : native >= 16 ? 16 : native >= 8 ? 8 : 4;
    probe->chains = facts->is_cpu ? 12 : 4;
    snprintf(options, sizeof options, "-DCLN_V=%u -DCLN_GROUP=%zu -DCLN_CHAINS=%u", probe->vector, probe->group,
             probe->chains);
    TRY(text ? cln_program_build_source(probe->device, "limits", text, options, &probe->program, error)
             : cln_program_build(probe->device, "limits", options, &probe->program, error));
    TRY(cln_kernel_create(probe->program, "fill", &probe->fill, error));
    TRY(cln_kernel_create(probe->program, "copy", &probe->copy, error));
    TRY(cln_kernel_create(probe->program, "read", &probe->read, error));
    TRY(cln_kernel_create(probe->program, "multiply_add", &probe->multiply_add, error));
    TRY(cln_kernel_create(probe->program, "nothing", &probe->nothing, error));
    TRY(cln_buffer_create(probe->device, "results", probe->groups * probe->group * probe->vector * sizeof(float),
                          &probe->results, error));
out:
    return status;
}

static void release(cln_probe *probe)
{
    free(probe->host);
    cln_buffer_release(probe->device, &probe->from);
    cln_buffer_release(probe->device, &probe->to);
    cln_buffer_release(probe->device, &probe->results);
    cln_kernel_release(&probe->fill);
    cln_kernel_release(&probe->copy);
    cln_kernel_release(&probe->read);
    cln_kernel_release(&probe->multiply_add);
    cln_kernel_release(&probe->nothing);
    cln_program_release(&probe->program);
}

cln_status cln_probe_fail(const cln_probe *probe, const char *what, cln_error *error)
{
    return cln_fail(error, CLN_DEVICE, "%s came out wrong on %s, so its time means nothing; try another driver", what,
                    probe->device->facts.info.name);
}

static cln_status launch(void *user, cln_error *error)
{
    cln_probe *probe = user;
    return cln_launch(probe->device, probe->nothing, (cln_grid){{1, 1}, {probe->group, 1}}, NULL, 0, error);
}

static cln_status launch_and_wait(void *user, cln_error *error)
{
    cln_probe *probe = user;
    cln_status status = launch(probe, error);
    return status == CLN_OK ? cln_queue_finish(probe->device, error) : status;
}

static cln_status launch_time(cln_probe *probe, cln_sample *seconds, double *amount, cln_error *error)
{
    *amount = 0;
    return cln_sample_many(probe->device, launch, probe, seconds, error);
}

static cln_status launch_wait_time(cln_probe *probe, cln_sample *seconds, double *amount, cln_error *error)
{
    *amount = 0;
    return cln_sample_many(probe->device, launch_and_wait, probe, seconds, error);
}

static const struct {
    const char *name, *unit;
    cln_probe_fn *measure;
} all_limits[] = {
    {"copy_bandwidth", "B/s", cln_probe_copy},
    {"read_bandwidth", "B/s", cln_probe_read},
    {"multiply_add_rate", "FLOP/s", cln_probe_multiply_add},
    {"launch_time", "s", launch_time},
    {"launch_wait_time", "s", launch_wait_time},
    {"upload_rate", "B/s", cln_probe_upload},
    {"download_rate", "B/s", cln_probe_download},
};

static void tell(cln_probe *probe, size_t index, cln_measurement_fn *row, void *user)
{
    cln_measurement told = {all_limits[index].name, NAN, all_limits[index].unit, NAN, NAN, NULL};
    cln_sample seconds;
    cln_error failure = {0};
    double amount;
    *probe->note = '\0';
    if (all_limits[index].measure(probe, &seconds, &amount, &failure) != CLN_OK) {
        told.reason = failure.message;
    } else if (amount > 0) {
        told.value = amount / seconds.median;
        told.spread = amount / seconds.low - amount / seconds.high;
    } else {
        told.value = seconds.median;
        told.spread = seconds.high - seconds.low;
    }
    if (!told.reason && *probe->note)
        told.reason = probe->note;
    row(&told, user);
}

cln_status cln_limits_measure(cln_device *device, const char *text, cln_measurement_fn *row, void *user,
                              cln_error *error)
{
    cln_probe probe = {.device = device};
    uint64_t peak = device->peak_bytes;
    cln_status status = build(&probe, text, error);
    for (size_t i = 0; status == CLN_OK && i < CLN_COUNT(all_limits); i++)
        tell(&probe, i, row, user);
    release(&probe);
    device->peak_bytes = peak; /* what the caller's work has taken */
    return status;
}

void cln_limits_tell_none(const char *reason, cln_measurement_fn *row, void *user)
{
    for (size_t i = 0; i < CLN_COUNT(all_limits); i++)
        row(&(cln_measurement){all_limits[i].name, NAN, all_limits[i].unit, NAN, NAN, reason}, user);
}

cln_status cln_measure_limits(cln_device *device, cln_measurement_fn *row, void *user, cln_error *error)
{
    ENTER_OPENCL(error, device && row);
    return cln_limits_measure(device, NULL, row, user, error);
}
