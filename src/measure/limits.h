/* What a device can do at most, measured on it: the inside of cln_measure_limits. */
#ifndef CLN_MEASURE_LIMITS_H
#define CLN_MEASURE_LIMITS_H

#include "device/device.h"

/* The rows of cln_measure_limits, by kernels of this text; NULL for cl/limits.cl. Every result is checked before its time is told. */
cln_status cln_limits_measure(cln_device *device, const char *text, cln_measurement_fn *row, void *user,
                              cln_error *error);

/* The same rows without values, for a reason. */
void cln_limits_tell_none(const char *reason, cln_measurement_fn *row, void *user);

#endif
