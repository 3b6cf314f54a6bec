/* How public functions begin: with a clean error, told what is NULL, and only where drivers work. */
#define _GNU_SOURCE
#include "base/entry.h"
#include "harness.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static cln_status two(const char *a, const char *b, char **result, cln_error *error)
{
    MAKES(result);
    ENTER(error, a && b && result);
    return CLN_OK;
}

static cln_status on_device(const char *a, cln_error *error)
{
    ENTER_OPENCL(error, a);
    return CLN_OK;
}

static cln_status some(const char *a, size_t count, const char *b, cln_error *error)
{
    ENTER(error, (a || count == 0) && b);
    return CLN_OK;
}

START_TEST(says_what_it_needs)
{
    cln_error error = {0};
    char here, *result = &here;
    ck_assert_int_eq(two("a", NULL, &result, &error), CLN_INVALID);
    ck_assert_int_eq(error.status, CLN_INVALID);
    ck_assert_str_eq(error.message, "two was given NULL where it needs a pointer; give it: a, b, result");
    ck_assert_ptr_null(result);
    ck_assert_int_eq(two("a", "b", NULL, &error), CLN_INVALID);
    ck_assert_int_eq(two(NULL, NULL, NULL, NULL), CLN_INVALID);
    ck_assert_int_eq(some(NULL, 0, "b", &error), CLN_OK);
    ck_assert_int_eq(some(NULL, 1, "b", &error), CLN_INVALID); /* names, and no code */
    ck_assert_str_eq(error.message, "some was given NULL where it needs a pointer; give it: a, b");
}
END_TEST

START_TEST(begins_clean)
{
    cln_error error;
    char *result;
    memset(&error, 'x', sizeof error); /* of nobody */
    ck_assert_int_eq(two("a", "b", &result, &error), CLN_OK);
    ck_assert_int_eq(error.status, CLN_OK);
    ck_assert_str_eq(error.message, "");
    cln_fail(&error, CLN_IO, "of an earlier call");
    ck_assert_int_eq(two(NULL, "b", &result, &error), CLN_INVALID);
    ck_assert_int_eq(error.status, CLN_INVALID);
}
END_TEST

static int ended_with(pid_t child)
{
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Before the first use a fork is none of ours; after it the child is refused, and its children, and the parent goes on. */
START_TEST(forks)
{
    cln_error error = {0};
    pid_t child = fork();
    if (child == 0) {
        cln_use_opencl();
        _exit(on_device("a", NULL) == CLN_OK && !cln_opencl_is_lost() ? 0 : 1);
    }
    ck_assert_int_eq(ended_with(child), 0);
    ck_assert_int_eq(on_device("a", &error), CLN_OK);
    cln_use_opencl();
    child = fork();
    if (child == 0) {
        cln_use_opencl();
        bool refused = on_device("a", &error) == CLN_DEVICE && strstr(error.message, "forked") && cln_opencl_is_lost();
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(on_device("a", NULL) == CLN_DEVICE ? 0 : 1);
        _exit(refused && ended_with(grandchild) == 0 ? 0 : 1);
    }
    ck_assert_int_eq(ended_with(child), 0);
    ck_assert_int_eq(on_device("a", &error), CLN_OK);
    ck_assert(!cln_opencl_is_lost());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/entry");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, begins_clean);
    tcase_add_test(ok, forks);
    tcase_add_test(invalid, says_what_it_needs);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, invalid);
    return run_suite(suite);
}
