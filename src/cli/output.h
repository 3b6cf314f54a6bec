/* Files that a command writes, refused before the long work where they cannot or must not be written. */
#ifndef CLN_CLI_OUTPUT_H
#define CLN_CLI_OUTPUT_H

#include "base/error.h"

/* `path`, which --option names. CLN_IO where it cannot be written; CLN_INVALID where it is one of the inputs (count;
   files, folders of IDX files, or NULL), however it is spelt. */
cln_status cln_output_check(const char *option, const char *path, const char *const *inputs, size_t count,
                            cln_error *error);

#endif
