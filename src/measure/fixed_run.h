/*
 * A training whose end is known: minibatch SGD on the first rows of a data set with all that a training can have. Rows are shuffled
 * and weighted, features standardised, steps have Nesterov's momentum and a penalty. The host works out in double the rows' means and
 * deviations, where the steps lead to from there (reference/descent.h), and what loss and predictions belong to a device's weights.
 *
 * The step size is (1 − μ)/L, L = c·max_i(weight_i·‖x̃_i‖²) + λ the largest curvature of a row (train/step_size.h), x̃ standardised and
 * with a 1 for the bias, rounded down to a power of two, as μ and λ are: these have no rounding. λ is about L/64, so that it moves the
 * end as far in any unit of the data. The steps begin from the device's own means and deviations, which are judged by themselves: a
 * float's rounding of a large mean would hide all else.
 *
 * A tolerance is CLN_USUAL_TIMES what is usual (reference/usual.h), not what is possible. Of n rows a mean is usually off by u·(|mean| +
 * 2·deviation), for it becomes a float and is a sum of floats over 256 rows at most; a deviation by 16u of itself, for beside the square
 * of an outlier all others may be lost.
 */
#ifndef CLN_MEASURE_FIXED_RUN_H
#define CLN_MEASURE_FIXED_RUN_H

#include "data/dataset.h"
#include "reference/descent.h"

typedef struct cln_fixed_run {
    cln_dataset *data, *again; /* the rows twice: to train on, and as a test part, which has no weights */
    cln_trial rows;            /* the same on the host; shift: what the weights below belong to */
    double *mean, *deviation;  /* (d): of scaled features, as is right; a deviation is 1 where all rows are the same */
    double *plain_mean, *plain_deviation; /* (d): the same of rows that all weigh 1, which a device adds up by itself */
    cln_descent how;
    double *used;    /* (d): the deviations that the weights below belong to */
    double *w, *b;   /* (k,d), (k): where it ends */
    double distance; /* from there that a device's weights may have; below 0: nothing is followed yet */
} cln_fixed_run;

/* simulator: of so few rows that one of those does it within a minute. The data set stays as it was. CLN_INVALID for one without labels
   or targets, or with features beyond float's range when they are squared and added. Release it also after a failure. */
cln_status cln_fixed_run_create(const cln_dataset *train, bool simulator, cln_fixed_run *run, cln_error *error);
void cln_fixed_run_release(cln_fixed_run *run);

/* What a device says of the rows at its own weights. */
typedef struct cln_fixed_findings {
    cln_score train, test;                /* all rows weighing the same */
    double objective;                     /* with their weights, and the penalty */
    double *shift, *deviation;            /* (d): of scaled features, as the run had them */
    double *plain_mean, *plain_deviation; /* (d): the device's own */
    float *weight, *bias;                 /* (k,d), (k): of centred features */
    float *model_bias;                    /* (k): of features as they are */
    uint32_t *predicted;                  /* (n) */
    float *probability;                   /* (n,k), or a linear model's outputs */
} cln_fixed_findings;

/* Largest errors in units of their tolerances: 1 is the most that can be right. A NaN among what was found is one here. */
typedef struct cln_fixed_verdict {
    double moments, weights, loss, predictions;
} cln_fixed_verdict;

/* Follows the steps from the findings' means and deviations, unless the last findings had the same. */
cln_status cln_fixed_run_judge(cln_fixed_run *run, const cln_fixed_findings *findings, cln_fixed_verdict *verdict,
                               cln_error *error);

/* |error| / tolerance, where nothing is as little as can be told apart: 0 for no error at all. A NaN stays. */
double cln_in_tolerances(double error, double tolerance);
/* The larger; a NaN stays. */
double cln_worse(double a, double b);

#endif
