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

cln_status cln_trainer_score(cln_trainer *trainer, int part, cl_mem w, cl_mem gradient, cln_score *score,
                             cln_error *error)
{
    double before = cln_os_seconds();
    *score = (cln_score){NAN, 0, 0};
    if (!trainer->selection.rows[part])
        return CLN_OK;
    cln_status status =
        cln_score_range(trainer->plan, &trainer->selection.range[part], w, gradient, &trainer->scores, score, error);
    trainer->seconds.evaluate += cln_os_seconds() - before;
    return status;
}

/* The largest absolute component of the gradient of the objective, from the gradient (kp,ld) of the summed loss. */
static cln_status gradient_norm(cln_trainer *trainer, uint64_t rows, double *norm, double *objective, cln_error *error)
{
    cln_status status;
    uint64_t k = trainer->plan->problem.outputs, d = trainer->plan->problem.features;
    float *g = NULL, *w = NULL;
    TRY(cln_allocate((void **)&g, k * (d + 1), sizeof *g, "a gradient", error));
    TRY(cln_allocate((void **)&w, k * d, sizeof *w, "weights", error));
    TRY(cln_trainer_read(trainer, trainer->gradient, g, g + k * d, error));
    TRY(cln_trainer_read(trainer, trainer->kept, w, NULL, error));
    *norm = 0;
    for (uint64_t i = 0; i < k * (d + 1); i++) {
        double penalty = i < k * d ? (double)trainer->h_step.l2 * (double)w[i] : 0;
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
static void check_end(cln_trainer *trainer, cln_result *result)
{
    if (trainer->stopped == CLN_STOP_DIVERGED ||
        (cln_score_is_sound(&result->train) && isfinite(result->gradient_norm)))
        return;
    trainer->stopped = CLN_STOP_DIVERGED;
    snprintf(result->reason, sizeof result->reason,
             "the weights after minibatch %llu of epoch %llu give a loss of %g; try a smaller learning rate",
             (unsigned long long)((trainer->steps - 1) % trainer->batches) + 1, (unsigned long long)trainer->epoch,
             result->train.loss);
}

/* Scores the kept weights on every part. */
static cln_status score_all(cln_trainer *trainer, cln_result *result, cln_error *error)
{
    cln_status status;
    TRY(cln_trainer_score(trainer, CLN_TRAIN, trainer->kept, trainer->gradient, &result->train, error));
    result->objective = result->train.loss;
    TRY(gradient_norm(trainer, result->train.rows, &result->gradient_norm, &result->objective, error));
    TRY(cln_trainer_score(trainer, CLN_VALID, trainer->kept, NULL, &result->valid, error));
    TRY(cln_trainer_score(trainer, CLN_TEST, trainer->kept, NULL, &result->test, error));
    check_end(trainer, result);
out:
    return status;
}

static void describe(const cln_trainer *trainer, cln_result *result)
{
    const cln_score none = {NAN, 0, 0};
    result->engine = trainer->plan->engine->name;
    result->rows = trainer->selection.rows[CLN_TRAIN];
    result->features = trainer->plan->problem.features;
    result->outputs = trainer->plan->problem.outputs;
    result->epochs = trainer->epoch;
    result->steps = trainer->steps;
    result->best_epoch = cln_patience_on(&trainer->patience) ? trainer->patience.best_epoch : 0;
    result->objective = result->gradient_norm = NAN;
    result->train = result->valid = result->test = none;
}

cln_status cln_trainer_conclude(cln_trainer *trainer, cln_result *result, cln_error *error)
{
    static const char *const words[] = {"the epoch limit was reached", "validation no longer improved",
                                        "it was interrupted"};
    cln_status status = CLN_OK;
    describe(trainer, result);
    if (trainer->stopped != CLN_STOP_DIVERGED || trainer->kept == trainer->best)
        TRY(score_all(trainer, result, error));
    result->stopped = trainer->stopped;
    if (trainer->stopped == CLN_STOP_DIVERGED)
        return cln_fail(error, CLN_DIVERGED, "training diverged: %s", result->reason);
    snprintf(result->reason, sizeof result->reason, "%s", words[trainer->stopped]);
out:
    return status;
}
