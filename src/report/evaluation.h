/* How good a model is on a data set: totals, confusion matrix, precision, recall and F1 of each class; of real values the loss and the root
   of the mean squared error. */
#ifndef CLN_REPORT_EVALUATION_H
#define CLN_REPORT_EVALUATION_H

#include "base/error.h"

#include <stdio.h>

typedef struct cln_assessment {
    const cln_model *model;
    const char *part; /* "train" or "test" */
    const char *data; /* path */
    cln_device_info device;
    cln_evaluation evaluation;
} cln_assessment;

/* Errors of `to` stay in its flag. CLN_MEMORY. */
cln_status cln_report_evaluation(const cln_assessment *assessment, FILE *to, cln_error *error);
cln_status cln_report_evaluation_json(const cln_assessment *assessment, FILE *to, cln_error *error);

#endif
