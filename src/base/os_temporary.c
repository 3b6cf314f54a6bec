#define _POSIX_C_SOURCE 200809L /* mkdtemp */
#include "base/os.h"
#include "base/os_leftovers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

cln_status cln_os_temporary_begin(char path[CLN_OS_PATH_BYTES], cln_error *error)
{
    sigset_t before;
    const char *base = getenv("TMPDIR");
    if (!base || *base != '/')
        base = "/tmp";
    bool fits = snprintf(path, CLN_OS_PATH_BYTES, "%s/clinear-XXXXXX", base) < CLN_OS_PATH_BYTES;
    cln_leftovers_hold(&before);
    bool made = fits && mkdtemp(path);
    int cause = fits ? errno : ENAMETOOLONG;
    if (made)
        cln_leftovers_add_path(path);
    cln_leftovers_release(&before);
    if (!made) {
        *path = '\0';
        return cln_fail(error, CLN_IO, "cannot make a temporary folder in %.200s: %s; TMPDIR names another place", base,
                        strerror(cause));
    }
    return CLN_OK;
}

void cln_os_temporary_end(char path[CLN_OS_PATH_BYTES])
{
    if (!*path)
        return;
    cln_remove_tree(path);
    cln_leftovers_drop_path(path);
    *path = '\0';
}
