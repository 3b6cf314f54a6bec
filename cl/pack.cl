/*
 * Operands as CLBlast's kernels read them without copying: gathered, converted, scaled, padded with zeros, with a column of ones
 * for the bias.
 *
 *   pack_rows     (padded,LD)  X·scale − shift, 1 in column d (0 in a model without bias)
 *   pack_columns  (LD,padded)  the same transposed
 *   flip          (C,R)        a matrix (R,C) of weights or logits transposed
 *
 * Geometry, in groups of CLN_GROUP work-items along the first dimension: pack_rows has a work-group for each row; pack_columns
 * (LD / V, padded / V) work-items, each with a tile of V rows and V features in registers; flip (C / T, R / T), T = CLN_TILE, each with a tile of T·T.
 */
#include "types.h"

#ifndef CLN_GROUP
#define CLN_GROUP 1
#endif

/* A vector of a row's features as the model sees them. */
static inline vec seen(__global const feature *row, uint j, float scale, __global const float *shift /* (LD), or unused */)
{
    vec value = XLOAD(row + j) * scale;
    return CLN_CENTRED ? value - LOAD(shift + j) : value;
}

#ifndef CLN_TILE /* divides KP, LD and padded */
#define CLN_TILE 4
#endif
typedef CLN_JOIN(float, CLN_TILE) tile_vec;

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
pack_rows(__global const feature *restrict x,  /* (·,STRIDE) */
          __global const uint *restrict order, /* (·), or NULL */
          ulong first, uint count, float scale,
          __global const float *restrict shift, /* (LD), or unused */
          __global float *restrict rows)       /* (padded,LD) */
{
    uint i = (uint)get_group_id(0);
    __global float *to = rows + (ulong)i * CLN_LD;
    __global const feature *from = i < count ? x + row_of(order, first, i) * CLN_STRIDE : x;
    float one = i < count ? CLN_BIAS : 0;

    for (uint j = (uint)get_local_id(0) * CLN_V; j < CLN_LD; j += CLN_GROUP * CLN_V) {
        vec value = (vec)(0);
        if (i < count && j < CLN_STRIDE)
            value = seen(from, j, scale, shift);
        if (j <= CLN_D && CLN_D < j + CLN_V)
            ELEMENT(value, CLN_D % CLN_V) = one;
        STORE(value, to + j);
    }
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
pack_columns(__global const feature *restrict x,  /* (·,STRIDE) */
             __global const uint *restrict order, /* (·), or NULL */
             ulong first, uint count, uint padded, /* padded: a multiple of V, count or more */
             float scale,
             __global const float *restrict shift, /* (LD), or unused */
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
            tile[r] = seen(x + row_of(order, first, i + r) * CLN_STRIDE, j, scale, shift);
        if (j <= CLN_D && CLN_D < j + CLN_V)
            ELEMENT(tile[r], CLN_D % CLN_V) = i + r < count ? CLN_BIAS : 0;
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
flip(__global const float *restrict from, /* (height,width) */
     uint height, uint width,             /* multiples of TILE */
     __global float *restrict to)         /* (width,height) */
{
    uint j = (uint)get_global_id(0) * CLN_TILE, i = (uint)get_global_id(1) * CLN_TILE;
    if (j >= width)
        return;

    tile_vec tile[CLN_TILE];
#pragma unroll
    for (uint r = 0; r < CLN_TILE; r++)
        tile[r] = *(__global const tile_vec *)(from + (ulong)(i + r) * width + j);
#pragma unroll
    for (uint c = 0; c < CLN_TILE; c++) {
        tile_vec column;
#pragma unroll
        for (uint r = 0; r < CLN_TILE; r++)
            ELEMENT(column, r) = ELEMENT(tile[r], c);
        *(__global tile_vec *)(to + (ulong)(j + c) * height + i) = column;
    }
}
