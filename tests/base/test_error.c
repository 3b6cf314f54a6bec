#define _GNU_SOURCE
#include "base/error.h"
#include "base/size.h"
#include "harness.h"

START_TEST(first_failure_wins)
{
    cln_error error = {0};
    ck_assert_int_eq(cln_fail(&error, CLN_IO, "cannot read %s", "a"), CLN_IO);
    ck_assert_int_eq(cln_fail(&error, CLN_FORMAT, "b"), CLN_FORMAT);
    ck_assert_int_eq(error.status, CLN_IO);
    ck_assert_str_eq(error.message, "cannot read a");
}
END_TEST

START_TEST(words_of_each_status)
{
    ck_assert_str_eq(cln_status_name(CLN_NO_DEVICE), "NO_DEVICE");
    ck_assert_str_eq(cln_status_sentence(CLN_NO_DEVICE), "no such OpenCL device");
    ck_assert_str_eq(cln_status_name(CLN_DIVERGED), "DIVERGED");
    ck_assert_str_ne(cln_version(), "");
}
END_TEST

START_TEST(no_error_to_write_to)
{
    ck_assert_int_eq(cln_fail(NULL, CLN_MEMORY, "no %d", 1), CLN_MEMORY);
}
END_TEST

START_TEST(long_message_is_cut)
{
    cln_error error = {0};
    char text[4000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cln_fail(&error, CLN_IO, "%s", text);
    ck_assert_uint_eq(strlen(error.message), sizeof error.message - 1);
}
END_TEST

START_TEST(unknown_status)
{
    ck_assert_str_eq(cln_status_name((cln_status)99), "UNKNOWN");
    ck_assert_str_eq(cln_status_sentence((cln_status)-1), "unknown status");
}
END_TEST

static cln_status stops_at_the_second(int *calls)
{
    cln_status status;
    TRY((++*calls, CLN_OK));
    TRY((++*calls, CLN_IO));
    TRY((++*calls, CLN_FORMAT));
out:
    return status;
}

START_TEST(try_stops)
{
    int calls = 0;
    ck_assert_int_eq(stops_at_the_second(&calls), CLN_IO);
    ck_assert_int_eq(calls, 2);
}
END_TEST

START_TEST(sizes)
{
    uint64_t result;
    ck_assert(cln_multiply(1u << 31, 1u << 31, &result));
    ck_assert_uint_eq(result, 1ull << 62);
    ck_assert(!cln_multiply(1ull << 33, 1ull << 31, &result));
    ck_assert(cln_add(UINT64_MAX - 1, 1, &result));
    ck_assert_uint_eq(result, UINT64_MAX);
    ck_assert(!cln_add(UINT64_MAX, 1, &result));
    ck_assert_uint_eq(cln_ceil_divide(0, 3), 0);
    ck_assert_uint_eq(cln_ceil_divide(7, 3), 3);
    ck_assert_uint_eq(cln_ceil_divide(UINT64_MAX, 1), UINT64_MAX);
    ck_assert_uint_eq(cln_round_up(785, 16), 800);
    ck_assert_uint_eq(cln_round_up(784, 16), 784);
}
END_TEST

START_TEST(allocation)
{
    cln_error error = {0};
    unsigned char *memory;
    ck_assert_int_eq(cln_allocate((void **)&memory, 3, 5, "a test", &error), CLN_OK);
    for (int i = 0; i < 15; i++)
        ck_assert_uint_eq(memory[i], 0);
    free(memory);
    ck_assert_int_eq(cln_allocate((void **)&memory, 0, 8, "a test", &error), CLN_OK);
    ck_assert_ptr_nonnull(memory);
    free(memory);
}
END_TEST

START_TEST(allocation_overflows)
{
    cln_error error = {0};
    void *memory = &error;
    ck_assert_int_eq(cln_allocate(&memory, 1ull << 62, 4, "all of it", &error), CLN_MEMORY);
    ck_assert_ptr_null(memory);
    ck_assert_ptr_nonnull(strstr(error.message, "all of it"));
}
END_TEST

static Suite *error_suite(void)
{
    Suite *suite = suite_create("base: errors and sizes");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, first_failure_wins);
    tcase_add_test(ok, words_of_each_status);
    tcase_add_test(ok, try_stops);
    tcase_add_test(ok, sizes);
    tcase_add_test(ok, allocation);
    tcase_add_test(edges, no_error_to_write_to);
    tcase_add_test(edges, long_message_is_cut);
    tcase_add_test(invalid, unknown_status);
    tcase_add_test(invalid, allocation_overflows);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_suite(error_suite());
}
