#include "report/page_parts.h"

#include "report/html.h"

/* Sections in their order. */
typedef cln_status section_fn(const cln_comparison *comparison, const cln_comparison *before, FILE *to,
                              cln_error *error);

/* A part that cannot fail, and one that may: that draws, or needs memory. */
#define PLAIN(name, part)                                                                                              \
    static cln_status name(const cln_comparison *comparison, const cln_comparison *before, FILE *to, cln_error *error) \
    {                                                                                                                  \
        (void)before, (void)error;                                                                                     \
        part(comparison, to);                                                                                          \
        return CLN_OK;                                                                                                 \
    }
#define DRAWN(name, part)                                                                                              \
    static cln_status name(const cln_comparison *comparison, const cln_comparison *before, FILE *to, cln_error *error) \
    {                                                                                                                  \
        (void)before;                                                                                                  \
        return part(comparison, to, error);                                                                            \
    }

PLAIN(devices, cln_page_devices)
DRAWN(agreement, cln_page_agreement)
DRAWN(figures, cln_page_rows)
PLAIN(missing, cln_page_missing)
DRAWN(words, cln_page_glossary)
DRAWN(speed, cln_page_speed)
DRAWN(roofline, cln_page_roofline)
DRAWN(split, cln_page_split)
DRAWN(optimum, cln_page_optimum)

static cln_status changes(const cln_comparison *comparison, const cln_comparison *before, FILE *to, cln_error *error)
{
    fputs("<p>The older result is of ", to);
    cln_page_date(before->date, to);
    cln_html_text(to, " by clinear %s.", before->version);
    fputs("</p>\n", to);
    return cln_page_changes(before, comparison, to, error);
}

static cln_status again(const cln_comparison *comparison, const cln_comparison *before, FILE *to, cln_error *error)
{
    (void)before, (void)error;
    fputs("<pre class=\"scroll\" tabindex=\"0\"><code>", to);
    cln_html_text(to, "%s", comparison->command);
    fputs("</code></pre>\n<p>With <code>--against OLD.json</code> it says what became slower or faster than a result "
          "that was kept "
          "with <code>--json</code>.</p>\n",
          to);
    return CLN_OK;
}

static const struct section {
    const char *id, *title, *lead;
    section_fn *write;
    bool against; /* there only with an older result */
} sections[] = {
    {"agreement", "Agreement",
     "The largest error of each device against double precision on the host, in units of what rounding allows for this "
     "data: "
     "above 1 a device disagrees.",
     agreement, false},
    {"changes", "What changed", NULL, changes, true},
    {"devices", "Devices", "What each device says of itself, and what was measured as the most that it can do.",
     devices, false},
    {"speed", "Speed",
     "Shorter is faster. Bars are medians; the line at the end of a bar spans the middle half of the samples.", speed,
     false},
    {"roofline", "Roofline",
     "How near each kind of work comes to what the device can do at all. Under the slope, memory is the limit; under "
     "the flat "
     "part, arithmetic.",
     roofline, false},
    {"time", "Where the time goes", NULL, split, false},
    {"optimum", "Optimum and memory", NULL, optimum, false},
    {"figures", "All figures", "Medians; ± is half of the distance between the quartiles.", figures, false},
    {"missing", "Missing figures and remarks", NULL, missing, false},
    {"again", "Run it again", NULL, again, false},
    {"words", "What the figures mean", NULL, words, false},
};

enum { section_count = sizeof sections / sizeof *sections };

static void write_head(const cln_comparison *comparison, FILE *to)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          /* Nothing is fetched or run, whatever a device calls itself. */
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
          "'unsafe-inline'\">\n<title>",
          to);
    cln_html_text(to, "clinear: %zu devices compared, %s", comparison->count, comparison->date);
    fprintf(to, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n", cln_page_style);
}

static void write_contents(bool against, FILE *to)
{
    fputs("<nav aria-label=\"Contents\"><ul>\n", to);
    for (size_t i = 0; i < section_count; i++)
        if (against || !sections[i].against)
            fprintf(to, "<li><a href=\"#%s\">%s</a></li>\n", sections[i].id, sections[i].title);
    fputs("</ul></nav>\n", to);
}

cln_status cln_report_page(const cln_comparison *comparison, const cln_comparison *before, FILE *to, cln_error *error)
{
    cln_status status = CLN_OK;
    write_head(comparison, to);
    cln_page_begin(comparison, to);
    write_contents(before != NULL, to);
    for (size_t i = 0; i < section_count; i++) {
        if (sections[i].against && !before)
            continue;
        fprintf(to, "<section id=\"%s\">\n<h2>%s</h2>\n", sections[i].id, sections[i].title);
        if (sections[i].lead)
            fprintf(to, "<p>%s</p>\n", sections[i].lead);
        TRY(sections[i].write(comparison, before, to, error));
        fputs("</section>\n", to);
    }
    fputs("</main>\n</body>\n</html>\n", to);
out:
    return status;
}
