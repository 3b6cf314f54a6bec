/* The one place that includes OpenCL: 1.2 is the target on every platform. */
#ifndef CLN_DEVICE_OPENCL_H
#define CLN_DEVICE_OPENCL_H

#define CL_TARGET_OPENCL_VERSION 120
#ifdef __APPLE__
#include <OpenCL/opencl.h>
#else
#include <CL/cl.h>
#endif

#endif
