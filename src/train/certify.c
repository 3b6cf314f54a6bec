#include "train/certify.h"

#include "base/number.h"
#include "base/os.h"
#include "base/size.h"
#include "data/dataset.h"
#include "model/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (8u << 20) /* of rows that are on the host at once */

cln_status cln_trainer_objective(cln_trainer *trainer, double l2, const double *weight, const double *bias,
                                 cln_objective **objective, cln_error *error)
{
    const cln_problem *of = &trainer->plan->problem;
    const cln_objective_problem problem = {.loss = of->loss,
                                           .target = of->target,
                                           .lowest = of->lowest,
                                           .highest = of->highest,
                                           .k = cln_trainer_outputs(trainer),
                                           .d = of->features,
                                           .type = of->type,
                                           .scale = trainer->scale,
                                           .l1 = trainer->settings.l1,
                                           .l2 = l2,
                                           .spread = trainer->scaling.deviation,
                                           .bias = of->bias};
    return cln_objective_create(&problem, weight, bias, objective, error);
}

/* Rows first … first+count−1 of the training range have their answers here. */
static cln_status add_block(cln_trainer *trainer, cln_objective *objective, uint64_t first, uint64_t count,
                            const void *x, cln_error *error)
{
    const cln_dataset *data = trainer->selection->data[CLN_TRAIN];
    uint64_t at = trainer->selection->range[CLN_TRAIN].first + first;
    const int32_t *labels = cln_dataset_labels(data);
    const float *targets = cln_dataset_targets(data), *weights = trainer->row_weights;
    return cln_objective_add(objective, x, count, labels ? labels + at : NULL,
                             targets ? targets + at * trainer->plan->problem.outputs : NULL,
                             weights ? weights + first : NULL, error);
}

cln_status cln_trainer_add_rows(cln_trainer *trainer, cln_objective *objective, cln_error *error)
{
    cln_status status = CLN_OK;
    const cln_range *range = &trainer->selection->range[CLN_TRAIN];
    uint64_t bytes = trainer->plan->problem.features * cln_type_bytes(trainer->plan->problem.type);
    uint64_t most = BLOCK_BYTES / bytes + 1;
    void *x = NULL;
    TRY(cln_allocate(&x, most < range->rows ? most : range->rows, (size_t)bytes, "rows", error));
    for (uint64_t first = 0; first < range->rows; first += most) {
        uint64_t count = range->rows - first < most ? range->rows - first : most;
        TRY(cln_resident_read(range->data, range->first + first, count, x, error));
        TRY(add_block(trainer, objective, first, count, x, error));
    }
out:
    free(x);
    return status;
}

cln_certificate cln_certificate_of(const cln_objective_value *value)
{
    return (cln_certificate){.rows = value->rows,
                             .loss = value->loss,
                             .objective = value->objective,
                             .gradient_norm = value->gradient_norm,
                             .suboptimality = value->bound};
}

/* The kept weights in double, with the rounding that a model's file has. */
static cln_status kept_weights(cln_trainer *trainer, double *weight, double *bias, cln_error *error)
{
    cln_status status;
    uint64_t k = cln_trainer_outputs(trainer), count = k * trainer->plan->problem.features;
    float *rounded = NULL;
    TRY(cln_allocate((void **)&rounded, count + k, sizeof *rounded, "weights", error));
    TRY(cln_trainer_lane_read(trainer, 0, rounded, rounded + count, error));
    for (uint64_t i = 0; i < count; i++)
        weight[i] = (double)rounded[i];
    for (uint64_t c = 0; c < k; c++)
        bias[c] = (double)rounded[count + c];
out:
    free(rounded);
    return status;
}

cln_status cln_trainer_certify(cln_trainer *trainer, cln_certificate *certificate, cln_error *error)
{
    cln_status status = CLN_OK;
    uint64_t k = cln_trainer_outputs(trainer), count = k * trainer->plan->problem.features;
    double *weight = NULL, before = cln_os_seconds();
    cln_objective *objective = NULL;
    cln_objective_value value;
    if (trainer->certificate.rows == 0) {
        TRY(cln_allocate((void **)&weight, count + k, sizeof *weight, "weights", error));
        TRY(kept_weights(trainer, weight, weight + count, error));
        TRY(cln_trainer_objective(trainer, trainer->lanes[0].l2, weight, weight + count, &objective, error));
        TRY(cln_trainer_add_rows(trainer, objective, error));
        cln_objective_read(objective, &value, NULL, NULL);
        trainer->certificate = cln_certificate_of(&value);
        trainer->seconds.evaluate += cln_os_seconds() - before;
    }
    *certificate = trainer->certificate;
out:
    cln_objective_free(objective);
    free(weight);
    return status;
}

/* One list: names in a model's metadata and members. */
#define CERTIFICATE_MAP(X)                                                                                             \
    X("certificate.loss", loss)                                                                                        \
    X("certificate.objective", objective)                                                                              \
    X("certificate.gradient_norm", gradient_norm)                                                                      \
    X("certificate.suboptimality", suboptimality)

cln_status cln_certificate_note(const cln_certificate *certificate, cln_model *model, cln_error *error)
{
    cln_status status = CLN_OK;
    char text[32];
    if (certificate->rows == 0)
        return CLN_OK;
    TRY(cln_model_note(model, error, "certificate.rows", "%llu", (unsigned long long)certificate->rows));
#define X(name, member)                                                                                                \
    if (isfinite(certificate->member)) {                                                                               \
        cln_format_real(certificate->member, text);                                                                    \
        TRY(cln_model_note(model, error, name, "%s", text));                                                           \
    }
    CERTIFICATE_MAP(X)
#undef X
out:
    return status;
}

cln_certificate cln_certificate_recall(const cln_model *model)
{
    cln_certificate certificate = {.loss = NAN, .objective = NAN, .gradient_norm = NAN, .suboptimality = NAN};
    const char *text = cln_model_metadata(model, "certificate.rows");
    if (!text || !cln_parse_count(text, &certificate.rows))
        return certificate;
#define X(name, member)                                                                                                \
    text = cln_model_metadata(model, name);                                                                            \
    if (text && !cln_parse_real(text, &certificate.member))                                                            \
        certificate.member = NAN;
    CERTIFICATE_MAP(X)
#undef X
    return certificate;
}
