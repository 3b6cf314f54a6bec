/* What a device found, held against what the host knows. */
#include "measure/fixed_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double unit = CLN_UNIT_ROUNDOFF;

/* Rows that are worked out at once. */
enum { BLOCK = 256 };

double cln_in_tolerances(double error, double tolerance)
{
    return fabs(error) > 0 || isnan(error) || isnan(tolerance) ? fabs(error) / tolerance : 0;
}

double cln_worse(double a, double b)
{
    return a >= b || isnan(a) ? a : b;
}

static double in_usual(double error, double usual)
{
    return cln_in_tolerances(error, CLN_USUAL_TIMES * usual);
}

static double judge_column(double mean, double deviation, double found_mean, double found_deviation)
{
    double worst = in_usual(found_mean - mean, unit * (fabs(mean) + 2 * deviation));
    return cln_worse(worst, in_usual(found_deviation - deviation, 16 * unit * deviation));
}

static double judge_moments(const cln_fixed_run *run, const cln_fixed_findings *f)
{
    double worst = 0;
    for (uint32_t j = 0; j < run->rows.d; j++) {
        worst = cln_worse(worst, judge_column(run->mean[j], run->deviation[j], f->shift[j], f->deviation[j]));
        worst = cln_worse(
            worst, judge_column(run->plain_mean[j], run->plain_deviation[j], f->plain_mean[j], f->plain_deviation[j]));
    }
    return worst;
}

/* Where the steps lead to from the means and deviations that were found. */
static cln_status follow(cln_fixed_run *run, const cln_fixed_findings *f, cln_error *error)
{
    cln_trial *t = &run->rows;
    bool same = run->distance >= 0;
    for (uint32_t j = 0; j < t->d; j++) {
        float shift = (float)f->shift[j];
        same = same && memcmp(&t->shift[j], &shift, sizeof shift) == 0 &&
               memcmp(&run->used[j], &f->deviation[j], sizeof *run->used) == 0;
        t->shift[j] = shift;
        run->used[j] = f->deviation[j];
    }
    if (same)
        return CLN_OK;
    cln_status status = cln_descend(t, run->used, &run->how, run->w, run->b, &run->distance, error);
    run->distance *= CLN_USUAL_TIMES;
    return status;
}

static double judge_weights(const cln_fixed_run *run, const cln_fixed_findings *f)
{
    double distance = cln_descent_distance(&run->rows, run->used, run->w, run->b, f->weight, f->bias);
    return cln_in_tolerances(distance, run->distance);
}

/* A row whose best output the device sees elsewhere: what lies between, in units of what two logits may be off. */
static double judge_prediction(const cln_truth *truth, uint32_t k, size_t row, uint32_t predicted)
{
    const double *z = truth->z + row * k;
    double worst = 0;
    if (predicted >= k)
        return NAN;
    for (uint32_t c = 0; c < k; c++)
        if (!(z[predicted] >= z[c]))
            worst = cln_worse(worst, in_usual(z[c] - z[predicted], 2 * truth->slack[row]));
    return worst;
}

typedef struct sums {
    double loss, slack;
    uint64_t errors, unsure;
} sums;

/* How rows are seen: as they are or centred, with weights or without. */
typedef struct view {
    bool centred, weighted;
    const float *bias;
} view;

/* Rows first … first+count−1 of the run at the weights that were found. */
static cln_status work_out(const cln_fixed_run *run, const cln_fixed_findings *f, const view *as, uint32_t first,
                           cln_trial *part, cln_truth *truth, cln_error *error)
{
    uint32_t left = run->rows.n - first;
    *part = run->rows;
    part->n = left < BLOCK ? left : BLOCK;
    part->x = (char *)run->rows.x + (size_t)first * part->d * cln_type_bytes(part->type);
    part->y = part->y ? part->y + first : NULL;
    part->targets = part->targets ? part->targets + (size_t)first * part->k : NULL;
    part->weights = as->weighted ? part->weights + first : NULL;
    part->shift = as->centred ? part->shift : NULL;
    part->w = f->weight;
    part->b = (float *)as->bias;
    return cln_truth_create_usual(part, truth, error);
}

/* Losses and errors of all rows. */
static cln_status add_up(const cln_fixed_run *run, const cln_fixed_findings *f, bool weighted, sums *s,
                         cln_error *error)
{
    cln_status status = CLN_OK;
    const view as = {true, weighted, f->bias};
    *s = (sums){0};
    for (uint32_t first = 0; first < run->rows.n && status == CLN_OK; first += BLOCK) {
        cln_trial part;
        cln_truth truth = {0};
        status = work_out(run, f, &as, first, &part, &truth, error);
        if (status == CLN_OK) {
            s->loss += truth.loss[0];
            s->slack += truth.loss_slack[0];
            s->errors += truth.errors[0];
            s->unsure += truth.unsure[0];
        }
        cln_truth_free(&truth);
    }
    return status;
}

/* A device adds up the losses of some rows in float. */
static double judge_loss(const cln_fixed_run *run, double loss, const sums *s)
{
    double n = run->rows.n;
    return in_usual(loss * n - s->loss, s->slack + sqrt(n) * unit * fabs(s->loss));
}

static double penalty(const cln_fixed_run *run, const float *weight)
{
    double sum = 0;
    for (size_t i = 0; i < (size_t)run->rows.k * run->rows.d; i++)
        sum += pow((double)weight[i] * run->used[i % run->rows.d], 2);
    return run->how.l2 / 2 * sum;
}

/* As many rows may count as errors, or not, as are too near to tell. */
static double judge_errors(const sums *s, const cln_score *score)
{
    return cln_in_tolerances((double)score->errors - (double)s->errors, fmax(0.5, (double)s->unsure));
}

static cln_status judge_scores(const cln_fixed_run *run, const cln_fixed_findings *f, cln_fixed_verdict *verdict,
                               cln_error *error)
{
    cln_status status;
    sums alike, weighted;
    const cln_score *const scores[] = {&f->train, &f->test};
    TRY(add_up(run, f, false, &alike, error));
    TRY(add_up(run, f, true, &weighted, error));
    double loss = f->objective - penalty(run, f->weight);
    verdict->loss = judge_loss(run, loss, &weighted);
    verdict->predictions = 0;
    for (int i = 0; i < 2; i++) {
        verdict->loss = cln_worse(verdict->loss, judge_loss(run, scores[i]->loss, &alike));
        if (run->rows.target == CLN_TARGET_ONEHOT)
            verdict->predictions = cln_worse(verdict->predictions, judge_errors(&alike, scores[i]));
    }
out:
    return status;
}

static cln_status judge_predictions(const cln_fixed_run *run, const cln_fixed_findings *f, double *worst,
                                    cln_error *error)
{
    cln_status status = CLN_OK;
    const view as = {false, false, f->model_bias};
    for (uint32_t first = 0; first < run->rows.n && status == CLN_OK; first += BLOCK) {
        cln_trial part;
        cln_truth truth = {0};
        status = work_out(run, f, &as, first, &part, &truth, error);
        for (uint32_t i = 0; status == CLN_OK && i < part.n; i++) {
            size_t at = (size_t)(first + i) * part.k;
            if (part.target == CLN_TARGET_ONEHOT)
                *worst = cln_worse(*worst, judge_prediction(&truth, part.k, i, f->predicted[first + i]));
            for (uint32_t c = 0; c < part.k; c++) {
                double error_of = (double)f->probability[at + c] - truth.outputs[(size_t)i * part.k + c];
                *worst = cln_worse(*worst, in_usual(error_of, cln_truth_usual_output(&truth, i, c)));
            }
        }
        cln_truth_free(&truth);
    }
    return status;
}

cln_status cln_fixed_run_judge(cln_fixed_run *run, const cln_fixed_findings *f, cln_fixed_verdict *verdict,
                               cln_error *error)
{
    cln_status status;
    *verdict = (cln_fixed_verdict){NAN, NAN, NAN, NAN};
    TRY(follow(run, f, error));
    TRY(judge_scores(run, f, verdict, error));
    TRY(judge_predictions(run, f, &verdict->predictions, error));
    verdict->moments = judge_moments(run, f);
    verdict->weights = judge_weights(run, f);
out:
    return status;
}
