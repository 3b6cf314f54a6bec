#define _POSIX_C_SOURCE 200809L /* open_memstream */
/* Rows of all devices side by side, whatever they are called: a line a row, a column a device. */
#include "report/page_parts.h"

#include "report/changes.h"
#include "report/comparison_rows.h"
#include "report/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef void cell_fn(const cln_compared_row *row, FILE *to); /* row: NULL, where the device has none */

static bool of_agreement(const cln_shown_row *shown)
{
    return strcmp(shown->unit, "tolerances") == 0;
}

static void write_heads(const cln_comparison *comparison, const char *label, FILE *to)
{
    fputs("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"", to);
    cln_html_text(to, "%s", label);
    fprintf(to, "\">\n<table class=\"wide%s\">\n", comparison->count > 4 ? " many" : "");
    fputs("<thead><tr><th scope=\"col\">row</th>", to);
    for (size_t i = 0; i < comparison->count; i++) {
        cln_words name;
        fputs("<th scope=\"col\" class=\"n\">", to);
        cln_html_text(to, "%s", cln_page_device(name, &comparison->devices[i], 40));
        fputs("</th>", to);
    }
    fputs("</tr></thead>\n<tbody>\n", to);
}

/* Rows of agreement, or the others; each heading has a line of its own. Where there are none, that is said. */
static cln_status write_table(const cln_comparison *comparison, const char *label, bool agreement, const char *none,
                              cell_fn *cell, FILE *to, cln_error *error)
{
    cln_status status;
    cln_shown_row *rows = NULL;
    const cln_shown_row *last = NULL;
    size_t count = 0;
    TRY(cln_shown_rows(comparison, &rows, &count, error));
    for (size_t i = 0; i < count; i++) {
        if (of_agreement(&rows[i]) != agreement)
            continue;
        if (!last)
            write_heads(comparison, label, to);
        if (!agreement && (!last || rows[i].rank != last->rank)) {
            fprintf(to, "<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"%zu\"><span>", comparison->count + 1);
            cln_html_text(to, "%s", rows[i].heading);
            fputs("</span></th></tr>\n", to);
        }
        last = &rows[i];
        cln_html_row_begin(to);
        cln_html_head(to, "%s", rows[i].plain);
        for (size_t device = 0; device < comparison->count; device++)
            cell(cln_compared_find(&comparison->devices[device], rows[i].name, rows[i].unit), to);
        cln_html_row_end(to);
    }
    if (last)
        cln_html_table_end(to);
    else
        fprintf(to, "<p class=\"note\">%s</p>\n", none);
out:
    free(rows);
    return status;
}

/* A value above 1 disagrees, and so does none. */
static void write_agreement(const cln_compared_row *row, FILE *to)
{
    bool agrees = row && row->value <= 1;
    if (!row) {
        cln_html_number(to, "-");
        return;
    }
    fprintf(to, "<td class=\"n %s\">", agrees ? "good" : "bad");
    if (isfinite(row->value))
        cln_html_text(to, "%.3g", row->value);
    else
        fputs("no number", to);
    fprintf(to, " <span>%s</span></td>", agrees ? "agrees" : "disagrees");
}

cln_status cln_page_agreement(const cln_comparison *comparison, FILE *to, cln_error *error)
{
    return write_table(comparison, "Errors in units of the tolerance", true,
                       "No device was held against the reference.", write_agreement, to, error);
}

static void write_figure(const cln_compared_row *row, FILE *to)
{
    cln_text value, spread, fraction;
    if (!row || !isfinite(row->value)) {
        cln_html_number(to, "-");
        return;
    }
    fputs("<td class=\"n\">", to);
    cln_html_text(to, "%s", cln_text_quantity(value, row->value, row->unit));
    bool spreads = row->spread > 0 && isfinite(row->spread), limited = isfinite(cln_compared_fraction(row));
    if (spreads || limited)
        fputs("<small>", to);
    if (spreads)
        cln_html_text(to, "± %s", cln_text_quantity(spread, row->spread / 2, row->unit));
    if (spreads && limited)
        fputs(", ", to);
    if (limited)
        cln_html_text(to, "%s of the limit", cln_page_fraction(fraction, row));
    fputs(spreads || limited ? "</small></td>" : "</td>", to);
}

cln_status cln_page_rows(const cln_comparison *comparison, FILE *to, cln_error *error)
{
    return write_table(comparison, "All figures of all devices", false, "No device was measured.", write_figure, to,
                       error);
}

cln_status cln_page_changes(const cln_comparison *before, const cln_comparison *now, FILE *to, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_changes changes;
    cln_error failure = {0};
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (!stream)
        return cln_fail_memory(error, "a text", 0);
    status = cln_report_changes(before, now, stream, &changes, &failure);
    bool lost = ferror(stream);
    lost |= fclose(stream) != 0;
    if (lost)
        status = cln_fail(&failure, CLN_MEMORY, "memory for a text is short");
    if (status == CLN_MEMORY) {
        cln_fail(error, status, "%s", failure.message);
        goto out;
    }
    if (status == CLN_OK) {
        fprintf(to, "<p>Beyond noise: %zu faster, %zu slower, %zu the same", changes.faster, changes.slower,
                changes.same);
        fprintf(to, changes.gone > 0 ? ", %zu gone.</p>\n" : ".</p>\n", changes.gone);
        fputs("<pre class=\"scroll\" tabindex=\"0\">", to);
        cln_html_lines(to, text);
        fputs("</pre>\n", to);
    } else {
        /* The page is about the devices; that the two do not go together does not take it away. */
        fputs("<p class=\"note\">", to);
        cln_html_text(to, "Not held against the older result: %s", failure.message);
        fputs("</p>\n", to);
        status = CLN_OK;
    }
out:
    free(text);
    return status;
}
