#include "report/changes.h"

#include "base/size.h"
#include "report/change.h"
#include "report/comparison_rows.h"
#include "report/table.h"
#include "report/text.h"

#include <math.h>
#include <string.h>

/* ---- what is held against what */

/* The device of `now` with the same name and platform; where there are several, the one that stands in the same place among them. */
static const cln_compared_device *counterpart(const cln_comparison *before, size_t index, const cln_comparison *now)
{
    const cln_device_info *device = &before->devices[index].device;
    size_t others = 0;
#define SAME_DEVICE(other) (strcmp((other).name, device->name) == 0 && strcmp((other).platform, device->platform) == 0)
    for (size_t i = 0; i < index; i++)
        others += SAME_DEVICE(before->devices[i].device);
    for (size_t i = 0; i < now->count; i++)
        if (SAME_DEVICE(now->devices[i].device) && others-- == 0)
            return &now->devices[i];
#undef SAME_DEVICE
    return NULL;
}

static bool had_figures(const cln_compared_device *device)
{
    for (size_t i = 0; i < device->count; i++)
        if (cln_change_counts(&device->rows[i]) && cln_has_figure(&device->rows[i]))
            return true;
    return false;
}

/* Two optima of the same data are the same within 1e-6, on whichever device: others are of other data. */
static cln_status check_optimum(const cln_compared_device *before, const cln_compared_device *now, cln_error *error)
{
    bool sound = before->judged && before->agree && now->judged && now->agree;
    for (size_t i = 0; sound && i < before->count; i++) {
        const cln_compared_row *a = &before->rows[i], *b = cln_compared_find(now, a->name, a->unit);
        if (strcmp(a->unit, "loss") == 0 && b && fabs(a->value - b->value) > 1e-4 * fabs(a->value))
            return cln_fail(error, CLN_INVALID,
                            "the two comparisons are of different data: %s was %.6g, and is %.6g now; compare on the "
                            "same data",
                            a->name, a->value, b->value);
    }
    return CLN_OK;
}

static cln_status check_data(const cln_comparison *before, const cln_comparison *now, cln_error *error)
{
    char there[200], here[200];
    const cln_comparison *both[] = {before, now};
    for (size_t i = 0; i < 2; i++)
        snprintf(i ? here : there, sizeof here, "%llu training and %llu test rows, %u features (%s), %u outputs",
                 (unsigned long long)both[i]->rows, (unsigned long long)both[i]->test_rows, (unsigned)both[i]->features,
                 both[i]->type, (unsigned)both[i]->outputs);
    return strcmp(there, here) == 0
               ? CLN_OK
               : cln_fail(error, CLN_INVALID,
                          "the two comparisons are of different data: %s before, %s now; compare on the same data",
                          there, here);
}

/* ---- for people */

static void add_figure(cln_table *table, const cln_compared_row *row, double scale)
{
    if (!cln_has_figure(row))
        cln_table_add(table, '>', "-");
    else if (row->spread > 0)
        cln_table_add(table, '>', "%.4g ±%.0f %%", row->value / scale, fmin(50 * row->spread / row->value, 999));
    else
        cln_table_add(table, '>', "%.4g", row->value / scale);
}

static void add_change(cln_table *table, const cln_compared_row *before, const cln_compared_row *now, cln_change what)
{
    cln_shown_row shown;
    cln_shown_words(before, &shown);
    cln_table_add(table, '<', "%s: %s", shown.heading, shown.label);
    add_figure(table, before, shown.scale);
    add_figure(table, now, shown.scale);
    if (what == CLN_CHANGE_GONE) {
        cln_table_add(table, '<', "gone%s%s", now && *now->reason ? ": " : "", now ? now->reason : "");
        return;
    }
    double times = fmax(before->value, now->value) / fmin(before->value, now->value);
    bool bytes = strcmp(before->unit, "B") == 0;
    cln_table_add(table, '<', "%.2f times %s", times,
                  what == CLN_CHANGE_SLOWER ? bytes ? "MORE" : "SLOWER"
                  : bytes                   ? "less"
                                            : "faster");
}

static void write_text(const char *text, FILE *to)
{
    char harmless[1024];
    cln_text_harmless(harmless, sizeof harmless, text);
    fputs(harmless, to);
}

static void write_device(const cln_compared_device *before, const cln_compared_device *now, FILE *to)
{
    fputs("\n  ", to);
    write_text(before->device.name, to);
    if (*before->device.platform) {
        fputs(", ", to);
        write_text(before->device.platform, to);
    }
    fputc('\n', to);
    if (now && strcmp(before->device.driver, now->device.driver) != 0) {
        fputs("  its driver was ", to);
        write_text(before->device.driver, to);
        fputs(", and is ", to);
        write_text(now->device.driver, to);
        fputs(" now\n", to);
    }
}

/* ---- a device */

typedef struct holding {
    FILE *to;   /* NULL: nothing is shown */
    bool named; /* the devices were, now */
    cln_changes *changes;
    size_t unmeasured, unasked;
} holding;

/* Whether it was the user's choice that the device has no figures now: others were named, or it is a simulator that was not. */
static bool is_left_out(const holding *held, const cln_compared_device *now)
{
    return held->named ? !now : now && now->device.simulator && now->status == CLN_COMPARED_SKIPPED;
}

/* A device that is no more, or failed before it had a figure, is one change and not one a row. */
static void tell_gone(const holding *held, const cln_compared_device *before, const cln_compared_device *now)
{
    bool left_out = is_left_out(held, now);
    held->changes->gone += !left_out;
    if (!held->to)
        return;
    write_device(before, now, held->to);
    fputs(left_out ? "  left out" : "  GONE", held->to);
    if (!now || *now->reason) {
        fputs(": ", held->to);
        write_text(now        ? now->reason
                   : left_out ? "--devices does not name it"
                              : "it is no longer among this machine's devices",
                   held->to);
    }
    fputc('\n', held->to);
}

/* Counts a change, and says whether it is to be shown. */
static bool count(holding *held, cln_change change)
{
    held->changes->same += change == CLN_CHANGE_SAME;
    held->changes->faster += change == CLN_CHANGE_FASTER;
    held->changes->slower += change == CLN_CHANGE_SLOWER;
    held->changes->gone += change == CLN_CHANGE_GONE;
    held->unmeasured += change == CLN_CHANGE_UNMEASURED;
    return change == CLN_CHANGE_FASTER || change == CLN_CHANGE_SLOWER || change == CLN_CHANGE_GONE;
}

/* What is measured has a row, with a reason where it has no figure: without one it was not asked for, as another engine is not. */
static bool is_unasked(const cln_compared_device *now, const cln_compared_row *row)
{
    return !row && now->status == CLN_COMPARED_OK;
}

static cln_status hold_device(holding *held, const cln_compared_device *before, const cln_compared_device *now,
                              cln_error *error)
{
    static const char *const heads[] = {"", "before", "now", ""};
    const double typical[] = {cln_typical_spread(before), cln_typical_spread(now)};
    bool other_driver = strcmp(before->device.driver, now->device.driver) != 0;
    bool busy = fmax(typical[0], typical[1]) > 0.1;
    size_t shown = 0, limits = 0;
    cln_table *table = cln_table_create(CLN_COUNT(heads));
    for (size_t i = 0; i < CLN_COUNT(heads); i++)
        cln_table_add(table, i == 0 || i == 3 ? '<' : '>', "%s", heads[i]);
    for (size_t i = 0; i < before->count; i++) {
        const cln_compared_row *row = &before->rows[i], *other = cln_compared_find(now, row->name, row->unit);
        cln_change change = cln_change_of(row, other, typical);
        if (is_unasked(now, other)) {
            held->unasked += change == CLN_CHANGE_GONE && cln_change_counts(row);
            continue;
        }
        bool limit = cln_shown_is_limit(row) && other && (change == CLN_CHANGE_SLOWER || change == CLN_CHANGE_FASTER);
        if (!limit && (!cln_change_counts(row) || !count(held, change)))
            continue;
        add_change(table, row, other, change);
        shown++;
        limits += limit;
    }
    bool written = true;
    if (held->to && (shown > 0 || other_driver || busy))
        write_device(before, now, held->to);
    if (held->to && shown > 0)
        written = cln_table_write(table, held->to);
    if (held->to && limits > 0)
        fputs("  The device's limits are not counted. Where they changed, it is the device or the machine that is\n"
              "  another or was not as quiet, and other figures may have changed with them.\n",
              held->to);
    if (held->to && busy)
        fprintf(held->to,
                "  Half of its figures spread by ±%.0f %% or more then, and by ±%.0f %% now: a quieter machine or a "
                "larger\n"
                "  --budget tells smaller changes.\n",
                50 * typical[0], 50 * typical[1]);
    cln_table_free(table);
    return written ? CLN_OK : cln_fail_memory(error, "a table", 0);
}

static void write_end(const cln_comparison *before, const cln_comparison *now, const holding *held)
{
    const cln_changes *changes = held->changes;
    FILE *to = held->to;
    fputs("\n  Held against the comparison of ", to);
    write_text(before->date, to);
    fputs(" by clinear ", to);
    write_text(before->version, to);
    if (strcmp(before->version, now->version) != 0) {
        fputs(", now ", to);
        write_text(now->version, to);
    }
    fprintf(to, ": %zu slower, %zu faster, %zu gone, %zu alike.\n", changes->slower, changes->faster, changes->gone,
            changes->same);
    if (held->unmeasured > 0)
        fprintf(
            to,
            "  %zu more had a figure then, and the budget was spent before their turn now; give a larger --budget.\n",
            held->unmeasured);
    if (held->unasked > 0)
        fprintf(to, "  %zu more had a figure then, and are left out of this comparison.\n", held->unasked);
}

cln_status cln_report_changes(const cln_comparison *before, const cln_comparison *now, FILE *to, cln_changes *changes,
                              cln_error *error)
{
    cln_status status;
    holding held = {.to = to, .named = now->named, .changes = changes};
    *changes = (cln_changes){0};
    TRY(check_data(before, now, error));
    for (size_t i = 0; i < before->count; i++) {
        const cln_compared_device *other = counterpart(before, i, now);
        changes->devices += other != NULL;
        if (other)
            TRY(check_optimum(&before->devices[i], other, error));
    }
    if (changes->devices == 0) {
        status = cln_fail(error, CLN_INVALID,
                          "no device is in both comparisons; compare the same devices (clinear devices lists them)");
        goto out;
    }
    for (size_t i = 0; i < before->count; i++) {
        const cln_compared_device *device = &before->devices[i], *other = counterpart(before, i, now);
        if (!had_figures(device))
            continue;
        if (!other || (other->status != CLN_COMPARED_OK && !had_figures(other)))
            tell_gone(&held, device, other);
        else
            TRY(hold_device(&held, device, other, error));
    }
    if (to)
        write_end(before, now, &held);
out:
    return status;
}
