/*
 * From partial sums to the gradient, and from the gradient to the weights, a vector of a row of W at a time:
 *
 *   G = scale · Σ_s partial[s] (column d: Σ_s bias[s])
 *   g = G · mean + λ·w (λ not for the bias),  v ← μ·v + g,  w ← w − η·v,
 *   or with Nesterov's momentum  w ← w − η·(g + μ·v)                          (PyTorch's SGD)
 */
#ifndef CLN_UPDATE_H
#define CLN_UPDATE_H

#include "types.h"

/* cln_step of src/compute/update.h, its members by name. */
typedef float4 sgd;
#define L2 x
#define MOMENTUM y
#define LEARNING_RATE z
#define NESTEROV w

/* G at column j of output k; the sum runs in the order of s. The bias is 0 in a model without. */
static inline vec collected(__global const float *partial, /* (splits,k,LD) */
                            __global const float *bias,    /* (splits,KP) */
                            uint splits, float scale, uint k, uint j)
{
    vec sum = (vec)(0);
    if (j < CLN_STRIDE)
#pragma unroll 8 /* loads on their way together; the sum keeps its order */
        for (uint s = 0; s < splits; s++)
            sum += LOAD(partial + (ulong)(s * CLN_K + k) * CLN_LD + j);
    sum *= scale;
    if (j <= CLN_D && CLN_D < j + CLN_V) {
        float total = 0;
        if (CLN_BIAS)
            for (uint s = 0; s < splits; s++)
                total += bias[s * CLN_KP + k];
        ELEMENT(sum, CLN_D - j) = total;
    }
    return sum;
}

/* The new weights at column j, from G and the old ones; *velocity becomes the new one. */
static inline vec moved(vec gradient, vec weight, vec *velocity, uint j, sgd step, float mean)
{
    vec decay = (vec)(step.L2);
    if (j <= CLN_D && CLN_D < j + CLN_V)
        ELEMENT(decay, CLN_D - j) = 0;
    vec g = fma(decay, weight, gradient * mean), direction;
    direction = *velocity = fma((vec)(step.MOMENTUM), *velocity, g);
    if (step.NESTEROV != 0)
        direction = fma((vec)(step.MOMENTUM), *velocity, g);
    return fma((vec)(-step.LEARNING_RATE), direction, weight);
}

#endif
