/* The device that a command works on. */
#ifndef CLN_CLI_DEVICE_H
#define CLN_CLI_DEVICE_H

#include "clinear.h"

/* cln_device_open, for a command that will say what is compiled: on a terminal while it is, otherwise afterwards, where it took
   longer than a second. */
cln_status cln_cli_device_open(const char *selector, cln_device **device, cln_error *error);

#endif
