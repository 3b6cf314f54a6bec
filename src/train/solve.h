/* The solvers other than sgd, each from a trainer that is ready to kept weights: in the trainer's lane, with `reason` saying
   why it stopped and, where it did not converge, one remedy. The rest of a run is the same for all. */
#ifndef CLN_TRAIN_SOLVE_H
#define CLN_TRAIN_SOLVE_H

#include "train/trainer.h"

#define CLN_REASON_BYTES 256

/* By minimize.h on full_batch.h. */
cln_status cln_solve_lbfgs(cln_trainer *trainer, cln_progress_fn *progress, void *user, char reason[CLN_REASON_BYTES],
                           cln_error *error);
/* By compute/gram.h and ridge.h, for each alpha; the best in validation is kept. */
cln_status cln_solve_direct(cln_trainer *trainer, cln_progress_fn *progress, void *user, char reason[CLN_REASON_BYTES],
                            cln_error *error);

/* What they take of the host, at most. Of the trainer what its plan is without memory and kernels is enough; direct counts its Gram matrix
   on the trainer's device, which is dry (device/buffer.h). */
uint64_t cln_solve_lbfgs_bytes(const cln_trainer *trainer);
uint64_t cln_solve_direct_bytes(const cln_trainer *trainer);

#endif
