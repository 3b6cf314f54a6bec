/*
 * Residual, loss and errors from logits that CLBlast has computed, in place. The formulas are row.h's; softmax with its own loss of a
 * single model goes in whole vectors, for a row may have thousands of outputs.
 *
 * A work-item takes CLN_ITEM_ROWS rows; those behind `count`, which pad the block, get a residual of zero.
 * Geometry: ceil(padded / (GROUP·ITEM_ROWS)) work-groups of CLN_GROUP work-items.
 */
#define CLN_LOGITS __global
#include "row.h"

#ifndef CLN_GROUP
#define CLN_GROUP 1
#endif
#ifndef CLN_ITEM_ROWS
#define CLN_ITEM_ROWS 8
#endif

#if CLN_LOSS == CROSS_ENTROPY && CLN_TARGET == ONEHOT && CLN_MODELS == 1
/* The elements of a vector combined, always in the same order. */
static inline float largest_of(kvec v)
{
    float largest = ELEMENT(v, 0);
    for (uint e = 1; e < CLN_KV; e++)
        largest = fmax(largest, ELEMENT(v, e));
    return largest;
}

static inline float sum_of(kvec v)
{
    float sum = ELEMENT(v, 0);
    for (uint e = 1; e < CLN_KV; e++)
        sum += ELEMENT(v, e);
    return sum;
}

/* The first output whose logit is `largest`. */
static inline uint first_of(__global const float *z, float largest)
{
    uint k = 0;
    while (!any(isequal(*(__global const kvec *)(z + k), (kvec)(largest))))
        k += CLN_KV;
    while (z[k] != largest)
        k++;
    return k;
}

/* In: z (KP), a row of logits; what lies behind the first k does not matter. Out: the residual times `weight`, or the probabilities where y is CLN_K,
   0 behind output k. Returns the predicted class: the first largest, or CLN_K where a logit is NaN. *loss, times the weight, is 0 without a target. A
   NaN or a largest logit that is infinite makes all outputs NaN. */
static inline uint finish_in_place(__global float *z, uint y, float weight, float *loss)
{
    kvec top = (kvec)(-INFINITY), sums = (kvec)(0);
    CLN_JOIN(int, CLN_KV) unordered = 0;
    for (uint k = CLN_K; k < CLN_KP; k++)
        z[k] = -INFINITY;
    for (uint k = 0; k < CLN_KP; k += CLN_KV) {
        unordered |= isnan(KVEC(z + k));
        top = fmax(top, KVEC(z + k));
    }
    float largest = largest_of(top);
    float margin = y < CLN_K ? z[y] - largest : 0;
    uint predicted = any(unordered) ? CLN_K : first_of(z, largest);

    for (uint k = 0; k < CLN_KP; k += CLN_KV) {
        kvec p = exp(KVEC(z + k) - largest);
        sums += p;
        KVEC(z + k) = p;
    }
    float sum = sum_of(sums), share = 1 / sum;
    *loss = y < CLN_K ? (log(sum) - margin) * weight : 0;
    for (uint k = 0; k < CLN_KP; k += CLN_KV)
        KVEC(z + k) *= share;
    if (y < CLN_K)
        z[y] -= 1;
    if (weight != 1)
        for (uint k = 0; k < CLN_KP; k += CLN_KV)
            KVEC(z + k) *= weight;
    for (uint k = CLN_K; k < CLN_KP; k++)
        z[k] = 0;
    return predicted;
}

#define FINISH(z, y, weight, model, loss) finish_in_place(z, y, weight, loss)
#else
#define FINISH(z, y, weight, model, loss) finish_row(z, y, weight, model, z, loss)
#endif

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
residual(__global float *restrict logits,             /* (padded,KP); becomes the residual, or without a target the outputs */
         __global const target_type *restrict target, /* (·), of REAL (·,ONE), or NULL */
         __global const float *restrict weight,       /* (·), or NULL */
         __global const uint *restrict order,         /* (·), or NULL */
         ulong first, uint count, uint padded,
         __global uint *restrict predicted,           /* (·,MODELS), from first_row on, or NULL */
         uint first_row,
         __global score *restrict scores,             /* (·,MODELS), from first_score on: for each work-item with rows, or NULL */
         ulong first_score)
{
    uint begin = (uint)get_global_id(0) * CLN_ITEM_ROWS;
    uint end = min(begin + CLN_ITEM_ROWS, padded);

    for (uint i = max(begin, count); i < end; i++)
        for (uint k = 0; k < CLN_KP; k += CLN_KV)
            KVEC(logits + (ulong)i * CLN_KP + k) = 0;
    for (uint model = 0; model < CLN_MODELS && begin < count; model++) {
        score sum = {0, 0};
        for (uint i = begin; i < min(end, count); i++) {
            __global float *z = logits + (ulong)i * CLN_KP + model * CLN_ONE;
            ulong row = row_of(order, first, i);
            answer y = answer_of(target, row);
            float loss;
            uint best = FINISH(z, y, weight ? weight[row] : 1, model, &loss);
            sum.loss += loss;
            sum.errors += is_error(best, y);
            if (predicted)
                predicted[(first_row + i) * CLN_MODELS + model] = best;
        }
        if (scores)
            scores[(first_score + get_global_id(0)) * CLN_MODELS + model] = sum;
    }
}
