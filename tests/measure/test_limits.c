/* The limits of a device: rows as promised, and no time is told of a kernel that computes something else. */
#include "base/size.h"
#include "device/buffer.h"
#include "device/opened.h"
#include "device/program.h"
#include "device/sources.h"
#include "measure/limits.h"
#include "measure/sample.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        cln_error error_ = {0}, *error = &error_;                                                                      \
        cln_status status_ = (call);                                                                                   \
        ck_assert_msg(status_ == CLN_OK, "%s: %s", #call, error->message);                                             \
    } while (0)

static const char *const names[] = {"copy_bandwidth",   "read_bandwidth", "multiply_add_rate", "launch_time",
                                    "launch_wait_time", "upload_rate",    "download_rate"};
static const char *const units[] = {"B/s", "B/s", "FLOP/s", "s", "s", "B/s", "B/s"};
enum { ROWS = sizeof names / sizeof *names };

typedef struct record {
    int rows;
    double value[ROWS];
    char reason[ROWS][2048]; /* "" for none */
} record;

static void on_row(const cln_measurement *row, void *user)
{
    record *r = user;
    ck_assert_int_lt(r->rows, ROWS);
    ck_assert_str_eq(row->name, names[r->rows]);
    ck_assert_str_eq(row->unit, units[r->rows]);
    ck_assert(isnan(row->limit));
    ck_assert(isnan(row->value) ? isnan(row->spread) && row->reason
                                : isfinite(row->value) && row->value > 0 && row->spread >= 0 && isfinite(row->spread));
    r->value[r->rows] = row->value;
    snprintf(r->reason[r->rows++], sizeof *r->reason, "%s", row->reason ? row->reason : "");
}

/* The device is a simulator, which notes every program that does not build. */
static bool tiny(void)
{
    return getenv("CLINEAR_TEST_TINY") != NULL;
}

static const char *source_text(void)
{
    for (const cln_source *source = cln_sources; source->name; source++)
        if (strcmp(source->name, "limits") == 0)
            return source->text;
    ck_abort_msg("there is no cl/limits.cl");
    return NULL;
}

/* Less memory than there is, so that a measurement ends soon; the device itself otherwise. */
static uint64_t usual_bytes;
static void small(void)
{
    usual_bytes = device->facts.info.max_alloc_bytes;
    device->facts.info.max_alloc_bytes = 1 << 18;
}
static void usual(void)
{
    device->facts.info.max_alloc_bytes = usual_bytes;
    ck_assert_uint_eq(device->bytes, 0);
}

START_TEST(rows_are_as_promised)
{
    record r = {0};
    uint64_t bytes = device->bytes, peak = device->peak_bytes;
    OK(cln_measure_limits(device, on_row, &r, error));
    ck_assert_int_eq(r.rows, ROWS);
    for (int i = 0; i < ROWS; i++)
        ck_assert_msg(r.value[i] > 0, "%s: %s", names[i], r.reason[i]);
    ck_assert_uint_eq(device->bytes, bytes);
    ck_assert_uint_eq(device->peak_bytes, peak);
}
END_TEST

/* The kernels as for a GPU, and for narrower vectors, give right results as well. */
START_TEST(every_shape)
{
    cln_facts facts = device->facts;
    record r = {0};
    device->facts.is_cpu = _i > 0;
    device->facts.native_float_width = _i == 1 ? 8 : 4;
    OK(cln_measure_limits(device, on_row, &r, error));
    device->facts = facts;
    for (int i = 0; i < ROWS; i++)
        ck_assert_msg(r.value[i] > 0, "shape %d, %s: %s", _i, names[i], r.reason[i]);
}
END_TEST

/* What could only be measured on little is told, and with what it is said. */
START_TEST(little_memory_is_said)
{
    record r = {0};
    OK(cln_measure_limits(device, on_row, &r, error));
    ck_assert_int_eq(r.rows, ROWS);
    for (int i = 0; i < 2; i++)
        ck_assert_ptr_nonnull(strstr(r.reason[i], " KiB alone"));
    if (!strstr(r.reason[0], "more would take too long")) /* of 64 KiB, on simulators and busy machines */
        ck_assert_str_eq(r.reason[0], "of 256 KiB alone, which caches may hold: the device has no more");
    ck_assert(r.value[0] > 0);

    r = (record){0};
    device->facts.info.max_alloc_bytes = 48 << 10;
    OK(cln_measure_limits(device, on_row, &r, error));
    ck_assert_int_eq(r.rows, ROWS);
    for (int i = 0; i < ROWS; i++) {
        bool needs_memory = strstr(names[i], "bandwidth") || strstr(names[i], "load_rate");
        ck_assert_msg(isnan(r.value[i]) == needs_memory, "%s", names[i]);
        if (needs_memory)
            ck_assert_ptr_nonnull(strstr(r.reason[i], "too little memory"));
    }
}
END_TEST

/* Each change of the kernels is seen in the rows that stand on them, and in no other. */
static const struct {
    const char *from, *to;
    int row;
} planted[] = {
    {"to[i] = from[i];", "if (i) to[i] = from[i];", 0},
    {"to[i] = from[i];", "to[i] = from[i - 1 + (i == 0)];", 0},
    {"fma((vec)(a), x[c], (vec)(b))", "fma((vec)(a), x[c], (vec)(-b))", 2},
    {"i < rounds;", "i + 1 < rounds;", 2},
    {"c = 0; c < CLN_CHAINS; c++)\n        total", "c = 1; c < CLN_CHAINS; c++)\n        total", 2},
};

START_TEST(wrong_kernels_have_no_time)
{
    const char *text = source_text(), *at = strstr(text, planted[_i].from);
    static char changed[20000];
    record r = {0};
    ck_assert_ptr_nonnull(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, planted[_i].to,
             at + strlen(planted[_i].from));
    OK(cln_limits_measure(device, changed, on_row, &r, error));
    for (int i = 0; i < ROWS; i++) {
        bool wrong = i == planted[_i].row;
        ck_assert_msg(isnan(r.value[i]) == wrong, "change %d, %s: %g, %s", _i, names[i], r.value[i], r.reason[i]);
        if (wrong)
            ck_assert_ptr_nonnull(strstr(r.reason[i], "wrong"));
    }
}
END_TEST

/* With a sum that is not right nothing can be said of memory. */
START_TEST(a_wrong_sum_is_seen)
{
    const char *text = source_text(), what[] = "] = sum[0];", *at = strstr(text, what);
    static char changed[20000];
    record r = {0};
    ck_assert_ptr_nonnull(at);
    snprintf(changed, sizeof changed, "%.*s] = sum[0] + 1;%s", (int)(at - text), text, at + strlen(what));
    OK(cln_limits_measure(device, changed, on_row, &r, error));
    for (int i = 0; i < ROWS; i++)
        ck_assert_msg(isnan(r.value[i]) == (i < 2 || i == 5), "%s", names[i]);
}
END_TEST

START_TEST(a_program_that_does_not_build)
{
    cln_error error = {0};
    record r = {0};
    ck_assert_int_eq(cln_limits_measure(device, "kernel void copy(", on_row, &r, &error), CLN_BUILD);
    ck_assert_int_eq(r.rows, 0);
}
END_TEST

/* Copies at sizes that no group and no unrolled loop divides: every word, and none behind them. */
START_TEST(copies_every_word)
{
    static const size_t counts[] = {1, 7, 61, 64, 1021};
    enum { WORDS = 4096, V = 4 };
    cl_program program = NULL;
    cl_kernel fill = NULL, copy = NULL;
    cl_mem from = NULL, to = NULL;
    uint32_t words[WORDS];
    OK(cln_program_build(device, "limits", "-DCLN_V=4 -DCLN_GROUP=1", &program, error));
    OK(cln_kernel_create(program, "fill", &fill, error));
    OK(cln_kernel_create(program, "copy", &copy, error));
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        cl_ulong count = counts[c], span = (count + 2) / 3;
        const cln_argument filling[] = {CLN_ARG(from), CLN_ARG(count), CLN_ARG(span)};
        const cln_argument copying[] = {CLN_ARG(from), CLN_ARG(to), CLN_ARG(count), CLN_ARG(span)};
        cln_grid grid = {{3, 1}, {1, 1}};
        OK(cln_buffer_create(device, "a", sizeof words, &from, error));
        OK(cln_buffer_create(device, "b", sizeof words, &to, error));
        OK(cln_launch(device, fill, grid, filling, 3, error));
        OK(cln_launch(device, copy, grid, copying, 4, error));
        OK(cln_buffer_read(device, to, 0, sizeof words, words, error));
        for (uint32_t i = 0; i < WORDS; i++)
            ck_assert_uint_eq(words[i], i < count * V ? i * 2654435761u : 0);
        cln_buffer_release(device, &from);
        cln_buffer_release(device, &to);
    }
    cln_kernel_release(&fill);
    cln_kernel_release(&copy);
    cln_program_release(&program);
}
END_TEST

static int pieces;
static cln_status sleepy(void *user, cln_error *error)
{
    const struct timespec *time = user;
    (void)error;
    pieces++;
    nanosleep(time, NULL);
    return CLN_OK;
}

/* Slow work is done three times and once before; fast work is put together, and all of it ends. */
START_TEST(sampling_is_bounded)
{
    struct timespec slow = {0, 60000000}, fast = {0, 0};
    cln_sample sample;
    pieces = 0;
    OK(cln_sample_many(device, sleepy, &slow, &sample, error));
    ck_assert_int_eq(pieces, 4);
    ck_assert(sample.low <= sample.median && sample.median <= sample.high && sample.low >= 0.06);
    pieces = 0;
    OK(cln_sample_many(device, sleepy, &fast, &sample, error));
    ck_assert_int_gt(pieces, 4);
    ck_assert(sample.low <= sample.median && sample.median <= sample.high && sample.low > 0);
}
END_TEST

static cln_status failing(void *user, cln_error *error)
{
    return --*(int *)user < 0 ? cln_fail(error, CLN_DEVICE, "it broke") : CLN_OK;
}

START_TEST(failures_pass_through)
{
    for (int after = 0; after < 4; after++) {
        int left = after;
        cln_error error = {0};
        cln_sample sample;
        ck_assert_int_eq(cln_sample_many(device, failing, &left, &sample, &error), CLN_DEVICE);
        ck_assert_str_eq(error.message, "it broke");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("measure/limits");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, rows_are_as_promised);
    tcase_add_test(ok, copies_every_word);
    tcase_add_test(ok, sampling_is_bounded);
    tcase_add_checked_fixture(edges, small, usual);
    tcase_add_loop_test(edges, every_shape, 0, 3);
    tcase_add_test(edges, little_memory_is_said);
    tcase_add_checked_fixture(invalid, small, usual);
    tcase_add_loop_test(invalid, wrong_kernels_have_no_time, 0, CLN_COUNT(planted));
    tcase_add_test(invalid, a_wrong_sum_is_seen);
    if (!tiny())
        tcase_add_test(invalid, a_program_that_does_not_build);
    tcase_add_test(invalid, failures_pass_through);
    tcase_set_timeout(ok, 60);
    tcase_set_timeout(edges, 60);
    tcase_set_timeout(invalid, 60);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return run_on_device(suite);
}
