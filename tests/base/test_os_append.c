#define _GNU_SOURCE
#include "base/os.h"
#include "files.h"
#include "harness.h"

#include <signal.h>
#include <sys/resource.h>

static void expect(const char *name, const char *text)
{
    size_t count;
    uint8_t *bytes = get_file(name, &count);
    ck_assert_uint_eq(count, strlen(text));
    ck_assert_mem_eq(bytes, text, count);
    free(bytes);
}

static cln_appending begin(const char *name)
{
    cln_error error = {0};
    cln_appending file;
    ck_assert_msg(cln_os_append_begin(&file, at(name), &error) == CLN_OK, "%s", error.message);
    return file;
}

static void refuse(const char *path, const char *words)
{
    cln_error error = {0};
    cln_appending file;
    ck_assert_int_eq(cln_os_append_begin(&file, path, &error), CLN_IO);
    ck_assert_int_eq(file.descriptor, -1);
    ck_assert_msg(strstr(error.message, words) && strstr(error.message, path), "%s", error.message);
}

START_TEST(grows_and_is_cut)
{
    cln_appending file = begin("a");
    ck_assert_int_eq(cln_os_append(&file, "one\n", 4, NULL), CLN_OK);
    ck_assert_int_eq(cln_os_append(&file, "tw", 2, NULL), CLN_OK);
    cln_os_append_end(&file);
    expect("a", "one\ntw");
    file = begin("a");
    ck_assert_int_eq(cln_os_append_cut(&file, 4, NULL), CLN_OK);
    ck_assert_int_eq(cln_os_append(&file, "three\n", 6, NULL), CLN_OK);
    cln_os_append_end(&file);
    cln_os_append_end(&file);
    expect("a", "one\nthree\n");
}
END_TEST

START_TEST(one_at_a_time)
{
    cln_appending file = begin("a");
    refuse(at("a"), "another process is writing it");
    cln_os_append_end(&file);
    file = begin("a");
    cln_os_append_end(&file);
}
END_TEST

/* A full disk: the line that does not fit leaves no trace. */
START_TEST(full)
{
    struct rlimit before, little;
    cln_error error = {0};
    cln_appending file = begin("a");
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = (struct rlimit){6, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &little), 0);
    ck_assert_int_eq(cln_os_append(&file, "one\n", 4, &error), CLN_OK);
    ck_assert_int_eq(cln_os_append(&file, "three\n", 6, &error), CLN_IO);
    setrlimit(RLIMIT_FSIZE, &before);
    ck_assert_msg(strstr(error.message, "too large"), "%s", error.message);
    cln_os_append_end(&file);
    expect("a", "one\n");
}
END_TEST

START_TEST(refusals)
{
    char name[5000];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    cln_error error = {0};
    cln_appending file;
    ck_assert_int_eq(cln_os_append_begin(&file, name, &error), CLN_IO);
    ck_assert_msg(strstr(error.message, "too long"), "%s", error.message);
    refuse(folder, "directory");
    refuse(at("no/such"), "No such file");
    refuse("/dev/null", "no regular file");
    ck_assert_int_eq(mkfifo(at("pipe"), 0600), 0);
    refuse(at("pipe"), "no regular file");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/os_append");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (size_t i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], make_folder, remove_folder);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(ok, grows_and_is_cut);
    tcase_add_test(edges, one_at_a_time);
    tcase_add_test(edges, full);
    tcase_add_test(invalid, refusals);
    return run_suite(suite);
}
