#include "report/comparison_figures.h"

#include "report/comparison_rows.h"
#include "report/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { side_by_side = 4 };

const char *cln_compared_index(cln_text to, const cln_compared_device *device)
{
    if (device->device.index < 0)
        snprintf(to, sizeof(cln_text), "-");
    else
        snprintf(to, sizeof(cln_text), "device %d", device->device.index);
    return to;
}

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
        const cln_compared_row *row = cln_compared_find(device, shown->name, shown->unit);
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
        if (row->spread > 0 && row->value > 0) /* 0 is of a single sample */
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
        cln_table_add(table, '<', "%s", cln_compared_index(index, list[i]));
    }
    for (size_t r = 0; r < count; r++) {
        bool there = false;
        for (size_t i = 0; i < columns; i++)
            there |= cln_compared_find(list[i], rows[r].name, rows[r].unit) != NULL;
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
            add_cell(table, cln_compared_find(list[i], rows[r].name, rows[r].unit), &rows[r], best);
    }
    bool written = cln_table_write(table, to);
    cln_table_free(table);
    return written ? CLN_OK : cln_fail_memory(error, "a table", 0);
}

cln_status cln_comparison_figures(const cln_comparison *comparison, FILE *to, cln_error *error)
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
