/* Ctrl-C asks for a clean stop; a second one ends the process at once. */
#ifndef CLN_CLI_INTERRUPT_H
#define CLN_CLI_INTERRUPT_H

#include <stdbool.h>

/* From here on the first SIGINT only sets a flag. A process that was started to ignore SIGINT goes on ignoring it. */
void cln_interrupt_watch(void);
bool cln_interrupted(void);

#endif
