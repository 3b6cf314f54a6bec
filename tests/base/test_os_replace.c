#define _GNU_SOURCE
#include "base/os.h"
#include "files.h"
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>

static void expect(const char *name, const char *text)
{
    size_t count;
    uint8_t *bytes = get_file(name, &count);
    ck_assert_uint_eq(count, strlen(text));
    ck_assert_mem_eq(bytes, text, count);
    free(bytes);
}

static void replace(const char *path, const char *text)
{
    cln_error error = {0};
    cln_replacement file;
    ck_assert_msg(cln_os_replace_begin(&file, path, &error) == CLN_OK, "%s", error.message);
    fputs(text, file.stream);
    ck_assert_msg(cln_os_replace_commit(&file, &error) == CLN_OK, "%s", error.message);
}

START_TEST(new_file)
{
    mode_t before = umask(027);
    struct stat entry;
    replace(at("a"), "one");
    umask(before);
    expect("a", "one");
    ck_assert_int_eq(stat(at("a"), &entry), 0);
    ck_assert_uint_eq(entry.st_mode & 0777, 0640);
    ck_assert_uint_eq(count_entries(false), 1);
}
END_TEST

/* A driver's thread, say: counts its new files that others may write. */
static atomic_bool files_are_made;

static void make_files(void *user)
{
    struct stat entry;
    for (*(int *)user = 0; atomic_load(&files_are_made); unlink(at("other"))) {
        int descriptor = open(at("other"), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        *(int *)user += descriptor >= 0 && fstat(descriptor, &entry) == 0 && (entry.st_mode & 022) != 0;
        close(descriptor);
    }
}

START_TEST(files_of_other_threads_stay_private)
{
    mode_t before = umask(022);
    int open_ones = 0;
    char path[sizeof folder + 8];
    snprintf(path, sizeof path, "%s/a", folder);
    atomic_store(&files_are_made, true);
    cln_os_thread *thread = cln_os_thread_begin(make_files, &open_ones);
    for (int i = 0; i < 5000; i++) {
        cln_replacement file;
        ck_assert_int_eq(cln_os_replace_begin(&file, path, NULL), CLN_OK);
        cln_os_replace_abandon(&file);
    }
    atomic_store(&files_are_made, false);
    cln_os_thread_join(thread);
    umask(before);
    ck_assert_int_eq(open_ones, 0);
}
END_TEST

START_TEST(old_file_is_replaced)
{
    struct stat entry;
    put_file("a", "older text", 10);
    ck_assert_int_eq(chmod(at("a"), 0600), 0);
    replace(at("a"), "new");
    expect("a", "new");
    ck_assert_int_eq(stat(at("a"), &entry), 0);
    ck_assert_uint_eq(entry.st_mode & 0777, 0600);
    ck_assert_uint_eq(count_entries(false), 1);
}
END_TEST

START_TEST(old_file_stays_until_commit)
{
    cln_error error = {0};
    cln_replacement file;
    put_file("a", "old", 3);
    ck_assert_int_eq(cln_os_replace_begin(&file, at("a"), &error), CLN_OK);
    fputs("half of the n", file.stream);
    fflush(file.stream);
    expect("a", "old");
    cln_os_replace_abandon(&file);
    expect("a", "old");
    ck_assert_uint_eq(count_entries(false), 1);
    cln_os_replace_abandon(&file); /* again: nothing left to do */
}
END_TEST

START_TEST(link_is_followed)
{
    struct stat entry;
    put_file("target", "old", 3);
    ck_assert_int_eq(symlink("target", at("link")), 0);
    replace(at("link"), "new");
    expect("target", "new");
    ck_assert_int_eq(lstat(at("link"), &entry), 0);
    ck_assert(S_ISLNK(entry.st_mode));
}
END_TEST

START_TEST(abandon_accepts_one_never_begun)
{
    cln_replacement file = {0};
    cln_os_replace_abandon(&file);
    ck_assert_ptr_null(file.stream);
}
END_TEST

/* A file system without room, as the limit on a file's size: the write fails, the old file is whole, nothing else is left. */
static void write_beyond_limit(const char *text, size_t repeats)
{
    struct rlimit limit = {4096, RLIM_INFINITY};
    cln_error error = {0};
    cln_replacement file;
    put_file("a", "old", 3);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(cln_os_replace_begin(&file, at("a"), &error), CLN_OK);
    for (size_t i = 0; i < repeats; i++)
        fputs(text, file.stream);
    errno = 0;
    cln_status status = cln_os_replace_commit(&file, &error);
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    ck_assert_int_eq(status, CLN_IO);
    ck_assert_msg(strstr(error.message, strerror(EFBIG)) != NULL, "%s", error.message);
    expect("a", "old");
    ck_assert_uint_eq(count_entries(false), 1);
}

START_TEST(full_disk_before_commit)
{
    write_beyond_limit("sixteen letters.", 10000);
}
END_TEST

START_TEST(full_disk_at_commit)
{
    write_beyond_limit("sixteen letters.", 257); /* 16 bytes too many, in the last buffer */
}
END_TEST

/* Room comes back after a write has failed: what is missing stays missing. */
START_TEST(disk_full_for_a_while)
{
    struct rlimit limit = {4096, RLIM_INFINITY};
    cln_error error = {0};
    cln_replacement file;
    put_file("a", "old", 3);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(cln_os_replace_begin(&file, at("a"), &error), CLN_OK);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    for (int i = 0; i < 10000; i++)
        fputs("sixteen letters.", file.stream);
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    ck_assert_int_eq(cln_os_replace_commit(&file, &error), CLN_IO);
    expect("a", "old");
    ck_assert_uint_eq(count_entries(false), 1);
}
END_TEST

static void refuses(const char *path, const char *word)
{
    cln_error error = {0};
    cln_replacement file;
    ck_assert_int_eq(cln_os_replace_begin(&file, path, &error), CLN_IO);
    ck_assert_ptr_null(file.stream);
    ck_assert_msg(strstr(error.message, word) != NULL, "%s", error.message);
}

START_TEST(no_place_for_a_file)
{
    char lengthy[5000];
    memset(lengthy, 'x', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = '\0';
    ck_assert_int_eq(mkfifo(at("fifo"), 0600), 0);
    refuses("", "empty");
    refuses(folder, "no regular file");
    refuses("/dev/full", "no regular file");
    refuses(at("fifo"), "no regular file");
    refuses(at("missing/a"), "folder exists");
    refuses(lengthy, "too long");
    ck_assert_uint_eq(count_entries(false), 1);
}
END_TEST

START_TEST(link_to_nothing)
{
    struct stat entry;
    ck_assert_int_eq(symlink("nowhere", at("link")), 0);
    ck_assert_int_eq(symlink("loop", at("loop")), 0);
    refuses(at("link"), "leads nowhere");
    refuses(at("loop"), "leads nowhere");
    ck_assert_int_eq(lstat(at("link"), &entry), 0);
    ck_assert(S_ISLNK(entry.st_mode));
    ck_assert_uint_eq(count_entries(false), 2);
}
END_TEST

START_TEST(file_that_is_protected)
{
    put_file("a", "old", 3);
    ck_assert_int_eq(chmod(at("a"), 0444), 0);
    ck_assert_int_eq(chmod(folder, 0777), 0);
    bool root = getuid() == 0; /* who may write everything */
    if (root && setresuid(65534, 65534, 0) != 0)
        return;
    refuses(at("a"), "Permission denied");
    if (root)
        ck_assert_int_eq(setresuid(0, 0, 0), 0);
    expect("a", "old");
    ck_assert_uint_eq(count_entries(false), 1);
}
END_TEST

static Suite *replace_suite(void)
{
    Suite *suite = suite_create("base: files that are replaced");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], make_folder, remove_folder);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(ok, new_file);
    tcase_add_test(edges, files_of_other_threads_stay_private);
    tcase_add_test(ok, old_file_is_replaced);
    tcase_add_test(ok, old_file_stays_until_commit);
    tcase_add_test(edges, link_is_followed);
    tcase_add_test(edges, abandon_accepts_one_never_begun);
    tcase_add_test(edges, full_disk_before_commit);
    tcase_add_test(edges, full_disk_at_commit);
    tcase_add_test(edges, disk_full_for_a_while);
    tcase_add_test(invalid, no_place_for_a_file);
    tcase_add_test(invalid, link_to_nothing);
    tcase_add_test(invalid, file_that_is_protected);
    return suite;
}

int main(void)
{
    return run_suite(replace_suite());
}
