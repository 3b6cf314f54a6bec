/* What an engine computes of rows: outputs, residuals, losses, errors, predictions, gradients. */
#include "measure/selftest_rig.h"

#include "base/size.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double unit = CLN_UNIT_ROUNDOFF;

/* ---- what is read back */

/* Residual or, without targets, outputs of every row, and zeros behind them; what is predicted. */
static cln_status check_rows(cln_rig *r, bool ordered, bool target, cln_error *error)
{
    cln_status status;
    const cln_trial *t = r->trial;
    const cln_truth *truth = &r->truth;
    float *residual = NULL, *predicted = NULL;
    size_t kp = r->plan->layout.kp;
    TRY(cln_guarded_floats(r->device, r->plan->residual, t->n * kp, &residual, error));
    TRY(cln_guarded_floats(r->device, r->predicted.memory, (size_t)t->n * t->models, &predicted, error));
    for (size_t i = 0; i < t->n; i++) {
        size_t row = ordered ? t->order[i] : i;
        for (uint32_t k = 0; k < kp; k++) {
            double want = 0, slack = 0;
            if (k < t->k) {
                want = (target ? truth->residual : truth->outputs)[row * t->k + k];
                slack = target ? cln_truth_residual_slack(truth, row, k) : cln_truth_output_slack(truth, row, k);
            }
            cln_check_value(r->check, (double)residual[i * kp + k], want, slack,
                            target ? "the residual of row %zu, output %zu" : "row %zu's output %zu", i, k);
        }
        for (uint32_t m = 0; m < t->models; m++) {
            uint32_t label;
            memcpy(&label, predicted + i * t->models + m, sizeof label);
            if (!cln_truth_may_predict(truth, t, row, m, label))
                cln_check_fail(r->check, "the prediction for row %zu of model %u is %u", i, m, label);
        }
    }
out:
    free(residual);
    free(predicted);
    return status;
}

/* Scores of `count` stretches add up to what all rows have. */
cln_status cln_rig_check_scores(cln_rig *r, size_t count, cln_error *error)
{
    cln_status status;
    const cln_trial *t = r->trial;
    float *values = NULL;
    TRY(cln_guarded_floats(r->device, r->scores.memory, 2 * count * t->models, &values, error));
    for (uint32_t m = 0; m < t->models; m++) {
        double loss = 0;
        uint64_t errors = 0;
        for (size_t i = 0; i < count; i++) {
            cln_partial_score score;
            memcpy(&score, values + 2 * (i * t->models + m), sizeof score);
            loss += (double)score.loss;
            errors += score.errors;
        }
        cln_check_value(r->check, loss, r->truth.loss[m], r->truth.loss_slack[m], "the loss of model %zu", m, 0);
        if (!cln_truth_may_err(&r->truth, t, m, errors))
            cln_check_fail(r->check, "model %u has %llu errors, not %llu", m, (unsigned long long)errors,
                           (unsigned long long)r->truth.errors[m]);
    }
out:
    free(values);
    return status;
}

/* The gradient buffer holds `times` the truth, and zero in the padding. */
static cln_status check_gradient(cln_rig *r, double times, cln_error *error)
{
    cln_status status;
    const cln_trial *t = r->trial;
    const cln_truth *truth = &r->truth;
    size_t ld = r->plan->layout.ld;
    float *gradient = NULL;
    TRY(cln_guarded_floats(r->device, r->gradient.memory, t->k * ld, &gradient, error));
    for (size_t k = 0; k < t->k; k++)
        for (size_t j = 0; j < ld; j++) {
            size_t at = k * (t->d + 1) + j;
            double want = j <= t->d ? times * truth->gradient[at] : 0;
            double slack = j <= t->d ? times * truth->gradient_slack[at] + unit * fabs(want) : 0;
            cln_check_value(r->check, (double)gradient[k * ld + j], want, slack,
                            "the gradient of output %zu, column %zu,", k, j);
        }
out:
    free(gradient);
    return status;
}

/* ---- what is tested */

static cln_status test_forward(cln_rig *r, cln_error *error)
{
    cln_status status;
    cln_rows rows;
    for (int way = 0; way < 3; way++) { /* as they lie, in order, without targets */
        bool ordered = way == 1, target = way < 2;
        cln_outcome outcome = {
            .residual = true, .predicted = r->predicted.memory, .scores = target ? r->scores.memory : NULL};
        TRY(cln_rig_rows(r, ordered, &rows, error));
        if (!target)
            rows.target = NULL;
        TRY(cln_plan_forward(r->plan, &rows, r->w.memory, &outcome, error));
        TRY(check_rows(r, ordered, target, error));
        if (target)
            TRY(cln_rig_check_scores(r, cln_plan_scores(r->plan, r->trial->n), error));
    }
    TRY(cln_rig_test_edges(r, error));
out:
    return status;
}

static cln_status test_gradient(cln_rig *r, cln_error *error)
{
    cln_status status;
    cln_rows rows;
    for (int ordered = 0; ordered < 2; ordered++)
        for (int add = 0; add < 2; add++) {
            cln_outcome outcome = {.scores = r->scores.memory};
            cln_sink sink = {.op = add ? CLN_ADD : CLN_STORE, .gradient = r->gradient.memory};
            TRY(cln_rig_rows(r, ordered, &rows, error));
            TRY(cln_plan_gradient(r->plan, &rows, r->w.memory, &outcome, &sink, error));
            TRY(check_gradient(r, 1 + add, error));
            TRY(cln_rig_check_scores(r, cln_plan_scores(r->plan, r->trial->n), error));
        }
out:
    return status;
}

/* The buffers that the tests wrote to, all in the place of the last of them. */
static cln_status check_guards(cln_rig *r, cln_error *error)
{
    cln_status status = CLN_OK;
    const struct {
        const cln_guarded *guarded;
        const char *what;
    } all[] = {{&r->w, "weights"},
               {&r->v, "velocity"},
               {&r->moving, "weights"},
               {&r->gradient, "gradient"},
               {&r->predicted, "predictions"},
               {&r->scores, "scores"},
               {&r->order, "row order"},
               {&r->steps, "steps"}};
    for (size_t i = 0; i < CLN_COUNT(all); i++)
        TRY(cln_guarded_check(r->device, all[i].guarded, all[i].what, r->check, error));
out:
    return status;
}

cln_status cln_selftest_trial(cln_device *device, const cln_trial *trial, const cln_tested_engine *of,
                              cln_check *checks, bool *ran, cln_error *error)
{
    static cln_status (*const tests[CLN_TESTED])(cln_rig *, cln_error *) = {test_forward, test_gradient,
                                                                            cln_rig_test_update, cln_rig_test_descent};
    cln_rig r = {.device = device, .trial = trial, .check = checks};
    cln_error found = {0};
    cln_status status = cln_rig_create(&r, of, &found);
    *ran = status != CLN_OK || r.resident;
    for (int i = 0; status != CLN_OK && i < CLN_TESTED; i++)
        if (cln_selftest_judge(status, &found, &checks[i], error) != CLN_OK)
            goto out;
    for (int i = 0; status == CLN_OK && *ran && i < CLN_TESTED; i++) {
        r.check = &checks[i];
        found = (cln_error){0};
        status = tests[i](&r, &found);
        if (status == CLN_OK)
            status = check_guards(&r, &found);
        status = cln_selftest_judge(status, &found, r.check, error);
    }
out:
    cln_rig_release(&r);
    return status == CLN_MEMORY ? status : CLN_OK;
}
