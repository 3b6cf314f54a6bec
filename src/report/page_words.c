#include "report/page_parts.h"

#include "report/comparison_rows.h"
#include "report/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *cln_page_label(cln_words to, const cln_compared_row *row)
{
    cln_shown_row shown;
    cln_shown_words(row, &shown);
    size_t length = strlen(shown.heading);
    bool engine = strncmp(row->name, shown.heading, length) == 0 && row->name[length] == '.';
    snprintf(to, sizeof(cln_words), "%s%s%s", engine ? shown.heading : "", engine ? ": " : "", shown.plain);
    return to;
}

const char *cln_page_device(cln_words to, const cln_compared_device *device, size_t most)
{
    char name[sizeof device->device.name];
    int index = device->device.index;
    cln_text_harmless(name, sizeof name, *device->device.name ? device->device.name : "device without a name");
    size_t used = index < 0 ? 0 : (size_t)snprintf(to, sizeof(cln_words), "%d · ", index), width = 0;
    to[used] = '\0';
    most -= cln_text_width(to);
    bool cut = cln_text_width(name) > most;
    for (const char *c = name; *c; c++) {
        width += ((unsigned char)*c & 0xc0) != 0x80;
        if (cut && width >= most)
            break;
        to[used++] = *c;
    }
    snprintf(to + used, sizeof(cln_words) - used, "%s", cut ? "…" : "");
    return to;
}

double cln_page_value(const cln_compared_device *device, const char *name, const char *unit)
{
    const cln_compared_row *row = cln_compared_find(device, name, unit);
    bool sound = row && (fabs(row->value) <= 0 || (row->value >= 1e-15 && row->value <= 1e24));
    return sound ? row->value : NAN;
}

const char *cln_page_fraction(cln_text to, const cln_compared_row *row)
{
    double fraction = row ? cln_compared_fraction(row) : NAN;
    if (isfinite(fraction))
        snprintf(to, sizeof(cln_text), "%.*f %%", fraction < 0.0995 ? 1 : 0, 100 * fraction);
    else
        snprintf(to, sizeof(cln_text), "-");
    return to;
}

/* A row of each meaning, for `rows` (count) have one for each engine and number. */
static bool is_first(const cln_shown_row *rows, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (rows[i].meaning == rows[index].meaning)
            return false;
    return rows[index].meaning != NULL;
}

cln_status cln_page_glossary(const cln_comparison *comparison, FILE *to, cln_error *error)
{
    cln_status status;
    cln_shown_row *rows = NULL;
    size_t count = 0;
    TRY(cln_shown_rows(comparison, &rows, &count, error));
    fputs("<dl class=\"words\">\n<div><dt>fused, clblast</dt><dd>The two engines: our own kernels, and matrix products "
          "by "
          "CLBlast.</dd></div>\n"
          "<div><dt>±</dt><dd>Half of the distance between the quartiles of the samples, of which the figure is the "
          "median.</dd></div>\n"
          "<div><dt>of the limit</dt><dd>How near a figure comes to the best that the device’s own measured bandwidth "
          "and "
          "multiply-add rate allow; above 100 % where caches helped.</dd></div>\n",
          to);
    for (size_t i = 0; i < count; i++)
        if (is_first(rows, i)) {
            fputs("<div><dt>", to);
            cln_html_text(to, "%s", rows[i].plain);
            fputs("</dt><dd>", to);
            cln_html_text(to, "%s", rows[i].meaning);
            fputs("</dd></div>\n", to);
        }
    fputs("</dl>\n", to);
out:
    free(rows);
    return status;
}
