/* What every command begins and ends with. */
#ifndef CLN_CLI_CALL_H
#define CLN_CLI_CALL_H

#include "cli/arguments.h"

/* A command's work: its operands and the library's options that were given, and what it wants to know besides. Returns the exit
   code. */
typedef int cln_work(const cln_arguments *arguments, cln_options *options, void *request);

/* Names the command in messages, reads its arguments into usage's flags and options, heeds --quiet (*quiet is what that flag
   received) and --timeout, and does the work. usage->options is filled in here. Returns the exit code. */
int cln_call(cln_usage usage, const char *const *quiet, int argc, const char **argv, cln_work *work, void *request);

#endif
