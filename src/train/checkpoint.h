/*
 * Checkpoints of a trainer with one lane, a file of model/container.h. Its metadata:
 *
 *   clinear_checkpoint   "1", the version of these names
 *   version, device, engine, shape, block_rows, tuning     what computed; identity.c
 *   option.NAME          each option that was given or has a default; identity.c
 *   training.…, validation.…, test.…     what each part of the data is known by; identity.c
 *   epochs, epoch, minibatch, steps      the limit; passes begun; minibatches done in a pass that is not over, and in all
 *   learning_rate, every, mark, seconds.…
 *   patience.…           of sgd
 *   lbfgs.…              of lbfgs
 *
 * and its arrays, of sgd: `weights`, `velocity` and, where there is a best, `best` (k,d+1), the bias in column d; of a pass that is not
 * over `losses` and `errors` (1,minibatch). Of lbfgs: `x` and `gradient` (1,count), in the variables of full_batch.h, and of the
 * pairs `s`, `y` (rows,count) and `sy` (1,rows). Where CLBlast computed, `products` (·,n m k rows and its parameters): which products so far,
 * for the model's metadata.
 */
#ifndef CLN_TRAIN_CHECKPOINT_H
#define CLN_TRAIN_CHECKPOINT_H

#include "model/container.h"
#include "solve/minimize.h"
#include "train/trainer.h"

#define CLN_CHECKPOINT_VERSION "1"
#define CLN_CHECKPOINT_MARK    4000 /* bytes */

typedef struct cln_checkpoint {
    cln_checkpoints to; /* to.path NULL: none are kept */
    cln_entries notes;  /* the metadata of the next one */
    bool known;         /* what does not change while it runs is noted */

    cln_container *from; /* that was resumed from, or NULL */
    cln_resumption resumption;
    char path[4096], origin[4096]; /* of `to`, of `from` */
    char device[600];
} cln_checkpoint;

/* The trainer's, an empty one where it had none. */
cln_status cln_checkpoint_of(cln_trainer *trainer, cln_checkpoint **checkpoint, cln_error *error);
void cln_checkpoint_release(cln_trainer *trainer);

/* Steps from here to the next checkpoint; UINT64_MAX where there is none within a pass. */
uint64_t cln_checkpoint_left(const cln_trainer *trainer);
/* Whether one is to be kept after `steps` steps, which end a pass (or are iterations), or the run. */
bool cln_checkpoint_due(const cln_trainer *trainer, uint64_t steps, bool pass_ends, bool run_ends);
/* Keeps one of sgd; pass (done): the scores of the minibatches of a pass that is not over. A failure is told, and nothing else. train_seconds:
   of optimisation up to here. */
void cln_checkpoint_keep_sgd(cln_trainer *trainer, const cln_score *pass, uint64_t done, double train_seconds);
void cln_checkpoint_keep_lbfgs(cln_trainer *trainer, const cln_minimize_state *state, uint64_t count,
                               double train_seconds);
/* Of the host, at most, while one is kept or gone on from: copies, and rows that are read to be known again. 0 where none can be kept. */
uint64_t cln_checkpoint_bytes(const cln_trainer *trainer);
/* products.c: what CLBlast has computed so far, as an array in memory that is to be released with free(), or none; and back. */
cln_status cln_checkpoint_products(const cln_plan *plan, cln_array *array, int64_t **values, cln_error *error);
cln_status cln_checkpoint_take_products(cln_plan *plan, cln_container *from, cln_error *error);
/* Fills in the state that was kept of lbfgs, of `count` variables. */
cln_status cln_checkpoint_take_lbfgs(cln_trainer *trainer, cln_minimize_state *state, uint64_t count, cln_error *error);

/* identity.c: what a run is known by. Notes it, rows and their answers among it. */
cln_status cln_identity_note(cln_trainer *trainer, cln_entries *notes, cln_error *error);
uint64_t cln_identity_bytes(const cln_trainer *trainer); /* of the host meanwhile, at most */
/* Version and options of a file that is to be resumed from, before there is a trainer. */
cln_status cln_identity_check_options(const cln_container *from, const cln_options *options, cln_error *error);
/* Data and, where the device is the same, kernels. */
cln_status cln_identity_check(cln_trainer *trainer, const cln_container *from, bool same_device, cln_error *error);
/* A device with its driver, in letters that any text may hold. */
void cln_identity_device(const cln_device_info *info, char text[600]);

#endif
