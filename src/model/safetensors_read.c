/* Reading a safetensors file that may be anything: every size is proven by the file's own before memory is taken for it. */
#include "model/safetensors.h"

#include "base/size.h"
#include "model/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

cln_status cln_safetensors_refuse(const cln_safetensors *in, const char *why, ...)
{
    char text[600];
    va_list arguments;
    va_start(arguments, why);
    vsnprintf(text, sizeof text, why, arguments);
    va_end(arguments);
    return cln_fail(in->error, CLN_FORMAT, "%s %s: %s", in->task, in->path, text);
}

static cln_status read_exactly(const cln_safetensors *in, void *to, uint64_t count)
{
    uint64_t got;
    cln_status status = cln_os_read(&in->file, in->path, to, count, &got, in->error);
    if (status == CLN_OK && got < count)
        return cln_safetensors_refuse(in, "the file ends %llu bytes too early; fetch or copy it again",
                                      (unsigned long long)(count - got));
    return status;
}

static uint64_t little_endian(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t j = 0; j < count; j++)
        value |= (uint64_t)bytes[j] << 8 * j;
    return value;
}

static cln_status parse_header(cln_safetensors *in, const char *text, size_t length)
{
    json_error_t problem;
    char safe[CLN_PRINTABLE_BYTES];
    if (text[0] != '{')
        return cln_safetensors_refuse(in, "it is no safetensors file, for its header is no JSON object");
    in->header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
    if (!in->header)
        return cln_safetensors_refuse(in, "its header cannot be read (%s)", cln_printable(problem.text, safe));
    return CLN_OK;
}

static cln_status read_header(cln_safetensors *in)
{
    cln_status status;
    uint8_t prefix[8];
    char *text = NULL;
    if (in->file.size < sizeof prefix)
        return cln_safetensors_refuse(in, "it is no safetensors file, with %llu bytes alone",
                                      (unsigned long long)in->file.size);
    TRY(read_exactly(in, prefix, sizeof prefix));
    uint64_t length = little_endian(prefix, 8), rest = in->file.size - sizeof prefix;
    if (length == 0 || length > rest || length > CLN_SAFETENSORS_HEADER_MAX)
        return cln_safetensors_refuse(
            in,
            "it is cut off or no safetensors file (a header of %llu bytes is announced, %llu bytes follow, "
            "and %u are allowed)",
            (unsigned long long)length, (unsigned long long)rest, CLN_SAFETENSORS_HEADER_MAX);
    TRY(cln_allocate((void **)&text, length, 1, "a file's header", in->error));
    TRY(read_exactly(in, text, length));
    in->data_offset = sizeof prefix + length;
    in->data_bytes = rest - length;
    TRY(parse_header(in, text, (size_t)length));
out:
    free(text);
    return status;
}

cln_status cln_safetensors_open(cln_safetensors *in)
{
    cln_status status;
    in->file.descriptor = -1;
    in->header = NULL;
    TRY(cln_os_open(&in->file, in->path, in->error));
    TRY(read_header(in));
out:
    return status;
}

void cln_safetensors_close(cln_safetensors *in)
{
    json_decref(in->header);
    in->header = NULL;
    cln_os_close(&in->file);
}

/* A whole number in `least` … `most` that JSON value `json` holds; false for anything else. */
static bool get_count(const json_t *json, uint64_t least, uint64_t most, uint64_t *value)
{
    if (!json_is_integer(json) || json_integer_value(json) < 0)
        return false;
    *value = (uint64_t)json_integer_value(json);
    return *value >= least && *value <= most;
}

/* The place of a tensor of so many bytes. */
static cln_status find_place(const cln_safetensors *in, cln_tensor *t, const json_t *offsets, uint64_t bytes)
{
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 ||
        !get_count(json_array_get(offsets, 0), 0, in->data_bytes, &t->begin) ||
        !get_count(json_array_get(offsets, 1), t->begin, in->data_bytes, &t->end))
        return cln_safetensors_refuse(
            in, "tensor %s must have two data_offsets, in order and within the %llu bytes of values", t->name,
            (unsigned long long)in->data_bytes);
    if (t->end - t->begin != bytes)
        return cln_safetensors_refuse(in, "tensor %s has a shape of %llu bytes but a place of %llu", t->name,
                                      (unsigned long long)bytes, (unsigned long long)(t->end - t->begin));
    return CLN_OK;
}

cln_status cln_safetensors_find(const cln_safetensors *in, cln_tensor *t, uint64_t most)
{
    const char *dtype, *wanted = cln_dtype_words[t->dtype];
    json_t *shape, *offsets;
    char safe[CLN_PRINTABLE_BYTES];
    uint64_t bytes = cln_dtype_bytes(t->dtype);
    if (json_unpack(json_object_get(in->header, t->name), "{s:s,s:o,s:o!}", "dtype", &dtype, "shape", &shape,
                    "data_offsets", &offsets) != 0)
        return cln_safetensors_refuse(in, "tensor %s must have dtype, shape and data_offsets, and nothing else",
                                      t->name);
    if (strcmp(dtype, wanted) != 0)
        return cln_safetensors_refuse(in, "tensor %s has values of type %s; only %s can be loaded", t->name,
                                      cln_printable(dtype, safe), wanted);
    if (!json_is_array(shape) || json_array_size(shape) != t->rank)
        return cln_safetensors_refuse(in, "tensor %s must have a shape of %zu dimensions", t->name, t->rank);
    for (size_t i = 0; i < t->rank; i++)
        if (!get_count(json_array_get(shape, i), 1, most, &t->shape[i]))
            return cln_safetensors_refuse(in, "tensor %s must have dimensions of 1 to %llu", t->name,
                                          (unsigned long long)most);
    for (size_t i = 0; i < t->rank; i++)
        if (!cln_multiply(bytes, t->shape[i], &bytes))
            return cln_safetensors_refuse(in, "tensor %s is larger than any file", t->name);
    return find_place(in, t, offsets, bytes);
}

cln_status cln_safetensors_values(const cln_safetensors *in, const cln_tensor *t, void *values)
{
    cln_status status;
    size_t width = cln_dtype_bytes(t->dtype);
    TRY(cln_os_seek(&in->file, in->path, in->data_offset + t->begin, in->error));
    TRY(read_exactly(in, values, t->end - t->begin));
    for (uint8_t *at = values, *end = at + (t->end - t->begin); at < end; at += width) {
        uint64_t bits = little_endian(at, width);
        uint32_t half = (uint32_t)bits;
        memcpy(at, width == 4 ? (const void *)&half : (const void *)&bits, width);
    }
out:
    return status;
}

cln_status cln_safetensors_metadata(const cln_safetensors *in, cln_entries *entries)
{
    const char *key;
    json_t *value, *metadata = json_object_get(in->header, "__metadata__");
    char safe[CLN_PRINTABLE_BYTES];
    if (metadata && !json_is_object(metadata))
        return cln_safetensors_refuse(in, "its __metadata__ is no JSON object");
    if (json_object_size(metadata) > CLN_SAFETENSORS_NAMES_MAX)
        return cln_safetensors_refuse(in, "its metadata has more than %u names", CLN_SAFETENSORS_NAMES_MAX);
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return cln_safetensors_refuse(in, "its metadata \"%s\" is no string", cln_printable(key, safe));
        cln_status status = cln_entries_note(entries, in->error, key, "%s", json_string_value(value));
        if (status != CLN_OK)
            return status;
    }
    return CLN_OK;
}
