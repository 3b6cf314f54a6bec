/* How much memory there is left, by what Linux says in files (proc_meminfo(5), cgroups(7)). */
#include "base/os.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The number of the line "name number" or "name: number kB"; name "": of the first line. False where there is none. */
static bool read_number(const char *path, const char *name, uint64_t *number)
{
    char line[256];
    size_t length = strlen(name);
    bool found = false;
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        bool named = strncmp(line, name, length) == 0 && (length == 0 || strchr(": ", line[length]));
        found = named && sscanf(line + length + strspn(line + length, ":"), "%" SCNu64, number) == 1;
    }
    if (file)
        fclose(file);
    return found;
}

/* A kind of control groups: where its folders begin, and their files. */
typedef struct groups {
    const char *prefix; /* of the line that names the process's group */
    const char *folder, *limit, *usage;
    const char *caches[2]; /* of memory.stat: pages of files, which give way */
} groups;

static const groups kinds[] = {
    {"0::", "/sys/fs/cgroup", "memory.max", "memory.current", {"inactive_file", "active_file"}},
    {"memory:",
     "/sys/fs/cgroup/memory",
     "memory.limit_in_bytes",
     "memory.usage_in_bytes",
     {"total_inactive_file", "total_active_file"}},
};

static uint64_t number_in(const char *folder, const char *file, const char *name, uint64_t otherwise)
{
    char path[PATH_BYTES + 64];
    uint64_t number;
    snprintf(path, sizeof path, "%s/%s", folder, file);
    return read_number(path, name, &number) ? number : otherwise;
}

/* What one group may still take; a limit that is no number ("max") is none. */
static uint64_t left_in(const groups *kind, const char *folder)
{
    uint64_t limit = number_in(folder, kind->limit, "", UINT64_MAX), usage = number_in(folder, kind->usage, "", 0);
    uint64_t caches =
        number_in(folder, "memory.stat", kind->caches[0], 0) + number_in(folder, "memory.stat", kind->caches[1], 0);
    usage -= smaller(caches, usage);
    return limit == UINT64_MAX ? UINT64_MAX : limit - smaller(usage, limit);
}

/* The least of a group's and of those around it, up to the outermost that is to be seen. */
static uint64_t left_around(const groups *kind, const char *root, const char *group)
{
    char folder[PATH_BYTES];
    uint64_t left = UINT64_MAX;
    int first = snprintf(folder, sizeof folder, "%s%s", root, kind->folder);
    if (first < 0 || snprintf(folder + first, sizeof folder - (size_t)first, "%s", group) >= PATH_BYTES - first)
        return left;
    for (char *end = folder + strlen(folder); end; end = strrchr(folder + first, '/')) {
        *end = '\0';
        left = smaller(left, left_in(kind, folder));
    }
    return left;
}

/* By the lines "0::/path" and "5:cpu,memory:/path" of the process. */
static uint64_t left_in_groups(const char *root)
{
    char path[PATH_BYTES], line[PATH_BYTES];
    uint64_t left = UINT64_MAX;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            const char *found = strstr(line, kinds[i].prefix);
            if (found && (i > 0 || found == line))
                left = smaller(left, left_around(&kinds[i], root, found + strlen(kinds[i].prefix)));
        }
    }
    if (file)
        fclose(file);
    return left;
}

uint64_t cln_os_available_under(const char *root)
{
    char path[PATH_BYTES];
    uint64_t memory, swap = 0;
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    if (!read_number(path, "MemAvailable", &memory))
        return UINT64_MAX;
    read_number(path, "SwapFree", &swap);
    return smaller(memory * 1024, left_in_groups(root)) + swap * 1024;
}

uint64_t cln_os_available_bytes(void)
{
    return cln_os_available_under("");
}
