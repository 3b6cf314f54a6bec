/* Products by CLBlast, of matrices with outliers, at all their elements or, where those are too many, at some. */
#include "measure/selftest.h"

#include "base/random.h"
#include "base/size.h"
#include "compute/blas.h"
#include "compute/tuning.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define LENGTHS 20000000u /* multiplications on the host, about */

typedef struct product {
    cln_device *device;
    cln_product of, padded;
    cln_gemm gemm;
    float *h_a, *h_b; /* (k,m), (k,n) */
    cln_guarded a, b, c;
    cln_check *check;
} product;

/* −1 … 1, and of 500 one that is forty times as large. */
static void draw(cln_random *random, float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(int32_t)cln_random_next(random) * 0x1p-31f * (cln_random_below(random, 500) == 0 ? 40 : 1);
}

/* A matrix (rows,columns) at the corner of one (tall,wide) of zeros, or of its transpose, on the device. */
static cln_status upload(product *p, const float *from, uint32_t rows, uint32_t columns, uint32_t tall, uint32_t wide,
                         bool transposed, cln_guarded *to, cln_error *error)
{
    cln_status status;
    float *padded = NULL;
    TRY(cln_allocate((void **)&padded, (uint64_t)tall * wide, sizeof *padded, "a matrix to try", error));
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            padded[transposed ? j * tall + i : i * wide + j] = from[i * columns + j];
    TRY(cln_guarded_create(p->device, padded, (size_t)tall * wide * sizeof *padded, to, error));
out:
    free(padded);
    return status;
}

static cln_status lay_out(product *p, cln_error *error)
{
    cln_status status;
    const cln_product *of = &p->of, *padded = &p->padded;
    cln_random random;
    uint64_t a = (uint64_t)of->k * of->m, b = (uint64_t)of->k * of->n;
    cln_random_seed(&random, a, b);
    TRY(cln_allocate((void **)&p->h_a, a, sizeof *p->h_a, "a matrix to try", error));
    TRY(cln_allocate((void **)&p->h_b, b, sizeof *p->h_b, "a matrix to try", error));
    draw(&random, p->h_a, a);
    draw(&random, p->h_b, b);
    TRY(upload(p, p->h_a, of->k, of->m, padded->k, padded->m, false, &p->a, error));
    TRY(upload(p, p->h_b, of->k, of->n, padded->k, padded->n, of->rows, &p->b, error));
    TRY(upload(p, NULL, 0, 0, padded->n, padded->m, false, &p->c, error));
out:
    return status;
}

/* c is `times` the product: k products and sums, each off by a unit roundoff at most, and a sum of as many. */
static cln_status check(product *p, double times, cln_error *error)
{
    cln_status status;
    float *c = NULL;
    size_t n = p->of.n, m = p->of.m, k = p->of.k, wide = p->padded.m, cells = n * m;
    size_t most = LENGTHS / k + 1, step = cells > most ? cells / most | 1 : 1; /* odd, to meet all columns */
    TRY(cln_guarded_floats(p->device, p->c.memory, p->padded.n * wide, &c, error));
    for (size_t s = 0; s <= cells / step; s++) { /* the last one, too */
        size_t at = s * step < cells ? s * step : cells - 1, i = at / m, j = at % m;
        double sum = 0, size = 0;
        for (size_t l = 0; l < k; l++) {
            double term = (double)p->h_b[l * n + i] * (double)p->h_a[l * m + j];
            sum += term;
            size += fabs(term);
        }
        cln_check_value(p->check, (double)c[i * wide + j], times * sum,
                        times * ((double)k + 8) * CLN_UNIT_ROUNDOFF * size, "element (%zu,%zu)", i, j);
    }
    for (size_t i = 0; i < p->padded.n; i++)
        for (size_t j = i < n ? m : 0; j < wide; j++)
            cln_check_value(p->check, (double)c[i * wide + j], 0, 0, "the padding's (%zu,%zu)", i, j);
out:
    free(c);
    return status;
}

static cln_status test(product *p, cln_error *error)
{
    cln_status status;
    TRY(cln_blas_prepare(p->device, error));
    TRY(lay_out(p, error));
    for (int add = 0; add < 2; add++) {
        TRY(cln_blas_product(p->device, &p->padded, &p->gemm, p->b.memory, p->a.memory, (float)add, p->c.memory,
                             error));
        TRY(check(p, 1 + add, error));
    }
    TRY(cln_guarded_check(p->device, &p->a, "right operand", p->check, error));
    TRY(cln_guarded_check(p->device, &p->b, "left operand", p->check, error));
    TRY(cln_guarded_check(p->device, &p->c, "product", p->check, error));
out:
    return status;
}

/* With the parameters that are in force for the product `as`, stored and added to what was there. */
static cln_status test_with(cln_device *device, const cln_product *of, const cln_product *as, cln_check *check,
                            cln_error *error)
{
    cln_error found = {0};
    product p = {.device = device, .of = *of, .check = check};
    cln_tuned_gemm(device, as, &p.gemm);
    p.padded = cln_gemm_padded(&p.gemm, of);
    cln_status status = test(&p, &found);
    cln_guarded_release(device, &p.a);
    cln_guarded_release(device, &p.b);
    cln_guarded_release(device, &p.c);
    free(p.h_a);
    free(p.h_b);
    return cln_selftest_judge(status, &found, check, error);
}

/* ---- which products */

/* As compute/clblast.c and gram.c ask for them, with `rows` on CPUs; and at awkward sizes with the same parameters, for others take
   seconds to compile. */
static const cln_product products[][4] = {
    {{10, 785, 512, true}, {7, 65, 61, true}, {1, 1, 1, true}, {65, 61, 7, true}},
    {{1000, 785, 512, false}, {65, 61, 7, false}, {1, 1, 1, false}, {61, 65, 200, false}},
    {{160, 160, 256, false}, {7, 64, 65, false}, {1, 61, 1, false}, {65, 1, 64, false}},
};

static bool quickly_multiplied(const cln_product *of)
{
    uint64_t a = (uint64_t)of->m * of->k, b = (uint64_t)of->n * of->k, c = (uint64_t)of->n * of->m;
    return a < 1u << 24 && b < 1u << 24 && c < 1u << 24;
}

/* Products with the parameters of the first of them. */
static cln_status test_product(cln_selftest *s, const cln_product *list, size_t count, const char *prefix,
                               cln_error *error)
{
    cln_status status = CLN_OK;
    char name[64];
    cln_check check = {.name = name};
    bool rows = list->rows && s->device->facts.is_cpu;
    cln_product as = list[0];
    as.rows = rows;
    snprintf(name, sizeof name, "%s %ux%ux%u%s", prefix, as.n, as.m, as.k, rows ? " rows" : "");
    for (size_t i = 0; i < count && !s->telling.stopped; i++) {
        cln_product of = list[i];
        of.rows = rows;
        if (s->simulated && (uint64_t)of.n * of.m * of.k > 5000)
            continue;
        snprintf(check.place, sizeof check.place, "(%u,%u) by (%u,%u)", of.n, of.k, of.k, of.m);
        if (cln_selftest_goes_on(s, &check))
            TRY(test_with(s->device, &of, &as, &check, error));
    }
    cln_selftest_tell(s, &check);
out:
    return status;
}

size_t cln_selftest_product_parts(const cln_selftest *s)
{
    const cln_tuning *tuning = s->device->tuning;
    return CLN_COUNT(products) * CLN_COUNT(products[0]) + (tuning ? tuning->product_count : 0);
}

cln_status cln_selftest_products(cln_selftest *s, cln_error *error)
{
    cln_status status = CLN_OK;
    const cln_tuning *tuning = s->device->tuning;
    for (size_t i = 0; i < CLN_COUNT(products) && !s->telling.stopped; i++)
        TRY(test_product(s, products[i], CLN_COUNT(products[i]), "product", error));
    for (size_t i = 0; tuning && i < tuning->product_count && !s->telling.stopped; i++)
        if (quickly_multiplied(&tuning->products[i].of))
            TRY(test_product(s, &tuning->products[i].of, 1, "tuned product", error));
out:
    return status;
}
