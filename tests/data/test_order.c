#define _GNU_SOURCE
#include "data/order.h"
#include "harness.h"

#include <string.h>

/* From a separate program (PCG32 as published, Knuth's algorithm P), in another language. */
START_TEST(stored_orders)
{
    uint32_t order[10];
    cln_order_shuffle(order, 10, 0, 1);
    ck_assert_mem_eq(order, ((uint32_t[]){0, 5, 6, 9, 8, 3, 1, 4, 2, 7}), sizeof order);
    cln_order_shuffle(order, 10, 0, 2);
    ck_assert_mem_eq(order, ((uint32_t[]){9, 7, 0, 3, 5, 8, 6, 4, 1, 2}), sizeof order);
    cln_order_shuffle(order, 10, 1, 1);
    ck_assert_mem_eq(order, ((uint32_t[]){6, 3, 5, 4, 8, 0, 1, 7, 2, 9}), sizeof order);
}
END_TEST

START_TEST(each_row_once)
{
    const uint32_t rows = 60000;
    uint32_t *order = malloc(rows * sizeof *order), in_place = 0;
    bool *seen = calloc(rows, 1);
    cln_order_shuffle(order, rows, 0, 1);
    ck_assert_mem_eq(order, ((uint32_t[]){30434, 47136, 7249, 54523, 11215}), 20);
    ck_assert_mem_eq(order + rows - 3, ((uint32_t[]){32990, 43964, 53417}), 12);
    for (uint32_t i = 0; i < rows; i++) {
        ck_assert_uint_lt(order[i], rows);
        ck_assert(!seen[order[i]]);
        seen[order[i]] = true;
        in_place += order[i] == i;
    }
    ck_assert_uint_lt(in_place, 12); /* Poisson with mean 1 */
    free(order);
    free(seen);
}
END_TEST

/* All 24 orders of four rows equally often: chi-square, 23 degrees of freedom, above 60 once in 30,000 seeds. */
START_TEST(orders_are_uniform)
{
    const double expected = 1000;
    double counts[256] = {0}, chi_square = 0;
    int different = 0;
    for (uint64_t epoch = 0; epoch < 24000; epoch++) {
        uint32_t order[4];
        cln_order_shuffle(order, 4, 12345, epoch);
        counts[order[0] | order[1] << 2 | order[2] << 4 | order[3] << 6]++;
    }
    for (int i = 0; i < 256; i++)
        if (counts[i] > 0) {
            different++;
            chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
        }
    ck_assert_int_eq(different, 24);
    ck_assert_double_lt(chi_square, 60);
    ck_assert_double_gt(chi_square, 3);
}
END_TEST

START_TEST(few_rows)
{
    uint32_t order[2] = {77, 77};
    cln_order_shuffle(order, 0, 3, 1);
    ck_assert_uint_eq(order[0], 77);
    cln_order_shuffle(order, 1, 3, 1);
    ck_assert_uint_eq(order[0], 0);
    ck_assert_uint_eq(order[1], 77);
}
END_TEST

START_TEST(a_list_is_permuted_as_the_numbers_are)
{
    uint32_t order[50], list[50];
    for (uint32_t i = 0; i < 50; i++)
        list[i] = 7 * i + 3;
    cln_order_shuffle(order, 50, 4, 2);
    cln_order_permute(list, 50, 4, 2);
    for (uint32_t i = 0; i < 50; i++)
        ck_assert_uint_eq(list[i], 7 * order[i] + 3);
}
END_TEST

static Suite *order_suite(void)
{
    Suite *suite = suite_create("data: row order");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_test(ok, stored_orders);
    tcase_add_test(ok, each_row_once);
    tcase_add_test(ok, orders_are_uniform);
    tcase_add_test(ok, a_list_is_permuted_as_the_numbers_are);
    tcase_add_test(edges, few_rows);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return suite;
}

int main(void)
{
    return run_suite(order_suite());
}
