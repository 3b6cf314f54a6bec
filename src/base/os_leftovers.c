#define _GNU_SOURCE /* getdents64 */
#include "base/os_leftovers.h"

#include "base/os.h"
#include "base/size.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATHS = 16, PROCESSES = 16, DEEPEST = 64 };

/* FILLING belongs to the thread that made it so; only READY is looked at by a handler. */
enum { FREE, FILLING, READY };

static struct {
    atomic_int state;
    char path[4096 + 16];
} paths[PATHS];
static atomic_int processes[PROCESSES]; /* 0: free */

void cln_leftovers_hold(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
}

void cln_leftovers_release(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

void cln_leftovers_add_path(const char *path)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < PATHS && length < sizeof paths[i].path; i++) {
        int state = FREE;
        if (!atomic_compare_exchange_strong(&paths[i].state, &state, FILLING))
            continue;
        memcpy(paths[i].path, path, length + 1);
        atomic_store(&paths[i].state, READY);
        return;
    }
}

void cln_leftovers_drop_path(const char *path)
{
    for (size_t i = 0; i < PATHS; i++)
        if (atomic_load(&paths[i].state) == READY && strcmp(paths[i].path, path) == 0) {
            atomic_store(&paths[i].state, FREE);
            return;
        }
}

void cln_leftovers_add_process(pid_t leader)
{
    for (size_t i = 0; i < PROCESSES; i++) {
        int none = 0;
        if (atomic_compare_exchange_strong(&processes[i], &none, (int)leader))
            return;
    }
}

void cln_leftovers_drop_process(pid_t leader)
{
    for (size_t i = 0; i < PROCESSES; i++) {
        int present = (int)leader;
        if (atomic_compare_exchange_strong(&processes[i], &present, 0))
            return;
    }
}

/* ---- clearing away; nothing here but system calls */

static void remove_entry(int folder, const char *name, int depth);

/* All entries of an open folder; whether one could be removed. */
static bool remove_entries(int folder, int depth)
{
    _Alignas(struct dirent64) char entries[2048];
    ssize_t bytes;
    bool removed = false;
    lseek(folder, 0, SEEK_SET);
    while ((bytes = getdents64(folder, entries, sizeof entries)) > 0)
        for (ssize_t at = 0; at < bytes;) {
            const struct dirent64 *entry = (const void *)(entries + at);
            at += entry->d_reclen;
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            remove_entry(folder, entry->d_name, depth);
            removed |= faccessat(folder, entry->d_name, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
        }
    return removed;
}

/* A folder that was made unreadable hides what is to be removed. What cannot be removed keeps those above it, and nothing else. */
static void remove_entry(int folder, const char *name, int depth)
{
    if (unlinkat(folder, name, 0) == 0 || depth > DEEPEST)
        return;
    const int how = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int below = openat(folder, name, how);
    if (below < 0 && errno == EACCES && fchmodat(folder, name, 0700, 0) == 0)
        below = openat(folder, name, how);
    if (below < 0)
        return;
    fchmod(below, 0700);
    while (remove_entries(below, depth + 1)) /* some file systems pass over entries while others are removed */
        ;
    close(below);
    unlinkat(folder, name, AT_REMOVEDIR);
}

void cln_remove_tree(const char *path)
{
    remove_entry(AT_FDCWD, path, 0);
}

/* Programs first, for they write into the folders. */
void cln_os_leave_nothing(void)
{
    for (size_t i = 0; i < PROCESSES; i++) {
        pid_t leader = (pid_t)atomic_load(&processes[i]);
        if (leader <= 0)
            continue;
        kill(-leader, SIGKILL);
        kill(leader, SIGKILL); /* where it leads no group yet */
        waitpid(leader, NULL, 0);
    }
    for (size_t i = 0; i < PATHS; i++)
        if (atomic_load(&paths[i].state) == READY)
            cln_remove_tree(paths[i].path);
}
