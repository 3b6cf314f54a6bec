/* What OpenCL answers about a program's binary while device/stand_in.c stands in, and that it does so there alone. */
#include "device/stand_in.h"
#include "device/program.h"
#include "opened.h"

#include <string.h>

static const char source[] = "__kernel void put(__global int *to) { to[get_global_id(0)] = 41 + MORE; }\n";
static cln_error error;
static cl_program program;

static void build(void)
{
    error = (cln_error){0};
    cln_status status = cln_program_build_source(device, "put", source, "-DMORE=1", &program, &error);
    ck_assert_msg(status == CLN_OK, "%s", error.message);
}

static void release(void)
{
    cln_stand_in_end();
    cln_program_release(&program);
}

/* The program's binary, to be released with free(). */
static unsigned char *binary_of(size_t *bytes)
{
    unsigned char *binary = NULL;
    size_t needed = 0;
    ck_assert_int_eq(clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, 0, NULL, &needed), CL_SUCCESS);
    ck_assert_uint_eq(needed, sizeof *bytes);
    ck_assert_int_eq(clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof *bytes, bytes, NULL), CL_SUCCESS);
    binary = malloc(*bytes + 1);
    binary[*bytes] = 77;
    ck_assert_int_eq(clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, &needed), CL_SUCCESS);
    ck_assert_uint_eq(needed, sizeof binary);
    ck_assert_uint_eq(binary[*bytes], 77);
    return binary;
}

static bool holds_source(const unsigned char *binary, size_t bytes)
{
    return bytes > sizeof source && memcmp(binary + bytes - sizeof source, source, sizeof source) == 0;
}

START_TEST(binary_is_the_source)
{
    size_t bytes;
    cl_int code, answer = 0;
    cl_uint count = 0;
    struct cln_device other = *device;
    other.facts.binaries_compile = true;
    cln_stand_in_begin(&other);
    unsigned char *binary = binary_of(&bytes);
    ck_assert(holds_source(binary, bytes));
    ck_assert_int_eq(clGetProgramInfo(program, CL_PROGRAM_NUM_DEVICES, sizeof count, &count, NULL), CL_SUCCESS);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(clGetProgramInfo(program, CL_PROGRAM_BINARIES, 1, &count, NULL), CL_INVALID_VALUE);

    const unsigned char *const_binary = binary;
    cl_int loaded = -1;
    cl_program again =
        clCreateProgramWithBinary(device->context, 1, &device->id, &bytes, &const_binary, &loaded, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    ck_assert_int_eq(loaded, CL_SUCCESS);
    free(binary);
    ck_assert_int_eq(clBuildProgram(again, 1, &device->id, "-DMORE=2", NULL, NULL), CL_SUCCESS);
    cl_kernel kernel = clCreateKernel(again, "put", &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    cl_mem to = clCreateBuffer(device->context, CL_MEM_READ_WRITE, sizeof answer, NULL, &code);
    const cln_argument arguments[] = {CLN_ARG(to)};
    ck_assert_int_eq(cln_launch(device, kernel, (cln_grid){{1, 1}, {1, 1}}, arguments, 1, &error), CLN_OK);
    ck_assert_int_eq(clEnqueueReadBuffer(device->queue, to, CL_TRUE, 0, sizeof answer, &answer, 0, NULL, NULL),
                     CL_SUCCESS);
    ck_assert_int_eq(answer, 43);
    clReleaseMemObject(to);
    clReleaseKernel(kernel);
    clReleaseProgram(again);
}
END_TEST

/* Before and after, and on a device that gives binaries gladly, it is the driver's binary. */
START_TEST(otherwise_the_driver_answers)
{
    size_t bytes;
    struct cln_device other = *device;
    for (int i = 0; i < 2; i++) {
        other.facts.binaries_compile = i == 0;
        cln_stand_in_begin(&other);
        if (i == 0)
            cln_stand_in_end();
        unsigned char *binary = binary_of(&bytes);
        ck_assert_uint_gt(bytes, 0);
        ck_assert(!holds_source(binary, bytes));
        cl_int loaded, code;
        const unsigned char *const_binary = binary;
        cl_program again =
            clCreateProgramWithBinary(device->context, 1, &device->id, &bytes, &const_binary, &loaded, &code);
        ck_assert_int_eq(code, CL_SUCCESS);
        clReleaseProgram(again);
        free(binary);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stand-in");
    TCase *ok = tcase_create("ok");
    tcase_set_timeout(ok, 0);
    tcase_add_checked_fixture(ok, build, release);
    tcase_add_test(ok, binary_is_the_source);
    tcase_add_test(ok, otherwise_the_driver_answers);
    suite_add_tcase(suite, ok);
    return run_on_device(suite);
}
