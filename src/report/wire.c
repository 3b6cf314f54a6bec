#include "report/wire.h"

#include "report/json.h"
#include "report/json_read.h"

#include <math.h>
#include <string.h>

/* Without memory the line is missing, and the work goes on. */
static void send(const char *kind, json_t *value, FILE *to)
{
    cln_json_write(value ? json_pack("{so}", kind, value) : NULL, 0, to, NULL);
    fflush(to);
}

void cln_wire_device(const cln_device_info *device, FILE *to)
{
    send("device", cln_json_device_facts(device), to);
}

void cln_wire_row(const cln_measurement *row, FILE *to)
{
    send("row", cln_json_measurement(row), to);
}

void cln_wire_progress(const cln_measure_progress *progress, FILE *to)
{
    send("progress",
         json_pack("{so so so}", "doing", cln_json_text(progress->doing), "seconds", cln_json_real(progress->seconds),
                   "seconds_left", cln_json_real(progress->seconds_left)),
         to);
}

void cln_wire_done(bool ok, const char *message, uint32_t told, FILE *to)
{
    send("done", json_pack("{sb so sI}", "ok", ok, "message", cln_json_text(message), "told", (json_int_t)told), to);
}

/* ---- and heard */

/* The only key of the object that a line is; NULL where it is none. */
static const char *only_key(json_t *line)
{
    if (!json_is_object(line) || json_object_size(line) != 1)
        return NULL;
    return json_object_iter_key(json_object_iter(line));
}

static void read_row(const json_t *from, cln_wire_line *line)
{
    bool reason = cln_json_text_in(from, "reason", line->text[2], sizeof line->text[2]);
    if (cln_json_text_in(from, "name", line->text[0], sizeof line->text[0]))
        line->kind = CLN_WIRE_ROW;
    cln_json_text_in(from, "unit", line->text[1], sizeof line->text[1]);
    line->row = (cln_measurement){line->text[0],
                                  cln_json_real_in(from, "value"),
                                  line->text[1],
                                  cln_json_real_in(from, "spread"),
                                  cln_json_real_in(from, "limit"),
                                  reason ? line->text[2] : NULL};
}

static void read_progress(const json_t *from, cln_wire_line *line)
{
    if (cln_json_text_in(from, "doing", line->text[0], sizeof line->text[0]))
        line->kind = CLN_WIRE_PROGRESS;
    line->progress = (cln_measure_progress){line->text[0], cln_json_real_in(from, "seconds"),
                                            cln_json_real_in(from, "seconds_left")};
}

static void read_done(const json_t *from, cln_wire_line *line)
{
    if (json_is_boolean(json_object_get(from, "ok")))
        line->kind = CLN_WIRE_DONE;
    line->ok = cln_json_flag_in(from, "ok");
    line->told = (uint32_t)cln_json_count_in(from, "told", UINT32_MAX);
    cln_json_text_in(from, "message", line->message, sizeof line->message);
}

void cln_wire_read(const char *text, cln_wire_line *line)
{
    memset(line, 0, sizeof *line);
    json_t *all = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    const char *key = only_key(all);
    if (!key)
        line->kind = CLN_WIRE_NOTHING;
    else if (strcmp(key, "device") == 0 && cln_json_device_in(all, key, &line->device))
        line->kind = CLN_WIRE_DEVICE;
    else if (strcmp(key, "row") == 0)
        read_row(json_object_get(all, key), line);
    else if (strcmp(key, "progress") == 0)
        read_progress(json_object_get(all, key), line);
    else if (strcmp(key, "done") == 0)
        read_done(json_object_get(all, key), line);
    json_decref(all);
}
