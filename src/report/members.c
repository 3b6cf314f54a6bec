#include "report/members.h"

#include "report/json.h"
#include "report/text.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <string.h>

const cln_member cln_device_members[] = {CLN_MEMBER(cln_device_info, INDEX, index),
                                         CLN_MEMBER(cln_device_info, TEXT, name),
                                         CLN_MEMBER(cln_device_info, TEXT, type),
                                         CLN_MEMBER(cln_device_info, TEXT, vendor),
                                         CLN_MEMBER(cln_device_info, TEXT, platform),
                                         CLN_MEMBER(cln_device_info, TEXT, driver),
                                         CLN_MEMBER(cln_device_info, TEXT, version),
                                         CLN_MEMBER(cln_device_info, COUNT, compute_units),
                                         CLN_MEMBER(cln_device_info, COUNT, clock_mhz),
                                         CLN_MEMBER(cln_device_info, SIZE, global_bytes),
                                         CLN_MEMBER(cln_device_info, SIZE, max_alloc_bytes),
                                         CLN_MEMBER(cln_device_info, SIZE, local_bytes),
                                         CLN_MEMBER(cln_device_info, FLAG, fp16),
                                         CLN_MEMBER(cln_device_info, FLAG, fp64),
                                         CLN_MEMBER(cln_device_info, FLAG, simulator),
                                         CLN_MEMBER(cln_device_info, FLAG, unified_memory),
                                         CLN_MEMBER(cln_device_info, INDEX, same_as),
                                         CLN_MEMBER(cln_device_info, REASON, problem),
                                         {0}};

static json_t *value_json(const cln_member *member, const void *at)
{
    switch (member->kind) {
    case CLN_MEMBER_TEXT:
        return cln_json_text(at);
    case CLN_MEMBER_REASON:
        return cln_json_text(*(const char *)at ? at : NULL);
    case CLN_MEMBER_REAL:
        return cln_json_real(*(const double *)at);
    case CLN_MEMBER_SIZE:
        return cln_json_count(*(const uint64_t *)at);
    case CLN_MEMBER_COUNT:
        return cln_json_count(*(const uint32_t *)at);
    case CLN_MEMBER_INDEX:
        return *(const int *)at < 0 ? json_null() : json_integer(*(const int *)at);
    case CLN_MEMBER_FLAG:
        return json_boolean(*(const bool *)at);
    }
    return NULL;
}

json_t *cln_members_json(const cln_member *members, const void *from)
{
    json_t *object = json_object();
    for (; members->name; members++)
        if (json_object_set_new(object, members->name, value_json(members, (const char *)from + members->offset)) !=
            0) {
            json_decref(object);
            return NULL;
        }
    return object;
}

/* ---- reading: what is not right leaves the member empty, or cut */

static bool read_text(const cln_member *member, const json_t *value, char *to)
{
    cln_text_harmless(to, member->size, json_is_string(value) ? json_string_value(value) : "");
    return json_is_string(value) && json_string_length(value) < member->size;
}

/* *to ← the whole number in 0 … most, or `none`. */
static bool read_whole(const json_t *value, json_int_t most, json_int_t none, json_int_t *to)
{
    *to = json_is_integer(value) ? json_integer_value(value) : -1;
    bool good = *to >= 0 && *to <= most;
    if (!good)
        *to = none;
    return good;
}

static bool read_value(const cln_member *member, const json_t *value, void *to)
{
    json_int_t whole;
    bool good = json_is_null(value);
    switch (member->kind) {
    case CLN_MEMBER_TEXT:
        return read_text(member, value, to);
    case CLN_MEMBER_REASON:
        return read_text(member, value, to) || good;
    case CLN_MEMBER_REAL:
        *(double *)to = json_is_number(value) ? json_number_value(value) : NAN;
        return good || json_is_number(value);
    case CLN_MEMBER_SIZE:
        good = read_whole(value, INT64_MAX, 0, &whole);
        *(uint64_t *)to = (uint64_t)whole;
        return good;
    case CLN_MEMBER_COUNT:
        good = read_whole(value, UINT32_MAX, 0, &whole);
        *(uint32_t *)to = (uint32_t)whole;
        return good;
    case CLN_MEMBER_INDEX:
        good |= read_whole(value, INT_MAX, -1, &whole);
        *(int *)to = (int)whole;
        return good;
    case CLN_MEMBER_FLAG:
        *(bool *)to = json_is_true(value);
        return json_is_boolean(value);
    }
    return false;
}

static void explain(const cln_member *member, const json_t *value, char why[160])
{
    static const char *const kinds[] = {[CLN_MEMBER_TEXT] = "text",
                                        [CLN_MEMBER_REASON] = "text, or null",
                                        [CLN_MEMBER_REAL] = "a number, or null",
                                        [CLN_MEMBER_SIZE] = "a whole number from 0 on",
                                        [CLN_MEMBER_COUNT] = "a whole number from 0 to 4294967295",
                                        [CLN_MEMBER_INDEX] = "a whole number from 0 on, or null",
                                        [CLN_MEMBER_FLAG] = "true or false"};
    if (!value)
        snprintf(why, 160, "\"%s\" is missing", member->name);
    else if (json_is_string(value) && member->kind <= CLN_MEMBER_REASON)
        snprintf(why, 160, "\"%s\" is longer than %zu bytes", member->name, member->size - 1);
    else
        snprintf(why, 160, "\"%s\" is not %s", member->name, kinds[member->kind]);
}

bool cln_members_read(const cln_member *members, const json_t *object, void *to, char why[160])
{
    bool good = true;
    for (; members->name; members++) {
        const json_t *value = json_object_get(object, members->name); /* NULL for what is no object */
        if (read_value(members, value, (char *)to + members->offset))
            continue;
        if (good && why)
            explain(members, value, why);
        good = false;
    }
    return good;
}
