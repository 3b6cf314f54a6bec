#define _DEFAULT_SOURCE /* fchmod */
#include "base/os.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* True where an entry belongs to this user and nobody else may write it. */
static bool is_ours(const struct stat *entry)
{
    return entry->st_uid == geteuid() && (entry->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Makes a folder and those above it where they are missing, for this user alone. */
static void make_folders(char path[CLN_OS_PATH_BYTES])
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700); /* it is there, or the last one says why it is not */
        *slash = '/';
    }
    mkdir(path, 0700);
}

cln_status cln_os_cache_folder(char path[CLN_OS_PATH_BYTES], cln_error *error)
{
    const char *base = getenv("XDG_CACHE_HOME"), *below = "";
    struct stat entry;
    if (!base || *base != '/') { /* a relative one is to be ignored (XDG Base Directory Specification) */
        base = getenv("HOME");
        below = "/.cache";
    }
    if (!base || *base != '/')
        return cln_fail(error, CLN_IO, "there is no cache folder: neither XDG_CACHE_HOME nor HOME is an absolute path");
    if (snprintf(path, CLN_OS_PATH_BYTES, "%s%s/clinear", base, below) >= CLN_OS_PATH_BYTES)
        return cln_fail(error, CLN_IO, "cannot use the cache folder in %.60s…: the name is too long", base);
    make_folders(path);
    if (stat(path, &entry) != 0)
        return cln_fail(error, CLN_IO, "cannot use the cache folder %s: %s", path, strerror(errno));
    if (!S_ISDIR(entry.st_mode))
        return cln_fail(error, CLN_IO, "cannot use the cache folder %s: it is no folder; remove it", path);
    if (!is_ours(&entry))
        return cln_fail(error, CLN_IO,
                        "cannot trust the cache folder %s: it is another user's, or others may write it; make it this "
                        "user's alone (chmod 700) or remove it",
                        path);
    return CLN_OK;
}

typedef struct cached {
    char path[CLN_OS_PATH_BYTES + NAME_MAX + 2];
    struct stat entry;
} cached;

static int newest_first(const void *a, const void *b)
{
    const struct timespec *x = &((const cached *)a)->entry.st_mtim, *y = &((const cached *)b)->entry.st_mtim;
    return x->tv_sec != y->tv_sec ? (x->tv_sec < y->tv_sec) - (x->tv_sec > y->tv_sec)
                                  : (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

typedef struct listing {
    const char *folder, *prefix;
    cached *files;
    size_t count;
} listing;

static void add_file(const char *name, void *user)
{
    listing *l = user;
    cached file;
    snprintf(file.path, sizeof file.path, "%s/%s", l->folder, name);
    if (strncmp(name, l->prefix, strlen(l->prefix)) != 0 || lstat(file.path, &file.entry) != 0)
        return;
    cached *longer = realloc(l->files, (l->count + 1) * sizeof *longer);
    if (!longer)
        return;
    l->files = longer;
    l->files[l->count++] = file;
}

void cln_os_cache_trim(const char *prefix, uint64_t most)
{
    char folder[CLN_OS_PATH_BYTES];
    listing l = {folder, prefix, NULL, 0};
    uint64_t kept = 0;
    if (cln_os_cache_folder(folder, NULL) != CLN_OK || cln_os_folder(folder, add_file, &l, NULL) != CLN_OK)
        return;
    if (l.count)
        qsort(l.files, l.count, sizeof *l.files, newest_first);
    for (size_t i = 0; i < l.count; i++) {
        kept += (uint64_t)l.files[i].entry.st_size;
        if (kept > most)
            unlink(l.files[i].path);
    }
    free(l.files);
}

bool cln_os_is_ours(const cln_os_file *file)
{
    struct stat entry;
    return fstat(file->descriptor, &entry) == 0 && is_ours(&entry);
}

void cln_os_replace_privately(cln_replacement *file)
{
    fchmod(fileno(file->stream), 0600);
}
