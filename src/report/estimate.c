#include "report/estimate.h"

#include "base/error.h"
#include "report/json.h"
#include "report/table.h"
#include "report/text.h"

static void add_row(cln_table *table, const char *name, uint64_t bytes, const char *remark)
{
    cln_text text;
    cln_table_add(table, '<', "%s", name);
    cln_table_add(table, '>', "%s", cln_text_bytes(text, bytes));
    cln_table_add(table, '<', "%s", remark);
}

static void add_rows(cln_table *table, const cln_estimated *estimated)
{
    const cln_estimate *estimate = &estimated->estimate;
    cln_text bytes;
    char remark[100];
    cln_table_add(table, '<', "memory");
    cln_table_add(table, '>', "at most");
    cln_table_add(table, '<', "%s", "");
    add_row(table, "data", estimate->data_bytes, "on the device");
    add_row(table, "weights and solver", estimate->solver_bytes, "");
    add_row(table, "scratch", estimate->device_bytes - estimate->data_bytes - estimate->solver_bytes, "");
    snprintf(remark, sizeof remark, "of %s", cln_text_bytes(bytes, estimated->device.global_bytes));
    add_row(table, "all of it", estimate->device_bytes, remark);
    snprintf(remark, sizeof remark, "of %s in one piece", cln_text_bytes(bytes, estimated->device.max_alloc_bytes));
    add_row(table, "largest piece", estimate->largest, remark);
    const char *besides =
        estimated->device.unified_memory ? ", beside the above and the driver" : ", beside the driver";
    bool known = estimate->host_available < UINT64_MAX;
    snprintf(remark, sizeof remark, "of %s available%s", cln_text_bytes(bytes, estimate->host_available), besides);
    add_row(table, "host", estimate->host_bytes, known ? remark : besides + 2);
}

cln_status cln_report_estimate(const cln_estimated *estimated, FILE *to, cln_error *error)
{
    const cln_device_info *device = &estimated->device;
    const cln_estimate *estimate = &estimated->estimate;
    cln_table *facts = cln_table_create(2), *table = cln_table_create(3);
    cln_table_add(facts, '<', "data");
    cln_table_add(facts, '<', "%s", estimated->data);
    cln_table_add(facts, '<', "device");
    cln_table_add(facts, '<', "%d: %s (%s, %s)", device->index, device->name, device->type, device->platform);
    cln_table_add(facts, '<', "engine");
    cln_table_add(facts, '<', "%s", estimate->engine);
    add_rows(table, estimated);
    bool written = cln_table_write(facts, to);
    fputc('\n', to);
    written = cln_table_write(table, to) && written;
    cln_table_free(facts);
    cln_table_free(table);
    if (!written)
        return cln_fail_memory(error, "a table", 0);
    char reason[sizeof estimate->reason];
    cln_text_harmless(reason, sizeof reason, estimate->reason);
    fprintf(to, "\n  %s%s.\n", estimate->fits ? "It fits" : "It does not fit: ", reason);
    return CLN_OK;
}

cln_status cln_report_estimate_json(const cln_estimated *estimated, FILE *to, cln_error *error)
{
    const cln_estimate *estimate = &estimated->estimate;
    bool known = estimate->host_available < UINT64_MAX;
    json_t *object = json_pack(
        "{sb so so so so so so so so so}", "fits", estimate->fits, "reason", cln_json_text(estimate->reason), "engine",
        cln_json_text(estimate->engine), "device_bytes", cln_json_count(estimate->device_bytes), "data_bytes",
        cln_json_count(estimate->data_bytes), "solver_bytes", cln_json_count(estimate->solver_bytes), "largest_bytes",
        cln_json_count(estimate->largest), "host_bytes", cln_json_count(estimate->host_bytes), "host_available_bytes",
        known ? cln_json_count(estimate->host_available) : json_null(), "device", cln_json_device(&estimated->device));
    return cln_json_write(object, 2, to, error);
}
