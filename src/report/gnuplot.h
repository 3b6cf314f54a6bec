/*
 * Pictures by gnuplot, run as a program of its own without a shell or files: a script with its data inside goes in, a picture comes
 * out. Text from elsewhere gets into a script by cln_script_text alone.
 */
#ifndef CLN_REPORT_GNUPLOT_H
#define CLN_REPORT_GNUPLOT_H

#include "base/error.h"

#include <stdio.h>

typedef enum cln_picture_form { CLN_PICTURE_SVG, CLN_PICTURE_PNG } cln_picture_form;

/* Okabe and Ito's palette, which people with any kind of colour vision can tell apart: "0072b2", … In scripts linetypes 1 to 7. */
enum { CLN_PICTURE_COLOURS = 7 };
extern const char *const cln_picture_colours[CLN_PICTURE_COLOURS];

/* How a picture is drawn. */
typedef struct cln_canvas {
    cln_picture_form form;
    unsigned width, height; /* pixels; an SVG grows and shrinks with its place */
    const char *name;       /* letters and digits: keeps the ids of several SVG pictures in one page apart */
} cln_canvas;

/* A script as it is written: print to ->stream, where errors stay in its flag. All zero: none. */
typedef struct cln_script {
    FILE *stream;
    char *text;
    size_t length;
    const char *title; /* of an SVG; NULL: none to be put in */
} cln_script;

/* Begins with what sets the canvas up: UTF-8, no markup in texts, colours that are told apart by everybody. CLN_MEMORY. */
cln_status cln_script_begin(cln_script *script, const cln_canvas *canvas, cln_error *error);
/* `text` as a quoted string of gnuplot's, in which nothing means anything. */
void cln_script_text(cln_script *script, const char *text);
/* A number, or what gnuplot takes for a gap where it is none. */
void cln_script_number(cln_script *script, double value);
/* What an SVG is called for those who cannot see it, instead of its name; outlives the script. A PNG has no title. */
void cln_script_entitle(cln_script *script, const char *title);
/* Draws: picture (*size, and a zero behind it), to be released with free(). CLN_IO where gnuplot is not there (with its Debian package)
   or does not draw. */
cln_status cln_script_draw(cln_script *script, char **picture, size_t *size, cln_error *error);
void cln_script_release(cln_script *script); /* accepts one that is all zero */

/* The form that a file's name asks for; CLN_INVALID where it ends in neither .svg nor .png. */
cln_status cln_picture_form_of(const char *path, cln_picture_form *form, cln_error *error);

#endif
