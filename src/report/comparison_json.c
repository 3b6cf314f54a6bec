/* A comparison as JSON, written and read by the same lists. A file is read with distrust: it may come from anywhere. */
#include "report/comparison.h"

#include "base/os.h"
#include "base/size.h"
#include "report/json.h"
#include "report/members.h"
#include "report/text.h"

#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (4u << 20) /* a device takes some 20 kB; parsed JSON up to 80 times its text */
#define DEVICES_MAX    1000       /* more stand in no machine */

static const cln_member row_members[] = {CLN_MEMBER(cln_compared_row, TEXT, name),
                                         CLN_MEMBER(cln_compared_row, REAL, value),
                                         CLN_MEMBER(cln_compared_row, TEXT, unit),
                                         CLN_MEMBER(cln_compared_row, REAL, spread),
                                         CLN_MEMBER(cln_compared_row, REAL, limit),
                                         CLN_MEMBER(cln_compared_row, REASON, reason),
                                         {0}};

static const cln_member data_members[] = {CLN_MEMBER_AS("path", cln_comparison, TEXT, data),
                                          CLN_MEMBER(cln_comparison, SIZE, rows),
                                          CLN_MEMBER(cln_comparison, SIZE, test_rows),
                                          CLN_MEMBER(cln_comparison, COUNT, features),
                                          CLN_MEMBER(cln_comparison, COUNT, outputs),
                                          CLN_MEMBER(cln_comparison, TEXT, type),
                                          {0}};

static const cln_member device_members[] = {CLN_MEMBER(cln_compared_device, REASON, reason), {0}};

static const cln_member comparison_members[] = {
    CLN_MEMBER(cln_comparison, TEXT, version), CLN_MEMBER(cln_comparison, TEXT, date),
    CLN_MEMBER(cln_comparison, REAL, budget),  CLN_MEMBER(cln_comparison, REAL, seconds),
    CLN_MEMBER(cln_comparison, TEXT, command), {0}};

static const char *const status_words[] = {
#define X(name, word) [CLN_COMPARED_##name] = (word),
    CLN_COMPARED_MAP(X)
#undef X
};

static const char *verdict_word(const cln_comparison *comparison)
{
    size_t judged = 0;
    for (size_t i = 0; i < comparison->count; i++)
        judged += comparison->devices[i].judged;
    return judged == 0 ? "none" : cln_comparison_agrees(comparison) ? "agree" : "disagree";
}

/* ---- writing */

/* `object` with what `more` has, which is released; NULL where memory is short. */
static json_t *joined(json_t *object, json_t *more)
{
    bool failed = !more || json_object_update(object, more) != 0;
    json_decref(more);
    if (!failed)
        return object;
    json_decref(object);
    return NULL;
}

json_t *cln_json_compared_device(const cln_compared_device *device)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < device->count; i++)
        if (json_array_append_new(rows, cln_members_json(row_members, &device->rows[i])) != 0) {
            json_decref(rows);
            return NULL;
        }
    json_t *object =
        json_pack("{so ss}", "device", cln_members_json(cln_device_members, &device->device), "status",
                  (size_t)device->status < CLN_COUNT(status_words) ? status_words[device->status] : "failed");
    object = joined(object, cln_members_json(device_members, device));
    return joined(object, json_pack("{so so}", "agree", device->judged ? json_boolean(device->agree) : json_null(),
                                    "rows", rows));
}

cln_status cln_report_comparison_json(const cln_comparison *comparison, FILE *to, cln_error *error)
{
    json_t *devices = json_array();
    for (size_t i = 0; i < comparison->count; i++)
        if (json_array_append_new(devices, cln_json_compared_device(&comparison->devices[i])) != 0) {
            json_decref(devices);
            devices = NULL;
            break;
        }
    json_t *object =
        json_pack("{ss so}", "verdict", verdict_word(comparison), "data", cln_members_json(data_members, comparison));
    object = joined(object, cln_members_json(comparison_members, comparison));
    return cln_json_write(joined(object, json_pack("{so}", "devices", devices)), 2, to, error);
}

/* ---- reading */

typedef struct reading {
    const char *path;
    cln_error *error;
} reading;

/* Every refusal begins alike. where: "device 2, row 3: " or "". */
static cln_status refuse(const reading *in, const char *where, const char *why)
{
    return cln_fail(in->error, CLN_FORMAT,
                    "the file %s is not what clinear compare --json writes, or is damaged: %s%s; compare again",
                    in->path, where, why);
}

static cln_status read_members(const reading *in, const cln_member *members, const json_t *object, void *to,
                               const char *where)
{
    char why[160];
    return cln_members_read(members, object, to, why) ? CLN_OK : refuse(in, where, why);
}

static cln_status read_row(const reading *in, const json_t *json, cln_compared_device *device, const char *where)
{
    cln_status status;
    cln_compared_row row;
    TRY(read_members(in, row_members, json, &row, where));
    if (!cln_compared_add(device, &(cln_measurement){.name = row.name,
                                                     .value = row.value,
                                                     .unit = row.unit,
                                                     .spread = row.spread,
                                                     .limit = row.limit,
                                                     .reason = row.reason}))
        status = cln_fail_memory(in->error, "a comparison", sizeof row);
out:
    return status;
}

static cln_status read_outcome(const reading *in, const json_t *json, cln_compared_device *device, const char *where)
{
    const char *word = json_string_value(json_object_get(json, "status"));
    const json_t *agree = json_object_get(json, "agree");
    size_t status = 0;
    while (word && status < CLN_COUNT(status_words) && strcmp(word, status_words[status]) != 0)
        status++;
    if (!word || status == CLN_COUNT(status_words))
        return refuse(in, where, "\"status\" is no word that is known");
    if (!json_is_boolean(agree) && !json_is_null(agree))
        return refuse(in, where, "\"agree\" is not true, false or null");
    device->status = (cln_compared_status)status;
    device->judged = json_is_boolean(agree);
    device->agree = json_is_true(agree);
    return CLN_OK;
}

static cln_status read_device(const reading *in, const json_t *json, cln_comparison *comparison)
{
    cln_status status;
    char where[64];
    const json_t *rows = json_object_get(json, "rows");
    cln_device_info info = {0};
    snprintf(where, sizeof where, "device %zu: ", comparison->count + 1);
    TRY(read_members(in, cln_device_members, json_object_get(json, "device"), &info, where));
    cln_compared_device *device = cln_comparison_add(comparison, &info);
    if (!device) {
        status = cln_fail_memory(in->error, "a comparison", sizeof *device);
        goto out;
    }
    TRY(read_members(in, device_members, json, device, where));
    TRY(read_outcome(in, json, device, where));
    if (!json_is_array(rows)) {
        status = refuse(in, where, "\"rows\" is no list");
        goto out;
    }
    for (size_t i = 0; i < json_array_size(rows); i++) {
        snprintf(where, sizeof where, "device %zu, row %zu: ", comparison->count, i + 1);
        TRY(read_row(in, json_array_get(rows, i), device, where));
    }
out:
    return status;
}

static cln_status read_comparison(const reading *in, const json_t *root, cln_comparison *comparison)
{
    cln_status status;
    const json_t *devices = json_object_get(root, "devices");
    const char *verdict = json_string_value(json_object_get(root, "verdict"));
    TRY(read_members(in, comparison_members, root, comparison, ""));
    TRY(read_members(in, data_members, json_object_get(root, "data"), comparison, "data: "));
    if (!json_is_array(devices)) {
        status = refuse(in, "", "\"devices\" is no list");
        goto out;
    }
    if (json_array_size(devices) > DEVICES_MAX) {
        status = refuse(in, "", "\"devices\" has too many");
        goto out;
    }
    for (size_t i = 0; i < json_array_size(devices); i++)
        TRY(read_device(in, json_array_get(devices, i), comparison));
    if (!verdict || strcmp(verdict, verdict_word(comparison)) != 0)
        status = refuse(in, "", "\"verdict\" is not what its devices say");
out:
    return status;
}

/* text (length) ← the file's bytes, to be released with free(). */
static cln_status read_text(const reading *in, char **text, size_t *length)
{
    cln_status status;
    uint64_t got = 0;
    cln_os_file file = {.descriptor = -1};
    TRY(cln_os_open(&file, in->path, in->error));
    if (file.size > FILE_BYTES_MAX) {
        status = refuse(in, "", "it is larger than 4 MiB");
        goto out;
    }
    TRY(cln_allocate((void **)text, file.size, 1, "a comparison", in->error));
    TRY(cln_os_read(&file, in->path, *text, file.size, &got, in->error));
    *length = (size_t)got;
out:
    cln_os_close(&file);
    return status;
}

cln_status cln_comparison_read(const char *path, cln_comparison *comparison, cln_error *error)
{
    cln_status status;
    const reading in = {.path = path, .error = error};
    json_error_t problem;
    json_t *root = NULL;
    char *text = NULL, why[JSON_ERROR_TEXT_LENGTH + 64], harmless[sizeof why];
    size_t length = 0;
    *comparison = (cln_comparison){0};
    TRY(read_text(&in, &text, &length));
    root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
    if (!root) {
        snprintf(why, sizeof why, "line %d: %s", problem.line, problem.text);
        cln_text_harmless(harmless, sizeof harmless, why);
        status = refuse(&in, "", harmless);
        goto out;
    }
    TRY(read_comparison(&in, root, comparison));
out:
    if (status != CLN_OK)
        cln_comparison_release(comparison);
    json_decref(root);
    free(text);
    return status;
}
