/*
 * A library between a program and the system that makes memory, files, threads and processes fail, for tests:
 *
 *   LD_PRELOAD=build/tests/libhostfaults.so CLINEAR_HOST_FAULTS='write 3 ENOSPC' clinear train …
 *
 * CLINEAR_HOST_FAULTS holds one rule, CALL N ERROR: the N-th call fails with this error (ENOSPC, EIO, EINTR, ENOMEM, EMFILE, EAGAIN, or a
 * number), or is SHORT: half of the bytes are read or written, of a stream with the error flag. Only calls from the program itself, from
 * libclinear, jansson, popt and zlib count and fail: what drivers do for themselves is theirs. A close that fails has closed; streams on
 * stderr never fail, for what went wrong is told there. A rule that cannot be read ends the process with status 125; CLINEAR_FAULTS_IN
 * keeps it to processes with this work (work.h).
 *
 * CLINEAR_FAULTS_COUNTS names a file, as in layer.c, to which a process adds "process WORK", "call NAME COUNT", "host-rule 1 COUNT",
 * and "leak COUNT BYTES MODULE+OFFSET" for memory that the same callers took and nobody gave back, by caller.
 */
#define _GNU_SOURCE
#include "work.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define OURS __attribute__((visibility("default")))
#define FROM __builtin_return_address(0)

/* What fails; streams and descriptors, memory, threads and processes. */
/* clang-format off */
#define NAMES(X) \
    X(malloc) X(calloc) X(realloc) X(strdup) X(open_memstream) X(pthread_create) X(fork) X(pipe2) X(open) \
    X(mkostemp) X(mkdtemp) X(mkdir) X(fopen) X(fdopen) X(read) X(write) X(fread) X(fgets) X(fwrite) X(fputs) \
    X(fputc) X(fprintf) X(fflush) X(fclose) X(close) X(fsync) X(rename) X(ftruncate) X(lseek) X(fstat) X(stat) \
    X(flock) X(scandir) X(realpath)
/* clang-format on */

typedef enum call {
#define X(name) CALL_##name,
    NAMES(X)
#undef X
        CALL_COUNT
} call;

static const char *const call_names[] = {
#define X(name) #name,
    NAMES(X)
#undef X
};

/* Where memory comes from: the system, or AddressSanitizer, which has to know of it. */
#ifdef UNDER_ASAN
#define MEMORY(name) __interceptor_##name
#else
#define MEMORY(name) __libc_##name
#endif
extern void *MEMORY(malloc)(size_t);
extern void *MEMORY(calloc)(size_t, size_t);
extern void *MEMORY(realloc)(void *, size_t);
extern void MEMORY(free)(void *);

#ifdef UNDER_ASAN
/* LeakSanitizer asks: what a program that ours starts leaks is no matter of these tests. */
OURS int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return strcmp(program_invocation_short_name, "clinear") != 0;
}
#endif

/* ---- whose calls count */

static struct range {
    uintptr_t begin, end, base;
    char name[32];
} ranges[16];
static size_t range_count;
static bool ready, spared;

static int add_range(struct dl_phdr_info *object, size_t size, void *user)
{
    static const char *const names[] = {"libclinear", "libjansson", "libpopt", "libz."};
    (void)size;
    (void)user;
    bool counts =
        !*object->dlpi_name && strcmp(program_invocation_short_name, "clinear") == 0; /* and not what it starts */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        counts |= strstr(object->dlpi_name, names[i]) != NULL;
    for (int i = 0; counts && i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X) || range_count == sizeof ranges / sizeof *ranges)
            continue;
        struct range *r = &ranges[range_count++];
        r->base = object->dlpi_addr;
        r->begin = r->base + part->p_vaddr;
        r->end = r->begin + part->p_memsz;
        const char *slash = strrchr(object->dlpi_name, '/');
        snprintf(r->name, sizeof r->name, "%s", *object->dlpi_name ? slash ? slash + 1 : object->dlpi_name : "clinear");
    }
    return 0;
}

static const struct range *range_of(const void *caller)
{
    for (size_t i = 0; ready && i < range_count; i++)
        if ((uintptr_t)caller >= ranges[i].begin && (uintptr_t)caller < ranges[i].end)
            return &ranges[i];
    return NULL;
}

/* ---- the rule */

enum { SHORT = -1 };
static int rule_call = -1, rule_error;
static unsigned long rule_n;
static char work_here[WORK_BYTES];
static atomic_ulong called[CALL_COUNT], fired;

static void refuse(const char *why)
{
    fprintf(stderr, "host faults: %s\n", why);
    _exit(125);
}

static void read_rule(const char *text)
{
    static const struct {
        const char *name;
        int error;
    } errors[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EINTR", EINTR},   {"ENOMEM", ENOMEM},
                  {"EMFILE", EMFILE}, {"EAGAIN", EAGAIN}, {"EACCES", EACCES}, {"SHORT", SHORT}};
    char name[32], error[32];
    if (sscanf(text, "%31s %lu %31s", name, &rule_n, error) != 3)
        refuse("a rule is an entry point, the number of a call and an error");
    for (int i = 0; i < CALL_COUNT; i++)
        if (strcmp(name, call_names[i]) == 0)
            rule_call = i;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(error, errors[i].name) == 0)
            rule_error = errors[i].error;
    if (rule_call < 0 || rule_n == 0 || rule_error == 0)
        refuse("the rule names no entry point, call or error that there is");
}

/* Called by the program where what it does from there on is not its own work (counters.c). */
OURS void host_faults_spare(void);
void host_faults_spare(void)
{
    spared = true;
}

/* Before a call: whether it is the one; errno is set then, but for a short one. */
static bool meet(call number, const void *caller)
{
    if (spared || !range_of(caller))
        return false;
    if (atomic_fetch_add(&called[number], 1) + 1 != rule_n || (int)number != rule_call)
        return false;
    atomic_fetch_add(&fired, 1);
    if (rule_error != SHORT)
        errno = rule_error;
    return true;
}

/* ---- memory, of which the callers' is kept track */

enum { SLOTS = 1 << 16 };
static struct slot {
    void *memory; /* NULL: empty; a stone where something was */
    const void *caller;
    size_t bytes;
} slots[SLOTS];
static char stone;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool full;

static size_t place_of(const void *memory)
{
    return (size_t)(((uintptr_t)memory >> 4) * 0x9e3779b97f4a7c15u >> 40) % SLOTS;
}

static void *track(void *memory, size_t bytes, const void *caller)
{
    if (!memory || spared || !range_of(caller))
        return memory;
    pthread_mutex_lock(&lock);
    size_t at = place_of(memory), tried = 0;
    while (slots[at].memory && slots[at].memory != &stone && tried++ < SLOTS)
        at = (at + 1) % SLOTS;
    full |= tried >= SLOTS;
    if (tried < SLOTS)
        slots[at] = (struct slot){memory, caller, bytes};
    pthread_mutex_unlock(&lock);
    return memory;
}

static void forget(const void *memory)
{
    if (!memory || !ready)
        return;
    pthread_mutex_lock(&lock);
    for (size_t at = place_of(memory), tried = 0; slots[at].memory && tried < SLOTS; at = (at + 1) % SLOTS, tried++)
        if (slots[at].memory == memory) {
            slots[at].memory = &stone;
            break;
        }
    pthread_mutex_unlock(&lock);
}

OURS void *malloc(size_t bytes)
{
    return meet(CALL_malloc, FROM) ? NULL : track(MEMORY(malloc)(bytes), bytes, FROM);
}

OURS void *calloc(size_t count, size_t bytes)
{
    return meet(CALL_calloc, FROM) ? NULL : track(MEMORY(calloc)(count, bytes), count * bytes, FROM);
}

OURS void *realloc(void *memory, size_t bytes)
{
    if (meet(CALL_realloc, FROM))
        return NULL;
    forget(memory); /* before its place can be another's */
    void *longer = MEMORY(realloc)(memory, bytes);
    return track(longer ? longer : bytes ? memory : NULL, bytes, FROM) == longer ? longer : NULL;
}

OURS void free(void *memory)
{
    forget(memory);
    MEMORY(free)(memory);
}

OURS char *strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = meet(CALL_strdup, FROM) ? NULL : track(MEMORY(malloc)(bytes), bytes, FROM);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

/* ---- the rest: the system's own function behind each */

#define REAL(type, name, parameters)                                                                                   \
    static type(*real) parameters;                                                                                     \
    if (!real) {                                                                                                       \
        void *symbol = dlsym(RTLD_NEXT, #name);                                                                        \
        memcpy(&real, &symbol, sizeof real);                                                                           \
    }

#define FAILS(type, symbol, name, failure, parameters, arguments)                                                      \
    OURS type symbol parameters                                                                                        \
    {                                                                                                                  \
        REAL(type, symbol, parameters)                                                                                 \
        return meet(CALL_##name, FROM) ? (failure) : real arguments;                                                   \
    }

static int sort_of_thread_failure(void)
{
    return errno;
}

FAILS(FILE *, open_memstream, open_memstream, NULL, (char **text, size_t *size), (text, size))
FAILS(int, pthread_create, pthread_create, sort_of_thread_failure(),
      (pthread_t * thread, const pthread_attr_t *kind, void *(*work)(void *), void *user), (thread, kind, work, user))
FAILS(pid_t, fork, fork, -1, (void), ())
FAILS(int, pipe2, pipe2, -1, (int ends[2], int flags), (ends, flags))
FAILS(int, mkostemp, mkostemp, -1, (char *path, int flags), (path, flags))
FAILS(int, mkostemp64, mkostemp, -1, (char *path, int flags), (path, flags))
FAILS(char *, mkdtemp, mkdtemp, NULL, (char *path), (path))
FAILS(int, mkdir, mkdir, -1, (const char *path, mode_t mode), (path, mode))
FAILS(FILE *, fopen, fopen, NULL, (const char *path, const char *mode), (path, mode))
FAILS(FILE *, fopen64, fopen, NULL, (const char *path, const char *mode), (path, mode))
FAILS(FILE *, fdopen, fdopen, NULL, (int descriptor, const char *mode), (descriptor, mode))
FAILS(int, fsync, fsync, -1, (int descriptor), (descriptor))
FAILS(int, rename, rename, -1, (const char *from, const char *to), (from, to))
FAILS(int, ftruncate, ftruncate, -1, (int descriptor, off_t size), (descriptor, size))
FAILS(int, ftruncate64, ftruncate, -1, (int descriptor, off64_t size), (descriptor, size))
FAILS(off_t, lseek, lseek, -1, (int descriptor, off_t offset, int from), (descriptor, offset, from))
FAILS(off64_t, lseek64, lseek, -1, (int descriptor, off64_t offset, int from), (descriptor, offset, from))
FAILS(int, fstat, fstat, -1, (int descriptor, struct stat *entry), (descriptor, entry))
FAILS(int, fstat64, fstat, -1, (int descriptor, struct stat64 *entry), (descriptor, entry))
FAILS(int, stat, stat, -1, (const char *path, struct stat *entry), (path, entry))
FAILS(int, stat64, stat, -1, (const char *path, struct stat64 *entry), (path, entry))
FAILS(int, flock, flock, -1, (int descriptor, int what), (descriptor, what))
FAILS(char *, realpath, realpath, NULL, (const char *path, char *real_path), (path, real_path))
FAILS(int, scandir64, scandir, -1,
      (const char *path, struct dirent64 ***entries, int (*keep)(const struct dirent64 *),
       int (*order)(const struct dirent64 **, const struct dirent64 **)),
      (path, entries, keep, order))

static int open_with(const char *symbol, const char *path, int flags, mode_t mode)
{
    int (*real)(const char *, int, ...);
    void *found = dlsym(RTLD_NEXT, symbol);
    memcpy(&real, &found, sizeof real);
    return real(path, flags, mode);
}

#define OPENS(symbol)                                                                                                  \
    OURS int symbol(const char *path, int flags, ...)                                                                  \
    {                                                                                                                  \
        mode_t mode = 0;                                                                                               \
        if (flags & O_CREAT) {                                                                                         \
            va_list more;                                                                                              \
            va_start(more, flags);                                                                                     \
            mode = va_arg(more, mode_t);                                                                               \
            va_end(more);                                                                                              \
        }                                                                                                              \
        return meet(CALL_open, FROM) ? -1 : open_with(#symbol, path, flags, mode);                                     \
    }
OPENS(open)
OPENS(open64)

OURS int close(int descriptor)
{
    REAL(int, close, (int))
    bool fails = meet(CALL_close, FROM);
    int error = errno, code = real(descriptor);
    if (fails)
        errno = error;
    return fails ? -1 : code;
}

OURS ssize_t read(int descriptor, void *to, size_t count)
{
    REAL(ssize_t, read, (int, void *, size_t))
    if (!meet(CALL_read, FROM))
        return real(descriptor, to, count);
    return rule_error == SHORT ? real(descriptor, to, count > 1 ? count / 2 : count) : -1;
}

OURS ssize_t write(int descriptor, const void *from, size_t count)
{
    REAL(ssize_t, write, (int, const void *, size_t))
    if (!meet(CALL_write, FROM))
        return real(descriptor, from, count);
    return rule_error == SHORT ? real(descriptor, from, count > 1 ? count / 2 : count) : -1;
}

/* Of a stream that failed; stderr's never does. The GNU library has no function that sets the flag. */
static bool breaks(call number, const void *caller, FILE *stream)
{
    if (stream == stderr || !meet(number, caller))
        return false;
    if (stream)
        stream->_flags |= 0x20; /* _IO_ERR_SEEN, as gnulib's fseterr does */
    if (rule_error == SHORT)
        errno = ENOSPC;
    return true;
}

OURS size_t fwrite(const void *from, size_t size, size_t count, FILE *stream)
{
    REAL(size_t, fwrite, (const void *, size_t, size_t, FILE *))
    if (!breaks(CALL_fwrite, FROM, stream))
        return real(from, size, count, stream);
    return rule_error == SHORT ? real(from, size, count / 2, stream) : 0;
}

OURS size_t fread(void *to, size_t size, size_t count, FILE *stream)
{
    REAL(size_t, fread, (void *, size_t, size_t, FILE *))
    return breaks(CALL_fread, FROM, stream) ? 0 : real(to, size, count, stream);
}

OURS char *fgets(char *to, int size, FILE *stream)
{
    REAL(char *, fgets, (char *, int, FILE *))
    return breaks(CALL_fgets, FROM, stream) ? NULL : real(to, size, stream);
}

OURS int fputs(const char *text, FILE *stream)
{
    REAL(int, fputs, (const char *, FILE *))
    return breaks(CALL_fputs, FROM, stream) ? EOF : real(text, stream);
}

#define PUTS(symbol)                                                                                                   \
    OURS int symbol(int character, FILE *stream)                                                                       \
    {                                                                                                                  \
        REAL(int, symbol, (int, FILE *))                                                                               \
        return breaks(CALL_fputc, FROM, stream) ? EOF : real(character, stream);                                       \
    }
#undef putc
PUTS(fputc)
PUTS(putc)

OURS int fprintf(FILE *stream, const char *format, ...)
{
    if (breaks(CALL_fprintf, FROM, stream))
        return -1;
    va_list arguments;
    va_start(arguments, format);
    int written = vfprintf(stream, format, arguments);
    va_end(arguments);
    return written;
}

OURS int fflush(FILE *stream)
{
    REAL(int, fflush, (FILE *))
    return breaks(CALL_fflush, FROM, stream) ? EOF : real(stream);
}

OURS int fclose(FILE *stream)
{
    REAL(int, fclose, (FILE *))
    bool fails = breaks(CALL_fclose, FROM, stream);
    int error = errno, code = real(stream);
    if (fails)
        errno = error;
    return fails ? EOF : code;
}

/* ---- beginning and end */

__attribute__((constructor)) static void begin(void)
{
    const char *rule = getenv("CLINEAR_HOST_FAULTS");
    name_work(work_here);
    if (rule && *rule && is_of_faults(work_here))
        read_rule(rule);
    dl_iterate_phdr(add_range, NULL);
    ready = true;
}

static void write_leaks(FILE *file)
{
    if (full)
        fprintf(file, "leak 0 0 untracked\n");
    for (size_t i = 0; i < SLOTS; i++) {
        const struct slot *s = &slots[i];
        unsigned long count = 0, bytes = 0;
        if (!s->memory || s->memory == &stone)
            continue;
        const void *caller = s->caller;
        for (size_t j = i; j < SLOTS; j++)
            if (slots[j].caller == caller && slots[j].memory && slots[j].memory != &stone) {
                count++;
                bytes += slots[j].bytes;
                slots[j].memory = &stone;
            }
        const struct range *r = range_of(caller);
        fprintf(file, "leak %lu %lu %s+0x%lx\n", count, bytes, r->name,
                (unsigned long)((uintptr_t)caller - r->base - 1));
    }
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("CLINEAR_FAULTS_COUNTS");
    ready = false; /* nothing counts from here on */
    FILE *file = path && *path ? fopen(path, "a") : NULL;
    if (!file)
        return;
    setvbuf(file, NULL, _IOFBF, 1 << 16); /* at once, lest processes mix */
    fprintf(file, "process %s\n", work_here);
    for (int i = 0; i < CALL_COUNT; i++)
        fprintf(file, "call %s %lu\n", call_names[i], atomic_load(&called[i]));
    fprintf(file, "host-rule 1 %lu\n", atomic_load(&fired));
    ready = true;
    write_leaks(file);
    ready = false;
    fclose(file);
}
