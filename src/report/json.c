#include "report/json.h"

#include "base/error.h"
#include "report/members.h"
#include "report/text.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_bool short_of_memory;

static void *allocate(size_t bytes)
{
    void *memory = malloc(bytes);
    if (!memory)
        atomic_store(&short_of_memory, true);
    return memory;
}

void cln_json_watch_memory(void)
{
    json_set_alloc_funcs(allocate, free);
}

json_t *cln_json_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *cln_json_count(uint64_t count)
{
    return json_integer((json_int_t)count);
}

json_t *cln_json_text(const char *text)
{
    char harmless[4096];
    if (!text)
        return json_null();
    cln_text_harmless(harmless, sizeof harmless, text);
    return json_string(harmless);
}

json_t *cln_json_score(const cln_score *score)
{
    if (score->rows == 0)
        return json_null();
    return json_pack("{so so so so}", "loss", cln_json_real(score->loss), "errors", cln_json_count(score->errors),
                     "rows", cln_json_count(score->rows), "accuracy", cln_json_real(cln_accuracy(score)));
}

json_t *cln_json_certificate(const cln_certificate *certificate)
{
    if (certificate->rows == 0)
        return json_null();
    return json_pack("{so so so so so}", "rows", cln_json_count(certificate->rows), "loss",
                     cln_json_real(certificate->loss), "objective", cln_json_real(certificate->objective),
                     "gradient_norm", cln_json_real(certificate->gradient_norm), "suboptimality",
                     cln_json_real(certificate->suboptimality));
}

json_t *cln_json_seconds(const cln_seconds *seconds)
{
    return json_pack("{so so so so so so}", "total", cln_json_real(seconds->total), "load",
                     cln_json_real(seconds->load), "build", cln_json_real(seconds->build), "upload",
                     cln_json_real(seconds->upload), "train", cln_json_real(seconds->train), "evaluate",
                     cln_json_real(seconds->evaluate));
}

json_t *cln_json_device(const cln_device_info *device)
{
    return json_pack("{si so so so so}", "index", device->index, "name", cln_json_text(device->name), "type",
                     cln_json_text(device->type), "platform", cln_json_text(device->platform), "driver",
                     cln_json_text(device->driver));
}

json_t *cln_json_device_facts(const cln_device_info *device)
{
    return cln_members_json(cln_device_members, device);
}

json_t *cln_json_measurement(const cln_measurement *row)
{
    return json_pack("{so so so so so so}", "name", cln_json_text(row->name), "value", cln_json_real(row->value),
                     "unit", cln_json_text(row->unit), "spread", cln_json_real(row->spread), "limit",
                     cln_json_real(row->limit), "reason", cln_json_text(row->reason));
}

/* Writes the number at `text` and returns its length. Jansson writes every real with 17 digits, 0.1 as
   0.10000000000000001. */
static size_t write_number(const char *text, FILE *to)
{
    cln_text shortest;
    size_t length = strspn(text, "0123456789+-.eE");
    /* what lies behind the number is not looked at: there may be millions of others */
    if (strspn(text, "0123456789+-") == length) {
        fwrite(text, 1, length, to);
        return length;
    }
    cln_text_double(shortest, strtod(text, NULL));
    fputs(shortest, to);
    if (!strpbrk(shortest, ".e"))
        fputs(".0", to);
    return length;
}

cln_status cln_json_write(json_t *value, int indent, FILE *to, cln_error *error)
{
    char *text = value ? json_dumps(value, JSON_REAL_PRECISION(17) | JSON_ENCODE_ANY |
                                               (indent ? JSON_INDENT((size_t)indent) : JSON_COMPACT))
                       : NULL;
    json_decref(value);
    if (!text || atomic_load(&short_of_memory)) {
        free(text);
        return cln_fail_memory(error, "JSON text", 0);
    }
    bool quoted = false;
    for (const char *at = text; *at;) {
        if (quoted && *at == '\\') {
            fwrite(at, 1, 2, to);
            at += 2;
        } else if (!quoted && strchr("-0123456789", *at)) {
            at += write_number(at, to);
        } else {
            quoted ^= *at == '"';
            fputc(*at++, to);
        }
    }
    fputc('\n', to);
    free(text);
    return CLN_OK;
}
