#include "report/templates.h"

#include "base/number.h"
#include "base/size.h"
#include "report/image.h"
#include "report/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { values_most = 1 << 18 };
/* Pixels: the picture's sides, the room for all templates, a label above each and how wide that is, what lies between them, how high a
   strip and the smallest template are, the colour bar. */
enum { side = 24, across = 840, down = 620, label = 26, least = 76, gap = 18, strip = 24, smallest = 48, bar = 130 };

typedef struct picture {
    const cln_model *model;
    uint32_t shown, height, width; /* templates; values of one */
    uint32_t columns, rows;
    double x, y; /* pixels of one value */
    double most; /* the largest absolute value */
    double canvas_width, canvas_height;
    cln_script script;
} picture;

static bool said_shape(const cln_model *model, uint64_t *height, uint64_t *width)
{
    const char *h = cln_model_metadata(model, "height"), *w = cln_model_metadata(model, "width");
    uint64_t product;
    return h && w && cln_parse_count(h, height) && cln_parse_count(w, width) &&
           cln_multiply(*height, *width, &product) && product == cln_model_features(model);
}

void cln_template_shape(const cln_model *model, uint32_t *height, uint32_t *width)
{
    uint64_t h, w;
    uint32_t features = cln_model_features(model);
    *height = 1;
    for (uint32_t i = 1; (uint64_t)i * i <= features; i++)
        if (features % i == 0)
            *height = i;
    if (said_shape(model, &h, &w))
        *height = (uint32_t)h;
    *width = features / *height;
}

/* Pixels of a value where templates stand in so many columns; a row of values is a strip, as wide as there is room. */
static double fit(const picture *p, uint32_t columns)
{
    double rows = (double)cln_ceil_divide(p->shown, columns);
    double x = (across - (columns - 1.0) * gap) / columns / p->width;
    double y = fmax(down / rows - label - gap, smallest) / p->height;
    double size = p->height == 1 || x < y ? x : y;
    return size > 1 ? fmin(floor(size), p->height == 1 ? strip : 12) : size;
}

/* From one template to the next. */
static double step_across(const picture *p)
{
    return fmax(p->width * p->x, least) + gap;
}

static double step_down(const picture *p)
{
    return label + p->height * p->y + gap;
}

/* Columns that make values largest, rather without empty places at the end, and with room for the labels. */
static void arrange(picture *p)
{
    uint32_t most = p->height == 1 ? 1 : across / (least + gap);
    uint32_t tallest = down / (label + smallest + gap), few = (p->shown - 1) / tallest + 1;
    double best = -INFINITY;
    p->columns = 1;
    for (uint32_t columns = 1; columns <= most && columns <= p->shown; columns++) {
        double worth = fit(p, columns) * (p->shown % columns == 0 ? 1.25 : 1);
        if (worth > best && (columns >= few || columns == most)) {
            best = worth;
            p->columns = columns;
        }
    }
    p->rows = (uint32_t)cln_ceil_divide(p->shown, p->columns);
    p->x = fmax(fit(p, p->columns), p->height == 1 ? 0 : 1);
    p->y = p->height == 1 ? strip : p->x;
    p->canvas_width = 2 * side + p->columns * step_across(p) - gap + bar;
    p->canvas_height = 2 * side + p->rows * step_down(p) - gap;
    p->canvas_height = fmax(p->canvas_height, 220) + (p->shown < cln_model_outputs(p->model) ? label : 0);
}

/* What an output stands for. */
static void put_label(picture *p, uint32_t output)
{
    const char *target = cln_model_metadata(p->model, "target");
    char text[64];
    if (target && !cln_model_is_softmax(p->model) && strcmp(target, "value") == 0)
        snprintf(text, sizeof text, "value of the label");
    else if (target && !cln_model_is_softmax(p->model) && strcmp(target, "real") == 0)
        snprintf(text, sizeof text, "output %u", (unsigned)output);
    else
        snprintf(text, sizeof text, "class %u", (unsigned)cln_model_class(p->model, output));
    cln_script_text(&p->script, text);
}

/* The upper left corner of a template, in pixels of the picture. */
static void find_corner(const picture *p, uint32_t output, double *x, double *y)
{
    uint32_t column = output % p->columns, row = output / p->columns;
    *x = side + column * step_across(p);
    *y = side + label + row * step_down(p);
}

static cln_status put_values(picture *p, cln_error *error)
{
    cln_status status;
    double *values = NULL;
    size_t features = cln_model_features(p->model);
    TRY(cln_allocate((void **)&values, features, sizeof *values, "a picture", error));
    for (uint32_t output = 0; output < p->shown; output++) {
        for (size_t i = 0; i < features; i++)
            values[i] = cln_model_weight_double(p->model)[output * features + i];
        cln_image_values(&p->script, output, values, p->height, p->width);
    }
out:
    free(values);
    return status;
}

static void put_bar(picture *p)
{
    double below = 16, height = fmin(p->canvas_height - side - label - below, 400);
    fprintf(p->script.stream,
            "set palette maxcolors 0\nset palette defined (-1 '#053061', -0.75 '#2166ac', -0.5 '#4393c3', -0.25 "
            "'#92c5de', 0 "
            "'#ffffff', 0.25 '#f4a582', 0.5 '#d6604d', 0.75 '#b2182b', 1 '#67001f')\n"
            "set cbrange [%.9g:%.9g]\nset colorbox user origin screen %.5f,%.5f size screen %.5f,%.5f\n"
            "set cbtics out nomirror\nset cblabel 'weight'\n",
            -p->most, p->most, 1 - (bar + side - 24.0) / p->canvas_width,
            1 - (side + label + height) / p->canvas_height, 20 / p->canvas_width, height / p->canvas_height);
}

/* One pair of axes over the whole canvas, in pixels of it from above. */
static void put_plot(picture *p)
{
    FILE *to = p->script.stream;
    double x, y;
    fprintf(to,
            "set lmargin at screen 0\nset rmargin at screen 1\nset tmargin at screen 1\nset bmargin at screen 0\n"
            "unset xtics\nunset ytics\nunset border\nunset key\nset xrange [0:%.9g]\nset yrange [%.9g:0]\n",
            p->canvas_width, p->canvas_height);
    put_bar(p);
    for (uint32_t output = 0; output < p->shown; output++) {
        find_corner(p, output, &x, &y);
        fputs("set label ", to);
        put_label(p, output);
        fprintf(to, " at first %.9g,%.9g left front\n", x, y - 12);
        fprintf(to,
                "set object rectangle from first %.9g,%.9g to first %.9g,%.9g front fillstyle empty border linecolor "
                "rgb '#888888' linewidth 1\n",
                x, y, x + p->width * p->x, y + p->height * p->y);
    }
    if (p->shown < cln_model_outputs(p->model))
        fprintf(to, "set label 'The first %u of %u outputs.' at first %d,%.9g left front\n", (unsigned)p->shown,
                (unsigned)cln_model_outputs(p->model), side, p->canvas_height - 12);
    for (uint32_t output = 0; output < p->shown; output++) {
        find_corner(p, output, &x, &y);
        fputs(output ? ", " : "plot ", to);
        cln_image_plot(&p->script, output, p->height, p->width, x, y, p->x, p->y);
    }
    fputc('\n', to);
}

static double largest(const picture *p)
{
    size_t count = (size_t)p->shown * cln_model_features(p->model);
    double most = 0;
    for (size_t i = 0; i < count; i++)
        most = fmax(most, fabs(cln_model_weight_double(p->model)[i]));
    return most > 0 ? most : 1;
}

cln_status cln_report_templates(const cln_model *model, const char *name, cln_picture_form form, char **drawn,
                                size_t *size, cln_error *error)
{
    cln_status status;
    char title[1024];
    picture p = {.model = model};
    *drawn = NULL;
    if (cln_model_features(model) > values_most)
        return cln_fail(error, CLN_UNSUPPORTED, "the weights of %u features are more than a picture can show (%d)",
                        (unsigned)cln_model_features(model), values_most);
    cln_template_shape(model, &p.height, &p.width);
    p.shown = cln_model_outputs(model) < CLN_TEMPLATES_MOST ? cln_model_outputs(model) : CLN_TEMPLATES_MOST;
    while (p.shown > 1 && (uint64_t)p.shown * cln_model_features(model) > values_most)
        p.shown--;
    p.most = largest(&p);
    arrange(&p);
    snprintf(title, sizeof title, "Weight templates of %s, blue below zero, red above", name);
    TRY(cln_script_begin(&p.script,
                         &(cln_canvas){form, (unsigned)p.canvas_width, (unsigned)p.canvas_height, "templates"}, error));
    cln_script_entitle(&p.script, title);
    TRY(put_values(&p, error));
    put_plot(&p);
    TRY(cln_script_draw(&p.script, drawn, size, error));
out:
    cln_script_release(&p.script);
    return status;
}
