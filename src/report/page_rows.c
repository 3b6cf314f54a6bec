#define _POSIX_C_SOURCE 200809L /* open_memstream */
/* Rows of all devices side by side, whatever they are called: a line a row, a column a device. */
#include "report/page_parts.h"

#include "report/changes.h"
#include "report/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef void cell_fn(const cln_compared_row *row, FILE *to); /* row: NULL, where the device has none */

static bool of_agreement(const cln_compared_row *row)
{
    return strcmp(row->unit, "tolerances") == 0;
}

/* No device before this one, and no row before in this one, is the same. */
static bool is_first(const cln_comparison *comparison, size_t device, size_t row)
{
    const cln_compared_row *this = &comparison->devices[device].rows[row];
    for (size_t i = 0; i < device; i++)
        if (cln_page_row(&comparison->devices[i], this->name, this->unit))
            return false;
    return cln_page_row(&comparison->devices[device], this->name, this->unit) == this;
}

static void write_heads(const cln_comparison *comparison, const char *label, FILE *to)
{
    fputs("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"", to);
    cln_html_text(to, "%s", label);
    fputs("\">\n<table class=\"wide\">\n<thead><tr><th scope=\"col\">row</th>", to);
    for (size_t i = 0; i < comparison->count; i++) {
        cln_words name;
        fputs("<th scope=\"col\" class=\"n\">", to);
        cln_html_text(to, "%s", cln_page_device(name, &comparison->devices[i], 40));
        fputs("</th>", to);
    }
    fputs("</tr></thead>\n<tbody>\n", to);
}

/* False where there are no such rows, and nothing was written. */
static bool write_table(const cln_comparison *comparison, const char *label, bool agreement, cell_fn *cell, FILE *to)
{
    bool any = false;
    for (size_t i = 0; i < comparison->count; i++)
        for (size_t j = 0; j < comparison->devices[i].count; j++) {
            const cln_compared_row *row = &comparison->devices[i].rows[j];
            cln_words name;
            if (of_agreement(row) != agreement || !is_first(comparison, i, j))
                continue;
            if (!any)
                write_heads(comparison, label, to);
            any = true;
            cln_html_row_begin(to);
            cln_html_head(to, "%s", cln_page_label(name, row->name));
            for (size_t other = 0; other < comparison->count; other++)
                cell(cln_page_row(&comparison->devices[other], row->name, row->unit), to);
            cln_html_row_end(to);
        }
    if (any)
        cln_html_table_end(to);
    return any;
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

void cln_page_agreement(const cln_comparison *comparison, FILE *to)
{
    if (!write_table(comparison, "Errors in units of the tolerance", true, write_agreement, to))
        fputs("<p class=\"note\">No device was held against the reference.</p>\n", to);
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

void cln_page_rows(const cln_comparison *comparison, FILE *to)
{
    if (!write_table(comparison, "All figures of all devices", false, write_figure, to))
        fputs("<p class=\"note\">No device was measured.</p>\n", to);
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
