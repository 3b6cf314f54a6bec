/*
 * Ctrl-C. At first it ends the process at once, with status 130: there is nothing to keep yet, and a driver may compile
 * for a long time. Once there is, the first one only asks for a clean stop, and the second ends the process. A process
 * that was started to ignore SIGINT goes on ignoring it.
 */
#ifndef CLN_CLI_INTERRUPT_H
#define CLN_CLI_INTERRUPT_H

#include <stdbool.h>

void cln_interrupt_watch(void);
/* From here on there is something to keep. */
void cln_interrupt_defer(void);
bool cln_interrupted(void);

#endif
