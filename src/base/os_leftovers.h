/*
 * What must not stay when this process is ended from without: files that are not whole yet, temporary folders, programs that were begun.
 * Each is in a small table while it is there; cln_os_leave_nothing (os.h) goes through it. What finds no room there is not cleared away.
 */
#ifndef CLN_BASE_OS_LEFTOVERS_H
#define CLN_BASE_OS_LEFTOVERS_H

#include <signal.h>
#include <sys/types.h>

/* Between these two no signal comes to this thread, so that a thing and its entry are there together. */
void cln_leftovers_hold(sigset_t *before);
void cln_leftovers_release(const sigset_t *before);

void cln_leftovers_add_path(const char *path); /* a file or a folder with all that is in it */
void cln_leftovers_drop_path(const char *path);
void cln_leftovers_add_process(pid_t leader); /* of a process group */
void cln_leftovers_drop_process(pid_t leader);

/* Removes a file, or a folder with all that is in it; links are not followed. Allocates nothing and takes no lock: a signal handler may. */
void cln_remove_tree(const char *path);

#endif
