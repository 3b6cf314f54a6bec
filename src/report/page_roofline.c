/*
 * Where each kind of work stands under the roof that a device's own limits make (Williams, Waterman and Patterson, Roofline, 2009): what it
 * computes a second over how much it computes for a byte that it has to read, the data being read once.
 *
 *   epoch, gradient   4·n·d·k operations       evaluation   2·n·d·k
 *   Gram matrix       n·(d+1+k)²               each over n·d elements of the data
 *   wide product      2·m³ over 3·m² floats, m = 1024
 */
#include "report/page_parts.h"

#include "report/html.h"

#include <math.h>
#include <string.h>

enum { height_of_plot = 300, top = 10, left = 64, right = 22, axis = 54, wide = 1024 };

/* What is drawn: a row's name behind its engine's, the type of its point. */
static const struct work {
    const char *row, *label;
    unsigned point;
    enum { PASS_BOTH_WAYS, PASS_FORWARD, GRAM, WIDE } kind;
} works[] = {
    {"epoch.32", "epoch by 32", 5, PASS_BOTH_WAYS},    {"epoch.200", "epoch by 200", 7, PASS_BOTH_WAYS},
    {"epoch.600", "epoch by 600", 9, PASS_BOTH_WAYS},  {"epoch.4096", "epoch by 4096", 11, PASS_BOTH_WAYS},
    {"gradient", "full gradient", 13, PASS_BOTH_WAYS}, {"evaluate", "evaluation", 15, PASS_FORWARD},
    {"wide_product", "wide product", 2, WIDE},         {"gram", "Gram matrix", 3, GRAM},
};

static const struct engine {
    const char *prefix, *label;
    unsigned line;
    int side; /* where its points stand beside what they share */
} engines[] = {{"fused.", "fused", 1, -1}, {"clblast.", "clblast", 2, 1}, {"", "", 7, 0}};

enum { work_count = sizeof works / sizeof *works, engine_count = sizeof engines / sizeof *engines };

/* In FLOP/byte and FLOP/s; rate is NaN where there is none. */
typedef struct place {
    double intensity, rate;
} place;

typedef struct roofline {
    const cln_compared_device *device;
    double bandwidth, peak; /* of its limits; NaN: unknown */
    place points[work_count][engine_count];
    size_t count;
    double x[2], y[2]; /* least and most, in FLOP/byte and GFLOP/s */
} roofline;

static place point_of(const cln_comparison *comparison, const cln_compared_device *device, const struct work *work,
                      const char *prefix)
{
    double n = (double)comparison->rows, d = comparison->features, k = comparison->outputs;
    double element = strcmp(comparison->type, "uint8") == 0 ? 1 : 4, operations = 4 * n * d * k;
    char name[48];
    snprintf(name, sizeof name, "%s%s", prefix, work->row);
    double value = cln_page_value(device, name, work->kind == WIDE ? "FLOP/s" : "s");
    if (work->kind == WIDE)
        return (place){2.0 * wide / (3 * sizeof(float)), value};
    if (work->kind == PASS_FORWARD) {
        n = comparison->test_rows > 0 ? (double)comparison->test_rows : n;
        operations = 2 * n * d * k;
    } else if (work->kind == GRAM)
        operations = n * (d + 1 + k) * (d + 1 + k);
    return (place){operations / (n * d * element), operations / value};
}

static bool is_drawn(const place *point)
{
    return point->intensity > 0 && isfinite(point->intensity) && point->rate > 0 && isfinite(point->rate);
}

/* The roof at one intensity, in GFLOP/s. */
static double roof_at(const roofline *roof, double intensity)
{
    double slope = roof->bandwidth > 0 ? roof->bandwidth * intensity : NAN, flat = roof->peak > 0 ? roof->peak : NAN;
    return fmin(slope, flat) / 1e9; /* of a number and a NaN the number */
}

static void widen(double range[2], double value)
{
    range[0] = fmin(range[0], value);
    range[1] = fmax(range[1], value);
}

static roofline look_at(const cln_comparison *comparison, const cln_compared_device *device)
{
    roofline roof = {.device = device,
                     .bandwidth = cln_page_value(device, "read_bandwidth", "B/s"),
                     .peak = cln_page_value(device, "multiply_add_rate", "FLOP/s"),
                     .x = {INFINITY, 0},
                     .y = {INFINITY, 0}};
    for (size_t i = 0; i < work_count; i++)
        for (size_t j = 0; j < engine_count; j++) {
            place *point = &roof.points[i][j];
            *point = point_of(comparison, device, &works[i], engines[j].prefix);
            if (!is_drawn(point))
                continue;
            roof.count++;
            widen(roof.x, point->intensity);
            widen(roof.y, point->rate / 1e9);
        }
    if (roof.peak > 0)
        widen(roof.y, roof.peak / 1e9);
    if (roof.peak > 0 && roof.bandwidth > 0)
        widen(roof.x, roof.peak / roof.bandwidth); /* the roof's edge */
    roof.x[0] /= 6;
    roof.x[1] *= 3;
    if (roof.bandwidth > 0)
        widen(roof.y, roof_at(&roof, roof.x[0])); /* where it begins */
    roof.y[0] /= 3;
    roof.y[1] *= 3;
    return roof;
}

static void write_roof(const roofline *roof, cln_script *script)
{
    FILE *to = script->stream;
    double edge = roof->peak / roof->bandwidth, at[3] = {roof->x[0], edge, roof->x[1]};
    fputs("$roof << EOD\n", to);
    for (size_t i = 0; i < 3; i++)
        if (isfinite(at[i]) && isfinite(roof_at(roof, at[i]))) {
            cln_script_number(script, at[i]);
            fputc(' ', to);
            cln_script_number(script, roof_at(roof, at[i]));
            fputc('\n', to);
        }
    fputs("EOD\n", to);
}

static void write_label(cln_script *script, const char *text, double x, double y, const char *how)
{
    fputs("set label ", script->stream);
    cln_script_text(script, text);
    fputs(" at first ", script->stream);
    cln_script_number(script, x);
    fputs(", first ", script->stream);
    cln_script_number(script, y);
    fprintf(script->stream, " %s\n", how);
}

static void write_axes(const roofline *roof, unsigned height, cln_script *script)
{
    FILE *to = script->stream;
    fprintf(to, "unset key\nset border 3 linecolor rgb '#767676'\nset tics nomirror out scale 0.5\nset logscale xy\n"
                "set grid xtics ytics linetype -1 linecolor rgb '#dddddd' linewidth 1\nset xtics offset 0,0.5\nset "
                "format '%%g'\n");
    fprintf(to, "set lmargin at screen (%d/%d.)\nset rmargin at screen (1-%d/%d.)\n", left, cln_page_width, right,
            cln_page_width);
    fprintf(to, "set tmargin at screen (1-%d/%u.)\nset bmargin at screen (1-%d/%u.)\n", top + 20, height,
            top + height_of_plot, height);
    fputs("set xrange [", to);
    cln_script_number(script, roof->x[0]);
    fputc(':', to);
    cln_script_number(script, roof->x[1]);
    fputs("]\nset yrange [", to);
    cln_script_number(script, roof->y[0]);
    fputc(':', to);
    cln_script_number(script, roof->y[1]);
    fputs("]\nset label 'GFLOP/s' at ", to);
    cln_page_place(script, 8, top + 6, height);
    fputs(" left\nset label 'FLOP/byte' at ", to);
    cln_page_place(script, (left + cln_page_width - right) / 2, top + height_of_plot + 42, height);
    fputs(" center\n", to);
}

/* The kinds of work and the engines that there are points of. */
static size_t marks_of(const roofline *roof, cln_mark *marks)
{
    size_t count = 0;
    for (size_t i = 0; i < work_count; i++)
        for (size_t j = 0; j < engine_count; j++)
            if (is_drawn(&roof->points[i][j])) {
                marks[count++] = (cln_mark){works[i].label, works[i].point, 7};
                break;
            }
    for (size_t j = 0; j < engine_count; j++)
        for (size_t i = 0; i < work_count; i++)
            if (*engines[j].label && is_drawn(&roof->points[i][j])) {
                marks[count++] = (cln_mark){engines[j].label, 5, engines[j].line};
                break;
            }
    return count;
}

static void write_script(const roofline *roof, const cln_mark *marks, size_t count, unsigned height, cln_script *script)
{
    cln_text text;
    double beside = pow(roof->x[1] / roof->x[0], 8.0 / (cln_page_width - left - right));
    bool roofed = isfinite(roof_at(roof, roof->x[1]));
    write_axes(roof, height, script);
    cln_page_marks(script, marks, count, top + height_of_plot + axis, height);
    write_roof(roof, script);
    if (roof->peak > 0)
        write_label(script, cln_text_quantity(text, roof->peak, "FLOP/s"), roof->x[1], roof->peak / 1e9,
                    "right front offset -0.3,0.7");
    if (roof->bandwidth > 0)
        write_label(script, cln_text_quantity(text, roof->bandwidth, "B/s"), roof->x[0], roof_at(roof, roof->x[0]),
                    "left front offset 1.2,-0.7");
    fputs(roofed ? "plot $roof using 1:2 with lines linetype 7 linewidth 2 notitle" : "plot NaN notitle",
          script->stream);
    for (size_t i = 0; i < work_count; i++)
        for (size_t j = 0; j < engine_count; j++)
            if (is_drawn(&roof->points[i][j]))
                fprintf(script->stream, ", '-' with points pointtype %u pointsize 1 linetype %u notitle",
                        works[i].point, engines[j].line);
    fputc('\n', script->stream);
    for (size_t i = 0; i < work_count; i++)
        for (size_t j = 0; j < engine_count; j++)
            if (is_drawn(&roof->points[i][j])) {
                cln_script_number(script, roof->points[i][j].intensity * pow(beside, engines[j].side));
                fputc(' ', script->stream);
                cln_script_number(script, roof->points[i][j].rate / 1e9);
                fputs("\ne\n", script->stream);
            }
}

static void write_data(const roofline *roof, const char *title, FILE *to)
{
    static const char *const heads[] = {"work", "engine", ">FLOP/byte", ">rate", ">roof there", ">of the roof"};
    fputs("<details><summary>Figures of this picture</summary>\n", to);
    cln_html_table_begin(to, title, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < work_count; i++)
        for (size_t j = 0; j < engine_count; j++) {
            const place *point = &roof->points[i][j];
            if (!is_drawn(point))
                continue;
            cln_text text;
            double roof_there = roof_at(roof, point->intensity) * 1e9;
            cln_html_row_begin(to);
            cln_html_head(to, "%s", works[i].label);
            cln_html_cell(to, "%s", *engines[j].label ? engines[j].label : "-");
            cln_html_number(to, "%.3g", point->intensity);
            cln_html_number(to, "%s", cln_text_quantity(text, point->rate, "FLOP/s"));
            cln_html_number(to, "%s", cln_text_quantity(text, roof_there, "FLOP/s"));
            if (isfinite(roof_there))
                cln_html_number(to, "%.3g %%", 100 * point->rate / roof_there);
            else
                cln_html_number(to, "-");
            cln_html_row_end(to);
        }
    cln_html_table_end(to);
    fputs("</details>\n", to);
}

static cln_status draw(const roofline *roof, size_t index, FILE *to, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_script script = {0};
    cln_mark marks[work_count + engine_count];
    size_t count = marks_of(roof, marks);
    unsigned height = top + height_of_plot + axis + cln_page_marks(NULL, marks, count, 0, 1);
    cln_words name;
    char title[sizeof name + 16], id[32];
    snprintf(title, sizeof title, "Roofline of %s", cln_page_device(name, roof->device, 60));
    snprintf(id, sizeof id, "roofline%zu", index);
    const cln_canvas canvas = {CLN_PICTURE_SVG, cln_page_width, height, id};
    TRY(cln_script_begin(&script, &canvas, error));
    write_script(roof, marks, count, height, &script);
    fputs("<figure>\n", to);
    fputs("<figcaption><strong>", to);
    cln_html_text(to, "%s.", title);
    fputs(roof->bandwidth > 0 && roof->peak > 0
              ? "</strong> The two engines stand side by side where they do the same.</figcaption>\n"
              : "</strong> A part of the roof is missing: that limit was not "
                "measured.</figcaption>\n",
          to);
    TRY(cln_page_draw(&script, &canvas, title, to, error));
    write_data(roof, title, to);
    fputs("</figure>\n", to);
out:
    cln_script_release(&script);
    return status;
}

cln_status cln_page_roofline(const cln_comparison *comparison, FILE *to, cln_error *error)
{
    cln_status status = CLN_OK;
    size_t drawn = 0;
    fputs("<div class=\"figures\">\n", to);
    for (size_t i = 0; i < comparison->count; i++) {
        const roofline roof = look_at(comparison, &comparison->devices[i]);
        if (roof.count == 0)
            continue;
        TRY(draw(&roof, i, to, error));
        drawn++;
    }
    fputs("</div>\n", to);
    if (drawn == 0)
        fputs("<p class=\"note\">No device has figures for this.</p>\n", to);
out:
    return status;
}
