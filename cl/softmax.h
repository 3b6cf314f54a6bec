/*
 * What becomes of one row's logits: probabilities, the residual of the cross-entropy loss, the loss, the predicted class.
 *
 *   p_j = exp(z_j − max z) / Σ exp(z_i − max z),   residual r = p − onehot(y),   loss = log Σ exp(z_i − max z) − (z_y − max z)
 *
 * Subtracting the maximum keeps every exponent at 0 or below, so that logits of any finite size are safe (Bishop 2006, 4.104;
 * Blanchard, Higham, Higham 2021, "Accurately computing the log-sum-exp and softmax functions").
 */
#ifndef CLN_SOFTMAX_H
#define CLN_SOFTMAX_H

#include "types.h"

/* Vectors of the outputs: KP is a multiple of this width. */
#if CLN_KP % 16 == 0 && CLN_V == 16
#define CLN_KV 16
#elif CLN_KP % 8 == 0 && CLN_V >= 8
#define CLN_KV 8
#else
#define CLN_KV 4
#endif
typedef CLN_JOIN(float, CLN_KV) kvec;

/* Where the logits lie. */
#ifndef CLN_LOGITS
#define CLN_LOGITS __private
#endif
#define KVEC(pointer) (*(CLN_LOGITS kvec *)(pointer))

/* In: z (KP, aligned to 64 bytes), the logits; what lies behind the first k does not matter. Out: r (KP, may be NULL, may be z): the residual, or the
   probabilities where y is CLN_K (no target), 0 behind output k. z is overwritten. Returns the predicted class: the first
   largest, or CLN_K where a logit is NaN. *loss is 0 without a target. A NaN or infinite logit makes all outputs NaN. */
static inline uint softmax_row(CLN_LOGITS float *z, uint y, __global float *r, float *loss)
{
    float largest = z[0];
    uint predicted = 0, unordered = isnan(z[0]) != 0;
    for (uint k = 1; k < CLN_K; k++) {
        unordered |= isnan(z[k]) != 0;
        if (z[k] > largest) {
            largest = z[k];
            predicted = k;
        }
    }
    float margin = y < CLN_K ? z[y] - largest : 0;

    for (uint k = CLN_K; k < CLN_KP; k++)
        z[k] = -INFINITY;
    for (uint k = 0; k < CLN_KP; k += CLN_KV)
        KVEC(z + k) = exp(KVEC(z + k) - largest);
    float sum = 0;
    for (uint k = 0; k < CLN_K; k++)
        sum += z[k];
    *loss = y < CLN_K ? log(sum) - margin : 0;

    if (r) {
        float share = 1 / sum;
        for (uint k = 0; k < CLN_K; k++)
            z[k] = z[k] * share - (k == y ? 1.0f : 0.0f);
        for (uint k = CLN_K; k < CLN_KP; k++)
            z[k] = 0;
        for (uint k = 0; k < CLN_KP; k += CLN_KV)
            *(__global kvec *)(r + k) = KVEC(z + k);
    }
    return unordered ? CLN_K : predicted;
}

#endif
