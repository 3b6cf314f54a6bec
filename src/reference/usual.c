#include "reference/usual.h"

#include <float.h>
#include <math.h>

static const double unit = CLN_UNIT_ROUNDOFF;

static double square(double a)
{
    return a * a;
}

/* ε: what a softmax of so many outputs is usually off by of itself. */
static double softmax_error(uint32_t outputs)
{
    return (0.5 * sqrt(outputs) + 5) * unit;
}

/* Squares of the terms of a sum and of its partial sums, in the order in which they come. */
typedef struct walk {
    double sum, partial, terms;
} walk;

static void add(walk *w, double term)
{
    w->sum += term;
    w->partial += square(w->sum);
    w->terms += square(term);
}

static double variance(const walk *w, double count)
{
    return square(0.5 * unit) * (w->partial + (1 + count / 6) * w->terms);
}

/* σ of a row's output c. */
static double logit_error(const cln_trial *t, size_t i, uint32_t c, double z)
{
    bool apart = t->type == CLN_UINT8 && t->shift; /* two sums */
    walk x = {.sum = t->bias ? (double)t->b[c] : 0}, shift = {0};
    for (uint32_t j = 0; j < t->d; j++) {
        double w = (double)t->w[(size_t)c * t->d + j], s = t->shift ? (double)t->shift[j] : 0;
        add(&x, (cln_trial_value(t, i, j) - (apart ? 0 : s)) * w);
        if (apart)
            add(&shift, s * w);
    }
    return sqrt(variance(&x, t->d) + variance(&shift, t->d) + square(0.5 * unit * z));
}

/* The two largest logits of one model are too near to each other to tell. */
static bool is_unsure(const double *z, uint32_t one, double slack)
{
    double best = -INFINITY, second = -INFINITY;
    for (uint32_t k = 0; k < one; k++) {
        second = z[k] > best ? best : fmax(second, z[k]);
        best = fmax(best, z[k]);
    }
    return best - second <= 2 * CLN_USUAL_TIMES * slack;
}

/* What the losses of a model's rows are off by, as a walk, and all alike. */
typedef struct loss_error {
    double walk, alike;
} loss_error;

static void judge_row(const cln_trial *t, cln_truth *truth, uint32_t m, size_t i, loss_error *of_loss)
{
    uint32_t one = t->k / t->models;
    size_t at = i * t->k + (size_t)m * one, cell = i * t->models + m;
    double sigma = 0, weight = t->weights ? (double)t->weights[i] : 1, pull = 0;
    for (uint32_t k = 0; k < one; k++) {
        double error = logit_error(t, i, m * one + k, truth->z[at + k]), r = fabs(truth->residual[at + k]);
        sigma = error > sigma || isnan(error) ? error : sigma;
        pull += r * (error + unit * (weight > 0 ? r / weight : 0));
    }
    bool squared = t->loss == CLN_SQUARED;
    truth->slack[cell] = sigma;
    truth->residual_slack[cell] = weight * (squared ? sigma : 2 * sigma + softmax_error(one));
    truth->unsure[m] += t->target == CLN_TARGET_ONEHOT && is_unsure(truth->z + at, one, sigma);
    of_loss->walk += square(squared ? pull : weight * 2 * sigma);
    of_loss->alike += squared ? 0 : weight * softmax_error(one);
}

static void judge_losses(const cln_trial *t, cln_truth *truth)
{
    for (uint32_t m = 0; m < t->models; m++) {
        loss_error error = {0, 0};
        truth->unsure[m] = 0;
        for (size_t i = 0; i < t->n; i++)
            judge_row(t, truth, m, i, &error);
        double of_itself = softmax_error(t->k / t->models) + 0.5 * unit * sqrt(t->n);
        truth->loss_slack[m] = sqrt(error.walk) + error.alike + of_itself * truth->loss[m];
    }
}

/* What a row's residual c is off by. */
static double residual_error(const cln_trial *t, const cln_truth *truth, size_t i, uint32_t c)
{
    double slack = truth->residual_slack[i * t->models + c / (t->k / t->models)];
    double share = t->loss == CLN_SQUARED ? 1 : truth->outputs[i * t->k + c];
    return slack * share + 0.5 * unit * fabs(truth->residual[i * t->k + c]);
}

/* Squares of what adds up to gradient c, column by column. */
static void add_rows(const cln_trial *t, const cln_truth *truth, uint32_t c, double *slack)
{
    bool apart = t->type == CLN_UINT8;
    double rounding = square(0.5 * unit) * ((apart ? t->n : 1) + t->n / 6.0);
    for (uint32_t j = 0; j <= t->d; j++)
        slack[j] = 0;
    for (size_t i = 0; i < t->n; i++) {
        double off = square(residual_error(t, truth, i, c)), term = rounding * square(truth->residual[i * t->k + c]);
        for (uint32_t j = 0; j < t->d; j++) {
            double x = cln_trial_value(t, i, j), seen = x - (t->shift ? (double)t->shift[j] : 0);
            slack[j] += off * square(seen) + term * square(apart ? x : seen);
        }
        slack[t->d] += off + term;
    }
}

/* The sums of output c's residuals, of their squares, and of what they are off by where rows are alike, and round alike. */
typedef struct residual_sums {
    double sum, squares, alike;
} residual_sums;

static residual_sums sum_residuals(const cln_trial *t, const cln_truth *truth, uint32_t c)
{
    residual_sums of = {0, 0, 0};
    for (size_t i = 0; i < t->n; i++) {
        double r = truth->residual[i * t->k + c];
        of.sum += r;
        of.squares += square(r);
        of.alike += residual_error(t, truth, i, c);
    }
    return of;
}

static void judge_gradient(const cln_trial *t, cln_truth *truth, uint32_t c)
{
    const double *gradient = truth->gradient + (size_t)c * (t->d + 1);
    double *slack = truth->gradient_slack + (size_t)c * (t->d + 1), n = t->n, one = square(0.5 * unit);
    const residual_sums r = sum_residuals(t, truth, c);
    add_rows(t, truth, c, slack);
    for (uint32_t j = 0; j < t->d; j++) {
        double shift = t->type == CLN_UINT8 && t->shift ? (double)t->shift[j] : 0, whole = gradient[j] + shift * r.sum;
        double shifts = square(shift) * (square(r.sum) * (1 + n / 3) + r.squares * n * 7 / 6);
        slack[j] = sqrt(slack[j] + one * (square(whole) * (1 + n / 3) + shifts));
    }
    slack[t->d] = t->bias ? sqrt(slack[t->d] + one * square(r.sum) * (1 + n / 3)) + r.alike : 0;
}

cln_status cln_truth_create_usual(const cln_trial *trial, cln_truth *truth, cln_error *error)
{
    cln_status status = cln_truth_create(trial, truth, error);
    if (status != CLN_OK)
        return status;
    judge_losses(trial, truth);
    for (uint32_t c = 0; c < trial->k; c++)
        judge_gradient(trial, truth, c);
    return CLN_OK;
}

double cln_truth_usual_output(const cln_truth *truth, size_t row, uint32_t c)
{
    uint32_t one = truth->k / truth->models;
    double slack = truth->slack[row * truth->models + c / one], p = truth->outputs[row * truth->k + c];
    if (truth->loss_of == CLN_SQUARED)
        return 2 * slack;
    return p > 0 ? (double)FLT_MIN + p * (2 * slack + softmax_error(one) - 0.5 * unit * log(p)) : (double)FLT_MIN + p;
}
