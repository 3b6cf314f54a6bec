#include "solve/pairs.h"

#include "base/size.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Eight sums side by side: the compiler may use vectors without changing the order, and so the bits. */
double cln_dot(uint64_t count, const double *a, const double *b)
{
    double sums[8] = {0};
    uint64_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (int lane = 0; lane < 8; lane++)
            sums[lane] += a[i + (uint64_t)lane] * b[i + (uint64_t)lane];
    for (; i < count; i++)
        sums[i % 8] += a[i] * b[i];
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/* a ← a + factor·b */
static void add(uint64_t count, double *a, double factor, const double *b)
{
    for (uint64_t i = 0; i < count; i++)
        a[i] += factor * b[i];
}

cln_status cln_pairs_create(uint64_t count, uint32_t most, cln_pairs *pairs, cln_error *error)
{
    cln_status status = CLN_OK;
    uint64_t elements = 0;
    *pairs = (cln_pairs){.count = count, .most = most};
    if (!cln_multiply(count, most, &elements)) /* which no memory can hold */
        elements = UINT64_MAX;
    TRY(cln_allocate((void **)&pairs->s, elements, sizeof(double), "steps of L-BFGS", error));
    TRY(cln_allocate((void **)&pairs->y, elements, sizeof(double), "gradients of L-BFGS", error));
    TRY(cln_allocate((void **)&pairs->sy, most, sizeof(double), "curvatures of L-BFGS", error));
    TRY(cln_allocate((void **)&pairs->weight, most, sizeof(double), "weights of L-BFGS", error));
out:
    return status;
}

uint64_t cln_pairs_bytes(uint64_t count, uint32_t most)
{
    return (2 * (uint64_t)most * count + 2 * (uint64_t)most) * sizeof(double);
}

void cln_pairs_release(cln_pairs *pairs)
{
    free(pairs->s);
    free(pairs->y);
    free(pairs->sy);
    free(pairs->weight);
    *pairs = (cln_pairs){0};
}

void cln_pairs_add(cln_pairs *pairs, const double *x0, const double *g0, const double *x1, const double *g1)
{
    uint64_t count = pairs->count;
    uint32_t row = pairs->pairs ? (pairs->newest + 1) % pairs->most : 0;
    double *s = pairs->s + row * count, *y = pairs->y + row * count;
    if (pairs->pairs == pairs->most) /* the oldest, whose row this is, goes either way */
        pairs->pairs--;
    double terms = 0; /* without their signs: no unit of a variable counts, as it would in y·y */
    for (uint64_t i = 0; i < count; i++) {
        s[i] = x1[i] - x0[i];
        y[i] = g1[i] - g0[i];
        terms += fabs(s[i] * y[i]);
    }
    double sy = cln_dot(count, s, y);
    if (!(sy > DBL_EPSILON * terms))
        return;
    pairs->sy[row] = sy;
    pairs->newest = row;
    pairs->pairs++;
}

void cln_pairs_forget(cln_pairs *pairs)
{
    pairs->pairs = 0;
}

/* c by the newest pair, y'·metric⁻¹·y' / s·y' with y' = y − ridge·s; 1 where the pair does not tell. The ridge, which is exact, is left
   out. Otherwise variables whose curvature is nearly all ridge would get steps that are too long because of c, again and again, and s·y
   would not show it where their share of it is small. */
static double curvature(const cln_pairs *pairs)
{
    const double *s = pairs->s + pairs->newest * pairs->count, *y = pairs->y + pairs->newest * pairs->count;
    double along = 0, square = 0;
    for (uint64_t i = 0; i < pairs->count; i++) {
        double metric = pairs->metric ? pairs->metric[i] : 1, rest = y[i] - (pairs->ridge ? pairs->ridge[i] * s[i] : 0);
        along += s[i] * rest;
        square += metric > 0 ? rest * rest / metric : 0;
    }
    double c = square / along;
    return along > 0 && isfinite(c) && c > 0 ? c : 1;
}

/* v ← H₀·v. */
static void apply_initial(const cln_pairs *pairs, double *v)
{
    double c = pairs->pairs ? curvature(pairs) : 1;
    for (uint64_t i = 0; i < pairs->count; i++) {
        double diagonal = (pairs->metric ? c * pairs->metric[i] : c) + (pairs->ridge ? pairs->ridge[i] : 0);
        v[i] /= diagonal > 0 ? diagonal : 1;
    }
}

void cln_pairs_apply(cln_pairs *pairs, double *v)
{
    uint64_t count = pairs->count;
    for (uint32_t age = 0; age < pairs->pairs; age++) {
        uint32_t row = (pairs->newest + pairs->most - age) % pairs->most;
        pairs->weight[row] = cln_dot(count, pairs->s + row * count, v) / pairs->sy[row];
        add(count, v, -pairs->weight[row], pairs->y + row * count);
    }
    apply_initial(pairs, v);
    for (uint32_t age = pairs->pairs; age-- > 0;) {
        uint32_t row = (pairs->newest + pairs->most - age) % pairs->most;
        double other = cln_dot(count, pairs->y + row * count, v) / pairs->sy[row];
        add(count, v, pairs->weight[row] - other, pairs->s + row * count);
    }
}
