/* The sums over a trainer's rows that linear least squares is solved from, and what is made of them. By compute/gram.h on the device. */
#ifndef CLN_TRAIN_NORMAL_EQUATIONS_H
#define CLN_TRAIN_NORMAL_EQUATIONS_H

#include "solve/ridge.h"
#include "solve/ridge_triangle.h"
#include "train/centred_rows.h"

/* Of bytes and their labels, all exact; sums with real-valued targets, or of very many labels, in double on the host. Fills in the columns'
   means and deviations. *built grows by the seconds that building the kernels took. */
cln_status cln_normal_equations(cln_trainer *trainer, cln_centred_rows *columns, double *built, cln_ridge **ridge,
                                cln_error *error);
/* Of floats, in single precision and without targets: products of columns z, which have been measured. *usable: false where that
   is beyond floats' range. */
cln_status cln_normal_sums(cln_trainer *trainer, const cln_centred_rows *columns, double *built,
                           cln_triangle **triangle, bool *usable, cln_error *error);
/* What either takes of the host at most, what it leaves included. Counts the Gram matrix on the trainer's device, which is dry
   (device/buffer.h); of its plan what it is without memory and kernels is enough. penalised: with every α. */
uint64_t cln_normal_equations_bytes(const cln_trainer *trainer, bool penalised);

#endif
