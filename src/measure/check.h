/*
 * Holding what a device computed against what it should be, in units of what it may be off: the largest error of many, and where it
 * was. And memory on a device with canaries behind it.
 */
#ifndef CLN_MEASURE_CHECK_H
#define CLN_MEASURE_CHECK_H

#include "device/device.h"
#include "measure/telling.h"

typedef struct cln_check {
    const char *name; /* of the row that it becomes */
    char place[160];  /* what is being checked now */
    double worst;     /* in tolerances */
    bool checked;     /* there was something to check */
    bool failed;      /* it could not be checked, or there is a NaN or a wrong byte */
    char reason[256]; /* of the worst so far, where that is above 1 or failed */
} cln_check;

/* got against want ± slack; `what` i, j says which it is: "row 3 output 1". */
void cln_check_value(cln_check *check, double got, double want, double slack, const char *what, size_t i, size_t j);
/* The check fails here: the first reason stays. */
__attribute__((format(printf, 2, 3))) void cln_check_fail(cln_check *check, const char *format, ...);
/* A row, as cln_measure_selftest tells them. */
void cln_check_tell(const cln_check *check, const cln_telling *telling);
bool cln_check_passed(const cln_check *check);

#define CLN_GUARD_BYTES 256

/* A buffer of `bytes` and a canary behind it; all zero: none. */
typedef struct cln_guarded {
    cl_mem memory;
    size_t bytes;
} cln_guarded;

/* Filled from `from` (bytes), or with zeros where that is NULL. */
cln_status cln_guarded_create(cln_device *device, const void *from, size_t bytes, cln_guarded *guarded,
                              cln_error *error);
/* Fails the check where something wrote behind it. */
cln_status cln_guarded_check(cln_device *device, const cln_guarded *guarded, const char *what, cln_check *check,
                             cln_error *error);
void cln_guarded_release(cln_device *device, cln_guarded *guarded);
/* The first `count` floats, to be released with free(). */
cln_status cln_guarded_floats(cln_device *device, cl_mem memory, size_t count, float **values, cln_error *error);

#endif
