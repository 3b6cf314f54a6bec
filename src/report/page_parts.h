/* The parts of the page that shows a comparison (page.c says in which order), and the words that all of them use. */
#ifndef CLN_REPORT_PAGE_PARTS_H
#define CLN_REPORT_PAGE_PARTS_H

#include "report/gnuplot.h"
#include "report/page.h"
#include "report/quantity.h"

extern const char cln_page_style[];

/* ---- words */

typedef char cln_words[256];

/* "1 · NAME", cut to `most` characters; an index below 0 is left away. */
const char *cln_page_device(cln_words to, const cln_compared_device *device, size_t most);
/* "fused: epoch by 200" for fused.epoch.200; a name that is not known as it is. */
const char *cln_page_label(cln_words to, const cln_compared_row *row);
/* Its value; NaN where there is no such row, or nothing that a measurement can come to and an axis can show: below 0, beyond 1e24. */
double cln_page_value(const cln_compared_device *device, const char *name, const char *unit);
/* "45 %", or "-" without a limit. */
const char *cln_page_fraction(cln_text to, const cln_compared_row *row);
cln_status cln_page_glossary(const cln_comparison *comparison, FILE *to, cln_error *error);

/* ---- text and tables */

void cln_page_date(const char *date, FILE *to);                  /* as cln_comparison has it */
void cln_page_begin(const cln_comparison *comparison, FILE *to); /* title, verdict, of what and when */
void cln_page_devices(const cln_comparison *comparison, FILE *to);
cln_status cln_page_agreement(const cln_comparison *comparison, FILE *to, cln_error *error);
cln_status cln_page_rows(const cln_comparison *comparison, FILE *to,
                         cln_error *error); /* every row that was measured beside those of the other devices */
void cln_page_missing(const cln_comparison *comparison, FILE *to);
cln_status cln_page_changes(const cln_comparison *before, const cln_comparison *now, FILE *to, cln_error *error);

/* ---- pictures: a figure with its caption and its data as a table; where nothing can be drawn, a sentence */

enum {
    cln_page_width = 440
}; /* of a picture, in pixels; its letters are 15 high, and at 328 wide on a phone still 11 */

cln_status cln_page_speed(const cln_comparison *comparison, FILE *to, cln_error *error);
cln_status cln_page_split(const cln_comparison *comparison, FILE *to, cln_error *error);
cln_status cln_page_optimum(const cln_comparison *comparison, FILE *to, cln_error *error);
cln_status cln_page_roofline(const cln_comparison *comparison, FILE *to, cln_error *error);

/* A place on a picture, in pixels from its upper left corner, as a position of gnuplot's. */
void cln_page_place(cln_script *script, unsigned x, unsigned y, unsigned height);
/* Marks with their meaning, in lines that are full: type of point and of line (colour). Draws from `y` on unless `script` is NULL; returns the
   pixels that it takes. */
typedef struct cln_mark {
    const char *text;
    unsigned point, line;
} cln_mark;
unsigned cln_page_marks(cln_script *script, const cln_mark *marks, size_t count, unsigned y, unsigned height);
/* Draws what the script says, and puts it there. */
cln_status cln_page_draw(cln_script *script, const cln_canvas *canvas, const char *title, FILE *to, cln_error *error);

/* Bars of each device, one for each series, of one part or of several stacked. */
enum { cln_bars_series = 3, cln_bars_parts = 4 };

typedef struct cln_bars {
    const char *name, *title, *caption, *unit;
    const char *series[cln_bars_series]; /* NULL beyond the last */
    const char *parts[cln_bars_parts];   /* what they are called, where there are several; NULL beyond the last */
    double times[cln_bars_parts];        /* each part counts so often; 0 is once */
    const char *rows[cln_bars_series][cln_bars_parts];
} cln_bars;

cln_status cln_page_bars(const cln_bars *bars, const cln_comparison *comparison, FILE *to, cln_error *error);

#endif
