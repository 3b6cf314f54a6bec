#include "model/text.h"

const char *cln_printable(const char *text, char safe[CLN_PRINTABLE_BYTES])
{
    int i = 0;
    for (; i < CLN_PRINTABLE_BYTES - 1 && text[i]; i++)
        safe[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    safe[i] = '\0';
    return safe;
}
