/*
 * Softmax regression for CPUs in one reading of the data: logits, softmax, loss and errors of a block of rows and, where it is
 * asked for, the gradient in partial sums over stretches of rows.
 *
 *   z (count,k) = scale · X·Wᵀ + b, then softmax.h's formulas for each row
 *   partial[s] (k,LD) = Σ over the rows of stretch s of r_k · x_j,   bias[s] (KP) = Σ r
 *
 * One work-item takes one stretch, CLN_GROUP_ROWS rows at a time: CLN_ROWS rows against CLN_KB outputs forward, CLN_FV vectors of
 * features against CLN_KB outputs backward, always with their sums in registers; no local memory and no barrier, whose loops
 * PoCL could not keep there. The rows are in the first cache when they are read again.
 *
 * A launch may begin with the step that the launch before it has left pending: each work-item makes the new weights for itself, in
 * a slot of its own, from that launch's partial sums. And the single work-item of a minibatch with one stretch may take
 * several minibatches, a step between each two. Both save the launch of sgd_step, bit for bit the same.
 * Geometry: `splits` work-groups of one work-item. The cut depends on the rows alone, so the bits repeat.
 */
#include "fold.h"
#include "softmax_rows.h"
#include "update.h"

#ifndef CLN_GROUP_ROWS
#define CLN_GROUP_ROWS 16 /* a multiple of CLN_ROWS and CLN_V */
#endif
#ifndef CLN_ROWS
#define CLN_ROWS 2
#endif
#ifndef CLN_KB
#define CLN_KB 10
#endif
#ifndef CLN_FV
#define CLN_FV 2
#endif
#define CLN_BLOCKS ((CLN_K + CLN_KB - 1) / CLN_KB)

#ifdef CLN_PREFETCH /* the compiler is clang and its target a CPU: OpenCL's own prefetch() does nothing on PoCL */
#define PREFETCH(pointer) __builtin_prefetch((const void *)(uintptr_t)(pointer))
#else
#define PREFETCH(pointer)
#endif

/* The rows at hand, and those that come next. */
typedef struct {
    __global const feature *x[CLN_GROUP_ROWS + CLN_ROWS];
    uint count; /* at hand */
} group;

/* Behind the last row the last one again, its results dropped. */
static inline void find_rows(group *rows, __global const feature *x, __global const uint *order, ulong first, uint begin, uint end)
{
    rows->count = min((uint)CLN_GROUP_ROWS, end - begin);
    for (uint r = 0; r < CLN_GROUP_ROWS + CLN_ROWS; r++) {
        uint i = r < CLN_GROUP_ROWS ? min(r, rows->count - 1) : r;
        rows->x[r] = x + row_of(order, first, min(begin + i, end - 1)) * CLN_STRIDE;
    }
}

#define LOGITS (CLN_BLOCKS * CLN_KB + CLN_V) /* vectors are stored at every KB-th */

/* X·Wᵀ of the group's rows. */
static inline void multiply(const group *rows, __global const float *w /* (k,LD) */, float (*product)[LOGITS])
{
    for (uint r0 = 0; r0 < rows->count; r0 += CLN_ROWS)
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
                for (uint r = 0; r < CLN_ROWS; r++) {
                    xv[r] = XLOAD(rows->x[r0 + r] + j);
                    PREFETCH(rows->x[r0 + CLN_ROWS + r] + j);
                }
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
                for (uint k = 0; k < CLN_KB; k += CLN_V)
                    CLN_JOIN(vstore, CLN_V)(vec_sums(sum[r] + k, CLN_KB - (int)k), 0, product[r0 + r] + k0 + k);
        }
    for (uint r = (rows->count + CLN_ROWS - 1) / CLN_ROWS * CLN_ROWS; r < CLN_GROUP_ROWS; r++)
        for (uint k = 0; k < CLN_K; k++)
            product[r][k] = 0;
}

/* partial (k,LD) = Σ r_k · x_j over the group's rows, or that added to it. residual: V rows side by side, 0 behind output k. */
static inline void accumulate(const group *rows, const vec (*residual)[CLN_BLOCKS * CLN_KB], uint add, __global float *partial)
{
    for (uint j = 0; j < CLN_STRIDE; j += CLN_FV * CLN_V) {
        uint column[CLN_FV]; /* behind the row its last vector again, stored once */
#pragma unroll
        for (uint v = 0; v < CLN_FV; v++)
            column[v] = min(j + v * CLN_V, (uint)(CLN_STRIDE - CLN_V));
        for (uint k0 = 0; k0 < CLN_K; k0 += CLN_KB) {
            vec sum[CLN_KB][CLN_FV];
#pragma unroll
            for (uint k = 0; k < CLN_KB; k++)
#pragma unroll
                for (uint v = 0; v < CLN_FV; v++)
                    sum[k][v] = add ? LOAD(partial + min(k0 + k, (uint)CLN_K - 1) * CLN_LD + column[v]) : (vec)(0);
            for (uint r0 = 0; r0 < rows->count; r0 += CLN_V) {
                const float *at = (const float *)(residual[r0 / CLN_V] + k0);
                for (uint r = r0; r < min(r0 + CLN_V, rows->count); r++, at++) {
                    vec xv[CLN_FV];
#pragma unroll
                    for (uint v = 0; v < CLN_FV; v++)
                        xv[v] = XLOAD(rows->x[r] + column[v]);
#pragma unroll
                    for (uint k = 0; k < CLN_KB; k++) {
                        vec rk = (vec)(at[k * CLN_V]);
#pragma unroll
                        for (uint v = 0; v < CLN_FV; v++)
                            sum[k][v] = fma(rk, xv[v], sum[k][v]);
                    }
                }
            }
#pragma unroll
            for (uint k = 0; k < CLN_KB; k++)
#pragma unroll
                for (uint v = 0; v < CLN_FV; v++)
                    if (k0 + k < CLN_K && j + v * CLN_V < CLN_STRIDE)
                        STORE(sum[k][v], partial + (k0 + k) * CLN_LD + column[v]);
        }
    }
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
fused(__global const feature *restrict x,        /* (·,STRIDE) */
      __global const uint *restrict target,      /* (·), or NULL */
      __global const uint *restrict order,       /* (·), or NULL */
      ulong first, uint rows,
      uint batch,                                /* rows between two steps: `rows`, or fewer where there is one stretch */
      uint stretch,                              /* rows: ceil(batch / splits) */
      float scale,
      __global const float *w,                   /* (k,LD) */
      __global const float *v,                   /* (k,LD); read where a step is made, as all up to `step` */
      uint pending,                              /* splits of the sums behind the step to begin with; 0: none */
      __global const float *restrict old_partial, /* (pending,k,LD) */
      __global const float *restrict old_bias,    /* (pending,KP) */
      __global float *new_w,                     /* (splits,k,LD); with one stretch it may be w */
      __global float *new_v,                     /* (k,LD); with one stretch it may be v */
      sgd step,
      __global float *partial,                   /* (splits,k,LD), or NULL: no gradient */
      __global float *bias,                      /* (splits,KP) */
      __global float *restrict residual,         /* (rows,KP), probabilities without target; or NULL */
      __global uint *restrict predicted,         /* (rows), or NULL */
      __global score *restrict scores,           /* from first_score on: for each minibatch one a work-item, or NULL */
      ulong first_score)
{
    uint split = (uint)get_group_id(0), splits = (uint)get_num_groups(0);
    uvec lane;
    for (uint e = 0; e < CLN_V; e++)
        ((uint *)&lane)[e] = e;
    new_w += (ulong)split * CLN_K * CLN_LD;
    if (partial) {
        partial += (ulong)split * CLN_K * CLN_LD;
        bias += (ulong)split * CLN_KP;
    }

    for (uint done = 0; done < rows; done += batch, first_score += splits) {
        uint count = min(batch, rows - done);
        uint begin = done + min(split * stretch, count), end = done + min((split + 1) * stretch, count);

        if (done || pending) {
            for (uint k = 0; k < CLN_K; k++)
                for (uint j = 0; j < CLN_LD; j += CLN_V) {
                    uint at = k * CLN_LD + j;
                    vec velocity = LOAD(v + at), sum = done ? collected(partial, bias, 1, scale, k, j)
                                                            : collected(old_partial, old_bias, pending, scale, k, j);
                    STORE(moved(sum, LOAD(w + at), &velocity, j, step), new_w + at);
                    if (split == 0)
                        STORE(velocity, new_v + at);
                }
            w = new_w;
            v = new_v;
        }

        float loss_sum = 0; /* scalars: vectors that live through the products would take their registers */
        uint errors = 0;
        if (partial)
            for (uint k = 0; k < CLN_KP; k++)
                bias[k] = 0;
        if (partial && begin == end) /* the other stretches were enough */
            for (uint j = 0; j < CLN_K * CLN_LD; j += CLN_V)
                STORE((vec)(0), partial + j);
        for (uint i = begin; i < end; i += CLN_GROUP_ROWS) {
            group near;
            float product[CLN_GROUP_ROWS][LOGITS];
            vec z[CLN_GROUP_ROWS / CLN_V][CLN_BLOCKS * CLN_KB];
            find_rows(&near, x, order, first, i, end);
            multiply(&near, w, product);
            for (uint r0 = 0; r0 < near.count; r0 += CLN_V) {
                vec *zr = z[r0 / CLN_V], loss;
                uvec y;
                for (uint r = 0; r < CLN_V; r++)
                    ((uint *)&y)[r] = target && r0 + r < near.count ? target[row_of(order, first, i + r0 + r)] : CLN_K;
                for (uint k = 0; k < CLN_K; k++) {
                    vec zk;
                    for (uint r = 0; r < CLN_V; r++)
                        ELEMENT(zk, r) = product[r0 + r][k];
                    zr[k] = fma((vec)(scale), zk, (vec)(CLN_BIAS ? w[k * CLN_LD + CLN_D] : 0.0f));
                }
                uvec best = softmax_rows(zr, y, &loss);

                ivec there = lane < near.count - r0;
                loss_sum += vec_sum(select((vec)(0), loss, there));
                errors += (uint)vec_sum(select((vec)(0), (vec)(1), there & (best != y)));
                if (partial)
                    for (uint k = 0; k < CLN_K; k++)
                        bias[k] += vec_sum(select((vec)(0), zr[k], there));
                for (uint k = CLN_K; k < CLN_BLOCKS * CLN_KB; k++)
                    zr[k] = (vec)(0);
                for (uint r = 0; r < CLN_V && r0 + r < near.count; r++) {
                    if (predicted)
                        predicted[i + r0 + r] = ((uint *)&best)[r];
                    for (uint k = 0; residual && k < CLN_KP; k++)
                        residual[(ulong)(i + r0 + r) * CLN_KP + k] = k < CLN_K ? ELEMENT(zr[k], r) : 0;
                }
            }
            if (partial)
                accumulate(&near, z, i > begin, partial);
        }
        if (scores) {
            scores[first_score + split].loss = loss_sum;
            scores[first_score + split].errors = errors;
        }
    }
}
