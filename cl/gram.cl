/*
 * The Gram matrix of [X 1 Y], Y the labels one-hot: SIZE = D + 1 + K columns, cut into panels of CLN_PANEL. CLBlast multiplies the panels of
 * a block of rows pairwise; here they are packed, and its products are added up.
 *
 *   pack  panels (panels,padded,PANEL): x less 128 (bytes) or its column's centre (floats) in the first D columns, then 1, then 1
 *         where the label is the column's; 0 behind the rows and columns
 *   add   bytes:  sums (count) of longs, exact: |x − 128| ≤ 128, so that sums of up to 1024 products stay below 2²⁴ in float
 *         floats: sums (2,count): sums, and what their rounding lost (Knuth's two-sum)
 *
 * Geometry: pack has a work-group of CLN_GROUP work-items for each of the padded rows; add ceil(count / (GROUP·SPAN)) work-groups,
 * whose work-items take CLN_SPAN sums each, GROUP apart.
 */
#include "types.h"

#ifndef CLN_GROUP
#define CLN_GROUP 1
#endif
#ifndef CLN_PANEL
#define CLN_PANEL 160
#endif
#ifndef CLN_PANELS
#define CLN_PANELS 5
#endif
#ifndef CLN_SPAN
#define CLN_SPAN 64
#endif

#if CLN_BYTES
#define CENTRE(centre, j)     ((void)(centre), 128)
#define CENTRE_VEC(centre, j) 128
typedef CLN_JOIN(long, CLN_V) sum_vec;
#else
#define CENTRE(centre, j)     (centre)[j]
#define CENTRE_VEC(centre, j) LOAD((centre) + (j))
#endif

/* Column j of a row with label y. */
static inline float column_of(__global const feature *x, __global const float *centre, uint y, uint j)
{
    return j < CLN_D ? (float)x[j] - CENTRE(centre, j) : (j == CLN_D || j == CLN_D + 1 + y);
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
pack(__global const feature *restrict x,                             /* (·,STRIDE) */
     __global const uint *restrict target,                           /* (·), or NULL */
     __global const uint *restrict order,                            /* (·), or NULL */
     ulong first, uint count, __global const float *restrict centre, /* (STRIDE); bytes: NULL */
     __global float *restrict panels)                                /* (panels,padded,PANEL) */
{
    uint i = (uint)get_group_id(0), padded = (uint)get_num_groups(0);
    ulong row = i < count ? row_of(order, first, i) : 0;
    uint y = i < count && target ? target[row] : CLN_K;
    __global const feature *from = x + row * CLN_STRIDE;

    for (uint j = (uint)get_local_id(0) * CLN_V; j < CLN_PANELS * CLN_PANEL; j += CLN_GROUP * CLN_V) {
        vec value = (vec)(0);
        if (i < count && j + CLN_V <= CLN_D)
            value = XLOAD(from + j) - CENTRE_VEC(centre, j);
        else if (i < count && j < CLN_D + 1 + CLN_K)
            for (uint e = 0; e < CLN_V; e++)
                ELEMENT(value, e) = column_of(from, centre, y, j + e);
        STORE(value, panels + ((ulong)(j / CLN_PANEL) * padded + i) * CLN_PANEL + j % CLN_PANEL);
    }
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
add(__global const float *restrict products, /* (count) */
    uint count,                              /* a multiple of V */
#if CLN_BYTES
    __global long *restrict sums) /* (count) */
#else
    __global float *restrict sums) /* (2,count) */
#endif
{
    uint begin = (uint)get_group_id(0) * CLN_GROUP * CLN_SPAN + (uint)get_local_id(0) * CLN_V;
    uint end = min(begin + CLN_GROUP * CLN_SPAN, count);
    for (uint j = begin; j < end; j += CLN_GROUP * CLN_V) {
        vec product = LOAD(products + j);
#if CLN_BYTES
        *(__global sum_vec *)(sums + j) += CLN_JOIN(convert_long, CLN_V)(product);
#else
        vec sum = LOAD(sums + j), total = sum + product, part = total - sum;
        vec lost = (sum - (total - part)) + (product - part);
        STORE(total, sums + j);
        STORE(LOAD(sums + count + j) + lost, sums + count + j);
#endif
    }
}
