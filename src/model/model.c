#define _POSIX_C_SOURCE 200809L /* strdup */
#include "model/model.h"
#include "base/number.h"
#include "base/size.h"
#include "data/limits.h"

#include <stdlib.h>
#include <string.h>

cln_status cln_model_create(uint32_t outputs, uint32_t features, bool bias, cln_model **result, cln_error *error)
{
    cln_status status;
    cln_model *model = NULL;
    *result = NULL;
    if (outputs == 0 || outputs > CLN_CLASSES_MAX || features == 0 || features > CLN_FEATURES_MAX)
        return cln_fail(error, CLN_INVALID,
                        "a model of %u outputs and %u features cannot be made; it may have 1 to %u outputs and 1 to %u "
                        "features",
                        outputs, features, CLN_CLASSES_MAX, CLN_FEATURES_MAX);
    TRY(cln_allocate((void **)&model, 1, sizeof *model, "a model", error));
    model->outputs = outputs;
    model->features = features;
    model->scale = 1;
    TRY(cln_allocate((void **)&model->weight, (uint64_t)outputs * features, sizeof(float), "weights", error));
    if (bias)
        TRY(cln_allocate((void **)&model->bias, outputs, sizeof(float), "the bias", error));
    TRY(cln_allocate((void **)&model->classes, outputs, sizeof(uint32_t), "class numbers", error));
    for (uint32_t i = 0; i < outputs; i++)
        model->classes[i] = i;
    *result = model;
    model = NULL;
out:
    cln_model_free(model);
    return status;
}

/* The entry of this key, or NULL. */
static cln_entry *find(const cln_model *model, const char *key)
{
    for (size_t i = 0; i < model->entries; i++)
        if (strcmp(model->metadata[i].key, key) == 0)
            return &model->metadata[i];
    return NULL;
}

/* Appends an entry with this key and no value yet. */
static cln_status append(cln_model *model, const char *key, cln_entry **entry, cln_error *error)
{
    size_t bytes = (model->entries + 1) * sizeof *model->metadata;
    cln_entry *grown = realloc(model->metadata, bytes);
    if (!grown)
        return cln_fail_memory(error, "metadata", bytes);
    model->metadata = grown;
    *entry = &grown[model->entries];
    (*entry)->value = NULL;
    (*entry)->key = strdup(key);
    if (!(*entry)->key)
        return cln_fail_memory(error, "metadata", strlen(key) + 1);
    model->entries++;
    return CLN_OK;
}

cln_status cln_model_note(cln_model *model, cln_error *error, const char *key, const char *value, ...)
{
    cln_status status;
    char *text = NULL;
    cln_entry *entry = find(model, key);
    va_list arguments;
    va_start(arguments, value);
    int length = cln_format_list(NULL, 0, value, arguments);
    va_end(arguments);
    TRY(cln_allocate((void **)&text, length < 0 ? 1 : (uint64_t)length + 1, 1, "metadata", error));
    va_start(arguments, value);
    cln_format_list(text, length < 0 ? 1 : (size_t)length + 1, value, arguments);
    va_end(arguments);
    if (!entry)
        TRY(append(model, key, &entry, error));
    free(entry->value);
    entry->value = text;
    text = NULL;
out:
    free(text);
    return status;
}

uint32_t cln_model_outputs(const cln_model *model)
{
    return model->outputs;
}

uint32_t cln_model_features(const cln_model *model)
{
    return model->features;
}

const float *cln_model_weight(const cln_model *model)
{
    return model->weight;
}

const float *cln_model_bias(const cln_model *model)
{
    return model->bias;
}

const char *cln_model_metadata(const cln_model *model, const char *key)
{
    const cln_entry *entry = find(model, key);
    return entry ? entry->value : NULL;
}

uint32_t cln_model_class(const cln_model *model, uint32_t output)
{
    if (model->target == CLN_TARGET_VALUE)
        return output;
    return output < model->outputs ? model->classes[output] : UINT32_MAX;
}

uint32_t cln_model_classes(const cln_model *model)
{
    return model->target == CLN_TARGET_VALUE ? (uint32_t)model->highest + 1 : model->outputs;
}

bool cln_model_is_softmax(const cln_model *model)
{
    return model->loss != CLN_SQUARED;
}

void cln_model_free(cln_model *model)
{
    if (!model)
        return;
    for (size_t i = 0; i < model->entries; i++) {
        free(model->metadata[i].key);
        free(model->metadata[i].value);
    }
    free(model->metadata);
    free(model->classes);
    free(model->bias);
    free(model->weight);
    free(model);
}
