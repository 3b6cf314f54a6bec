/*
 * What every Check program shares: a main() that runs one suite (one per module, TCases ok/edges/invalid), and the places of
 * test data. A suite that cannot run exits with 77, a skip, and says why.
 */
#ifndef CLN_TESTS_HARNESS_H
#define CLN_TESTS_HARNESS_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SKIPPED 77

/* A skip, except in CI, where a missing device or data set is a failure. */
static inline int skip(const char *reason)
{
    bool in_ci = getenv("CI") != NULL;
    printf("%s: %s\n", in_ci ? "FAILED, for in CI it must be there" : "skipped", reason);
    return in_ci ? EXIT_FAILURE : SKIPPED;
}

static inline int run_suite_forking(Suite *suite, enum fork_status forking)
{
    SRunner *runner = srunner_create(suite);
    if (forking == CK_NOFORK)
        srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Each test in a process of its own, unless the environment says otherwise (CK_FORK=no). */
static inline int run_suite(Suite *suite)
{
    return run_suite_forking(suite, CK_FORK_GETENV);
}

/* All in one process: an OpenCL context does not survive a fork. */
static inline int run_device_suite(Suite *suite)
{
    return run_suite_forking(suite, CK_NOFORK);
}

/* Cases of a suite on a device: between the same fixtures, and without a time limit, for drivers compile at leisure. */
static inline void add_device_cases(Suite *suite, TCase *ok, TCase *invalid, SFun begin, SFun end)
{
    TCase *cases[] = {ok, invalid};
    for (int i = 0; i < 2; i++) {
        tcase_set_timeout(cases[i], 0);
        tcase_add_checked_fixture(cases[i], begin, end);
        suite_add_tcase(suite, cases[i]);
    }
}

/* The folder of MNIST's files: beside the checkout, then under $CLINEAR_DATA; NULL where neither is. */
static inline const char *mnist_folder(void)
{
    static char path[4096];
    const char *base = getenv("CLINEAR_DATA");
    const char *const labels[] = {"t10k-labels-idx1-ubyte", "t10k-labels-idx1-ubyte.gz"};
    for (int place = 0; place < (base ? 2 : 1); place++)
        for (int form = 0; form < 2; form++) { /* an empty folder is none */
            char file[4200];
            struct stat entry;
            snprintf(path, sizeof path, place ? "%s/mnist" : "%s/../shared/data/mnist", place ? base : CLINEAR_SOURCE);
            snprintf(file, sizeof file, "%s/%s", path, labels[form]);
            if (stat(file, &entry) == 0)
                return path;
        }
    return NULL;
}

#endif
