#include "device/cache.h"

#include "base/hash.h"
#include "base/os.h"
#include "base/size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a file begins with; the key and the binary follow. */
typedef struct header {
    char magic[16];
    uint64_t key_bytes, binary_bytes, check; /* check: the hash of both */
} header;

static const char magic[16] = "clinear program";

typedef struct entry {
    char path[CLN_OS_PATH_BYTES + 32];
    char *key; /* (key_bytes) */
    uint64_t key_bytes;
} entry;

bool cln_cache_serves(const cln_device *device)
{
    return !device->facts.binaries_compile && !device->facts.info.simulator;
}

static void entry_release(entry *e)
{
    free(e->key);
}

/* False where there is no place for it. */
static bool entry_find(const cln_device *device, const char *text, const char *options, entry *e)
{
    const cln_device_info *info = &device->facts.info;
    char folder[CLN_OS_PATH_BYTES], platform[128] = "";
    *e = (entry){0};
    if (cln_os_cache_folder(folder, NULL) != CLN_OK)
        return false;
    clGetPlatformInfo(device->platform, CL_PLATFORM_VERSION, sizeof platform, platform, NULL);
    uint64_t most = sizeof platform + sizeof *info + strlen(options) + strlen(text) + 16;
    if (cln_allocate((void **)&e->key, most, 1, "a program's key", NULL) != CLN_OK)
        return false;
    e->key_bytes = (uint64_t)snprintf(e->key, (size_t)most, "%s\n%s\n%.*s\n%s\n%s\n%s\n%s\n%s\n%s", cln_version(),
                                      info->platform, (int)sizeof platform - 1, platform, info->name, info->vendor,
                                      info->version, info->driver, options, text);
    snprintf(e->path, sizeof e->path, "%s/program-%016llx", folder,
             (unsigned long long)cln_hash_on(CLN_HASH_BASIS, e->key, e->key_bytes));
    return true;
}

/* The binary (*bytes) that stands in the file of this key, to be released with free(); NULL where there is none to trust. */
static unsigned char *read_binary(const entry *e, size_t *bytes)
{
    cln_os_file file = {.descriptor = -1};
    header head;
    unsigned char *all = NULL, *binary = NULL;
    uint64_t got = 0;
    if (cln_os_open(&file, e->path, NULL) != CLN_OK || !cln_os_is_ours(&file) || file.size < sizeof head ||
        file.size > CLN_CACHE_BYTES || cln_allocate((void **)&all, file.size, 1, "a program", NULL) != CLN_OK ||
        cln_os_read(&file, e->path, all, file.size, &got, NULL) != CLN_OK || got != file.size)
        goto out;
    memcpy(&head, all, sizeof head);
    uint64_t rest = file.size - sizeof head;
    if (memcmp(head.magic, magic, sizeof magic) != 0 || head.key_bytes != e->key_bytes || rest <= e->key_bytes ||
        head.binary_bytes != rest - e->key_bytes || memcmp(all + sizeof head, e->key, e->key_bytes) != 0 ||
        head.check != cln_hash_on(CLN_HASH_BASIS, all + sizeof head, rest))
        goto out;
    *bytes = (size_t)head.binary_bytes;
    memmove(all, all + sizeof head + head.key_bytes, *bytes);
    binary = all;
    all = NULL;
out:
    cln_os_close(&file);
    free(all);
    return binary;
}

bool cln_cache_take(const cln_device *device, const char *text, const char *options, cl_program *program)
{
    entry e;
    size_t bytes = 0;
    *program = NULL;
    unsigned char *binary = entry_find(device, text, options, &e) ? read_binary(&e, &bytes) : NULL;
    const unsigned char *const_binary = binary;
    if (binary) {
        cl_int loaded, code;
        cl_program made =
            clCreateProgramWithBinary(device->context, 1, &device->id, &bytes, &const_binary, &loaded, &code);
        if (code == CL_SUCCESS && loaded == CL_SUCCESS &&
            clBuildProgram(made, 1, &device->id, options, NULL, NULL) == CL_SUCCESS)
            *program = made;
        else if (code == CL_SUCCESS)
            clReleaseProgram(made);
    }
    free(binary);
    entry_release(&e);
    return *program != NULL;
}

static bool write_file(const entry *e, const unsigned char *binary, size_t bytes)
{
    cln_replacement file;
    header head = {.key_bytes = e->key_bytes, .binary_bytes = bytes};
    memcpy(head.magic, magic, sizeof magic);
    head.check = cln_hash_on(cln_hash_on(CLN_HASH_BASIS, e->key, e->key_bytes), binary, bytes);
    if (cln_os_replace_begin(&file, e->path, NULL) != CLN_OK)
        return false;
    cln_os_replace_privately(&file);
    fwrite(&head, sizeof head, 1, file.stream); /* _commit sees what failed */
    fwrite(e->key, 1, (size_t)e->key_bytes, file.stream);
    fwrite(binary, 1, bytes, file.stream);
    return cln_os_replace_commit(&file, NULL) == CLN_OK;
}

void cln_cache_keep(const cln_device *device, const char *text, const char *options, cl_program program)
{
    entry e = {0};
    size_t bytes = 0;
    unsigned char *binary = NULL;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof bytes, &bytes, NULL) != CL_SUCCESS || bytes == 0 ||
        bytes > CLN_CACHE_BYTES / 4 || cln_allocate((void **)&binary, bytes, 1, "a program", NULL) != CLN_OK)
        goto out;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) == CL_SUCCESS &&
        entry_find(device, text, options, &e) && write_file(&e, binary, bytes))
        cln_os_cache_trim("program-", CLN_CACHE_BYTES);
out:
    free(binary);
    entry_release(&e);
}
