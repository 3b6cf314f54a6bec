/* Files that appear under their names whole or not at all. */
#define _GNU_SOURCE          /* realpath, mkostemp */
#define _FILE_OFFSET_BITS 64 /* files beyond 2 GiB on 32-bit machines */
#include "base/os.h"
#include "base/os_leftovers.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What new files are not given. POSIX can only ask by changing it, which a driver's threads must not see: what they made meanwhile,
   built kernels among it, others could write. */
static mode_t file_mask(void)
{
    char line[128];
    unsigned mask = 0;
    bool found = false;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && !found && fgets(line, sizeof line, file))
        found = sscanf(line, "Umask: %o", &mask) == 1;
    if (file)
        fclose(file);
    return found ? (mode_t)mask : 077;
}

/* The file that a new one under `path` would take the place of, behind symbolic links, if any, and the rights that it is to
   have: those of the old one, else those of any other new file. */
static cln_status resolve(cln_replacement *file, const char *path, mode_t *mode, cln_error *error)
{
    struct stat entry;
    const char *target = path;
    char real[4096];
    mode_t mask = file_mask();
    *mode = 0666 & ~mask;
    if (stat(path, &entry) == 0) {
        if (!S_ISREG(entry.st_mode))
            return cln_fail(error, CLN_IO, "cannot write %s: it exists and is no regular file; give another name",
                            path);
        char *resolved = realpath(path, NULL);
        if (!resolved)
            return cln_fail(error, CLN_IO, "cannot write %s: %s", path, strerror(errno));
        snprintf(real, sizeof real, "%s", resolved);
        free(resolved);
        target = real;
        *mode = entry.st_mode & 0777;
        if (access(target, W_OK) != 0)
            return cln_fail(error, CLN_IO, "cannot write %s: %s; give another name", path, strerror(errno));
    } else if (lstat(path, &entry) == 0) {
        return cln_fail(error, CLN_IO, "cannot write %s: it is a symbolic link that leads nowhere; give another name",
                        path);
    }
    if (strlen(target) >= sizeof file->path)
        return cln_fail(error, CLN_IO, "cannot write %.60s…: the name is too long", path);
    memcpy(file->path, target, strlen(target) + 1);
    return CLN_OK;
}

/* As mkostemp; -1 with errno where there is none. */
static int make_temporary(char *name)
{
    sigset_t before;
    cln_leftovers_hold(&before);
    int descriptor = mkostemp(name, O_CLOEXEC), cause = errno;
    if (descriptor >= 0)
        cln_leftovers_add_path(name);
    cln_leftovers_release(&before);
    errno = cause;
    return descriptor;
}

static void remove_temporary(const char *name)
{
    unlink(name);
    cln_leftovers_drop_path(name);
}

cln_status cln_os_replace_begin(cln_replacement *file, const char *path, cln_error *error)
{
    memset(file, 0, sizeof *file);
    if (!*path)
        return cln_fail(error, CLN_IO, "cannot write a file whose name is empty; give a name");
    mode_t mode;
    cln_status status = resolve(file, path, &mode, error);
    if (status != CLN_OK)
        return status;
    snprintf(file->temporary, sizeof file->temporary, "%s.XXXXXX", file->path);
    int descriptor = make_temporary(file->temporary);
    if (descriptor < 0)
        return cln_fail(error, CLN_IO, "cannot write %s: %s; check that the folder exists and is writable", path,
                        strerror(errno));
    fchmod(descriptor, mode); /* mkostemp makes a private file */
    file->stream = fdopen(descriptor, "wb");
    if (!file->stream) {
        close(descriptor);
        remove_temporary(file->temporary);
        return cln_fail_memory(error, "a file buffer", 0);
    }
    return CLN_OK;
}

bool cln_os_flush(FILE *stream)
{
    return fflush(stream) == 0 && fsync(fileno(stream)) == 0;
}

/* A rename is lasting only once its folder is on disk. Some file systems cannot sync a folder: nothing to mend then. */
static void sync_folder_of(const char *path)
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
}

/* Why a write failed before is forgotten by now: write once more, into a file that is given up, and see. */
static int cause_of_failure(FILE *stream)
{
    return write(fileno(stream), "", 1) < 0 ? errno : EIO;
}

cln_status cln_os_replace_commit(cln_replacement *file, cln_error *error)
{
    bool good = !ferror(file->stream);
    int cause = good ? 0 : cause_of_failure(file->stream);
    if (good && !cln_os_flush(file->stream)) {
        good = false;
        cause = errno;
    }
    if (fclose(file->stream) != 0 && good) {
        good = false;
        cause = errno;
    }
    file->stream = NULL;
    if (good && rename(file->temporary, file->path) != 0) {
        good = false;
        cause = errno;
    }
    if (!good) {
        remove_temporary(file->temporary);
        return cln_fail(error, CLN_IO, "cannot write %s: %s; nothing was changed there", file->path, strerror(cause));
    }
    cln_leftovers_drop_path(file->temporary);
    sync_folder_of(file->path);
    return CLN_OK;
}

void cln_os_replace_abandon(cln_replacement *file)
{
    if (file->stream) {
        fclose(file->stream);
        remove_temporary(file->temporary);
        file->stream = NULL;
    }
}
