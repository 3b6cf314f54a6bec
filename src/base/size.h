/* Size arithmetic that says when it overflows, and host allocation built on it. */
#ifndef CLN_BASE_SIZE_H
#define CLN_BASE_SIZE_H

#include "base/error.h"

/* Elements of an array. */
#define CLN_COUNT(array) (sizeof(array) / sizeof *(array))

/* *product = a·b and *sum = a+b; false where they do not fit. */
static inline bool cln_multiply(uint64_t a, uint64_t b, uint64_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

static inline bool cln_add(uint64_t a, uint64_t b, uint64_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

static inline uint64_t cln_ceil_divide(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

/* The least multiple of `step` that is no less than `a`, which must be far from the type's end. */
static inline uint32_t cln_round_up(uint32_t a, uint32_t step)
{
    return (a + step - 1) / step * step;
}

/* The least common multiple; 1 where a size is 0. */
static inline uint32_t cln_common_multiple(uint32_t a, uint32_t b)
{
    uint32_t x = a, y = b;
    while (y) {
        uint32_t rest = x % y;
        x = y;
        y = rest;
    }
    return a && b ? a / x * b : 1;
}

/* count·size zeroed bytes (one byte where that is 0), to be released with free(). `what` names them in the error. */
cln_status cln_allocate(void **memory, uint64_t count, uint64_t size, const char *what, cln_error *error);

#endif
