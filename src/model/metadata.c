#include "model/metadata.h"
#include "base/number.h"
#include "base/size.h"
#include "data/limits.h"
#include "model/safetensors.h"
#include "model/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static cln_status apply_scale(cln_model *model, const char *path, const char *text, cln_error *error)
{
    char safe[CLN_PRINTABLE_BYTES];
    if (!cln_parse_real(text, &model->scale) || !((float)model->scale > 0) || isinf((float)model->scale))
        return cln_fail(error, CLN_FORMAT,
                        "cannot load model %s: its scale \"%s\" is no positive number of a float's range", path,
                        cln_printable(text, safe));
    return CLN_OK;
}

/* One label from *text on, which moves behind its comma; false for anything but digits, or a label that is none. */
static bool next_label(const char **text, uint32_t *label)
{
    char digits[12] = "";
    uint64_t value;
    size_t length = strcspn(*text, ",");
    if (length >= sizeof digits)
        return false;
    memcpy(digits, *text, length);
    if (!cln_parse_count(digits, &value) || value >= CLN_CLASSES_MAX)
        return false;
    *label = (uint32_t)value;
    *text += length;
    if (**text == ',')
        ++*text;
    return true;
}

static cln_status apply_classes(cln_model *model, const char *path, const char *text, cln_error *error)
{
    cln_status status;
    bool *seen = NULL;
    size_t length = strlen(text), count = 1;
    for (size_t i = 0; i < length; i++)
        count += text[i] == ',';
    if (count != model->outputs)
        return cln_fail(error, CLN_FORMAT, "cannot load model %s: it has %u outputs, but names %zu classes", path,
                        model->outputs, count);
    TRY(cln_allocate((void **)&seen, CLN_CLASSES_MAX, sizeof *seen, "class numbers", error));
    for (uint32_t i = 0; i < model->outputs; i++) {
        if (!next_label(&text, &model->classes[i]) || seen[model->classes[i]]) {
            status = cln_fail(error, CLN_FORMAT,
                              "cannot load model %s: class %u of those it names is no label, or one named before", path,
                              i + 1);
            goto out;
        }
        seen[model->classes[i]] = true;
    }
out:
    free(seen);
    return status;
}

/* Classes other than 0 … k−1 are a subset, whatever else is said. */
static bool is_renumbered(const cln_model *model)
{
    for (uint32_t i = 0; i < model->outputs; i++)
        if (model->classes[i] != i)
            return true;
    return false;
}

const char *const cln_outputs_words[3] = {"softmax", "softmax-squared", "linear"};
const char *const cln_target_words[3] = {"onehot", "value", "real"};

/* The place of `text` among words (3), or 0 for NULL; false where it is none of them. */
static bool find_word(const char *const *words, const char *text, int *found)
{
    for (*found = 0; text && *found < 3; ++*found)
        if (strcmp(words[*found], text) == 0)
            return true;
    return !text;
}

static cln_status apply_kind(cln_model *model, const char *path, cln_error *error)
{
    int loss, target;
    const char *labels = cln_model_metadata(model, "labels");
    if (!find_word(cln_outputs_words, cln_model_metadata(model, "outputs"), &loss) ||
        !find_word(cln_target_words, cln_model_metadata(model, "target"), &target) ||
        (target != CLN_TARGET_ONEHOT && loss != CLN_SQUARED))
        return cln_fail(error, CLN_FORMAT, "cannot load model %s: its outputs or target are of no kind that there is",
                        path);
    model->loss = (cln_row_loss)loss;
    model->target = (cln_target)target;
    if (model->target != CLN_TARGET_VALUE)
        return CLN_OK;
    uint32_t range[2] = {0, 0};
    if (!labels || model->outputs != 1 || !next_label(&labels, &range[0]) || !next_label(&labels, &range[1]) ||
        *labels || range[0] > range[1])
        return cln_fail(error, CLN_FORMAT, "cannot load model %s: it predicts a value, but names no range of labels",
                        path);
    model->lowest = (int32_t)range[0];
    model->highest = (int32_t)range[1];
    return CLN_OK;
}

cln_status cln_metadata_list(const cln_model *model, const char *key, double **values, cln_error *error)
{
    const char *text = cln_model_metadata(model, key);
    *values = NULL;
    if (!text)
        return CLN_OK;
    cln_status status = cln_allocate((void **)values, model->features, sizeof **values, key, error);
    for (uint32_t j = 0; status == CLN_OK && j < model->features; j++) {
        char word[40];
        if (!text || !cln_next_word(&text, word, sizeof word) || !cln_parse_real(word, &(*values)[j]))
            status = cln_fail(error, CLN_FORMAT, "the model's metadata have no %s for feature %u", key, j);
    }
    if (status == CLN_OK && text)
        status = cln_fail(error, CLN_FORMAT, "the model's metadata have more than %u numbers as %s, one a feature",
                          model->features, key);
    if (status != CLN_OK) {
        free(*values);
        *values = NULL;
    }
    return status;
}

cln_status cln_metadata_apply(cln_model *model, const char *path, cln_error *error)
{
    cln_status status = CLN_OK;
    char safe[CLN_PRINTABLE_BYTES];
    const char *version = cln_model_metadata(model, "clinear"), *scale = cln_model_metadata(model, "scale");
    const char *classes = cln_model_metadata(model, "classes"), *subset = cln_model_metadata(model, "subset");
    if (version && strcmp(version, CLN_SAFETENSORS_VERSION) != 0)
        return cln_fail(error, CLN_UNSUPPORTED,
                        "cannot load model %s: it has clinear's format %s and this version reads %s; update clinear",
                        path, cln_printable(version, safe), CLN_SAFETENSORS_VERSION);
    if (scale)
        TRY(apply_scale(model, path, scale, error));
    if (classes)
        TRY(apply_classes(model, path, classes, error));
    if (subset && strcmp(subset, "true") != 0 && strcmp(subset, "false") != 0)
        return cln_fail(error, CLN_FORMAT, "cannot load model %s: its subset is neither true nor false", path);
    TRY(apply_kind(model, path, error));
    model->subset = is_renumbered(model) || (subset && strcmp(subset, "true") == 0);
out:
    return status;
}
