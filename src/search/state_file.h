/* What the two files of a search's state share: state.c (writes), state_read.c (reads with distrust). */
#ifndef CLN_SEARCH_STATE_FILE_H
#define CLN_SEARCH_STATE_FILE_H

#include "base/os.h"
#include "search/state.h"

#include <jansson.h>

#define CLN_SEARCH_STATE_VERSION 1
#define CLN_SEARCH_CONTENTS      "contents" /* in `data`; a file without it is older, and may be of any features */

struct cln_search_state {
    cln_appending file;
};

/* The first line of the file; NULL without memory. */
json_t *cln_search_identity_json(const cln_search_identity *identity);
/* Reads all lines; *length receives how many bytes of the file stand, 0 where it has to be begun. */
cln_status cln_search_state_read(const char *path, const cln_search_identity *identity, cln_search_unit_fn *found,
                                 void *user, uint64_t *length, cln_error *error);

#endif
