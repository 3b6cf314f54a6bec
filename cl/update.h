/*
 * From partial sums to the gradient, and from the gradient to the weights, a vector of a row of W at a time:
 *
 *   G = scale · Σ_s partial[s] − shift · Σ_s bias[s] (column d: Σ_s bias[s], 0 in a model without bias), or Σ_s partial[s] of rows
 *       that were scaled and shifted as they were loaded
 *   g = spread ∘ G · mean + λ·w (λ not for the bias),  v ← μ·v + g,  w ← w − η·v,
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

/* The parameters of output k's model. */
static inline sgd step_of(__global const sgd *steps, uint k)
{
    return steps[CLN_MODELS > 1 ? k / CLN_ONE : 0];
}

/* The sum of output k's residuals, in the order of s. */
static inline float total_of(__global const float *bias, uint splits, uint k)
{
    float total = 0;
    for (uint s = 0; s < splits; s++)
        total += bias[s * CLN_KP + k];
    return total;
}

/* G at column j of output k; the sum runs in the order of s. */
static inline vec collected(__global const float *partial, /* (splits,k,LD) */
                            __global const float *bias,    /* (splits,KP) */
                            uint splits, float scale,
                            __global const float *shift,   /* (LD), where the features are centred */
                            uint k, uint j)
{
    vec sum = (vec)(0);
    if (j < CLN_STRIDE)
#pragma unroll 8 /* loads on their way together; the sum keeps its order */
        for (uint s = 0; s < splits; s++)
            sum += LOAD(partial + (ulong)(s * CLN_K + k) * CLN_LD + j);
    if (!CLN_SHIFTED)
        sum *= scale;
    if (CLN_FOLDED)
        sum = fma(-LOAD(shift + j), (vec)(total_of(bias, splits, k)), sum);
    if (j <= CLN_D && CLN_D < j + CLN_V)
        ELEMENT(sum, CLN_D - j) = CLN_BIAS ? total_of(bias, splits, k) : 0;
    return sum;
}

/* The new weights at column j, from G and the old ones; *velocity becomes the new one. */
static inline vec moved(vec gradient, vec weight, vec *velocity, __global const float *spread /* (LD), or unused */, uint j,
                        sgd step, float mean)
{
    if (CLN_SPREAD)
        gradient *= LOAD(spread + j);
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
