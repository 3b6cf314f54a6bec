/* What reading (tuning_read.c) and writing (tuning.c) of the tuning file share. */
#ifndef CLN_COMPUTE_TUNING_FILE_H
#define CLN_COMPUTE_TUNING_FILE_H

#include "compute/tuning.h"

#define CLN_TUNING_VERSION 1

/* The texts that name a device and its driver: members of cln_device_info and of the file. */
#define CLN_TUNING_DEVICE_MAP(X) X(name) X(vendor) X(platform) X(driver) X(version)

extern const char *const cln_tuning_types[2]; /* of data: [cln_type] */
extern const char *const cln_tuning_kinds[2]; /* of shapes: [cln_shape_kind] */

/* A device's own words, in letters that JSON and a comparison take as they are. */
void cln_tuning_plain(const char *text, char plain[128]);

#endif
