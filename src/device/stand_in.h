/*
 * CLBlast (up to 1.7) keeps the binary of each program that it builds, to make the program again in another context. PoCL
 * compiles lazily, so that asking it for a binary makes it compile every kernel of the program: 13 to 24 s instead of 2 s
 * before CLBlast's first product. Nothing tells CLBlast not to ask.
 *
 * So this library defines two functions of OpenCL itself, which the dynamic linker takes before the loader's: clGetProgramInfo
 * and clCreateProgramWithBinary. Both pass every call on, but for those between _begin and _end on the same thread, on a device
 * whose facts say binaries_compile: there the binary of a program is its source behind a mark, and a program made
 * from such a binary is made from that source. Where another library's definition comes first (a program linked to
 * libOpenCL before libclinear), neither is called, and all is as slow as it would be without.
 */
#ifndef CLN_DEVICE_STAND_IN_H
#define CLN_DEVICE_STAND_IN_H

#include "device/device.h"

void cln_stand_in_begin(const cln_device *device);
void cln_stand_in_end(void);

#endif
