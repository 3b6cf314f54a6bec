#define _DEFAULT_SOURCE /* flock */
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

cln_status cln_os_append_begin(cln_appending *file, const char *path, cln_error *error)
{
    struct stat entry;
    const char *why = NULL;
    file->descriptor = -1;
    if (strlen(path) >= sizeof file->path)
        return cln_fail(error, CLN_IO, "cannot write %.60s…: the name is too long", path);
    memcpy(file->path, path, strlen(path) + 1);
    file->descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
    if (file->descriptor < 0 || fstat(file->descriptor, &entry) != 0)
        why = strerror(errno);
    else if (!S_ISREG(entry.st_mode))
        why = "it exists and is no regular file; give another name";
    else if (flock(file->descriptor, LOCK_EX | LOCK_NB) != 0)
        why = errno == EWOULDBLOCK ? "another process is writing it" : strerror(errno);
    if (!why)
        return CLN_OK;
    cln_os_append_end(file);
    return cln_fail(error, CLN_IO, "cannot write %s: %s", path, why);
}

cln_status cln_os_append_cut(cln_appending *file, uint64_t length, cln_error *error)
{
    if (length > INT64_MAX || ftruncate(file->descriptor, (off_t)length) != 0)
        return cln_fail(error, CLN_IO, "cannot write %s: %s", file->path, strerror(errno));
    return CLN_OK;
}

/* What could not be written whole is taken back. */
cln_status cln_os_append(cln_appending *file, const void *bytes, size_t count, cln_error *error)
{
    off_t before = lseek(file->descriptor, 0, SEEK_END);
    for (size_t done = 0; done < count;) {
        ssize_t written = write(file->descriptor, (const char *)bytes + done, count - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            int cause = errno;
            if (before >= 0 && ftruncate(file->descriptor, before) != 0)
                return cln_fail(error, CLN_IO, "cannot write %s: %s; it ends amid a line now", file->path,
                                strerror(cause));
            return cln_fail(error, CLN_IO, "cannot write %s: %s", file->path, strerror(cause));
        }
        done += (size_t)written;
    }
    if (fsync(file->descriptor) != 0)
        return cln_fail(error, CLN_IO, "cannot write %s: %s", file->path, strerror(errno));
    return CLN_OK;
}

void cln_os_append_end(cln_appending *file)
{
    if (file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = -1;
}
