/*
 * The progress of a training on stderr: one live line on a terminal. Otherwise a line for each of the first epochs, iterations or
 * alphas, then one a second at most, and the last.
 */
#ifndef CLN_CLI_PROGRESS_H
#define CLN_CLI_PROGRESS_H

#include "clinear.h"

typedef struct cln_display {
    bool terminal;
    const char *unit;       /* what is counted: "epoch", "iteration" or "alpha" */
    double drawn;           /* when a line was last written, in seconds */
    uint64_t lines;         /* written so far */
    char pending[512];      /* the newest line, where it was not written; "" where it was */
    cln_score train, valid; /* the last that were told */
} cln_display;

/* What a solver's progress counts, for people. */
const char *cln_display_unit(const char *solver);
void cln_display_begin(cln_display *display, const char *solver);
void cln_display_show(cln_display *display, const cln_progress *progress);
/* Leaves the newest figures behind. */
void cln_display_end(cln_display *display);

#endif
