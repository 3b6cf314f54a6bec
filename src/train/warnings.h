/*
 * Warnings: what the figures of a training do not show, a sentence each. Each is proven of this training, and none is a failure; what cannot
 * be proven is not said.
 */
#ifndef CLN_TRAIN_WARNINGS_H
#define CLN_TRAIN_WARNINGS_H

#include "train/parts.h"

typedef struct cln_warnings {
    size_t count;
    char text[8][512];
} cln_warnings;

/* Adds a sentence, once: one that is there already, or finds no room, is left out. */
__attribute__((format(printf, 2, 3))) void cln_warn(cln_warnings *warnings, const char *format, ...);
/* NULL beyond the last. */
const char *cln_warning_at(const cln_warnings *warnings, size_t index);

/* Of classes: outputs without a training row, and rows sorted by label whose last ones option `valid` takes. */
cln_status cln_warn_of_labels(cln_warnings *warnings, const cln_selection *selection, const cln_settings *settings,
                              cln_error *error);

#endif
