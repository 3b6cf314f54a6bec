#define _GNU_SOURCE
#include "base/os.h"
#include "harness.h"

#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/clinear-test-XXXXXX";

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    setenv("TMPDIR", folder, 1);
}

static void end(void)
{
    ck_assert_int_eq(rmdir(folder), 0); /* nothing is left in it */
}

static void put(const char *in, const char *name)
{
    char path[CLN_OS_PATH_BYTES + 128];
    snprintf(path, sizeof path, "%s/%s", in, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
}

START_TEST(is_private_and_goes_with_all_that_is_in_it)
{
    char path[CLN_OS_PATH_BYTES], below[CLN_OS_PATH_BYTES + 64];
    cln_error error = {0};
    struct stat entry;
    ck_assert_msg(cln_os_temporary_begin(path, &error) == CLN_OK, "%s", error.message);
    ck_assert_int_eq(strncmp(path, folder, strlen(folder)), 0);
    ck_assert_int_eq(stat(path, &entry), 0);
    ck_assert_uint_eq(entry.st_mode & 0777, 0700);
    snprintf(below, sizeof below, "%s/a", path);
    ck_assert_int_eq(mkdir(below, 0700), 0);
    put(below, "file");
    snprintf(below, sizeof below, "%s/a/b", path);
    ck_assert_int_eq(mkdir(below, 0700), 0);
    put(below, ".hidden");
    ck_assert_int_eq(chmod(below, 0), 0);
    put(path, "last");
    cln_os_temporary_end(path);
    ck_assert_str_eq(path, "");
    cln_os_temporary_end(path);
}
END_TEST

START_TEST(two_are_two)
{
    char a[CLN_OS_PATH_BYTES], b[CLN_OS_PATH_BYTES];
    ck_assert_int_eq(cln_os_temporary_begin(a, NULL), CLN_OK);
    ck_assert_int_eq(cln_os_temporary_begin(b, NULL), CLN_OK);
    ck_assert_str_ne(a, b);
    cln_os_temporary_end(a);
    ck_assert(cln_os_is_folder(b));
    cln_os_temporary_end(b);
}
END_TEST

START_TEST(links_are_not_followed)
{
    char path[CLN_OS_PATH_BYTES], link[CLN_OS_PATH_BYTES + 64], other[CLN_OS_PATH_BYTES];
    ck_assert_int_eq(cln_os_temporary_begin(other, NULL), CLN_OK);
    put(other, "kept");
    ck_assert_int_eq(cln_os_temporary_begin(path, NULL), CLN_OK);
    snprintf(link, sizeof link, "%s/link", path);
    ck_assert_int_eq(symlink(other, link), 0);
    cln_os_temporary_end(path);
    snprintf(link, sizeof link, "%s/kept", other);
    ck_assert(cln_os_is_file(link));
    cln_os_temporary_end(other);
}
END_TEST

START_TEST(says_where_there_is_no_place)
{
    char path[CLN_OS_PATH_BYTES];
    cln_error error = {0};
    setenv("TMPDIR", "/nowhere at all", 1);
    ck_assert_int_eq(cln_os_temporary_begin(path, &error), CLN_IO);
    ck_assert_ptr_nonnull(strstr(error.message, "/nowhere at all"));
    ck_assert_str_eq(path, "");
    cln_os_temporary_end(path);
}
END_TEST

static Suite *temporary_suite(void)
{
    Suite *suite = suite_create("base: temporary folders");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_checked_fixture(ok, begin, end);
    tcase_add_checked_fixture(edges, begin, end);
    tcase_add_test(ok, is_private_and_goes_with_all_that_is_in_it);
    tcase_add_test(ok, two_are_two);
    tcase_add_test(edges, links_are_not_followed);
    tcase_add_test(invalid, says_where_there_is_no_place);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_suite(temporary_suite());
}
