/* The checkpoints of a job: kept while it runs, with how far its log has come, and gone on from. */
#ifndef CLN_CLI_KEEPING_H
#define CLN_CLI_KEEPING_H

#include "cli/training.h"
#include "report/log.h"

typedef struct cln_keeping {
    const char *path; /* NULL: none are kept */
    cln_log *log;     /* NULL: none */
    bool failing;     /* the last one could not be written, which was said */
} cln_keeping;

/* A trainer for the job: a new one, or where it goes on the one of its checkpoint. */
cln_status cln_keeping_create(const cln_job *job, cln_device *device, cln_trainer **trainer, cln_error *error);
/* Opens the job's log, if any, and has the trainer keep checkpoints from here on, if it is to; keeping outlives the run. Notes in `training` what
   there is to report. */
cln_status cln_keeping_begin(cln_keeping *keeping, const cln_job *job, cln_trainer *trainer, cln_training *training,
                             cln_error *error);

#endif
