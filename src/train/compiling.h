/* Compilation, timed and told to whom cln_device_on_compile named. */
#ifndef CLN_TRAIN_COMPILING_H
#define CLN_TRAIN_COMPILING_H

#include "device/device.h"

typedef struct cln_compiling {
    const cln_device *device; /* NULL: nothing is being compiled */
    char what[100];
    double began, seconds; /* of the stretch that runs, by the clock; of those before it */
} cln_compiling;

/* Before kernels for this problem are built. */
cln_compiling cln_compiling_begin(const cln_device *device, uint32_t features, uint32_t outputs);
/* Around what has to be done before they can run for the first time, which is when drivers compile as well. */
void cln_compiling_pause(cln_compiling *compiling);
void cln_compiling_resume(cln_compiling *compiling);
/* After that, whether it went well or not; nothing where it has not begun or has ended. Returns the seconds in all. */
double cln_compiling_end(cln_compiling *compiling);

#endif
