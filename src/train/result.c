/* What a run comes to: the kept weights scored on every part, the certificate, the reason why it stopped. */
#include "base/os.h"
#include "base/size.h"
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *word;
} stops[] = {
#define X(name, word) {word},
    CLN_STOP_MAP(X)
#undef X
};

const char *cln_stop_word(cln_stop stop)
{
    return (size_t)stop < CLN_COUNT(stops) ? stops[stop].word : "unknown";
}

cln_status cln_trainer_score(cln_trainer *trainer, int part, cl_mem w, cl_mem gradient, cln_score *scores,
                             cln_error *error)
{
    double before = cln_os_seconds();
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        scores[m] = (cln_score){NAN, 0, 0};
    if (!trainer->selection->rows[part])
        return CLN_OK;
    cln_status status =
        cln_score_range(trainer->plan, &trainer->selection->range[part], w, gradient, &trainer->scores, scores, error);
    trainer->seconds.evaluate += cln_os_seconds() - before;
    return status;
}

/* The largest absolute component of the gradient of a lane's objective, from the gradient (kp,ld) of the summed loss. */
static cln_status gradient_norm(cln_trainer *trainer, uint32_t lane, uint64_t rows, double *norm, double *objective,
                                cln_error *error)
{
    cln_status status;
    uint64_t k = cln_trainer_outputs(trainer), d = trainer->plan->problem.features;
    const double *deviation = trainer->scaling.deviation;
    float *g = NULL, *w = NULL;
    TRY(cln_allocate((void **)&g, k * (d + 1), sizeof *g, "a gradient", error));
    TRY(cln_allocate((void **)&w, k * d, sizeof *w, "weights", error));
    TRY(cln_trainer_read_raw(trainer, trainer->gradient, lane, g, g + k * d, error));
    TRY(cln_trainer_read(trainer, trainer->kept, lane, w, NULL, error));
    *norm = 0;
    for (uint64_t i = 0; i < k * (d + 1); i++) {
        double squared = deviation ? deviation[i % d] * deviation[i % d] : 1;
        double penalty = i < k * d ? (double)trainer->h_steps[lane].l2 * squared * (double)w[i] : 0;
        double component = fabs((double)g[i] / (double)rows + penalty);
        if (isnan(component) || component > *norm) /* a NaN stays */
            *norm = component;
        if (i < k * d)
            *objective += penalty / 2 * (double)w[i];
    }
out:
    free(g);
    free(w);
    return status;
}

/* The last step may have broken the weights after its own loss was fine. */
static void check_end(const cln_trainer *trainer, cln_lane *lane, const cln_result *result)
{
    if (lane->stopped == CLN_STOP_DIVERGED || (cln_score_is_sound(&result->train) && isfinite(result->gradient_norm)))
        return;
    lane->stopped = CLN_STOP_DIVERGED;
    snprintf(lane->reason, sizeof lane->reason,
             "the weights after minibatch %llu of epoch %llu give a loss of %g; try a smaller learning rate",
             (unsigned long long)((lane->steps - 1) % trainer->batches) + 1, (unsigned long long)lane->epoch,
             result->train.loss);
}

/* What a lane that diverged has come to is nothing, unless it has a best. */
static bool has_kept(const cln_lane *lane)
{
    return lane->stopped != CLN_STOP_DIVERGED || (cln_patience_on(&lane->patience) && lane->patience.best_epoch);
}

static cln_status score_lane(cln_trainer *trainer, uint32_t m, cln_score *const scores[CLN_PARTS], cln_result *result,
                             cln_error *error)
{
    if (!has_kept(&trainer->lanes[m]))
        return CLN_OK;
    result->train = scores[CLN_TRAIN][m];
    result->valid = scores[CLN_VALID][m];
    result->test = scores[CLN_TEST][m];
    result->objective = result->train.loss;
    cln_status status =
        gradient_norm(trainer, m, result->train.rows, &result->gradient_norm, &result->objective, error);
    check_end(trainer, &trainer->lanes[m], result);
    return status;
}

/* Scores the kept weights on every part. */
static cln_status score_all(cln_trainer *trainer, cln_result *results, cln_error *error)
{
    cln_status status;
    cln_score *scores[CLN_PARTS] = {NULL};
    for (int part = 0; part < CLN_PARTS; part++) {
        TRY(cln_allocate((void **)&scores[part], trainer->lane_count, sizeof(cln_score), "scores", error));
        TRY(cln_trainer_score(trainer, part, trainer->kept, part == CLN_TRAIN ? trainer->gradient : NULL, scores[part],
                              error));
    }
    for (uint32_t m = 0; m < trainer->lane_count; m++)
        TRY(score_lane(trainer, m, scores, &results[m], error));
out:
    for (int part = 0; part < CLN_PARTS; part++)
        free(scores[part]);
    return status;
}

static void describe(const cln_trainer *trainer, const cln_lane *lane, cln_result *result)
{
    const cln_score none = {NAN, 0, 0};
    result->engine = trainer->plan->engine->name;
    result->rows = trainer->selection->rows[CLN_TRAIN];
    result->features = trainer->plan->problem.features;
    result->outputs = cln_trainer_outputs(trainer);
    result->learning_rate = lane->settings.learning_rate;
    result->epochs = lane->epoch;
    result->steps = lane->steps;
    result->best_epoch = cln_patience_on(&lane->patience) ? lane->patience.best_epoch : 0;
    result->objective = result->gradient_norm = NAN;
    result->train = result->valid = result->test = none;
}

cln_status cln_trainer_conclude(cln_trainer *trainer, cln_result *results, cln_error *error)
{
    static const char *const words[] = {"the epoch limit was reached", "validation no longer improved",
                                        "it was interrupted"};
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
        bool diverged = lane->stopped == CLN_STOP_DIVERGED;
        results[m].stopped = lane->stopped;
        snprintf(results[m].reason, sizeof results[m].reason, "%s", diverged ? lane->reason : words[lane->stopped]);
    }
out:
    return status;
}
