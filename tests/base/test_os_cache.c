#define _GNU_SOURCE
#include "base/os.h"
#include "files.h"
#include "harness.h"

#include <fcntl.h>
#include <sys/stat.h>

static void expect_folder(const char *relative)
{
    cln_error error = {0};
    char path[CLN_OS_PATH_BYTES];
    struct stat entry;
    ck_assert_msg(cln_os_cache_folder(path, &error) == CLN_OK, "%s", error.message);
    ck_assert_str_eq(path, at(relative));
    ck_assert_int_eq(stat(path, &entry), 0);
    ck_assert(S_ISDIR(entry.st_mode));
    ck_assert_uint_eq(entry.st_mode & 0777, 0700);
}

/* Removes folders within the test's folder, the innermost first. */
static void remove_folders(const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(rmdir(at(names[i])), 0);
}

static void expect_refusal(const char *words)
{
    cln_error error = {0};
    char path[CLN_OS_PATH_BYTES];
    ck_assert_int_eq(cln_os_cache_folder(path, &error), CLN_IO);
    ck_assert_msg(strstr(error.message, words), "%s", error.message);
}

START_TEST(below_xdg_cache_home)
{
    mode_t before = umask(0);
    setenv("XDG_CACHE_HOME", at("some/where"), 1);
    expect_folder("some/where/clinear");
    expect_folder("some/where/clinear"); /* it is there now */
    umask(before);
    remove_folders((const char *const[]){"some/where/clinear", "some/where", "some"}, 3);
}
END_TEST

START_TEST(below_home)
{
    setenv("HOME", at("home"), 1);
    unsetenv("XDG_CACHE_HOME");
    expect_folder("home/.cache/clinear");
    setenv("XDG_CACHE_HOME", "relative", 1); /* to be ignored */
    expect_folder("home/.cache/clinear");
    setenv("XDG_CACHE_HOME", "", 1);
    expect_folder("home/.cache/clinear");
    remove_folders((const char *const[]){"home/.cache/clinear", "home/.cache", "home"}, 3);
}
END_TEST

START_TEST(no_place)
{
    char text[5000];
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    expect_refusal("neither XDG_CACHE_HOME nor HOME");
    put_file("clinear", "", 0);
    setenv("XDG_CACHE_HOME", at(""), 1);
    expect_refusal("it is no folder");
    setenv("XDG_CACHE_HOME", at("clinear"), 1);
    expect_refusal("Not a directory");
    memset(text, 'x', sizeof text);
    text[0] = '/';
    text[sizeof text - 1] = '\0';
    setenv("XDG_CACHE_HOME", text, 1);
    expect_refusal("too long");
}
END_TEST

START_TEST(folder_that_others_may_write)
{
    setenv("XDG_CACHE_HOME", at(""), 1);
    ck_assert_int_eq(mkdir(at("clinear"), 0755), 0);
    for (mode_t bit = 0020; bit; bit = bit == 0020 ? 0002 : 0) {
        ck_assert_int_eq(chmod(at("clinear"), 0700 | bit), 0);
        expect_refusal("others may write it");
    }
}
END_TEST

START_TEST(folder_of_another_user)
{
    setenv("XDG_CACHE_HOME", at(""), 1);
    ck_assert_int_eq(mkdir(at("clinear"), 0700), 0);
    if (chown(at("clinear"), 12345, (gid_t)-1) != 0)
        return; /* only root may give a folder away */
    expect_refusal("another user's");
}
END_TEST

START_TEST(private_file)
{
    cln_error error = {0};
    cln_replacement file;
    cln_os_file opened;
    struct stat entry;
    ck_assert_int_eq(cln_os_replace_begin(&file, at("a"), &error), CLN_OK);
    cln_os_replace_privately(&file);
    ck_assert_int_eq(cln_os_replace_commit(&file, &error), CLN_OK);
    ck_assert_int_eq(stat(at("a"), &entry), 0);
    ck_assert_uint_eq(entry.st_mode & 0777, 0600);

    for (mode_t bit = 0; bit < 0040; bit = bit ? bit * 8 : 2) {
        ck_assert_int_eq(chmod(at("a"), 0644 | bit), 0);
        ck_assert_int_eq(cln_os_open(&opened, at("a"), &error), CLN_OK);
        ck_assert_int_eq(cln_os_is_ours(&opened), bit == 0);
        cln_os_close(&opened);
    }
}
END_TEST

/* The oldest go, of those whose names begin so, until the others fit. */
START_TEST(trimming)
{
    static const char *const names[] = {"clinear/a-old", "clinear/a-new", "clinear/a-older", "clinear/b"};
    static const time_t ages[] = {20, 10, 30, 40};
    setenv("XDG_CACHE_HOME", at(""), 1);
    ck_assert_int_eq(mkdir(at("clinear"), 0700), 0);
    for (int i = 0; i < 4; i++) {
        struct timespec times[2] = {{.tv_sec = 1000000 - ages[i]}, {.tv_sec = 1000000 - ages[i]}};
        put_file(names[i], "ten bytes.", 10);
        ck_assert_int_eq(utimensat(AT_FDCWD, at(names[i]), times, 0), 0);
    }
    const struct {
        uint64_t most;
        bool left[4];
    } steps[] = {{30, {1, 1, 1, 1}}, {29, {1, 1, 0, 1}}, {20, {1, 1, 0, 1}}, {10, {0, 1, 0, 1}}, {9, {0, 0, 0, 1}}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        cln_os_cache_trim("a-", steps[i].most);
        for (int j = 0; j < 4; j++)
            ck_assert_msg(cln_os_exists(at(names[j])) == steps[i].left[j], "%s at %llu", names[j],
                          (unsigned long long)steps[i].most);
    }
    ck_assert_int_eq(remove(at("clinear/b")), 0);
}
END_TEST

static Suite *cache_suite(void)
{
    Suite *suite = suite_create("base: cache folder");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, invalid};
    for (int i = 0; i < 2; i++) {
        tcase_add_checked_fixture(cases[i], make_folder, remove_folder);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(ok, below_xdg_cache_home);
    tcase_add_test(ok, below_home);
    tcase_add_test(ok, private_file);
    tcase_add_test(ok, trimming);
    tcase_add_test(invalid, no_place);
    tcase_add_test(invalid, folder_that_others_may_write);
    tcase_add_test(invalid, folder_of_another_user);
    return suite;
}

int main(void)
{
    return run_suite(cache_suite());
}
