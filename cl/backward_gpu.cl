/*
 * Backward pass for GPUs: RᵀX and ΣR of a block of rows, in partial sums over stretches of rows that update.cl adds up.
 *
 *   partial[s] (k,LD) = Σ over the rows of stretch s of r_k · x_j,   bias[s] (KP) = Σ r
 *
 * Each work-item owns one vector of features against CLN_KB outputs and walks its stretch alone: no barrier, no local memory. All
 * work-items of a group read the same residuals, one access for all of them; CLN_AHEAD rows of X are on their way before the first
 * is used, for a stretch is too short to hide its latency otherwise. The work-item behind the last vector takes the bias: its
 * feature is 1. The number of stretches depends on the sizes alone.
 * Geometry: (BLOCKS · ceil(k / KB), splits) work-groups of CLN_GROUP work-items, BLOCKS = ceil((STRIDE / V + 1) / GROUP).
 */
#include "types.h"

#ifndef CLN_GROUP
#define CLN_GROUP 224
#endif
#ifndef CLN_KB
#define CLN_KB 10 /* k, or a multiple of 4: residuals are read four at a time */
#endif
#ifndef CLN_AHEAD
#define CLN_AHEAD (CLN_BYTES && CLN_KB <= 10 ? 16 : 8)
#endif
#define CLN_BLOCKS ((CLN_STRIDE / CLN_V + CLN_GROUP) / CLN_GROUP)

/* sum[k] += Σ r_k · x over up to AHEAD rows from i on, in their order; behind the last of them the last one again, times zero. Inlined
   twice: no row is masked where all are there. */
static inline __attribute__((always_inline)) void
add_rows(vec *sum, __global const feature *x, __global const uint *order, ulong first, __global const float *residual, uint i,
         uint rows, float scale, vec shift, bool is_bias)
{
    features ahead[CLN_AHEAD];
#pragma unroll
    for (uint a = 0; a < CLN_AHEAD; a++)
        ahead[a] = XRAW(x + row_of(order, first, i + min(a, rows - 1)) * CLN_STRIDE);
#pragma unroll
    for (uint a = 0; a < CLN_AHEAD; a++) {
        __global const float *row = residual + (ulong)(i + min(a, rows - 1)) * CLN_KP;
        vec xv = CLN_CONVERT(ahead[a]);
        if (CLN_SHIFTED)
            xv = fma(xv, (vec)(scale), -shift);
        if (is_bias)
            ELEMENT(xv, 0) = 1;
#pragma unroll
        for (uint k = 0; k < CLN_KB; k += 4) {
            float4 r = *(__global const float4 *)(row + k);
            r = a < rows ? r : (float4)(0);
#pragma unroll
            for (uint e = 0; e < 4; e++)
                if (k + e < CLN_KB)
                    sum[k + e] = fma((vec)(ELEMENT(r, e)), xv, sum[k + e]);
        }
    }
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
backward(__global const feature *restrict x,      /* (·,STRIDE) */
         __global const uint *restrict order,     /* (·), or NULL */
         ulong first, uint count,
         __global const float *restrict residual, /* (count,KP) */
         uint stretch,                            /* rows: ceil(count / splits) */
         float scale,
         __global const float *restrict shift,    /* (LD), or unused */
         __global float *restrict partial,        /* (splits,k,LD) */
         __global float *restrict bias)           /* (splits,KP) */
{
    uint split = (uint)get_group_id(1), block = (uint)get_group_id(0) % CLN_BLOCKS;
    uint k0 = (uint)get_group_id(0) / CLN_BLOCKS * CLN_KB;
    uint begin = min(split * stretch, count), end = min(begin + stretch, count);

    uint own = (block * CLN_GROUP + (uint)get_local_id(0)) * CLN_V;
    if (own > CLN_STRIDE)
        return;
    bool is_bias = own == CLN_STRIDE;
    x += is_bias ? 0 : own;
    vec shift_own = CLN_SHIFTED && !is_bias ? LOAD(shift + own) : (vec)(0);

    vec sum[CLN_KB];
#pragma unroll
    for (uint k = 0; k < CLN_KB; k++)
        sum[k] = (vec)(0);
    uint i = begin;
    for (; i + CLN_AHEAD <= end; i += CLN_AHEAD)
        add_rows(sum, x, order, first, residual + k0, i, CLN_AHEAD, scale, shift_own, is_bias);
    if (i < end)
        add_rows(sum, x, order, first, residual + k0, i, end - i, scale, shift_own, is_bias);

#pragma unroll
    for (uint k = 0; k < CLN_KB; k++)
        if (k0 + k < CLN_K) {
            if (is_bias)
                bias[split * CLN_KP + k0 + k] = ELEMENT(sum[k], 0);
            else
                STORE(sum[k], partial + (ulong)(split * CLN_K + k0 + k) * CLN_LD + own);
        }
}
