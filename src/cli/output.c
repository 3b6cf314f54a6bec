#include "cli/output.h"

#include "base/os.h"

#include <string.h>

typedef struct search {
    const char *output, *folder;
    bool found;
} search;

/* Other files in a data folder are not read, and may be written: models are kept there, too. */
static void look_at(const char *name, void *user)
{
    search *s = user;
    char path[4096];
    if (!strstr(name, "idx1-ubyte") && !strstr(name, "idx3-ubyte"))
        return;
    if (snprintf(path, sizeof path, "%s/%s", s->folder, name) < (int)sizeof path)
        s->found |= cln_os_same_file(path, s->output);
}

static bool is_input(const char *output, const char *input)
{
    search s = {output, input, cln_os_same_file(output, input)};
    if (cln_os_is_folder(input))
        cln_os_folder(input, look_at, &s, NULL);
    return s.found;
}

cln_status cln_output_check(const char *option, const char *path, const char *const *inputs, size_t count,
                            cln_error *error)
{
    cln_replacement file = {0};
    for (size_t i = 0; i < count; i++)
        if (inputs[i] && is_input(path, inputs[i]))
            return cln_fail(error, CLN_INVALID, "option --%s: %s is read by this very command; give another name",
                            option, path);
    cln_status status = cln_os_replace_begin(&file, path, error);
    cln_os_replace_abandon(&file);
    return status;
}
