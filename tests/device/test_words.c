#include "device/words.h"
#include "harness.h"

#include <string.h>

/* The numbers in the table are written by hand: they must be those of the header. */
START_TEST(codes_have_their_names)
{
    static const struct {
        cl_int code;
        const char *name;
    } known[] = {{CL_SUCCESS, "CL_SUCCESS"},
                 {CL_DEVICE_NOT_FOUND, "CL_DEVICE_NOT_FOUND"},
                 {CL_MEM_OBJECT_ALLOCATION_FAILURE, "CL_MEM_OBJECT_ALLOCATION_FAILURE"},
                 {CL_OUT_OF_RESOURCES, "CL_OUT_OF_RESOURCES"},
                 {CL_BUILD_PROGRAM_FAILURE, "CL_BUILD_PROGRAM_FAILURE"},
                 {CL_KERNEL_ARG_INFO_NOT_AVAILABLE, "CL_KERNEL_ARG_INFO_NOT_AVAILABLE"},
                 {CL_INVALID_VALUE, "CL_INVALID_VALUE"},
                 {CL_INVALID_BINARY, "CL_INVALID_BINARY"},
                 {CL_INVALID_KERNEL_ARGS, "CL_INVALID_KERNEL_ARGS"},
                 {CL_INVALID_GLOBAL_WORK_SIZE, "CL_INVALID_GLOBAL_WORK_SIZE"},
                 {CL_INVALID_DEVICE_PARTITION_COUNT, "CL_INVALID_DEVICE_PARTITION_COUNT"},
                 {-1001, "CL_PLATFORM_NOT_FOUND_KHR"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *words = cln_opencl_words(known[i].code);
        size_t length = strlen(known[i].name);
        ck_assert_msg(strncmp(words, known[i].name, length) == 0 && strncmp(words + length, " (", 2) == 0,
                      "%d is '%s', not %s", (int)known[i].code, words, known[i].name);
    }
}
END_TEST

START_TEST(every_code_of_1_2_is_known)
{
    for (cl_int code = -68; code <= 0; code++) {
        bool gap = code < -19 && code > -30;
        ck_assert_msg((strncmp(cln_opencl_words(code), "CL_", 3) != 0) == gap, "%d", (int)code);
    }
}
END_TEST

START_TEST(unknown_codes_say_their_number)
{
    ck_assert_str_eq(cln_opencl_words(-9999), "OpenCL code -9999 (not one of OpenCL 1.2)");
    ck_assert_str_eq(cln_opencl_words(INT32_MIN), "OpenCL code -2147483648 (not one of OpenCL 1.2)");
    ck_assert_str_eq(cln_opencl_words(7), "OpenCL code 7 (not one of OpenCL 1.2)");
}
END_TEST

START_TEST(check_says_the_operation)
{
    cln_error error = {0};
    ck_assert_int_eq(cln_check_cl(&error, CL_SUCCESS, "do %d things", 3), CLN_OK);
    ck_assert_int_eq(error.status, CLN_OK);
    ck_assert_int_eq(cln_check_cl(&error, CL_OUT_OF_RESOURCES, "do %d things", 3), CLN_DEVICE);
    ck_assert_int_eq(error.status, CLN_DEVICE);
    ck_assert_str_eq(error.message, "cannot do 3 things: CL_OUT_OF_RESOURCES (the device ran out of memory, registers "
                                    "or time, or was reset)");
    ck_assert_int_eq(cln_check_cl(NULL, CL_MAP_FAILURE, "map"), CLN_DEVICE);
}
END_TEST

static Suite *words_suite(void)
{
    Suite *suite = suite_create("device/words");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_test(ok, codes_have_their_names);
    tcase_add_test(ok, every_code_of_1_2_is_known);
    tcase_add_test(ok, check_says_the_operation);
    tcase_add_test(edges, unknown_codes_say_their_number);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return suite;
}

int main(void)
{
    return run_suite(words_suite());
}
