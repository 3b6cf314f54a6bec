/* A trainer's state, shared by its files: trainer.c (life), step.c (minibatches), run.c (epochs), result.c. */
#ifndef CLN_TRAIN_TRAINER_H
#define CLN_TRAIN_TRAINER_H

#include "device/queue.h"
#include "train/parts.h"
#include "train/patience.h"

struct cln_trainer {
    cln_device *device;
    cln_settings settings; /* those options */
    cln_options *options;  /* a copy, for the model's metadata */
    cln_selection selection;
    cln_plan *plan;
    cl_mem weights, velocity, gradient, best; /* (kp,ld) */
    cl_mem order;                             /* (training rows) uint32; NULL without shuffling */
    uint32_t *h_order;
    cln_score_buffer scores;
    cln_pace pace;
    uint64_t batch;            /* rows of a whole minibatch */
    uint64_t batches;          /* in a pass */
    uint64_t scores_per_batch; /* partial scores that a whole minibatch leaves */
    double scale;              /* of the features */
    cln_step h_step;
    cl_mem d_step;         /* (1) */
    uint64_t epoch, steps; /* passes begun, minibatches done */
    cln_patience patience;
    cln_stop stopped;
    cl_mem kept; /* weights or best: what is reported */
    cln_seconds seconds;
    double created; /* by the clock */
};

/* Begins the next pass: a new order. */
cln_status cln_trainer_begin_pass(cln_trainer *trainer, cln_error *error);
/* Enqueues minibatches index … index+count−1 of the pass; the partial scores of each are scores_per_batch behind those of the one
   before, from `first_score` on. */
cln_status cln_trainer_enqueue(cln_trainer *trainer, uint64_t index, uint64_t count, uint64_t first_score,
                               cln_error *error);
/* Minibatches between two marks of the host's pace: far enough ahead to keep the device busy, near enough for Ctrl-C. */
uint64_t cln_trainer_stretch(const cln_trainer *trainer);
/* Rows of minibatch `index` of a part; partial scores that they leave. */
uint64_t cln_trainer_batch_rows(const cln_trainer *trainer, int part, uint64_t index);
uint64_t cln_trainer_batch_scores(const cln_trainer *trainer, uint64_t index);
/* Reads w (kp,ld) into a weight array (k,d) and a bias array (k); either may be NULL. */
cln_status cln_trainer_read(cln_trainer *trainer, cl_mem w, float *weight, float *bias, cln_error *error);
/* ‖w‖² of the (k,d) part. */
cln_status cln_trainer_squared_norm(cln_trainer *trainer, cl_mem w, double *norm, cln_error *error);

/* Scores a part with weights w (kp,ld); the score has no rows where there is no such part. gradient as in cln_score_range. The time
   counts as evaluation. */
cln_status cln_trainer_score(cln_trainer *trainer, int part, cl_mem w, cl_mem gradient, cln_score *score,
                             cln_error *error);
/* Fills in the result of a run that has stopped; ->reason is already there where it diverged, which is CLN_DIVERGED. */
cln_status cln_trainer_conclude(cln_trainer *trainer, cln_result *result, cln_error *error);

#endif
