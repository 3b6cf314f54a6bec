/*
 * Operands as CLBlast's kernels read them without copying: gathered, converted, scaled, padded with zeros, with a column of ones
 * for the bias. Both orientations are written, for each product wants the index that it sums over to be the slow one:
 *
 *   rows     (padded,LD)  X·scale, 1 in column d (0 in a model without bias): RᵀX sums over rows
 *   columns  (LD,padded)  the same transposed: X·Wᵀ sums over features
 *   weights  (LD,KP)      Wᵀ, zero behind output k
 *
 * A work-item takes a tile of V rows and V features through registers.
 * Geometry: rows: (LD / V, padded / V) work-items; weights: (LD) work-items; in groups of CLN_GROUP along the first dimension.
 */
#include "types.h"

#ifndef CLN_GROUP
#define CLN_GROUP 1
#endif

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
pack_rows(__global const feature *restrict x,  /* (·,STRIDE) */
          __global const uint *restrict order, /* (·), or NULL */
          ulong first, uint count, uint padded, /* padded: a multiple of V, count or more */
          float scale,
          __global float *restrict rows,       /* (padded,LD), or NULL */
          __global float *restrict columns)    /* (LD,padded) */
{
    uint j = (uint)get_global_id(0) * CLN_V, i = (uint)get_global_id(1) * CLN_V;
    if (j >= CLN_LD)
        return;

    vec tile[CLN_V];
#pragma unroll
    for (uint r = 0; r < CLN_V; r++) {
        tile[r] = (vec)(0);
        if (i + r < count && j < CLN_STRIDE)
            tile[r] = XLOAD(x + row_of(order, first, i + r) * CLN_STRIDE + j) * scale;
        if (j <= CLN_D && CLN_D < j + CLN_V)
            ELEMENT(tile[r], CLN_D % CLN_V) = i + r < count ? CLN_BIAS : 0;
        if (rows)
            STORE(tile[r], rows + (ulong)(i + r) * CLN_LD + j);
    }
#pragma unroll
    for (uint c = 0; c < CLN_V; c++) {
        vec column;
#pragma unroll
        for (uint r = 0; r < CLN_V; r++)
            ELEMENT(column, r) = ELEMENT(tile[r], c);
        STORE(column, columns + (ulong)(j + c) * padded + i);
    }
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
pack_weights(__global const float *restrict w,   /* (k,LD) */
             __global float *restrict transposed) /* (LD,KP) */
{
    uint j = (uint)get_global_id(0);
    if (j >= CLN_LD)
        return;
    for (uint k = 0; k < CLN_KP; k++)
        transposed[j * CLN_KP + k] = k < CLN_K ? w[k * CLN_LD + j] : 0;
}
