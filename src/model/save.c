#include "base/entry.h"
#include "base/number.h"
#include "base/sha256.h"
#include "model/metadata.h"
#include "model/safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    char scale[32], digest[65], *classes = list_classes(model);
    int failed = !classes;
    cln_format_real(model->scale, scale);
    for (size_t i = 0; i < model->metadata.count; i++)
        failed |= json_object_set_new(metadata, model->metadata.list[i].key,
                                      cln_safetensors_text(model->metadata.list[i].value));
    failed |= json_object_set_new(metadata, "clinear", json_string(CLN_SAFETENSORS_VERSION));
    failed |= json_object_set_new(metadata, "format", json_string("pt"));
    failed |= json_object_set_new(metadata, "scale", json_string(scale));
    failed |= !classes || json_object_set_new(metadata, "classes", json_string(classes));
    failed |= json_object_set_new(metadata, "subset", json_string(model->subset ? "true" : "false"));
    failed |= json_object_set_new(metadata, "outputs", json_string(cln_outputs_words[model->loss]));
    cln_model_digest(model, digest);
    failed |= json_object_set_new(metadata, "weights_sha256", json_string(digest));
    failed |= json_object_set_new(metadata, "target", json_string(cln_target_words[model->target]));
    if (model->target == CLN_TARGET_VALUE)
        failed |= json_object_set_new(metadata, "labels", json_sprintf("%d,%d", model->lowest, model->highest));
    free(classes);
    return failed;
}

static void add_up(const void *bytes, size_t count, void *user)
{
    cln_sha256_add(user, bytes, count);
}

void cln_model_digest(const cln_model *model, char text[65])
{
    cln_tensor tensors[2];
    size_t count = cln_model_tensors(model, tensors);
    cln_sha256 sum = cln_sha256_begin();
    for (size_t i = 0; i < count; i++)
        cln_safetensors_put_values(&tensors[i], add_up, &sum);
    cln_sha256_end(&sum, text);
}

size_t cln_model_tensors(const cln_model *model, cln_tensor tensors[2])
{
    bool doubles = model->weight_type == CLN_F64, double_bias = model->bias_type == CLN_F64;
    tensors[0] = (cln_tensor){.name = "weight",
                              .dtype = model->weight_type,
                              .rank = 2,
                              .shape = {model->outputs, model->features},
                              .values = doubles ? (const void *)model->weight : model->rounded_weight};
    tensors[1] = (cln_tensor){.name = "bias",
                              .dtype = model->bias_type,
                              .rank = 1,
                              .shape = {model->outputs},
                              .values = double_bias ? (const void *)model->bias : model->rounded_bias};
    return model->bias ? 2 : 1;
}

/* The header's text, to be released with free(); NULL without memory. */
static char *write_header(const cln_model *model)
{
    cln_tensor tensors[2];
    size_t count = cln_model_tensors(model, tensors);
    json_t *metadata = json_object();
    char *text = set_metadata(metadata, model) ? NULL : cln_safetensors_header(metadata, tensors, count);
    json_decref(metadata);
    return text;
}

/* A failure stays in the stream. */
static void put_bytes(const void *bytes, size_t count, void *user)
{
    fwrite(bytes, 1, count, user);
}

static void put_model(FILE *stream, const cln_model *model, const char *header)
{
    cln_tensor tensors[2];
    size_t count = cln_model_tensors(model, tensors);
    cln_safetensors_put_header(header, put_bytes, stream);
    for (size_t i = 0; i < count; i++)
        cln_safetensors_put_values(&tensors[i], put_bytes, stream);
}

/* As the file has them: floats end before doubles do. */
static bool all_finite(const cln_tensor *tensor)
{
    uint64_t count = tensor->shape[0] * (tensor->rank == 2 ? tensor->shape[1] : 1);
    const float *floats = tensor->values;
    const double *doubles = tensor->values;
    for (uint64_t i = 0; i < count; i++)
        if (tensor->dtype == CLN_F64 ? !isfinite(doubles[i]) : !isfinite(floats[i]))
            return false;
    return true;
}

cln_status cln_model_save(const cln_model *model, const char *path, cln_error *error)
{
    ENTER(error, model && path);
    cln_status status;
    cln_replacement file = {0};
    char *header = NULL;
    cln_tensor tensors[2];
    size_t count = cln_model_tensors(model, tensors);
    if (!all_finite(&tensors[0]) || (count > 1 && !all_finite(&tensors[1])))
        return cln_fail(error, CLN_INVALID, "the model is not written to %s: its weights are not all finite numbers",
                        path);
    header = write_header(model);
    if (!header)
        return cln_fail_memory(error, "a model file's header", CLN_SAFETENSORS_HEADER_MAX);
    if (strlen(header) > CLN_SAFETENSORS_HEADER_MAX) {
        status = cln_fail(error, CLN_INVALID, "the model is not written to %s: its metadata is longer than %u bytes",
                          path, CLN_SAFETENSORS_HEADER_MAX);
        goto out;
    }
    TRY(cln_os_replace_begin(&file, path, error));
    put_model(file.stream, model, header);
    TRY(cln_os_replace_commit(&file, error));
out:
    cln_os_replace_abandon(&file);
    free(header);
    return status;
}
