/* Opening what a command line calls DATA. */
#ifndef CLN_CLI_DATA_H
#define CLN_CLI_DATA_H

#include "base/error.h"

/* Opens `part` of a folder, or a file of images with its labels (NULL: none given). CLN_INVALID where labels are given
   for a folder, which has its own, or where `labelled` is asked for and a file has none; CLN_IO where a folder has
   none. */
cln_status cln_data_open(const char *path, const char *labels, cln_part part, bool labelled, cln_dataset **data,
                         cln_error *error);
/* The part of `path` that --part names, "train" or "test"; NULL is "test". CLN_INVALID, also for a file, which has no
   parts. */
cln_status cln_data_part(const char *word, const char *path, cln_part *part, cln_error *error);

#endif
