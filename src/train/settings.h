/* The options' values, typed and within their ranges: what the trainer reads. Defaults and ranges are in the table of options.c. */
#ifndef CLN_TRAIN_SETTINGS_H
#define CLN_TRAIN_SETTINGS_H

#include "base/error.h"

#define CLN_MOST_CLASSES 256 /* in option `classes` */

typedef struct cln_settings {
    const char *engine; /* "auto", "fused" or "clblast" */
    const char *model, *loss, *solver;
    uint32_t classes[CLN_MOST_CLASSES], class_count; /* 0: all */
    double scale;                                    /* 0: 1/255 for bytes, 1 for floats */
    uint64_t train_rows;                             /* 0: all */
    uint64_t valid_rows;                             /* 0: none */
    bool drop_last, no_bias, no_shuffle;
    uint64_t batch_size, epochs, seed;
    double learning_rate, momentum;
    double l2, alpha;             /* at most one is not 0 */
    uint64_t patience;            /* epochs; 0: off */
    uint64_t patience_iterations; /* minibatches; 0: off */
    double patience_increase, improvement;
    uint64_t log_every; /* minibatches; 0: never */
} cln_settings;

cln_status cln_options_copy(const cln_options *options, cln_options **copy, cln_error *error);
const cln_settings *cln_options_settings(const cln_options *options);

#endif
