/* Wall-clock time of work on a device: repeated within a bounded time, told as median and spread. */
#ifndef CLN_MEASURE_SAMPLE_H
#define CLN_MEASURE_SAMPLE_H

#include "device/device.h"

/* Enqueues one piece of work, or does it and waits. */
typedef cln_status cln_sample_fn(void *user, cln_error *error);

/* Seconds of one piece of work. */
typedef struct cln_sample {
    double median;
    double low, high; /* the quartiles: half of the samples lie between them */
} cln_sample;

/* One piece of work, twice: the second one is timed, for drivers compile and touch memory in the first. */
cln_status cln_sample_once(cln_device *device, cln_sample_fn *work, void *user, double *seconds, cln_error *error);

/* Many: as many pieces to a sample as take 4 ms, three samples or more, about 0.1 s of them. The work has been run before. */
cln_status cln_sample_many(cln_device *device, cln_sample_fn *work, void *user, cln_sample *sample, cln_error *error);

#endif
