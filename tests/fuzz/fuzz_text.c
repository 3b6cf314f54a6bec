/* Text on its way to where something could obey it: a terminal, a page, a script of gnuplot's, a table of comma-separated values. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include "fuzz.h"
#include "model/text.h"
#include "report/gnuplot.h"
#include "report/html.h"
#include "report/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void check_harmless(const char *text, size_t size)
{
    char *harmless = malloc(size), safe[CLN_PRINTABLE_BYTES];
    FUZZ_ASSERT(harmless);
    cln_text_harmless(harmless, size, text);
    FUZZ_ASSERT(strlen(harmless) < size);
    for (const char *c = harmless; *c; c++)
        FUZZ_ASSERT((unsigned char)*c >= ' ' && *c != 127);
    FUZZ_ASSERT(cln_text_width(harmless) <= strlen(harmless));
    for (const char *c = cln_printable(text, safe); *c; c++)
        FUZZ_ASSERT(*c >= ' ' && *c <= '~');
    free(harmless);
}

static void check_html(const char *text)
{
    char *written = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&written, &length);
    FUZZ_ASSERT(to);
    cln_html_text(to, "%s", text);
    cln_html_lines(to, text);
    FUZZ_ASSERT(fclose(to) == 0 && strlen(written) == length);
    FUZZ_ASSERT(!strpbrk(written, "<>\"'"));
    for (const char *c = written; (c = strchr(c, '&')); c++)
        FUZZ_ASSERT(strspn(c + 1, "#abcdefghijklmnopqrstuvwxyz0123456789") == strcspn(c + 1, ";"));
    free(written);
}

/* Between the quotes that begin and end it there are letters, digits, blanks, and numbers of signs. */
static void check_script(const char *text)
{
    cln_script script;
    FUZZ_ASSERT(cln_script_begin(&script, &(cln_canvas){CLN_PICTURE_SVG, 100, 100, "a"}, NULL) == CLN_OK);
    fflush(script.stream);
    size_t before = script.length;
    cln_script_text(&script, text);
    fflush(script.stream);
    const char *written = script.text + before;
    size_t length = script.length - before;
    FUZZ_ASSERT(length >= 2 && written[0] == '"' && written[length - 1] == '"');
    for (size_t i = 1; i + 1 < length; i++)
        if (written[i] == '\\') {
            FUZZ_ASSERT(i + 4 < length && strspn(written + i + 1, "01234567") >= 3);
            i += 3;
            FUZZ_ASSERT(!isdigit((unsigned char)written[i + 1]));
        } else {
            FUZZ_ASSERT(isalnum((unsigned char)written[i]) || written[i] == ' ' || (unsigned char)written[i] >= 0x80);
        }
    cln_script_release(&script);
}

void fuzz_one(const uint8_t *bytes, size_t count)
{
    char *text = fuzz_text(bytes, count);
    check_harmless(text, 1 + count % 64);
    check_harmless(text, 2 * count + 2);
    check_html(text);
    check_script(text);
    free(text);
}
