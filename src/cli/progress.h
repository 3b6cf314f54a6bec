/* The progress of a training on stderr: one live line on a terminal, otherwise a line an epoch. */
#ifndef CLN_CLI_PROGRESS_H
#define CLN_CLI_PROGRESS_H

#include "clinear.h"

typedef struct cln_display {
    bool terminal;
    double drawn;           /* when the live line was last drawn, in seconds */
    cln_score train, valid; /* the last that were told */
} cln_display;

void cln_display_begin(cln_display *display);
void cln_display_show(cln_display *display, const cln_progress *progress);

#endif
