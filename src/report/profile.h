/* Where the time of a training went: the rows of cln_profile_end, kept, as a table and as JSON. */
#ifndef CLN_REPORT_PROFILE_H
#define CLN_REPORT_PROFILE_H

#include "base/error.h"

#include <stdio.h>

/* All zero to begin with. */
typedef struct cln_profile_rows {
    struct cln_kept_row *rows; /* (count) */
    size_t count;
    bool short_of_memory; /* some rows are missing */
} cln_profile_rows;

/* A cln_profile_fn whose user is a cln_profile_rows. */
void cln_profile_rows_take(const cln_profile_row *row, void *user);
void cln_profile_rows_release(cln_profile_rows *rows); /* accepts one that is all zero */

/* A blank line and a table. Errors of `to` stay in its flag. CLN_MEMORY. */
cln_status cln_report_profile(const cln_profile_rows *rows, FILE *to, cln_error *error);
/* A list of objects; NULL where memory is short. */
struct json_t *cln_json_profile(const cln_profile_rows *rows);

#endif
