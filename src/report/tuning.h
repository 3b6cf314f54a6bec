/* What a search for the fastest parameters came to, for people and as JSON. */
#ifndef CLN_REPORT_TUNING_H
#define CLN_REPORT_TUNING_H

#include "base/error.h"

#include <stdio.h>

typedef struct cln_tuning_report {
    cln_device_info device;
    const char *file; /* where it is kept; NULL: nothing was found */
    double seconds;
    bool interrupted;
    const cln_tune_row *rows; /* (count) */
    size_t count;
} cln_tuning_report;

/* Errors of `to` stay in its flag. CLN_MEMORY. */
cln_status cln_report_tuning(const cln_tuning_report *report, FILE *to, cln_error *error);
cln_status cln_report_tuning_json(const cln_tuning_report *report, FILE *to, cln_error *error);

#endif
