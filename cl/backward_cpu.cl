/*
 * Backward pass for CPUs: RᵀX and ΣR of a block of rows, in partial sums over stretches of rows that update.cl adds up.
 *
 *   partial[s] (k,LD) = Σ over the rows of stretch s of r_k · x_j,   bias[s] (KP) = Σ r
 *
 * One work-item takes one stretch and CLN_FV vectors of features against CLN_KB outputs, its accumulators in registers; the
 * last work-item of a stretch takes the bias. The number of stretches depends on `count` alone, so the bits repeat.
 * Geometry: (ceil(STRIDE / (FV·V)) + 1, splits) work-groups of one work-item.
 */
#include "types.h"

#ifndef CLN_FV
#define CLN_FV 2
#endif
#ifndef CLN_KB
#define CLN_KB 10
#endif
#define CLN_BLOCK (CLN_FV * CLN_V)
#define CLN_BLOCKS ((CLN_STRIDE + CLN_BLOCK - 1) / CLN_BLOCK)

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
backward(__global const feature *restrict x,      /* (·,STRIDE) */
         __global const uint *restrict order,     /* (·), or NULL */
         ulong first, uint count,
         __global const float *restrict residual, /* (count,KP) */
         uint stretch,                            /* rows: ceil(count / splits) */
         __global float *restrict partial,        /* (splits,k,LD) */
         __global float *restrict bias)           /* (splits,KP) */
{
    uint block = (uint)get_group_id(0), split = (uint)get_group_id(1);
    uint begin = min(split * stretch, count), end = min(begin + stretch, count);

    if (block == CLN_BLOCKS) {
        float sum[CLN_KP];
        for (uint k = 0; k < CLN_KP; k++)
            sum[k] = 0;
        for (uint i = begin; i < end; i++)
            for (uint k = 0; k < CLN_KP; k++)
                sum[k] += residual[(ulong)i * CLN_KP + k];
        for (uint k = 0; k < CLN_KP; k++)
            bias[split * CLN_KP + k] = sum[k];
        return;
    }

    /* A block that would reach behind the row computes its last vector again instead, and stores it once. */
    uint column[CLN_FV];
#pragma unroll
    for (uint v = 0; v < CLN_FV; v++)
        column[v] = min(block * CLN_BLOCK + v * CLN_V, (uint)(CLN_STRIDE - CLN_V));

    for (uint k0 = 0; k0 < CLN_K; k0 += CLN_KB) {
        vec sum[CLN_KB][CLN_FV];
#pragma unroll
        for (uint k = 0; k < CLN_KB; k++)
#pragma unroll
            for (uint v = 0; v < CLN_FV; v++)
                sum[k][v] = (vec)(0);
        for (uint i = begin; i < end; i++) {
            __global const feature *row = x + row_of(order, first, i) * CLN_STRIDE;
            __global const float *r = residual + (ulong)i * CLN_KP;
            vec xv[CLN_FV];
#pragma unroll
            for (uint v = 0; v < CLN_FV; v++)
                xv[v] = XLOAD(row + column[v]);
#pragma unroll
            for (uint k = 0; k < CLN_KB; k++) {
                vec rk = (vec)(r[min(k0 + k, (uint)CLN_K - 1)]);
#pragma unroll
                for (uint v = 0; v < CLN_FV; v++)
                    sum[k][v] = fma(rk, xv[v], sum[k][v]);
            }
        }
#pragma unroll
        for (uint k = 0; k < CLN_KB; k++)
#pragma unroll
            for (uint v = 0; v < CLN_FV; v++)
                if (k0 + k < CLN_K && block * CLN_BLOCK + v * CLN_V < CLN_STRIDE)
                    STORE(sum[k][v], partial + (ulong)(split * CLN_K + k0 + k) * CLN_LD + column[v]);
    }
}
