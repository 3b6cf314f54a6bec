/* A line of a process that this program has started. */
#include "fuzz.h"
#include "report/wire.h"

#include <stdlib.h>

static void check_text(const char *text)
{
    for (; text && *text; text++)
        FUZZ_ASSERT((unsigned char)*text >= ' ');
}

void fuzz_one(const uint8_t *bytes, size_t count)
{
    cln_wire_line line;
    char *text = fuzz_text(bytes, count);
    cln_wire_read(text, &line);
    FUZZ_ASSERT(line.kind <= CLN_WIRE_DONE);
    for (int i = 0; i < 3; i++)
        check_text(line.text[i]);
    check_text(line.message);
    check_text(line.device.name);
    free(text);
}
