#include "train/estimate.h"

#include "base/entry.h"
#include "compute/moments.h"
#include "compute/upload.h"
#include "device/buffer.h"
#include "model/model.h"
#include "train/certify.h"
#include "train/checkpoint.h"
#include "train/full_batch.h"
#include "train/solve.h"
#include "train/step_size.h"
#include "train/units.h"
#include "train/weighted.h"
#include "train/weights.h"

/* A walk through a training. */
typedef struct walk {
    cln_device dry;
    cln_trainer trainer;   /* a copy on the dry device, its plan without memory and kernels */
    cln_plan outline;      /* that plan */
    uint64_t data, solver; /* of the dry device's bytes now */
    uint64_t seeing, run;  /* of the host: while the rows are looked at, and while the solver runs */
    cln_estimate *estimate;
} walk;

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What the most is made of, after each step that allocates. */
static void note(walk *w)
{
    if (w->dry.bytes <= w->estimate->device_bytes)
        return;
    w->estimate->device_bytes = w->dry.bytes;
    w->estimate->data_bytes = w->data;
    w->estimate->solver_bytes = w->solver;
}

/* The data set of a part that has its own; false where there is none, or it is on the device already. */
static bool describe(const walk *w, int part, cln_dataset_info *info)
{
    const cln_selection *selection = w->trainer.selection;
    if (!selection->rows[part] || !selection->data[part] || selection->resident[part])
        return false;
    cln_dataset_describe(selection->data[part], info);
    if (part == CLN_TRAIN)
        *info = selection->info;
    return true;
}

static void take_data(walk *w)
{
    cln_dataset_info info;
    for (int part = 0; part < CLN_PARTS; part++)
        if (describe(w, part, &info))
            cln_resident_count(&w->dry, &info);
    w->data = w->dry.bytes;
    note(w);
}

static cln_status take_plan(walk *w, cln_error *error)
{
    cln_problem problem = cln_trainer_problem(&w->trainer);
    cln_status status = cln_plan_outline(&w->dry, w->trainer.settings.engine, &problem, &w->outline, error);
    if (status != CLN_OK)
        return status;
    w->trainer.plan = &w->outline;
    w->estimate->engine = w->outline.engine->name;
    note(w);
    return CLN_OK;
}

/* Room for so many partial scores, as cln_score_buffer_reserve makes it: in the place of what there was. */
static void take_scores(walk *w, uint64_t count)
{
    cln_score_buffer *scores = &w->trainer.scores;
    if (count <= scores->capacity)
        return;
    uint64_t before = cln_score_buffer_bytes(scores, scores->capacity), now = cln_score_buffer_bytes(scores, count);
    w->dry.bytes -= before;
    w->solver += now - before;
    cln_buffer_create(&w->dry, "partial scores", now, &scores->partial, NULL);
    scores->capacity = count;
    note(w);
}

static void take_buffers(walk *w)
{
    uint64_t before = w->dry.bytes;
    cln_trainer_create_buffers(&w->trainer, NULL);
    w->solver += w->dry.bytes - before;
    w->trainer.scores_per_batch = cln_trainer_batch_scores(&w->trainer, 0);
    note(w);
    take_scores(w, w->trainer.scores_per_batch);
}

static void take_blocks(walk *w)
{
    cln_dataset_info info;
    for (int part = 0; part < CLN_PARTS; part++)
        if (describe(w, part, &info))
            cln_resident_count_block(&w->dry, &info, w->outline.problem.block_rows);
    note(w);
}

/* Centring, and weights of rows. */
static void take_sight(walk *w)
{
    const cln_trainer *trainer = &w->trainer;
    const cln_problem *problem = &w->outline.problem;
    const cln_selection *selection = trainer->selection;
    cln_dataset_info info;
    uint64_t before = w->dry.bytes, d = problem->features;
    const float *own = cln_dataset_weights(selection->data[CLN_TRAIN]);
    if (problem->centred) {
        w->seeing =
            own ? cln_weighted_bytes(trainer) : cln_moments_count(&w->dry, problem->features, problem->block_rows);
        w->seeing += 2 * d * (sizeof(double) + sizeof(float));
        note(w);
        w->dry.bytes = before;
    }
    if (cln_weights_any(&trainer->settings, own)) {
        if (describe(w, CLN_TRAIN, &info))
            cln_resident_count_weights(&w->dry, &info, problem->block_rows);
        w->data += w->dry.bytes - before;
        w->seeing =
            larger(w->seeing, selection->rows[CLN_TRAIN] * sizeof(double)); /* before they are divided by their mean */
        w->seeing = larger(w->seeing, selection->info.rows * sizeof(float));
        note(w);
    }
    uint64_t rows = smaller(CLN_CURVATURE_ROWS, selection->rows[CLN_TRAIN]);
    uint64_t sample = rows * (d * cln_type_bytes(problem->type) + sizeof(float));
    uint64_t measuring = cln_units_bytes(rows, problem->features);
    if (rows == CLN_CURVATURE_ROWS && cln_weights_any(&trainer->settings, own))
        measuring = larger(measuring, cln_weighted_bytes(trainer));
    if (cln_settings_solver_is(&trainer->settings, "sgd"))
        w->seeing = larger(w->seeing, sample + measuring);
}

/* Columns whose moments are not kept from centring are measured when L-BFGS begins. Returns what that takes of the host. */
static uint64_t take_columns(walk *w)
{
    const cln_problem *problem = &w->outline.problem;
    const cln_trainer *trainer = &w->trainer;
    if (cln_weights_any(&trainer->settings, cln_dataset_weights(trainer->selection->data[CLN_TRAIN])))
        return cln_weighted_bytes(trainer);
    if (problem->centred)
        return 0;
    uint64_t before = w->dry.bytes, host = cln_moments_count(&w->dry, problem->features, problem->block_rows);
    note(w);
    w->dry.bytes = before;
    return host;
}

/* The solver, and all parts scored at the end. */
static void take_run(walk *w)
{
    const cln_trainer *trainer = &w->trainer;
    const cln_selection *selection = trainer->selection;
    take_scores(w, cln_score_room(&w->outline, trainer->batch)); /* the kernels run once */
    take_scores(w, trainer->batches * trainer->scores_per_batch);
    uint64_t before = w->dry.bytes;
    if (cln_settings_solver_is(&trainer->settings, "lbfgs"))
        w->run = larger(take_columns(w), cln_solve_lbfgs_bytes(trainer));
    else if (cln_settings_solver_is(&trainer->settings, "direct"))
        w->run = cln_solve_direct_bytes(trainer);
    note(w);
    w->dry.bytes = before;
    for (int part = 0; part < CLN_PARTS; part++)
        take_scores(w, cln_score_room(&w->outline, selection->rows[part]));
}

/* Data sets as they are on the host, the given ones and narrowed copies of them; *reading: what reading them adds. */
static uint64_t held_bytes(const cln_trainer *trainer, const cln_parts *parts, uint64_t *reading)
{
    const cln_selection *selection = trainer->selection;
    const cln_dataset *const given[CLN_PARTS] = {parts ? parts->train : NULL, parts ? parts->valid : NULL,
                                                 parts ? parts->test : NULL};
    uint64_t held = 0;
    *reading = 0;
    for (int part = 0; part < CLN_PARTS; part++) {
        held += given[part] ? cln_dataset_bytes(given[part]) : 0;
        held += selection->owned[part] ? cln_dataset_bytes(selection->data[part]) : 0;
        if (selection->rows[part] && selection->data[part] && !selection->resident[part])
            *reading += cln_dataset_reading_bytes(selection->data[part]);
    }
    return held;
}

/* Windows that the data go through; one more, for the next is filled while one travels. */
static uint64_t window_bytes(const walk *w)
{
    uint64_t windows = 0, largest = 0;
    cln_dataset_info info;
    for (int part = 0; part < CLN_PARTS; part++)
        if (describe(w, part, &info)) {
            uint64_t bytes = info.rows * cln_layout_of(info.features, 1).stride * cln_type_bytes(info.type);
            uint64_t window = cln_upload_window_bytes(&w->dry.facts, bytes);
            windows += window;
            largest = larger(largest, window);
        }
    return windows + largest;
}

/* What a trainer has as long as it is there. */
static uint64_t kept_bytes(const walk *w)
{
    const cln_trainer *trainer = &w->trainer;
    uint64_t rows = trainer->selection->rows[CLN_TRAIN], d = w->outline.problem.features;
    uint64_t bytes = cln_score_buffer_bytes(&trainer->scores, trainer->scores.capacity);
    bytes += trainer->settings.no_shuffle ? 0 : rows * sizeof(uint32_t);
    if (cln_weights_any(&trainer->settings, cln_dataset_weights(trainer->selection->data[CLN_TRAIN])))
        bytes += rows * sizeof(float);
    bytes += w->outline.problem.centred ? d * sizeof(double) : 0;
    if (cln_settings_solver_is(&trainer->settings, "lbfgs"))
        bytes += 2 * d * sizeof(double); /* the columns' means and sizes */
    if (!cln_settings_solver_is(&trainer->settings, "sgd"))
        bytes += cln_trainer_outputs(trainer) * (d + 1) * sizeof(double); /* weights in double */
    return bytes + (w->outline.problem.spread ? d * sizeof(double) : 0);
}

/* Objective and gradient at the end, the certificate, and the model with its certificate. */
static uint64_t concluding_bytes(const walk *w)
{
    const cln_trainer *trainer = &w->trainer;
    uint64_t k = cln_trainer_outputs(trainer), count = k * (w->outline.problem.features + 1);
    uint64_t objective = cln_full_batch_bytes(trainer) + 2 * count * sizeof(double);
    uint64_t model = cln_model_bytes((uint32_t)k, w->outline.problem.features);
    uint64_t read = count * sizeof(float) + k * w->outline.layout.ld * sizeof(float);
    const cln_problem *problem = &w->outline.problem;
    uint64_t lists = 1u + problem->centred + problem->spread; /* one twice, while it is written */
    model += lists * problem->features * CLN_NOTED_NUMBER_BYTES;
    return larger(objective, model + larger(read, cln_trainer_certify_bytes(trainer)));
}

cln_status cln_needs_of(const cln_trainer *trainer, const cln_parts *parts, const cln_facts *facts,
                        struct cln_tuning *tuning, cln_needs *needs, cln_error *error)
{
    cln_status status;
    cln_device like = {.facts = *facts, .tuning = tuning};
    walk w = {.dry = cln_device_dry(&like), .trainer = *trainer, .estimate = &needs->estimate};
    uint64_t reading;
    *needs = (cln_needs){0};
    w.trainer.device = &w.dry;
    w.trainer.scores = (cln_score_buffer){.models = trainer->lane_count};
    take_data(&w);
    TRY(take_plan(&w, error));
    take_buffers(&w);
    take_blocks(&w);
    take_sight(&w);
    take_run(&w);
    needs->estimate.largest = w.dry.largest_bytes;
    needs->largest = w.dry.largest;
    needs->held = held_bytes(trainer, parts, &reading);
    uint64_t before = larger(window_bytes(&w), w.seeing), running = larger(w.run, cln_checkpoint_bytes(&w.trainer));
    needs->estimate.host_bytes =
        needs->held + reading + kept_bytes(&w) + larger(before, larger(running, concluding_bytes(&w)));
out:
    return status;
}

cln_status cln_trainer_estimate(cln_device *device, const cln_options *options, const cln_parts *parts,
                                cln_estimate *estimate, cln_error *error)
{
    ENTER_OPENCL(error, device && options && parts && estimate);
    cln_status status;
    cln_trainer *trainer = NULL;
    TRY(cln_trainer_prepare(device, &options, 1, NULL, parts, &trainer, error));
    TRY(cln_estimate_judge(trainer, parts, estimate, error));
out:
    cln_trainer_close(trainer);
    return status;
}
