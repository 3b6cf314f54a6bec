#include "report/page_parts.h"

#include "report/comparison_rows.h"
#include "report/html.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void fact(FILE *to, const char *label, const char *text)
{
    fputs("<div><dt>", to);
    cln_html_text(to, "%s", label);
    fputs("</dt><dd>", to);
    cln_html_text(to, "%s", text);
    fputs("</dd></div>\n", to);
}

/* ---- the top */

/* "2026-11-26 01:30 UTC" of a date as it is written by us; another text as it is. */
void cln_page_date(const char *date, FILE *to)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    bool formed = strlen(date) == strlen(form);
    for (size_t i = 0; formed && form[i]; i++)
        formed = form[i] == '0' ? isdigit((unsigned char)date[i]) != 0 : date[i] == form[i];
    if (formed)
        fprintf(to, "<time datetime=\"%s\">%.10s %.5s UTC</time>", date, date, date + 11);
    else
        cln_html_text(to, "%s", date);
}

static void write_verdict(const cln_comparison *comparison, FILE *to)
{
    size_t judged = 0, disagree = 0;
    for (size_t i = 0; i < comparison->count; i++) {
        judged += comparison->devices[i].judged;
        disagree += comparison->devices[i].judged && !comparison->devices[i].agree;
    }
    const char *kind = disagree ? "bad" : judged ? "good" : "none";
    fprintf(to, "<p class=\"verdict %s\">", kind);
    if (judged == 0)
        fputs("No device was held against the reference, so nothing is said about agreement.", to);
    else if (disagree == 0 && judged == 1)
        fputs("<strong>Agreement:</strong> the device computes what double precision on the host does.", to);
    else if (disagree == 0 && judged == 2)
        fputs("<strong>Agreement:</strong> both devices compute what double precision on the host does.", to);
    else if (disagree == 0)
        fprintf(to, "<strong>Agreement:</strong> all %zu devices compute what double precision on the host does.",
                judged);
    else {
        const char *before = "";
        fprintf(
            to,
            "<strong>Disagreement:</strong> %zu of %zu devices %s not compute what double precision on the host does: ",
            disagree, judged, disagree == 1 ? "does" : "do");
        for (size_t i = 0; i < comparison->count; i++)
            if (comparison->devices[i].judged && !comparison->devices[i].agree) {
                cln_words name;
                cln_html_text(to, "%s%s", before, cln_page_device(name, &comparison->devices[i], 80));
                before = ", ";
            }
        fputc('.', to);
    }
    if (judged < comparison->count && judged > 0)
        fprintf(to, " %zu more %s not judged.", comparison->count - judged,
                comparison->count - judged == 1 ? "was" : "were");
    fputs("</p>\n", to);
}

/* The best of all devices and engines, in the measure that most trainings are about. */
static void write_fastest(const cln_comparison *comparison, FILE *to)
{
    static const char *const rows[] = {"fused.epoch.200", "clblast.epoch.200"};
    double best = INFINITY;
    const cln_compared_device *device = NULL;
    size_t row = 0;
    for (size_t i = 0; i < comparison->count; i++)
        for (size_t j = 0; j < 2; j++) {
            double value = cln_page_value(&comparison->devices[i], rows[j], "s");
            if (value < best) {
                best = value;
                device = &comparison->devices[i];
                row = j;
            }
        }
    if (!device)
        return;
    cln_words name;
    cln_text text;
    fputs("<p>Fastest epoch by minibatches of 200 rows: <strong>", to);
    cln_html_text(to, "%s", cln_text_quantity(text, best, "s"));
    fputs("</strong> ", to);
    cln_html_text(to, "on %s with %s.", cln_page_device(name, device, 80), row == 0 ? "fused" : "clblast");
    fputs("</p>\n", to);
}

void cln_page_begin(const cln_comparison *comparison, FILE *to)
{
    cln_text rows, features, seconds, budget;
    char line[256];
    fputs("<header>\n<p class=\"maker\">clinear compare</p>\n<h1>", to);
    cln_html_text(to, "%zu %s compared", comparison->count, comparison->count == 1 ? "device" : "devices");
    fputs("</h1>\n", to);
    write_verdict(comparison, to);
    write_fastest(comparison, to);
    fputs("<dl class=\"facts\">\n", to);
    fact(to, "data", comparison->data);
    snprintf(line, sizeof line, "%s × %s features, %u outputs, %s", cln_text_count(rows, comparison->rows),
             cln_text_count(features, comparison->features), (unsigned)comparison->outputs, comparison->type);
    fact(to, "training rows", line);
    if (comparison->test_rows > 0)
        fact(to, "test rows", cln_text_count(rows, comparison->test_rows));
    fputs("<div><dt>date</dt><dd>", to);
    cln_page_date(comparison->date, to);
    fputs("</dd></div>\n", to);
    fact(to, "clinear", comparison->version);
    snprintf(line, sizeof line, "%s of a budget of %s", cln_text_seconds(seconds, comparison->seconds),
             cln_text_seconds(budget, comparison->budget));
    fact(to, "took", line);
    fputs("</dl>\n</header>\n", to);
}

/* ---- devices */

static const char *const status_words[] = {
#define X(name, word) word,
    CLN_COMPARED_MAP(X)
#undef X
};

static void write_badge(const cln_compared_device *device, FILE *to)
{
    if (device->status != CLN_COMPARED_OK)
        fprintf(to, "<span class=\"badge bad\">%s</span>", status_words[device->status]);
    else if (device->judged)
        fprintf(to, "<span class=\"badge %s</span>", device->agree ? "good\">agrees" : "bad\">disagrees");
    else
        fputs("<span class=\"badge none\">not judged</span>", to);
}

static void write_device(const cln_compared_device *compared, FILE *to)
{
    const cln_device_info *device = &compared->device;
    cln_words name, label;
    cln_text text, most;
    char line[128];
    fputs("<article>\n<h3>", to);
    cln_html_text(to, "%s", cln_page_device(name, compared, 160));
    fputs("</h3>\n<p>", to);
    write_badge(compared, to);
    fputs("</p>\n<dl class=\"facts\">\n", to);
    if (*device->type) {
        snprintf(line, sizeof line, "%s%s", device->type, device->simulator ? ", simulated on the host" : "");
        fact(to, "type", line);
    }
    if (*device->platform)
        fact(to, "platform", device->platform);
    if (*device->driver)
        fact(to, "driver", device->driver);
    if (device->compute_units > 0) {
        snprintf(line, sizeof line, device->clock_mhz > 0 ? "%u at %u MHz" : "%u", (unsigned)device->compute_units,
                 (unsigned)device->clock_mhz);
        fact(to, "compute units", line);
    }
    if (device->global_bytes > 0) {
        snprintf(line, sizeof line, "%s, %s at once", cln_text_bytes(text, device->global_bytes),
                 cln_text_bytes(most, device->max_alloc_bytes));
        fact(to, "memory", line);
        fact(to, "precisions",
             device->fp16   ? device->fp64 ? "half, single, double" : "half, single"
             : device->fp64 ? "single, double"
                            : "single");
    }
    for (size_t i = 0; i < compared->count; i++) {
        const cln_compared_row *row = &compared->rows[i];
        if (cln_shown_is_limit(row) && isfinite(row->value))
            fact(to, cln_page_label(label, row), cln_text_quantity(text, row->value, row->unit));
    }
    fputs("</dl>\n", to);
    if (*compared->reason) {
        fputs("<p class=\"note\">", to);
        cln_html_text(to, "%s", compared->reason);
        fputs("</p>\n", to);
    }
    fputs("</article>\n", to);
}

void cln_page_devices(const cln_comparison *comparison, FILE *to)
{
    fputs("<div class=\"cards\">\n", to);
    for (size_t i = 0; i < comparison->count; i++)
        write_device(&comparison->devices[i], to);
    fputs("</div>\n", to);
}

/* ---- what is not there, and what to know about what is */

/* Names of a device's rows that have the same reason as row `first`, once for each reason. */
static void write_reason(const cln_compared_device *device, size_t first, FILE *to)
{
    const char *before = "";
    cln_words label;
    for (size_t i = 0; i < first; i++)
        if (strcmp(device->rows[i].reason, device->rows[first].reason) == 0)
            return;
    cln_html_row_begin(to);
    cln_html_head(to, "%s", cln_page_device(label, device, 60));
    fputs("<td class=\"names\">", to);
    for (size_t i = first; i < device->count; i++)
        if (strcmp(device->rows[i].reason, device->rows[first].reason) == 0) {
            cln_html_text(to, "%s%s", before, cln_page_label(label, &device->rows[i]));
            before = ", ";
        }
    fputs("</td>", to);
    fputs("<td class=\"reason\">", to);
    cln_html_text(to, "%s", device->rows[first].reason);
    fputs("</td>", to);
    cln_html_row_end(to);
}

static void write_unmeasured(const cln_compared_device *device, FILE *to)
{
    cln_words name;
    if (device->status == CLN_COMPARED_OK)
        return;
    cln_html_row_begin(to);
    cln_html_head(to, "%s", cln_page_device(name, device, 60));
    cln_html_cell(to, "the device: %s", status_words[device->status]);
    fputs("<td class=\"reason\">", to);
    cln_html_text(to, "%s", device->reason);
    fputs("</td>", to);
    cln_html_row_end(to);
}

void cln_page_missing(const cln_comparison *comparison, FILE *to)
{
    static const char *const heads[] = {"device", "figures", "reason or remark"};
    bool any = false;
    for (size_t i = 0; i < comparison->count; i++) {
        const cln_compared_device *device = &comparison->devices[i];
        any = any || device->status != CLN_COMPARED_OK;
        for (size_t j = 0; j < device->count; j++)
            any = any || *device->rows[j].reason;
    }
    if (!any) {
        fputs("<p>Nothing: every device was measured, and every figure is there without a remark.</p>\n", to);
        return;
    }
    cln_html_table_begin(to, "What is missing, and what to know about figures", heads, 3);
    for (size_t i = 0; i < comparison->count; i++) {
        const cln_compared_device *device = &comparison->devices[i];
        write_unmeasured(device, to);
        for (size_t j = 0; j < device->count; j++)
            if (*device->rows[j].reason)
                write_reason(device, j, to);
    }
    cln_html_table_end(to);
}
