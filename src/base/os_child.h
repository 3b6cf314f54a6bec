/*
 * A program begun beside this one, by the words of os.h: its process, which leads a group of its own and is ended with all of it, and our
 * ends of its pipes. What goes through them is os_process.c's.
 */
#ifndef CLN_BASE_OS_CHILD_H
#define CLN_BASE_OS_CHILD_H

#include "base/os.h"

#include <sys/types.h>

typedef struct cln_child {
    pid_t pid;        /* -1: none */
    bool ended;       /* it has been waited for */
    int state;        /* then: how it ended, as waitpid tells it */
    int in, out, err; /* our ends, which never block; -1 where closed */
} cln_child;

/* CLN_IO, with the reason, where it does not start, and CLN_MEMORY; there is nothing to end then. */
cln_status cln_child_begin(const cln_spawn *spawn, cln_child *child, cln_error *error);
/* Looks whether it has ended, or waits until it has. */
void cln_child_reap(cln_child *child, bool wait);
void cln_child_close(int *end); /* accepts a closed one */
void cln_child_end(cln_child *child);

#endif
