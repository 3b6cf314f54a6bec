/* How a safetensors file is written. */
#define _POSIX_C_SOURCE 200809L /* strdup */
#include "model/safetensors.h"

#include "base/size.h"

#include <stdlib.h>
#include <string.h>

const char *const cln_dtype_words[3] = {[CLN_F32] = "F32", [CLN_F64] = "F64", [CLN_I64] = "I64"};

uint64_t cln_dtype_bytes(cln_dtype dtype)
{
    return dtype == CLN_F32 ? 4 : 8;
}

json_t *cln_safetensors_text(const char *text)
{
    json_t *string = json_string(text);
    char *ascii = string ? NULL : strdup(text);
    if (ascii) {
        for (char *c = ascii; *c; c++)
            *c = *c & ~0x7f ? '?' : *c;
        string = json_string(ascii);
        free(ascii);
    }
    return string;
}

static uint64_t values_of(const cln_tensor *tensor)
{
    return tensor->shape[0] * (tensor->rank == 2 ? tensor->shape[1] : 1);
}

/* What the header says of a tensor whose place begins at `begin`. */
static json_t *describe(const cln_tensor *tensor, uint64_t begin)
{
    json_int_t from = (json_int_t)begin, to = (json_int_t)(begin + values_of(tensor) * cln_dtype_bytes(tensor->dtype));
    json_t *shape = json_array();
    int failed = 0;
    for (size_t i = 0; i < tensor->rank; i++)
        failed |= json_array_append_new(shape, json_integer((json_int_t)tensor->shape[i]));
    json_t *object = json_pack("{s:s,s:o,s:[II]}", "dtype", cln_dtype_words[tensor->dtype], "shape", shape,
                               "data_offsets", from, to);
    if (failed) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* The same with spaces behind it, for a length that is a multiple of eight. */
static char *pad(char *text)
{
    size_t length = text ? strlen(text) : 0, padded = (size_t)cln_ceil_divide(length, 8) * 8;
    char *grown = text ? realloc(text, padded + 1) : NULL;
    if (!grown) {
        free(text);
        return NULL;
    }
    memset(grown + length, ' ', padded - length);
    grown[padded] = '\0';
    return grown;
}

char *cln_safetensors_header(json_t *metadata, const cln_tensor *tensors, size_t count)
{
    json_t *header = json_object();
    uint64_t begin = 0;
    int failed = json_object_set(header, "__metadata__", metadata);
    for (size_t i = 0; i < count; i++) {
        failed |= json_object_set_new(header, tensors[i].name, describe(&tensors[i], begin));
        begin += values_of(&tensors[i]) * cln_dtype_bytes(tensors[i].dtype);
    }
    char *text = failed ? NULL : json_dumps(header, JSON_COMPACT);
    json_decref(header);
    return pad(text);
}

void cln_safetensors_put_header(const char *header, cln_bytes_fn *put, void *user)
{
    uint8_t prefix[8];
    uint64_t length = strlen(header);
    for (size_t j = 0; j < 8; j++)
        prefix[j] = (uint8_t)(length >> 8 * j);
    put(prefix, sizeof prefix, user);
    put(header, (size_t)length, user);
}

void cln_safetensors_put_values(const cln_tensor *tensor, cln_bytes_fn *put, void *user)
{
    uint8_t block[4096];
    const uint8_t *from = tensor->values;
    size_t width = cln_dtype_bytes(tensor->dtype);
    for (uint64_t count = values_of(tensor); count > 0;) {
        size_t some = count < sizeof block / width ? (size_t)count : sizeof block / width;
        for (size_t i = 0; i < some; i++, from += width) {
            uint64_t bits = 0;
            uint32_t half;
            if (width == 4) {
                memcpy(&half, from, 4);
                bits = half;
            } else {
                memcpy(&bits, from, 8);
            }
            for (size_t j = 0; j < width; j++)
                block[width * i + j] = (uint8_t)(bits >> 8 * j);
        }
        put(block, width * some, user);
        count -= some;
    }
}
