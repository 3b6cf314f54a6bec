/* cln_measure_agreement: the same few steps on the device, by the trainer itself, and on the host in double. */
#include "measure/agreement.h"

#include "base/entry.h"
#include "base/number.h"
#include "base/os.h"
#include "base/size.h"
#include "compute/moments.h"
#include "device/buffer.h"
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct taking {
    cln_fixed_findings *findings;
    uint32_t k;
    cln_telling *telling;
} taking;

static int take_predictions(uint64_t first, uint32_t count, const uint32_t *outputs, const float *probability,
                            void *user)
{
    const taking *to = user;
    memcpy(to->findings->predicted + first, outputs, count * sizeof *outputs);
    memcpy(to->findings->probability + first * to->k, probability, (size_t)count * to->k * sizeof *probability);
    return !cln_telling_goes_on(to->telling);
}

static cln_status choose(const char *engine, const cln_fixed_run *run, cln_options **options, cln_error *error)
{
    cln_status status;
    const cln_descent *how = &run->how;
    const struct {
        const char *name, *format;
        double value;
    } numbers[] = {{"batch-size", "%.0f", how->batch},   {"epochs", "%.0f", how->passes},
                   {"seed", "%.0f", (double)how->seed},  {"learning-rate", "%.17g", how->learning_rate},
                   {"momentum", "%.17g", how->momentum}, {"l2", "%.17g", how->l2}};
    const char *const words[][2] = {{"engine", engine},
                                    {"nesterov", "true"},
                                    {"standardize", "true"},
                                    {"model", run->rows.loss == CLN_SQUARED ? "linear" : "softmax"}};
    TRY(cln_options_create(options, error));
    for (size_t i = 0; i < CLN_COUNT(words); i++)
        TRY(cln_options_set(*options, words[i][0], words[i][1], error));
    for (size_t i = 0; i < CLN_COUNT(numbers); i++) {
        char text[64];
        cln_format(text, sizeof text, numbers[i].format, numbers[i].value);
        TRY(cln_options_set(*options, numbers[i].name, text, error));
    }
out:
    return status;
}

static cln_status make_room(const cln_trial *t, cln_fixed_findings *f, cln_error *error)
{
    cln_status status;
    uint64_t cells = (uint64_t)t->n * t->k;
    TRY(cln_allocate((void **)&f->shift, t->d, sizeof *f->shift, "means", error));
    TRY(cln_allocate((void **)&f->deviation, t->d, sizeof *f->deviation, "deviations", error));
    TRY(cln_allocate((void **)&f->plain_mean, t->d, sizeof *f->plain_mean, "means", error));
    TRY(cln_allocate((void **)&f->plain_deviation, t->d, sizeof *f->plain_deviation, "deviations", error));
    TRY(cln_allocate((void **)&f->weight, (uint64_t)t->k * t->d, sizeof *f->weight, "weights", error));
    TRY(cln_allocate((void **)&f->bias, t->k, sizeof *f->bias, "weights", error));
    TRY(cln_allocate((void **)&f->model_bias, t->k, sizeof *f->model_bias, "weights", error));
    TRY(cln_allocate((void **)&f->predicted, t->n, sizeof *f->predicted, "predictions", error));
    TRY(cln_allocate((void **)&f->probability, cells, sizeof *f->probability, "probabilities", error));
    for (uint64_t i = 0; i < cells; i++)
        f->probability[i] = NAN;
out:
    return status;
}

/* What the device adds up of rows that all weigh the same; the run's rows are weighted, and their moments the host's. */
static cln_status measure_moments(cln_trainer *trainer, const cln_trial *t, cln_fixed_findings *f, cln_error *error)
{
    const cln_range *range = &trainer->selection->range[CLN_TRAIN];
    cln_status status = cln_moments(trainer->device, range->data, range->order, range->first, range->rows,
                                    f->plain_mean, f->plain_deviation, error);
    for (uint32_t j = 0; status == CLN_OK && j < t->d; j++) {
        f->plain_mean[j] *= trainer->scale;
        f->plain_deviation[j] *= f->plain_deviation[j] > 0 ? trainer->scale : 0;
        f->plain_deviation[j] += f->plain_deviation[j] == 0;
    }
    return status;
}

/* Means, deviations and weights as the device has them; a trainer that does not standardise has none of the first. */
static cln_status read_trainer(cln_trainer *trainer, const cln_trial *t, cln_fixed_findings *f, cln_error *error)
{
    cln_status status;
    const cln_scaling *scaling = &trainer->scaling;
    size_t ld = trainer->plan->layout.ld;
    float *padded = NULL;
    for (uint32_t j = 0; j < t->d; j++) {
        f->shift[j] = scaling->shift ? scaling->shift[j] : (double)NAN;
        f->deviation[j] = scaling->deviation ? scaling->deviation[j] : (double)NAN;
    }
    TRY(cln_allocate((void **)&padded, t->k * ld, sizeof *padded, "weights", error));
    TRY(cln_buffer_read(trainer->device, trainer->kept, 0, t->k * ld * sizeof *padded, padded, error));
    for (uint32_t c = 0; c < t->k; c++) {
        memcpy(f->weight + (size_t)c * t->d, padded + c * ld, t->d * sizeof *padded);
        f->bias[c] = padded[c * ld + t->d];
    }
out:
    free(padded);
    return status;
}

cln_status cln_agreement_find(cln_device *device, const char *engine, const cln_fixed_run *run, cln_telling *telling,
                              cln_fixed_findings *findings, cln_error *error)
{
    cln_status status;
    const cln_trial *t = &run->rows;
    cln_options *options = NULL;
    cln_trainer *trainer = NULL;
    cln_model *model = NULL;
    cln_result result;
    taking to = {findings, t->k, telling};
    *findings = (cln_fixed_findings){0};
    TRY(make_room(t, findings, error));
    TRY(choose(engine, run, &options, error));
    TRY(cln_trainer_create(device, options, &(cln_parts){run->data, NULL, run->again}, &trainer, error));
    TRY(cln_trainer_run(trainer, cln_telling_train, telling, &result, error));
    findings->train = result.train;
    findings->test = result.test;
    findings->objective = result.objective;
    TRY(read_trainer(trainer, t, findings, error));
    TRY(measure_moments(trainer, t, findings, error));
    TRY(cln_trainer_model(trainer, &model, error));
    memcpy(findings->model_bias, cln_model_bias(model), t->k * sizeof(float));
    TRY(cln_model_predict(model, device, engine, run->data, take_predictions, &to, error));
out:
    cln_model_free(model);
    cln_trainer_close(trainer);
    cln_options_free(options);
    return status;
}

void cln_agreement_forget(cln_fixed_findings *findings)
{
    free(findings->shift);
    free(findings->deviation);
    free(findings->plain_mean);
    free(findings->plain_deviation);
    free(findings->weight);
    free(findings->bias);
    free(findings->model_bias);
    free(findings->predicted);
    free(findings->probability);
    *findings = (cln_fixed_findings){0};
}

/* A value in tolerances; one that could not be had is a failure, or where the device is not made for it nothing at all. */
static bool tell(const cln_telling *telling, const char *name, double value, cln_status status, const char *reason)
{
    bool failed = status != CLN_OK, counts = status != CLN_UNSUPPORTED;
    const cln_measurement row = {.name = name,
                                 .value = failed ? (double)NAN : value,
                                 .unit = "tolerances",
                                 .spread = failed ? (double)NAN : 0,
                                 .limit = counts ? 1 : (double)NAN,
                                 .reason = failed         ? reason
                                           : isnan(value) ? "there is a NaN among the results"
                                                          : NULL};
    cln_telling_row(telling, &row);
    return !counts || (!failed && value <= 1);
}

/* *counts: the engine takes such data, or fails otherwise than by saying that it does not. */
static bool try_engine(cln_device *device, const char *engine, cln_fixed_run *run, cln_telling *telling, bool *counts,
                       cln_error *failure)
{
    cln_fixed_findings findings;
    cln_fixed_verdict verdict = {NAN, NAN, NAN, NAN};
    char name[40];
    bool agrees = true;
    cln_status status = cln_agreement_find(device, engine, run, telling, &findings, failure);
    if (status == CLN_OK && !telling->stopped)
        status = cln_fixed_run_judge(run, &findings, &verdict, failure);
    cln_agreement_forget(&findings);
    if (telling->stopped)
        return false;
    const char *const words[] = {"moments", "weights", "loss", "predictions"};
    const double values[] = {verdict.moments, verdict.weights, verdict.loss, verdict.predictions};
    for (size_t i = 0; i < CLN_COUNT(words); i++) {
        snprintf(name, sizeof name, "%s.%s", engine, words[i]);
        agrees &= tell(telling, name, values[i], status, failure->message);
    }
    *counts = status != CLN_UNSUPPORTED;
    return agrees;
}

static bool try_gram(cln_device *device, const cln_fixed_run *run, const cln_telling *telling)
{
    cln_error failure = {0};
    double worst = NAN;
    cln_status status = cln_agreement_gram(device, run, &worst, &failure);
    return tell(telling, "gram", worst, status, failure.message);
}

/* The parts take about as long as each other: what is left follows from how long those before took. */
static bool next_part(cln_telling *telling, unsigned done, unsigned parts, const char *what)
{
    double clock = cln_os_seconds();
    telling->end = clock + (done ? (clock - telling->began) * (parts - done) / done : 0);
    return cln_telling_begin(telling, "agreement: %s", what);
}

cln_status cln_measure_agreement(cln_device *device, const cln_parts *parts, const char *engine,
                                 cln_measure_progress_fn *progress, cln_measurement_fn *row, void *user, bool *agrees,
                                 cln_error *error)
{
    ENTER_OPENCL(error, device && parts && agrees);
    cln_status status;
    cln_fixed_run run = {0};
    cln_telling telling = {.progress = progress, .row = row, .user = user, .began = cln_os_seconds()};
    const char *engines[2];
    size_t count;
    unsigned done = 0;
    bool all = true, counts = false, some = false;
    *agrees = false;
    TRY(cln_measured_engines(engine, engines, &count, error));
    if (!parts->train)
        return cln_fail(error, CLN_INVALID, "there is no training data");
    unsigned all_parts = (unsigned)count + 2;
    if (!next_part(&telling, done++, all_parts, "the host computes what is right"))
        goto out;
    TRY(cln_fixed_run_create(parts->train, device->facts.info.simulator, &run, error));
    for (size_t i = 0; i < count; i++) {
        if (!next_part(&telling, done++, all_parts, engines[i]))
            goto out;
        cln_error failure = {0};
        all &= try_engine(device, engines[i], &run, &telling, &counts, &failure);
        some |= counts || telling.stopped;
        if (i + 1 == count && !some) {
            status = cln_fail(error, CLN_UNSUPPORTED, "%s", failure.message);
            goto out;
        }
    }
    if (!telling.stopped && next_part(&telling, done, all_parts, "Gram matrix"))
        *agrees = try_gram(device, &run, &telling) && all;
out:
    cln_fixed_run_release(&run);
    return status;
}
