#include "train/certify.h"

#include "base/entry.h"
#include "base/number.h"
#include "base/os.h"
#include "base/size.h"
#include "data/dataset.h"
#include "model/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (8u << 20) /* of rows that are on the host at once */

static cln_objective_problem problem_of(const cln_trainer *trainer, double l2)
{
    const cln_problem *of = &trainer->plan->problem;
    return (cln_objective_problem){.loss = of->loss,
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
}

/* A block of rows on the host with their answers: labels or targets, the other NULL. */
typedef struct block {
    uint64_t first, rows; /* of the data set */
    char *x;              /* (rows,d) of the data's type */
    int32_t *labels;      /* (rows) */
    float *targets;       /* (rows,k) */
} block;

static uint64_t block_rows(const cln_trainer *trainer)
{
    const cln_problem *problem = &trainer->plan->problem;
    uint64_t row = problem->features * cln_type_bytes(problem->type), all = trainer->selection->info.rows;
    return BLOCK_BYTES / row + 1 < all ? BLOCK_BYTES / row + 1 : all;
}

static cln_status allocate_block(const cln_trainer *trainer, block *b, cln_error *error)
{
    cln_status status;
    const cln_problem *problem = &trainer->plan->problem;
    uint64_t row = problem->features * cln_type_bytes(problem->type);
    b->rows = block_rows(trainer);
    TRY(cln_allocate((void **)&b->x, b->rows, (size_t)row, "rows", error));
    if (problem->target == CLN_TARGET_REAL)
        TRY(cln_allocate((void **)&b->targets, b->rows * cln_trainer_outputs(trainer), sizeof *b->targets, "targets",
                         error));
    else
        TRY(cln_allocate((void **)&b->labels, b->rows, sizeof *b->labels, "labels", error));
out:
    return status;
}

/* The data set that a part's rows lie in: its own, or the training part's. */
static const cln_dataset *data_of(const cln_trainer *trainer, int part)
{
    const cln_selection *selection = trainer->selection;
    return selection->data[part] ? selection->data[part] : selection->data[CLN_TRAIN];
}

/* Row i of the data set becomes the block's row `at`, which is not behind where it was read. */
static void place(const cln_trainer *trainer, int part, block *b, uint64_t i, uint64_t at)
{
    const cln_dataset *data = data_of(trainer, part);
    const cln_problem *problem = &trainer->plan->problem;
    size_t row = problem->features * cln_type_bytes(problem->type), k = cln_trainer_outputs(trainer);
    if (b->labels)
        b->labels[at] = cln_dataset_labels(data)[i];
    else
        memcpy(b->targets + at * k, cln_dataset_targets(data) + i * k, k * sizeof(float));
    if (i - b->first != at)
        memmove(b->x + at * row, b->x + (i - b->first) * row, row);
}

/* A part's rows lie one behind the other, or are listed in ascending order. */
cln_status cln_trainer_visit_rows(cln_trainer *trainer, int part, cln_visit_rows_fn *visit, void *user,
                                  cln_error *error)
{
    cln_status status;
    const cln_selection *selection = trainer->selection;
    const cln_range *range = &selection->range[part];
    const uint32_t *list = selection->list[part];
    const float *weights = part == CLN_TRAIN ? trainer->row_weights : NULL;
    uint64_t end = range->first + range->rows;
    block b = {.first = list ? 0 : range->first};
    if (list && range->rows)
        end = (uint64_t)list[range->rows - 1] + 1;
    TRY(allocate_block(trainer, &b, error));
    for (uint64_t next = 0; next < range->rows; b.first += b.rows) {
        uint64_t count = 0, begin = next, here = end - b.first < b.rows ? end - b.first : b.rows;
        TRY(cln_resident_read(range->data, b.first, here, b.x, error));
        for (; next < range->rows && (list ? list[next] : range->first + next) < b.first + here; next++)
            place(trainer, part, &b, list ? list[next] : range->first + next, count++);
        if (count)
            TRY(visit(user, b.x, count, b.labels, b.targets, weights ? weights + begin : NULL, error));
    }
out:
    free(b.x);
    free(b.labels);
    free(b.targets);
    return status;
}

static cln_status add_block(void *objective, const void *x, uint64_t rows, const int32_t *labels, const float *targets,
                            const float *weights, cln_error *error)
{
    return cln_objective_add(objective, x, rows, labels, targets, weights, error);
}

cln_status cln_trainer_objective(cln_trainer *trainer, int part, double l2, const double *weight, const double *bias,
                                 cln_objective **objective, cln_error *error)
{
    const cln_objective_problem problem = problem_of(trainer, l2);
    cln_status status = cln_objective_create(&problem, weight, bias, objective, error);
    return status == CLN_OK ? cln_trainer_visit_rows(trainer, part, add_block, *objective, error) : status;
}

cln_status cln_trainer_evaluate_kept(cln_trainer *trainer, double times, cln_objective_value *value, cln_error *error)
{
    cln_status status;
    uint64_t k = cln_trainer_outputs(trainer), count = k * trainer->plan->problem.features;
    double *weight = NULL, l2 = trainer->lanes[0].l2;
    cln_objective *objective = NULL;
    TRY(cln_allocate((void **)&weight, count + k, sizeof *weight, "weights", error));
    TRY(cln_trainer_lane_read(trainer, 0, weight, weight + count, error));
    for (uint64_t i = 0; i < count + k; i++)
        weight[i] *= times;
    TRY(cln_trainer_objective(trainer, CLN_TRAIN, l2, weight, weight + count, &objective, error));
    cln_objective_read(objective, value, NULL, NULL);
out:
    cln_objective_free(objective);
    free(weight);
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

cln_status cln_trainer_certify(cln_trainer *trainer, cln_certificate *certificate, cln_error *error)
{
    ENTER_OPENCL(error, trainer && certificate);
    cln_status status = CLN_OK;
    double before = cln_os_seconds();
    cln_objective_value value;
    if (trainer->certificate.rows == 0) {
        TRY(cln_trainer_evaluate_kept(trainer, 1, &value, error));
        trainer->certificate = cln_certificate_of(&value);
        trainer->seconds.evaluate += cln_os_seconds() - before;
    }
    *certificate = trainer->certificate;
out:
    return status;
}

uint64_t cln_trainer_visit_bytes(const cln_trainer *trainer)
{
    const cln_problem *problem = &trainer->plan->problem;
    uint64_t answers = problem->target == CLN_TARGET_REAL ? cln_trainer_outputs(trainer) : 1;
    uint64_t row = problem->features * cln_type_bytes(problem->type) + answers * sizeof(float);
    return block_rows(trainer) * row + cln_resident_read_bytes(&trainer->selection->info);
}

uint64_t cln_trainer_objective_bytes(const cln_trainer *trainer)
{
    const cln_objective_problem of = problem_of(trainer, trainer->lanes[0].l2);
    return cln_objective_bytes(&of) + cln_trainer_visit_bytes(trainer);
}

uint64_t cln_trainer_certify_bytes(const cln_trainer *trainer)
{
    uint64_t k = cln_trainer_outputs(trainer), count = k * trainer->plan->problem.features + k;
    uint64_t read = count * sizeof(float) + k * trainer->plan->layout.ld * sizeof(float);
    uint64_t pass = cln_trainer_objective_bytes(trainer);
    return count * sizeof(double) + (pass > read ? pass : read);
}

/* One list: names in a model's metadata and members. */
#define CERTIFICATE_MAP(X)                                                                                             \
    X("certificate.loss", loss)                                                                                        \
    X("certificate.objective", objective)                                                                              \
    X("certificate.gradient_norm", gradient_norm)                                                                      \
    X("certificate.suboptimality", suboptimality)

/* Says what certificate.gradient_norm is. */
static const char relative_key[] = "certificate.gradient";

bool cln_certificate_is_relative(const cln_model *model)
{
    return cln_model_metadata(model, relative_key) != NULL;
}

cln_status cln_certificate_note(const cln_certificate *certificate, cln_model *model, cln_error *error)
{
    cln_status status = CLN_OK;
    char text[32];
    if (certificate->rows == 0)
        return CLN_OK;
    TRY(cln_model_note(model, error, "certificate.rows", "%llu", (unsigned long long)certificate->rows));
    TRY(cln_model_note(model, error, relative_key, "relative: max |df/dw_j|/s_j over f0/sigma"));
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
