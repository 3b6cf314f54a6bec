/*
 * What means and standard deviations of the columns are computed from, in stretches of at most CLN_STRETCH rows, c any row and u powers
 * of two (STRIDE):
 *
 *   first_row  c_j = x_0j of a block of rows, as floats
 *   moments    partials (stretches,3,STRIDE): Σδ_j, Σδ_j² and max |x_j| over a stretch, δ_j = x_j·u_j − c_j, for the host to add up in
 *              double
 *
 * For bytes c is a row of the data, u = 1, |δ| ≤ 255 and 256·255² < 2²⁴, so that every partial sum is exact. For floats each sum is off by
 * at most (STRETCH + 2)·u·Σ|term|, u = 2⁻²⁴ (Higham 2002, Accuracy and Stability of Numerical Algorithms, 4.2: recursive summation):
 * terms are small where c is near the mean, whatever the mean is. x·u is exact, and brings a column to about 1, where no square that
 * counts underflows or overflows. What is not finite makes its sums so. Behind feature d all is 0.
 *
 * Geometry: ceil(STRIDE / (GROUP·V)) work-groups of CLN_GROUP work-items, V columns each; moments in the second dimension as many
 * as there are stretches.
 */
#include "types.h"

#ifndef CLN_GROUP
#define CLN_GROUP 1
#endif
#ifndef CLN_STRETCH
#define CLN_STRETCH 256
#endif

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
first_row(__global const feature *restrict x,  /* (·,STRIDE) */
          __global const uint *restrict order, /* (·), or NULL */
          ulong first,
          __global float *restrict c)          /* (STRIDE) */
{
    uint j = (uint)get_global_id(0) * CLN_V;
    if (j < CLN_STRIDE)
        STORE(XLOAD(x + row_of(order, first, 0) * CLN_STRIDE + j), c + j);
}

__attribute__((reqd_work_group_size(CLN_GROUP, 1, 1))) __kernel void
moments(__global const feature *restrict x,  /* (·,STRIDE) */
        __global const uint *restrict order, /* (·), or NULL */
        ulong first, uint count,
        __global const float *restrict c,    /* (STRIDE) */
        __global const float *restrict unit, /* (STRIDE) */
        __global float *restrict partials)   /* (stretches,3,STRIDE) */
{
    uint j = (uint)get_global_id(0) * CLN_V, stretch = (uint)get_group_id(1);
    if (j >= CLN_STRIDE)
        return;
    uint begin = stretch * CLN_STRETCH, end = min(begin + CLN_STRETCH, count);
    vec centre = LOAD(c + j), power = LOAD(unit + j), sum = (vec)(0), squares = (vec)(0), largest = (vec)(0);
    for (uint i = begin; i < end; i++) {
        vec value = XLOAD(x + row_of(order, first, i) * CLN_STRIDE + j), delta = value * power - centre;
        sum += delta;
        squares = fma(delta, delta, squares);
        largest = fmax(largest, fabs(value));
    }
    STORE(sum, partials + (ulong)stretch * 3 * CLN_STRIDE + j);
    STORE(squares, partials + ((ulong)stretch * 3 + 1) * CLN_STRIDE + j);
    STORE(largest, partials + ((ulong)stretch * 3 + 2) * CLN_STRIDE + j);
}
