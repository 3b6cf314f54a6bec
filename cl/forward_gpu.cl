/*
 * Forward pass for GPUs: logits, residual, loss and errors of a block of rows, in one kernel.
 *
 *   z (count,k) = scale · X·Wᵀ + b, or (scale·X − shift)·Wᵀ + b, then row.h for each row and model
 *
 * A work-group takes CLN_SLOTS·CLN_ROWS rows. CLN_LANES neighbouring work-items share a slot's CLN_ROWS rows, each with its own
 * vectors of features, so that reads of X and W are coalesced and each of W serves CLN_ROWS rows. CLN_AHEAD vectors of each row
 * are on their way before the first is used: a small batch has no other work-groups to hide their latency. Local memory adds the
 * lanes up, one row of each slot at a time, which keeps it small enough for many work-groups on a compute unit.
 * Geometry: ceil(count / (SLOTS·ROWS)) work-groups of (LANES,SLOTS) work-items.
 */
#define CLN_LOGITS __local
#include "row.h"

#ifndef CLN_LANES
#define CLN_LANES 16
#endif
#ifndef CLN_SLOTS
#define CLN_SLOTS 4
#endif
#ifndef CLN_ROWS
#define CLN_ROWS 4
#endif
#ifndef CLN_KB
#define CLN_KB 10
#endif
#ifndef CLN_AHEAD
#define CLN_AHEAD (CLN_KB > 10 ? 1 : 2)
#endif
#define CLN_GROUP_ROWS (CLN_SLOTS * CLN_ROWS)
#define CLN_GROUP (CLN_LANES * CLN_SLOTS)
#define CLN_STEP (CLN_LANES * CLN_V)
/* Behind the last output the last one again, its results dropped. */
#define OUTPUT(k) (CLN_K % CLN_KB ? min(k, (uint)CLN_K - 1) : (k))
/* Lengths that put neighbours into different banks of local memory. */
#define CLN_LANES_APART (CLN_LANES + 1)
#define CLN_LOGITS_APART (CLN_KP + 4)

__attribute__((reqd_work_group_size(CLN_LANES, CLN_SLOTS, 1))) __kernel void
forward(__global const feature *restrict x,   /* (·,STRIDE) */
        __global const target_type *restrict target, /* (·), of REAL (·,ONE), or NULL */
        __global const float *restrict weight, /* (·), or NULL */
        __global const uint *restrict order,  /* (·), or NULL */
        ulong first, uint count,
        __global const float *restrict w,     /* (k,LD) */
        float scale,
        __global const float *restrict shift, /* (LD), or unused */
        __global float *restrict residual,    /* (count,KP), or NULL */
        __global uint *restrict predicted,    /* (count,MODELS), or NULL */
        __global score *restrict scores,      /* (·,MODELS), from first_score on: for each work-group, or NULL */
        ulong first_score)
{
    __local float lane_sums[CLN_SLOTS * CLN_KB * CLN_LANES_APART];
    __local float logits[CLN_GROUP_ROWS * CLN_LOGITS_APART] __attribute__((aligned(16)));
    __local float row_loss[CLN_GROUP_ROWS * CLN_MODELS];
    __local uint row_error[CLN_GROUP_ROWS * CLN_MODELS];

    uint lane = (uint)get_local_id(0), slot = (uint)get_local_id(1), item = slot * CLN_LANES + lane;
    uint begin = (uint)get_group_id(0) * CLN_GROUP_ROWS;

    __global const feature *row[CLN_ROWS];
#pragma unroll
    for (uint r = 0; r < CLN_ROWS; r++) /* behind the last row the last one again, its results dropped */
        row[r] = x + row_of(order, first, min(begin + slot * CLN_ROWS + r, count - 1)) * CLN_STRIDE;

    for (uint k0 = 0; k0 < CLN_K; k0 += CLN_KB) {
        float sum[CLN_ROWS][CLN_KB];
#pragma unroll
        for (uint r = 0; r < CLN_ROWS; r++)
#pragma unroll
            for (uint k = 0; k < CLN_KB; k++)
                sum[r][k] = 0;
        features ahead[CLN_AHEAD][CLN_ROWS];
#pragma unroll
        for (uint a = 0; a < CLN_AHEAD; a++)
#pragma unroll
            for (uint r = 0; r < CLN_ROWS; r++)
                ahead[a][r] = XRAW(row[r] + min(lane * CLN_V + a * CLN_STEP, (uint)(CLN_STRIDE - CLN_V)));
        for (uint begin_j = lane * CLN_V; begin_j < CLN_STRIDE; begin_j += CLN_AHEAD * CLN_STEP)
#pragma unroll
            for (uint a = 0; a < CLN_AHEAD; a++) {
                uint j = begin_j + a * CLN_STEP;
                if (j >= CLN_STRIDE)
                    continue;
                vec xv[CLN_ROWS];
                vec shift_j = CLN_CENTRED ? LOAD(shift + j) : (vec)(0);
#pragma unroll
                for (uint r = 0; r < CLN_ROWS; r++) {
                    xv[r] = CLN_CONVERT(ahead[a][r]);
                    if (CLN_CENTRED)
                        xv[r] = fma(xv[r], (vec)(scale), -shift_j);
                    ahead[a][r] = XRAW(row[r] + min(j + CLN_AHEAD * CLN_STEP, (uint)(CLN_STRIDE - CLN_V)));
                }
#pragma unroll
                for (uint k = 0; k < CLN_KB; k++) {
                    vec wv = LOAD(w + OUTPUT(k0 + k) * CLN_LD + j);
#pragma unroll
                    for (uint r = 0; r < CLN_ROWS; r++)
                        sum[r][k] = vec_dot(xv[r], wv, sum[r][k]);
                }
            }

#pragma unroll
        for (uint r = 0; r < CLN_ROWS; r++) {
            barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
            for (uint k = 0; k < CLN_KB; k++)
                lane_sums[(slot * CLN_KB + k) * CLN_LANES_APART + lane] = sum[r][k];
            barrier(CLK_LOCAL_MEM_FENCE);
            for (uint cell = item; cell < CLN_SLOTS * CLN_KB; cell += CLN_GROUP) {
                uint k = k0 + cell % CLN_KB;
                float z = 0;
#pragma unroll
                for (uint l = 0; l < CLN_LANES; l++)
                    z += lane_sums[cell * CLN_LANES_APART + l];
                if (k < CLN_K)
                    logits[(cell / CLN_KB * CLN_ROWS + r) * CLN_LOGITS_APART + k] =
                        fma(CLN_CENTRED ? 1.0f : scale, z, CLN_BIAS ? w[k * CLN_LD + CLN_D] : 0.0f);
            }
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);

    for (uint c = item; c < CLN_GROUP_ROWS * CLN_MODELS; c += CLN_GROUP) {
        uint r = c / CLN_MODELS, model = c % CLN_MODELS, i = begin + r;
        row_loss[c] = 0;
        row_error[c] = 0;
        if (i < count) {
            ulong row = row_of(order, first, i);
            answer y = answer_of(target, row);
            float loss;
            uint best = finish_row(logits + r * CLN_LOGITS_APART + model * CLN_ONE, y, weight ? weight[row] : 1, model,
                                   residual ? residual + (ulong)i * CLN_KP + model * CLN_ONE : 0, &loss);
            row_loss[c] = loss;
            row_error[c] = is_error(best, y);
            if (predicted)
                predicted[i * CLN_MODELS + model] = best;
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint model = item; scores && model < CLN_MODELS; model += CLN_GROUP) {
        score sum = {0, 0};
        for (uint r = 0; r < CLN_GROUP_ROWS; r++) {
            sum.loss += row_loss[r * CLN_MODELS + model];
            sum.errors += row_error[r * CLN_MODELS + model];
        }
        scores[(first_score + get_group_id(0)) * CLN_MODELS + model] = sum;
    }
}
