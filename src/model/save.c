#define _POSIX_C_SOURCE 200809L /* strdup */
#include "base/number.h"
#include "base/os.h"
#include "base/size.h"
#include "model/metadata.h"
#include "model/safetensors.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A JSON string. Text that is not UTF-8 (a file's name may be anything) keeps its ASCII characters. */
static json_t *json_text(const char *text)
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

/* "3,6", to be released with free(); NULL without memory. */
static char *list_classes(const cln_model *model)
{
    size_t size = (size_t)model->outputs * 12, length = 0; /* ten digits, a comma, and room to spare */
    char *text = malloc(size);
    for (uint32_t i = 0; text && i < model->outputs; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%u", i ? "," : "", model->classes[i]);
    return text;
}

/* The model's own entries come last, so that they win over noted ones of the same names. Nonzero without memory. */
static int set_metadata(json_t *metadata, const cln_model *model)
{
    char scale[32], *classes = list_classes(model);
    int failed = !classes;
    cln_format_real(model->scale, scale);
    for (size_t i = 0; i < model->entries; i++)
        failed |= json_object_set_new(metadata, model->metadata[i].key, json_text(model->metadata[i].value));
    failed |= json_object_set_new(metadata, "clinear", json_string(CLN_SAFETENSORS_VERSION));
    failed |= json_object_set_new(metadata, "format", json_string("pt"));
    failed |= json_object_set_new(metadata, "scale", json_string(scale));
    failed |= !classes || json_object_set_new(metadata, "classes", json_string(classes));
    failed |= json_object_set_new(metadata, "subset", json_string(model->subset ? "true" : "false"));
    failed |= json_object_set_new(metadata, "outputs", json_string(cln_outputs_words[model->loss]));
    failed |= json_object_set_new(metadata, "target", json_string(cln_target_words[model->target]));
    if (model->target == CLN_TARGET_VALUE)
        failed |= json_object_set_new(metadata, "labels", json_sprintf("%d,%d", model->lowest, model->highest));
    free(classes);
    return failed;
}

/* The header's text, to be released with free(); NULL without memory. */
static char *write_header(const cln_model *model)
{
    json_int_t k = model->outputs, d = model->features, weights = k * d * 4;
    json_t *metadata = json_object();
    json_t *weight =
        json_pack("{s:s,s:[II],s:[II]}", "dtype", "F32", "shape", k, d, "data_offsets", (json_int_t)0, weights);
    json_t *bias = model->bias ? json_pack("{s:s,s:[I],s:[II]}", "dtype", "F32", "shape", k, "data_offsets", weights,
                                           weights + k * 4)
                               : NULL;
    json_t *header = json_object();
    char *text = NULL;
    int failed = set_metadata(metadata, model);
    failed |= json_object_set(header, "__metadata__", metadata);
    failed |= json_object_set(header, "weight", weight);
    failed |= model->bias && json_object_set(header, "bias", bias);
    if (!failed)
        text = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    json_decref(bias);
    json_decref(weight);
    json_decref(metadata);
    return text;
}

/* Writes floats (count), little-endian on any machine. */
static bool put_floats(FILE *stream, const float *values, uint64_t count)
{
    uint8_t block[4096];
    while (count > 0) {
        size_t some = count < sizeof block / 4 ? (size_t)count : sizeof block / 4;
        for (size_t i = 0; i < some; i++) {
            uint32_t bits;
            memcpy(&bits, values + i, 4);
            for (size_t j = 0; j < 4; j++)
                block[4 * i + j] = (uint8_t)(bits >> 8 * j);
        }
        if (fwrite(block, 4, some, stream) != some)
            return false;
        values += some;
        count -= some;
    }
    return true;
}

/* Spaces behind the header bring the values to a multiple of eight bytes, as the format allows. */
static bool put_model(FILE *stream, const cln_model *model, const char *header)
{
    uint8_t prefix[8];
    uint64_t length = strlen(header), padded = cln_ceil_divide(length, 8) * 8;
    for (size_t j = 0; j < 8; j++)
        prefix[j] = (uint8_t)(padded >> 8 * j);
    return fwrite(prefix, 1, 8, stream) == 8 && fwrite(header, 1, length, stream) == length &&
           fprintf(stream, "%*s", (int)(padded - length), "") >= 0 &&
           put_floats(stream, model->weight, (uint64_t)model->outputs * model->features) &&
           (!model->bias || put_floats(stream, model->bias, model->outputs));
}

static bool all_finite(const float *values, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

cln_status cln_model_save(const cln_model *model, const char *path, cln_error *error)
{
    cln_status status;
    cln_replacement file = {0};
    char *header = NULL;
    if (!all_finite(model->weight, (uint64_t)model->outputs * model->features) ||
        (model->bias && !all_finite(model->bias, model->outputs)))
        return cln_fail(error, CLN_INVALID, "the model is not written to %s: its weights are not all finite numbers",
                        path);
    header = write_header(model);
    if (!header)
        return cln_fail_memory(error, "a model file's header", CLN_SAFETENSORS_HEADER_MAX);
    if (strlen(header) > CLN_SAFETENSORS_HEADER_MAX - 8) {
        status = cln_fail(error, CLN_INVALID, "the model is not written to %s: its metadata is longer than %u bytes",
                          path, CLN_SAFETENSORS_HEADER_MAX);
        goto out;
    }
    TRY(cln_os_replace_begin(&file, path, error));
    if (!put_model(file.stream, model, header)) {
        status = cln_fail(error, CLN_IO, "cannot write %s: %s; nothing was changed there", path, strerror(errno));
        goto out;
    }
    TRY(cln_os_replace_commit(&file, error));
out:
    cln_os_replace_abandon(&file);
    free(header);
    return status;
}
