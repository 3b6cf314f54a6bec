/*
 * Built programs kept on disk, so that the next run need not compile them.
 *
 * Key      clinear's version, the platform's name and version, the device's name, vendor, version and driver, the build options and
 *          the source. The whole key stands in the file and is compared; its hash (FNV-1a, 64 bits) is the file's name.
 * Place    cln_os_cache_folder: program-<hash>, of this user alone; CLN_CACHE_BYTES together, beyond which the oldest go.
 * Trust    a folder or file that is another user's or that others may write, a file that is cut or changed, and a binary that
 *          the driver refuses: all silently as if there were none. Files are replaced whole, so processes may share them.
 * Not for  devices that compile all kernels when asked for a binary and cache themselves (PoCL), and simulators, whose messages
 *          need the source.
 */
#ifndef CLN_DEVICE_CACHE_H
#define CLN_DEVICE_CACHE_H

#include "device/device.h"

#define CLN_CACHE_BYTES (64u << 20)

bool cln_cache_serves(const cln_device *device);
/* The program of this source (`text`) and these options, built; false where it is not to be had, and *program is NULL then. */
bool cln_cache_take(const cln_device *device, const char *text, const char *options, cl_program *program);
/* Keeps a program that was built from them. What fails is no error. */
void cln_cache_keep(const cln_device *device, const char *text, const char *options, cl_program program);

#endif
