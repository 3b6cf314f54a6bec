#define _GNU_SOURCE /* mkdtemp, nftw */
#include "base/os.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

cln_status cln_os_temporary_begin(char path[CLN_OS_PATH_BYTES], cln_error *error)
{
    const char *base = getenv("TMPDIR");
    if (!base || *base != '/')
        base = "/tmp";
    if (snprintf(path, CLN_OS_PATH_BYTES, "%s/clinear-XXXXXX", base) >= CLN_OS_PATH_BYTES || !mkdtemp(path)) {
        *path = '\0';
        return cln_fail(error, CLN_IO, "cannot make a temporary folder in %.200s: %s; TMPDIR names another place", base,
                        strerror(errno));
    }
    return CLN_OK;
}

static int remove_entry(const char *path, const struct stat *entry, int kind, struct FTW *place)
{
    (void)entry;
    (void)kind;
    (void)place;
    remove(path); /* what cannot be removed keeps those above it, and nothing else */
    return 0;
}

/* A folder that was made unreadable hides what is to be removed. */
static int open_folder(const char *path, const struct stat *entry, int kind, struct FTW *place)
{
    (void)entry;
    (void)place;
    if (kind == FTW_D || kind == FTW_DNR)
        chmod(path, 0700);
    return 0;
}

void cln_os_temporary_end(char path[CLN_OS_PATH_BYTES])
{
    enum { DESCRIPTORS = 16 };
    if (!*path)
        return;
    nftw(path, open_folder, DESCRIPTORS, FTW_PHYS);
    nftw(path, remove_entry, DESCRIPTORS, FTW_PHYS | FTW_DEPTH);
    *path = '\0';
}
