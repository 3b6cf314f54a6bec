/* OpenCL's codes as words. (CLBlast's are in compute/blas.c: the ranges collide, and its table goes first for its codes.) */
#ifndef CLN_DEVICE_WORDS_H
#define CLN_DEVICE_WORDS_H

#include "base/error.h"
#include "device/opencl.h"

/* "CL_OUT_OF_RESOURCES (the device ran out of resources…)"; never NULL. */
const char *cln_opencl_words(cl_int code);

/* CLN_OK for CL_SUCCESS; otherwise CLN_DEVICE with "cannot <operation>: <words>". `operation` is a printf format. */
__attribute__((format(printf, 3, 4))) cln_status cln_check_cl(cln_error *error, cl_int code, const char *operation,
                                                              ...);

#endif
