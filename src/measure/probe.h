/*
 * What the measurements of limits share: kernels of cl/limits.cl built for a device, and memory to run them on. Each measurement
 * gives the seconds of a piece of work and how much that moves or computes: its value is a rate, or the time itself where the
 * amount is 0. Results are checked: CLN_DEVICE where something came out wrong.
 */
#ifndef CLN_MEASURE_PROBE_H
#define CLN_MEASURE_PROBE_H

#include "device/program.h"
#include "measure/sample.h"

typedef struct cln_probe {
    cln_device *device;
    cl_program program;
    cl_kernel fill, copy, read, multiply_add, nothing;
    uint32_t vector, chains;  /* floats or uints of a vector; chains of a work-item */
    size_t group, groups;     /* work-items of a group; groups that keep the device busy */
    cl_mem from, to, results; /* (bytes), (bytes), (a vector for each work-item) */
    uint64_t bytes;           /* 0: not allocated yet */
    uint32_t *host;           /* (transfer) */
    uint64_t transfer;        /* bytes */
    size_t busy_groups;       /* of multiply_add */
    cl_uint rounds;           /* of multiply_add */
    char note[200];           /* what to know about a value; "" for nothing */
} cln_probe;

typedef cln_status cln_probe_fn(cln_probe *probe, cln_sample *seconds, double *amount, cln_error *error);

cln_probe_fn cln_probe_copy, cln_probe_read, cln_probe_upload, cln_probe_download; /* memory.c: bytes */
cln_probe_fn cln_probe_multiply_add;                                               /* arithmetic.c: operations */

/* `what` came out wrong. */
cln_status cln_probe_fail(const cln_probe *probe, const char *what, cln_error *error);

#endif
