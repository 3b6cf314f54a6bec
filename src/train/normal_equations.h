/* The sums over a trainer's rows that linear least squares is solved from, and the equations that they make. */
#ifndef CLN_TRAIN_NORMAL_EQUATIONS_H
#define CLN_TRAIN_NORMAL_EQUATIONS_H

#include "solve/ridge.h"
#include "train/trainer.h"

/* By compute/gram.h on the device, exact for bytes and labels; sums with real-valued targets, or of very many labels, in double on the
   host. *built grows by the seconds that building the kernels took. */
cln_status cln_normal_equations(cln_trainer *trainer, double *built, cln_ridge **ridge, cln_error *error);
/* What that takes of the host at most, and of it the equations, which stay (*kept). Counts the Gram matrix on the trainer's device, which is
   dry (device/buffer.h); of its plan what it is without memory and kernels is enough. */
uint64_t cln_normal_equations_bytes(const cln_trainer *trainer, uint64_t *kept);

#endif
