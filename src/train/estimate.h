/*
 * What a training will take, from a trainer that is prepared. estimate.c walks through what a trainer allocates, in its order, on a dry
 * device (device/buffer.h): device memory comes from the code that allocates it, host memory from what each part says of itself.
 * fitting.c judges the figures, and looks for an option that makes them fit by estimating with it.
 */
#ifndef CLN_TRAIN_ESTIMATE_H
#define CLN_TRAIN_ESTIMATE_H

#include "train/trainer.h"

typedef struct cln_needs {
    cln_estimate estimate; /* all but the verdict */
    const char *largest;   /* what the largest buffer is called */
    uint64_t held;         /* of host_bytes: there already */
} cln_needs;

/* The needs of a prepared trainer on a device of these facts, its own or another; tuning: what is in force there, or NULL. parts: those
   that the trainer's selection is made from, or NULL. What its selection has on the device already is not counted. */
cln_status cln_needs_of(const cln_trainer *trainer, const cln_parts *parts, const cln_facts *facts,
                        struct cln_tuning *tuning, cln_needs *needs, cln_error *error);

/* needs.estimate with its verdict. */
cln_status cln_estimate_judge(const cln_trainer *trainer, const cln_parts *parts, cln_estimate *estimate,
                              cln_error *error);
/* The same as a failure where it does not fit: CLN_DEVICE, CLN_MEMORY. */
cln_status cln_estimate_check(const cln_trainer *trainer, const cln_parts *parts, cln_error *error);

#endif
