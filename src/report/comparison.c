#include "report/comparison.h"

#include "report/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

cln_compared_device *cln_comparison_add(cln_comparison *comparison, const cln_device_info *device)
{
    cln_compared_device *larger = realloc(comparison->devices, (comparison->count + 1) * sizeof *larger);
    if (!larger)
        return NULL;
    comparison->devices = larger;
    larger[comparison->count] = (cln_compared_device){.device = *device};
    return &larger[comparison->count++];
}

bool cln_compared_add(cln_compared_device *device, const cln_measurement *row)
{
    cln_compared_row *larger = realloc(device->rows, (device->count + 1) * sizeof *larger);
    if (!larger)
        return false;
    device->rows = larger;
    cln_compared_row *kept = &larger[device->count++];
    *kept = (cln_compared_row){.value = row->value, .spread = row->spread, .limit = row->limit};
    cln_text_harmless(kept->name, sizeof kept->name, row->name);
    cln_text_harmless(kept->unit, sizeof kept->unit, row->unit);
    cln_text_harmless(kept->reason, sizeof kept->reason, row->reason ? row->reason : "");
    return true;
}

const cln_compared_row *cln_compared_find(const cln_compared_device *device, const char *name, const char *unit)
{
    for (size_t i = 0; i < device->count; i++)
        if (strcmp(device->rows[i].name, name) == 0 && strcmp(device->rows[i].unit, unit) == 0)
            return &device->rows[i];
    return NULL;
}

bool cln_comparison_agrees(const cln_comparison *comparison)
{
    for (size_t i = 0; i < comparison->count; i++)
        if (comparison->devices[i].judged && !comparison->devices[i].agree)
            return false;
    return true;
}

cln_better cln_compared_better(const cln_compared_row *row)
{
    size_t length = strlen(row->unit);
    if (strcmp(row->unit, "s") == 0 || strcmp(row->unit, "B") == 0)
        return CLN_BETTER_LESS;
    return length > 2 && strcmp(row->unit + length - 2, "/s") == 0 ? CLN_BETTER_MORE : CLN_BETTER_NEITHER;
}

double cln_compared_fraction(const cln_compared_row *row)
{
    bool less = cln_compared_better(row) == CLN_BETTER_LESS;
    if (!(less ? row->value > 0 : row->value >= 0) || !(row->limit > 0))
        return NAN;
    return less ? row->limit / row->value : row->value / row->limit;
}

void cln_comparison_release(cln_comparison *comparison)
{
    for (size_t i = 0; i < comparison->count; i++)
        free(comparison->devices[i].rows);
    free(comparison->devices);
    *comparison = (cln_comparison){0};
}
