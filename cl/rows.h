/*
 * row.h for V rows side by side: the same formulas with a row in each element of a vector, for kernels that compute the logits
 * of several rows at once. Nothing is summed across elements, so the bits of a row do not depend on its neighbours.
 */
#ifndef CLN_ROWS_H
#define CLN_ROWS_H

#include "types.h"

typedef CLN_JOIN(uint, CLN_V) uvec;
typedef CLN_JOIN(int, CLN_V) ivec;
#define AS_UVEC CLN_JOIN(as_uint, CLN_V)
#define AS_IVEC CLN_JOIN(as_int, CLN_V)

/* What V rows are held against, and their weights: all of it 0 or NO_LABEL where a row is not there or has no target. */
typedef struct {
#if CLN_TARGET == REAL
    vec t[CLN_ONE];
    ivec known;
#else
    uvec y;
#endif
    vec weight; /* where they are weighted */
    bool weighted;
} answers;

/* Those of rows i … i+there−1. */
static inline void find_answers(answers *a, __global const target_type *target, __global const float *weight,
                                __global const uint *order, ulong first, uint i, uint there)
{
    a->weighted = weight != 0;
    for (uint r = 0; r < CLN_V; r++) {
#if CLN_TARGET == REAL
        bool known = target && r < there;
        ((int *)&a->known)[r] = known ? -1 : 0;
        for (uint k = 0; k < CLN_ONE; k++)
            ELEMENT(a->t[k], r) = known ? target[row_of(order, first, i + r) * CLN_ONE + k] : 0;
#else
        ((uint *)&a->y)[r] = target && r < there ? target[row_of(order, first, i + r)] : NO_LABEL;
#endif
    }
    if (weight)
        for (uint r = 0; r < CLN_V; r++)
            ELEMENT(a->weight, r) = r < there ? weight[row_of(order, first, i + r)] : 0;
}

static inline ivec known_rows(const answers *a)
{
#if CLN_TARGET == REAL
    return a->known;
#elif CLN_TARGET == VALUE
    return a->y != NO_LABEL;
#else
    return a->y < CLN_ONE;
#endif
}

static inline vec target_at(const answers *a, uint k)
{
#if CLN_TARGET == REAL
    return a->t[k];
#elif CLN_TARGET == VALUE
    (void)k;
    return select((vec)(0), CLN_JOIN(convert_float, CLN_V)(AS_IVEC(a->y)), a->y != NO_LABEL);
#else
    return select((vec)(0), (vec)(1), a->y == k);
#endif
}

/* Which rows are predicted wrongly. */
static inline ivec wrong_rows(uvec predicted, const answers *a)
{
#if CLN_TARGET == REAL
    (void)predicted, (void)a;
    return (ivec)(0);
#else
    return predicted != a->y;
#endif
}

/* Σ t·(z − largest), and *total = Σ t, 1 without a target. own: with ONEHOT the target's logits. */
static inline vec targeted_rows(const vec *z, const answers *a, vec own, vec largest, vec *total)
{
#if CLN_TARGET == ONEHOT
    (void)z, (void)a, (void)total;
    return own - largest;
#else
    vec sum = (vec)(0);
    (void)own;
    *total = select((vec)(1), (vec)(0), known_rows(a));
    for (uint k = 0; k < CLN_ONE; k++) { /* where t is 0 the logit may be −∞ */
        vec t = target_at(a, k);
        *total += t;
        sum = select(sum, fma(t, z[k] - largest, sum), t != 0);
    }
    return sum;
#endif
}

/* z (ONE), exponentials (share: their sum's inverse) or logits, becomes the residuals; returns the loss of the squares. */
static inline vec make_residuals(vec *z, const answers *a, vec share, vec total)
{
    vec squares = (vec)(0), mean = (vec)(0);
    for (uint k = 0; k < CLN_ONE; k++) {
        if (CLN_LOSS == CROSS_ENTROPY) {
            z[k] = z[k] * share * total - target_at(a, k);
        } else {
            vec u = (CLN_LOSS == SQUARED ? z[k] : z[k] * share) - target_at(a, k);
            squares = fma(u, u, squares);
            if (CLN_LOSS == SQUARED) {
                z[k] = u;
            } else {
                z[k] *= share;
                mean = fma(u, z[k], mean);
            }
        }
    }
    for (uint k = 0; CLN_LOSS == SOFTMAX_SQUARED && k < CLN_ONE; k++)
        z[k] = select(z[k], z[k] * (z[k] - target_at(a, k) - mean), known_rows(a));
    return squares / 2;
}

/* In: z (ONE), the logits of V rows of one model. Out: z, the residuals times the rows' weights, or without a target the outputs:
   probabilities, with SQUARED the logits; *loss, times the weights, 0 without a target. Returns the predicted labels: the first
   largest, a VALUE rounded and clipped, or NO_LABEL where a logit is NaN. A NaN, or beside exponentials an infinite logit, makes all
   outputs of its row NaN. */
static inline uvec finish_model(vec *z, const answers *a, vec *loss)
{
    vec largest = z[0], own = z[0], sum = (vec)(0), share = (vec)(1), total = (vec)(1);
    uvec predicted = (uvec)(0);
    ivec unordered = isnan(z[0]);
    for (uint k = 1; k < CLN_ONE; k++) {
        ivec larger = z[k] > largest;
        unordered |= isnan(z[k]);
        largest = select(largest, z[k], larger);
        predicted = select(predicted, (uvec)(k), larger);
#if CLN_TARGET == ONEHOT
        own = select(own, z[k], a->y == k);
#endif
    }
#if CLN_TARGET == VALUE
    predicted = AS_UVEC(CLN_JOIN(convert_int, CLN_V)(fmin(fmax(rint(z[0]), (vec)(CLN_LOWEST)), (vec)(CLN_HIGHEST))));
#endif

    vec below = targeted_rows(z, a, own, largest, &total);
    if (CLN_LOSS != SQUARED) {
        for (uint k = 0; k < CLN_ONE; k++) {
            z[k] = exp(z[k] - largest);
            sum += z[k];
        }
        share = 1 / sum;
    }
    vec squares = make_residuals(z, a, share, total);
    *loss = select((vec)(0), CLN_LOSS == CROSS_ENTROPY ? total * log(sum) - below : squares, known_rows(a));
    if (a->weighted) {
        *loss *= a->weight;
        for (uint k = 0; k < CLN_ONE; k++)
            z[k] *= a->weight;
    }
    return select(predicted, (uvec)(NO_LABEL), unordered);
}

#endif
