/* Options as text: each line "name=value" is set, then all together are checked, and copied. */
#include "fuzz.h"
#include "train/settings.h"

#include <stdlib.h>
#include <string.h>

static void set(cln_options *options, char *line)
{
    cln_error error = {0};
    char *value = strchr(line, '=');
    if (value)
        *value++ = '\0';
    cln_status status = cln_options_set(options, line, value ? value : "", &error);
    FUZZ_ASSERT(error.status == status && (status == CLN_OK) == !*error.message);
    FUZZ_ASSERT(status != CLN_OK || strcmp(cln_options_get(options, line), value ? value : "") == 0);
}

void fuzz_one(const uint8_t *bytes, size_t count)
{
    cln_options *options = NULL, *copy = NULL;
    char *text = fuzz_text(bytes, count);
    FUZZ_ASSERT(cln_options_create(&options, NULL) == CLN_OK);
    for (char *line = text, *end; line; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        set(options, line);
    }
    const char *wrong = cln_options_check(options);
    FUZZ_ASSERT(!wrong || *wrong);
    FUZZ_ASSERT(cln_options_copy(options, &copy, NULL) == CLN_OK);
    const char *again = cln_options_check(copy);
    FUZZ_ASSERT(wrong ? again && strcmp(wrong, again) == 0 : !again);
    cln_options_free(copy);
    cln_options_free(options);
    free(text);
}
