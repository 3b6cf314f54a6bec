/* A model's certificate computed again from the data set it was trained on, on the host alone. */
#include "base/entry.h"
#include "base/number.h"
#include "base/size.h"
#include "data/dataset.h"
#include "model/metadata.h"
#include "train/certify.h"
#include "train/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (8u << 20)

typedef struct verifying {
    const cln_model *model;
    cln_options *options;
    cln_dataset *data; /* a copy of the caller's with the training rows alone */
    cln_dataset_info info;
    uint64_t rows;
    float *weights;    /* (rows), or NULL */
    double *deviation; /* (d), or NULL */
    cln_objective *objective;
} verifying;

static void release(verifying *own)
{
    cln_objective_free(own->objective);
    free(own->weights);
    free(own->deviation);
    cln_dataset_close(own->data);
    cln_options_free(own->options);
}

/* Which labels its outputs had, for weights that name them. */
static cln_status recall_classes(verifying *own, cln_error *error)
{
    cln_status status;
    char *text = NULL;
    size_t size = (size_t)own->model->outputs * 12 + 1, length = 0;
    TRY(cln_allocate((void **)&text, size, 1, "class numbers", error));
    for (uint32_t i = 0; i < own->model->outputs; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%u", i ? "," : "", own->model->classes[i]);
    TRY(cln_options_set(own->options, "classes", text, error));
out:
    free(text);
    return status;
}

/* What is wrong there is the file's fault, and none of the caller's options. */
static cln_status recall_option(verifying *own, const char *name, const char *text, cln_error *error)
{
    cln_error wrong = {0};
    cln_status status = cln_options_set(own->options, name, text, &wrong);
    if (status == CLN_INVALID)
        return cln_fail(error, CLN_FORMAT, "the model's metadata are damaged: %s", wrong.message);
    return status == CLN_OK ? status : cln_fail(error, status, "%s", wrong.message);
}

/* The options that the model was trained with. Those of a later version that are not known here are passed over. */
static cln_status recall_options(verifying *own, cln_error *error)
{
    cln_status status;
    TRY(cln_options_create(&own->options, error));
    for (size_t i = 0; i < cln_option_count(); i++) {
        char key[80];
        snprintf(key, sizeof key, "option.%s", cln_option_at(i)->name);
        const char *text = cln_model_metadata(own->model, key);
        if (text)
            TRY(recall_option(own, cln_option_at(i)->name, text, error));
    }
    if (cln_settings_target(cln_options_settings(own->options)) == CLN_TARGET_VALUE && own->model->outputs != 1)
        return cln_fail(error, CLN_FORMAT, "the model's metadata say target value, but it has %u outputs and not one",
                        own->model->outputs);
    if (own->model->subset)
        TRY(recall_classes(own, error));
out:
    return status;
}

/* The rows that were trained on: classes, then the first of what is left. */
static cln_status select_rows(verifying *own, cln_dataset *data, cln_error *error)
{
    cln_status status;
    const cln_model *model = own->model;
    const cln_settings *settings = cln_options_settings(own->options);
    const char *path;
    TRY(cln_dataset_copy(data, &own->data, error));
    if (model->subset)
        TRY(cln_dataset_keep_classes(own->data, model->classes, model->outputs, error));
    cln_dataset_describe(own->data, &own->info);
    path = own->info.path;
    if (own->info.features != model->features)
        return cln_fail(error, CLN_INVALID, "%s has %u features, but the model takes %u", path, own->info.features,
                        model->features);
    if (!own->info.labelled && !own->info.real)
        return cln_fail(error, CLN_INVALID, "%s has no labels to verify the model by; name their file", path);
    if (own->info.real != (model->target == CLN_TARGET_REAL))
        return cln_fail(error, CLN_INVALID, "%s has %s, but the model was trained on %s", path,
                        own->info.real ? "real-valued targets" : "labels",
                        own->info.real ? "labels" : "real-valued targets");
    if (own->info.real && own->info.outputs != model->outputs)
        return cln_fail(error, CLN_INVALID, "%s has %u targets a row, but the model predicts %u", path,
                        own->info.outputs, model->outputs);
    if (own->info.rows < own->rows)
        return cln_fail(error, CLN_INVALID,
                        "the model was trained on %llu rows, but %s has %llu; give the data that it was trained on",
                        (unsigned long long)own->rows, path, (unsigned long long)own->info.rows);
    TRY(cln_dataset_keep_rows(own->data, 0, own->rows, error));
    cln_dataset_describe(own->data, &own->info);
    if (cln_settings_target(settings) == CLN_TARGET_ONEHOT && own->info.outputs > model->outputs)
        return cln_fail(error, CLN_INVALID, "%s has label %u, but the model knows only 0 to %u", path,
                        own->info.outputs - 1, model->outputs - 1);
out:
    return status;
}

static cln_status recall_deviations(verifying *own, cln_error *error)
{
    cln_status status = cln_metadata_list(own->model, "deviation", &own->deviation, error);
    for (uint32_t j = 0; status == CLN_OK && own->deviation && j < own->model->features; j++)
        if (!(own->deviation[j] > 0))
            return cln_fail(error, CLN_FORMAT, "the model's metadata have no deviation for feature %u", j);
    return status;
}

static cln_status create_objective(verifying *own, cln_error *error)
{
    cln_status status;
    const cln_model *model = own->model;
    const cln_settings *settings = cln_options_settings(own->options);
    const int32_t *labels = cln_dataset_labels(own->data);
    const char *l2 = cln_model_metadata(model, "l2");
    cln_objective_problem problem = {.loss = cln_settings_loss(settings),
                                     .target = own->info.real ? CLN_TARGET_REAL : cln_settings_target(settings),
                                     .k = model->outputs,
                                     .d = model->features,
                                     .type = own->info.type,
                                     .scale = model->scale,
                                     .l1 = settings->l1,
                                     .l2 = cln_settings_l2(settings, (double)own->rows),
                                     .spread = own->deviation,
                                     .bias = !settings->no_bias};
    if (l2 && !cln_parse_real(l2, &problem.l2))
        return cln_fail(error, CLN_FORMAT, "the model's metadata have an l2 that is no number");
    for (uint64_t i = 0; labels && i < own->rows; i++) {
        problem.lowest = i == 0 ? labels[i] : fmin(problem.lowest, labels[i]);
        problem.highest = i == 0 ? labels[i] : fmax(problem.highest, labels[i]);
    }
    TRY(cln_objective_create(&problem, model->weight, model->bias, &own->objective, error));
out:
    return status;
}

/* All rows, block by block, from the file. */
static cln_status add_rows(verifying *own, cln_error *error)
{
    cln_status status = CLN_OK;
    const int32_t *labels = cln_dataset_labels(own->data);
    const float *targets = cln_dataset_targets(own->data);
    uint64_t bytes = own->info.features * cln_type_bytes(own->info.type), most = BLOCK_BYTES / bytes + 1;
    void *x = NULL;
    TRY(cln_allocate(&x, most < own->rows ? most : own->rows, (size_t)bytes, "rows", error));
    for (uint64_t first = 0; first < own->rows; first += most) {
        uint64_t count = own->rows - first < most ? own->rows - first : most;
        TRY(cln_dataset_pull(own->data, x, count, (size_t)bytes, error));
        TRY(cln_objective_add(own->objective, x, count, labels ? labels + first : NULL,
                              targets ? targets + first * own->model->outputs : NULL,
                              own->weights ? own->weights + first : NULL, error));
    }
out:
    free(x);
    return status;
}

/* Converged to a tolerance: the gradient has to meet twice that. Otherwise twice what was stored, and what rounding adds. */
static void judge(const verifying *own, cln_verification *v)
{
    const cln_settings *settings = cln_options_settings(own->options);
    const char *stopped = cln_model_metadata(own->model, "stopped");
    bool converged = stopped && strcmp(stopped, cln_stop_word(CLN_STOP_TOLERANCE)) == 0;
    double difference = fabs(v->found.objective - v->stored.objective), size = fabs(v->stored.objective);
    v->tolerance = converged && cln_settings_solver_is(settings, "lbfgs") ? settings->tolerance : (double)NAN;
    double most = isnan(v->tolerance) ? 2 * v->stored.gradient_norm + 1e-9 : CLN_TOLERANCE_TIMES * v->tolerance;
    double bound = 2 * v->stored.suboptimality + 1e-9 * (1 + size); /* NaN: none was certified */
    bool objective = difference <= 1e-6 * size || difference <= 1e-12, gradient = v->found.gradient_norm <= most;
    bool bounded = isnan(bound) || v->found.suboptimality <= bound;
    const char *word = cln_certificate_is_relative(own->model) ? "relative gradient" : "largest gradient component";
    v->agrees = objective && gradient && bounded;
    if (!objective)
        snprintf(v->reason, sizeof v->reason,
                 "the objective is %.9g and not the %.9g that was certified; the weights or the data are others",
                 v->found.objective, v->stored.objective);
    else if (!gradient)
        snprintf(v->reason, sizeof v->reason, "the %s is %.2g, above %.2g, twice %s", word, v->found.gradient_norm,
                 most, isnan(v->tolerance) ? "what was certified" : "the tolerance");
    else if (!bounded)
        snprintf(v->reason, sizeof v->reason,
                 "the objective is above the optimum by at most %.2g, and not by the %.2g that was certified",
                 v->found.suboptimality, v->stored.suboptimality);
    else
        snprintf(v->reason, sizeof v->reason, "the objective is what was certified, and the %s at most %.2g", word,
                 most);
}

cln_status cln_model_verify(const cln_model *model, cln_dataset *data, cln_verification *verification, cln_error *error)
{
    ENTER(error, model && data && verification);
    cln_status status;
    verifying own = {.model = model};
    cln_objective_value value;
    memset(verification, 0, sizeof *verification);
    verification->stored = cln_certificate_recall(model);
    own.rows = verification->stored.rows;
    if (own.rows == 0 || isnan(verification->stored.objective) || isnan(verification->stored.gradient_norm))
        return cln_fail(error, CLN_INVALID,
                        "the model has no certificate to verify; only models that clinear has trained have one");
    TRY(recall_options(&own, error));
    TRY(select_rows(&own, data, error));
    TRY(recall_deviations(&own, error));
    TRY(cln_weights_create(cln_options_settings(own.options), cln_dataset_labels(own.data), own.info.outputs,
                           cln_dataset_weights(own.data), NULL, own.rows, &own.weights, error));
    TRY(create_objective(&own, error));
    TRY(add_rows(&own, error));
    cln_objective_read(own.objective, &value, NULL, NULL);
    verification->found = cln_certificate_of(&value);
    if (!cln_certificate_is_relative(model))
        verification->found.gradient_norm = value.largest;
    judge(&own, verification);
out:
    release(&own);
    return status;
}
