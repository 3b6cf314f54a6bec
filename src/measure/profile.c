/* The end of a profile: what was counted on the device, held against the device's limits. */
#include "device/profile.h"

#include "base/entry.h"
#include "base/size.h"
#include "device/queue.h"
#include "measure/roof.h"

#include <math.h>
#include <stdlib.h>

static void take_limit(const cln_measurement *row, void *user)
{
    cln_roof_take(user, row);
}

/* The limit that takes the most of the row's time; `amount` of 0 and a limit that was not measured take none. */
static void hold_against(cln_profile_row *row, double amount, double rate, const char *limit)
{
    double fraction = amount / rate / row->seconds;
    if (!(amount > 0) || !isfinite(fraction) || fraction <= row->fraction)
        return;
    row->fraction = fraction;
    row->limit = limit;
}

static cln_profile_row row_of(const cln_profile_entry *entry, double wall, const cln_roof *l)
{
    static const char *const kinds[] = {"kernel", "clblast", "transfer", "transfer"};
    cln_profile_row row = {.name = entry->name,
                           .kind = kinds[entry->kind],
                           .launches = entry->launches,
                           .seconds = entry->seconds,
                           .share = entry->seconds / wall,
                           .operations = entry->work.operations,
                           .bytes = entry->work.bytes,
                           .fraction = NAN};
    if (entry->kind == CLN_PROFILE_UPLOAD)
        hold_against(&row, row.bytes, l->upload_rate, "upload_rate");
    else if (entry->kind == CLN_PROFILE_DOWNLOAD)
        hold_against(&row, row.bytes, l->download_rate, "download_rate");
    else {
        hold_against(&row, row.bytes, l->read_bandwidth, "read_bandwidth");
        hold_against(&row, row.operations, l->multiply_add_rate, "multiply_add_rate");
    }
    return row;
}

static int longest_first(const void *a, const void *b)
{
    const cln_profile_entry *x = a, *y = b;
    return (x->seconds < y->seconds) - (x->seconds > y->seconds);
}

static void tell_idle(const char *name, double seconds, double wall, cln_profile_fn *row, void *user)
{
    cln_profile_row idle = {.name = name, .kind = "idle", .seconds = seconds, .share = seconds / wall, .fraction = NAN};
    row(&idle, user);
}

cln_status cln_profile_end(cln_device *device, cln_profile_fn *row, void *user, cln_error *error)
{
    ENTER_OPENCL(error, device && row);
    cln_status status;
    const cln_profile_entry *entries;
    cln_profile_entry *sorted = NULL;
    cln_roof l = cln_roof_none();
    size_t count;
    double gaps, wall, busy = 0;
    TRY(cln_queue_finish(device, error));
    cln_profile_pause(device); /* where a training broke off */
    TRY(cln_profile_totals(device, &entries, &count, &gaps, &wall, error));
    TRY(cln_allocate((void **)&sorted, count, sizeof *sorted, "a profile", error));
    for (size_t i = 0; i < count; i++)
        sorted[i] = entries[i];
    TRY(cln_profile_stop(device, error));
    TRY(cln_measure_limits(device, take_limit, &l, error));
    qsort(sorted, count, sizeof *sorted, longest_first);
    for (size_t i = 0; i < count && sorted[i].launches; i++) {
        cln_profile_row told = row_of(&sorted[i], wall, &l);
        busy += told.seconds;
        row(&told, user);
    }
    tell_idle("between commands", gaps, wall, row, user);
    tell_idle("waiting for the host", fmax(0, wall - busy - gaps), wall, row, user);
out:
    if (device->profile)
        cln_profile_stop(device, error);
    free(sorted);
    return status;
}
