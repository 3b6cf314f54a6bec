/* The device that a command works on. */
#ifndef CLN_CLI_DEVICE_H
#define CLN_CLI_DEVICE_H

#include "clinear.h"

/* cln_device_open, for a command that will say what is compiled: on a terminal while it is, otherwise afterwards, where it took
   longer than a second. What was measured on the device is in force, unless --no-tuning was given (no_tuning is not NULL); a tuning file
   that cannot be used is said on stderr, and is no failure. */
cln_status cln_cli_device_open(const char *selector, const char *no_tuning, cln_device **device, cln_error *error);
/* The same for a command that needs right results: a device that has failed its selftest with this driver is refused, CLN_DEVICE, or
   where --no-selftest was given (no_selftest is not NULL) said to have failed. */
cln_status cln_cli_device_open_trusted(const char *selector, const char *no_tuning, const char *no_selftest,
                                       cln_device **device, cln_error *error);

#endif
