#include "report/html.h"

#include "report/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

enum { most_text = 4096 };

/* A mark that turns the direction of what follows (U+202A to U+202E, U+2066 to U+2069), and so could reach beyond its own text. */
static bool turns(const char *c)
{
    if (strncmp(c, "\xe2\x80", 2) == 0)
        return (unsigned char)c[2] >= 0xaa && (unsigned char)c[2] <= 0xae;
    return strncmp(c, "\xe2\x81", 2) == 0 && (unsigned char)c[2] >= 0xa6 && (unsigned char)c[2] <= 0xa9;
}

static void escape(FILE *to, const char *text)
{
    char harmless[most_text];
    cln_text_harmless(harmless, sizeof harmless, text);
    for (const char *c = harmless; *c; c++) {
        if (turns(c)) {
            fputc('?', to);
            c += 2;
            continue;
        }
        switch (*c) {
        case '&':
            fputs("&amp;", to);
            break;
        case '<':
            fputs("&lt;", to);
            break;
        case '>':
            fputs("&gt;", to);
            break;
        case '"':
            fputs("&quot;", to);
            break;
        case '\'':
            fputs("&#39;", to);
            break;
        default:
            fputc(*c, to);
        }
    }
}

static void escape_list(FILE *to, const char *format, va_list arguments)
{
    char text[most_text];
    vsnprintf(text, sizeof text, format, arguments);
    escape(to, text);
}

void cln_html_text(FILE *to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    escape_list(to, format, arguments);
    va_end(arguments);
}

void cln_html_lines(FILE *to, const char *text)
{
    while (*text) {
        char line[most_text];
        size_t length = strcspn(text, "\n"), kept = length < sizeof line ? length : sizeof line - 1;
        memcpy(line, text, kept);
        line[kept] = '\0';
        escape(to, line);
        text += length;
        if (*text == '\n') {
            fputc('\n', to);
            text++;
        }
    }
}

void cln_html_table_begin(FILE *to, const char *label, const char *const *heads, size_t count)
{
    /* A box that scrolls has to be reached with the keyboard, too. */
    fputs("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"", to);
    escape(to, label);
    fputs("\">\n<table>\n<thead><tr>", to);
    for (size_t i = 0; i < count; i++) {
        bool figures = *heads[i] == '>';
        fputs(figures ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">", to);
        escape(to, heads[i] + figures);
        fputs("</th>", to);
    }
    fputs("</tr></thead>\n<tbody>\n", to);
}

void cln_html_row_begin(FILE *to)
{
    fputs("<tr>", to);
}

#define CELL(function, begin, end)                                                                                     \
    void function(FILE *to, const char *format, ...)                                                                   \
    {                                                                                                                  \
        va_list arguments;                                                                                             \
        va_start(arguments, format);                                                                                   \
        fputs(begin, to);                                                                                              \
        escape_list(to, format, arguments);                                                                            \
        fputs(end, to);                                                                                                \
        va_end(arguments);                                                                                             \
    }

CELL(cln_html_head, "<th scope=\"row\">", "</th>")
CELL(cln_html_cell, "<td>", "</td>")
CELL(cln_html_number, "<td class=\"n\">", "</td>")

void cln_html_row_end(FILE *to)
{
    fputs("</tr>\n", to);
}

void cln_html_table_end(FILE *to)
{
    fputs("</tbody>\n</table>\n</div>\n", to);
}

/* Behind the element that begins at `text`, of which nothing is wanted, or `text`. */
static const char *behind(const char *text, const char *begin, const char *end)
{
    const char *found = strncmp(text, begin, strlen(begin)) == 0 ? strstr(text, end) : NULL;
    return found ? found + strlen(end) : text;
}

/* Where an id or a reference to one begins within the tag at `text`, or NULL. */
static const char *id_in(const char *text)
{
    static const char *const before[] = {" id='", " id=\"", "href='#", "url(#"};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        if (strncmp(text, before[i], strlen(before[i])) == 0)
            return text + strlen(before[i]);
    return NULL;
}

void cln_html_picture(FILE *to, const char *picture, unsigned width, unsigned height, const char *name,
                      const char *title)
{
    fprintf(to, "<svg viewBox=\"0 0 %u %u\" role=\"img\" aria-label=\"", width, height);
    escape(to, title);
    fputs("\">\n<title>", to);
    escape(to, title);
    fputs("</title>\n", to);
    const char *root = strstr(picture, "<svg"), *c = root ? strchr(root, '>') : NULL;
    bool tag = false;
    for (c = c ? c + 1 : ""; *c;) {
        const char *next = behind(behind(c, "<title>", "</title>"), "<desc>", "</desc>"), *id = tag ? id_in(c) : NULL;
        if (next != c) {
            c = next;
            continue;
        }
        if (id) {
            fprintf(to, "%.*s%s-", (int)(id - c), c, name);
            c = id;
            continue;
        }
        tag = *c == '<' || (tag && *c != '>');
        fputc(*c++, to);
    }
}
