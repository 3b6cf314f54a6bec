#include "model/model.h"
#include "base/size.h"
#include "data/limits.h"

#include <stdarg.h>
#include <stdlib.h>

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
    uint64_t count = (uint64_t)outputs * features;
    TRY(cln_allocate((void **)&model->weight, count, sizeof(double), "weights", error));
    TRY(cln_allocate((void **)&model->rounded_weight, count, sizeof(float), "weights", error));
    if (bias) {
        TRY(cln_allocate((void **)&model->bias, outputs, sizeof(double), "the bias", error));
        TRY(cln_allocate((void **)&model->rounded_bias, outputs, sizeof(float), "the bias", error));
    }
    TRY(cln_allocate((void **)&model->classes, outputs, sizeof(uint32_t), "class numbers", error));
    for (uint32_t i = 0; i < outputs; i++)
        model->classes[i] = i;
    *result = model;
    model = NULL;
out:
    cln_model_free(model);
    return status;
}

uint64_t cln_model_bytes(uint32_t outputs, uint32_t features)
{
    return outputs * (features + 1ull) * (sizeof(double) + sizeof(float)) + outputs * sizeof(uint32_t);
}

void cln_model_round(cln_model *model)
{
    uint64_t count = (uint64_t)model->outputs * model->features;
    for (uint64_t i = 0; i < count; i++)
        model->rounded_weight[i] = (float)model->weight[i];
    for (uint32_t c = 0; model->bias && c < model->outputs; c++)
        model->rounded_bias[c] = (float)model->bias[c];
}

cln_status cln_model_note(cln_model *model, cln_error *error, const char *key, const char *value, ...)
{
    va_list arguments;
    va_start(arguments, value);
    cln_status status = cln_entries_put(&model->metadata, error, key, value, arguments);
    va_end(arguments);
    return status;
}

uint32_t cln_model_outputs(const cln_model *model)
{
    if (!model)
        return 0;
    return model->outputs;
}

uint32_t cln_model_features(const cln_model *model)
{
    if (!model)
        return 0;
    return model->features;
}

const float *cln_model_weight(const cln_model *model)
{
    return model ? model->rounded_weight : NULL;
}

const float *cln_model_bias(const cln_model *model)
{
    return model ? model->rounded_bias : NULL;
}

const double *cln_model_weight_double(const cln_model *model)
{
    return model ? model->weight : NULL;
}

const double *cln_model_bias_double(const cln_model *model)
{
    if (!model)
        return NULL;
    return model->bias;
}

const char *cln_model_metadata(const cln_model *model, const char *key)
{
    if (!model || !key)
        return NULL;
    return cln_entries_find(&model->metadata, key);
}

uint32_t cln_model_class(const cln_model *model, uint32_t output)
{
    if (!model)
        return UINT32_MAX; /* as for an output that there is not */
    if (model->target == CLN_TARGET_VALUE)
        return output;
    return output < model->outputs ? model->classes[output] : UINT32_MAX;
}

uint32_t cln_model_classes(const cln_model *model)
{
    if (!model || model->target == CLN_TARGET_REAL)
        return 0;
    return model->target == CLN_TARGET_VALUE ? (uint32_t)model->highest + 1 : model->outputs;
}

bool cln_model_is_softmax(const cln_model *model)
{
    if (!model)
        return false;
    return model->loss != CLN_SQUARED;
}

void cln_model_free(cln_model *model)
{
    if (!model)
        return;
    cln_entries_release(&model->metadata);
    free(model->classes);
    free(model->rounded_bias);
    free(model->rounded_weight);
    free(model->bias);
    free(model->weight);
    free(model);
}
