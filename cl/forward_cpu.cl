/*
 * Forward pass for CPUs: logits, softmax, residual, loss and errors of a block of rows, in one kernel.
 *
 *   z (count,k) = scale · X·Wᵀ + b, then softmax.h for each row
 *
 * One work-item takes CLN_ITEM_ROWS rows, CLN_ROWS at a time against CLN_KB outputs, all accumulators in registers: no local
 * memory and no barrier, whose loops PoCL could not keep there.
 * Geometry: ceil(count / CLN_ITEM_ROWS) work-groups of one work-item.
 */
#include "softmax.h"

#ifndef CLN_ITEM_ROWS
#define CLN_ITEM_ROWS 8 /* a multiple of CLN_ROWS */
#endif
#ifndef CLN_ROWS
#define CLN_ROWS 2
#endif
#ifndef CLN_KB
#define CLN_KB 10
#endif

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
forward(__global const feature *restrict x,   /* (·,STRIDE) */
        __global const uint *restrict target, /* (·), or NULL */
        __global const uint *restrict order,  /* (·), or NULL */
        ulong first, uint count,
        __global const float *restrict w,     /* (k,LD) */
        float scale,
        __global float *restrict residual,    /* (count,KP), or NULL */
        __global uint *restrict predicted,    /* (count), or NULL */
        __global score *restrict scores,      /* from first_score on: one for each work-item, or NULL */
        ulong first_score)
{
    uint begin = (uint)get_group_id(0) * CLN_ITEM_ROWS;
    uint end = min(begin + CLN_ITEM_ROWS, count);
    float loss_sum = 0;
    uint errors = 0;

    for (uint i = begin; i < end; i += CLN_ROWS) {
        __global const feature *row[CLN_ROWS];
        float z[CLN_ROWS][CLN_KP] __attribute__((aligned(64)));
#pragma unroll
        for (uint r = 0; r < CLN_ROWS; r++) /* behind the last row the last one again, its results dropped */
            row[r] = x + row_of(order, first, min(i + r, count - 1)) * CLN_STRIDE;

        for (uint k0 = 0; k0 < CLN_K; k0 += CLN_KB) {
            vec sum[CLN_ROWS][CLN_KB];
#pragma unroll
            for (uint r = 0; r < CLN_ROWS; r++)
#pragma unroll
                for (uint k = 0; k < CLN_KB; k++)
                    sum[r][k] = (vec)(0);
            for (uint j = 0; j < CLN_STRIDE; j += CLN_V) {
                vec xv[CLN_ROWS];
#pragma unroll
                for (uint r = 0; r < CLN_ROWS; r++)
                    xv[r] = XLOAD(row[r] + j);
#pragma unroll
                for (uint k = 0; k < CLN_KB; k++) {
                    vec wv = LOAD(w + min(k0 + k, (uint)CLN_K - 1) * CLN_LD + j);
#pragma unroll
                    for (uint r = 0; r < CLN_ROWS; r++)
                        sum[r][k] = fma(xv[r], wv, sum[r][k]);
                }
            }
#pragma unroll
            for (uint r = 0; r < CLN_ROWS; r++)
#pragma unroll
                for (uint k = 0; k < CLN_KB; k++)
                    if (k0 + k < CLN_K)
                        z[r][k0 + k] = fma(scale, vec_sum(sum[r][k]), CLN_BIAS ? w[(k0 + k) * CLN_LD + CLN_D] : 0.0f);
        }

        for (uint r = 0; r < CLN_ROWS && i + r < end; r++) {
            uint y = target ? target[row_of(order, first, i + r)] : CLN_K;
            float loss;
            uint best = softmax_row(z[r], y, residual ? residual + (ulong)(i + r) * CLN_KP : 0, &loss);
            loss_sum += loss;
            errors += best != y;
            if (predicted)
                predicted[i + r] = best;
        }
    }
    if (scores) {
        scores[first_score + get_group_id(0)].loss = loss_sum;
        scores[first_score + get_group_id(0)].errors = errors;
    }
}
