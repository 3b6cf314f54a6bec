#include "report/json_read.h"

#include "report/members.h"
#include "report/text.h"

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

bool cln_json_device_in(const json_t *object, const char *key, cln_device_info *device)
{
    const json_t *from = json_object_get(object, key);
    memset(device, 0, sizeof *device);
    cln_members_read(cln_device_members, from, device, NULL);
    return json_is_string(json_object_get(from, "name")) || device->index >= 0;
}
