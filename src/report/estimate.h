/* What a training would take, before it takes anything. */
#ifndef CLN_REPORT_ESTIMATE_H
#define CLN_REPORT_ESTIMATE_H

#include "clinear.h"

#include <stdio.h>

typedef struct cln_estimated {
    const char *data; /* path of the training part */
    cln_device_info device;
    cln_estimate estimate;
} cln_estimated;

/* Errors of `to` stay in its flag. CLN_MEMORY. */
cln_status cln_report_estimate(const cln_estimated *estimated, FILE *to, cln_error *error);
cln_status cln_report_estimate_json(const cln_estimated *estimated, FILE *to, cln_error *error);

#endif
