#include "reference/products.h"

#define INLINE static inline __attribute__((always_inline))
#define STEP   CLN_PRODUCTS_STEP
#define WIDTH  5 /* outputs at once: their sums fill the registers */

INLINE void convert(const void *x, cln_type type, uint64_t rows, uint32_t d, double scale, uint64_t ld, double *to)
{
    const uint8_t *bytes = x;
    const float *floats = x;
    for (uint64_t i = 0; i < rows; i++, to += ld)
        if (type == CLN_UINT8)
            for (uint32_t j = 0; j < d; j++)
                to[j] = scale * bytes[i * d + j];
        else
            for (uint32_t j = 0; j < d; j++)
                to[j] = scale * (double)floats[i * d + j];
}

/* z (width) ← z + w·x for one row x: STEP partial sums an output. `width` is a constant where this is inlined. */
INLINE void add_logits(const double *restrict x, uint64_t ld, const double *restrict w, const uint32_t width,
                       double *restrict z)
{
    double s[WIDTH][STEP] = {{0}};
    for (uint64_t j = 0; j < ld; j += STEP)
        for (uint32_t c = 0; c < width; c++)
            for (uint32_t l = 0; l < STEP; l++)
                s[c][l] += x[j + l] * w[c * ld + j + l];
    for (uint32_t c = 0; c < width; c++)
        z[c] += ((s[c][0] + s[c][1]) + (s[c][2] + s[c][3])) + ((s[c][4] + s[c][5]) + (s[c][6] + s[c][7]));
}

INLINE void logits(const double *x, uint64_t rows, uint64_t ld, const double *w, uint32_t k, double *z)
{
    for (uint64_t i = 0; i < rows; i++, x += ld, z += k) {
        uint32_t c = 0;
        for (; k - c >= WIDTH; c += WIDTH)
            add_logits(x, ld, w + c * ld, WIDTH, z + c);
        for (; c < k; c++)
            add_logits(x, ld, w + c * ld, 1, z + c);
    }
}

/* g (ld) ← g + r·x for one output of eight rows: one load and one store of g for all of them, yet row after row. */
INLINE void add_eight(const double *restrict x, uint64_t ld, const double *restrict r, uint64_t k, double *restrict g)
{
    double r0 = r[0], r1 = r[k], r2 = r[2 * k], r3 = r[3 * k], r4 = r[4 * k], r5 = r[5 * k], r6 = r[6 * k],
           r7 = r[7 * k];
    for (uint64_t j = 0; j < ld; j++) {
        double sum = g[j] + r0 * x[j];
        sum += r1 * x[ld + j];
        sum += r2 * x[2 * ld + j];
        sum += r3 * x[3 * ld + j];
        sum += r4 * x[4 * ld + j];
        sum += r5 * x[5 * ld + j];
        sum += r6 * x[6 * ld + j];
        g[j] = sum + r7 * x[7 * ld + j];
    }
}

INLINE void add_one(const double *restrict x, uint64_t ld, double r, double *restrict g)
{
    for (uint64_t j = 0; j < ld; j++)
        g[j] += r * x[j];
}

INLINE void gradient(const double *x, uint64_t rows, uint64_t ld, const double *r, uint32_t k, double *g)
{
    uint64_t i = 0;
    for (; rows - i >= 8; i += 8)
        for (uint32_t c = 0; c < k; c++)
            add_eight(x + i * ld, ld, r + i * k + c, k, g + c * ld);
    for (; i < rows; i++)
        for (uint32_t c = 0; c < k; c++)
            add_one(x + i * ld, ld, r[i * k + c], g + c * ld);
}

INLINE void squares(const double *restrict x, uint64_t ld, double weight, double *restrict to)
{
    for (uint64_t j = 0; j < ld; j++)
        to[j] += weight * (x[j] * x[j]);
}

INLINE void moments(const double *restrict x, uint64_t ld, const double *restrict centre, double weight,
                    double *restrict sums, double *restrict squares)
{
    for (uint64_t j = 0; j < ld; j++) {
        double beside = x[j] - centre[j], weighted = weight * beside;
        sums[j] += weighted;
        squares[j] += weighted * beside;
    }
}

/* Each of them for any processor of its kind and, on x86-64, for those with vectors of four doubles: the same operations in the same
   order, and so the same bits. */
#if defined(__x86_64__)
#define VERSIONS(name, parameters, arguments)                                                                          \
    __attribute__((target("avx2"))) static void name##_wide parameters                                                 \
    {                                                                                                                  \
        name arguments;                                                                                                \
    }                                                                                                                  \
    void cln_products_##name parameters                                                                                \
    {                                                                                                                  \
        if (__builtin_cpu_supports("avx2"))                                                                            \
            name##_wide arguments;                                                                                     \
        else                                                                                                           \
            name arguments;                                                                                            \
    }
#else
#define VERSIONS(name, parameters, arguments)                                                                          \
    void cln_products_##name parameters                                                                                \
    {                                                                                                                  \
        name arguments;                                                                                                \
    }
#endif

VERSIONS(convert, (const void *x, cln_type type, uint64_t rows, uint32_t d, double scale, uint64_t ld, double *to),
         (x, type, rows, d, scale, ld, to))
VERSIONS(logits, (const double *x, uint64_t rows, uint64_t ld, const double *w, uint32_t k, double *z),
         (x, rows, ld, w, k, z))
VERSIONS(gradient, (const double *x, uint64_t rows, uint64_t ld, const double *r, uint32_t k, double *g),
         (x, rows, ld, r, k, g))
VERSIONS(squares, (const double *x, uint64_t ld, double weight, double *to), (x, ld, weight, to))
VERSIONS(moments, (const double *x, uint64_t ld, const double *centre, double weight, double *sums, double *squares),
         (x, ld, centre, weight, sums, squares))
