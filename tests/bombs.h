/* Little memory for the rest of a test's process: what would take more before it has seen what it is for fails with CLN_MEMORY. */
#ifndef CLN_TESTS_BOMBS_H
#define CLN_TESTS_BOMBS_H

#include <check.h>
#include <stdio.h>
#include <sys/resource.h>

/* `more` bytes beside those that are mapped now. Without effect where a sanitizer maps terabytes. */
static inline void limit_memory(size_t more)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    rlim_t most = pages * 4096 + more;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &(struct rlimit){most, most}), 0);
#else
    (void)more;
#endif
}

#endif
