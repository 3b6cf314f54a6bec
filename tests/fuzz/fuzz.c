#define _GNU_SOURCE /* memfd_create */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t runs, bytes_in_all;

static void tell(void)
{
    fprintf(stderr, "fuzzed: %llu runs, %llu bytes\n", (unsigned long long)runs, (unsigned long long)bytes_in_all);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    if (runs == 0)
        atexit(tell);
    runs++;
    bytes_in_all += count;
    fuzz_one(bytes, count);
    return 0;
}

void fuzz_stop(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s does not hold\n", file, line, what);
    abort();
}

static void put(int descriptor, const void *bytes, size_t count, size_t at)
{
    FUZZ_ASSERT(count == 0 || pwrite(descriptor, bytes, count, (off_t)at) == (ssize_t)count);
}

const char *fuzz_file(const char *before, const uint8_t *bytes, size_t count)
{
    static char path[64];
    static int descriptor = -1;
    size_t length = before ? strlen(before) : 0;
    if (descriptor < 0) {
        descriptor = memfd_create("fuzz", MFD_CLOEXEC);
        FUZZ_ASSERT(descriptor >= 0 && fchmod(descriptor, 0600) == 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    }
    FUZZ_ASSERT(ftruncate(descriptor, 0) == 0);
    put(descriptor, before, length, 0);
    put(descriptor, bytes, count, length);
    return path;
}

char *fuzz_text(const uint8_t *bytes, size_t count)
{
    char *text = malloc(count + 1);
    FUZZ_ASSERT(text);
    if (count)
        memcpy(text, bytes, count);
    text[count] = '\0';
    return text;
}

void fuzz_check(cln_status status, const cln_error *error)
{
    FUZZ_ASSERT(error->status == status);
    FUZZ_ASSERT((status == CLN_OK) == !*error->message);
    for (const char *c = error->message; *c; c++)
        FUZZ_ASSERT((unsigned char)*c >= ' ' && *c != 127);
}
