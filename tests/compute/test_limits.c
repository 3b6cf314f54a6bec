/* Devices smaller than the one at hand: its facts are made worse, and this program has the function that tells a kernel's largest
   work-group in front of the OpenCL loader's. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "compute/blas.h"
#include "compute/engine_checks.h"

#include <dlfcn.h>

static cln_facts whole;
static bool ones; /* every kernel gets work-groups of one work-item */

cl_int clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id id, cl_kernel_work_group_info fact, size_t size,
                                void *value, size_t *needed)
{
    typedef cl_int function(cl_kernel, cl_device_id, cl_kernel_work_group_info, size_t, void *, size_t *);
    function *real;
    const size_t one = 1;
    *(void **)&real = dlsym(RTLD_NEXT, "clGetKernelWorkGroupInfo");
    cl_int code = real(kernel, id, fact, size, value, needed);
    if (ones && fact == CL_KERNEL_WORK_GROUP_SIZE && code == CL_SUCCESS)
        memcpy(value, &one, sizeof one);
    return code;
}

static void begin(void)
{
    whole = device->facts;
}

static void end(void)
{
    device->facts = whole;
    ones = false;
    ck_assert_uint_eq(device->bytes, 0);
}

static const char *const engines[] = {"fused", "clblast"};

/* The device's own choice of a shape for an engine. */
static cln_shape_kind kind_of(const sample *s, const char *engine)
{
    cln_plan *plan = NULL;
    cln_problem problem = sample_problem(s);
    MUST(cln_plan_create(device, engine, &problem, NULL, &plan, error));
    cln_shape_kind kind = plan->shape.kind;
    cln_plan_release(plan);
    return kind;
}

START_TEST(a_device_that_cannot_run_the_gpu_shape_gets_the_cpu_shape)
{
    sample s = sample_create(70, 33, 10, CLN_UINT8, true);
    device->facts.is_cpu = false;
    for (int i = 0; i < 4; i++) {
        device->facts.max_group_size = i == 1 ? 63 : whole.max_group_size;
        device->facts.info.local_bytes = i == 2 ? 4096 : whole.info.local_bytes;
        ones = i == 3;
        snprintf(place, sizeof place, "engine %s, limit %d", engines[_i], i);
        ck_assert_msg(kind_of(&s, engines[_i]) == (i ? CLN_SHAPE_CPU : CLN_SHAPE_GPU), "%s", place);
        if (i)
            check_engine(&s, engines[_i], NULL, 64 * 9);
    }
    cln_trial_free(&s);
}
END_TEST

/* All buffers of a block within the device's largest allocation, and the gradient right. */
START_TEST(blocks_fit_the_largest_allocation)
{
    sample s = sample_create(500, 100, 7, CLN_FLOAT32, true);
    truth t = truth_of(&s);
    cln_problem problem = sample_problem(&s);
    const uint64_t most[] = {64 << 10, 20 << 10, 12 << 10};
    for (int i = 0; i < 3; i++) {
        device->facts.info.max_alloc_bytes = most[i];
        snprintf(place, sizeof place, "engine %s, at most %llu bytes", engines[_i], (unsigned long long)most[i]);
        problem.block_rows = cln_plan_block_rows(device, engines[_i], &problem, s.n);
        rig r = {.s = &s};
        cln_dataset *data = NULL;
        MUST(cln_plan_create(device, engines[_i], &problem, NULL, &r.plan, error));
        MUST(cln_dataset_wrap(s.x, s.type, s.n, s.d, s.y, &data, error));
        MUST(cln_resident_begin(device, data, 0, &r.resident, error));
        MUST(cln_resident_finish(r.resident, problem.block_rows, NULL, error));
        r.w = guarded_weights(&s, r.plan->layout);
        r.gradient = guarded(NULL, (size_t)r.plan->layout.kp * r.plan->layout.ld * sizeof(float));
        for (uint32_t done = 0, count; done < s.n; done += count) {
            count = s.n - done < problem.block_rows ? s.n - done : problem.block_rows;
            cln_rows rows;
            cln_outcome outcome = {0};
            cln_sink sink = {.op = done ? CLN_ADD : CLN_STORE, .gradient = r.gradient};
            MUST(cln_resident_rows(r.resident, NULL, done, count, &rows, error));
            MUST(cln_plan_gradient(r.plan, &rows, r.w, &outcome, &sink, error));
        }
        check_gradient(&r, &t, 1);
        cln_buffer_release(device, &r.w);
        cln_buffer_release(device, &r.gradient);
        cln_resident_release(r.resident);
        cln_plan_release(r.plan);
        cln_dataset_close(data);
    }
    cln_truth_free(&t);
    cln_trial_free(&s);
}
END_TEST

/* Wide data on a device of the least memory that OpenCL allows: 128 MiB at once. */
START_TEST(blocks_follow_from_the_facts_alone)
{
    cln_device small = {.facts = {.native_float_width = 1, .info.max_alloc_bytes = 128u << 20}};
    for (uint32_t d = 1; d < 2000000; d = d * 3 + 1)
        for (uint32_t k = 1; k <= CLN_FUSED_OUTPUTS; k += 9)
            for (int i = 0; i < 4; i++) {
                cln_problem problem = {.features = d, .outputs = k, .type = i < 2 ? CLN_UINT8 : CLN_FLOAT32};
                cln_layout layout = cln_layout_of(d, k);
                uint64_t rows = cln_plan_block_rows(&small, engines[i % 2], &problem, 100000000);
                uint64_t width = i % 2 ? layout.ld : i == 0 ? layout.stride / 4 : layout.stride;
                ck_assert_uint_ge(rows, 16);
                ck_assert(i % 2 == 0 ||
                          (rows + 15) / 16 * 16 / 4 <= 65535); /* work-groups along the second dimension */
                if (rows > 16) {
                    ck_assert_uint_le(rows * width * 4, small.facts.info.max_alloc_bytes);
                    ck_assert_uint_le(rows * layout.kp * 4, small.facts.info.max_alloc_bytes);
                }
            }
}
END_TEST

/* CLBlast's kernels count elements in 32 bits with a sign. */
START_TEST(products_beyond_clblast_s_counters_are_refused)
{
    cln_error error = {0};
    ck_assert_int_eq(
        cln_blas_product(device, &(cln_product){65536, 16, 32768, false}, NULL, NULL, NULL, 0, NULL, &error),
        CLN_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.message, "2147483648"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_set_timeout(edges, 0);
    tcase_add_checked_fixture(edges, begin, end);
    tcase_add_loop_test(edges, a_device_that_cannot_run_the_gpu_shape_gets_the_cpu_shape, 0, 2);
    tcase_add_loop_test(edges, blocks_fit_the_largest_allocation, 0, 2);
    tcase_add_test(edges, blocks_follow_from_the_facts_alone);
    tcase_add_test(invalid, products_beyond_clblast_s_counters_are_refused);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return run_on_device(suite);
}
