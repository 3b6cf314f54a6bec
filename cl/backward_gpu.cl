/*
 * Backward pass for GPUs: RᵀX and ΣR of a block of rows, in partial sums over stretches of rows that update.cl adds up.
 *
 *   partial[s] (k,LD) = Σ over the rows of stretch s of r_k · x_j,   bias[s] (KP) = Σ r
 *
 * Each work-item owns one vector of features; the work-group walks its stretch in tiles of CLN_TILE rows whose residuals it holds
 * in local memory. The last work-group of a stretch takes the bias. The number of stretches depends on `count` alone.
 * Geometry: (ceil(STRIDE / (GROUP·V)) + 1, splits) work-groups of CLN_GROUP work-items.
 */
#include "types.h"

#ifndef CLN_GROUP
#define CLN_GROUP 64
#endif
#ifndef CLN_TILE
#define CLN_TILE 16
#endif
#ifndef CLN_KB
#define CLN_KB 10
#endif
#define CLN_BLOCKS ((CLN_STRIDE / CLN_V + CLN_GROUP - 1) / CLN_GROUP)

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
backward(__global const feature *restrict x,      /* (·,STRIDE) */
         __global const uint *restrict order,     /* (·), or NULL */
         ulong first, uint count,
         __global const float *restrict residual, /* (count,KP) */
         uint stretch,                            /* rows: ceil(count / splits) */
         __global float *restrict partial,        /* (splits,k,LD) */
         __global float *restrict bias)           /* (splits,KP) */
{
    __local float tile[CLN_TILE * CLN_KP];
    uint block = (uint)get_group_id(0), split = (uint)get_group_id(1), item = (uint)get_local_id(0);
    uint begin = min(split * stretch, count), end = min(begin + stretch, count);

    if (block == CLN_BLOCKS) { /* the same for the whole work-group */
        for (uint k = item; k < CLN_KP; k += CLN_GROUP) {
            float sum = 0;
            for (uint i = begin; i < end; i++)
                sum += residual[(ulong)i * CLN_KP + k];
            bias[split * CLN_KP + k] = sum;
        }
        return;
    }

    uint own = (block * CLN_GROUP + item) * CLN_V;
    uint column = min(own, (uint)(CLN_STRIDE - CLN_V)); /* work-items behind the row keep step and store nothing */
    for (uint k0 = 0; k0 < CLN_K; k0 += CLN_KB) {
        vec sum[CLN_KB];
#pragma unroll
        for (uint k = 0; k < CLN_KB; k++)
            sum[k] = (vec)(0);
        for (uint i0 = begin; i0 < end; i0 += CLN_TILE) {
            uint rows = min((uint)CLN_TILE, end - i0);
            barrier(CLK_LOCAL_MEM_FENCE);
            for (uint cell = item; cell < rows * CLN_KP; cell += CLN_GROUP)
                tile[cell] = residual[(ulong)i0 * CLN_KP + cell];
            barrier(CLK_LOCAL_MEM_FENCE);
            for (uint i = 0; i < rows; i++) {
                vec xv = XLOAD(x + row_of(order, first, i0 + i) * CLN_STRIDE + column);
#pragma unroll
                for (uint k = 0; k < CLN_KB; k++)
                    sum[k] = fma((vec)(tile[i * CLN_KP + min(k0 + k, (uint)CLN_K - 1)]), xv, sum[k]);
            }
        }
        if (own < CLN_STRIDE)
#pragma unroll
            for (uint k = 0; k < CLN_KB; k++)
                if (k0 + k < CLN_K)
                    STORE(sum[k], partial + (ulong)(split * CLN_K + k0 + k) * CLN_LD + own);
    }
}
