/*
 * Requests to end: Ctrl-C (SIGINT), SIGTERM, SIGHUP, and the time of --timeout. At first one ends the process at once: there is nothing to
 * keep yet, and a driver may compile for a long time. Once there is, the first one only asks for a clean stop, and the second, or ten
 * seconds after --timeout, ends the process. Neither leaves files that are not whole, temporary folders or programs behind; nor does SIGPIPE,
 * which ends the process as ever; nor does a crash, which is said with the remedy. Of these four signals, what a process was started to
 * ignore it goes on ignoring.
 */
#ifndef CLN_CLI_INTERRUPT_H
#define CLN_CLI_INTERRUPT_H

#include "base/error.h"

/* crashes: false for a process whose parent says what became of it. */
void cln_interrupt_watch(bool crashes);
/* PoCL's folder of compiled kernels; "" where there is none. */
const char *cln_interrupt_kernel_cache(void);
/* From here on there is something to keep. */
void cln_interrupt_defer(void);
bool cln_interrupted(void);
/* The same of a driver that failed: its compiler (LLVM) takes its own files away when a signal comes, may not find them in another thread,
   and only then passes the signal on. So this waits for one, for a tenth of a second. */
bool cln_interrupted_amid_failure(void);

/* From now on `seconds` are left, a number above 0; NULL: any time. CLN_INVALID. */
cln_status cln_interrupt_timeout(const char *seconds, cln_error *error);
/* What is said to have taken too long, "training"; a literal. */
void cln_interrupt_doing(const char *doing);
/* The exit code of a command that returns `code`: one that --timeout has stopped has failed, which is said. */
int cln_interrupt_code(int code);

#endif
