/*
 * What a device can do at most, asked as plainly as can be: bytes moved, bytes read, multiply-adds.
 *
 *   fill          to[i] = i · 2654435761 mod 2³²       (what the others move, so that their results can be checked)
 *   copy          to[i] = from[i]
 *   read          sums[item] = sum of the item's share of from[], mod 2³²
 *   multiply_add  x ← a·x + b, `rounds` times over CLN_CHAINS independent chains of V lanes each; results[item] = their sum
 *   nothing       nothing: what is left is the launch
 *
 * Memory is counted in vectors of V uints. A work-group takes `span` of them, its work-items neighbouring ones: one work-item
 * streams through memory alone, many read whole cache lines together.
 * Geometry: any number of work-groups of CLN_GROUP work-items; of the first three, groups · span ≥ count.
 */
#include "types.h"

#ifndef CLN_GROUP
#define CLN_GROUP 1
#endif
#ifndef CLN_CHAINS
#define CLN_CHAINS 12 /* beside a and b they have to fit the registers, and to hide the latency of one multiply-add */
#endif
#define UNROLL 4 /* loads in flight for each work-item */

typedef CLN_JOIN(uint, CLN_V) words;

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
fill(__global uint *restrict to, /* (count,V) */
     ulong count, ulong span)
{
    ulong begin = get_group_id(0) * span, end = min(begin + span, count);
    for (ulong i = begin + get_local_id(0); i < end; i += CLN_GROUP)
        for (uint e = 0; e < CLN_V; e++)
            to[i * CLN_V + e] = (uint)(i * CLN_V + e) * 2654435761u;
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
copy(__global const words *restrict from, /* (count) */
     __global words *restrict to,         /* (count) */
     ulong count, ulong span)
{
    ulong begin = get_group_id(0) * span, end = min(begin + span, count);
#pragma unroll UNROLL
    for (ulong i = begin + get_local_id(0); i < end; i += CLN_GROUP)
        to[i] = from[i];
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
read(__global const words *restrict from, /* (count) */
     __global words *restrict sums,       /* (work-items) */
     ulong count, ulong span)
{
    ulong begin = get_group_id(0) * span, end = min(begin + span, count), i = begin + get_local_id(0);
    words sum[UNROLL];
#pragma unroll
    for (uint u = 0; u < UNROLL; u++)
        sum[u] = (words)(0);
    for (; i + (UNROLL - 1) * CLN_GROUP < end; i += UNROLL * CLN_GROUP)
#pragma unroll
        for (uint u = 0; u < UNROLL; u++)
            sum[u] += from[i + u * CLN_GROUP];
    for (; i < end; i += CLN_GROUP)
        sum[0] += from[i];
#pragma unroll
    for (uint u = 1; u < UNROLL; u++)
        sum[0] += sum[u];
    sums[get_global_id(0)] = sum[0];
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
multiply_add(float a, float b, uint rounds,
             __global vec *restrict results) /* (work-items) */
{
    vec x[CLN_CHAINS], total = (vec)(0);
#pragma unroll
    for (uint c = 0; c < CLN_CHAINS; c++)
#pragma unroll
        for (uint e = 0; e < CLN_V; e++) /* no two alike, or a compiler would keep one of them */
            ELEMENT(x[c], e) = (float)(c * CLN_V + e + get_global_id(0) % 64);
    for (uint i = 0; i < rounds; i++)
#pragma unroll
        for (uint c = 0; c < CLN_CHAINS; c++)
            x[c] = fma((vec)(a), x[c], (vec)(b));
#pragma unroll
    for (uint c = 0; c < CLN_CHAINS; c++)
        total += x[c];
    results[get_global_id(0)] = total;
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
nothing(void)
{
}
