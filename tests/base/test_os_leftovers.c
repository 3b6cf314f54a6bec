#define _GNU_SOURCE
#include "base/os.h"
#include "base/os_leftovers.h"
#include "harness.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/clinear-test-XXXXXX", old[64], begun[64];

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    setenv("TMPDIR", folder, 1);
    snprintf(old, sizeof old, "%s/old", folder);
    snprintf(begun, sizeof begun, "%s/program", folder);
}

static void end(void)
{
    ck_assert_msg(rmdir(folder) == 0, "something is left: %s", strerror(errno));
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert(fputs(text, file) >= 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void on_signal(int number)
{
    (void)number;
    cln_os_leave_nothing();
    _exit(7);
}

/* Half of everything; the program tells its id through a file. */
static void begin_everything(void)
{
    static const char *const argv[] = {"sh", "-c", "echo $$ >\"$TMPDIR\"/program; exec sleep 1000", NULL};
    char path[CLN_OS_PATH_BYTES], below[CLN_OS_PATH_BYTES + 16];
    cln_replacement file;
    cln_process *process;
    ck_assert_int_eq(cln_os_replace_begin(&file, old, NULL), CLN_OK);
    ck_assert(fputs("half of", file.stream) >= 0 && fflush(file.stream) == 0);
    ck_assert_int_eq(cln_os_temporary_begin(path, NULL), CLN_OK);
    snprintf(below, sizeof below, "%s/cache", path);
    ck_assert_int_eq(mkdir(below, 0700), 0);
    snprintf(below, sizeof below, "%s/cache/file", path);
    put(below, "x");
    ck_assert_int_eq(cln_os_process_begin(&(cln_spawn){argv, NULL, NULL, 0}, &process, NULL), CLN_OK);
    for (int i = 0; i < 5000 && !cln_os_is_file(begun); i++)
        usleep(2000);
}

START_TEST(a_signal_leaves_nothing)
{
    put(old, "as it was");
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGTERM, on_signal);
        begin_everything();
        raise(SIGTERM);
        _exit(1);
    }
    int state, program = 0;
    char text[32] = "";
    ck_assert_int_eq(waitpid(pid, &state, 0), pid);
    ck_assert(WIFEXITED(state) && WEXITSTATUS(state) == 7);
    FILE *file = fopen(begun, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%d", &program), 1);
    fclose(file);
    ck_assert(program > 1 && kill(program, 0) != 0 && errno == ESRCH);
    file = fopen(old, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(text, sizeof text, file));
    fclose(file);
    ck_assert_str_eq(text, "as it was");
    ck_assert_int_eq(unlink(old), 0);
    ck_assert_int_eq(unlink(begun), 0);
}
END_TEST

START_TEST(what_is_whole_stays)
{
    cln_replacement file;
    ck_assert_int_eq(cln_os_replace_begin(&file, old, NULL), CLN_OK);
    ck_assert_int_eq(cln_os_replace_commit(&file, NULL), CLN_OK);
    ck_assert_int_eq(cln_os_replace_begin(&file, begun, NULL), CLN_OK);
    cln_os_replace_abandon(&file);
    cln_os_leave_nothing();
    ck_assert(cln_os_is_file(old));
    ck_assert_int_eq(unlink(old), 0);
}
END_TEST

START_TEST(more_than_there_is_room_for)
{
    enum { MANY = 40 };
    static char paths[MANY][CLN_OS_PATH_BYTES];
    for (int i = 0; i < MANY; i++)
        ck_assert_int_eq(cln_os_temporary_begin(paths[i], NULL), CLN_OK);
    for (int i = 0; i < MANY; i++)
        cln_os_temporary_end(paths[i]);
    /* and there is room again */
    ck_assert_int_eq(cln_os_temporary_begin(paths[0], NULL), CLN_OK);
    cln_os_leave_nothing();
    ck_assert(!cln_os_exists(paths[0]));
    cln_os_temporary_end(paths[0]);
}
END_TEST

START_TEST(a_tree_of_many_entries_goes_and_what_a_link_leads_to_stays)
{
    enum { ENTRIES = 700 };
    char path[CLN_OS_PATH_BYTES], name[CLN_OS_PATH_BYTES + 32];
    put(old, "kept");
    ck_assert_int_eq(cln_os_temporary_begin(path, NULL), CLN_OK);
    for (int i = 0; i < ENTRIES; i++) {
        snprintf(name, sizeof name, "%s/entry with a long name %d", path, i);
        if (i % 3 == 0)
            ck_assert_int_eq(symlink(old, name), 0);
        else if (i % 3 == 1)
            put(name, "");
        else
            ck_assert_int_eq(mkdir(name, 0), 0);
    }
    cln_remove_tree(path);
    ck_assert(!cln_os_exists(path));
    ck_assert(cln_os_is_file(old));
    cln_os_temporary_end(path);
    cln_remove_tree("/nowhere at all");
    ck_assert_int_eq(unlink(old), 0);
}
END_TEST

static Suite *leftovers_suite(void)
{
    Suite *suite = suite_create("base: what must not stay");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_set_timeout(ok, 60);
    tcase_add_checked_fixture(ok, begin, end);
    tcase_add_checked_fixture(edges, begin, end);
    tcase_add_test(ok, a_signal_leaves_nothing);
    tcase_add_test(ok, what_is_whole_stays);
    tcase_add_test(edges, more_than_there_is_room_for);
    tcase_add_test(edges, a_tree_of_many_entries_goes_and_what_a_link_leads_to_stays);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return suite;
}

int main(void)
{
    return run_suite(leftovers_suite());
}
