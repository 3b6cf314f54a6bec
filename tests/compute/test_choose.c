#define _GNU_SOURCE
/* What was measured on a device decides engine, shape and parameters. */
#include "compute/plan.h"
#include "compute/tuning.h"
#include "device/opened.h"

#include <string.h>

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        cln_error error_ = {0}, *error = &error_;                                                                      \
        ck_assert_msg((call) == CLN_OK, "%s: %s", #call, error_.message);                                              \
    } while (0)

START_TEST(auto_takes_what_was_measured)
{
    cln_tuning *tuning;
    OK(cln_tuning_of(device, &tuning, error));
    cln_problem problem = {.features = 20, .outputs = 5, .type = CLN_FLOAT32, .scale = 1, .batch_rows = 10};
    problem.block_rows = 10;
    static const double times[][2] = {{2, 1}, {1, 2}};
    static const char *const expected[] = {"clblast", "fused"};
    for (int i = 0; i < 2; i++) {
        cln_plan *plan = NULL;
        cln_tuned_engine row = {cln_case_of(&problem), times[i][0], times[i][1]};
        cln_tuning_put_engine(tuning, &row);
        OK(cln_plan_create(device, "auto", &problem, NULL, &plan, error));
        ck_assert_str_eq(plan->engine->name, expected[i]);
        ck_assert(plan->engine_tuned && !plan->shape_tuned);
        cln_plan_release(plan);
        OK(cln_plan_create(device, "fused", &problem, NULL, &plan, error)); /* who asks gets it */
        ck_assert_str_eq(plan->engine->name, "fused");
        ck_assert(!plan->engine_tuned);
        cln_plan_release(plan);
    }
    tuning->engine_count = 0;
}
END_TEST

/* More outputs than the fused engine takes are CLBlast's, whatever was measured near. */
START_TEST(wide_outputs_are_clblast_s)
{
    cln_tuning *tuning;
    cln_plan *plan = NULL;
    OK(cln_tuning_of(device, &tuning, error));
    cln_problem problem = {.features = 20, .outputs = CLN_FUSED_OUTPUTS + 1, .scale = 1, .block_rows = 10};
    cln_tuned_engine row = {cln_case_of(&problem), 1, 2};
    cln_tuning_put_engine(tuning, &row);
    OK(cln_plan_create(device, "auto", &problem, NULL, &plan, error));
    ck_assert_str_eq(plan->engine->name, "clblast");
    cln_plan_release(plan);
    tuning->engine_count = 0;
}
END_TEST

START_TEST(a_measured_shape_is_taken_where_it_fits)
{
    cln_tuning *tuning;
    cln_plan *plan = NULL;
    OK(cln_tuning_of(device, &tuning, error));
    cln_problem problem = {.features = 20, .outputs = 5, .scale = 1, .block_rows = 10, .batch_rows = 10};
    cln_shape_kind kind = device->facts.is_cpu ? CLN_SHAPE_CPU : CLN_SHAPE_GPU;
    cln_tuned_shape row = {.of = cln_case_of(&problem), .shape = cln_shape_choose(&device->facts, &problem, kind)};
    uint32_t builtin = row.shape.split_rows;
    row.shape.split_rows = builtin + 1;
    cln_tuning_put_shape(tuning, &row);
    OK(cln_plan_create(device, "fused", &problem, NULL, &plan, error));
    ck_assert_uint_eq(plan->shape.split_rows, builtin + 1);
    ck_assert(plan->shape_tuned);
    cln_plan_release(plan);

    tuning->shapes[0].shape.kind = CLN_SHAPE_GPU;
    tuning->shapes[0].shape.lanes = 256;
    tuning->shapes[0].shape.slots = 64; /* more work-items than any device has */
    OK(cln_plan_create(device, "fused", &problem, NULL, &plan, error));
    ck_assert_uint_eq(plan->shape.split_rows, builtin);
    ck_assert(!plan->shape_tuned);
    cln_plan_release(plan);
    tuning->shape_count = 0;
}
END_TEST

START_TEST(a_measured_product_is_taken_and_told)
{
    cln_tuning *tuning;
    cln_plan *plan = NULL;
    cln_gemm gemm;
    OK(cln_tuning_of(device, &tuning, error));
    cln_problem problem = {.features = 20, .outputs = 5, .scale = 1, .block_rows = 10};
    cln_product product = {48, 16, 80, false}, other = {16, 16, 16000, false};
    cln_tuned_product row = {product, cln_gemm_choose(&device->facts, &product), 2, 1};
    row.gemm.kwg = 16;
    cln_tuning_put_product(tuning, &row);
    OK(cln_plan_create(device, "clblast", &problem, NULL, &plan, error));
    ck_assert(!cln_tuned_gemm(device, &other, &gemm));
    cln_plan_note_product(plan, &other, &gemm, false);
    ck_assert(!plan->product_tuned);
    for (int i = 0; i < 3; i++) {
        ck_assert(cln_tuned_gemm(device, &product, &gemm));
        ck_assert_mem_eq(&gemm, &row.gemm, sizeof gemm);
        cln_plan_note_product(plan, &product, &gemm, true);
    }
    ck_assert(plan->product_tuned);
    ck_assert_uint_eq(plan->used[0].product.k, other.k);
    ck_assert_mem_eq(&plan->used[1].gemm, &row.gemm, sizeof gemm);
    ck_assert_uint_eq(plan->used[2].product.k, 0);
    cln_plan_release(plan);
    tuning->product_count = 0;
}
END_TEST

static void nothing_left(void)
{
    ck_assert_uint_eq(device->bytes, 0);
}

int main(void)
{
    Suite *suite = suite_create("choose");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_set_timeout(ok, 0);
    tcase_set_timeout(edges, 0);
    tcase_add_checked_fixture(ok, NULL, nothing_left);
    tcase_add_checked_fixture(edges, NULL, nothing_left);
    tcase_add_test(ok, auto_takes_what_was_measured);
    tcase_add_test(ok, a_measured_product_is_taken_and_told);
    tcase_add_test(edges, wide_outputs_are_clblast_s);
    tcase_add_test(edges, a_measured_shape_is_taken_where_it_fits);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return run_on_device(suite);
}
