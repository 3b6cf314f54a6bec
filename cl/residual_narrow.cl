/*
 * Residual, loss and errors from logits that CLBlast has computed, as residual.cl does it, for narrow outputs on CPUs: V
 * rows side by side in registers, and the residual transposed, as the product for the gradient reads it.
 *
 * A work-item takes CLN_ITEM_ROWS rows; those behind `count`, which pad the block, get a residual of zero.
 * Geometry: ceil(padded / (GROUP·ITEM_ROWS)) work-groups of CLN_GROUP work-items.
 */
#include "rows.h"

#ifndef CLN_GROUP
#define CLN_GROUP 1
#endif
#ifndef CLN_ITEM_ROWS
#define CLN_ITEM_ROWS 16 /* a multiple of V and SCORE_ROWS, and a divisor of padded */
#endif
#ifndef CLN_SCORE_ROWS
#define CLN_SCORE_ROWS 8
#endif

/* V rows of logits (V,KP) as vectors z (k). */
static inline void load_rows(__global const float *logits, vec *z)
{
    for (uint k = 0; k < CLN_K; k++)
        for (uint r = 0; r < CLN_V; r++)
            ELEMENT(z[k], r) = logits[r * CLN_KP + k];
}

/* And back, the first `count` rows of them, 0 elsewhere. */
static inline void store_rows(const vec *z, uint count, __global float *residual /* (V,KP) */)
{
    for (uint r = 0; r < CLN_V; r++)
        for (uint k = 0; k < CLN_KP; k++)
            residual[r * CLN_KP + k] = r < count && k < CLN_K ? ELEMENT(z[k], r) : 0;
}

/* As columns, 0 where a row is not `there`. */
static inline void store_columns(const vec *z, ivec there, __global float *flipped /* (KP,padded) */, uint padded)
{
    for (uint k = 0; k < CLN_K; k++)
        STORE(select((vec)(0), z[k], there), flipped + (ulong)k * padded);
    for (uint k = CLN_K; k < CLN_KP; k++)
        STORE((vec)(0), flipped + (ulong)k * padded);
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
residual_narrow(__global float *restrict logits,      /* (padded,KP); with `keep` it becomes the residual, or the outputs */
                __global const target_type *restrict target, /* (·), of REAL (·,ONE), or NULL */
                __global const float *restrict weight, /* (·), or NULL */
                __global const uint *restrict order,  /* (·), or NULL */
                ulong first, uint count, uint padded, /* padded: a multiple of ITEM_ROWS */
                __global uint *restrict predicted,    /* (·,MODELS), from first_row on, or NULL */
                uint first_row,
                __global score *restrict scores,      /* (·,MODELS), from first_score on: for each SCORE_ROWS rows, or NULL */
                ulong first_score, uint keep,
                __global float *restrict flipped)     /* (KP,padded): the residual transposed, or NULL */
{
    uint begin = (uint)get_global_id(0) * CLN_ITEM_ROWS;
    float loss[CLN_MODELS][CLN_ITEM_ROWS];
    uint wrong[CLN_MODELS][CLN_ITEM_ROWS];
    if (begin >= padded)
        return;

    for (uint r0 = 0; r0 < CLN_ITEM_ROWS; r0 += CLN_V) {
        uint i = begin + r0, there = count - min(i, count);
        vec z[CLN_K], losses;
        answers a;
        uvec lane;
        for (uint r = 0; r < CLN_V; r++)
            ((uint *)&lane)[r] = r;
        find_answers(&a, target, weight, order, first, i, there);
        load_rows(logits + (ulong)i * CLN_KP, z);
        for (uint m = 0; m < CLN_MODELS; m++) {
            uvec best = finish_model(z + m * CLN_ONE, &a, &losses);
            ivec errors = wrong_rows(best, &a);
            for (uint r = 0; r < CLN_V; r++) {
                loss[m][r0 + r] = r < there ? ELEMENT(losses, r) : 0;
                wrong[m][r0 + r] = r < there && ((int *)&errors)[r] != 0;
                if (predicted && r < there)
                    predicted[(first_row + i + r) * CLN_MODELS + m] = ((uint *)&best)[r];
            }
        }
        if (keep)
            store_rows(z, there, logits + (ulong)i * CLN_KP);
        if (flipped)
            store_columns(z, lane < there, flipped + i, padded);
    }

    for (uint s = 0; scores && s < CLN_ITEM_ROWS && begin + s < count; s += CLN_SCORE_ROWS)
        for (uint m = 0; m < CLN_MODELS; m++) {
            score sum = {0, 0};
            for (uint r = s; r < s + CLN_SCORE_ROWS; r++) {
                sum.loss += loss[m][r];
                sum.errors += wrong[m][r];
            }
            scores[(first_score + (begin + s) / CLN_SCORE_ROWS) * CLN_MODELS + m] = sum;
        }
}
