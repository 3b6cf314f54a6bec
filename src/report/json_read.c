#include "report/json_read.h"

#include "report/text.h"

#include <limits.h>
#include <math.h>
#include <string.h>

double cln_json_real_in(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

uint64_t cln_json_count_in(const json_t *object, const char *key, uint64_t most)
{
    const json_t *value = json_object_get(object, key);
    json_int_t count = json_is_integer(value) ? json_integer_value(value) : 0;
    return count < 0 || (uint64_t)count > most ? 0 : (uint64_t)count;
}

bool cln_json_flag_in(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

bool cln_json_text_in(const json_t *object, const char *key, char *to, size_t size)
{
    const json_t *value = json_object_get(object, key);
    cln_text_harmless(to, size, json_is_string(value) ? json_string_value(value) : "");
    return json_is_string(value);
}

/* -1 where it is no index. */
static int index_in(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    json_int_t index = json_is_integer(value) ? json_integer_value(value) : -1;
    return index < 0 || index > INT_MAX ? -1 : (int)index;
}

bool cln_json_device_in(const json_t *object, const char *key, cln_device_info *device)
{
    const json_t *from = json_object_get(object, key);
    memset(device, 0, sizeof *device);
    device->index = index_in(from, "index");
    bool named = cln_json_text_in(from, "name", device->name, sizeof device->name);
    cln_json_text_in(from, "vendor", device->vendor, sizeof device->vendor);
    cln_json_text_in(from, "platform", device->platform, sizeof device->platform);
    cln_json_text_in(from, "driver", device->driver, sizeof device->driver);
    cln_json_text_in(from, "version", device->version, sizeof device->version);
    cln_json_text_in(from, "type", device->type, sizeof device->type);
    cln_json_text_in(from, "problem", device->problem, sizeof device->problem);
    device->compute_units = (uint32_t)cln_json_count_in(from, "compute_units", UINT32_MAX);
    device->clock_mhz = (uint32_t)cln_json_count_in(from, "clock_mhz", UINT32_MAX);
    device->global_bytes = cln_json_count_in(from, "global_bytes", INT64_MAX);
    device->max_alloc_bytes = cln_json_count_in(from, "max_alloc_bytes", INT64_MAX);
    device->local_bytes = cln_json_count_in(from, "local_bytes", INT64_MAX);
    device->fp16 = cln_json_flag_in(from, "fp16");
    device->fp64 = cln_json_flag_in(from, "fp64");
    device->simulator = cln_json_flag_in(from, "simulator");
    device->same_as = index_in(from, "same_as");
    return named || device->index >= 0;
}
