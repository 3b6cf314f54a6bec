#define _GNU_SOURCE
/* What was measured nearest to a problem, and which of CLBlast's parameters fit a device. */
#include "compute/fake.h"

#include <stddef.h>

static cln_tuned_engine engine_at(uint32_t d, uint32_t k, uint32_t n, cln_type type)
{
    return (cln_tuned_engine){{d, k, n, type}, d, k};
}

START_TEST(the_nearest_case_is_found)
{
    static cln_tuning tuning;
    tuning.engine_count = 0;
    const cln_tuned_engine rows[] = {engine_at(784, 10, 600, CLN_UINT8), engine_at(784, 64, 600, CLN_UINT8),
                                     engine_at(784, 10, 32, CLN_UINT8), engine_at(784, 20, 600, CLN_FLOAT32)};
    for (size_t i = 0; i < 4; i++)
        cln_tuning_put_engine(&tuning, &rows[i]);
    static const struct {
        cln_case of;
        int expected; /* −1: none is near */
    } cases[] = {
        {{784, 10, 600, CLN_UINT8}, 0},        {{784, 64, 600, CLN_UINT8}, 1},       {{784, 10, 32, CLN_UINT8}, 2},
        {{784, 20, 600, CLN_FLOAT32}, 3},      {{784, 20, 600, CLN_UINT8}, 0},       {{784, 40, 600, CLN_UINT8}, 1},
        {{784, 10, 100, CLN_UINT8}, 2},        {{784, 10, 200, CLN_UINT8}, 0},       {{1000, 12, 500, CLN_UINT8}, 0},
        {{784 * 16, 10, 600, CLN_UINT8}, 0},   {{784 * 17, 10, 600, CLN_UINT8}, -1}, {{784, 10, 4096, CLN_UINT8}, 0},
        {{784, 10, 4000000000, CLN_UINT8}, 0}, {{784, 2, 600, CLN_UINT8}, -1},       {{784, 100, 600, CLN_FLOAT32}, -1},
        {{1, 1, 1, CLN_FLOAT32}, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const cln_tuned_engine *found = cln_tuning_engine(&tuning, &cases[i].of);
        int index = found ? (int)(found - tuning.engines) : -1;
        ck_assert_msg(index == cases[i].expected, "case %zu: row %d", i, index);
    }
    ck_assert_ptr_null(cln_tuning_engine(NULL, &cases[0].of));

    /* one row for a case: the last */
    cln_tuned_engine newer = rows[0];
    newer.fused_ms = 99;
    cln_tuning_put_engine(&tuning, &newer);
    ck_assert_uint_eq(tuning.engine_count, 4);
    ck_assert(tuning.engines[0].fused_ms == 99);
}
END_TEST

START_TEST(shapes_are_of_their_kind)
{
    measure(&cpu);
    measure(&gpu);
    cln_case of = cln_case_of(&problem), many = of, none = of;
    many.rows = 50000;
    none.type = CLN_FLOAT32;
    ck_assert_uint_eq(cln_tuning_shape(cpu.tuning, CLN_SHAPE_CPU, &of)->shape.split_rows, 321);
    ck_assert_uint_eq(cln_tuning_shape(cpu.tuning, CLN_SHAPE_CPU, &many)->shape.split_rows, 1234);
    many.rows = 1500; /* more than twice as many as one, less than half as many as the other */
    ck_assert_ptr_null(cln_tuning_shape(cpu.tuning, CLN_SHAPE_CPU, &many));
    ck_assert_ptr_null(cln_tuning_shape(cpu.tuning, CLN_SHAPE_GPU, &of));
    ck_assert_ptr_null(cln_tuning_shape(cpu.tuning, CLN_SHAPE_CPU, &none));
    ck_assert_ptr_null(cln_tuning_shape(NULL, CLN_SHAPE_CPU, &of));
    ck_assert_uint_eq(cln_tuning_shape(gpu.tuning, CLN_SHAPE_GPU, &of)->shape.split_rows, 321);
}
END_TEST

START_TEST(products_are_near_and_alike)
{
    measure(&cpu);
    ck_assert_ptr_nonnull(cln_tuning_product(cpu.tuning, &(cln_product){608, 16, 800, false}));
    ck_assert_ptr_nonnull(cln_tuning_product(cpu.tuning, &(cln_product){208, 16, 800, false}));
    ck_assert_ptr_null(cln_tuning_product(cpu.tuning, &(cln_product){144, 16, 800, false})); /* less than a quarter */
    ck_assert_ptr_null(cln_tuning_product(cpu.tuning, &(cln_product){608, 16, 800, true}));
    ck_assert_ptr_null(cln_tuning_product(cpu.tuning, &(cln_product){608, 1008, 800, false}));
    ck_assert_ptr_null(cln_tuning_product(NULL, &(cln_product){608, 16, 800, false}));
}
END_TEST

START_TEST(no_more_rows_than_there_is_room_for)
{
    static cln_tuning tuning;
    for (uint32_t d = 1; d <= CLN_TUNED_MOST + 3; d++) {
        cln_tuned_engine row = engine_at(d, 10, 600, CLN_UINT8);
        cln_tuning_put_engine(&tuning, &row);
    }
    ck_assert_uint_eq(tuning.engine_count, CLN_TUNED_MOST);
}
END_TEST

/* ---- CLBlast's parameters */

START_TEST(built_in_parameters_fit)
{
    for (uint32_t width = 1; width <= 32; width *= 2) {
        cln_facts facts = {.is_cpu = true, .native_float_width = width, .max_group_size = 64};
        cln_gemm gemm = cln_gemm_choose(&facts, &(cln_product){608, 16, 800, false});
        ck_assert(cln_gemm_fits(&facts, &gemm));
    }
}
END_TEST

START_TEST(parameters_that_do_not_fit)
{
    const cln_gemm good = {.kreg = 1,
                           .kwg = 16,
                           .kwi = 2,
                           .mdima = 8,
                           .mdimc = 8,
                           .mwg = 64,
                           .ndimb = 8,
                           .ndimc = 8,
                           .nwg = 64,
                           .sa = 1,
                           .sb = 1,
                           .vwm = 4,
                           .vwn = 4};
    ck_assert(cln_gemm_fits(&gpu.facts, &good));
    static const struct {
        size_t offset;
        uint32_t value;
    } wrong[] = {
#define WRONG(member, value) {offsetof(cln_gemm, member), value}
        WRONG(gemmk, 1),  WRONG(kreg, 2),  WRONG(kwg, 0),   WRONG(kwg, 12),  WRONG(kwg, 512),
        WRONG(kwi, 0),    WRONG(kwi, 3),   WRONG(mdima, 0), WRONG(mdima, 5), WRONG(mdimc, 0),
        WRONG(mdimc, 64), WRONG(mwg, 0),   WRONG(mwg, 48),  WRONG(mwg, 512), WRONG(ndimb, 0),
        WRONG(ndimb, 7),  WRONG(ndimc, 0), WRONG(nwg, 40),  WRONG(sa, 2),    WRONG(sb, 2),
        WRONG(strm, 2),   WRONG(strn, 2),  WRONG(vwm, 0),   WRONG(vwm, 3),   WRONG(vwn, 32),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cln_gemm gemm = good;
        memcpy((char *)&gemm + wrong[i].offset, &wrong[i].value, sizeof(uint32_t));
        ck_assert_msg(!cln_gemm_fits(&gpu.facts, &gemm), "wrong case %zu fits", i);
    }
    cln_facts small = gpu.facts;
    small.max_group_size = 63;
    ck_assert(!cln_gemm_fits(&small, &good));
    small = gpu.facts;
    small.info.local_bytes = 4 * 16 * 128 - 1;
    ck_assert(!cln_gemm_fits(&small, &good));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nearest");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], begin, end);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(ok, the_nearest_case_is_found);
    tcase_add_test(ok, shapes_are_of_their_kind);
    tcase_add_test(ok, products_are_near_and_alike);
    tcase_add_test(ok, built_in_parameters_fit);
    tcase_add_test(edges, no_more_rows_than_there_is_room_for);
    tcase_add_test(invalid, parameters_that_do_not_fit);
    return run_suite(suite);
}
