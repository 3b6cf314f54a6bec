/* The options' values, typed and within their ranges: what the trainer reads. Defaults and ranges are in the table of options.c. */
#ifndef CLN_TRAIN_SETTINGS_H
#define CLN_TRAIN_SETTINGS_H

#include "base/error.h"
#include "model/loss.h"

#define CLN_MOST_CLASSES 256 /* in option `classes` and `class-weights` */
#define CLN_MOST_ALPHAS  256 /* in option `alpha` */

typedef struct cln_settings {
    const char *engine;                                  /* "auto", "fused" or "clblast" */
    const char *model, *loss, *solver;                   /* loss NULL: the model's own */
    const char *target;                                  /* "onehot" or "value" */
    uint32_t classes[CLN_MOST_CLASSES], class_count;     /* 0: all */
    double scale;                                        /* 0: 1/255 for bytes, 1 for floats */
    bool center, standardize;                            /* standardising centres, too */
    bool balanced;                                       /* class weights: n / (k·rows of the class) */
    uint32_t weighted[CLN_MOST_CLASSES], weighted_count; /* classes with a weight, labels as in the data */
    double class_weight[CLN_MOST_CLASSES];               /* theirs; others have 1 */
    uint64_t train_rows;                                 /* 0: all */
    uint64_t valid_rows;                                 /* 0: none */
    bool drop_last, no_bias, no_shuffle;
    uint64_t batch_size, seed;
    uint64_t epochs;      /* 0: the solver's own */
    double learning_rate; /* 0: found from the data */
    double momentum;
    bool nesterov;
    const char *schedule; /* "constant", "step", "exponential", "cosine" or "inverse-time" */
    double decay;         /* 0: the schedule's own */
    uint64_t decay_epochs;
    double l1, l2;                 /* of the mean loss */
    double alpha[CLN_MOST_ALPHAS]; /* l2 times the training rows (what they weigh), where alpha_count is not 0 */
    uint32_t alpha_count;          /* 0: l2 is in force */
    double tolerance;
    uint64_t patience;            /* epochs; 0: off */
    uint64_t patience_iterations; /* minibatches; 0: off */
    double patience_increase, improvement;
    uint64_t log_every; /* minibatches; 0: never */
} cln_settings;

/* The loss that model and loss name together. */
cln_row_loss cln_settings_loss(const cln_settings *settings);
cln_target cln_settings_target(const cln_settings *settings);
/* What is not given has a solver's own default: minibatch passes, or iterations. */
uint64_t cln_settings_epochs(const cln_settings *settings);
bool cln_settings_solver_is(const cln_settings *settings, const char *solver);
/* alpha is given, and l2 is not in force. */
bool cln_settings_has_alpha(const cln_settings *settings);
/* λ of the mean loss over training rows that weigh `total` in all by themselves, their number where none has a weight; the first of several
   alphas. */
double cln_settings_l2(const cln_settings *settings, double total);
/* What does not go together, as a sentence (perhaps in `sentence`), or NULL. */
const char *cln_settings_check(const cln_settings *settings, char *sentence, size_t size);

cln_status cln_options_copy(const cln_options *options, cln_options **copy, cln_error *error);
const cln_settings *cln_options_settings(const cln_options *options);

#endif
