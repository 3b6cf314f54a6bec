/*
 * The weights of a model as pictures: what each output looks for, in the shape of the images that it was trained on. Blue is below zero,
 * white zero, red above, all on one scale.
 */
#ifndef CLN_REPORT_TEMPLATES_H
#define CLN_REPORT_TEMPLATES_H

#include "report/gnuplot.h"

/* More outputs than these are left out, which the picture says. */
enum { CLN_TEMPLATES_MOST = 100 };

/* name: the model's, for the title. *picture (*size) is to be released with free(). CLN_UNSUPPORTED where the model has more features than
   a picture can show; CLN_IO where gnuplot does not draw; CLN_MEMORY. */
cln_status cln_report_templates(const cln_model *model, const char *name, cln_picture_form form, char **picture,
                                size_t *size, cln_error *error);
/* (height,width) of a row: what the model says, otherwise the most square shape that its features fill, or one row. */
void cln_template_shape(const cln_model *model, uint32_t *height, uint32_t *width);

#endif
