#include "report/devices.h"

#include "base/size.h"
#include "report/json.h"
#include "report/table.h"
#include "report/text.h"

/* What a person should know before choosing this one. */
static const char *remark_on(const cln_device_info *device, char *remark, size_t size)
{
    if (*device->problem)
        snprintf(remark, size, "unusable: %s", device->problem);
    else if (cln_device_trust(device, NULL, 0) == CLN_TRUST_FAILED)
        snprintf(remark, size, "failed its selftest");
    else if (device->same_as >= 0)
        snprintf(remark, size, "%ssame as %d", device->simulator ? "simulator, " : "", device->same_as);
    else
        snprintf(remark, size, "%s", device->simulator ? "simulator" : "");
    return remark;
}

static void add_device(cln_table *table, const cln_device_info *device, bool chosen)
{
    char remark[160];
    cln_text memory;
    cln_table_add(table, '>', "%s%d", chosen ? "* " : "", device->index);
    cln_table_add(table, '<', "%s", device->type);
    cln_table_add(table, '<', "%s", device->name);
    cln_table_add(table, '<', "%s", device->platform);
    cln_table_add(table, '<', "%s", device->driver);
    cln_table_add(table, '>', "%u", (unsigned)device->compute_units);
    cln_table_add(table, '>', "%s", cln_text_bytes(memory, device->global_bytes));
    cln_table_add(table, '<', "%s", device->fp64 ? "yes" : "no");
    cln_table_add(table, '<', "%s", device->fp16 ? "yes" : "no");
    cln_table_add(table, '<', "%s", remark_on(device, remark, sizeof remark));
}

cln_status cln_report_devices(const cln_device_info *list, size_t count, int chosen, FILE *to, cln_error *error)
{
    static const char *const heads[] = {"index", "type",   "name", "platform", "driver",
                                        "units", "memory", "fp64", "fp16",     "remark"};
    const size_t columns = CLN_COUNT(heads);
    cln_table *table = cln_table_create(columns);
    for (size_t i = 0; i < columns; i++)
        cln_table_add(table, '<', "%s", heads[i]);
    for (size_t i = 0; i < count; i++)
        add_device(table, &list[i], list[i].index == chosen);
    bool written = cln_table_write(table, to);
    cln_table_free(table);
    if (!written)
        return cln_fail_memory(error, "a table", 0);
    if (chosen >= 0)
        fputs("\n  * is what --device auto takes. Choose another by its index, its type or a part of its name.\n", to);
    return CLN_OK;
}

static const char *const trusts[] = {
    [CLN_TRUST_UNKNOWN] = "unknown", [CLN_TRUST_PASSED] = "passed", [CLN_TRUST_FAILED] = "failed"};

cln_status cln_report_devices_json(const cln_device_info *list, size_t count, FILE *to, cln_error *error)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *facts = cln_json_device_facts(&list[i]);
        json_object_set_new(facts, "selftest", json_string(trusts[cln_device_trust(&list[i], NULL, 0)]));
        if (json_array_append_new(array, facts) != 0) {
            json_decref(array);
            array = NULL;
            break;
        }
    }
    return cln_json_write(array, 2, to, error);
}
