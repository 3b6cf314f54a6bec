/*
 * Rows that lie scattered over the chunks of a data set, brought together: row i of the result is row order[first + i], or
 * first + i without an order, if this chunk holds it. Launched once for each chunk. Features, the CLN_TARGETS words of a row's target
 * (a label, or as many floats as the row has real-valued targets) and its weight go as they are.
 *
 * Geometry: (ceil(count / GROUP)) work-groups of CLN_GROUP work-items, one row each.
 */
#include "types.h"

#ifndef CLN_GROUP
#define CLN_GROUP 1
#endif
#ifndef CLN_TARGETS
#define CLN_TARGETS 1
#endif

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
gather(__global const feature *restrict x,      /* (chunk_rows,STRIDE): rows chunk_first … of the data set */
       __global const uint *restrict target,    /* (chunk_rows,TARGETS), or NULL */
       __global const float *restrict weight,   /* (chunk_rows), or NULL */
       ulong chunk_first, ulong chunk_rows,
       __global const uint *restrict order,     /* (·), or NULL */
       ulong first, uint count,
       __global feature *restrict gathered,     /* (count,STRIDE) */
       __global uint *restrict gathered_target, /* (count,TARGETS), or NULL with target */
       __global float *restrict gathered_weight /* (count), or NULL with weight */)
{
    uint i = (uint)get_global_id(0);
    if (i >= count)
        return;
    ulong row = row_of(order, first, i) - chunk_first; /* huge for a row before the chunk */
    if (row >= chunk_rows)
        return;
    for (uint j = 0; j < CLN_STRIDE; j += CLN_V)
        *(__global features *)(gathered + (ulong)i * CLN_STRIDE + j) =
            *(__global const features *)(x + row * CLN_STRIDE + j);
    if (target)
        for (uint j = 0; j < CLN_TARGETS; j++)
            gathered_target[(ulong)i * CLN_TARGETS + j] = target[row * CLN_TARGETS + j];
    if (weight)
        gathered_weight[i] = weight[row];
}
