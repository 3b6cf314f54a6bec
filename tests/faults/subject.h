/*
 * What an OpenCL call is on, and so which device has to answer for it.
 */
#ifndef FAULTS_SUBJECT_H
#define FAULTS_SUBJECT_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl_icd.h>
#include <stdbool.h>

typedef struct subject {
    enum { ON_NOTHING, ON_PLATFORM, ON_DEVICE, ON_CONTEXT, ON_QUEUE, ON_MEMORY, ON_PROGRAM, ON_KERNEL, ON_EVENT } kind;
    void *handle;
} subject;

/* Whether it belongs to a device with `text` in its name or its platform's, as the driver says. */
bool is_on(const cl_icd_dispatch *driver, subject on, const char *text);

#endif
