/* What a run comes to: the kept weights scored on every part, the certificate, the reason why it stopped. */
#include "base/os.h"
#include "base/size.h"
#include "train/certify.h"
#include "train/full_batch.h"

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

/* Objective and gradient at the kept weights: by the device after sgd, from the certificate of a solver that has to prove what it
   found. */
static cln_status take_objective(cln_trainer *trainer, cln_result *result, cln_error *error)
{
    cln_status status;
    cln_full_batch full = {0};
    double *x = NULL, *g = NULL;
    if (!cln_settings_solver_is(&trainer->settings, "sgd")) {
        TRY(cln_trainer_certify(trainer, &result->certificate, error));
        result->objective = result->certificate.objective;
        result->gradient_norm = result->certificate.gradient_norm;
        return CLN_OK;
    }
    TRY(cln_full_batch_create(&full, trainer, error));
    TRY(cln_allocate((void **)&x, full.count, sizeof *x, "weights", error));
    TRY(cln_allocate((void **)&g, full.count, sizeof *g, "a gradient", error));
    TRY(cln_full_batch_take(&full, trainer->kept, x, error));
    TRY(cln_full_batch_at(&full, trainer->kept, x, &result->objective, g, error));
    result->gradient_norm = cln_full_batch_norm(&full, g);
    result->train = full.score;
out:
    free(x);
    free(g);
    cln_full_batch_release(&full);
    return status;
}

static cln_status count_zeros(cln_trainer *trainer, uint64_t *zeros, cln_error *error)
{
    cln_status status;
    uint64_t count = (uint64_t)trainer->plan->problem.outputs * trainer->plan->problem.features;
    float *weight = NULL;
    TRY(cln_allocate((void **)&weight, count, sizeof *weight, "weights", error));
    TRY(cln_trainer_read(trainer, trainer->kept, weight, NULL, error));
    for (uint64_t i = 0; i < count; i++)
        *zeros += !(weight[i] > 0) && !(weight[i] < 0);
out:
    free(weight);
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
    TRY(take_objective(trainer, result, error));
    if (result->train.rows == 0 ||
        trainer->row_weights) /* the score is of rows that weigh the same, as in other parts */
        TRY(cln_trainer_score(trainer, CLN_TRAIN, trainer->kept, NULL, &result->train, error));
    if (result->sparse)
        TRY(count_zeros(trainer, &result->zeros, error));
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
    result->learning_rate =
        cln_settings_solver_is(&trainer->settings, "sgd") ? trainer->settings.learning_rate : (double)NAN;
    result->l2 = trainer->l2;
    result->sparse = trainer->settings.l1 > 0;
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
    if (!*result->reason)
        snprintf(result->reason, sizeof result->reason, "%s", words[trainer->stopped]);
out:
    return status;
}
