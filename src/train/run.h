/* A run of minibatches, shared by its files: pass.c (enqueues a pass), run.c (what a pass has come to, and what follows). */
#ifndef CLN_TRAIN_RUN_H
#define CLN_TRAIN_RUN_H

#include "train/trainer.h"

typedef struct cln_run {
    cln_trainer *trainer;
    cln_progress_fn *progress;
    void *user;
    cln_progress now;
    double began;      /* by the clock */
    double reported;   /* the last tick, by the clock */
    cln_score *scores; /* (lanes) of the validation part */
} cln_run;

/* No lane runs any more. */
bool cln_run_is_over(const cln_run *run);
/* Tells the caller; a nonzero answer ends training. */
cln_status cln_run_report(cln_run *run, cln_event event, cln_error *error);
/* Stops the lanes whose patience is over after the last minibatch. */
cln_status cln_run_lose_patience(cln_trainer *trainer, bool pass_ended, cln_error *error);
/* What minibatch i of the pass scored for a lane, of those whose partial scores were read. */
cln_score cln_run_score(const cln_trainer *trainer, uint32_t m, uint64_t i);
/* Enqueues a pass, or what a checkpoint and patience leave of it; *done minibatches. Waits for the device at the end. */
cln_status cln_run_enqueue_pass(cln_run *run, uint64_t *done, cln_error *error);

#endif
