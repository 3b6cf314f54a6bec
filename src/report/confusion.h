/*
 * A confusion matrix as a picture: rows are the true classes, columns the predicted ones, each cell with its count on a colour for its
 * share of the row.
 */
#ifndef CLN_REPORT_CONFUSION_H
#define CLN_REPORT_CONFUSION_H

#include "report/evaluation.h"
#include "report/gnuplot.h"

enum { CLN_CONFUSION_MOST = 64 }; /* classes; counts of more could not be read */

/* name: the model's, for the head. *picture (*size) is to be released with free(). CLN_UNSUPPORTED where there are no classes, or more
   than CLN_CONFUSION_MOST; CLN_IO where gnuplot does not draw; CLN_MEMORY. */
cln_status cln_report_confusion(const cln_assessment *assessment, const char *name, cln_picture_form form,
                                char **picture, size_t *size, cln_error *error);

#endif
