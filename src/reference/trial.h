/*
 * A problem that a device and the host both work out, so that one can be held against the other: rows, what they are held against,
 * weights, and what is done with them. Either drawn from a seed, or made of arrays that the caller has.
 */
#ifndef CLN_REFERENCE_TRIAL_H
#define CLN_REFERENCE_TRIAL_H

#include "data/dataset.h"
#include "reference/linear.h"

typedef struct cln_trial {
    uint32_t n, d, k;
    uint32_t models; /* side by side in the outputs, k a multiple of it */
    cln_type type;
    float scale; /* of the features */
    bool bias;
    cln_row_loss loss;
    cln_target target;
    int32_t lowest, highest; /* of labels, for VALUE */
    void *x;                 /* (n,d) of type */
    int32_t *y;              /* (n) */
    uint32_t *order;         /* (n): a permutation; NULL where a trial needs none */
    float *w, *b;            /* (k,d), (k) */
    float *targets;          /* (n,k/models), for REAL */
    float *weights;          /* (n), or NULL */
    float *shift, *spread;   /* (d), or NULL */
} cln_trial;

/* One softmax model with its own loss on classes. Bytes like those of images, many of them 0; floats with an outlier here and there;
   weights of either sign. Every output is some row's label. The same arguments give the same trial. Released with cln_trial_free,
   which a failure here needs too. */
cln_status cln_trial_draw(uint32_t n, uint32_t d, uint32_t k, cln_type type, bool bias, cln_trial *trial,
                          cln_error *error);
/* Makes it one of other models on the same rows: labels that every one has, or values of 0 … 9 that are clipped to 1 … 8, or real
   targets, of which some are 0 and none is negative. */
cln_status cln_trial_models(cln_trial *trial, cln_row_loss loss, cln_target target, uint32_t models, cln_error *error);
/* Weights of the rows, some of them 0. */
cln_status cln_trial_weigh(cln_trial *trial, cln_error *error);
cln_status cln_trial_fold(cln_trial *trial, bool centred, bool spread, cln_error *error);
void cln_trial_free(cln_trial *trial); /* the arrays of a drawn one */

/* Feature j of a row, times the scale. */
static inline double cln_trial_value(const cln_trial *trial, size_t row, uint32_t j)
{
    size_t at = row * trial->d + j;
    return cln_type_value(trial->type, trial->x, at) * (double)trial->scale;
}

#endif
