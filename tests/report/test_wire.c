#define _GNU_SOURCE
#include "report/wire.h"
#include "harness.h"

#include <math.h>
#include <string.h>

/* What is written as one line, and read again. */
static FILE *stream;
static char *written;
static size_t length;

static void begin(void)
{
    stream = open_memstream(&written, &length);
    ck_assert_ptr_nonnull(stream);
}

static void end(void)
{
    fclose(stream);
    free(written);
}

static cln_wire_line line;

static void read_back(void)
{
    fflush(stream);
    ck_assert_uint_gt(length, 1);
    ck_assert_ptr_eq(strchr(written, '\n'), written + length - 1); /* one line */
    written[length - 1] = '\0';
    cln_wire_read(written, &line);
}

static const cln_device_info device = {.index = 3,
                                       .name = "A device (TM) \"quoted\" \\ ünicode",
                                       .vendor = "vendor",
                                       .platform = "platform",
                                       .driver = "1.2",
                                       .version = "OpenCL 3.0",
                                       .type = "gpu",
                                       .compute_units = 4000000000u,
                                       .clock_mhz = 1500,
                                       .global_bytes = 1ull << 40,
                                       .max_alloc_bytes = (1ull << 38) + 1,
                                       .local_bytes = 49152,
                                       .fp64 = true,
                                       .simulator = true,
                                       .same_as = 1,
                                       .problem = "it has none"};

static void expect_same(const cln_device_info *a, const cln_device_info *b)
{
    ck_assert_int_eq(a->index, b->index);
    ck_assert_str_eq(a->name, b->name);
    ck_assert_str_eq(a->vendor, b->vendor);
    ck_assert_str_eq(a->platform, b->platform);
    ck_assert_str_eq(a->driver, b->driver);
    ck_assert_str_eq(a->version, b->version);
    ck_assert_str_eq(a->type, b->type);
    ck_assert_uint_eq(a->compute_units, b->compute_units);
    ck_assert_uint_eq(a->clock_mhz, b->clock_mhz);
    ck_assert_uint_eq(a->global_bytes, b->global_bytes);
    ck_assert_uint_eq(a->max_alloc_bytes, b->max_alloc_bytes);
    ck_assert_uint_eq(a->local_bytes, b->local_bytes);
    ck_assert_int_eq(a->fp16, b->fp16);
    ck_assert_int_eq(a->fp64, b->fp64);
    ck_assert_int_eq(a->simulator, b->simulator);
    ck_assert_int_eq(a->same_as, b->same_as);
    ck_assert_str_eq(a->problem, b->problem);
}

START_TEST(tells_a_device)
{
    cln_wire_device(&device, stream);
    read_back();
    ck_assert_int_eq(line.kind, CLN_WIRE_DEVICE);
    expect_same(&line.device, &device);
}
END_TEST

START_TEST(tells_one_that_could_not_be_listed)
{
    cln_device_info unlisted = {.index = -1, .name = "broken.icd", .same_as = -1};
    cln_wire_device(&unlisted, stream);
    read_back();
    ck_assert_int_eq(line.kind, CLN_WIRE_DEVICE);
    expect_same(&line.device, &unlisted);
}
END_TEST

START_TEST(tells_a_row)
{
    cln_wire_row(&(cln_measurement){"fused.epoch.200", 0.1, "s", 1.0 / 3, 1e-300, "few samples"}, stream);
    read_back();
    ck_assert_int_eq(line.kind, CLN_WIRE_ROW);
    ck_assert_str_eq(line.row.name, "fused.epoch.200");
    ck_assert_str_eq(line.row.unit, "s");
    ck_assert_str_eq(line.row.reason, "few samples");
    ck_assert(line.row.value == 0.1 && line.row.spread == 1.0 / 3 && line.row.limit == 1e-300);
}
END_TEST

START_TEST(tells_a_row_without_figures)
{
    cln_wire_row(&(cln_measurement){"gram", NAN, "s", INFINITY, NAN, NULL}, stream);
    read_back();
    ck_assert_int_eq(line.kind, CLN_WIRE_ROW);
    ck_assert_ptr_null(line.row.reason);
    ck_assert(isnan(line.row.value) && isnan(line.row.spread) && isnan(line.row.limit));
}
END_TEST

START_TEST(tells_progress)
{
    cln_wire_progress(&(cln_measure_progress){"fused: an epoch", 1.5, 20}, stream);
    read_back();
    ck_assert_int_eq(line.kind, CLN_WIRE_PROGRESS);
    ck_assert_str_eq(line.progress.doing, "fused: an epoch");
    ck_assert(line.progress.seconds == 1.5 && line.progress.seconds_left == 20);
}
END_TEST

START_TEST(tells_its_end)
{
    cln_wire_done(true, "", 3000000000, stream);
    read_back();
    ck_assert_int_eq(line.kind, CLN_WIRE_DONE);
    ck_assert(line.ok);
    ck_assert_uint_eq(line.told, 3000000000);
    ck_assert_str_eq(line.message, "");
}
END_TEST

START_TEST(tells_why_there_is_no_verdict)
{
    cln_wire_done(false, "two\nlines\033[2J", 0, stream);
    read_back();
    ck_assert_int_eq(line.kind, CLN_WIRE_DONE);
    ck_assert(!line.ok);
    ck_assert_str_eq(line.message, "two?lines?[2J");
}
END_TEST

START_TEST(long_texts_are_cut)
{
    char name[3000];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    cln_wire_row(&(cln_measurement){name, 1, name, 0, NAN, name}, stream);
    read_back();
    ck_assert_int_eq(line.kind, CLN_WIRE_ROW);
    ck_assert_uint_eq(strlen(line.row.name), sizeof line.text[0] - 1);
    ck_assert_uint_eq(strlen(line.row.reason), sizeof line.text[2] - 1);
}
END_TEST

START_TEST(other_lines_are_nothing)
{
    static const char *const lines[] = {"",
                                        "null",
                                        "[]",
                                        "{}",
                                        "Compilation succeeded.",
                                        "{\"row\":{\"name\":\"x\"}} {\"row\":{\"name\":\"y\"}}",
                                        "{\"row\":{\"name\":\"x\"},\"done\":{\"ok\":true}}",
                                        "{\"row\":{\"name\":\"x\"},\"row\":{\"name\":\"y\"}}",
                                        "{\"row\":{\"name\":1}}",
                                        "{\"row\":null}",
                                        "{\"row\":\"x\"}",
                                        "{\"device\":{}}",
                                        "{\"device\":[3]}",
                                        "{\"progress\":{\"seconds\":1}}",
                                        "{\"done\":{}}",
                                        "{\"done\":{\"ok\":1}}",
                                        "{\"other\":{\"name\":\"x\"}}",
                                        "{\"row\":{\"name\":\"\xff\"}}",
                                        "{\"done\":{\"ok\":true}",
                                        "[[[[[[[[[[[[[[[[[["};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        cln_wire_read(lines[i], &line);
        ck_assert_msg(line.kind == CLN_WIRE_NOTHING, "line %zu was taken", i);
    }
}
END_TEST

START_TEST(wrong_fields_are_not_there)
{
    cln_wire_read("{\"device\":{\"index\":-7,\"name\":\"n\",\"same_as\":99999999999,\"fp64\":1,"
                  "\"compute_units\":4294967296,\"clock_mhz\":-1,\"global_bytes\":1.5,\"type\":7}}",
                  &line);
    ck_assert_int_eq(line.kind, CLN_WIRE_DEVICE);
    expect_same(&line.device, &(cln_device_info){.index = -1, .name = "n", .same_as = -1});
    cln_wire_read("{\"row\":{\"name\":\"n\",\"value\":\"1\",\"unit\":null,\"reason\":3}}", &line);
    ck_assert_int_eq(line.kind, CLN_WIRE_ROW);
    ck_assert(isnan(line.row.value) && !*line.row.unit && !line.row.reason);
}
END_TEST

static Suite *wire_suite(void)
{
    Suite *suite = suite_create("report: lines between processes");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_checked_fixture(ok, begin, end);
    tcase_add_checked_fixture(edges, begin, end);
    tcase_add_test(ok, tells_a_device);
    tcase_add_test(ok, tells_a_row);
    tcase_add_test(ok, tells_progress);
    tcase_add_test(ok, tells_its_end);
    tcase_add_test(edges, tells_one_that_could_not_be_listed);
    tcase_add_test(edges, tells_a_row_without_figures);
    tcase_add_test(edges, tells_why_there_is_no_verdict);
    tcase_add_test(edges, long_texts_are_cut);
    tcase_add_test(invalid, other_lines_are_nothing);
    tcase_add_test(invalid, wrong_fields_are_not_there);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_suite(wire_suite());
}
