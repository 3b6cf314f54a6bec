#define _GNU_SOURCE
#include "base/os.h"
#include "files.h"
#include "harness.h"

#include <errno.h>
#include <time.h>

START_TEST(one_file_under_two_names)
{
    put_file("a", "a", 1);
    put_file("b", "a", 1);
    ck_assert_int_eq(symlink("a", at("soft")), 0);
    ck_assert_int_eq(link(at("a"), at("hard")), 0);
    ck_assert(cln_os_same_file(at("a"), at("a")));
    ck_assert(cln_os_same_file(at("a"), at("./a")));
    ck_assert(cln_os_same_file(at("soft"), at("a")));
    ck_assert(cln_os_same_file(at("a"), at("hard")));
    ck_assert(!cln_os_same_file(at("a"), at("b")));
    ck_assert(!cln_os_same_file(at("a"), at("new")));
    ck_assert(cln_os_same_file(at("new"), at(".//new"))); /* not there yet */
    ck_assert(!cln_os_same_file(at("new"), at("newer")));
    ck_assert(!cln_os_same_file(at("nowhere/new"), at("nowhere/new"))); /* nor ever will be */
}
END_TEST

START_TEST(reading)
{
    cln_error error = {0};
    cln_os_file file;
    char bytes[8] = "";
    uint64_t got;
    put_file("a", "abcdef", 6);
    ck_assert_int_eq(cln_os_open(&file, at("a"), &error), CLN_OK);
    ck_assert_uint_eq(file.size, 6);
    ck_assert_int_eq(cln_os_read(&file, "a", bytes, 4, &got, &error), CLN_OK);
    ck_assert_uint_eq(got, 4);
    ck_assert_str_eq(bytes, "abcd");
    ck_assert_int_eq(cln_os_read(&file, "a", bytes, 4, &got, &error), CLN_OK);
    ck_assert_uint_eq(got, 2);
    ck_assert_int_eq(cln_os_seek(&file, "a", 1, &error), CLN_OK);
    ck_assert_int_eq(cln_os_read(&file, "a", bytes, 1, &got, &error), CLN_OK);
    ck_assert_int_eq(bytes[0], 'b');
    ck_assert_int_eq(cln_os_seek(&file, "a", UINT64_MAX, &error), CLN_IO);
    cln_os_close(&file);
    cln_os_close(&file);
}
END_TEST

static void does_not_open(const char *path, const char *word)
{
    cln_error error = {0};
    cln_os_file file;
    ck_assert_int_eq(cln_os_open(&file, path, &error), CLN_IO);
    ck_assert_int_eq(file.descriptor, -1);
    ck_assert_msg(strstr(error.message, word) != NULL, "%s", error.message);
}

START_TEST(nothing_to_read)
{
    ck_assert_int_eq(mkfifo(at("fifo"), 0600), 0);
    does_not_open(at("missing"), strerror(ENOENT));
    does_not_open(folder, "folder");
    does_not_open(at("fifo"), "no regular file"); /* and does not wait for a writer */
    does_not_open("/dev/null", "no regular file");
}
END_TEST

static void collect(const char *name, void *user)
{
    strcat(strcat(user, name), " ");
}

START_TEST(folders)
{
    cln_error error = {0};
    char names[64] = "";
    put_file("b", "", 0);
    put_file("a", "", 0);
    ck_assert_int_eq(cln_os_folder(folder, collect, names, &error), CLN_OK);
    ck_assert_str_eq(names, "a b ");
    ck_assert(cln_os_is_folder(folder) && !cln_os_is_folder(at("a")) && !cln_os_is_folder(at("c")));
    ck_assert(cln_os_exists(folder) && cln_os_exists(at("a")) && !cln_os_exists(at("c")));
    ck_assert_int_eq(symlink("nothing", at("dangling")), 0);
    ck_assert_int_eq(symlink("loop", at("loop")), 0);
    ck_assert(!cln_os_exists(at("dangling")) && cln_os_exists(at("loop")));
    ck_assert_int_eq(cln_os_folder(at("c"), collect, names, &error), CLN_IO);
    ck_assert_ptr_nonnull(strstr(error.message, strerror(ENOENT)));
}
END_TEST

START_TEST(clock_and_memory)
{
    double start = cln_os_seconds();
    struct timespec pause = {0, 20000000};
    nanosleep(&pause, NULL);
    double passed = cln_os_seconds() - start;
    ck_assert_double_ge(passed, 0.02);
    ck_assert_double_lt(passed, 5);
    size_t bytes = 64u << 20;
    volatile char *memory = malloc(bytes);
    for (size_t i = 0; i < bytes; i += 1024)
        memory[i] = 1;
    ck_assert_uint_ge(cln_os_peak_host_bytes(), bytes);
    free((void *)memory);
}
END_TEST

static Suite *os_suite(void)
{
    Suite *suite = suite_create("base: operating system");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], make_folder, remove_folder);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(ok, reading);
    tcase_add_test(ok, folders);
    tcase_add_test(ok, clock_and_memory);
    tcase_add_test(edges, one_file_under_two_names);
    tcase_add_test(invalid, nothing_to_read);
    return suite;
}

int main(void)
{
    return run_suite(os_suite());
}
