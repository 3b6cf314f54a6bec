/* Warnings of a run's result, where its figures look better than it is. */
#include "base/size.h"
#include "data/dataset.h"
#include "train/certify.h"
#include "train/step_size.h"

#include <math.h>
#include <stdlib.h>

/* ---- separable classes */

/*
 * Cross-entropy without a penalty has no least value where weights W exist that are right in every row by a margin: at t·W each row's loss
 * falls to 0 as t grows, so that 0 is the infimum, and no W has it. The kept W shows it: at TIMES·W the sum of the losses is below log 2
 * times the least weight of a row, so that the loss of each row, −log p, is below log 2; then p > ½, and the margin is above 0. Rows of
 * weight 0 are in no sum. A margin of some hundredths is enough for TIMES, and far above what double rounds off.
 *
 * Classes that touch (quasi-complete separation) have no optimum either, but there some rows keep a margin of 0, which no rounding can tell
 * from others: nothing is said of them. Nor of sgd, which claims no optimum.
 */
#define TIMES 1024

static bool may_separate(const cln_trainer *trainer, const cln_result *result)
{
    const cln_problem *problem = &trainer->plan->problem;
    bool penalised = trainer->settings.l1 > 0 || trainer->lanes[0].l2 > 0;
    return cln_settings_solver_is(&trainer->settings, "lbfgs") && problem->loss == CLN_CROSS_ENTROPY &&
           problem->target == CLN_TARGET_ONEHOT && cln_trainer_outputs(trainer) > 1 && !penalised &&
           (trainer->row_weights || result->train.errors == 0); /* saves a pass; rows without weight may be wrong */
}

static double least_weight(const cln_trainer *trainer)
{
    double least = INFINITY;
    for (uint64_t i = 0; trainer->row_weights && i < trainer->selection->rows[CLN_TRAIN]; i++)
        if (trainer->row_weights[i] > 0)
            least = fmin(least, (double)trainer->row_weights[i]);
    return trainer->row_weights ? least : 1;
}

static cln_status warn_of_separation(cln_trainer *trainer, cln_error *error)
{
    cln_objective_value value;
    cln_status status = cln_trainer_evaluate_kept(trainer, TIMES, &value, error);
    if (status == CLN_OK && value.loss * (double)value.rows < log(2) * least_weight(trainer))
        cln_warn(&trainer->warnings,
                 "the classes are separable and there is no penalty, so the weights have no optimum and grow as the "
                 "tolerance shrinks; give an l2 above 0");
    return status;
}

/* ---- sgd that has learned nothing */

/*
 * An optimum is no higher than the best model of a bias alone, W = 0, of objective f_c; without a bias that is the loss at the start. With
 * p and v the frequencies and the summed variance of the targets, one-hot or real, rows weighted:
 *
 *   cross-entropy −Σ p·log p, without a bias log k      squared v/2, Σt²/2      squared behind softmax v/2, (1 − 1/k)/2
 *
 * Sgd is said to end far from any optimum where its objective f is
 *
 *   above f_c by more than PART of it: the optimum is lower by as much; or
 *   within PART of f_c, though one weight alone can lower it by more than PART of f_c. A weight whose component of the gradient is ∂, in a
 *   column of deviation s, lowers f by at least ∂²/(2·c·s²), c the curvature in its logit (train/step_size.h; ¼ for one logit of
 *   cross-entropy). The gradient's norm G, which has no unit (reference/objective.h), is the largest |∂|/s in units u of f₀/σ, so that this
 *   is (G·u)²/(2·c). A penalty adds λ₂ to c where features are standardised; elsewhere, and with λ₁, nothing is known, and nothing is said.
 *
 * Features that say nothing of the targets leave f at f_c with a small gradient; so does a large penalty. What is below f_c by more may
 * still be far from the optimum: that is for the tolerance of lbfgs to tell.
 */
#define PART 0.01

typedef struct constants {
    double start, best; /* f at W = 0 and b = 0, and with the best b */
} constants;

/* Adds training row i to sums (k) of targets less `centre` (k), and to the sums of their squares with it and without. */
static void add_targets(const cln_trainer *trainer, uint64_t i, const double *centre, double *sums, double squares[2])
{
    const cln_selection *selection = trainer->selection;
    const cln_dataset *data = selection->data[CLN_TRAIN];
    double weight = trainer->row_weights ? (double)trainer->row_weights[i] : 1;
    uint32_t k = selection->outputs;
    for (uint32_t c = 0; selection->target != CLN_TARGET_ONEHOT && c < k; c++) {
        double t = cln_selection_target(selection, i, c);
        sums[c] += weight * (t - centre[c]);
        squares[0] += weight * (t - centre[c]) * (t - centre[c]);
        squares[1] += weight * t * t;
    }
    if (selection->target == CLN_TARGET_ONEHOT) {
        sums[cln_dataset_labels(data)[cln_selection_row(selection, CLN_TRAIN, i)]] += weight;
        squares[0] += weight;
        squares[1] += weight;
    }
}

/* From sums over n rows: their weights have mean 1. */
static constants judge(const cln_problem *problem, uint32_t k, double n, const double *sums, const double squares[2])
{
    double entropy = 0, variance = squares[0] / n;
    for (uint32_t c = 0; c < k; c++) {
        double mean = sums[c] / n;
        entropy -= mean > 0 ? mean * log(mean) : 0;
        variance -= mean * mean;
    }
    constants of = {.start = problem->loss == CLN_CROSS_ENTROPY ? log(k)
                             : problem->loss == CLN_SQUARED     ? squares[1] / n / 2
                                                                : (1 - 1.0 / k) / 2,
                    .best = problem->loss == CLN_CROSS_ENTROPY ? entropy : variance / 2};
    of.best = problem->bias ? of.best : of.start;
    return of;
}

static cln_status find_constants(const cln_trainer *trainer, constants *of, cln_error *error)
{
    cln_status status;
    const cln_selection *selection = trainer->selection;
    const float *targets = cln_dataset_targets(selection->data[CLN_TRAIN]);
    uint32_t k = selection->outputs;
    uint64_t n = selection->rows[CLN_TRAIN];
    double *sums = NULL, squares[2] = {0, 0};
    TRY(cln_allocate((void **)&sums, 2 * (uint64_t)k, sizeof *sums, "sums of targets", error));
    double *centre = sums + k; /* any target does: a large mean does not take the deviation's digits */
    for (uint32_t c = 0; selection->target == CLN_TARGET_REAL && c < k; c++)
        centre[c] = (double)targets[c];
    for (uint64_t i = 0; i < n; i++)
        add_targets(trainer, i, centre, sums, squares);
    *of = judge(&trainer->plan->problem, k, (double)n, sums, squares);
out:
    free(sums);
    return status;
}

/* What one weight alone lowers the objective by, at least; 0 where nothing is known. */
static cln_status find_gain(cln_trainer *trainer, double best, double *gain, cln_error *error)
{
    cln_status status;
    cln_objective_value value;
    const cln_problem *problem = &trainer->plan->problem;
    double l2 = trainer->lanes[0].l2, gradient;
    double c = problem->loss == CLN_CROSS_ENTROPY ? 0.25 : cln_logit_curvature(problem->loss);
    *gain = 0;
    if (trainer->settings.l1 > 0 || (l2 > 0 && !problem->spread))
        return CLN_OK;
    TRY(cln_trainer_evaluate_kept(trainer, 1, &value, error));
    gradient = value.gradient_norm * cln_gradient_unit(problem->loss, cln_trainer_outputs(trainer), 2 * best);
    *gain = gradient * gradient / (2 * (c + l2));
out:
    return status;
}

/* Where units are in the way, the reason for the run's end has said it, and this says the same. */
static const char *find_remedy(const cln_trainer *trainer, bool above_start)
{
    bool bias = trainer->plan->problem.bias, standardised = trainer->plan->problem.spread;
    if (trainer->lanes[0].slow)
        return bias ? "give option standardize" : "bring the features to one size";
    if (bias && !standardised)
        return above_start ? "give option standardize, or a smaller learning-rate"
                           : "give option standardize, or more epochs or another learning-rate";
    return above_start ? "give a smaller learning-rate" : "give more epochs or another learning-rate";
}

static cln_status warn_of_distance(cln_trainer *trainer, const cln_result *result, cln_error *error)
{
    cln_status status;
    constants of;
    double f = result->objective, gain = 0;
    TRY(find_constants(trainer, &of, error));
    if (!(of.best > 0) || !(f > (1 - PART) * of.best)) /* 0: one class, or one value */
        return CLN_OK;
    if (f <= (1 + PART) * of.best) { /* seldom: a pass over the rows */
        TRY(find_gain(trainer, of.best, &gain, error));
        if (!(gain > PART * of.best))
            return CLN_OK;
    }
    cln_warn(&trainer->warnings, "sgd has ended far from any optimum: the objective is %.4g, and %.4g for %s; %s", f,
             of.best, trainer->plan->problem.bias ? "the best bias alone, without the features" : "weights of 0",
             find_remedy(trainer, f > of.start));
out:
    return status;
}

cln_status cln_trainer_judge(cln_trainer *trainer, const cln_result *result, cln_error *error)
{
    if (may_separate(trainer, result))
        return warn_of_separation(trainer, error);
    if (cln_settings_solver_is(&trainer->settings, "sgd") && result->stopped != CLN_STOP_INTERRUPTED)
        return warn_of_distance(trainer, result, error);
    return CLN_OK;
}
