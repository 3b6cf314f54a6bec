#define _GNU_SOURCE          /* realpath, RTLD_NEXT */
#define _FILE_OFFSET_BITS 64 /* files beyond 2 GiB on 32-bit machines */
#include "base/os.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

double cln_os_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

uint64_t cln_os_peak_host_bytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

bool cln_os_exists(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

bool cln_os_is_folder(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0 && S_ISDIR(entry.st_mode);
}

bool cln_os_is_file(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0 && S_ISREG(entry.st_mode);
}

/* The folder's real name and the file's own; false where there is no such folder. */
static bool full_name(const char *path, char full[2 * PATH_MAX])
{
    char folder[PATH_MAX], name[PATH_MAX], real[PATH_MAX];
    if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder || !realpath(dirname(folder), real))
        return false;
    snprintf(name, sizeof name, "%s", path);
    snprintf(full, 2 * PATH_MAX, "%s/%s", real, basename(name));
    return true;
}

bool cln_os_same_file(const char *a, const char *b)
{
    struct stat at_a, at_b;
    bool has_a = stat(a, &at_a) == 0, has_b = stat(b, &at_b) == 0;
    char full_a[2 * PATH_MAX], full_b[2 * PATH_MAX];
    if (has_a && has_b)
        return at_a.st_dev == at_b.st_dev && at_a.st_ino == at_b.st_ino;
    return !has_a && !has_b && full_name(a, full_a) && full_name(b, full_b) && strcmp(full_a, full_b) == 0;
}

bool cln_os_may_use(const char *path)
{
    return access(path, R_OK | W_OK) == 0;
}

void cln_os_group_of(const char *path, char *name, size_t size)
{
    struct stat entry;
    struct group *group = stat(path, &entry) == 0 ? getgrgid(entry.st_gid) : NULL;
    snprintf(name, size, "%s", group ? group->gr_name : "");
}

bool cln_os_is_terminal(FILE *stream)
{
    return isatty(fileno(stream));
}

unsigned cln_os_terminal_width(FILE *stream)
{
    struct winsize size;
    return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

cln_status cln_os_open(cln_os_file *file, const char *path, cln_error *error)
{
    struct stat entry;
    const char *why = NULL;
    *file = (cln_os_file){.descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (file->descriptor < 0 || fstat(file->descriptor, &entry) != 0)
        why = strerror(errno);
    else if (S_ISDIR(entry.st_mode))
        why = "it is a folder; give a file";
    else if (!S_ISREG(entry.st_mode))
        why = "it is no regular file; copy what it gives into one first";
    if (why) {
        cln_os_close(file);
        return cln_fail(error, CLN_IO, "cannot read %s: %s", path, why);
    }
    file->size = (uint64_t)entry.st_size;
    return CLN_OK;
}

cln_status cln_os_read(const cln_os_file *file, const char *path, void *to, uint64_t count, uint64_t *got,
                       cln_error *error)
{
    const uint64_t at_once = 1u << 30; /* read() takes no more than 2³¹−4096 */
    for (*got = 0; *got < count;) {
        uint64_t wanted = count - *got < at_once ? count - *got : at_once;
        ssize_t bytes = read(file->descriptor, (char *)to + *got, (size_t)wanted);
        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes < 0)
            return cln_fail(error, CLN_IO, "cannot read %s: %s", path, strerror(errno));
        if (bytes == 0)
            break;
        *got += (uint64_t)bytes;
    }
    return CLN_OK;
}

cln_status cln_os_seek(const cln_os_file *file, const char *path, uint64_t offset, cln_error *error)
{
    if (offset > INT64_MAX || lseek(file->descriptor, (off_t)offset, SEEK_SET) < 0)
        return cln_fail(error, CLN_IO, "cannot read %s at byte %llu", path, (unsigned long long)offset);
    return CLN_OK;
}

void cln_os_close(cln_os_file *file)
{
    if (file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = -1;
}

cln_status cln_os_folder(const char *path, cln_os_name_fn *name, void *user, cln_error *error)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0)
        return cln_fail(error, CLN_IO, "cannot read folder %s: %s", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0)
            name(entries[i]->d_name, user);
        free(entries[i]);
    }
    free(entries);
    return CLN_OK;
}

bool cln_os_library_works(const char *library, const char *symbol, char *why, size_t size)
{
    void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
    const char *cause = handle ? NULL : dlerror();
    bool works = handle && dlsym(handle, symbol);
    if (!handle)
        snprintf(why, size, "%s", cause ? cause : "for a reason unknown");
    else if (!works)
        snprintf(why, size, "it has no %s", symbol);
    if (handle)
        dlclose(handle);
    return works;
}

cln_os_function *cln_os_next_function(const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    cln_os_function *function; /* POSIX wants the two to be of one form, ISO C knows no cast between them */
    memcpy(&function, &symbol, sizeof function);
    return function;
}
