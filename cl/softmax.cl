/*
 * Softmax, residual, loss and errors from logits that CLBlast has computed: softmax.h for each row of a block.
 *
 * A work-item takes CLN_ITEM_ROWS rows; those behind `count`, which pad the block, get a residual of zero.
 * Geometry: ceil(padded / (GROUP·ITEM_ROWS)) work-groups of CLN_GROUP work-items.
 */
#define CLN_LOGITS __global
#include "softmax.h"

#ifndef CLN_GROUP
#define CLN_GROUP 1
#endif
#ifndef CLN_ITEM_ROWS
#define CLN_ITEM_ROWS 8
#endif

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
softmax(__global float *restrict logits,      /* (padded,KP); becomes the residual, or the probabilities without a target */
        __global const uint *restrict target, /* (·), or NULL */
        __global const uint *restrict order,  /* (·), or NULL */
        ulong first, uint count, uint padded,
        __global uint *restrict predicted,    /* (count), or NULL */
        __global score *restrict scores,      /* from first_score on: one for each work-item with rows, or NULL */
        ulong first_score)
{
    uint begin = (uint)get_global_id(0) * CLN_ITEM_ROWS;
    uint end = min(begin + CLN_ITEM_ROWS, padded);
    float loss_sum = 0;
    uint errors = 0;

    for (uint i = begin; i < end; i++) {
        __global float *row = logits + (ulong)i * CLN_KP;
        if (i >= count) {
            for (uint k = 0; k < CLN_KP; k++)
                row[k] = 0;
            continue;
        }
        uint y = target ? target[row_of(order, first, i)] : CLN_K;
        float loss;
        uint best = softmax_row(row, y, row, &loss);
        loss_sum += loss;
        errors += best != y;
        if (predicted)
            predicted[i] = best;
    }
    if (scores && begin < count) {
        scores[first_score + get_global_id(0)].loss = loss_sum;
        scores[first_score + get_global_id(0)].errors = errors;
    }
}
