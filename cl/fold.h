/*
 * Sums of the elements of several vectors at once: parts of two vectors are laid side by side and added, again and again, in steps
 * that are one instruction each and need no table of indices, which would take registers from the products around them.
 * fold_halves: the first half of x + y is a's sums, the second b's; the others do the same in narrower parts. (Assigned part by
 * part, for Oclgrind 21.10 fails on literals made of vectors.)
 */
#ifndef CLN_FOLD_H
#define CLN_FOLD_H

#include "types.h"

#if CLN_V == 16
static inline vec fold_halves(vec a, vec b)
{
    vec x, y;
    x.s01234567 = a.s01234567; x.s89abcdef = b.s01234567;
    y.s01234567 = a.s89abcdef; y.s89abcdef = b.s89abcdef;
    return x + y;
}
static inline vec fold_quarters(vec a, vec b)
{
    vec x, y;
    x.s0123 = a.s0123; x.s4567 = a.s89ab; x.s89ab = b.s0123; x.scdef = b.s89ab;
    y.s0123 = a.s4567; y.s4567 = a.scdef; y.s89ab = b.s4567; y.scdef = b.scdef;
    return x + y;
}
static inline vec fold_fours(vec a, vec b)
{
    vec x, y;
    x.s01 = a.s01; x.s23 = b.s01; x.s45 = a.s45; x.s67 = b.s45;
    x.s89 = a.s89; x.sab = b.s89; x.scd = a.scd; x.sef = b.scd;
    y.s01 = a.s23; y.s23 = b.s23; y.s45 = a.s67; y.s67 = b.s67;
    y.s89 = a.sab; y.sab = b.sab; y.scd = a.sef; y.sef = b.sef;
    return x + y;
}
static inline vec fold_pairs(vec a, vec b)
{
    vec x, y;
    x.s01 = a.s02; x.s23 = b.s02; x.s45 = a.s46; x.s67 = b.s46;
    x.s89 = a.s8a; x.sab = b.s8a; x.scd = a.sce; x.sef = b.sce;
    y.s01 = a.s13; y.s23 = b.s13; y.s45 = a.s57; y.s67 = b.s57;
    y.s89 = a.s9b; y.sab = b.s9b; y.scd = a.sdf; y.sef = b.sdf;
    return x + y;
}
#define FOLD_TO_FOURS(v, n, i) fold_quarters(fold_halves(OR_ZERO(v, n, i), OR_ZERO(v, n, i + 4)), \
                                             fold_halves(OR_ZERO(v, n, i + 8), OR_ZERO(v, n, i + 12)))
#elif CLN_V == 8
static inline vec fold_halves(vec a, vec b)
{
    vec x, y;
    x.s0123 = a.s0123; x.s4567 = b.s0123;
    y.s0123 = a.s4567; y.s4567 = b.s4567;
    return x + y;
}
static inline vec fold_fours(vec a, vec b)
{
    vec x, y;
    x.s01 = a.s01; x.s23 = b.s01; x.s45 = a.s45; x.s67 = b.s45;
    y.s01 = a.s23; y.s23 = b.s23; y.s45 = a.s67; y.s67 = b.s67;
    return x + y;
}
static inline vec fold_pairs(vec a, vec b)
{
    vec x, y;
    x.s01 = a.s02; x.s23 = b.s02; x.s45 = a.s46; x.s67 = b.s46;
    y.s01 = a.s13; y.s23 = b.s13; y.s45 = a.s57; y.s67 = b.s57;
    return x + y;
}
#define FOLD_TO_FOURS(v, n, i) fold_halves(OR_ZERO(v, n, i), OR_ZERO(v, n, i + 4))
#else
static inline vec fold_fours(vec a, vec b)
{
    vec x, y;
    x.s01 = a.s01; x.s23 = b.s01;
    y.s01 = a.s23; y.s23 = b.s23;
    return x + y;
}
static inline vec fold_pairs(vec a, vec b)
{
    vec x, y;
    x.s01 = a.s02; x.s23 = b.s02;
    y.s01 = a.s13; y.s23 = b.s13;
    return x + y;
}
#define FOLD_TO_FOURS(v, n, i) OR_ZERO(v, n, i)
#endif
#define OR_ZERO(v, n, i) ((i) < (n) ? (v)[i] : (vec)(0))

/* Element i: the sum of vector i's elements; 0 behind the last of n, up to V. */
static inline vec vec_sums(const vec *v, int n)
{
    vec four[4];
#pragma unroll
    for (int i = 0; i < 4; i++)
        four[i] = FOLD_TO_FOURS(v, n, i);
    return fold_pairs(fold_fours(four[0], four[1]), fold_fours(four[2], four[3]));
}

#endif
