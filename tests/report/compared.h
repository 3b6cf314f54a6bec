/* Comparisons made by hand. */
#ifndef CLN_TESTS_COMPARED_H
#define CLN_TESTS_COMPARED_H

#include "report/comparison.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static inline cln_comparison made(void)
{
    return (cln_comparison){.version = "0.1.0",
                            .date = "2026-11-26T01:30:00Z",
                            .data = "data/mnist",
                            .type = "uint8",
                            .rows = 60000,
                            .test_rows = 10000,
                            .features = 784,
                            .outputs = 10,
                            .budget = 60,
                            .seconds = 58.5,
                            .command = "clinear compare data/mnist --budget 60"};
}

/* Of index −1: one that could not be listed. */
static inline cln_compared_device *add_device(cln_comparison *comparison, const char *name, const char *platform)
{
    cln_device_info info = {.index = (int)comparison->count,
                            .type = "cpu",
                            .vendor = "somebody",
                            .driver = "3.1",
                            .version = "OpenCL 3.0",
                            .compute_units = 2,
                            .clock_mhz = 2700,
                            .global_bytes = UINT64_C(5) << 40,
                            .max_alloc_bytes = 1 << 30,
                            .local_bytes = 524288,
                            .fp64 = true,
                            .same_as = -1};
    snprintf(info.name, sizeof info.name, "%s", name);
    snprintf(info.platform, sizeof info.platform, "%s", platform);
    cln_compared_device *device = cln_comparison_add(comparison, &info);
    ck_assert_ptr_nonnull(device);
    return device;
}

static inline void add_row(cln_compared_device *device, const char *name, const char *unit, double value, double spread,
                           double limit)
{
    cln_measurement row = {.name = name, .value = value, .unit = unit, .spread = spread, .limit = limit};
    ck_assert(cln_compared_add(device, &row));
}

static inline void add_reason(cln_compared_device *device, const char *name, const char *unit, const char *reason)
{
    cln_measurement row = {.name = name, .value = NAN, .unit = unit, .spread = NAN, .limit = NAN, .reason = reason};
    ck_assert(cln_compared_add(device, &row));
}

/* What `write` writes, to be released with free(). */
typedef cln_status write_fn(const cln_comparison *comparison, FILE *to, cln_error *error);
static inline char *written(write_fn *write, const cln_comparison *comparison)
{
    FILE *to = tmpfile();
    ck_assert_ptr_nonnull(to);
    ck_assert_int_eq(write(comparison, to, NULL), CLN_OK);
    long size = ftell(to);
    char *text = calloc(1, (size_t)size + 1);
    rewind(to);
    ck_assert_uint_eq(fread(text, 1, (size_t)size, to), (size_t)size);
    fclose(to);
    return text;
}

#endif
