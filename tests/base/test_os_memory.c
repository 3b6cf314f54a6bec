/* How much memory there is left, by files of an invented system. */
#define _GNU_SOURCE
#include "base/os.h"
#include "files.h"
#include "harness.h"

#include <ftw.h>
#include <string.h>

static int remove_entry(const char *path, const struct stat *entry, int kind, struct FTW *place)
{
    (void)entry, (void)kind, (void)place;
    return remove(path);
}

/* With what is in it. */
static void remove_tree(void)
{
    ck_assert_int_eq(nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* A file in the system's folders, which are made. */
static void put(const char *name, const char *text)
{
    char path[300];
    for (const char *end = strchr(name, '/'); end; end = strchr(end + 1, '/')) {
        snprintf(path, sizeof path, "%.*s", (int)(end - name), name);
        mkdir(at(path), 0700);
    }
    put_file(name, text, strlen(text));
}

static void put_memory(const char *group)
{
    put("proc/meminfo", "MemTotal:       100 kB\nMemFree:        1 kB\nMemAvailable:   50 kB\nSwapFree:       7 kB\n");
    put("proc/self/cgroup", group);
}

START_TEST(without_groups)
{
    put_memory("");
    ck_assert_uint_eq(cln_os_available_under(at(".")), 57 * 1024);
}
END_TEST

/* Pages of files give way, and groups around a group count. */
START_TEST(groups_of_today)
{
    put_memory("0::/outer/inner\n");
    put("sys/fs/cgroup/outer/inner/memory.max", "max\n");
    put("sys/fs/cgroup/outer/inner/memory.current", "90000\n");
    ck_assert_uint_eq(cln_os_available_under(at(".")), 57 * 1024);
    put("sys/fs/cgroup/outer/memory.max", "20000\n");
    put("sys/fs/cgroup/outer/memory.current", "15000\n");
    ck_assert_uint_eq(cln_os_available_under(at(".")), 5000 + 7 * 1024);
    put("sys/fs/cgroup/outer/memory.stat", "anon 14000\nfile 999\ninactive_file 300\nactive_file 700\n");
    ck_assert_uint_eq(cln_os_available_under(at(".")), 6000 + 7 * 1024);
    put("sys/fs/cgroup/outer/inner/memory.max", "80000\n");
    ck_assert_uint_eq(cln_os_available_under(at(".")), 7 * 1024);
}
END_TEST

START_TEST(groups_of_former_days)
{
    put_memory("7:cpu,cpuacct:/a\n4:memory:/a/b\n0::/\n");
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9000\n");
    put("sys/fs/cgroup/memory/memory.usage_in_bytes", "8000\n");
    ck_assert_uint_eq(cln_os_available_under(at(".")), 1000 + 7 * 1024);
    put("sys/fs/cgroup/memory/memory.stat", "inactive_file 1\ntotal_inactive_file 2000\ntotal_active_file 0\n");
    ck_assert_uint_eq(cln_os_available_under(at(".")), 3000 + 7 * 1024);
}
END_TEST

START_TEST(nothing_said)
{
    ck_assert_uint_eq(cln_os_available_under(at("nowhere")), UINT64_MAX);
    put("proc/meminfo", "MemTotal: 100 kB\nMemAvailable: a lot\n");
    ck_assert_uint_eq(cln_os_available_under(at(".")), UINT64_MAX);
}
END_TEST

START_TEST(this_machine)
{
    ck_assert_uint_gt(cln_os_available_bytes(), 1 << 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base: memory");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_checked_fixture(ok, make_folder, remove_tree);
    tcase_add_checked_fixture(invalid, make_folder, remove_tree);
    tcase_add_test(ok, without_groups);
    tcase_add_test(ok, groups_of_today);
    tcase_add_test(ok, groups_of_former_days);
    tcase_add_test(ok, this_machine);
    tcase_add_test(invalid, nothing_said);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, invalid);
    return run_suite(suite);
}
