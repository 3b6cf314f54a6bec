/*
 * The memory of selftests: a file for each device, driver and version of this library, trust-<hash> in cln_os_cache_folder. Lines: what
 * it is about, one each, then "passed" or "failed", then what failed. A folder or file that is another user's or that others may write,
 * and one that is not about this very device, is as if it were not there.
 */
#include "base/entry.h"
#include "base/hash.h"
#include "base/os.h"
#include "base/size.h"

#include <stdio.h>
#include <string.h>

#define KEY_BYTES  1024
#define FILE_BYTES 4096

static const char *const words[] = {[CLN_TRUST_PASSED] = "passed", [CLN_TRUST_FAILED] = "failed"};

/* One line of text from anywhere: '?' for all that is not ASCII, as it may be already where the text went through a report. */
static void flatten(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

/* What a file begins with, and its name in the folder. */
static void identify(const cln_device_info *device, char key[KEY_BYTES], char name[40])
{
    const char *const parts[] = {"clinear selftest 1", cln_version(),   device->name,  device->vendor,
                                 device->platform,     device->version, device->driver};
    size_t used = 0;
    for (size_t i = 0; i < CLN_COUNT(parts); i++) {
        char part[130];
        snprintf(part, sizeof part, "%.128s", parts[i]);
        flatten(part);
        used += (size_t)snprintf(key + used, KEY_BYTES - used, "%s\n", part);
    }
    snprintf(name, 40, "trust-%016llx", (unsigned long long)cln_hash_on(CLN_HASH_BASIS, key, used));
}

cln_status cln_device_keep_trust(const cln_device_info *device, bool passed, const char *why, cln_error *error)
{
    ENTER(error, device);
    cln_status status;
    cln_replacement file = {0};
    char key[KEY_BYTES], name[40], folder[CLN_OS_PATH_BYTES], path[CLN_OS_PATH_BYTES + 48], reason[512];
    identify(device, key, name);
    TRY(cln_os_cache_folder(folder, error));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(reason, sizeof reason, "%s", passed || !why ? "" : why);
    flatten(reason);
    TRY(cln_os_replace_begin(&file, path, error));
    cln_os_replace_privately(&file);
    fprintf(file.stream, "%s%s\n%s\n", key, words[passed ? CLN_TRUST_PASSED : CLN_TRUST_FAILED], reason);
    status = cln_os_replace_commit(&file, error);
    file = (cln_replacement){0};
out:
    cln_os_replace_abandon(&file);
    return status;
}

/* Behind the key: the verdict, and in its own line why. */
static cln_trust read_verdict(char *text, char *why, size_t size)
{
    for (cln_trust trust = CLN_TRUST_PASSED; trust <= CLN_TRUST_FAILED; trust++) {
        size_t length = strlen(words[trust]);
        char *line = text + length + 1,
             *end = strncmp(text, words[trust], length) == 0 && text[length] == '\n' ? strchr(line, '\n') : NULL;
        if (!end || end[1])
            continue;
        *end = '\0';
        flatten(line);
        if (why && size)
            snprintf(why, size, "%s", line);
        return trust;
    }
    return CLN_TRUST_UNKNOWN;
}

cln_trust cln_device_trust(const cln_device_info *device, char *why, size_t size)
{
    cln_os_file file = {.descriptor = -1};
    cln_trust trust = CLN_TRUST_UNKNOWN;
    char key[KEY_BYTES], name[40], folder[CLN_OS_PATH_BYTES], path[CLN_OS_PATH_BYTES + 48], text[FILE_BYTES + 1];
    uint64_t got = 0;
    if (why && size)
        *why = '\0';
    if (!device)
        return CLN_TRUST_UNKNOWN;
    identify(device, key, name);
    if (cln_os_cache_folder(folder, NULL) != CLN_OK)
        return CLN_TRUST_UNKNOWN;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (cln_os_open(&file, path, NULL) == CLN_OK && cln_os_is_ours(&file) && file.size <= FILE_BYTES &&
        cln_os_read(&file, path, text, FILE_BYTES, &got, NULL) == CLN_OK) {
        text[got] = '\0';
        if (strlen(text) == got && strncmp(text, key, strlen(key)) == 0)
            trust = read_verdict(text + strlen(key), why, size);
    }
    cln_os_close(&file);
    return trust;
}
