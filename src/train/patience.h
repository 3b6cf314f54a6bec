/*
 * Early stopping on the validation error. Two rules:
 *   epochs      stop after N passes without a new best;
 *   iterations  the deep-learning tutorials' rule (Theano, "Getting started", early stopping): stop after minibatch i ≥ patience,
 *               where an error below improvement·best extends patience to increase·i.
 * Both keep the weights of any new best. Minibatches count from zero.
 */
#ifndef CLN_TRAIN_PATIENCE_H
#define CLN_TRAIN_PATIENCE_H

#include "train/settings.h"

typedef struct cln_patience {
    uint64_t epochs, since_best; /* rule `epochs`: limit (0: off) and passes since the best */
    uint64_t iterations;         /* rule `iterations`: the last minibatch (0: off) */
    double increase, improvement;
    uint64_t best_epoch; /* 0: none yet */
    double best_error;
} cln_patience;

cln_patience cln_patience_begin(const cln_settings *settings);
bool cln_patience_on(const cln_patience *patience);
/* Takes in the validation error after a pass whose last minibatch was `iteration`; true for a new best. */
bool cln_patience_see(cln_patience *patience, uint64_t epoch, uint64_t iteration, double error);
/* Whether to stop after minibatch `iteration`; `pass_ended` where it was the last of its pass. */
bool cln_patience_over(const cln_patience *patience, uint64_t iteration, bool pass_ended);

#endif
