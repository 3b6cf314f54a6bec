#include "report/page_parts.h"

#include "report/html.h"

#include <math.h>

/* Places in pixels: devices one below the other, each a line with its name and then its bars. */
enum { top = 8, name_line = 26, bar_line = 25, bar = 17, device_gap = 8, left = 76, right = 22, axis = 54 };

/* What a picture shows, and how large. */
typedef struct bar_chart {
    const cln_bars *bars;
    const cln_comparison *comparison;
    size_t series, parts, devices;
    double most, least; /* of the bars with their spread; the shortest above 0 */
    bool logarithmic;
    cln_scale scale;
    unsigned plot, marks, height; /* pixels: of the bars, of the meaning of their colours, of all */
    double from, until;           /* of the axis, in its unit */
} bar_chart;

static const cln_compared_row *row_of(const bar_chart *chart, const cln_compared_device *device, size_t series,
                                      size_t part)
{
    return cln_compared_find(device, chart->bars->rows[series][part], chart->bars->unit);
}

/* A part, as often as it counts; NaN: there is none. */
static double value_of(const bar_chart *chart, const cln_compared_device *device, size_t series, size_t part)
{
    double times = chart->bars->times[part];
    double value = cln_page_value(device, chart->bars->rows[series][part], chart->bars->unit);
    return value >= 0 ? value * (times > 0 ? times : 1) : NAN;
}

/* NaN where a part is missing. */
static double sum_of(const bar_chart *chart, const cln_compared_device *device, size_t series)
{
    double sum = 0;
    for (size_t part = 0; part < chart->parts; part++)
        sum += value_of(chart, device, series, part);
    return sum;
}

/* Half of the spread; 0 where there is none, or several parts. */
static double spread_of(const bar_chart *chart, const cln_compared_device *device, size_t series)
{
    const cln_compared_row *row = chart->parts == 1 ? row_of(chart, device, series, 0) : NULL;
    return row && row->spread > 0 && isfinite(row->spread) ? row->spread / 2 : 0;
}

static bool has_bars(const bar_chart *chart, const cln_compared_device *device)
{
    for (size_t series = 0; series < chart->series; series++)
        if (isfinite(sum_of(chart, device, series)))
            return true;
    return false;
}

/* Colours tell the parts apart; the names beside the bars the series. */
static unsigned colour_of(const bar_chart *chart, size_t series, size_t part)
{
    return (unsigned)(chart->parts > 1 ? part + 3 : series + 1);
}

static cln_mark mark_of(const bar_chart *chart, size_t part)
{
    return (cln_mark){chart->bars->parts[part], 5, colour_of(chart, 0, part)};
}

static void measure(bar_chart *chart)
{
    chart->least = INFINITY;
    for (size_t i = 0; i < chart->comparison->count; i++) {
        const cln_compared_device *device = &chart->comparison->devices[i];
        if (!has_bars(chart, device))
            continue;
        chart->devices++;
        for (size_t series = 0; series < chart->series; series++) {
            double sum = sum_of(chart, device, series), end = sum + spread_of(chart, device, series);
            chart->most = end > chart->most ? end : chart->most;
            chart->least = sum > 0 && sum < chart->least ? sum : chart->least;
        }
    }
    chart->scale = cln_scale_for(chart->most, chart->bars->unit);
    /* Parts of a bar add up on a linear axis alone. */
    chart->logarithmic = chart->parts == 1 && chart->least < chart->most / 50;
    chart->least = fmax(chart->least, chart->most / 1e6);
    chart->plot = (unsigned)(chart->devices * (name_line + device_gap + chart->series * bar_line));
    cln_mark marks[cln_bars_parts];
    for (size_t part = 0; part < chart->parts; part++)
        marks[part] = mark_of(chart, part);
    chart->marks = chart->parts > 1 ? cln_page_marks(NULL, marks, chart->parts, 0, 1) : 0;
    chart->height = top + chart->plot + axis + chart->marks;
    double most = chart->most > 0 ? chart->most / chart->scale.size : 1, least = chart->least / chart->scale.size;
    chart->from = chart->logarithmic ? pow(10, floor(log10(least)) - (least < 2 * pow(10, floor(log10(least))))) : 0;
    /* Room for the figure behind the longest bar. */
    chart->until = chart->logarithmic ? most * pow(most / chart->from, 0.35) : most * 1.35;
}

static void write_axes(const bar_chart *chart, cln_script *script)
{
    FILE *to = script->stream;
    fprintf(
        to,
        "unset key\nset border 1 linecolor rgb '#767676'\nset tics nomirror out scale 0.5\nunset ytics\n"
        "set xtics offset 0,0.5\nset grid xtics linetype -1 linecolor rgb '#dddddd' linewidth 1\nset format x '%%g'\n");
    fprintf(to, "set lmargin at screen (%d/%d.)\nset rmargin at screen (1-%d/%d.)\n", left, cln_page_width, right,
            cln_page_width);
    fprintf(to, "set tmargin at screen (1-%d/%u.)\nset bmargin at screen (1-%u/%u.)\n", top, chart->height,
            top + chart->plot, chart->height);
    fprintf(to, "set yrange [%u:0]\n%sset xrange [", chart->plot, chart->logarithmic ? "set logscale x\n" : "");
    cln_script_number(script, chart->from);
    fputc(':', to);
    cln_script_number(script, chart->until);
    fputs("]\nset label ", to);
    char words[64];
    snprintf(words, sizeof words, "%s%s", chart->scale.unit, chart->logarithmic ? ", logarithmic" : "");
    cln_script_text(script, words);
    fputs(" at ", to);
    cln_page_place(script, (left + cln_page_width - right) / 2, top + chart->plot + 41, chart->height);
    fputs(" center\n", to);
    cln_mark marks[cln_bars_parts];
    for (size_t part = 0; part < chart->parts; part++)
        marks[part] = mark_of(chart, part);
    if (chart->parts > 1)
        cln_page_marks(script, marks, chart->parts, chart->height - chart->marks, chart->height);
}

static void write_bar(const bar_chart *chart, cln_script *script, const cln_compared_device *device, size_t series,
                      unsigned y)
{
    FILE *to = script->stream;
    double sum = sum_of(chart, device, series), size = chart->scale.size, begin = chart->from;
    double spread = spread_of(chart, device, series) / size, end = chart->from;
    cln_text text;
    for (size_t part = 0; part < chart->parts && sum > 0; part++) {
        end = (part > 0 ? begin : 0) + value_of(chart, device, series, part) / size;
        fputs("set object rectangle from first ", to);
        cln_script_number(script, begin);
        fprintf(to, ", first %u to first ", y + (bar_line - bar) / 2);
        cln_script_number(script, end);
        fprintf(to, ", first %u front fillcolor linetype %u fillstyle solid 1 noborder\n", y + (bar_line + bar) / 2,
                colour_of(chart, series, part));
        begin = end;
    }
    if (spread > 0 && sum > 0) {
        fputs("set arrow from first ", to);
        cln_script_number(script, fmax(end - spread, chart->from));
        fprintf(to, ", first %u to first ", y + bar_line / 2);
        cln_script_number(script, end + spread);
        fprintf(to, ", first %u heads size screen 0.01,90 front linecolor rgb '#000000' linewidth 1.5\n",
                y + bar_line / 2);
    }
    fputs("set label ", to);
    cln_script_text(script, isfinite(sum) ? cln_text_quantity(text, sum, chart->bars->unit) : "no figure");
    fputs(" at first ", to);
    cln_script_number(script, isfinite(sum) ? end + spread : chart->from);
    fprintf(to, ", first %u left front offset 0.6,0%s\n", y + bar_line / 2,
            isfinite(sum) ? "" : " textcolor rgb '#767676'");
    fputs("set label ", to);
    cln_script_text(script, chart->bars->series[series]);
    fprintf(to, " at graph 0, first %u right front offset -0.8,0\n", y + bar_line / 2);
}

static void write_script(const bar_chart *chart, cln_script *script)
{
    unsigned y = 0;
    write_axes(chart, script);
    for (size_t i = 0; i < chart->comparison->count; i++) {
        const cln_compared_device *device = &chart->comparison->devices[i];
        if (!has_bars(chart, device))
            continue;
        cln_words name;
        /* A name stands on white, between the lines of the axis. */
        fprintf(script->stream,
                "set object rectangle from graph 0, first %u to graph 1, first %u front fillcolor rgb '#ffffff' "
                "fillstyle solid 1 "
                "noborder\n",
                y, y + name_line);
        fputs("set label ", script->stream);
        cln_script_text(script, cln_page_device(name, device, 46));
        fputs(" at ", script->stream);
        cln_page_place(script, 8, top + y + name_line / 2 + 2, chart->height);
        fputs(" left front\n", script->stream);
        y += name_line;
        for (size_t series = 0; series < chart->series; series++, y += bar_line)
            write_bar(chart, script, device, series, y);
        y += device_gap;
    }
    fputs("plot NaN notitle\n", script->stream);
}

static void write_row(const bar_chart *chart, const cln_compared_device *device, size_t series, FILE *to)
{
    cln_words name;
    cln_text text;
    const cln_compared_row *row = row_of(chart, device, series, 0);
    cln_html_row_begin(to);
    cln_html_head(to, "%s", cln_page_device(name, device, 40));
    cln_html_cell(to, "%s", chart->bars->series[series]);
    for (size_t part = 0; part < chart->parts; part++)
        cln_html_number(to, "%s", cln_text_quantity(text, value_of(chart, device, series, part), chart->bars->unit));
    if (chart->parts > 1)
        cln_html_number(to, "%s", cln_text_quantity(text, sum_of(chart, device, series), chart->bars->unit));
    else {
        cln_html_number(to, "%s%s", spread_of(chart, device, series) > 0 ? "± " : "",
                        cln_text_quantity(text, row ? row->spread / 2 : NAN, chart->bars->unit));
        cln_html_number(to, "%s", cln_page_fraction(text, row));
    }
    cln_html_row_end(to);
}

static void write_data(const bar_chart *chart, FILE *to)
{
    const char *heads[2 + cln_bars_parts + 2] = {"device", "bar"};
    char part_heads[cln_bars_parts][64];
    size_t count = 2;
    for (size_t part = 0; part < chart->parts; part++) {
        snprintf(part_heads[part], sizeof part_heads[part], ">%s",
                 chart->parts > 1 ? chart->bars->parts[part] : "median");
        heads[count++] = part_heads[part];
    }
    heads[count++] = chart->parts > 1 ? ">together" : ">spread";
    if (chart->parts == 1)
        heads[count++] = ">of the limit";
    fputs("<details><summary>Figures of this picture</summary>\n", to);
    cln_html_table_begin(to, chart->bars->title, heads, count);
    for (size_t i = 0; i < chart->comparison->count; i++)
        for (size_t series = 0; series < chart->series && has_bars(chart, &chart->comparison->devices[i]); series++)
            write_row(chart, &chart->comparison->devices[i], series, to);
    cln_html_table_end(to);
    fputs("</details>\n", to);
}

static void write_caption(const bar_chart *chart, FILE *to)
{
    fputs("<figcaption><strong>", to);
    cln_html_text(to, "%s.", chart->bars->title);
    fputs("</strong> ", to);
    cln_html_text(to, "%s%s", chart->bars->caption ? chart->bars->caption : "",
                  chart->logarithmic ? " The axis is logarithmic, for the bars differ too much in length." : "");
    const char *before = " No figures: ";
    for (size_t i = 0; i < chart->comparison->count; i++) {
        const cln_compared_device *device = &chart->comparison->devices[i];
        cln_words name;
        if (has_bars(chart, device))
            continue;
        cln_html_text(to, "%s%s", before, cln_page_device(name, device, 40));
        before = ", ";
    }
    fputs(chart->devices < chart->comparison->count ? ".</figcaption>\n" : "</figcaption>\n", to);
}

cln_status cln_page_bars(const cln_bars *bars, const cln_comparison *comparison, FILE *to, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_script script = {0};
    bar_chart chart = {.bars = bars, .comparison = comparison, .parts = 1};
    while (chart.series < cln_bars_series && bars->series[chart.series])
        chart.series++;
    while (chart.parts < cln_bars_parts && bars->parts[chart.parts])
        chart.parts++;
    measure(&chart);
    if (chart.devices == 0) {
        fputs("<p class=\"note\">", to);
        cln_html_text(to, "%s: no device has figures.", bars->title);
        fputs("</p>\n", to);
        return CLN_OK;
    }
    const cln_canvas canvas = {CLN_PICTURE_SVG, cln_page_width, chart.height, bars->name};
    TRY(cln_script_begin(&script, &canvas, error));
    write_script(&chart, &script);
    fputs("<figure>\n", to);
    write_caption(&chart, to);
    TRY(cln_page_draw(&script, &canvas, bars->title, to, error));
    write_data(&chart, to);
    fputs("</figure>\n", to);
out:
    cln_script_release(&script);
    return status;
}
