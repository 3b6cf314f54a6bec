#include "report/curves.h"

#include "base/size.h"
#include "report/text.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

/* Pixels. */
enum { width = 900, left = 112, right = 26, panel_height = 230, gap = 26, below = 88, line_height = 24 };

static const char *const quantities[CLN_QUANTITIES] = {"accuracy, %", "loss", "objective", "gradient norm"};
static const char *const axes[] = {"minibatches", "iterations", "penalties, in the order of --alpha",
                                   "passes over the data, or iterations"};

typedef struct picture {
    const cln_curve *curves;
    size_t count;
    cln_series series;
    cln_picture_form form;
    double height; /* pixels */
    cln_script script;
    bool passes; /* epochs stand along the top */
    double top;  /* pixels above the first panel */
    size_t panels;
    size_t entries, notes; /* below the panels: lines of the legend, then of notes */
} picture;

static const char *colour_of(const picture *p, const cln_line *line)
{
    return cln_picture_colours[p->count > 1 ? line->curve : line->valid];
}

/* Shares of the picture's height, from below, for a place in pixels from above. */
static double from_above(const picture *p, double pixels)
{
    return 1 - pixels / p->height;
}

static const char *small_font(const picture *p)
{
    return p->form == CLN_PICTURE_SVG ? ",13" : ",10";
}

/* The file's name, or its whole path where another log has the same name; of a long one the end. to (size). */
static void name_of(const picture *p, size_t curve, char *to, size_t size)
{
    enum { most = 70 }; /* characters */
    char path[4096];
    const char *name = strrchr(p->curves[curve].path, '/');
    name = name ? name + 1 : p->curves[curve].path;
    for (size_t i = 0; i < p->count; i++) {
        const char *other = strrchr(p->curves[i].path, '/');
        if (i != curve && strcmp(name, other ? other + 1 : p->curves[i].path) == 0)
            name = p->curves[curve].path;
    }
    cln_text_harmless(path, sizeof path, name);
    name = path;
    bool cut = cln_text_width(name) > most;
    while (cln_text_width(name) > most || ((unsigned char)*name & 0xc0) == 0x80)
        name++;
    snprintf(to, size, "%s%.300s", cut ? "…" : "", name);
}

/* ---- what stands below the panels */

/* In pixels from above: where a panel begins, and where the legend does. */
static double panel_top(const picture *p, size_t place)
{
    return p->top + (double)place * (panel_height + gap);
}

static double legend_top(const picture *p)
{
    return panel_top(p, p->panels) - gap + below;
}

__attribute__((format(printf, 6, 7))) static void put_text(picture *p, double x, double y, const char *place,
                                                           const char *font, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fputs("set label ", p->script.stream);
    cln_script_text(&p->script, text);
    fprintf(p->script.stream, " at screen %.5f,%.5f %s font '%s' textcolor rgb '#222222'\n", x / width,
            from_above(p, y), place, font);
}

/* Validation is dashed, and not quite as thick: gnuplot's SVG loses dashes where nothing else is new. */
static void put_stroke(picture *p, const char *colour, bool valid, bool pass)
{
    fprintf(p->script.stream, "linecolor rgb '#%s%s' linewidth %s dashtype %s", pass ? "" : "60", colour,
            !pass   ? "0.8"
            : valid ? "2.4"
                    : "2.5",
            valid ? "(10,6)" : "1");
}

static void put_sample(picture *p, double x, double y, const char *colour, bool valid, bool pass)
{
    fprintf(p->script.stream, "set arrow from screen %.5f,%.5f to screen %.5f,%.5f nohead ", x / width,
            from_above(p, y), (x + 36) / width, from_above(p, y));
    if (!pass && p->series.thinned > 0) /* a band */
        fprintf(p->script.stream, "linecolor rgb '#d7%s' linewidth 10 dashtype 1", colour);
    else
        put_stroke(p, colour, valid, pass);
    fputc('\n', p->script.stream);
}

/* Whether any panel has such a line. */
static bool has(const cln_series *series, bool valid, bool pass)
{
    for (size_t i = 0; i < CLN_QUANTITIES; i++)
        for (size_t j = 0; j < series->panels[i].count; j++)
            if (series->panels[i].lines[j].valid == valid && series->panels[i].lines[j].pass == pass)
                return true;
    return false;
}

/* A colour for each of several logs, then what dashes and thickness mean, in one line. */
static void put_legend(picture *p, double y)
{
    static const bool kinds[3][2] = {{false, false}, {false, true}, {true, true}};
    const bool minibatches = has(&p->series, false, false);
    const char *const words[3] = {"training, minibatches", minibatches ? "training, mean of a pass" : "training",
                                  "validation"};
    double x = left;
    for (size_t i = 0; p->count > 1 && i < p->count; i++, y += line_height) {
        char name[512];
        name_of(p, i, name, sizeof name);
        put_sample(p, left, y, cln_picture_colours[i], false, true);
        put_text(p, left + 46, y, "left", "", "%s", name);
    }
    for (size_t i = 0; i < 3; i++)
        if (has(&p->series, kinds[i][0], kinds[i][1])) {
            const cln_line line = {.valid = kinds[i][0]};
            put_sample(p, x, y, p->count > 1 ? "666666" : colour_of(p, &line), kinds[i][0], kinds[i][1]);
            put_text(p, x + 46, y, "left", "", "%s", words[i]);
            x += 270;
        }
}

static void put_notes(picture *p, double y)
{
    cln_text a, b;
    if (p->series.thinned > 0) {
        put_text(p, left, y, "left", small_font(p),
                 "%s minibatches, some %s to a column: bands reach from its least to its most, thin lines are means.",
                 cln_text_count(a, p->series.thinned), cln_text_count(b, p->series.crowd));
        y += line_height - 4;
    }
    if (p->series.hidden > 0)
        put_text(p, left, y, "left", small_font(p), "%s of %s values lie beyond the panels.",
                 cln_text_count(a, p->series.hidden), cln_text_count(b, p->series.points));
}

/* ---- the panels */

static void put_columns(picture *p, size_t panel, size_t index)
{
    const cln_line *line = &p->series.panels[panel].lines[index];
    fprintf(p->script.stream, "$P%zuL%zu << EOD\n", panel, index);
    for (size_t i = 0; i < line->count; i++)
        fprintf(p->script.stream, "%.8g %.6g %.6g %.6g\n", line->columns[i].x, line->columns[i].least,
                line->columns[i].mean, line->columns[i].most);
    fputs("EOD\n", p->script.stream);
}

static void put_line(picture *p, size_t panel, size_t index)
{
    enum { few = 40 }; /* so few points are marked each */
    const cln_line *line = &p->series.panels[panel].lines[index];
    const char *colour = colour_of(p, line);
    FILE *to = p->script.stream;
    if (line->points > line->count)
        fprintf(to,
                "$P%zuL%zu using 1:2:4 with filledcurves fillcolor rgb '#%s' fillstyle transparent solid 0.16 noborder "
                "notitle, ",
                panel, index, colour);
    fprintf(to, "$P%zuL%zu using 1:3 with ", panel, index);
    if (line->count == 1 || (line->pass && line->count <= few))
        fprintf(to, "%s pointtype %d pointsize 0.6 ", line->count == 1 ? "points" : "linespoints", line->valid ? 6 : 7);
    else
        fputs("lines ", to);
    put_stroke(p, colour, line->valid, line->pass);
    fputs(" notitle", to);
}

/* Numbers within a decade where one or two are shown, which gnuplot would give a single one. */
static void put_scale(picture *p, const cln_panel *panel)
{
    FILE *to = p->script.stream;
    fprintf(to, "set yrange [%.9g:%.9g]\nunset logscale\nset ytics autofreq\n", panel->least, panel->most);
    if (!panel->logarithmic)
        return;
    fputs("set logscale y\n", to);
    if (panel->most > 100 * panel->least)
        return;
    fputs("set ytics (", to);
    const char *comma = "";
    for (int decade = (int)floor(log10(panel->least)); pow(10, decade) <= panel->most; decade++)
        for (int digit = 1; digit <= 7; digit += digit == 1 || digit == 2 ? 1 : 2) {
            fprintf(to, "%s'%g' %.9g", comma, digit * pow(10, decade), digit * pow(10, decade));
            comma = ", ";
        }
    fputs(")\n", to);
}

static void put_axes(picture *p, size_t quantity, size_t place)
{
    bool last = place + 1 == p->panels;
    double above = panel_top(p, place), middle = (left + width - right) / 2.0;
    FILE *to = p->script.stream;
    fprintf(to, "set tmargin at screen %.5f\nset bmargin at screen %.5f\nunset label\nunset arrow\nunset x2tics\n",
            from_above(p, above), from_above(p, above + panel_height));
    put_text(p, 16, above + panel_height / 2.0, "center rotate by 90", "", "%s", quantities[quantity]);
    if (place == 0 && p->passes) {
        fprintf(to, "set x2range [%.9g:%.9g]\nset x2tics out nomirror scale 0.5\n",
                p->series.first / p->series.pass_steps, p->series.last / p->series.pass_steps);
        put_text(p, middle, above - 54, "center", "", "epochs");
    }
    fprintf(to, "set format x '%s'\n", last ? "%.10g" : "");
    if (last) {
        put_text(p, middle, above + panel_height + 52, "center", "", "%s", axes[p->series.axis]);
        put_legend(p, legend_top(p));
        put_notes(p, legend_top(p) + (double)p->entries * line_height);
    }
}

static void put_panel(picture *p, size_t quantity, size_t place)
{
    const cln_panel *panel = &p->series.panels[quantity];
    put_axes(p, quantity, place);
    put_scale(p, panel);
    for (size_t i = 0; i < panel->count; i++) {
        fputs(i ? ", " : "plot ", p->script.stream);
        put_line(p, quantity, i);
    }
    fputc('\n', p->script.stream);
}

static size_t count_panels(const cln_series *series)
{
    size_t count = 0;
    for (size_t i = 0; i < CLN_QUANTITIES; i++)
        count += series->panels[i].count > 0;
    return count;
}

static void put_picture(picture *p)
{
    size_t place = 0;
    FILE *to = p->script.stream;
    for (size_t i = 0; i < CLN_QUANTITIES; i++)
        for (size_t j = 0; j < p->series.panels[i].count; j++)
            put_columns(p, i, j);
    fprintf(to,
            "set multiplot\nset lmargin at screen %.5f\nset rmargin at screen %.5f\nunset key\nset border linecolor "
            "rgb '#444444'\nset grid linecolor rgb '#dddddd' linewidth 1 dashtype 1\nset xtics out nomirror scale "
            "0.5\nset ytics "
            "out nomirror scale 0.5\nset xrange [%.9g:%.9g]\nset format y '%%g'\n",
            (double)left / width, 1 - (double)right / width, p->series.first, p->series.last);
    if (p->series.axis != CLN_AXIS_STEPS && p->series.last - p->series.first <= 12)
        fputs("set xtics 1\n", to); /* there is nothing between two iterations */
    for (size_t i = 0; i < CLN_QUANTITIES; i++)
        if (p->series.panels[i].count > 0)
            put_panel(p, i, place++);
    fputs("unset multiplot\n", to);
}

cln_status cln_report_curves(const cln_curve *curves, size_t count, cln_picture_form form, char **drawn, size_t *size,
                             cln_error *error)
{
    cln_status status;
    picture p = {.curves = curves, .count = count, .form = form};
    char name[512], title[1024];
    *drawn = NULL;
    TRY(cln_series_collect(curves, count, &p.series, error));
    p.panels = count_panels(&p.series);
    p.passes = p.series.axis == CLN_AXIS_STEPS && p.series.pass_steps > 0;
    p.top = p.passes ? 74 : 22;
    p.entries = 1 + (count > 1 ? count : 0);
    p.notes = (size_t)(p.series.thinned > 0) + (p.series.hidden > 0);
    p.height = legend_top(&p) + (double)(p.entries + p.notes) * line_height - 4;
    name_of(&p, 0, name, sizeof name);
    snprintf(title, sizeof title, "The course of training over %s: %s%s", axes[p.series.axis], name,
             count > 1 ? " and others" : "");
    TRY(cln_script_begin(&p.script, &(cln_canvas){form, width, (unsigned)p.height, "curves"}, error));
    cln_script_entitle(&p.script, title);
    put_picture(&p);
    TRY(cln_script_draw(&p.script, drawn, size, error));
out:
    cln_script_release(&p.script);
    cln_series_release(&p.series);
    return status;
}
