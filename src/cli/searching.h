/* What `search` and `recipe` share: a search over a grid on opened data, and the best again. */
#ifndef CLN_CLI_SEARCHING_H
#define CLN_CLI_SEARCHING_H

#include "report/search.h"

typedef struct cln_search_job {
    cln_options *options; /* receive the best configuration at the end */
    const char *grid;
    uint32_t folds;                               /* 0: a validation part */
    const char *state, *output;                   /* NULL: no file */
    const char *device, *no_tuning, *no_selftest; /* as in cln_job */
    const char *data;                             /* path of the training part */
    cln_parts parts;
    /* Tells what it came to, of an interrupted search too; the report is valid during the call. */
    cln_status (*tell)(const cln_search_report *report, void *user, cln_error *error);
    void *user;
} cln_search_job;

/* Says on stderr how it goes and what went wrong. *finished where `training` holds the best, trained again; it is to be released. Returns
   the exit code. */
int cln_search_job_run(const cln_search_job *job, cln_training *training, bool *finished);

#endif
