#include "report/selftest.h"

#include "report/json.h"
#include "report/table.h"
#include "report/text.h"

#include <math.h>
#include <string.h>

static bool failed(const cln_compared_row *row)
{
    return isnan(row->value) ? !isnan(row->limit) : row->value > row->limit;
}

void cln_selftest_reason(const cln_compared_device *device, char *reason, size_t size)
{
    for (size_t i = 0; i < device->count; i++)
        if (failed(&device->rows[i])) {
            snprintf(reason, size, "%s: %s", device->rows[i].name, device->rows[i].reason);
            return;
        }
    snprintf(reason, size, "%s", device->reason);
}

static void add_row(cln_table *table, const cln_compared_row *row)
{
    cln_table_add(table, '<', "%s", row->name);
    cln_table_add(table, '<', "%s", failed(row) ? "FAILED" : isnan(row->limit) ? "not run" : "right");
    if (isnan(row->value))
        cln_table_add(table, '>', "-");
    else
        cln_table_add(table, '>', "%.3g", row->value);
}

/* The rows that failed come first. */
static bool write_rows(const cln_compared_device *device, FILE *to)
{
    static const char *const heads[] = {"tested", "result", "largest error"};
    cln_table *table = cln_table_create(3);
    for (size_t i = 0; i < 3; i++)
        cln_table_add(table, '<', "%s", heads[i]);
    for (int wrong = 1; wrong >= 0; wrong--)
        for (size_t i = 0; i < device->count; i++)
            if (failed(&device->rows[i]) == wrong)
                add_row(table, &device->rows[i]);
    bool written = device->count == 0 || cln_table_write(table, to);
    cln_table_free(table);
    return written;
}

static void write_reasons(const cln_compared_device *device, FILE *to)
{
    const char *before = "";
    for (size_t i = 0; i < device->count; i++) {
        const cln_compared_row *row = &device->rows[i];
        char reason[sizeof row->reason];
        if (!*row->reason || strcmp(row->reason, before) == 0)
            continue;
        cln_text_harmless(reason, sizeof reason, row->reason);
        fprintf(to, "  %s: %s\n", row->name, reason);
        before = row->reason;
    }
}

cln_status cln_report_selftest(const cln_compared_device *devices, size_t count, FILE *to, cln_error *error)
{
    for (size_t i = 0; i < count; i++) {
        const cln_compared_device *d = &devices[i];
        char name[sizeof d->device.name], driver[sizeof d->device.driver], reason[sizeof d->reason];
        cln_text_harmless(name, sizeof name, d->device.name);
        cln_text_harmless(driver, sizeof driver, d->device.driver);
        cln_text_harmless(reason, sizeof reason, d->reason);
        fprintf(to, "%s", i ? "\n" : "");
        if (d->device.index >= 0)
            fprintf(to, "Device %d, ", d->device.index);
        fprintf(to, "%s, driver %s: %s\n", name, driver, !d->judged ? "not tested" : d->agree ? "passed" : "FAILED");
        if (*reason)
            fprintf(to, "  %s\n", reason);
        if (!write_rows(d, to))
            return cln_fail_memory(error, "a table", 0);
        write_reasons(d, to);
    }
    fputs("\nErrors are in units of what rounding allows; 1 is the limit.\n", to);
    return CLN_OK;
}

cln_status cln_report_selftest_json(const cln_compared_device *devices, size_t count, FILE *to, cln_error *error)
{
    json_t *list = json_array();
    bool passed = true, written = list != NULL;
    for (size_t i = 0; i < count; i++) {
        json_t *device = cln_json_compared_device(&devices[i]);
        passed = passed && (!devices[i].judged || devices[i].agree);
        if (device)
            json_object_del(device, "agree");
        written = json_object_set_new(device, "passed",
                                      devices[i].judged ? json_boolean(devices[i].agree) : json_null()) == 0 &&
                  json_array_append_new(list, device) == 0 && written;
    }
    if (!written) {
        json_decref(list);
        return cln_fail_memory(error, "the result as JSON", 0);
    }
    return cln_json_write(json_pack("{ss so}", "verdict", passed ? "passed" : "failed", "devices", list), 2, to, error);
}
