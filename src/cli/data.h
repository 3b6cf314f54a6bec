/* Opening what a command line calls DATA. */
#ifndef CLN_CLI_DATA_H
#define CLN_CLI_DATA_H

#include "base/error.h"

/* Opens `part` of a folder, or a file of images with its labels (NULL: none given). CLN_INVALID where labels are given
   for a folder, which has its own, or where `labelled` is asked for and there are none. */
cln_status cln_data_open(const char *path, const char *labels, cln_part part, bool labelled, cln_dataset **data,
                         cln_error *error);
/* "train" or "test"; NULL is "test". CLN_INVALID. */
cln_status cln_data_part(const char *word, cln_part *part, cln_error *error);

#endif
