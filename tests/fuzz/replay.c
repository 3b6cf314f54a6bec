/* Runs a fuzzing target on files, or on all files of folders. */
#include "base/os.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static unsigned files;

static void replay(const char *path)
{
    cln_os_file file;
    uint64_t got = 0;
    FUZZ_ASSERT(cln_os_open(&file, path, NULL) == CLN_OK);
    uint8_t *bytes = malloc(file.size ? file.size : 1); /* no more, so that a sanitizer sees what is read behind it */
    FUZZ_ASSERT(bytes && cln_os_read(&file, path, bytes, file.size, &got, NULL) == CLN_OK);
    fprintf(stderr, "%s\n", path); /* of a target that stops, the last line says on what */
    LLVMFuzzerTestOneInput(bytes, (size_t)got);
    free(bytes);
    cln_os_close(&file);
    files++;
}

static void replay_entry(const char *name, void *folder)
{
    char path[CLN_OS_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", (const char *)folder, name);
    replay(path);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (cln_os_is_folder(argv[i]))
            cln_os_folder(argv[i], replay_entry, argv[i], NULL);
        else
            replay(argv[i]);
    printf("%u files.\n", files);
    return files == 0;
}
