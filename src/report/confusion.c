#include "report/confusion.h"

#include "base/size.h"
#include "report/image.h"
#include "report/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pixels: the picture's sides, what stands over and beside the cells, the colour bar. */
enum { side = 20, head = 116, beside = 80, bar = 150 };

typedef struct picture {
    const cln_assessment *assessment;
    const char *name;
    cln_picture_form form;
    uint32_t k;
    double width, height; /* of a cell */
    int font;             /* of the counts, in pixels */
    cln_script script;
} picture;

static uint64_t count_of(const picture *p, uint32_t truth, uint32_t output)
{
    return p->assessment->evaluation.confusion[(size_t)truth * p->k + output];
}

/* Small shares matter most, for they are the errors: colours follow the root. */
static double shade_of(const picture *p, uint32_t truth, uint32_t output)
{
    uint64_t row = 0;
    for (uint32_t i = 0; i < p->k; i++)
        row += count_of(p, truth, i);
    return row > 0 ? sqrt((double)count_of(p, truth, output) / (double)row) : 0;
}

/* Cells that hold the longest count. */
static void size_cells(picture *p)
{
    size_t longest = 2;
    cln_text text;
    for (uint32_t i = 0; i < p->k * p->k; i++) {
        size_t length = strlen(cln_text_count(text, p->assessment->evaluation.confusion[i]));
        longest = length > longest ? length : longest;
    }
    for (uint32_t i = 0; i < p->k; i++) { /* the classes' numbers stand above the columns */
        size_t length = (size_t)snprintf(text, sizeof text, "%u", (unsigned)cln_model_class(p->assessment->model, i));
        longest = length > longest ? length : longest;
    }
    p->font = p->k <= 16 ? 15 : p->k <= 32 ? 12 : 10;
    p->height = p->k <= 4 ? 72 : p->k <= 16 ? 44 : 2 * p->font;
    p->width = fmax(p->height, (double)longest * p->font * 0.6 + 8);
}

static void put_font(const picture *p, int pixels)
{
    if (p->form == CLN_PICTURE_SVG)
        fprintf(p->script.stream, " font ',%d'", pixels);
    else
        fprintf(p->script.stream, " font ',%.2f'", pixels * 11 / 15.0);
}

static void put_label(picture *p, const char *text, double x, double y, const char *place, int font, const char *colour)
{
    fputs("set label ", p->script.stream);
    cln_script_text(&p->script, text);
    fprintf(p->script.stream, " at first %.9g,%.9g %s front textcolor rgb '#%s'", x, y, place, colour);
    put_font(p, font);
    fputc('\n', p->script.stream);
}

/* The counts; nothing stands in cells of none, so that the eye finds the others. */
static void put_counts(picture *p)
{
    cln_text text;
    for (uint32_t truth = 0; truth < p->k; truth++)
        for (uint32_t output = 0; output < p->k; output++)
            if (count_of(p, truth, output) > 0)
                put_label(p, cln_text_count(text, count_of(p, truth, output)), beside + (output + 0.5) * p->width,
                          head + (truth + 0.5) * p->height, "center", p->font,
                          shade_of(p, truth, output) > 0.6 ? "ffffff" : "222222");
}

static void put_classes(picture *p)
{
    cln_text text;
    for (uint32_t i = 0; i < p->k; i++) {
        snprintf(text, sizeof text, "%u", (unsigned)cln_model_class(p->assessment->model, i));
        put_label(p, text, beside - 8, head + (i + 0.5) * p->height, "right", p->font, "222222");
        put_label(p, text, beside + (i + 0.5) * p->width, head - p->font / 2.0 - 5, "center", p->font, "222222");
    }
    put_label(p, "predicted class", beside + p->k * p->width / 2, head - 38, "center", 15, "222222");
    put_label(p, "true class", side + 4, head + p->k * p->height / 2, "center rotate by 90", 15, "222222");
}

/* What is on the diagonal is right: it stands in frames. */
static void put_frames(picture *p)
{
    for (uint32_t i = 0; i <= p->k; i++) {
        fprintf(p->script.stream,
                "set arrow from first %d,%.9g to first %.9g,%.9g nohead front linecolor rgb '#d0d0d0' linewidth 0.5\n",
                beside, head + i * p->height, beside + p->k * p->width, head + i * p->height);
        fprintf(p->script.stream,
                "set arrow from first %.9g,%d to first %.9g,%.9g nohead front linecolor rgb '#d0d0d0' linewidth 0.5\n",
                beside + i * p->width, head, beside + i * p->width, head + p->k * p->height);
    }
    for (uint32_t i = 0; i < p->k; i++)
        fprintf(p->script.stream,
                "set object rectangle from first %.9g,%.9g to first %.9g,%.9g front fillstyle empty border linecolor "
                "rgb '#000000' linewidth 1.5\n",
                beside + i * p->width, head + i * p->height, beside + (i + 1) * p->width, head + (i + 1) * p->height);
}

static void put_head(picture *p)
{
    const cln_score *score = &p->assessment->evaluation.score;
    char text[512];
    cln_text rows, share;
    snprintf(text, sizeof text, "%s", p->name);
    put_label(p, text, side, 20, "left", 15, "000000");
    snprintf(text, sizeof text, "%s part: %s of %s rows right", p->assessment->part,
             cln_text_percent(share, cln_accuracy(score)), cln_text_count(rows, score->rows));
    put_label(p, text, side, 40, "left", 13, "444444");
}

static cln_status put_cells(picture *p, cln_error *error)
{
    cln_status status;
    double *shades = NULL;
    TRY(cln_allocate((void **)&shades, (uint64_t)p->k * p->k, sizeof *shades, "a picture", error));
    for (uint32_t truth = 0; truth < p->k; truth++)
        for (uint32_t output = 0; output < p->k; output++)
            shades[(size_t)truth * p->k + output] = shade_of(p, truth, output);
    cln_image_values(&p->script, 0, shades, p->k, p->k);
out:
    free(shades);
    return status;
}

/* Axes in pixels of the canvas, from above. */
static void put_plot(picture *p, double width, double height)
{
    static const double shares[] = {0, 0.01, 0.05, 0.2, 0.5, 1};
    double right = beside + p->k * p->width + 24, tall = fmax(fmin(p->k * p->height, 400), 140);
    FILE *to = p->script.stream;
    fprintf(to,
            "set lmargin at screen 0\nset rmargin at screen 1\nset tmargin at screen 1\nset bmargin at screen 0\n"
            "unset xtics\nunset ytics\nunset border\nunset key\nset xrange [0:%.9g]\nset yrange [%.9g:0]\n"
            "set palette maxcolors 0\nset palette defined (0 '#ffffff', 0.2 '#deebf7', 0.4 '#9ecae1', 0.6 '#4292c6', "
            "0.8 '#2171b5', 1 '#08306b')\nset cbrange [0:1]\n"
            "set colorbox user origin screen %.5f,%.5f size screen %.5f,%.5f\nset cblabel 'share of the row'\n"
            "set cbtics out nomirror (",
            width, height, right / width, 1 - (head + tall) / height, 20 / width, tall / height);
    for (size_t i = 0; i < CLN_COUNT(shares); i++)
        fprintf(to, "%s'%g %%%%' %.9g", i ? ", " : "", 100 * shares[i], sqrt(shares[i]));
    fputs(")\n", to);
    put_head(p);
    put_classes(p);
    put_frames(p);
    put_counts(p);
    fputs("plot ", to);
    cln_image_plot(&p->script, 0, p->k, p->k, beside, head, p->width, p->height);
    fputc('\n', to);
}

cln_status cln_report_confusion(const cln_assessment *assessment, const char *name, cln_picture_form form, char **drawn,
                                size_t *size, cln_error *error)
{
    cln_status status;
    char title[1024];
    picture p = {.assessment = assessment, .name = name, .form = form, .k = assessment->evaluation.outputs};
    *drawn = NULL;
    if (p.k == 0)
        return cln_fail(error, CLN_UNSUPPORTED, "real-valued targets have no classes that could be confused");
    if (p.k > CLN_CONFUSION_MOST)
        return cln_fail(error, CLN_UNSUPPORTED,
                        "the confusion matrix of %u classes is too large for a picture (%d at most); clinear evaluate "
                        "--json has it",
                        (unsigned)p.k, CLN_CONFUSION_MOST);
    size_cells(&p);
    double width = fmax(beside + p.k * p.width + bar, 420), height = head + fmax(p.k * p.height, 140) + side;
    snprintf(title, sizeof title, "Confusion matrix of %s, %s part", name, assessment->part);
    TRY(cln_script_begin(&p.script, &(cln_canvas){form, (unsigned)width, (unsigned)height, "confusion"}, error));
    cln_script_entitle(&p.script, title);
    TRY(put_cells(&p, error));
    put_plot(&p, width, height);
    TRY(cln_script_draw(&p.script, drawn, size, error));
out:
    cln_script_release(&p.script);
    return status;
}
