/* Parameters of CLBlast's Xgemm: the choices are ones that it takes, on every kind of device; with each, products of small whole
   numbers are exact, here. */
#include "base/random.h"
#include "base/size.h"
#include "compute/blas.h"
#include "compute/engine_checks.h"

#define NVIDIA 0x10de
#define AMD    0x1002
#define INTEL  0x8086

static cln_facts cpu_facts(uint32_t width)
{
    cln_facts facts = {.is_cpu = true, .native_float_width = width, .max_group_size = 4096};
    facts.info.compute_units = 2;
    facts.info.local_bytes = 1 << 20;
    return facts;
}

static cln_facts gpu_facts(uint32_t vendor, uint32_t units, size_t group, uint64_t local)
{
    cln_facts facts = {.native_float_width = 1, .vendor_id = vendor, .max_group_size = group};
    facts.info.compute_units = units;
    facts.info.local_bytes = local;
    return facts;
}

static const uint32_t sizes[] = {1, 7, 15, 16, 17, 61, 64, 65, 100, 785, 1000, 10001};

/* Fits the device; the kernel that takes b as it lies; padded sizes whole tiles, and no more padding than a tile of 256. */
static void check_choice(const cln_facts *facts, const cln_product *product)
{
    cln_gemm gemm = cln_gemm_choose(facts, product);
    cln_product padded = cln_gemm_padded(&gemm, product);
    snprintf(place, sizeof place, "cpu %d, vendor %x: a product of (%u,%u,%u), rows %d", facts->is_cpu,
             facts->vendor_id, product->n, product->m, product->k, product->rows);
    ck_assert_msg(cln_gemm_fits(facts, &gemm), "%s: the choice does not fit", place);
    ck_assert_msg(gemm.gemmk == product->rows, "%s: kernel %u", place, gemm.gemmk);
    ck_assert_msg(padded.n % gemm.nwg == 0 && padded.m % gemm.mwg == 0 && padded.k % (gemm.kwg * gemm.kreg) == 0 &&
                      padded.rows == product->rows,
                  "%s: no whole tiles", place);
    ck_assert_msg(padded.n >= product->n && padded.n < product->n + 128 && padded.m >= product->m &&
                      padded.m < product->m + 128 && padded.k >= product->k && padded.k < product->k + 32,
                  "%s: padded to (%u,%u,%u)", place, padded.n, padded.m, padded.k);
    if (facts->is_cpu && !product->rows)
        ck_assert_msg(padded.n <= product->n + product->n / 25 + 8 && padded.m <= product->m + product->m / 16 + 16,
                      "%s: too much padding: (%u,%u)", place, padded.n, padded.m);
}

START_TEST(choices_fit_every_device)
{
    const cln_facts devices[] = {cpu_facts(1),
                                 cpu_facts(4),
                                 cpu_facts(8),
                                 cpu_facts(16),
                                 gpu_facts(NVIDIA, 132, 1024, 49152),
                                 gpu_facts(NVIDIA, 4, 1024, 49152),
                                 gpu_facts(AMD, 64, 256, 65536),
                                 gpu_facts(INTEL, 24, 512, 65536),
                                 gpu_facts(0, 8, 64, 16384),
                                 gpu_facts(0, 1, 1, 1024)};
    for (size_t i = 0; i < CLN_COUNT(devices); i++)
        for (size_t n = 0; n < CLN_COUNT(sizes); n++)
            for (size_t m = 0; m < CLN_COUNT(sizes); m++)
                for (int rows = 0; rows < (devices[i].is_cpu ? 2 : 1); rows++)
                    check_choice(&devices[i], &(cln_product){sizes[n], sizes[m], 600, rows});
}
END_TEST

/* Large products get large tiles, and a GPU of many units smaller ones, so that none is idle. */
START_TEST(choices_follow_the_product)
{
    cln_facts few = gpu_facts(NVIDIA, 8, 1024, 49152), many = gpu_facts(NVIDIA, 132, 1024, 49152);
    cln_facts amd = gpu_facts(AMD, 64, 256, 65536), intel = gpu_facts(INTEL, 24, 512, 65536), cpu = cpu_facts(16);
    cln_product square = {1000, 1000, 600, false}, narrow = {10, 785, 600, false};
    ck_assert_uint_eq(cln_gemm_choose(&few, &square).mwg, 128);
    ck_assert_uint_eq(cln_gemm_choose(&many, &square).mwg, 32);
    ck_assert_uint_eq(cln_gemm_choose(&many, &narrow).nwg, 16);
    ck_assert_uint_eq(cln_gemm_choose(&amd, &square).ndimc, 16);
    ck_assert_uint_eq(cln_gemm_choose(&intel, &square).mwg, 64);
    ck_assert_uint_eq(cln_gemm_choose(&cpu, &square).mwg, 48);
    ck_assert_uint_eq(cln_gemm_choose(&cpu, &square).nwg, 112);
}
END_TEST

/* One condition broken at a time. */
START_TEST(what_cannot_run_does_not_fit)
{
    cln_facts facts = gpu_facts(NVIDIA, 132, 1024, 49152);
    const cln_gemm good = {0, 1, 16, 2, 16, 16, 64, 16, 8, 64, 1, 1, 0, 0, 4, 4};
    const cln_gemm rows = {1, 4, 1, 1, 1, 1, 16, 1, 1, 16, 0, 0, 0, 0, 16, 4};
    ck_assert(cln_gemm_fits(&facts, &good) && cln_gemm_fits(&facts, &rows));
#define REFUSED(from, member, value)                                                                                   \
    do {                                                                                                               \
        cln_gemm bad = from;                                                                                           \
        bad.member = value;                                                                                            \
        ck_assert_msg(!cln_gemm_fits(&facts, &bad), #from "." #member " = " #value " fits");                           \
    } while (0)
    REFUSED(good, gemmk, 2);
    REFUSED(good, gemmk, 1); /* which has no local memory */
    REFUSED(good, kreg, 2);
    REFUSED(good, kwg, 12);
    REFUSED(good, kwg, 0);
    REFUSED(good, kwi, 3);
    REFUSED(good, mdima, 3);
    REFUSED(good, mdimc, 32);
    REFUSED(good, mwg, 96 + 1);
    REFUSED(good, ndimb, 32);
    REFUSED(good, ndimc, 32);
    REFUSED(good, nwg, 48);
    REFUSED(good, nwg, 512);
    REFUSED(good, sa, 2);
    REFUSED(good, strn, 2);
    REFUSED(good, vwm, 3);
    REFUSED(good, vwn, 8);
    REFUSED(rows, nwg, 32); /* wrong results before CLBlast 1.6.3 */
    REFUSED(rows, vwn, 8);
    REFUSED(rows, sa, 1);
    REFUSED(rows, strm, 1);
#undef REFUSED
    facts.max_group_size = 64;
    ck_assert(!cln_gemm_fits(&facts, &good));
    facts = gpu_facts(NVIDIA, 132, 1024, 4096);
    ck_assert(!cln_gemm_fits(&facts, &good));
}
END_TEST

/* ---- products, here */

static float *draw(cln_random *random, size_t count)
{
    float *values = calloc(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)cln_random_below(random, 9) - 4;
    return values;
}

static double term(const cln_product *p, const float *a, const float *b, uint32_t i, uint32_t j, uint32_t k)
{
    return (double)a[(size_t)k * p->m + j] * (double)(p->rows ? b[(size_t)i * p->k + k] : b[(size_t)k * p->n + i]);
}

/* c of `count` products one behind the other against plain sums. */
static void check_sums(const cln_product *p, uint32_t count, const float *a, const float *b, float beta, cl_mem d_c)
{
    float *c = read_floats(d_c, (size_t)count * p->n * p->m);
    for (uint32_t t = 0; t < count; t++)
        for (uint32_t i = 0; i < p->n; i++)
            for (uint32_t j = 0; j < p->m; j++) {
                const float *a_t = a + (size_t)t * p->k * p->m, *b_t = b + (size_t)t * p->k * p->n;
                double sum = (double)beta * 3, got = (double)c[((size_t)t * p->n + i) * p->m + j];
                for (uint32_t k = 0; k < p->k; k++)
                    sum += term(p, a_t, b_t, i, j, k);
                ck_assert_msg(got == sum, "%s, product %u: (%u,%u): %g, not %g", place, t, i, j, got, sum);
            }
    free(c);
}

static void check_products(const cln_product *p, uint32_t count, const cln_gemm *gemm, float beta)
{
    size_t a_count = (size_t)count * p->k * p->m, b_count = (size_t)count * p->k * p->n,
           c_count = (size_t)count * p->n * p->m;
    cln_random random;
    cln_random_seed(&random, p->n * 1000003ull + p->m * 1009ull + p->k, count);
    snprintf(place, sizeof place, "%u products (%u,%u,%u), rows %d, beta %g, MWG %u NWG %u", count, p->n, p->m, p->k,
             p->rows, (double)beta, gemm->mwg, gemm->nwg);
    float *a = draw(&random, a_count), *b = draw(&random, b_count), *c = calloc(c_count, sizeof *c);
    for (size_t i = 0; i < c_count; i++)
        c[i] = 3;
    cl_mem d_a = guarded(a, a_count * 4), d_b = guarded(b, b_count * 4), d_c = guarded(c, c_count * 4);
    if (count == 1)
        MUST(cln_blas_product(device, p, gemm, d_b, d_a, beta, d_c, error));
    else
        MUST(cln_blas_products(device, p, count, gemm, d_b, d_a, d_c, error));
    check_sums(p, count, a, b, beta, d_c);
    check_guard(&d_a, a_count * 4);
    check_guard(&d_b, b_count * 4);
    check_guard(&d_c, c_count * 4);
    free(a);
    free(b);
    free(c);
}

/* Sizes as they come, so that CLBlast pads, and padded, so that it does not. */
static void check_both(cln_product product, const cln_gemm *gemm)
{
    cln_product padded = cln_gemm_padded(gemm, &product);
    check_products(&padded, 1, gemm, 0);
    check_products(&padded, 1, gemm, 1);
    check_products(&product, 1, gemm, 0);
}

static const cln_product products[] = {
    {1, 1, 1, false},      {7, 61, 64, false}, {64, 7, 61, false}, {100, 785, 33, false}, {47, 95, 769, false},
    {17, 49, 1700, false}, {1, 7, 61, true},   {61, 1, 64, true},  {64, 61, 7, true},     {65, 17, 785, true},
};
#define PRODUCTS ((int)CLN_COUNT(products))

START_TEST(products_of_this_device_are_exact)
{
    MUST(cln_blas_prepare(device, error));
    cln_gemm gemm = cln_gemm_choose(&device->facts, &products[_i]);
    check_both(products[_i], &gemm);
}
END_TEST

/* The choices for GPUs, run where the tests run. */
START_TEST(choices_for_gpus_multiply_right)
{
    const cln_facts gpus[] = {gpu_facts(NVIDIA, 1, 1024, 49152), gpu_facts(NVIDIA, 3, 1024, 49152),
                              gpu_facts(NVIDIA, 132, 1024, 49152), gpu_facts(AMD, 3, 256, 65536),
                              gpu_facts(0, 1, 1, 1024)};
    MUST(cln_blas_prepare(device, error));
    for (size_t i = 0; i < CLN_COUNT(gpus); i++)
        for (int narrow = 0; narrow < 2; narrow++) {
            cln_product product = {narrow ? 7 : 200, 193, 61, false};
            cln_gemm gemm = cln_gemm_choose(&gpus[i], &product);
            if (cln_gemm_fits(&device->facts, &gemm))
                check_both(product, &gemm);
        }
}
END_TEST

START_TEST(many_products_in_one_launch_are_exact)
{
    cln_product product = {16, 32, 61, false};
    MUST(cln_blas_prepare(device, error));
    cln_gemm gemm = cln_gemm_choose(&device->facts, &product);
    cln_product padded = cln_gemm_padded(&gemm, &product);
    for (uint32_t count = 2; count < 4; count++)
        check_products(&padded, count, &gemm, 0);
}
END_TEST

static void nothing_left(void)
{
    ck_assert_uint_eq(device->bytes, 0);
}

int main(void)
{
    Suite *suite = suite_create("gemm");
    TCase *ok = tcase_create("ok"), *run = tcase_create("run"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, choices_fit_every_device);
    tcase_add_test(ok, choices_follow_the_product);
    tcase_set_timeout(run, 0);
    tcase_add_checked_fixture(run, NULL, nothing_left);
    tcase_add_loop_test(run, products_of_this_device_are_exact, 0, PRODUCTS);
    tcase_add_test(run, choices_for_gpus_multiply_right);
    tcase_add_test(run, many_products_in_one_launch_are_exact);
    tcase_add_test(invalid, what_cannot_run_does_not_fit);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, run);
    suite_add_tcase(suite, invalid);
    return run_on_device(suite);
}
