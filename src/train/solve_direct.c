/*
 * Linear least squares in closed form, for one penalty or a path of them, from sums over the rows. What rounding left in sums of
 * floats is taken away by Newton steps with gradients in double on the host.
 */
#include "base/os.h"
#include "base/size.h"
#include "device/buffer.h"
#include "train/certify.h"
#include "train/normal_equations.h"
#include "train/solve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CORRECTIONS 4

typedef struct direct {
    cln_trainer *trainer;
    uint32_t d, k;
    cln_ridge *ridge;
    double *weight, *bias; /* (k,d), (k) of x·scale: the last α's */
    double *gw, *gb;       /* (k,d), (k) */
    float *h_weights;      /* (k,ld) */
    cln_ridge_answer answer;
    double scoring; /* seconds that are not the optimisation's */
} direct;

static cln_status allocate(direct *own, cln_error *error)
{
    cln_status status;
    uint64_t weights = (uint64_t)own->k * own->d;
    TRY(cln_allocate((void **)&own->weight, weights, sizeof(double), "weights", error));
    TRY(cln_allocate((void **)&own->bias, own->k, sizeof(double), "the bias", error));
    TRY(cln_allocate((void **)&own->gw, weights, sizeof(double), "a gradient", error));
    TRY(cln_allocate((void **)&own->gb, own->k, sizeof(double), "a gradient", error));
    TRY(cln_allocate((void **)&own->h_weights, (uint64_t)own->k * own->trainer->plan->layout.ld, sizeof(float),
                     "weights", error));
out:
    return status;
}

uint64_t cln_solve_direct_bytes(const cln_trainer *trainer)
{
    uint64_t k = trainer->plan->problem.outputs, weights = k * trainer->plan->problem.features, kept;
    uint64_t own = 2 * (weights + k) * sizeof(double) + k * trainer->plan->layout.ld * sizeof(float);
    uint64_t equations = cln_normal_equations_bytes(trainer, &kept);
    uint64_t correcting = kept + cln_trainer_objective_bytes(trainer);
    return own + (equations > correcting ? equations : correcting);
}

static void release(direct *own)
{
    cln_ridge_free(own->ridge);
    free(own->weight);
    free(own->bias);
    free(own->gw);
    free(own->gb);
    free(own->h_weights);
}

/* Newton steps until the gradient in double no longer shrinks; the certificate of where that ends is *value. */
static cln_status correct(direct *own, double l2, cln_objective_value *value, cln_error *error)
{
    cln_status status;
    cln_objective *objective = NULL;
    uint64_t weights = (uint64_t)own->k * own->d;
    double n = (double)own->trainer->selection->rows[CLN_TRAIN], before = INFINITY;
    TRY(cln_trainer_objective(own->trainer, l2, own->weight, own->bias, &objective, error));
    for (int step = 0;; step++) {
        cln_objective_move(objective, own->weight, own->bias);
        TRY(cln_trainer_add_rows(own->trainer, objective, error));
        cln_objective_read(objective, value, own->gw, own->gb);
        if (step == CORRECTIONS || !(value->gradient_norm < before / 4))
            break;
        before = value->gradient_norm;
        for (uint64_t i = 0; i < weights; i++)
            own->gw[i] *= n;
        for (uint64_t c = 0; c < own->k; c++)
            own->gb[c] *= n;
        TRY(cln_ridge_correct(own->ridge, own->gw, own->gb, error));
        for (uint64_t i = 0; i < weights; i++)
            own->weight[i] -= own->gw[i];
        for (uint64_t c = 0; c < own->k; c++)
            own->bias[c] -= own->gb[c];
    }
out:
    cln_objective_free(objective);
    return status;
}

/* The last answer into the trainer's weights, whose bias is that of shifted features. */
static cln_status give(direct *own, cln_error *error)
{
    const cln_trainer *trainer = own->trainer;
    const double *shift = trainer->scaling.shift;
    uint64_t ld = trainer->plan->layout.ld;
    for (uint64_t c = 0; c < own->k; c++) {
        double b = own->bias[c];
        for (uint64_t j = 0; j < own->d; j++) {
            own->h_weights[c * ld + j] = (float)own->weight[c * own->d + j];
            b += shift ? own->weight[c * own->d + j] * shift[j] : 0;
        }
        own->h_weights[c * ld + own->d] = (float)b;
    }
    return cln_buffer_write(trainer->device, trainer->weights, 0, own->k * ld * sizeof(float), own->h_weights, error);
}

static double penalty(const direct *own, double l2)
{
    const double *deviation = own->trainer->scaling.deviation;
    double squares = 0;
    for (uint64_t i = 0; i < (uint64_t)own->k * own->d; i++) {
        double v = own->weight[i] * (deviation ? deviation[i % own->d] : 1);
        squares += v * v;
    }
    return l2 / 2 * squares;
}

static bool is_better(const cln_path_row *row, const cln_path_row *best)
{
    if (!best)
        return true;
    if (row->valid.errors != best->valid.errors)
        return row->valid.errors < best->valid.errors;
    return row->valid.loss < best->valid.loss || (isnan(best->valid.loss) && !isnan(row->valid.loss));
}

/* One α: the answer, and where there are several, how good it is. */
static cln_status solve_alpha(direct *own, uint32_t i, uint32_t *best, cln_error *error)
{
    cln_status status;
    cln_trainer *trainer = own->trainer;
    cln_path_row *row = &trainer->path[i];
    cln_score train;
    TRY(cln_ridge_solve(own->ridge, row->alpha, own->weight, own->bias, &own->answer, error));
    double before = cln_os_seconds();
    if (trainer->path_count > 1) {
        TRY(give(own, error));
        TRY(cln_trainer_score(trainer, CLN_VALID, trainer->weights, NULL, &row->valid, error));
        TRY(cln_trainer_score(trainer, CLN_TRAIN, trainer->weights, NULL, &train, error));
        row->objective = train.loss + penalty(own, row->l2);
    }
    own->scoring += cln_os_seconds() - before;
    if (is_better(row, i ? &trainer->path[*best] : NULL))
        *best = i;
out:
    return status;
}

static void explain(const direct *own, double alpha, const cln_objective_value *value, char reason[CLN_REASON_BYTES])
{
    int length =
        snprintf(reason, CLN_REASON_BYTES,
                 "the normal equations hold for alpha %g to %.2g, before weights are rounded to single precision",
                 alpha, value->gradient_norm);
    if (own->answer.rank < own->d)
        snprintf(
            reason + length, CLN_REASON_BYTES - (size_t)length,
            "; the Gram matrix is singular (rank %u of %u), and this is the answer of least norm; a larger alpha makes "
            "it unique",
            own->answer.rank, own->d);
}

/* What was asked for: several alphas, one, or an l2. */
static cln_status plan_path(cln_trainer *trainer, uint64_t n, cln_error *error)
{
    const cln_settings *settings = &trainer->settings;
    uint32_t count = settings->alpha_count > 1 ? settings->alpha_count : 1;
    free(trainer->path); /* of a run that failed */
    trainer->path = NULL;
    cln_status status = cln_allocate((void **)&trainer->path, count, sizeof *trainer->path, "a path", error);
    for (uint32_t i = 0; status == CLN_OK && i < count; i++) {
        double l2 = count > 1 ? settings->alpha[i] / (double)n : cln_settings_l2(settings, (double)n);
        trainer->path[i] =
            (cln_path_row){.alpha = count > 1 ? settings->alpha[i] : l2 * (double)n, .l2 = l2, .objective = NAN};
    }
    trainer->path_count = status == CLN_OK ? count : 0;
    return status;
}

static int report(const direct *own, uint32_t done, double seconds, cln_progress_fn *progress, void *user)
{
    const cln_trainer *trainer = own->trainer;
    cln_progress now = {.event = CLN_EVENT_EPOCH,
                        .epoch = done,
                        .epochs = trainer->path_count,
                        .step = done,
                        .steps = 1,
                        .train = {(double)NAN, 0, 0},
                        .valid = trainer->path[done - 1].valid,
                        .objective = trainer->path[done - 1].objective,
                        .gradient_norm = (double)NAN,
                        .seconds = seconds,
                        .seconds_left = seconds / done * (double)(trainer->path_count - done)};
    return progress ? progress(&now, user) : 0;
}

/* Every α in turn, and then the best one again. */
static cln_status solve_path(direct *own, double began, cln_progress_fn *progress, void *user, uint32_t *best,
                             bool *interrupted, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_trainer *trainer = own->trainer;
    for (uint32_t i = 0; i < trainer->path_count; i++) {
        TRY(solve_alpha(own, i, best, error));
        if (report(own, i + 1, cln_os_seconds() - began - own->scoring, progress, user) != 0) {
            *interrupted = true;
            trainer->path_count = i + 1;
        }
    }
    trainer->path[*best].best = true;
    /* The factor that corrections use, and the answer that is spoken of, are the best one's. */
    TRY(cln_ridge_solve(own->ridge, trainer->path[*best].alpha, own->weight, own->bias, &own->answer, error));
out:
    return status;
}

cln_status cln_solve_direct(cln_trainer *trainer, cln_progress_fn *progress, void *user, char reason[CLN_REASON_BYTES],
                            cln_error *error)
{
    cln_status status;
    const cln_problem *problem = &trainer->plan->problem;
    direct own = {.trainer = trainer, .d = problem->features, .k = problem->outputs};
    double began = cln_os_seconds(), built = 0;
    uint32_t best = 0;
    bool interrupted = false;
    cln_objective_value value;
    TRY(plan_path(trainer, trainer->selection->rows[CLN_TRAIN], error));
    TRY(allocate(&own, error));
    TRY(cln_normal_equations(trainer, &built, &own.ridge, error));
    TRY(solve_path(&own, began + built, progress, user, &best, &interrupted, error));
    TRY(correct(&own, trainer->path[best].l2, &value, error));
    TRY(give(&own, error));
    trainer->seconds.build += built;
    trainer->seconds.train = cln_os_seconds() - began - built - own.scoring;
    cln_lane_solved(trainer, interrupted ? CLN_STOP_INTERRUPTED : CLN_STOP_TOLERANCE, 1, 1);
    trainer->lanes[0].l2 = trainer->path[best].l2;
    if (trainer->path_count == 1)
        trainer->path[0].objective = value.objective;
    if (interrupted)
        snprintf(reason, CLN_REASON_BYTES, "it was interrupted; alpha %g is the best of those until then",
                 trainer->path[best].alpha);
    else
        explain(&own, trainer->path[best].alpha, &value, reason);
out:
    release(&own);
    return status;
}

const cln_path_row *cln_trainer_path(const cln_trainer *trainer, size_t *count)
{
    if (count)
        *count = 0;
    if (!trainer || !count)
        return NULL;
    *count = trainer->path_count;
    return trainer->path;
}
