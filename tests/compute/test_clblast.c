/* The engine on CLBlast, with the parameters that it takes on this device. (CLBlast's first product compiles for many seconds.) */
#include "compute/blas.h"
#include "compute/engine_checks.h"

static const struct {
    uint32_t n, d, k;
    cln_type type;
    bool bias;
    uint64_t most_bytes; /* of a chunk */
} cases[] = {
    {1, 1, 1, CLN_FLOAT32, true, 0},    {7, 2, 3, CLN_UINT8, true, 0},      {17, 61, 7, CLN_UINT8, false, 0},
    {65, 61, 13, CLN_FLOAT32, true, 0}, {63, 784, 10, CLN_UINT8, true, 0},  {50, 33, 100, CLN_UINT8, true, 0},
    {41, 61, 5, CLN_UINT8, true, 300},  {600, 784, 10, CLN_UINT8, true, 0},
};
#define CASES ((int)(sizeof cases / sizeof *cases))

/* The packing and update kernels in the shape for CPUs and in that for GPUs. */
START_TEST(agrees_with_the_reference)
{
    sample s = sample_create(cases[_i].n, cases[_i].d, cases[_i].k, cases[_i].type, cases[_i].bias);
    cln_problem problem = sample_problem(&s);
    for (int kind = CLN_SHAPE_CPU; kind <= CLN_SHAPE_GPU; kind++) {
        cln_shape shape = cln_shape_choose(&device->facts, &problem, (cln_shape_kind)kind);
        snprintf(place, sizeof place, "clblast n=%u d=%u k=%u, shape %d", s.n, s.d, s.k, kind);
        check_engine(&s, "clblast", &shape, cases[_i].most_bytes);
    }
    sample_free(&s);
}
END_TEST

START_TEST(auto_takes_it_for_wide_outputs)
{
    cln_problem problem = {20, CLN_FUSED_OUTPUTS, CLN_FLOAT32, 1, true, 10};
    const char *const expected[] = {"fused", "clblast"};
    for (uint32_t i = 0; i < 2; i++) {
        cln_plan *plan = NULL;
        problem.outputs = CLN_FUSED_OUTPUTS + i;
        MUST(cln_plan_create(device, "auto", &problem, NULL, &plan, error));
        ck_assert_str_eq(plan->engine->name, expected[i]);
        cln_plan_release(plan);
    }
}
END_TEST

/* c = bᵀ·a + beta·c against plain sums, small whole numbers, so exact. */
START_TEST(product_is_exact_on_whole_numbers)
{
    enum { N = 32, M = 48, K = 80 };
    static float a[K * M], b[K * N], c[N * M];
    cln_random random;
    cln_random_seed(&random, 7, 0);
    for (int i = 0; i < K * M; i++)
        a[i] = (float)cln_random_below(&random, 9) - 4;
    for (int i = 0; i < K * N; i++)
        b[i] = (float)cln_random_below(&random, 9) - 4;
    for (int i = 0; i < N * M; i++)
        c[i] = (float)i;
    MUST(cln_blas_prepare(device, error));
    cl_mem d_a = guarded(a, sizeof a), d_b = guarded(b, sizeof b), d_c = guarded(c, sizeof c);
    cln_product size = {N, M, K, false};
    cln_gemm gemm = cln_gemm_choose(&device->facts, &size);
    MUST(cln_blas_product(device, &size, &gemm, d_b, d_a, 1, d_c, error));
    float *product = read_floats(d_c, N * M);
    for (int n = 0; n < N; n++)
        for (int m = 0; m < M; m++) {
            float sum = c[n * M + m];
            for (int k = 0; k < K; k++)
                sum += b[k * N + n] * a[k * M + m];
            ck_assert_msg(product[n * M + m] == sum, "(%d,%d): %g, not %g", n, m, (double)product[n * M + m],
                          (double)sum);
        }
    free(product);
    check_guard(&d_a, sizeof a);
    check_guard(&d_b, sizeof b);
    check_guard(&d_c, sizeof c);
}
END_TEST

START_TEST(clblast_s_codes_become_words)
{
    cln_error error = {0};
    cl_mem small = guarded(NULL, 16);
    ck_assert_int_eq(cln_blas_product(device, &(cln_product){16, 16, 16, false}, NULL, small, small, 0, small, &error),
                     CLN_DEVICE);
    ck_assert_msg(strstr(error.message, "too small") != NULL, "%s", error.message);
    check_guard(&small, 16);
}
END_TEST

static void nothing_left(void)
{
    ck_assert_uint_eq(device->bytes, 0);
}

int main(void)
{
    Suite *suite = suite_create("clblast");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_set_timeout(ok, 0);
    tcase_add_checked_fixture(ok, NULL, nothing_left);
    tcase_add_loop_test(ok, agrees_with_the_reference, 0, CASES);
    tcase_add_test(ok, auto_takes_it_for_wide_outputs);
    tcase_add_test(ok, product_is_exact_on_whole_numbers);
    tcase_add_test(invalid, clblast_s_codes_become_words);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, invalid);
    return run_on_device(suite);
}
