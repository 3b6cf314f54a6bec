/*
 * The course of trainings as a picture: accuracy and loss above each other, and of solvers that know them objective and gradient norm,
 * over minibatches, iterations or penalties. Several logs are told apart by colour, training and validation by dashes.
 */
#ifndef CLN_REPORT_CURVES_H
#define CLN_REPORT_CURVES_H

#include "report/series.h"

/* curves (1 ≤ count ≤ CLN_CURVES_MOST); *picture (*size) is to be released with free(). CLN_FORMAT where they have nothing to draw yet;
   CLN_IO where gnuplot does not draw; CLN_MEMORY. */
cln_status cln_report_curves(const cln_curve *curves, size_t count, cln_picture_form form, char **picture, size_t *size,
                             cln_error *error);

#endif
