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

static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The same in one process: an OpenCL context does not survive a fork. */
static inline int run_device_suite(Suite *suite)
{
    setenv("CK_FORK", "no", 1);
    return run_suite(suite);
}

/* The folder of MNIST's files: beside the checkout, then under $CLINEAR_DATA; NULL where neither is. */
static inline const char *mnist_folder(void)
{
    static char path[4096];
    struct stat entry;
    const char *base = getenv("CLINEAR_DATA");
    snprintf(path, sizeof path, "%s/../shared/data/mnist", CLINEAR_SOURCE);
    if (stat(path, &entry) == 0)
        return path;
    snprintf(path, sizeof path, "%s/mnist", base ? base : "");
    return base && stat(path, &entry) == 0 ? path : NULL;
}

#endif
