/* All that is not portable C: clock, memory use, files that replace others whole, folders, rights, libraries.
   Linux today. */
#ifndef CLN_BASE_OS_H
#define CLN_BASE_OS_H

#include "base/error.h"

#include <stdio.h>

double cln_os_seconds(void);           /* of a monotonic clock */
uint64_t cln_os_peak_host_bytes(void); /* the most that this process has held so far */
/* Host memory that this process may still take: what the system can free, swap included, and no more than its control groups leave it.
   UINT64_MAX where the system does not say. _under: as a system says whose files begin at `root`. */
uint64_t cln_os_available_bytes(void);
uint64_t cln_os_available_under(const char *root);
/* Whatever it is, also one that cannot be looked at: then opening it says why. A symbolic link to nothing is not there. */
bool cln_os_exists(const char *path);
bool cln_os_is_folder(const char *path);
bool cln_os_is_file(const char *path); /* a regular one, so that reading it never waits */
/* Whether two paths lead to one file, that is there or would be made there; links are followed. */
bool cln_os_same_file(const char *a, const char *b);
bool cln_os_may_use(const char *path);                           /* this user may read and write it */
void cln_os_group_of(const char *path, char *name, size_t size); /* "" where unknown */
bool cln_os_is_terminal(FILE *stream);
unsigned cln_os_terminal_width(FILE *stream); /* columns; 80 where unknown */

/*
 * A file that appears under its name whole or not at all: write to ->stream, then _commit (flush, fsync, rename, fsync of
 * the folder) or _abandon. An existing path that is no regular file is refused by _begin, and so is one that this
 * user may not write. A symbolic link is followed; one that leads nowhere is refused.
 * Both enders release everything; _abandon accepts a file never begun (all zero). One that a signal ends leaves nothing behind
 * where its handler calls cln_os_leave_nothing.
 */
typedef struct cln_replacement {
    FILE *stream;
    char path[4096], temporary[4096 + 16];
} cln_replacement;

cln_status cln_os_replace_begin(cln_replacement *file, const char *path, cln_error *error);
cln_status cln_os_replace_commit(cln_replacement *file, cln_error *error);
void cln_os_replace_abandon(cln_replacement *file);
/* What was written to a stream is on disk then, as far as the system says so. */
bool cln_os_flush(FILE *stream);
/* Between _begin and _commit: nobody but this user may read or write the file. */
void cln_os_replace_privately(cln_replacement *file);

/*
 * A file that grows by whole lines, each on disk before the call returns. Made where it is not there; one process at a time: another
 * one is refused, as is what exists and is no regular file. Closed: descriptor −1.
 */
typedef struct cln_appending {
    int descriptor;
    char path[4096];
} cln_appending;

cln_status cln_os_append_begin(cln_appending *file, const char *path, cln_error *error);
/* Gives up what stands behind the first `length` bytes. */
cln_status cln_os_append_cut(cln_appending *file, uint64_t length, cln_error *error);
cln_status cln_os_append(cln_appending *file, const void *bytes, size_t count, cln_error *error);
void cln_os_append_end(cln_appending *file); /* accepts a closed one */

/* A regular file to read from; ->size is its length when it was opened. All zero but descriptor −1: closed. */
typedef struct cln_os_file {
    int descriptor;
    uint64_t size;
} cln_os_file;

/* Anything that is no regular file is refused: what is read more than once cannot be a pipe. Never blocks. */
cln_status cln_os_open(cln_os_file *file, const char *path, cln_error *error);
/* Reads count bytes, or as many as there are up to the file's end: *got. `path` is for the message. */
cln_status cln_os_read(const cln_os_file *file, const char *path, void *to, uint64_t count, uint64_t *got,
                       cln_error *error);
/* The next read begins `offset` bytes from the file's start. */
cln_status cln_os_seek(const cln_os_file *file, const char *path, uint64_t offset, cln_error *error);
/* True where an open file belongs to this user and nobody else may write it. */
bool cln_os_is_ours(const cln_os_file *file);
void cln_os_close(cln_os_file *file); /* accepts a closed one */

/*
 * The folder for what this program keeps for itself and can do without: $XDG_CACHE_HOME/clinear, or ~/.cache/clinear. Made
 * where it is missing, for this user alone. CLN_IO, with the reason, where it cannot be made, and where it is another user's or
 * others may write it: nothing in it is to be trusted then. path is filled in all the same, and left alone where there is no place.
 */
#define CLN_OS_PATH_BYTES 4096
cln_status cln_os_cache_folder(char path[CLN_OS_PATH_BYTES], cln_error *error);
/* Removes the oldest files there whose names begin with `prefix`, until the others have `most` bytes together. */
void cln_os_cache_trim(const char *prefix, uint64_t most);

/* Calls `name` for each entry of a folder in alphabetical order; CLN_IO where it cannot be read. */
typedef void cln_os_name_fn(const char *name, void *user);
cln_status cln_os_folder(const char *path, cln_os_name_fn *name, void *user, cln_error *error);

/* An empty folder for this user alone, in $TMPDIR or /tmp. CLN_IO. */
cln_status cln_os_temporary_begin(char path[CLN_OS_PATH_BYTES], cln_error *error);
/* Removes it with all that is in it, links not followed; path becomes "", and may be. */
void cln_os_temporary_end(char path[CLN_OS_PATH_BYTES]);

/*
 * A program that runs beside this one, without a shell. What it writes to stdout comes line by line, or whole; of what it writes
 * to stderr the last line is kept. It and all that it has started end with _end at the latest, and when this process does.
 */
typedef struct cln_spawn {
    const char *const *argv; /* NULL at the end; a first word without '/' is looked for in $PATH */
    const char *const
        *changes;      /* "NAME=value" to set, "NAME" to remove; NULL at the end; NULL: the environment as it is */
    const char *input; /* what it reads from stdin (input_bytes), or NULL for nothing; outlives the process */
    size_t input_bytes;
} cln_spawn;

typedef struct cln_process cln_process;

typedef enum cln_line_state { CLN_LINE_READ, CLN_LINE_END, CLN_LINE_LATE } cln_line_state;

/* CLN_IO, with the reason, where it does not start: "there is no program NAME". */
cln_status cln_os_process_begin(const cln_spawn *spawn, cln_process **process, cln_error *error);
/* The next line of its stdout within `seconds`, without its end, valid until the next call; lines of more than 1 MiB and a last one
   that is cut end the reading. NULL with _END or _LATE. */
const char *cln_os_process_line(cln_process *process, double seconds, cln_line_state *state);
/* All that it writes to stdout (*size, and a zero behind it), to be released with free(). CLN_IO where it is more than `most`, takes longer
   than `seconds`, or ends with another status than 0, with what it said. */
cln_status cln_os_process_output(cln_process *process, double seconds, size_t most, char **output, size_t *size,
                                 cln_error *error);
/* Waits until it has ended, at most `seconds`, then ends it; how it ended in words: "" for an exit with status 0, "it exited with status 1",
   "it was ended by signal 11 (Segmentation fault)", "it did not end in time". *code (may be NULL): its exit status, or −1. */
void cln_os_process_wait(cln_process *process, double seconds, char words[200], int *code);
void cln_os_process_interrupt(cln_process *process);         /* as Ctrl-C on a terminal would */
const char *cln_os_process_said(const cln_process *process); /* the last line on its stderr so far, or "" */
void cln_os_process_end(cln_process *process);               /* accepts NULL */

/* Ends the programs that were begun and removes what is not whole or temporary, for a process that is about to end at once. A signal
   handler may call it, on any thread. */
void cln_os_leave_nothing(void);

/* A path by which this process starts the very program that it runs again, whatever stands in that program's place by now. False where
   the system does not say. */
bool cln_os_own_program(char path[CLN_OS_PATH_BYTES]);

/* One lock for the whole process, for what no two threads may do at once. Held for short, never twice by one thread. */
void cln_os_lock(void);
void cln_os_unlock(void);

/* Runs work(user) on a thread of its own; where there is none to be had, here and now, and returns NULL. */
typedef struct cln_os_thread cln_os_thread;
typedef void cln_os_work_fn(void *user);
cln_os_thread *cln_os_thread_begin(cln_os_work_fn *work, void *user);
/* Waits until its work is done, which is visible then, and releases it. Accepts NULL. */
void cln_os_thread_join(cln_os_thread *thread);

/* The function of that name in the libraries behind the one (or the program) that holds this code, where several define it;
   NULL where none does. Of any type: to be cast back to its own. */
typedef void cln_os_function(void);
cln_os_function *cln_os_next_function(const char *name);

/* Whether a shared library loads and has `symbol`; otherwise `why` (size) says what is wrong. It stays loaded, for many
   drivers do not survive being unloaded. */
bool cln_os_library_works(const char *library, const char *symbol, char *why, size_t size);

#endif
