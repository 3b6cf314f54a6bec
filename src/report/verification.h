/* Whether a model is what it was certified to be. */
#ifndef CLN_REPORT_VERIFICATION_H
#define CLN_REPORT_VERIFICATION_H

#include "base/error.h"

#include <stdio.h>

typedef struct cln_verified {
    const cln_model *model;
    const char *path, *data; /* of the model and of the data */
    cln_verification verification;
} cln_verified;

/* Errors of `to` stay in its flag. CLN_MEMORY. */
cln_status cln_report_verification(const cln_verified *verified, FILE *to, cln_error *error);
cln_status cln_report_verification_json(const cln_verified *verified, FILE *to, cln_error *error);

#endif
