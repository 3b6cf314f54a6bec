/*
 * The products of a group of CLN_GROUP_ROWS rows with the weights, and of their residuals with the rows: CLN_ROWS rows against CLN_KB
 * outputs forward, CLN_FV vectors of features against CLN_KB outputs backward, always with their sums in registers. The rows are in
 * the first cache when they are read again.
 */
#ifndef CLN_PRODUCTS_CPU_H
#define CLN_PRODUCTS_CPU_H

#include "fold.h"
#include "types.h"

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

/* Beside the outputs of several models bytes become floats once a group, if that stays in the second cache. */
#ifndef CLN_UNPACK
#define CLN_UNPACK (CLN_BYTES && CLN_MODELS > 1 && CLN_BLOCKS > 1 && CLN_STRIDE * CLN_GROUP_ROWS <= 65536)
#endif

/* The rows at hand, and those that come next. */
typedef struct {
#if CLN_UNPACK
    vec unpacked[CLN_GROUP_ROWS][CLN_STRIDE / CLN_V];
#endif
#if CLN_SHIFTED
    float scale;
    __global const float *shift; /* (LD) */
#endif
    __global const feature *x[CLN_GROUP_ROWS], *next[CLN_GROUP_ROWS];
    uint count; /* at hand */
} group;

/* Behind the last row the last one again, its results dropped. cold: the rows have not been asked for; those that come next are,
   while the gradient of these is made. */
static inline void find_rows(group *rows, __global const feature *x, __global const uint *order, ulong first, uint begin, uint end,
                             bool cold)
{
    rows->count = min((uint)CLN_GROUP_ROWS, end - begin);
    if (cold)
        for (uint r = 0; r < rows->count; r++)
            for (uint j = 0; j < CLN_STRIDE; j += 64 / sizeof(feature))
                PREFETCH(x + row_of(order, first, begin + r) * CLN_STRIDE + j);
    for (uint r = 0; r < CLN_GROUP_ROWS; r++) {
        rows->x[r] = x + row_of(order, first, begin + min(r, rows->count - 1)) * CLN_STRIDE;
        rows->next[r] = x + row_of(order, first, min(begin + CLN_GROUP_ROWS + r, end - 1)) * CLN_STRIDE;
    }
}

#if CLN_UNPACK
#define FEATURES(rows, r, j) ((rows)->unpacked[r][(j) / CLN_V])
static inline void unpack_rows(group *rows)
{
    for (uint r = 0; r < CLN_GROUP_ROWS; r++)
        for (uint j = 0; j < CLN_STRIDE; j += CLN_V)
            rows->unpacked[r][j / CLN_V] = XLOAD(rows->x[r] + j);
}
#else
#if CLN_SHIFTED
#define FEATURES(rows, r, j) fma(XLOAD((rows)->x[r] + (j)), (vec)((rows)->scale), -LOAD((rows)->shift + (j)))
#else
#define FEATURES(rows, r, j) XLOAD((rows)->x[r] + (j))
#endif
static inline void unpack_rows(group *rows)
{
    (void)rows;
}
#endif

#define LOGITS (CLN_BLOCKS * CLN_KB + CLN_V) /* vectors are stored at every KB-th */

/* X·Wᵀ of the group's rows, all of which pass by KB outputs' weights while these are in the first cache. */
static inline void multiply(const group *rows, __global const float *w /* (k,LD) */, float (*product)[LOGITS])
{
    for (uint k0 = 0; k0 < CLN_K; k0 += CLN_KB)
        for (uint r0 = 0; r0 < rows->count; r0 += CLN_ROWS) {
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
                    xv[r] = FEATURES(rows, r0 + r, j);
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
    for (uint k0 = 0; k0 < CLN_K; k0 += CLN_KB)
        for (uint j = 0; j < CLN_STRIDE; j += CLN_FV * CLN_V) {
            uint column[CLN_FV]; /* behind the row its last vector again, stored once */
#pragma unroll
            for (uint v = 0; v < CLN_FV; v++)
                column[v] = min(j + v * CLN_V, (uint)(CLN_STRIDE - CLN_V));
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
                        xv[v] = FEATURES(rows, r, column[v]);
                    if (k0 == 0)
                        PREFETCH(rows->next[r] + j);
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

#endif
