/* The list of devices, as a table for people and as JSON. */
#ifndef CLN_REPORT_DEVICES_H
#define CLN_REPORT_DEVICES_H

#include "base/error.h"

#include <stdio.h>

/* list: (count). chosen: the index that `auto` takes, marked with '*', or -1. CLN_MEMORY; errors of `to` stay in its
   flag. */
cln_status cln_report_devices(const cln_device_info *list, size_t count, int chosen, FILE *to, cln_error *error);
/* With what their selftests came to: "selftest" is "passed", "failed" or "unknown". */
cln_status cln_report_devices_json(const cln_device_info *list, size_t count, FILE *to, cln_error *error);

#endif
