#include "measure/check.h"

#include "base/size.h"
#include "device/buffer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANARY 0xA5

void cln_check_value(cln_check *check, double got, double want, double slack, const char *what, size_t i, size_t j)
{
    char where[100];
    double off = fabs(got - want), error = off > 0 ? off / slack : off;
    check->checked = true;
    if (error <= check->worst)
        return;
    snprintf(where, sizeof where, what, i, j);
    if (!isfinite(error)) { /* a NaN, or something where there has to be nothing */
        cln_check_fail(check, "%.60s is %.9g, not %.9g", where, got, want);
        return;
    }
    check->worst = error;
    if (error > 1 && !check->failed)
        snprintf(check->reason, sizeof check->reason, "%.110s: %.60s is %.9g, not %.9g within %.2g", check->place,
                 where, got, want, slack);
}

void cln_check_fail(cln_check *check, const char *format, ...)
{
    va_list arguments;
    if (check->failed)
        return;
    check->failed = true;
    int used = snprintf(check->reason, sizeof check->reason, "%.110s: ", check->place);
    va_start(arguments, format);
    if (used > 0 && (size_t)used < sizeof check->reason)
        vsnprintf(check->reason + used, sizeof check->reason - (size_t)used, format, arguments);
    va_end(arguments);
}

bool cln_check_passed(const cln_check *check)
{
    return !check->failed && check->worst <= 1;
}

void cln_check_tell(const cln_check *check, const cln_telling *telling)
{
    bool value = check->checked && !check->failed, known = check->checked || check->failed;
    const cln_measurement told = {.name = check->name,
                                  .value = value ? check->worst : (double)NAN,
                                  .unit = "tolerances",
                                  .spread = (double)NAN,
                                  .limit = known ? 1 : (double)NAN,
                                  .reason = *check->reason ? check->reason : NULL};
    cln_telling_row(telling, &told);
}

cln_status cln_guarded_create(cln_device *device, const void *from, size_t bytes, cln_guarded *guarded,
                              cln_error *error)
{
    cln_status status;
    unsigned char *content = NULL;
    *guarded = (cln_guarded){.bytes = bytes};
    TRY(cln_allocate((void **)&content, bytes + CLN_GUARD_BYTES, 1, "memory to check with", error));
    if (from)
        memcpy(content, from, bytes);
    memset(content + bytes, CANARY, CLN_GUARD_BYTES);
    TRY(cln_buffer_create(device, "memory to check with", bytes + CLN_GUARD_BYTES, &guarded->memory, error));
    TRY(cln_buffer_write(device, guarded->memory, 0, bytes + CLN_GUARD_BYTES, content, error));
out:
    free(content);
    return status;
}

cln_status cln_guarded_check(cln_device *device, const cln_guarded *guarded, const char *what, cln_check *check,
                             cln_error *error)
{
    cln_status status = CLN_OK;
    unsigned char canary[CLN_GUARD_BYTES];
    if (!guarded->memory)
        return CLN_OK;
    TRY(cln_buffer_read(device, guarded->memory, guarded->bytes, sizeof canary, canary, error));
    for (size_t i = 0; i < sizeof canary; i++)
        if (canary[i] != CANARY)
            cln_check_fail(check, "byte %zu behind the %s was overwritten", i, what);
out:
    return status;
}

void cln_guarded_release(cln_device *device, cln_guarded *guarded)
{
    cln_buffer_release(device, &guarded->memory);
}

cln_status cln_guarded_floats(cln_device *device, cl_mem memory, size_t count, float **values, cln_error *error)
{
    cln_status status;
    *values = NULL;
    TRY(cln_allocate((void **)values, count, sizeof **values, "what a device computed", error));
    TRY(cln_buffer_read(device, memory, 0, count * sizeof **values, *values, error));
out:
    return status;
}
