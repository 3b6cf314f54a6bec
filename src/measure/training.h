/*
 * The parts of cln_measure_training. The rows are uploaded once, for all trainers; each measurement makes what it needs at its first
 * turn and keeps it, so that later turns measure nothing else.
 */
#ifndef CLN_MEASURE_TRAINING_H
#define CLN_MEASURE_TRAINING_H

#include "compute/gram.h"
#include "measure/roof.h"
#include "measure/rounds.h"
#include "train/trainer.h"

#define CLN_MEASURED_BATCHES 4
#define CLN_MEASURED_USUAL   200  /* rows of a minibatch, where one speaks for all */
#define CLN_WIDE             1024 /* rows and columns of the wide product's matrices */

/* A sample of less says more of the clock: a measurement that is shorter is repeated, up to so often. */
#define CLN_SAMPLE_SECONDS 0.01
#define CLN_SAMPLE_REPEATS 100

/* Whether a sample of so many pieces, which took so long, has another one. */
static inline bool cln_sample_goes_on(uint32_t pieces, double seconds)
{
    return pieces < CLN_SAMPLE_REPEATS && seconds < CLN_SAMPLE_SECONDS;
}

/* What one engine is measured with; NULL until it is needed. */
typedef struct cln_measured_engine {
    const char *name;
    cln_trainer *sgd[CLN_MEASURED_BATCHES], *lbfgs;
    char broken[256]; /* why it cannot be built; "": it can, as far as is known */
    double memory;    /* bytes of the device that a training takes; NaN until there was one */
    double objective; /* of the optimum; NaN until there is one */
} cln_measured_engine;

typedef struct cln_measured {
    cln_device *device;
    const cln_parts *parts;
    cln_telling *telling;
    cln_roof roof;
    double deadline;      /* by the clock: a solver that takes longer is stopped */
    cln_options *options; /* of the selection */
    cln_selection selection;
    double data_bytes; /* of the device: the rows and labels of all parts */
    cln_measured_engine engines[2];
    size_t engine_count;
    char *h_rows; /* training rows in host memory, as many as `held` has, to be uploaded */
    cln_dataset *held;
    cln_gram *gram;
    cln_gemm gemm; /* of the wide product, whose matrices are wide[0]·wide[1] = wide[2] */
    cl_mem wide[3];
} cln_measured;

/* Options of a trainer: softmax on labels, or a linear model of real-valued targets. solver: "sgd" or "lbfgs"; batch: of sgd. */
cln_status cln_measured_options(const cln_measured *m, const char *engine, const char *solver, uint32_t batch,
                                cln_options **options, cln_error *error);

/* training_engines.c: an item's engine does these. */
cln_round_fn cln_measured_epoch, cln_measured_gradient, cln_measured_evaluation, cln_measured_idleness,
    cln_measured_optimum;
/* training_device.c: the device does these. */
cln_round_fn cln_measured_upload, cln_measured_gram, cln_measured_product;

#endif
