/*
 * A comparison for people, on a terminal of 100 columns: the verdict; the devices, each with what it came to; what they were measured at,
 * side by side; and why figures are missing.
 */
#include "report/comparison.h"

#include "report/comparison_figures.h"
#include "report/table.h"
#include "report/text.h"

#include <string.h>

enum { line_width = 100 };

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
        cln_table_add(table, '<', "%s", cln_compared_index(index, device));
        cln_table_add(table, '<', "%s", outcome(device));
        cln_table_add(table, '<', "%s%s%s", name, *platform ? ", " : "", platform);
    }
    bool written = cln_table_write(table, to);
    cln_table_free(table);
    return written ? CLN_OK : cln_fail_memory(error, "a table", 0);
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
    used = (size_t)snprintf(text, sizeof text, "%s: %s:", cln_compared_index(index, device), reason);
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
            snprintf(text, sizeof text, "%s (%.128s) %s: %s", cln_compared_index(index, device), device->device.name,
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
    TRY(cln_comparison_figures(comparison, to, error));
    write_reasons(comparison, to);
out:
    return status;
}
