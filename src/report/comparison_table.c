/*
 * A comparison for people, on a terminal of 100 columns: the verdict; the devices, each with what it came to; what they were measured at,
 * side by side; and why figures are missing.
 */
#include "report/comparison.h"

#include "base/size.h"
#include "report/comparison_rows.h"
#include "report/table.h"
#include "report/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { line_width = 100, side_by_side = 4 };

/* ---- text */

/* Words, broken so that no line is wider than the terminal where words allow it; all lines but the first begin with `indent` blanks, and the
   first is `used` wide already. */
static void write_wrapped(const char *text, size_t used, size_t indent, FILE *to)
{
    for (bool first = true; *text; first = false) {
        size_t length = strcspn(text, " ");
        char word[1024];
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        size_t width = cln_text_width(word);
        if (!first && used + 1 + width > line_width) {
            fprintf(to, "\n%*s", (int)indent, "");
            used = indent;
        } else if (!first) {
            fputc(' ', to);
            used++;
        }
        fputs(word, to);
        used += width;
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', to);
}

/* "device 2", or "-" for one that has no index. */
static const char *index_of(const cln_compared_device *device, cln_text to)
{
    if (device->device.index < 0)
        snprintf(to, sizeof(cln_text), "-");
    else
        snprintf(to, sizeof(cln_text), "device %d", device->device.index);
    return to;
}

/* ---- the verdict and the devices */

static const char *outcome(const cln_compared_device *device)
{
    static const char *const words[] = {[CLN_COMPARED_OK] = "not judged",
                                        [CLN_COMPARED_FAILED] = "FAILED",
                                        [CLN_COMPARED_TIMEOUT] = "TIMED OUT",
                                        [CLN_COMPARED_SKIPPED] = "skipped"};
    if (device->judged && !device->agree)
        return "DISAGREES";
    return device->judged && device->status == CLN_COMPARED_OK ? "agrees" : words[device->status];
}

static void write_verdict(const cln_comparison *comparison, FILE *to)
{
    size_t judged = 0, agree = 0;
    for (size_t i = 0; i < comparison->count; i++) {
        judged += comparison->devices[i].judged;
        agree += comparison->devices[i].judged && comparison->devices[i].agree;
    }
    cln_text rows, test_rows;
    char data[1024], text[1600];
    cln_text_harmless(data, sizeof data, comparison->data);
    snprintf(text, sizeof text, "%s: %s training rows, %s test rows, %u features (%s), %u outputs", data,
             cln_text_count(rows, comparison->rows), cln_text_count(test_rows, comparison->test_rows),
             (unsigned)comparison->features, comparison->type, (unsigned)comparison->outputs);
    fputs("  ", to);
    write_wrapped(text, 2, 2, to);
    if (judged == 0)
        fputs("\n  No device was judged.\n\n", to);
    else if (agree == judged)
        fprintf(to, "\n  Agreement: %s%zu device%s what double precision on the host does.\n\n",
                judged == 1 ? "" : "all ", judged, judged == 1 ? " computes" : "s compute");
    else
        fprintf(to, "\n  DISAGREEMENT: %zu of %zu devices do%s not compute what double precision on the host does.\n\n",
                judged - agree, judged, judged - agree == 1 ? "es" : "");
}

/* `text`, cut to `most` characters, of which the last says so. */
static void cut(const char *text, size_t most, char *to, size_t size)
{
    char harmless[sizeof((cln_device_info *)NULL)->name];
    size_t length = 0;
    cln_text_harmless(harmless, sizeof harmless, text);
    bool whole = cln_text_width(harmless) <= most;
    for (size_t width = 0; harmless[length]; length++) {
        width += ((unsigned char)harmless[length] & 0xc0) != 0x80;
        if (!whole && width == most)
            break;
    }
    while (length > 0 && harmless[length - 1] == ' ')
        length--;
    snprintf(to, size, "%.*s%s", (int)length, harmless, whole ? "" : "…");
}

static cln_status write_devices(const cln_comparison *comparison, FILE *to, cln_error *error)
{
    cln_table *table = cln_table_create(3);
    for (size_t i = 0; i < comparison->count; i++) {
        const cln_compared_device *device = &comparison->devices[i];
        cln_text index;
        char name[200] = "", platform[200] = "";
        cut(device->device.name, 48, name, sizeof name);
        cut(device->device.platform, 26, platform, sizeof platform);
        cln_table_add(table, '<', "%s", index_of(device, index));
        cln_table_add(table, '<', "%s", outcome(device));
        cln_table_add(table, '<', "%s%s%s", name, *platform ? ", " : "", platform);
    }
    bool written = cln_table_write(table, to);
    cln_table_free(table);
    return written ? CLN_OK : cln_fail_memory(error, "a table", 0);
}

/* ---- the figures */

/* Three digits without an exponent, where that says something. */
static void format_figure(double value, cln_text to)
{
    double size = fabs(value);
    if (size >= 1e6 || (size < 1e-3 && size > 0))
        snprintf(to, sizeof(cln_text), "%.2g", value);
    else
        snprintf(to, sizeof(cln_text), "%.*f",
                 size >= 99.95 || !(size > 0) ? 0
                 : size >= 9.995              ? 1
                 : size >= 0.9995             ? 2
                 : size >= 0.09995            ? 3
                                              : 4,
                 value);
}

/* The best of a row's figures, of devices that compute right; NaN where all are alike, or neither more nor less is better. */
static double best_of(const cln_comparison *comparison, const cln_shown_row *shown)
{
    double best = NAN, worst = NAN;
    for (size_t i = 0; i < comparison->count; i++) {
        const cln_compared_device *device = &comparison->devices[i];
        const cln_compared_row *row = cln_shown_find(device, shown);
        cln_better better = row ? cln_compared_better(row) : CLN_BETTER_NEITHER;
        if (better == CLN_BETTER_NEITHER || !isfinite(row->value) || (device->judged && !device->agree))
            continue;
        double least = fmin(best, row->value), most = fmax(worst, row->value);
        if (better == CLN_BETTER_MORE) {
            least = fmax(best, row->value);
            most = fmin(worst, row->value);
        }
        best = least;
        worst = most;
    }
    return best < worst || best > worst ? best : NAN;
}

/* Appends `text` and the blanks that make it `width` wide, before it where it stands to the right. */
static void append(char *cell, size_t size, const char *text, size_t width, bool right)
{
    size_t used = strlen(cell), own = cln_text_width(text);
    int pad = own < width ? (int)(width - own) : 0;
    snprintf(cell + used, size - used, "%*s%s%*s", right ? pad : 0, "", text, right ? 0 : pad, "");
}

/* "*12.3 ±2 %  45 %": the best of its row; half of the distance between the quartiles; how much of its limit it reaches. */
static void add_cell(cln_table *table, const cln_compared_row *row, const cln_shown_row *shown, double best)
{
    char cell[160] = "";
    cln_text figure = "-", marked, spread = "", fraction = "";
    if (row && isfinite(row->value)) {
        if (strcmp(row->unit, "loss") == 0)
            snprintf(figure, sizeof figure, "%.8g", row->value);
        else
            format_figure(row->value / shown->scale, figure);
        if (row->spread >= 0 && row->value > 0)
            snprintf(spread, sizeof spread, "±%.0f %%", fmin(50 * row->spread / row->value, 999));
        if (cln_compared_better(row) != CLN_BETTER_NEITHER && isfinite(cln_compared_fraction(row)))
            snprintf(fraction, sizeof fraction, "%.0f %%", fmin(100 * cln_compared_fraction(row), 9999));
    }
    bool wrong = row && strcmp(row->unit, "tolerances") == 0 && !(row->value <= 1) && !*row->reason;
    bool is_best = row && !(fabs(row->value - best) > 0) && !isnan(row->value - best) && !wrong;
    snprintf(marked, sizeof marked, "%s%.40s", wrong ? "!" : is_best ? "*" : "", figure);
    append(cell, sizeof cell, marked, 6, true);
    append(cell, sizeof cell, " ", 1, false);
    append(cell, sizeof cell, spread, 5, false);
    append(cell, sizeof cell, " ", 1, false);
    append(cell, sizeof cell, fraction, 4, true);
    for (size_t end = strlen(cell); end > 0 && cell[end - 1] == ' '; end--)
        cell[end - 1] = '\0';
    cln_table_add(table, '<', "%s", cell);
}

/* An empty line for empty text. */
static void add_heading(cln_table *table, const char *text, size_t columns)
{
    cln_table_add(table, '<', "%s", text);
    for (size_t i = 0; i < columns; i++)
        cln_table_add(table, '<', "%s", "");
}

/* Devices list[0 … columns−1], and all rows that one of them has. */
static cln_status write_figures(const cln_comparison *comparison, const cln_compared_device *const *list,
                                size_t columns, const cln_shown_row *rows, size_t count, FILE *to, cln_error *error)
{
    cln_table *table = cln_table_create(columns + 1);
    const cln_shown_row *last = NULL;
    add_heading(table, "", columns);
    cln_table_add(table, '<', "%s", "");
    for (size_t i = 0; i < columns; i++) {
        cln_text index;
        cln_table_add(table, '<', "%s", index_of(list[i], index));
    }
    for (size_t r = 0; r < count; r++) {
        bool there = false;
        for (size_t i = 0; i < columns; i++)
            there |= cln_shown_find(list[i], &rows[r]) != NULL;
        if (!there)
            continue;
        if (!last || last->rank != rows[r].rank) {
            if (last)
                add_heading(table, "", columns);
            add_heading(table, rows[r].heading, columns);
        }
        last = &rows[r];
        cln_table_add(table, '<', "  %s", rows[r].label);
        double best = best_of(comparison, &rows[r]);
        for (size_t i = 0; i < columns; i++)
            add_cell(table, cln_shown_find(list[i], &rows[r]), &rows[r], best);
    }
    bool written = cln_table_write(table, to);
    cln_table_free(table);
    return written ? CLN_OK : cln_fail_memory(error, "a table", 0);
}

/* In as many tables as it takes. */
static cln_status write_all_figures(const cln_comparison *comparison, FILE *to, cln_error *error)
{
    cln_status status;
    const cln_compared_device *list[side_by_side];
    cln_shown_row *rows = NULL;
    size_t count, columns = 0;
    TRY(cln_shown_rows(comparison, &rows, &count, error));
    for (size_t i = 0; i < comparison->count; i++) {
        if (comparison->devices[i].count > 0)
            list[columns++] = &comparison->devices[i];
        if (columns == side_by_side || (columns > 0 && i + 1 == comparison->count)) {
            TRY(write_figures(comparison, list, columns, rows, count, to, error));
            columns = 0;
        }
    }
    if (count > 0)
        fputs("\n  * is the best of a row, ± half of the distance between the quartiles; the percentage behind\n"
              "  it says how near that comes to the best that the device's own limits allow.\n",
              to);
out:
    free(rows);
    return status;
}

/* ---- what is missing, and why */

/* One reason is told once with all its rows, the first that has it being rows[first]. */
static void write_reason(const cln_compared_device *device, size_t first, FILE *to)
{
    enum { named = 4 };
    cln_text index;
    char text[1024];
    size_t used, count = 0;
    const char *reason = device->rows[first].reason;
    used = (size_t)snprintf(text, sizeof text, "%s: %s:", index_of(device, index), reason);
    for (size_t i = first; i < device->count; i++) {
        if (strcmp(device->rows[i].reason, reason) != 0)
            continue;
        if (count++ < named)
            used +=
                (size_t)snprintf(text + used, sizeof text - used, "%s %s", count > 1 ? "," : "", device->rows[i].name);
    }
    if (count > named)
        snprintf(text + used, sizeof text - used, " and %zu more", count - named);
    fputs("  ", to);
    write_wrapped(text, 2, 4, to);
}

static void write_reasons(const cln_comparison *comparison, FILE *to)
{
    bool begun = false;
    for (size_t i = 0; i < comparison->count; i++) {
        const cln_compared_device *device = &comparison->devices[i];
        char text[1024];
        cln_text index;
        if (*device->reason) {
            fputs(begun ? "  " : "\n  ", to);
            begun = true;
            snprintf(text, sizeof text, "%s (%.128s) %s: %s", index_of(device, index), device->device.name,
                     outcome(device), device->reason);
            char harmless[sizeof text];
            cln_text_harmless(harmless, sizeof harmless, text);
            write_wrapped(harmless, 2, 4, to);
        }
        for (size_t j = 0; j < device->count; j++) {
            bool told = !*device->rows[j].reason;
            for (size_t k = 0; k < j && !told; k++)
                told = strcmp(device->rows[k].reason, device->rows[j].reason) == 0;
            if (told)
                continue;
            fputs(begun ? "" : "\n", to);
            begun = true;
            write_reason(device, j, to);
        }
    }
}

cln_status cln_report_comparison(const cln_comparison *comparison, FILE *to, cln_error *error)
{
    cln_status status;
    write_verdict(comparison, to);
    TRY(write_devices(comparison, to, error));
    TRY(write_all_figures(comparison, to, error));
    write_reasons(comparison, to);
out:
    return status;
}
