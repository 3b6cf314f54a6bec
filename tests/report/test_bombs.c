/* Files and lines that would take much memory once they are parsed: refused, or read, within a stated amount of it. */
#define _GNU_SOURCE
#include "bombs.h"
#include "harness.h"

#include "files.h"
#include "report/comparison.h"
#include "report/log_read.h"
#include "report/wire.h"

/* `unit` again and again between `begin` and `end`, `bytes` together, and a zero. To be released with free(). */
static char *repeated(const char *begin, const char *unit, const char *end, size_t bytes)
{
    size_t used = strlen(begin), length = strlen(unit), last = strlen(end);
    char *text = malloc(bytes + 1);
    ck_assert_ptr_nonnull(text);
    memcpy(text, begin, used);
    for (; used + length + last <= bytes; used += length)
        memcpy(text + used, unit, length);
    memset(text + used, ' ', bytes - used);
    memcpy(text + bytes - last, end, last);
    text[bytes] = '\0';
    return text;
}

static void put_repeated(const char *begin, const char *unit, const char *end, size_t bytes)
{
    char *text = repeated(begin, unit, end, bytes);
    put_file("f", text, bytes);
    free(text);
}

static void comparison_refused(const char *words)
{
    cln_error error = {0};
    cln_comparison comparison;
    ck_assert_int_ne(cln_comparison_read(at("f"), &comparison, &error), CLN_OK);
    ck_assert_msg(error.status == CLN_FORMAT && strstr(error.message, words), "%s", error.message);
    ck_assert_ptr_null(comparison.devices);
}

/* The file, 80 times for its objects, and as many bytes again for their allocator. */
START_TEST(comparison_of_many_objects)
{
    put_repeated("{\"devices\":[{}", ",{}", "]}", 4u << 20);
    limit_memory(2 * 80 * (4u << 20));
    comparison_refused("is missing");
}
END_TEST

START_TEST(comparison_too_large)
{
    put_repeated("{\"devices\":[{}", ",{}", "]}", (4u << 20) + 1);
    limit_memory(1u << 20);
    comparison_refused("larger than 4 MiB");
}
END_TEST

START_TEST(comparison_too_deep)
{
    put_repeated("", "[", "", 4u << 20);
    limit_memory(64u << 20);
    comparison_refused("maximum parsing depth");
}
END_TEST

static void log_refused(const char *words)
{
    cln_error error = {0};
    cln_log_rows rows;
    ck_assert_int_ne(cln_log_read(at("f"), &rows, &error), CLN_OK);
    ck_assert_msg(error.status == CLN_FORMAT && strstr(error.message, words), "%s", error.message);
    cln_log_rows_release(&rows);
}

START_TEST(log_of_one_long_line)
{
    put_repeated("{\"event\":\"run\",\"x\":[0", ",0", "]}\n", 64u << 20);
    limit_memory(8u << 20);
    log_refused("longer than 1 MiB");
}
END_TEST

START_TEST(log_of_many_objects)
{
    put_repeated("{\"event\":\"run\",\"x\":[{}", ",{}", "]}\n", 1u << 20);
    limit_memory(2 * 80 * (1u << 20));
    log_refused("names no run");
}
END_TEST

START_TEST(log_too_deep)
{
    put_repeated("", "{\"a\":", "\n", 1u << 20);
    limit_memory(64u << 20);
    log_refused("no JSON object");
}
END_TEST

START_TEST(lines_of_a_process)
{
    static const char *const units[] = {"[", "{\"a\":", "{},", "\"\","};
    limit_memory(2 * 80 * (1u << 20));
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        cln_wire_line line;
        char *text = repeated("{\"row\":[", units[i], "0]}", 1u << 20);
        cln_wire_read(text, &line);
        ck_assert_int_eq(line.kind, CLN_WIRE_NOTHING);
        free(text);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report/bombs");
    TCase *invalid = tcase_create("invalid");
    tcase_set_timeout(invalid, 60);
    tcase_add_unchecked_fixture(invalid, make_folder, remove_folder);
    tcase_add_test(invalid, comparison_of_many_objects);
    tcase_add_test(invalid, comparison_too_large);
    tcase_add_test(invalid, comparison_too_deep);
    tcase_add_test(invalid, log_of_one_long_line);
    tcase_add_test(invalid, log_of_many_objects);
    tcase_add_test(invalid, log_too_deep);
    tcase_add_test(invalid, lines_of_a_process);
    suite_add_tcase(suite, invalid);
    return run_suite(suite);
}
