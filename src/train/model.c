/* A model from a trainer, its metadata saying how it came about. */
#include "base/entry.h"
#include "base/number.h"
#include "base/size.h"
#include "compute/tuning.h"
#include "model/model.h"
#include "train/certify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A centring that nobody has asked for is only noted where its list is no longer, up to some 40,000 features. It makes predictions more
   accurate, but a longer list might not fit into the file's header (1 MiB), and the model could not be saved. */
#define LIST_BYTES_MAX (512u * 1024)

/* For the list of members in compute/gemm.h: " name=%u" and the value. */
#define GEMM_FORMAT(member, name) " " #name "=%u"
#define GEMM_VALUE(member, name)  , used->gemm.member

/* Everything that was given or has a default, as the command line would take it. */
static cln_status note_options(cln_model *model, const cln_trainer *trainer, cln_error *error)
{
    cln_status status = CLN_OK;
    for (size_t i = 0; i < cln_option_count(); i++) {
        const cln_option_info *option = cln_option_at(i);
        const char *text = cln_options_get(trainer->lanes[0].options, option->name);
        char key[80];
        snprintf(key, sizeof key, "option.%s", option->name);
        if (*text && strcmp(option->name, "classes") != 0 && strcmp(option->name, "scale") != 0)
            TRY(cln_model_note(model, error, key, "%s", text));
    }
out:
    return status;
}

/* What computed, and what of it was decided by tuning: with the same the bits are the same again. */
static cln_status note_engine(cln_model *model, const cln_trainer *trainer, cln_error *error)
{
    cln_status status;
    const cln_plan *plan = trainer->plan;
    const cln_tuning *tuning = trainer->device->tuning;
    bool tuned = plan->engine_tuned || plan->shape_tuned || plan->product_tuned;
    char products[CLN_USED_PRODUCTS * 300] = "", shape[CLN_SHAPE_WORDS];
    TRY(cln_model_note(model, error, "engine", "%s", plan->engine->name));
    cln_shape_describe(&plan->shape, shape);
    TRY(cln_model_note(model, error, "shape", "%s", shape));
    for (size_t i = 0; i < CLN_USED_PRODUCTS && plan->used[i].product.k; i++) {
        const cln_used_product *used = &plan->used[i];
        size_t length = strlen(products);
        snprintf(products + length, sizeof products - length, "%sn=%u m=%u k=%u" CLN_GEMM_MAP(GEMM_FORMAT),
                 i ? "; " : "", used->product.n, used->product.m, used->product.k CLN_GEMM_MAP(GEMM_VALUE));
    }
    if (*products)
        TRY(cln_model_note(model, error, "products", "%s", products));
    TRY(cln_model_note(model, error, "tuning", "%s%s%s%s%s", tuned ? tuning->name : "none", tuned ? ":" : "",
                       plan->engine_tuned ? " engine" : "", plan->shape_tuned ? " shape" : "",
                       plan->product_tuned ? " products" : ""));
out:
    return status;
}

/* A list of numbers (d) to so many digits: nine tell a float, 17 a double. None where it takes more than `most` bytes. */
static cln_status note_list(cln_model *model, const char *key, const double *values, int digits, size_t most,
                            cln_error *error)
{
    char *text = NULL;
    uint32_t count = model->features;
    size_t size = (size_t)count * CLN_NOTED_NUMBER_BYTES + 1, length = 0;
    if (!values)
        return CLN_OK;
    cln_status status = cln_allocate((void **)&text, size, 1, "metadata", error);
    for (uint32_t j = 0; status == CLN_OK && j < count; j++)
        length += (size_t)cln_format(text + length, size - length, "%s%.*g", j ? "," : "", digits, values[j]);
    if (status == CLN_OK && length <= most)
        status = cln_model_note(model, error, key, "%s", text);
    free(text);
    return status;
}

/* What was minimised, how near it came, and how features were seen meanwhile: the weights are unfolded by it. */
static cln_status note_objective(cln_model *model, cln_trainer *trainer, cln_error *error)
{
    cln_status status;
    cln_certificate certificate;
    char number[32];
    bool asked = trainer->settings.center || trainer->settings.standardize;
    int digits = (uint64_t)model->features * CLN_NOTED_NUMBER_BYTES <= LIST_BYTES_MAX ? 17 : 9;
    TRY(note_list(model, "shift", trainer->scaling.shift, 9, asked ? SIZE_MAX : LIST_BYTES_MAX, error));
    TRY(note_list(model, "deviation", trainer->scaling.deviation, digits, SIZE_MAX, error));
    cln_format_real(trainer->lanes[0].l2, number);
    TRY(cln_model_note(model, error, "l2", "%s", number));
    TRY(cln_trainer_certify(trainer, &certificate, error));
    TRY(cln_certificate_note(&certificate, model, error));
out:
    return status;
}

static cln_status note_origin(cln_model *model, const cln_trainer *trainer, cln_error *error)
{
    cln_status status;
    const cln_device_info *device = &trainer->device->facts.info;
    TRY(cln_model_note(model, error, "version", "%s", cln_version()));
    TRY(cln_model_note(model, error, "data", "%s", trainer->selection->info.path));
    if (trainer->selection->info.height > 1) {
        TRY(cln_model_note(model, error, "height", "%u", trainer->selection->info.height));
        TRY(cln_model_note(model, error, "width", "%u", trainer->selection->info.width));
    }
    TRY(cln_model_note(model, error, "rows", "%llu", (unsigned long long)trainer->selection->rows[CLN_TRAIN]));
    TRY(cln_model_note(model, error, "epochs", "%llu", (unsigned long long)trainer->epoch));
    TRY(cln_model_note(model, error, "steps", "%llu", (unsigned long long)trainer->steps));
    TRY(cln_model_note(model, error, "stopped", "%s", cln_stop_word(trainer->lanes[0].stopped)));
    TRY(cln_model_note(model, error, "device", "%s; %s; %s", device->name, device->platform, device->driver));
    TRY(note_engine(model, trainer, error));
out:
    return status;
}

/* In double where the solver was; sgd's are floats, and stay these in a file. */
static cln_status take_weights(cln_trainer *trainer, cln_model *model, cln_error *error)
{
    cln_status status = cln_trainer_lane_read(trainer, 0, model->weight, model->bias, error);
    model->weight_type = model->bias_type = trainer->solved ? CLN_F64 : CLN_F32;
    cln_model_round(model);
    return status;
}

cln_status cln_trainer_model(cln_trainer *trainer, cln_model **result, cln_error *error)
{
    MAKES(result);
    ENTER_OPENCL(error, trainer && result);
    cln_status status;
    cln_model *model = NULL;
    const cln_settings *settings = &trainer->settings;
    TRY(cln_model_create(cln_trainer_outputs(trainer), trainer->plan->problem.features, trainer->plan->problem.bias,
                         &model, error));
    TRY(take_weights(trainer, model, error));
    model->scale = trainer->scale;
    model->loss = trainer->plan->problem.loss;
    model->target = trainer->plan->problem.target;
    model->lowest = trainer->plan->problem.lowest;
    model->highest = trainer->plan->problem.highest;
    model->subset = settings->class_count > 0;
    for (uint32_t i = 0; i < settings->class_count; i++)
        model->classes[i] = settings->classes[i];
    TRY(note_options(model, trainer, error));
    TRY(note_origin(model, trainer, error));
    TRY(note_objective(model, trainer, error));
    *result = model;
    model = NULL;
out:
    cln_model_free(model);
    return status;
}
