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
    model->subset = is_renumbered(model) || (subset && strcmp(subset, "true") == 0);
out:
    return status;
}
