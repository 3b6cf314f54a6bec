/* What a run comes to: the kept weights scored on every part, the certificate, the reason why it stopped. */
#include "base/os.h"
#include "base/size.h"
#include "train/certify.h"
#include "train/full_batch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const stop_words[] = {
#define X(name, word) word,
    CLN_STOP_MAP(X)
#undef X
};

/* Where the solver has not said more. */
static const char *const stop_sentences[] = {
    [CLN_STOP_EPOCHS] = "the epoch limit was reached",
    [CLN_STOP_PATIENCE] = "validation no longer improved",
    [CLN_STOP_INTERRUPTED] = "it was interrupted",
    [CLN_STOP_DIVERGED] = "it diverged",
    [CLN_STOP_TOLERANCE] = "the tolerance was reached",
    [CLN_STOP_LINE_SEARCH] = "no step lowers the objective any more",
};

const char *cln_stop_word(cln_stop stop)
{
    return (size_t)stop < CLN_COUNT(stop_words) ? stop_words[stop] : "unknown";
}

cln_status cln_trainer_score(cln_trainer *trainer, int part, cl_mem w, cl_mem gradient, cln_score *scores,
                             cln_error *error)
{
    double before = cln_os_seconds();
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        scores[m] = (cln_score){NAN, 0, 0};
    if (!trainer->selection->rows[part])
        return CLN_OK;
    cln_range range = trainer->selection->range[part];
    range.alike = !gradient;
    cln_status status = cln_score_range(trainer->plan, &range, w, gradient, &trainer->scores, scores, error);
    trainer->seconds.evaluate += cln_os_seconds() - before;
    return status;
}

/* Objective and gradient of a lane's kept weights, whose score this is and whose gradient is in the trainer's. */
static cln_status take_objective(cln_trainer *trainer, uint32_t lane, const cln_score *score, cln_result *result,
                                 cln_error *error)
{
    cln_status status;
    cln_full_batch full = {0};
    double *x = NULL, *g = NULL;
    TRY(cln_full_batch_create(&full, trainer, lane, error));
    TRY(cln_allocate((void **)&x, full.count, sizeof *x, "weights", error));
    TRY(cln_allocate((void **)&g, full.count, sizeof *g, "a gradient", error));
    TRY(cln_full_batch_take(&full, trainer->kept, x, error));
    TRY(cln_full_batch_finish(&full, score, x, &result->objective, g, error));
    result->gradient_norm = cln_full_batch_largest(&full, g);
out:
    free(x);
    free(g);
    cln_full_batch_release(&full);
    return status;
}

/* A solver that has to prove what it found: the same in double. */
static cln_status take_certificate(cln_trainer *trainer, cln_result *result, cln_error *error)
{
    cln_status status = cln_trainer_certify(trainer, &result->certificate, error);
    result->objective = result->certificate.objective;
    result->gradient_norm = result->certificate.gradient_norm;
    return status;
}

static cln_status count_zeros(cln_trainer *trainer, uint64_t *zeros, cln_error *error)
{
    cln_status status;
    uint64_t count = (uint64_t)cln_trainer_outputs(trainer) * trainer->plan->problem.features;
    double *weight = NULL;
    TRY(cln_allocate((void **)&weight, count, sizeof *weight, "weights", error));
    TRY(cln_trainer_lane_read(trainer, 0, weight, NULL, error));
    for (uint64_t i = 0; i < count; i++)
        *zeros += !(weight[i] > 0) && !(weight[i] < 0);
out:
    free(weight);
    return status;
}

static bool is_finite(const cln_trainer *trainer, const cln_result *result)
{
    return cln_score_is_sound(&result->train, trainer->plan->problem.loss) && isfinite(result->gradient_norm);
}

/* The last step may have broken the weights after its own loss was fine. */
static void check_end(const cln_trainer *trainer, cln_lane *lane, const cln_result *result)
{
    if (lane->stopped == CLN_STOP_DIVERGED || is_finite(trainer, result))
        return;
    lane->stopped = CLN_STOP_DIVERGED;
    snprintf(lane->reason, sizeof lane->reason,
             "the weights after minibatch %llu of epoch %llu give a loss of %g; try a smaller learning rate",
             (unsigned long long)((lane->steps - 1) % trainer->batches) + 1, (unsigned long long)lane->epoch,
             result->train.loss);
}

/* What lbfgs and direct found in double may be beyond floats. */
static void check_range(const cln_trainer *trainer, cln_lane *lane, const cln_result *result)
{
    if (is_finite(trainer, result))
        return;
    lane->stopped = CLN_STOP_DIVERGED;
    snprintf(lane->reason, sizeof lane->reason,
             "the weights go beyond single precision, and give a loss of %g; give a larger scale or penalty",
             result->train.loss);
}

/* What lbfgs takes for converged in single precision is held against the certificate. */
static void check_tolerance(const cln_trainer *trainer, cln_lane *lane, const cln_result *result)
{
    double tolerance = trainer->settings.tolerance;
    if (!cln_settings_solver_is(&trainer->settings, "lbfgs") || lane->stopped != CLN_STOP_TOLERANCE ||
        result->gradient_norm <= CLN_TOLERANCE_TIMES * tolerance)
        return;
    lane->stopped = CLN_STOP_LINE_SEARCH;
    snprintf(
        lane->reason, sizeof lane->reason,
        "in single precision the relative gradient is within the tolerance of %g, but in double it is %.2g; give a "
        "larger tolerance",
        tolerance, result->gradient_norm);
}

/* What a lane that diverged has come to is nothing, unless it has a best. */
static bool has_kept(const cln_lane *lane)
{
    return lane->stopped != CLN_STOP_DIVERGED || (cln_patience_on(&lane->patience) && lane->patience.best_epoch);
}

/* weighted: the training part's, as rows count in training. */
static cln_status score_lane(cln_trainer *trainer, uint32_t m, cln_score *const scores[CLN_PARTS],
                             const cln_score *weighted, cln_result *result, cln_error *error)
{
    if (!has_kept(&trainer->lanes[m]))
        return CLN_OK;
    result->train = scores[CLN_TRAIN][m];
    result->valid = scores[CLN_VALID][m];
    result->test = scores[CLN_TEST][m];
    if (!cln_settings_solver_is(&trainer->settings, "sgd")) {
        cln_status status = take_certificate(trainer, result, error);
        if (status == CLN_OK) {
            check_range(trainer, &trainer->lanes[m], result);
            check_tolerance(trainer, &trainer->lanes[m], result);
        }
        return status;
    }
    cln_status status = take_objective(trainer, m, &weighted[m], result, error);
    check_end(trainer, &trainer->lanes[m], result);
    return status;
}

/* Scores the kept weights on every part, all rows weighing the same; the gradient is that of training. */
static cln_status score_all(cln_trainer *trainer, cln_result *results, cln_error *error)
{
    cln_status status;
    cln_score *scores[CLN_PARTS] = {NULL}, *weighted = NULL;
    TRY(cln_allocate((void **)&weighted, trainer->lane_count, sizeof *weighted, "scores", error));
    for (int part = 0; part < CLN_PARTS; part++)
        TRY(cln_allocate((void **)&scores[part], trainer->lane_count, sizeof(cln_score), "scores", error));
    TRY(cln_trainer_score(trainer, CLN_TRAIN, trainer->kept, trainer->gradient, weighted, error));
    for (int part = 0; part < CLN_PARTS; part++)
        if (part == CLN_TRAIN && !trainer->row_weights)
            memcpy(scores[part], weighted, trainer->lane_count * sizeof *weighted);
        else
            TRY(cln_trainer_score(trainer, part, trainer->kept, NULL, scores[part], error));
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        TRY(score_lane(trainer, m, scores, weighted, &results[m], error));
    if (results[0].sparse)
        TRY(count_zeros(trainer, &results[0].zeros, error));
out:
    for (int part = 0; part < CLN_PARTS; part++)
        free(scores[part]);
    free(weighted);
    return status;
}

static void describe(const cln_trainer *trainer, const cln_lane *lane, cln_result *result)
{
    const cln_score none = {NAN, 0, 0};
    result->engine = trainer->plan->engine->name;
    result->rows = trainer->selection->rows[CLN_TRAIN];
    result->features = trainer->plan->problem.features;
    result->outputs = cln_trainer_outputs(trainer);
    result->learning_rate = cln_settings_solver_is(&lane->settings, "sgd") ? lane->settings.learning_rate : (double)NAN;
    result->l2 = lane->l2;
    result->sparse = lane->settings.l1 > 0;
    result->epochs = lane->epoch;
    result->steps = lane->steps;
    result->best_epoch = cln_patience_on(&lane->patience) ? lane->patience.best_epoch : 0;
    result->objective = result->gradient_norm = NAN;
    result->train = result->valid = result->test = none;
}

/* Where the solver has not said more: the rule that ended it, and what of the step size the user may not know. */
static void explain(const cln_trainer *trainer, const cln_lane *lane, char *reason, size_t size)
{
    bool ran = lane->stopped == CLN_STOP_EPOCHS || lane->stopped == CLN_STOP_PATIENCE;
    int length = snprintf(reason, size, "%s", *lane->reason ? lane->reason : stop_sentences[lane->stopped]);
    if (lane->slow && ran && !*lane->reason && (size_t)length < size)
        snprintf(reason + length, size - (size_t)length,
                 "; with the step size %.2g, all that the features' units allow, most weights cover less than "
                 "1 %% of the way to their optimum; %s",
                 lane->settings.learning_rate,
                 trainer->settings.no_bias ? "bring the features to one size" : "give option standardize");
}

cln_status cln_trainer_conclude(cln_trainer *trainer, cln_result *results, cln_error *error)
{
    cln_status status = CLN_OK;
    bool any = false;
    for (uint32_t m = 0; m < trainer->lane_count; m++) {
        describe(trainer, &trainer->lanes[m], &results[m]);
        any |= has_kept(&trainer->lanes[m]);
    }
    if (any)
        TRY(score_all(trainer, results, error));
    for (uint32_t m = 0; m < trainer->lane_count; m++) {
        const cln_lane *lane = &trainer->lanes[m];
        results[m].stopped = lane->stopped;
        explain(trainer, lane, results[m].reason, sizeof results[m].reason);
    }
out:
    return status;
}
