/*
 * The file from which a search goes on: lines of JSON, each on disk before the next training begins. The first says which search it is
 * of, each other what one training came to (`contents` is the fingerprint of the features, `labels` that of labels, targets and weights):
 *
 *   {"clinear_search":1,"version":…,"grid":…,"folds":…,"options":{…},"data":{"train":{"contents":…},"valid":{…}}}
 *   {"configuration":3,"fold":0,"valid":{"loss":…,"errors":…,"rows":…},"train":{…},"epochs":…,"stopped":…,"seconds":…}
 *
 * A last line that was not written to its end is dropped. Everything else that is not as it would be written is refused, and the file
 * stays as it is.
 */
#ifndef CLN_SEARCH_STATE_H
#define CLN_SEARCH_STATE_H

#include "train/settings.h"

/* What one training came to. */
typedef struct cln_search_unit {
    uint32_t configuration, fold; /* fold 0 without folds */
    cln_score valid, train;
    uint64_t epochs;
    cln_stop stopped;
    double seconds;
} cln_search_unit;

/* What a file must be of to be gone on with. */
typedef struct cln_search_identity {
    const char *grid;
    uint32_t configurations, folds; /* folds 0: a validation part */
    const cln_options *options;
    const cln_dataset *train, *valid; /* valid: NULL for none of its own */
    uint64_t contents[2];             /* data/fingerprint.h, of the features of both */
} cln_search_identity;

typedef struct cln_search_state cln_search_state;
typedef void cln_search_unit_fn(const cln_search_unit *unit, void *user);

/* Opens or makes the file and tells every training in it, each once. CLN_IO, also where another process is writing it; CLN_INVALID
   names what differs; CLN_FORMAT the line. */
cln_status cln_search_state_open(const char *path, const cln_search_identity *identity, cln_search_unit_fn *found,
                                 void *user, cln_search_state **state, cln_error *error);
/* Adds units (count). */
cln_status cln_search_state_add(cln_search_state *state, const cln_search_unit *units, size_t count, cln_error *error);
void cln_search_state_close(cln_search_state *state); /* accepts NULL */

#endif
