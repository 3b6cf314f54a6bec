#include "reference/truth.h"

#include "base/size.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double unit = CLN_UNIT_ROUNDOFF;

/* The trial in double precision. */
typedef struct doubles {
    double *seen; /* (n,d): the rows as the models see them */
    double *size; /* (n,d): |x| + |shift| */
    double *w, *b;
    double one; /* what the bias is multiplied with: 0 where there is none */
} doubles;

static cln_status convert(const cln_trial *t, doubles *in, cln_error *error)
{
    cln_status status;
    size_t cells = (size_t)t->n * t->d, weights = (size_t)t->k * t->d;
    TRY(cln_allocate((void **)&in->seen, cells, sizeof *in->seen, "rows in double", error));
    TRY(cln_allocate((void **)&in->size, cells, sizeof *in->size, "rows in double", error));
    TRY(cln_allocate((void **)&in->w, weights, sizeof *in->w, "weights in double", error));
    TRY(cln_allocate((void **)&in->b, t->k, sizeof *in->b, "weights in double", error));
    for (size_t i = 0, at = 0; i < t->n; i++)
        for (uint32_t j = 0; j < t->d; j++, at++) {
            double x = cln_trial_value(t, i, j), shift = t->shift ? (double)t->shift[j] : 0;
            in->seen[at] = x - shift;
            in->size[at] = fabs(x) + fabs(shift);
        }
    for (size_t i = 0; i < weights; i++)
        in->w[i] = (double)t->w[i];
    for (uint32_t c = 0; c < t->k; c++)
        in->b[c] = t->bias ? (double)t->b[c] : 0;
    in->one = t->bias;
out:
    return status;
}

static void let_go(doubles *in)
{
    void *all[] = {in->seen, in->size, in->w, in->b};
    for (size_t i = 0; i < CLN_COUNT(all); i++)
        free(all[i]);
}

/* |Δz| of the logits from c to c+one−1 of a row, |x| + |shift| of which are `size` (d). */
static double row_slack(const cln_trial *t, const doubles *in, const double *size, uint32_t c, uint32_t one)
{
    double most = 0;
    for (uint32_t k = c; k < c + one; k++) {
        const double *w = in->w + (size_t)k * t->d;
        double sum = fabs(in->b[k]);
        for (uint32_t j = 0; j < t->d; j++)
            sum += size[j] * fabs(w[j]);
        most = sum > most || isnan(sum) ? sum : most;
    }
    return (t->d + 8) * unit * most;
}

/* What is predicted may as well be another. */
static bool is_unsure(const cln_trial *t, const double *z, uint32_t one, double slack)
{
    double best = -INFINITY, second = -INFINITY;
    if (t->target == CLN_TARGET_VALUE)
        return fabs(fabs(z[0] - rint(z[0])) - 0.5) <= slack;
    for (uint32_t k = 0; k < one; k++) {
        second = z[k] > best ? best : fmax(second, z[k]);
        best = fmax(best, z[k]);
    }
    return best - second <= 2 * slack;
}

/* Model m of row i: what it is, and how far the device may be. */
static void judge_row(const cln_trial *t, const doubles *in, cln_truth *truth, uint32_t m, uint32_t one, size_t i)
{
    const cln_row_rule rule = {t->loss, t->target, t->lowest, t->highest};
    const cln_row_answers answers = {t->y, t->targets, t->weights};
    size_t at = i * t->k + m * one, cell = i * t->models + m;
    double *z = truth->z + at, *r = truth->residual + at, most = 1;
    double dz = row_slack(t, in, in->size + i * t->d, m * one, one);
    double delta = 2 * dz + (one + 16) * unit, weight = t->weights ? (double)t->weights[i] : 1, size = 0, pull = 0;
    cln_row_result result = cln_reference_row(&rule, one, z, &answers, i, r);
    for (uint32_t k = 0; k < one; k++) {
        double target = cln_row_target(t->target, &answers, i, one, k);
        most = fmax(most, fabs(target));
        size = fmax(size, fabs(z[k]) + fabs(target));
        pull += t->loss == CLN_SQUARED ? fabs(z[k] - target) * (dz + 2 * unit * size) : most * 2 * delta;
    }
    double residual = t->loss == CLN_SQUARED           ? dz + 2 * unit * size
                      : t->loss == CLN_SOFTMAX_SQUARED ? 8 * most * delta
                      : t->target == CLN_TARGET_REAL   ? one * most * delta
                                                       : delta;
    double loss = t->loss == CLN_CROSS_ENTROPY ? (t->target == CLN_TARGET_REAL ? one * most : 1) * delta : pull;
    if (t->loss == CLN_SQUARED)
        memcpy(truth->outputs + at, z, one * sizeof *z);
    else
        cln_reference_softmax_row(z, one, truth->outputs + at);
    truth->slack[cell] = dz;
    truth->residual_slack[cell] = weight * residual;
    truth->loss[m] += result.loss;
    truth->loss_slack[m] += weight * loss + (one + t->n + 24) * unit * result.loss;
    truth->errors[m] += result.error;
    truth->unsure[m] += is_unsure(t, z, one, dz);
}

/* What output c of row i adds to the gradient. */
static void add_gradient(const cln_trial *t, const doubles *in, cln_truth *truth, uint32_t c, size_t i)
{
    const double *seen = in->seen + i * t->d, *size = in->size + i * t->d;
    double *to = truth->gradient + (size_t)c * (t->d + 1), *slack = truth->gradient_slack + (size_t)c * (t->d + 1);
    double r = truth->residual[i * t->k + c], rounding = ((double)t->n + 8) * unit * fabs(r);
    double off = truth->residual_slack[i * t->models + c / (t->k / t->models)];
    for (uint32_t j = 0; j < t->d; j++) {
        to[j] += r * seen[j];
        slack[j] += off * fabs(seen[j]) + rounding * size[j];
    }
    to[t->d] += r * in->one;
    slack[t->d] += (off + rounding) * in->one;
}

static cln_status allocate(const cln_trial *t, cln_truth *truth, cln_error *error)
{
    cln_status status = CLN_OK;
    uint64_t outputs = (uint64_t)t->n * t->k, rows = (uint64_t)t->n * t->models, cells = (uint64_t)t->k * (t->d + 1);
    const struct {
        void **array;
        uint64_t count;
    } all[] = {{(void **)&truth->z, outputs},
               {(void **)&truth->outputs, outputs},
               {(void **)&truth->residual, outputs},
               {(void **)&truth->slack, rows},
               {(void **)&truth->residual_slack, rows},
               {(void **)&truth->loss, t->models},
               {(void **)&truth->loss_slack, t->models},
               {(void **)&truth->errors, t->models},
               {(void **)&truth->unsure, t->models},
               {(void **)&truth->gradient, cells},
               {(void **)&truth->gradient_slack, cells}};
    for (size_t i = 0; i < CLN_COUNT(all); i++)
        TRY(cln_allocate(all[i].array, all[i].count, sizeof(double), "what rows come to", error));
out:
    return status;
}

cln_status cln_truth_create(const cln_trial *trial, cln_truth *truth, cln_error *error)
{
    cln_status status;
    doubles in = {0};
    const cln_trial *t = trial;
    *truth = (cln_truth){.k = t->k, .models = t->models, .loss_of = t->loss};
    uint32_t one = t->k / t->models;
    TRY(allocate(t, truth, error));
    TRY(convert(t, &in, error));
    const cln_reference model = {t->k, t->d, in.w, in.b};
    cln_reference_logits(&model, in.seen, t->n, truth->z);
    for (size_t i = 0; i < t->n; i++) {
        for (uint32_t m = 0; m < t->models; m++)
            judge_row(t, &in, truth, m, one, i);
        for (uint32_t c = 0; c < t->k; c++)
            add_gradient(t, &in, truth, c, i);
    }
out:
    let_go(&in);
    return status;
}

void cln_truth_free(cln_truth *truth)
{
    void *all[] = {
        truth->z,          truth->outputs, truth->residual, truth->slack,    truth->residual_slack, truth->loss,
        truth->loss_slack, truth->errors,  truth->unsure,   truth->gradient, truth->gradient_slack};
    for (size_t i = 0; i < CLN_COUNT(all); i++)
        free(all[i]);
    *truth = (cln_truth){0};
}

double cln_truth_output_slack(const cln_truth *truth, size_t row, uint32_t c)
{
    uint32_t one = truth->k / truth->models;
    double slack = truth->slack[row * truth->models + c / one];
    return truth->loss_of == CLN_SQUARED ? slack : 2 * slack + (one + 16) * unit;
}

double cln_truth_residual_slack(const cln_truth *truth, size_t row, uint32_t c)
{
    uint32_t one = truth->k / truth->models;
    return truth->residual_slack[row * truth->models + c / one] + 2 * unit * fabs(truth->residual[row * truth->k + c]);
}

bool cln_truth_may_predict(const cln_truth *truth, const cln_trial *trial, size_t row, uint32_t model,
                           uint32_t predicted)
{
    uint32_t one = truth->k / truth->models;
    const double *z = truth->z + row * truth->k + model * one, slack = truth->slack[row * truth->models + model];
    if (trial->target == CLN_TARGET_VALUE) {
        double value = fmin(fmax(z[0], trial->lowest), trial->highest);
        return fabs((int32_t)predicted - value) <= 0.5 + slack;
    }
    if (predicted >= one)
        return false;
    for (uint32_t k = 0; k < one; k++)
        if (!(z[predicted] >= z[k] - 2 * slack))
            return false;
    return true;
}

bool cln_truth_may_err(const cln_truth *truth, const cln_trial *trial, uint32_t model, uint64_t errors)
{
    uint64_t most = truth->errors[model] + truth->unsure[model];
    return trial->target == CLN_TARGET_REAL ? errors == 0
                                            : errors + truth->unsure[model] >= truth->errors[model] && errors <= most;
}
