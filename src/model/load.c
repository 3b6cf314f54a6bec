/* Reading a model file that may be anything: every size is proven by the file's own before memory is taken for it. */
#include "base/os.h"
#include "base/size.h"
#include "data/limits.h"
#include "model/metadata.h"
#include "model/safetensors.h"
#include "model/text.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What the header says of one tensor. */
typedef struct tensor {
    const char *name;
    json_t *json; /* borrowed; NULL: not in the file */
    size_t rank;
    uint64_t shape[2]; /* (rank) */
    uint64_t begin, end;
} tensor;

typedef struct reading {
    const char *path;
    cln_os_file file;
    uint64_t data_offset, data_bytes; /* of the values, behind the header */
    json_t *header;
    cln_error *error;
} reading;

/* Every refusal begins alike. Needs `in`. */
#define REFUSE(...) cln_fail(in->error, CLN_FORMAT, "cannot load model " __VA_ARGS__)

static cln_status read_exactly(const reading *in, void *to, uint64_t count)
{
    uint64_t got;
    cln_status status = cln_os_read(&in->file, in->path, to, count, &got, in->error);
    if (status == CLN_OK && got < count)
        return REFUSE("%s: the file ends %llu bytes too early; fetch or copy it again", in->path,
                      (unsigned long long)(count - got));
    return status;
}

static uint64_t little_endian(const uint8_t *bytes, unsigned count)
{
    uint64_t value = 0;
    for (unsigned j = 0; j < count; j++)
        value |= (uint64_t)bytes[j] << 8 * j;
    return value;
}

static cln_status parse_header(reading *in, const char *text, size_t length)
{
    json_error_t problem;
    char safe[CLN_PRINTABLE_BYTES];
    if (text[0] != '{')
        return REFUSE("%s: it is no safetensors file, for its header is no JSON object", in->path);
    in->header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
    if (!in->header)
        return REFUSE("%s: its header cannot be read (%s)", in->path, cln_printable(problem.text, safe));
    return CLN_OK;
}

static cln_status read_header(reading *in)
{
    cln_status status;
    uint8_t prefix[8];
    char *text = NULL;
    if (in->file.size < sizeof prefix)
        return REFUSE("%s: it is no safetensors file, with %llu bytes alone", in->path,
                      (unsigned long long)in->file.size);
    TRY(read_exactly(in, prefix, sizeof prefix));
    uint64_t length = little_endian(prefix, 8), rest = in->file.size - sizeof prefix;
    if (length == 0 || length > rest || length > CLN_SAFETENSORS_HEADER_MAX)
        return REFUSE(
            "%s: it is cut off or no safetensors file (a header of %llu bytes is announced, %llu bytes follow, "
            "and %u are allowed)",
            in->path, (unsigned long long)length, (unsigned long long)rest, CLN_SAFETENSORS_HEADER_MAX);
    TRY(cln_allocate((void **)&text, length, 1, "a model file's header", in->error));
    TRY(read_exactly(in, text, length));
    in->data_offset = sizeof prefix + length;
    in->data_bytes = rest - length;
    TRY(parse_header(in, text, (size_t)length));
out:
    free(text);
    return status;
}

/* A whole number in `least` … `most` that JSON value `json` holds; false for anything else. */
static bool get_count(const json_t *json, uint64_t least, uint64_t most, uint64_t *value)
{
    if (!json_is_integer(json) || json_integer_value(json) < 0)
        return false;
    *value = (uint64_t)json_integer_value(json);
    return *value >= least && *value <= most;
}

/* Fills in rank dimensions, none above `most`, and the place, which must be theirs and within the values. */
static cln_status read_tensor(const reading *in, tensor *t, uint64_t most)
{
    const char *dtype;
    json_t *shape, *offsets;
    char safe[CLN_PRINTABLE_BYTES];
    uint64_t bytes = 4;
    if (json_unpack(t->json, "{s:s,s:o,s:o!}", "dtype", &dtype, "shape", &shape, "data_offsets", &offsets) != 0)
        return REFUSE("%s: tensor %s must have dtype, shape and data_offsets, and nothing else", in->path, t->name);
    if (strcmp(dtype, "F32") != 0)
        return REFUSE("%s: tensor %s has values of type %s; only F32 can be loaded", in->path, t->name,
                      cln_printable(dtype, safe));
    if (!json_is_array(shape) || json_array_size(shape) != t->rank)
        return REFUSE("%s: tensor %s must have a shape of %zu dimensions", in->path, t->name, t->rank);
    for (size_t i = 0; i < t->rank; i++) {
        if (!get_count(json_array_get(shape, i), 1, most, &t->shape[i]))
            return REFUSE("%s: tensor %s must have dimensions of 1 to %llu", in->path, t->name,
                          (unsigned long long)most);
        bytes *= t->shape[i]; /* two factors below 2²⁵: far from overflow */
    }
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 ||
        !get_count(json_array_get(offsets, 0), 0, in->data_bytes, &t->begin) ||
        !get_count(json_array_get(offsets, 1), t->begin, in->data_bytes, &t->end))
        return REFUSE("%s: tensor %s must have two data_offsets, in order and within the %llu bytes of values",
                      in->path, t->name, (unsigned long long)in->data_bytes);
    if (t->end - t->begin != bytes)
        return REFUSE("%s: tensor %s has a shape of %llu bytes but a place of %llu", in->path, t->name,
                      (unsigned long long)bytes, (unsigned long long)(t->end - t->begin));
    return CLN_OK;
}

/* Finds the tensors, and refuses whatever is not a model's. */
static cln_status find_tensors(const reading *in, tensor *weight, tensor *bias)
{
    const char *key;
    json_t *value;
    char safe[CLN_PRINTABLE_BYTES];
    json_object_foreach(in->header, key, value)
    {
        if (strcmp(key, weight->name) == 0)
            weight->json = value;
        else if (strcmp(key, bias->name) == 0)
            bias->json = value;
        else if (strcmp(key, "__metadata__") != 0)
            return REFUSE("%s: tensor \"%s\" is none of a linear model, which has weight and bias", in->path,
                          cln_printable(key, safe));
    }
    if (!weight->json)
        return REFUSE("%s: it has no tensor weight", in->path);
    return CLN_OK;
}

static cln_status read_tensors(const reading *in, tensor *weight, tensor *bias)
{
    cln_status status;
    TRY(find_tensors(in, weight, bias));
    TRY(read_tensor(in, weight, CLN_FEATURES_MAX));
    if (weight->shape[0] > CLN_CLASSES_MAX)
        return REFUSE("%s: it has %llu outputs; %u are the most", in->path, (unsigned long long)weight->shape[0],
                      CLN_CLASSES_MAX);
    const tensor *first = weight, *last = weight;
    if (bias->json) {
        TRY(read_tensor(in, bias, CLN_CLASSES_MAX));
        if (bias->shape[0] != weight->shape[0])
            return REFUSE("%s: it has %llu outputs by its weight but %llu by its bias", in->path,
                          (unsigned long long)weight->shape[0], (unsigned long long)bias->shape[0]);
        first = weight->begin < bias->begin ? weight : bias;
        last = first == weight ? bias : weight;
    }
    if (first->begin != 0 || (first != last && last->begin != first->end) || last->end != in->data_bytes)
        return REFUSE("%s: its tensors do not fill the %llu bytes of values without gap or overlap", in->path,
                      (unsigned long long)in->data_bytes);
out:
    return status;
}

/* Reads a tensor's values and refuses what is no finite number. */
static cln_status read_values(const reading *in, const tensor *t, float *values)
{
    cln_status status;
    uint64_t count = (t->end - t->begin) / 4;
    TRY(cln_os_seek(&in->file, in->path, in->data_offset + t->begin, in->error));
    TRY(read_exactly(in, values, 4 * count));
    for (uint64_t i = 0; i < count; i++) {
        uint8_t bytes[4];
        memcpy(bytes, values + i, 4);
        uint32_t bits = (uint32_t)little_endian(bytes, 4);
        memcpy(values + i, &bits, 4);
        if (!isfinite(values[i]))
            return REFUSE("%s: value %llu of tensor %s is not a finite number", in->path, (unsigned long long)i,
                          t->name);
    }
out:
    return status;
}

static cln_status copy_metadata(const reading *in, cln_model *model)
{
    const char *key;
    json_t *value, *metadata = json_object_get(in->header, "__metadata__");
    char safe[CLN_PRINTABLE_BYTES];
    if (metadata && !json_is_object(metadata))
        return REFUSE("%s: its __metadata__ is no JSON object", in->path);
    if (json_object_size(metadata) > CLN_SAFETENSORS_NAMES_MAX)
        return REFUSE("%s: its metadata has more than %u names", in->path, CLN_SAFETENSORS_NAMES_MAX);
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return REFUSE("%s: its metadata \"%s\" is no string", in->path, cln_printable(key, safe));
        cln_status status = cln_model_note(model, in->error, key, "%s", json_string_value(value));
        if (status != CLN_OK)
            return status;
    }
    return CLN_OK;
}

static cln_status read_model(reading *in, cln_model **result)
{
    cln_status status;
    cln_model *model = NULL;
    tensor weight = {.name = "weight", .rank = 2}, bias = {.name = "bias", .rank = 1};
    TRY(cln_os_open(&in->file, in->path, in->error));
    TRY(read_header(in));
    TRY(read_tensors(in, &weight, &bias));
    TRY(cln_model_create((uint32_t)weight.shape[0], (uint32_t)weight.shape[1], bias.json != NULL, &model, in->error));
    TRY(read_values(in, &weight, model->weight));
    if (bias.json)
        TRY(read_values(in, &bias, model->bias));
    TRY(copy_metadata(in, model));
    TRY(cln_metadata_apply(model, in->path, in->error));
    *result = model;
    model = NULL;
out:
    cln_model_free(model);
    return status;
}

cln_status cln_model_load(const char *path, cln_model **model, cln_error *error)
{
    reading in = {.path = path, .file = {.descriptor = -1}, .error = error};
    *model = NULL;
    cln_status status = read_model(&in, model);
    json_decref(in.header);
    cln_os_close(&in.file);
    return status;
}
