#define _DEFAULT_SOURCE /* fchmod */
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
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

bool cln_os_is_ours(const cln_os_file *file)
{
    struct stat entry;
    return fstat(file->descriptor, &entry) == 0 && is_ours(&entry);
}

void cln_os_replace_privately(cln_replacement *file)
{
    fchmod(fileno(file->stream), 0600);
}
