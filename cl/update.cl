/*
 * From partial sums to the gradient, and from the gradient to the weights. The same for both engines and all shapes.
 *
 *   collect:  G = scale · Σ_s partial[s] (column d: Σ_s bias[s]), stored or added
 *   update:   g = G · mean + λ·w (λ not for the bias), v ← μ·v + g, w ← w − η·v       (PyTorch's SGD)
 *   sgd_step: collect and update at once, bit for bit the same as one after the other
 *
 * One work-item takes CLN_COLUMNS vectors of a row of W. Sums run in the order of s.
 * Geometry: (ceil(LD / (GROUP·COLUMNS·V)), k) work-groups of CLN_GROUP work-items.
 */
#include "types.h"

#ifndef CLN_GROUP
#define CLN_GROUP 1
#endif
#ifndef CLN_COLUMNS
#define CLN_COLUMNS 4
#endif
#define CLN_SPAN (CLN_COLUMNS * CLN_V)

/* Σ over s for the vector at column j of output k, scaled; the bias in its column, 0 in a model without. */
static inline vec collected(__global const float *partial, __global const float *bias, uint splits, float scale, uint k, uint j)
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

static inline void apply(vec gradient, __global float *w, __global float *v, uint j, float mean, float l2, float momentum,
                  float learning_rate)
{
    vec weight = LOAD(w), decay = (vec)(l2);
    if (j <= CLN_D && CLN_D < j + CLN_V)
        ELEMENT(decay, CLN_D - j) = 0;
    vec velocity = fma((vec)(momentum), LOAD(v), fma(decay, weight, gradient * mean));
    STORE(velocity, v);
    STORE(fma((vec)(-learning_rate), velocity, weight), w);
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
collect(__global const float *restrict partial, /* (splits,k,LD) */
        __global const float *restrict bias,    /* (splits,KP) */
        uint splits, float scale, uint add,
        __global float *restrict gradient)      /* (k,LD) */
{
    uint k = (uint)get_group_id(1), begin = (uint)get_global_id(0) * CLN_SPAN, end = min(begin + CLN_SPAN, (uint)CLN_LD);
    for (uint j = begin; j < end; j += CLN_V) {
        vec sum = collected(partial, bias, splits, scale, k, j);
        __global float *at = gradient + k * CLN_LD + j;
        STORE(add ? LOAD(at) + sum : sum, at);
    }
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
update(__global const float *restrict gradient, /* (k,LD) */
       __global float *restrict w,              /* (k,LD) */
       __global float *restrict v,              /* (k,LD) */
       float mean, float l2, float momentum, float learning_rate)
{
    uint k = (uint)get_group_id(1), begin = (uint)get_global_id(0) * CLN_SPAN, end = min(begin + CLN_SPAN, (uint)CLN_LD);
    for (uint j = begin; j < end; j += CLN_V) {
        uint at = k * CLN_LD + j;
        apply(LOAD(gradient + at), w + at, v + at, j, mean, l2, momentum, learning_rate);
    }
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
sgd_step(__global const float *restrict partial, /* (splits,k,LD) */
     __global const float *restrict bias,    /* (splits,KP) */
     uint splits, float scale,
     __global float *restrict w,             /* (k,LD) */
     __global float *restrict v,             /* (k,LD) */
     float mean, float l2, float momentum, float learning_rate)
{
    uint k = (uint)get_group_id(1), begin = (uint)get_global_id(0) * CLN_SPAN, end = min(begin + CLN_SPAN, (uint)CLN_LD);
    for (uint j = begin; j < end; j += CLN_V) {
        uint at = k * CLN_LD + j;
        apply(collected(partial, bias, splits, scale, k, j), w + at, v + at, j, mean, l2, momentum, learning_rate);
    }
}
