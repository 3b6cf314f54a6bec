/* A finished model on a device: scored on labelled data, or predicting the classes of any. */
#include "base/entry.h"
#include "base/os.h"
#include "base/size.h"
#include "compute/engine.h"
#include "compute/feed.h"
#include "device/buffer.h"
#include "model/metadata.h"
#include "train/compiling.h"
#include "train/score.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What both need: the data selected and uploaded, the weights on the device, a plan. */
struct session {
    cln_device *device;
    const cln_model *model;
    cln_dataset *data, *copy; /* the caller's or the narrowed copy; that copy, or NULL */
    cln_dataset_info info;
    cln_resident *resident;
    cln_plan *plan;
    double *shift;         /* (d), what the device subtracts from x·scale; NULL: nothing */
    bool small;            /* a weight is below a float's normal range, and lost digits as one perhaps */
    cl_mem weights;        /* (kp,ld) */
    cl_mem predicted;      /* (block_rows) */
    uint32_t *h_predicted; /* (block_rows) */
    cln_seconds seconds;
    double began;
};

/* Keeps the classes that the model was trained on, and checks that the two fit. */
static cln_status select_data(struct session *session, bool labels, cln_error *error)
{
    cln_status status = CLN_OK;
    const cln_model *model = session->model;
    cln_dataset_describe(session->data, &session->info);
    if (session->info.features != model->features)
        return cln_fail(error, CLN_INVALID, "%s has %u features, but the model takes %u", session->info.path,
                        session->info.features, model->features);
    if (!labels)
        return CLN_OK;
    if (model->target == CLN_TARGET_REAL && !session->info.real)
        return cln_fail(error, CLN_INVALID,
                        "%s has %s, but the model predicts real values, which are scored against real-valued targets; "
                        "predict instead",
                        session->info.path, session->info.labelled ? "labels of classes" : "no targets");
    if (model->target != CLN_TARGET_REAL && !session->info.labelled)
        return cln_fail(error, CLN_INVALID, "%s has no labels to score against; name their file, or predict instead",
                        session->info.path);
    if (session->info.real && session->info.outputs != model->outputs)
        return cln_fail(error, CLN_INVALID, "%s has %u targets a row, but the model predicts %u", session->info.path,
                        session->info.outputs, model->outputs);
    if (model->subset) {
        TRY(cln_dataset_copy(session->data, &session->copy, error));
        TRY(cln_dataset_keep_classes(session->copy, model->classes, model->outputs, error));
        session->data = session->copy;
        cln_dataset_describe(session->data, &session->info);
    }
    if (model->target != CLN_TARGET_VALUE && session->info.outputs > model->outputs)
        return cln_fail(error, CLN_INVALID, "%s has label %u, but the model knows only 0 to %u", session->info.path,
                        session->info.outputs - 1, model->outputs - 1);
out:
    return status;
}

/* Row c of the weights on the device, and the bias of features less the shift: W·x̃ + b = W·(x̃ − shift) + (b + W·shift) for x̃ = x·scale,
   summed in double before it is rounded. The device's scale is a float: what that differs by goes into W, for times the shift it may be more
   than all that the features differ in. False where a weight is beyond floats. */
static bool round_row(struct session *session, uint32_t c, float *row /* (ld) */)
{
    const cln_model *model = session->model;
    const double *weight = model->weight + (uint64_t)c * model->features;
    double bias = model->bias ? model->bias[c] : 0;
    double ratio = session->shift ? model->scale / (double)session->plan->problem.scale : 1;
    bool fits = true;
    for (uint32_t j = 0; j < model->features; j++) {
        row[j] = (float)(ratio * weight[j]);
        session->small |= fabs(weight[j]) > 0 && fabsf(row[j]) < FLT_MIN;
        fits = fits && isfinite(row[j]);
        bias += session->shift ? ratio * weight[j] * session->shift[j] : 0;
    }
    row[model->features] = (float)bias;
    return fits && isfinite(row[model->features]);
}

/* The model's weights in the device's layout. */
static cln_status upload_weights(struct session *session, cln_error *error)
{
    cln_status status;
    const cln_model *model = session->model;
    const cln_layout *layout = &session->plan->layout;
    uint64_t bytes = (uint64_t)layout->kp * layout->ld * sizeof(float);
    float *padded = NULL;
    TRY(cln_allocate((void **)&padded, bytes, 1, "weights", error));
    for (uint32_t c = 0; c < model->outputs; c++)
        if (!round_row(session, c, padded + (uint64_t)c * layout->ld)) {
            status = cln_fail(error, CLN_UNSUPPORTED,
                              "the weights of output %u are beyond single precision, in which a device has them; train "
                              "with a larger scale or penalty",
                              c);
            goto out;
        }
    TRY(cln_buffer_create(session->device, "the weights", bytes, &session->weights, error));
    TRY(cln_buffer_write(session->device, session->weights, 0, bytes, padded, error));
out:
    free(padded);
    return status;
}

/* Of row x, scaled here: what is lost of weights that are too small for a float is below what floats leave of an output. */
static bool small_enough(const cln_model *model, double *x /* (d) */)
{
    for (uint32_t c = 0; c < model->outputs; c++) {
        const double *weight = model->weight + (uint64_t)c * model->features;
        double lost = 0, size = model->bias ? fabs(model->bias[c]) : 0;
        for (uint32_t j = 0; j < model->features; j++) {
            size += fabs(weight[j] * x[j]);
            lost += fabs(weight[j]) < (double)FLT_MIN ? fabs((weight[j] - (double)(float)weight[j]) * x[j]) : 0;
        }
        if (lost > (double)FLT_EPSILON * size)
            return false;
    }
    return true;
}

/* Whether small weights count depends on the rows, which only then are looked at. */
static cln_status check_small(const struct session *session, cln_error *error)
{
    cln_status status = CLN_OK;
    const cln_model *model = session->model;
    cln_type type = session->info.type;
    uint64_t d = model->features, most = 64, rows = session->info.rows;
    void *block = NULL;
    double *x = NULL;
    if (!session->small)
        return CLN_OK;
    TRY(cln_allocate(&block, most * d, cln_type_bytes(type), "rows", error));
    TRY(cln_allocate((void **)&x, d, sizeof *x, "a row", error));
    for (uint64_t i = 0; i < rows; i++) {
        if (i % most == 0)
            TRY(cln_resident_read(session->resident, i, rows - i < most ? rows - i : most, block, error));
        for (uint64_t j = 0, at = i % most * d; j < d; j++)
            x[j] = model->scale * (type == CLN_UINT8 ? ((uint8_t *)block)[at + j] : (double)((float *)block)[at + j]);
        if (!small_enough(model, x))
            TRY(cln_fail(error, CLN_UNSUPPORTED,
                         "weights of the model are so small that single precision, in which a device has them, loses "
                         "digits that count in row %llu (from 0); train with a smaller scale",
                         (unsigned long long)i));
    }
out:
    free(block);
    free(x);
    return status;
}

/* Where the features were centred in training. The device subtracts that first: of features that are far from zero floats would round away
   what they differ in. */
static cln_status fold_shift(struct session *session, cln_error *error)
{
    cln_status status;
    uint32_t d = session->model->features;
    float *shift = NULL;
    if (!session->shift)
        return CLN_OK;
    TRY(cln_allocate((void **)&shift, d, sizeof *shift, "the features' shift", error));
    for (uint32_t j = 0; j < d; j++)
        shift[j] = (float)session->shift[j];
    TRY(cln_plan_fold(session->plan, shift, NULL, error));
out:
    free(shift);
    return status;
}

/* As floats, which is what the device subtracts. */
static cln_status recall_shift(struct session *session, cln_error *error)
{
    cln_status status = cln_metadata_list(session->model, "shift", &session->shift, error);
    for (uint32_t j = 0; status == CLN_OK && session->shift && j < session->model->features; j++) {
        session->shift[j] = (double)(float)session->shift[j];
        if (!isfinite(session->shift[j]))
            status = cln_fail(error, CLN_FORMAT, "the model's metadata have no shift for feature %u", j);
    }
    return status;
}

/* Rows first … first+count−1 forward; their predictions in h_predicted. */
static cln_status forward(struct session *session, uint64_t first, uint32_t count, const cln_outcome *outcome,
                          cln_error *error)
{
    cln_status status;
    cln_rows rows;
    TRY(cln_resident_rows(session->resident, NULL, first, count, &rows, error));
    if (outcome->residual)
        rows.target = NULL; /* so that the residual is the probabilities */
    TRY(cln_plan_forward(session->plan, &rows, session->weights, outcome, error));
    TRY(cln_buffer_read(session->device, session->predicted, 0, count * sizeof(uint32_t), session->h_predicted, error));
out:
    return status;
}

/* Runs the kernels once, on a few rows, for drivers compile at the first launch. */
static cln_status warm_up(struct session *session, bool labels, cln_error *error)
{
    const cln_outcome outcome = {.residual = !labels, .predicted = session->predicted};
    uint32_t most = session->plan->problem.block_rows;
    return forward(session, 0, most < 256 ? most : 256, &outcome, error);
}

static cln_status session_open(struct session *session, const char *engine, bool labels, cln_error *error)
{
    cln_status status;
    const cln_model *model = session->model;
    cln_compiling compiling = {0};
    engine = engine ? engine : "auto";
    session->began = cln_os_seconds();
    TRY(select_data(session, labels, error));
    TRY(recall_shift(session, error));
    cln_problem problem = {.features = model->features,
                           .outputs = model->outputs,
                           .type = session->info.type,
                           .loss = model->loss,
                           .target = model->target,
                           .lowest = model->lowest,
                           .highest = model->highest,
                           .scale = (float)model->scale,
                           .bias = model->bias || session->shift,
                           .centred = session->shift != NULL};
    problem.block_rows = cln_plan_block_rows(session->device, engine, &problem, session->info.rows);
    session->seconds.load = cln_os_seconds() - session->began;

    double before = cln_os_seconds();
    TRY(cln_resident_begin(session->device, session->data, 0, &session->resident, error));
    session->seconds.upload = cln_os_seconds() - before;
    compiling = cln_compiling_begin(session->device, problem.features, problem.outputs);
    TRY(cln_plan_create(session->device, engine, &problem, NULL, &session->plan, error));
    cln_compiling_pause(&compiling);

    double wait = 0;
    before = cln_os_seconds();
    TRY(fold_shift(session, error));
    TRY(upload_weights(session, error));
    TRY(cln_resident_finish(session->resident, problem.block_rows, &wait, error));
    TRY(check_small(session, error));
    session->seconds.load += wait;
    session->seconds.upload += cln_os_seconds() - before - wait;
    TRY(cln_buffer_create(session->device, "predictions", (uint64_t)problem.block_rows * sizeof(uint32_t),
                          &session->predicted, error));
    TRY(cln_allocate((void **)&session->h_predicted, problem.block_rows, sizeof(uint32_t), "predictions", error));
    cln_compiling_resume(&compiling);
    TRY(warm_up(session, labels, error));
    session->seconds.build = cln_compiling_end(&compiling);
out:
    cln_compiling_end(&compiling);
    return status;
}

static void session_close(struct session *session)
{
    free(session->h_predicted);
    free(session->shift);
    cln_buffer_release(session->device, &session->predicted);
    cln_buffer_release(session->device, &session->weights);
    cln_resident_release(session->resident);
    cln_plan_release(session->plan);
    cln_dataset_close(session->copy);
}

/* Of labels and predictions; 0 where the targets are real values. */
static uint32_t count_classes(const struct session *session)
{
    uint32_t predicted = cln_model_classes(session->model), labels = session->info.outputs;
    return session->model->target == CLN_TARGET_VALUE && labels > predicted ? labels : predicted;
}

static cln_status score(struct session *session, cln_evaluation *evaluation, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_score_buffer scores = {0};
    const int32_t *labels = cln_dataset_labels(session->data);
    uint32_t most = session->plan->problem.block_rows, k = evaluation->outputs;
    double loss = 0;
    uint64_t errors = 0;

    TRY(cln_score_buffer_reserve(session->device, &scores, cln_plan_scores(session->plan, most), error));
    for (uint64_t first = 0; first < session->info.rows; first += most) {
        uint32_t count = (uint32_t)(session->info.rows - first < most ? session->info.rows - first : most);
        uint32_t parts = cln_plan_scores(session->plan, count);
        cln_outcome outcome = {.predicted = session->predicted, .scores = scores.partial};
        TRY(forward(session, first, count, &outcome, error));
        TRY(cln_score_buffer_read(session->device, &scores, parts, error));
        cln_score block = cln_score_sum(&scores, 0, 0, parts, count);
        loss += block.loss * count;
        errors += block.errors;
        for (uint32_t i = 0; k && i < count; i++)
            if (session->h_predicted[i] < k) /* not where a logit is NaN */
                evaluation->confusion[(uint64_t)labels[first + i] * k + session->h_predicted[i]]++;
    }
    evaluation->score = (cln_score){loss / (double)session->info.rows, errors, session->info.rows};
out:
    cln_score_buffer_release(session->device, &scores);
    return status;
}

cln_status cln_model_evaluate(const cln_model *model, cln_device *device, const char *engine, cln_dataset *data,
                              cln_evaluation *evaluation, cln_error *error)
{
    if (evaluation)
        *evaluation = (cln_evaluation){0};
    ENTER_OPENCL(error, model && device && data && evaluation);
    cln_status status;
    struct session session = {.device = device, .model = model, .data = data};
    TRY(session_open(&session, engine, true, error));
    evaluation->outputs = count_classes(&session);
    TRY(cln_allocate((void **)&evaluation->confusion, (uint64_t)evaluation->outputs * evaluation->outputs,
                     sizeof(uint64_t), "the confusion matrix", error));
    double before = cln_os_seconds();
    TRY(score(&session, evaluation, error));
    session.seconds.evaluate = cln_os_seconds() - before;
    session.seconds.total = cln_os_seconds() - session.began;
    evaluation->engine = session.plan->engine->name;
    evaluation->seconds = session.seconds;
    evaluation->peak_host_bytes = cln_os_peak_host_bytes();
    evaluation->device_bytes = device->peak_bytes;
out:
    if (status != CLN_OK)
        cln_evaluation_free(evaluation);
    session_close(&session);
    return status;
}

cln_status cln_model_predict(const cln_model *model, cln_device *device, const char *engine, cln_dataset *data,
                             cln_predict_fn *rows, void *user, cln_error *error)
{
    ENTER_OPENCL(error, model && device && data && rows);
    cln_status status;
    struct session session = {.device = device, .model = model, .data = data};
    float *padded = NULL, *probability = NULL;
    TRY(session_open(&session, engine, false, error));
    uint32_t most = session.plan->problem.block_rows, k = model->outputs, kp = session.plan->layout.kp;
    TRY(cln_allocate((void **)&padded, (uint64_t)most * kp, sizeof(float), "probabilities", error));
    TRY(cln_allocate((void **)&probability, (uint64_t)most * k, sizeof(float), "probabilities", error));
    for (uint64_t first = 0; first < session.info.rows; first += most) {
        uint32_t count = (uint32_t)(session.info.rows - first < most ? session.info.rows - first : most);
        cln_outcome outcome = {.residual = true, .predicted = session.predicted};
        TRY(forward(&session, first, count, &outcome, error));
        TRY(cln_buffer_read(device, session.plan->residual, 0, (uint64_t)count * kp * sizeof(float), padded, error));
        for (uint32_t i = 0; i < count; i++) {
            memcpy(probability + (uint64_t)i * k, padded + (uint64_t)i * kp, k * sizeof(float));
            if (model->target == CLN_TARGET_REAL) /* the largest of values is no class */
                session.h_predicted[i] = UINT32_MAX;
        }
        if (rows(first, count, session.h_predicted, probability, user) != 0)
            break;
    }
out:
    free(padded);
    free(probability);
    session_close(&session);
    return status;
}
