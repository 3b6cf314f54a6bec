/* What `train`, `recipe` and `search` share: run a training from opened data to a saved model. */
#ifndef CLN_CLI_TRAINING_H
#define CLN_CLI_TRAINING_H

#include "report/estimate.h"
#include "report/training.h"

typedef struct cln_job {
    const cln_options *options;
    const char *device, *output, *log; /* NULL: auto, no model file, no log */
    const char *no_tuning;             /* NULL: what was measured on the device is in force */
    const char *no_selftest;           /* NULL: a device that has failed its selftest is refused */
    bool profile;                      /* also tells where the time of the optimisation went */
    const char *checkpoint;            /* NULL: none but that which is resumed from, if any */
    uint64_t checkpoint_every;         /* 0: as before, or at the end of every epoch */
    const char *resume;                /* NULL: begins */
    const char *data;                  /* path of the training part */
    const char *inputs[4];             /* every path that is read; NULL for none */
    cln_parts parts;
    void (*watch)(const cln_progress *progress, void *user); /* NULL: nobody */
    void *user;
} cln_job;

/* Says on stderr how it goes and what went wrong. Returns the exit code; *finished where `training` holds a result to
   report, also of a run that was interrupted or diverged. training is to be released. */
int cln_job_run(const cln_job *job, cln_training *training, bool *finished);
/* The same for a trainer that is there already, on an open device: of the job, data, options (for the report) and output count. */
int cln_job_train(const cln_job *job, cln_device *device, cln_trainer *trainer, cln_training *training, bool *finished);
/* What cln_job_run would take, in its place, after the same checks; nothing is written. Returns the exit code, _DONE where it fits;
   *finished where there are figures to report. */
int cln_job_estimate(const cln_job *job, cln_estimated *estimated, bool *finished);

#endif
