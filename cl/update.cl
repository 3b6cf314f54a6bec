/*
 * The formulas of update.h over all weights. The same for both engines and all shapes.
 *
 *   collect:  G from partial sums, stored or added
 *   update:   one step from a stored G
 *   sgd_step: collect and update at once, bit for bit the same as one after the other
 *
 * One work-item takes CLN_COLUMNS vectors of a row of W.
 * Geometry: (ceil(LD / (GROUP·COLUMNS·V)), k) work-groups of CLN_GROUP work-items.
 */
#include "update.h"

#ifndef CLN_GROUP
#define CLN_GROUP 1
#endif
#ifndef CLN_COLUMNS
#define CLN_COLUMNS 4
#endif
#define CLN_SPAN (CLN_COLUMNS * CLN_V)

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
collect(__global const float *restrict partial, /* (splits,k,LD) */
        __global const float *restrict bias,    /* (splits,KP) */
        uint splits, float scale,
        __global const float *restrict shift,   /* (LD), or unused */
        uint add,
        __global float *restrict gradient)      /* (k,LD) */
{
    uint k = (uint)get_group_id(1), begin = (uint)get_global_id(0) * CLN_SPAN, end = min(begin + CLN_SPAN, (uint)CLN_LD);
    for (uint j = begin; j < end; j += CLN_V) {
        vec sum = collected(partial, bias, splits, scale, shift, k, j);
        __global float *at = gradient + k * CLN_LD + j;
        STORE(add ? LOAD(at) + sum : sum, at);
    }
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
update(__global const float *restrict gradient, /* (k,LD) */
       __global float *restrict w,              /* (k,LD) */
       __global float *restrict v,              /* (k,LD) */
       __global const float *restrict spread,   /* (LD), or unused */
       __global const sgd *restrict steps,      /* (models) */
       float mean)
{
    uint k = (uint)get_group_id(1), begin = (uint)get_global_id(0) * CLN_SPAN, end = min(begin + CLN_SPAN, (uint)CLN_LD);
    for (uint j = begin; j < end; j += CLN_V) {
        uint at = k * CLN_LD + j;
        vec velocity = LOAD(v + at);
        STORE(moved(LOAD(gradient + at), LOAD(w + at), &velocity, spread, j, step_of(steps, k), mean), w + at);
        STORE(velocity, v + at);
    }
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
sgd_step(__global const float *restrict partial, /* (splits,k,LD) */
         __global const float *restrict bias,    /* (splits,KP) */
         uint splits, float scale,
         __global const float *restrict shift,   /* (LD), or unused */
         __global float *restrict w,             /* (k,LD) */
         __global float *restrict v,             /* (k,LD) */
         __global const float *restrict spread,  /* (LD), or unused */
         __global const sgd *restrict steps,     /* (models) */
         float mean)
{
    uint k = (uint)get_group_id(1), begin = (uint)get_global_id(0) * CLN_SPAN, end = min(begin + CLN_SPAN, (uint)CLN_LD);
    for (uint j = begin; j < end; j += CLN_V) {
        uint at = k * CLN_LD + j;
        vec velocity = LOAD(v + at);
        STORE(moved(collected(partial, bias, splits, scale, shift, k, j), LOAD(w + at), &velocity, spread, j, step_of(steps, k), mean), w + at);
        STORE(velocity, v + at);
    }
}
