/* A model from a file that may be anything. */
#include "data/limits.h"
#include "base/entry.h"
#include "model/metadata.h"
#include "model/safetensors.h"
#include "model/text.h"

#include <math.h>
#include <string.h>

/* Refuses whatever is not a model's. */
static cln_status check_names(const cln_safetensors *in)
{
    const char *key;
    json_t *value;
    char safe[CLN_PRINTABLE_BYTES];
    json_object_foreach(in->header, key, value)
    {
        if (strcmp(key, "weight") != 0 && strcmp(key, "bias") != 0 && strcmp(key, "__metadata__") != 0)
            return cln_safetensors_refuse(in, "tensor \"%s\" is none of a linear model, which has weight and bias",
                                          cln_printable(key, safe));
    }
    return json_object_get(in->header, "weight") ? CLN_OK : cln_safetensors_refuse(in, "it has no tensor weight");
}

/* Each tensor may have floats or doubles. */
static cln_status find_type(const cln_safetensors *in, cln_tensor *tensor)
{
    char safe[CLN_PRINTABLE_BYTES];
    const char *type = json_string_value(json_object_get(json_object_get(in->header, tensor->name), "dtype"));
    tensor->dtype = type && strcmp(type, cln_dtype_words[CLN_F64]) == 0 ? CLN_F64 : CLN_F32;
    if (type && strcmp(type, cln_dtype_words[tensor->dtype]) != 0)
        return cln_safetensors_refuse(in, "tensor %s has values of type %s; only F32 and F64 can be loaded",
                                      tensor->name, cln_printable(type, safe));
    return CLN_OK;
}

static cln_status find_tensors(const cln_safetensors *in, cln_tensor *weight, cln_tensor *bias, bool has_bias)
{
    cln_status status;
    const cln_tensor *first = weight, *last = weight;
    TRY(find_type(in, weight));
    TRY(cln_safetensors_find(in, weight, CLN_FEATURES_MAX));
    if (weight->shape[0] > CLN_CLASSES_MAX)
        return cln_safetensors_refuse(in, "it has %llu outputs; %u are the most", (unsigned long long)weight->shape[0],
                                      CLN_CLASSES_MAX);
    if (has_bias) {
        TRY(find_type(in, bias));
        TRY(cln_safetensors_find(in, bias, CLN_CLASSES_MAX));
        if (bias->shape[0] != weight->shape[0])
            return cln_safetensors_refuse(in, "it has %llu outputs by its weight but %llu by its bias",
                                          (unsigned long long)weight->shape[0], (unsigned long long)bias->shape[0]);
        first = weight->begin < bias->begin ? weight : bias;
        last = first == weight ? bias : weight;
    }
    if (first->begin != 0 || (first != last && last->begin != first->end) || last->end != in->data_bytes)
        return cln_safetensors_refuse(in, "its tensors do not fill the %llu bytes of values without gap or overlap",
                                      (unsigned long long)in->data_bytes);
out:
    return status;
}

/* Reads a tensor's values, floats into `floats` first, and refuses what is no finite number. */
static cln_status read_values(const cln_safetensors *in, const cln_tensor *t, double *values, float *floats)
{
    bool doubles = t->dtype == CLN_F64;
    uint64_t count = (t->end - t->begin) / cln_dtype_bytes(t->dtype);
    cln_status status = cln_safetensors_values(in, t, doubles ? (void *)values : floats);
    for (uint64_t i = 0; status == CLN_OK && i < count; i++) {
        values[i] = doubles ? values[i] : (double)floats[i];
        if (!isfinite(values[i]))
            status = cln_safetensors_refuse(in, "value %llu of tensor %s is not a finite number", (unsigned long long)i,
                                            t->name);
    }
    return status;
}

/* Whether the weights are those that the file says it has. */
static cln_status check_digest(const cln_safetensors *in, const cln_model *model)
{
    char digest[65];
    const char *noted = cln_model_metadata(model, "weights_sha256");
    if (!noted)
        return CLN_OK;
    cln_model_digest(model, digest);
    if (strcmp(noted, digest) == 0)
        return CLN_OK;
    return cln_safetensors_refuse(in, "its weights are not those that its weights_sha256 is of, so it was damaged or "
                                      "changed; fetch or copy it again, or take that name out of its metadata");
}

static cln_status read_model(cln_safetensors *in, cln_model **result)
{
    cln_status status;
    cln_model *model = NULL;
    cln_tensor weight = {.name = "weight", .rank = 2}, bias = {.name = "bias", .rank = 1};
    TRY(cln_safetensors_open(in));
    TRY(check_names(in));
    bool has_bias = json_object_get(in->header, "bias") != NULL;
    TRY(find_tensors(in, &weight, &bias, has_bias));
    TRY(cln_model_create((uint32_t)weight.shape[0], (uint32_t)weight.shape[1], has_bias, &model, in->error));
    model->weight_type = weight.dtype;
    model->bias_type = bias.dtype;
    TRY(read_values(in, &weight, model->weight, model->rounded_weight));
    if (has_bias)
        TRY(read_values(in, &bias, model->bias, model->rounded_bias));
    cln_model_round(model);
    TRY(cln_safetensors_metadata(in, &model->metadata));
    TRY(cln_metadata_apply(model, in->path, in->error));
    TRY(check_digest(in, model));
    *result = model;
    model = NULL;
out:
    cln_model_free(model);
    return status;
}

cln_status cln_model_load(const char *path, cln_model **model, cln_error *error)
{
    MAKES(model);
    ENTER(error, path && model);
    cln_safetensors in = {.task = "cannot load model", .path = path, .error = error};
    cln_status status = read_model(&in, model);
    cln_safetensors_close(&in);
    return status;
}
