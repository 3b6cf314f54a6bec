/*
 * Linear least squares in closed form (least_squares.h), for one penalty or a path of them. Every answer of a path is as exact as the
 * one that is kept, and so is what is said of it.
 */
#include "base/os.h"
#include "base/size.h"
#include "device/buffer.h"
#include "train/certify.h"
#include "train/least_squares.h"
#include "train/solve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct direct {
    cln_trainer *trainer;
    uint32_t d, k;
    cln_least_squares *squares;
    double *solution;              /* (k,d), (k): weight and bias of x·scale, the last α's */
    double *shifted;               /* the same of the device's x·scale − shift */
    double *best;                  /* (k,d), (k): of the best α so far */
    float *h_weights, *best_given; /* (k,ld): as on the device */
    cln_least_squares_answer answer, best_answer;
    double scoring; /* seconds that are not the optimisation's */
} direct;

static uint64_t weights_of(const direct *own)
{
    return (uint64_t)own->k * own->d;
}

static cln_status allocate(direct *own, cln_error *error)
{
    cln_status status;
    uint64_t count = weights_of(own) + own->k, given = (uint64_t)own->k * own->trainer->plan->layout.ld;
    TRY(cln_allocate((void **)&own->solution, count, sizeof(double), "weights", error));
    TRY(cln_allocate((void **)&own->shifted, count, sizeof(double), "weights", error));
    TRY(cln_allocate((void **)&own->best, count, sizeof(double), "weights", error));
    TRY(cln_allocate((void **)&own->h_weights, given, sizeof(float), "weights", error));
    TRY(cln_allocate((void **)&own->best_given, given, sizeof(float), "weights", error));
out:
    return status;
}

uint64_t cln_solve_direct_bytes(const cln_trainer *trainer)
{
    uint64_t k = trainer->plan->problem.outputs, count = k * (trainer->plan->problem.features + 1);
    uint64_t own = 3 * count * sizeof(double) + 2 * k * trainer->plan->layout.ld * sizeof(float);
    uint64_t solving = cln_least_squares_bytes(trainer), judging = cln_trainer_objective_bytes(trainer);
    return own + solving + (trainer->settings.alpha_count > 1 ? judging : 0);
}

static void release(direct *own)
{
    cln_least_squares_free(own->squares);
    free(own->solution);
    free(own->shifted);
    free(own->best);
    free(own->h_weights);
    free(own->best_given);
}

/* The last answer, in double, and as floats in the trainer's weights, which are those of the device's x·scale − shift, scale a float. */
static cln_status give(direct *own, cln_error *error)
{
    cln_trainer *trainer = own->trainer;
    uint64_t ld = trainer->plan->layout.ld, weights = weights_of(own);
    trainer->certificate = (cln_certificate){0}; /* it was of other weights */
    cln_least_squares_read(own->squares, trainer->scale, NULL, own->solution, own->solution + weights);
    cln_least_squares_read(own->squares, (double)trainer->plan->problem.scale, trainer->scaling.shift, own->shifted,
                           own->shifted + weights);
    for (uint64_t c = 0; c < own->k; c++) {
        for (uint64_t j = 0; j < own->d; j++)
            own->h_weights[c * ld + j] = (float)own->shifted[c * own->d + j];
        own->h_weights[c * ld + own->d] = (float)own->shifted[weights + c];
    }
    return cln_buffer_write(trainer->device, trainer->weights, 0, own->k * ld * sizeof(float), own->h_weights, error);
}

static bool is_better(const cln_path_row *row, const cln_path_row *best)
{
    if (!best)
        return true;
    if (row->valid.errors != best->valid.errors)
        return row->valid.errors < best->valid.errors;
    return row->valid.loss < best->valid.loss || (isnan(best->valid.loss) && !isnan(row->valid.loss));
}

static bool is_float(const direct *own)
{
    float finite = 0; /* stays 0 where all is finite, for 0·∞ is NaN */
    for (uint64_t i = 0; i < own->k * own->trainer->plan->layout.ld; i++)
        finite += 0 * own->h_weights[i];
    return finite == 0;
}

/* What decides among alphas. Bytes are scored on the device. Floats are scored in double, for a large offset takes a float's digits; but
   weights beyond floats' range are scored on the device, where they come out as no choice. */
static cln_status score_valid(direct *own, cln_score *valid, cln_error *error)
{
    cln_status status;
    cln_trainer *trainer = own->trainer;
    cln_objective *objective = NULL;
    cln_objective_value value;
    if (trainer->plan->problem.type == CLN_UINT8 || !is_float(own))
        return cln_trainer_score(trainer, CLN_VALID, trainer->weights, NULL, valid, error);
    TRY(cln_trainer_objective(trainer, CLN_VALID, 0, own->solution, own->solution + weights_of(own), &objective,
                              error));
    cln_objective_read(objective, &value, NULL, NULL);
    *valid = (cln_score){value.loss, value.errors, value.rows};
out:
    cln_objective_free(objective);
    return status;
}

static void keep(direct *own)
{
    memcpy(own->best, own->solution, (weights_of(own) + own->k) * sizeof *own->best);
    memcpy(own->best_given, own->h_weights, own->k * own->trainer->plan->layout.ld * sizeof(float));
    own->best_answer = own->answer;
}

/* One α: the answer, and where there are several, how good it is. */
static cln_status solve_alpha(direct *own, uint32_t i, uint32_t *best, cln_error *error)
{
    cln_status status;
    cln_trainer *trainer = own->trainer;
    cln_path_row *row = &trainer->path[i];
    TRY(cln_least_squares_solve(own->squares, row->alpha, &own->answer, error));
    row->objective = own->answer.objective;
    trainer->lanes[0].l2 = row->l2; /* of a certificate that progress asks for */
    double before = cln_os_seconds();
    TRY(give(own, error));
    if (trainer->path_count > 1)
        TRY(score_valid(own, &row->valid, error));
    own->scoring += cln_os_seconds() - before;
    if (is_better(row, i ? &trainer->path[*best] : NULL)) {
        *best = i;
        keep(own);
    }
out:
    return status;
}

static void explain(const direct *own, double alpha, char reason[CLN_REASON_BYTES])
{
    const cln_least_squares_answer *answer = &own->best_answer;
    if (!answer->holds)
        snprintf(reason, CLN_REASON_BYTES,
                 "the normal equations hold for alpha %g to %.2g only: the features are linearly dependent but for "
                 "rounding errors of double precision (condition %.1g); give a larger alpha",
                 alpha, answer->gradient, answer->condition);
    else if (answer->rank < own->d)
        snprintf(
            reason, CLN_REASON_BYTES,
            "the normal equations hold for alpha %g to %.2g; the Gram matrix is singular (rank %u of %u), and this "
            "is the answer of least norm; a larger alpha makes it unique",
            alpha, answer->gradient, answer->rank, own->d);
    else
        snprintf(reason, CLN_REASON_BYTES, "the normal equations hold for alpha %g to %.2g", alpha, answer->gradient);
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
                        .objective = trainer->path_count > 1 ? trainer->path[done - 1].objective : (double)NAN,
                        .gradient_norm = (double)NAN,
                        .seconds = seconds,
                        .seconds_left = seconds / done * (double)(trainer->path_count - done)};
    return progress ? progress(&now, user) : 0;
}

/* Every α in turn; the best one's weights are the trainer's then. */
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
    TRY(cln_buffer_write(trainer->device, trainer->weights, 0,
                         own->k * (uint64_t)trainer->plan->layout.ld * sizeof(float), own->best_given, error));
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
    TRY(plan_path(trainer, trainer->selection->rows[CLN_TRAIN], error));
    TRY(allocate(&own, error));
    TRY(cln_least_squares_create(trainer, &built, &own.squares, error));
    TRY(solve_path(&own, began + built, progress, user, &best, &interrupted, error));
    trainer->seconds.build += built;
    trainer->seconds.train = cln_os_seconds() - began - built - own.scoring;
    cln_stop solved = own.best_answer.holds ? CLN_STOP_TOLERANCE : CLN_STOP_LINE_SEARCH;
    cln_lane_solved(trainer, interrupted ? CLN_STOP_INTERRUPTED : solved, 1, 1);
    trainer->lanes[0].l2 = trainer->path[best].l2;
    if (interrupted)
        snprintf(reason, CLN_REASON_BYTES, "it was interrupted; alpha %g is the best of those until then",
                 trainer->path[best].alpha);
    else
        explain(&own, trainer->path[best].alpha, reason);
    free(trainer->solved);
    trainer->solved = own.best;
    own.best = NULL;
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
