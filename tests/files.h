/* A temporary folder for a test, and files in it. Use make_folder and remove_folder as a checked fixture. */
#ifndef CLN_TESTS_FILES_H
#define CLN_TESTS_FILES_H

#include <check.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[256];

static inline void make_folder(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/clinear-test-XXXXXX", base ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

/* The path of `name` in the folder; valid for the next seven calls. */
static inline const char *at(const char *name)
{
    static char paths[8][1024];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* How many entries the folder has; with `erase` they are removed. */
static inline unsigned count_entries(bool erase)
{
    unsigned count = 0;
    DIR *listing = opendir(folder);
    ck_assert_ptr_nonnull(listing);
    for (struct dirent *entry; (entry = readdir(listing));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (erase)
            ck_assert_int_eq(remove(at(entry->d_name)), 0);
    }
    closedir(listing);
    return count;
}

static inline void remove_folder(void)
{
    count_entries(true);
    ck_assert_int_eq(rmdir(folder), 0);
}

static inline void put_file(const char *name, const void *bytes, size_t count)
{
    FILE *file = fopen(at(name), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
    ck_assert_int_eq(fclose(file), 0);
}

/* The bytes of a file, to be released with free(). */
static inline uint8_t *get_file(const char *name, size_t *count)
{
    struct stat entry;
    FILE *file = fopen(at(name), "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fstat(fileno(file), &entry), 0);
    *count = (size_t)entry.st_size;
    uint8_t *bytes = malloc(*count + 1);
    ck_assert_uint_eq(fread(bytes, 1, *count, file), *count);
    fclose(file);
    return bytes;
}

#endif
