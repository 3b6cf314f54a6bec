/* What is remembered of a selftest, behind the lines that say of which device; and as it is. */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include "base/os.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static const cln_device_info device = {
    .name = "N", .vendor = "V", .platform = "P", .version = "OpenCL 1.2", .driver = "1"};
static char folder[CLN_OS_PATH_BYTES], path[CLN_OS_PATH_BYTES + 256], head[4096];

static void find(const char *name, void *user)
{
    snprintf(path, sizeof path, "%s/%s", (const char *)user, name);
}

static void tidy(void)
{
    cln_os_temporary_end(folder);
}

/* Where the file is, and what it begins with, is seen by keeping one. */
static void begin(void)
{
    static const char end[] = "passed\n\n";
    char place[CLN_OS_PATH_BYTES];
    cln_os_file file;
    uint64_t got = 0;
    FUZZ_ASSERT(cln_os_temporary_begin(folder, NULL) == CLN_OK && setenv("XDG_CACHE_HOME", folder, 1) == 0 &&
                atexit(tidy) == 0);
    FUZZ_ASSERT(cln_device_keep_trust(&device, true, "", NULL) == CLN_OK);
    FUZZ_ASSERT(cln_os_cache_folder(place, NULL) == CLN_OK && cln_os_folder(place, find, place, NULL) == CLN_OK);
    FUZZ_ASSERT(cln_os_open(&file, path, NULL) == CLN_OK &&
                cln_os_read(&file, path, head, sizeof head - 1, &got, NULL) == CLN_OK);
    cln_os_close(&file);
    FUZZ_ASSERT(got > strlen(end) && strcmp(head + got - strlen(end), end) == 0);
    head[got - strlen(end)] = '\0';
}

static void look(const char *before, const uint8_t *bytes, size_t count)
{
    char why[32];
    FILE *file = fopen(path, "wb");
    FUZZ_ASSERT(file && fputs(before, file) >= 0 && fwrite(bytes, 1, count, file) == count && fclose(file) == 0);
    cln_trust trust = cln_device_trust(&device, why, sizeof why);
    FUZZ_ASSERT(trust == CLN_TRUST_UNKNOWN || trust == CLN_TRUST_PASSED || trust == CLN_TRUST_FAILED);
    FUZZ_ASSERT(trust != CLN_TRUST_UNKNOWN || !*why);
    for (const char *c = why; *c; c++)
        FUZZ_ASSERT(*c >= ' ' && *c <= '~');
}

void fuzz_one(const uint8_t *bytes, size_t count)
{
    if (!*path)
        begin();
    look(head, bytes, count);
    look("", bytes, count);
}
