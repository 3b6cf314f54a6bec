/*
 * softmax.h for V rows side by side: the same formulas with a row in each element of a vector, for kernels that compute the logits
 * of several rows at once. Nothing is summed across elements, so the bits of a row do not depend on its neighbours.
 */
#ifndef CLN_SOFTMAX_ROWS_H
#define CLN_SOFTMAX_ROWS_H

#include "types.h"

typedef CLN_JOIN(uint, CLN_V) uvec;
typedef CLN_JOIN(int, CLN_V) ivec;

/* In: z (k), the logits of V rows; y, their classes, CLN_K for a row without target. Out: z, the residuals (the probabilities of a
   row without target); *loss, 0 without a target. Returns the predicted classes: the first largest, or CLN_K where a logit is NaN. A
   NaN or infinite logit makes all outputs of its row NaN. */
static inline uvec softmax_rows(vec *z, uvec y, vec *loss)
{
    vec largest = z[0], own = z[0];
    uvec predicted = (uvec)(0);
    ivec unordered = isnan(z[0]);
    for (uint k = 1; k < CLN_K; k++) {
        ivec larger = z[k] > largest;
        unordered |= isnan(z[k]);
        largest = select(largest, z[k], larger);
        predicted = select(predicted, (uvec)(k), larger);
        own = select(own, z[k], y == k);
    }

    vec sum = (vec)(0);
    for (uint k = 0; k < CLN_K; k++) {
        z[k] = exp(z[k] - largest);
        sum += z[k];
    }
    *loss = select((vec)(0), log(sum) - (own - largest), y < CLN_K);
    vec share = 1 / sum;
    for (uint k = 0; k < CLN_K; k++)
        z[k] = z[k] * share - select((vec)(0), (vec)(1), y == k);
    return select(predicted, (uvec)(CLN_K), unordered);
}

#endif
