#define _GNU_SOURCE
#include "base/random.h"
#include "harness.h"

/* The first numbers that pcg32-demo of the reference implementation prints (pcg-c-basic 0.9, seed 42, stream 54). */
START_TEST(reference_numbers)
{
    static const uint32_t expected[] = {0xa15c02b7, 0x7b47f409, 0xba1d3330, 0x83d2f293, 0xbfa4784b, 0xcbed606e};
    cln_random random;
    cln_random_seed(&random, 42, 54);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        ck_assert_uint_eq(cln_random_next(&random), expected[i]);
}
END_TEST

START_TEST(streams_differ)
{
    cln_random a, b;
    unsigned equal = 0;
    cln_random_seed(&a, 7, 0);
    cln_random_seed(&b, 7, 1);
    for (int i = 0; i < 1000; i++)
        equal += cln_random_next(&a) == cln_random_next(&b);
    ck_assert_uint_le(equal, 1);
}
END_TEST

/* Chi-square of 60,000 draws below 6, 5 degrees of freedom: above 30 once in 70,000 seeds. */
START_TEST(below_is_uniform)
{
    cln_random random;
    double counts[6] = {0}, chi_square = 0;
    cln_random_seed(&random, 1, 1);
    for (int i = 0; i < 60000; i++)
        counts[cln_random_below(&random, 6)]++;
    for (int i = 0; i < 6; i++)
        chi_square += (counts[i] - 10000) * (counts[i] - 10000) / 10000;
    ck_assert_double_lt(chi_square, 30);
    ck_assert_double_gt(chi_square, 0.01);
}
END_TEST

/* Below 3·2³⁰, plain remainders would fall below 2³⁰ half of the time instead of a third. */
START_TEST(below_has_no_bias)
{
    cln_random random;
    int low = 0;
    cln_random_seed(&random, 5, 0);
    for (int i = 0; i < 30000; i++) {
        uint32_t number = cln_random_below(&random, 3u << 30);
        ck_assert_uint_lt(number, 3u << 30);
        low += number < 1u << 30;
    }
    ck_assert_int_gt(low, 9600);
    ck_assert_int_lt(low, 10400);
}
END_TEST

START_TEST(below_one)
{
    cln_random random;
    cln_random_seed(&random, 0, 0);
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(cln_random_below(&random, 1), 0);
}
END_TEST

static Suite *random_suite(void)
{
    Suite *suite = suite_create("base: random numbers");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_test(ok, reference_numbers);
    tcase_add_test(ok, streams_differ);
    tcase_add_test(ok, below_is_uniform);
    tcase_add_test(edges, below_has_no_bias);
    tcase_add_test(edges, below_one);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return suite;
}

int main(void)
{
    return run_suite(random_suite());
}
