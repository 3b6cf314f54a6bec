#include "device/program.h"
#include "opened.h"

#include "device/buffer.h"
#include "device/sources.h"

#include <string.h>

/* Writes scale·(global index) + the sum of a group's local items, which a barrier makes visible. */
static const char good[] = "__kernel void ramp(__global int *to, const int scale, __local int *part)\n"
                           "{\n"
                           "    size_t i = get_global_id(0), j = get_global_id(1), width = get_global_size(0);\n"
                           "    part[get_local_id(0)] = (int)get_local_id(0);\n"
                           "    barrier(CLK_LOCAL_MEM_FENCE);\n"
                           "    int sum = 0;\n"
                           "    for (size_t l = 0; l < get_local_size(0); l++)\n"
                           "        sum += part[l];\n"
                           "    to[j * width + i] = scale * (int)(j * width + i) + sum + OFFSET;\n"
                           "}\n";

static cln_error error;
static cl_program program;
static cl_kernel kernel;
static cl_mem buffer;

static void begin(void)
{
    error = (cln_error){0};
    program = NULL;
    kernel = NULL;
    buffer = NULL;
}

static void end(void)
{
    cln_buffer_release(device, &buffer);
    cln_kernel_release(&kernel);
    cln_program_release(&program);
    ck_assert_ptr_null(kernel);
    ck_assert_ptr_null(program);
}

static void works(cln_status status)
{
    ck_assert_msg(status == CLN_OK, "%s", error.message);
}

static void make_ramp(void)
{
    works(cln_program_build_source(device, "ramp", good, "-DOFFSET=100", &program, &error));
    works(cln_kernel_create(program, "ramp", &kernel, &error));
}

START_TEST(arguments_reach_the_kernel)
{
    int back[24];
    size_t limit = 0;
    const cl_int scale = 3;
    make_ramp();
    works(cln_kernel_group_limit(device, kernel, &limit, &error));
    ck_assert_uint_ge(limit, 1);
    size_t group = limit >= 4 ? 4 : 1;
    works(cln_buffer_create(device, "test", sizeof back, &buffer, &error));
    const cln_argument arguments[] = {CLN_ARG(buffer), CLN_ARG(scale), CLN_LOCAL(group * sizeof(cl_int))};
    works(cln_launch(device, kernel, (cln_grid){{8 / group, 3}, {group, 1}}, arguments, 3, &error));
    works(cln_buffer_read(device, buffer, 0, sizeof back, back, &error));
    for (int i = 0; i < 24; i++)
        ck_assert_int_eq(back[i], 3 * i + (group == 4 ? 6 : 0) + 100);
}
END_TEST

START_TEST(every_embedded_source_has_text)
{
    for (const cln_source *source = cln_sources; source->name; source++)
        ck_assert_msg(strstr(source->text, "#line 1 \"cl/") == source->text, "%s", source->name);
}
END_TEST

START_TEST(an_empty_grid_is_no_launch)
{
    int back[2] = {-1, -1};
    const cl_int scale = 1;
    make_ramp();
    works(cln_buffer_create(device, "test", sizeof back, &buffer, &error));
    const cln_argument arguments[] = {CLN_ARG(buffer), CLN_ARG(scale), CLN_LOCAL(sizeof(cl_int))};
    works(cln_launch(device, kernel, (cln_grid){{0, 1}, {1, 1}}, arguments, 3, &error));
    works(cln_launch(device, kernel, (cln_grid){{1, 0}, {1, 1}}, arguments, 3, &error));
    works(cln_buffer_read(device, buffer, 0, sizeof back, back, &error));
    ck_assert_int_eq(back[0], 0);
    ck_assert_int_eq(back[1], 0);
}
END_TEST

/* Many wrong lines: the message holds the beginning, the device the whole. */
START_TEST(the_whole_log_is_kept)
{
    enum { LINES = 200, LINE = 64 };
    static char bad[LINES * LINE + 1];
    size_t length = 0;
    for (int i = 0; i < LINES; i++)
        length += (size_t)snprintf(bad + length, LINE, "int wrong_%d = missing_%d;\n", i, i);
    ck_assert_int_eq(cln_program_build_source(device, "bad", bad, "", &program, &error), CLN_BUILD);
    ck_assert_ptr_null(program);
    ck_assert_ptr_nonnull(strstr(error.message, "cannot build cl/bad.cl"));
    ck_assert_ptr_nonnull(strstr(error.message, device->facts.info.name));
    const char *log = cln_device_build_log(device);
    ck_assert_uint_gt(strlen(log), 1200); /* more than the message holds */
    ck_assert_ptr_nonnull(strstr(error.message, "the log begins:\n"));
    ck_assert_msg(strstr(log, "missing_0") != NULL, "%s", log);

    error = (cln_error){0};
    ck_assert_int_eq(cln_program_build_source(device, "worse", "__kernel void f( {", "", &program, &error), CLN_BUILD);
    ck_assert_ptr_null(strstr(cln_device_build_log(device), "missing_0"));
}
END_TEST

START_TEST(the_log_names_file_and_line)
{
    if (device->facts.info.simulator) /* Oclgrind's log quotes the text but knows no #line */
        return;
    static const char text[] = "#line 7 \"cl/part.h\"\nint x = missing;\n";
    ck_assert_int_eq(cln_program_build_source(device, "bad", text, "", &program, &error), CLN_BUILD);
    ck_assert_msg(strstr(cln_device_build_log(device), "part.h") && strstr(cln_device_build_log(device), "7"), "%s",
                  cln_device_build_log(device));
}
END_TEST

START_TEST(unknown_names_are_refused)
{
    ck_assert_int_eq(cln_program_build(device, "no such file", "", &program, &error), CLN_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "cl/no such file.cl"));
    error = (cln_error){0};
    works(cln_program_build_source(device, "ramp", good, "-DOFFSET=0", &program, &error));
    ck_assert_int_eq(cln_kernel_create(program, "slope", &kernel, &error), CLN_DEVICE);
    ck_assert_ptr_null(kernel);
    ck_assert_ptr_nonnull(strstr(error.message, "kernel slope: CL_INVALID_KERNEL_NAME"));
}
END_TEST

START_TEST(failed_launches_name_the_kernel)
{
    const cl_char small = 1;
    const cl_int scale = 1;
    make_ramp();
    works(cln_buffer_create(device, "test", 64, &buffer, &error));
    const cln_argument wrong[] = {CLN_ARG(buffer), CLN_ARG(small)};
    ck_assert_int_eq(cln_launch(device, kernel, (cln_grid){{1, 1}, {1, 1}}, wrong, 2, &error), CLN_DEVICE);
    ck_assert_msg(strstr(error.message, "argument 1 of kernel ramp: CL_INVALID_ARG_SIZE"), "%s", error.message);

    error = (cln_error){0};
    const cln_argument right[] = {CLN_ARG(buffer), CLN_ARG(scale), CLN_LOCAL(4)};
    size_t large = device->facts.max_group_size * 2;
    ck_assert_int_eq(cln_launch(device, kernel, (cln_grid){{1, 1}, {large, 1}}, right, 3, &error), CLN_DEVICE);
    ck_assert_msg(strstr(error.message, "kernel ramp") && strstr(error.message, "CL_INVALID_WORK_"), "%s",
                  error.message);

    error = (cln_error){0};
    ck_assert_int_eq(cln_launch(device, kernel, (cln_grid){{SIZE_MAX, 1}, {2, 1}}, right, 3, &error), CLN_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "kernel ramp"));
}
END_TEST

static TCase *with_fixture(const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_set_timeout(tcase, 120);
    return tcase;
}

static Suite *program_suite(void)
{
    Suite *suite = suite_create("device/program");
    TCase *ok = with_fixture("ok"), *edges = with_fixture("edges"), *invalid = with_fixture("invalid");
    tcase_add_test(ok, arguments_reach_the_kernel);
    tcase_add_test(ok, every_embedded_source_has_text);
    tcase_add_test(edges, an_empty_grid_is_no_launch);
    tcase_add_test(invalid, the_whole_log_is_kept);
    tcase_add_test(invalid, the_log_names_file_and_line);
    tcase_add_test(invalid, unknown_names_are_refused);
    tcase_add_test(invalid, failed_launches_name_the_kernel);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_on_device(program_suite());
}
