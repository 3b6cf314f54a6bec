/* The rows of a comparison for people: in which order, under which heading, in which words and units, and what they mean. */
#ifndef CLN_REPORT_COMPARISON_ROWS_H
#define CLN_REPORT_COMPARISON_ROWS_H

#include "report/comparison.h"

typedef struct cln_shown_row {
    const char *name,
        *unit;           /* of the row that it is made of: a figure of agreement and one of speed may have one name */
    unsigned rank;       /* of its heading */
    char heading[48];    /* "fused" */
    char label[80];      /* "epoch by 200, ms"; a name that is not known as it is */
    char plain[64];      /* "epoch by 200" */
    const char *meaning; /* a sentence; NULL where the name is not known */
    double scale;        /* a figure is shown divided by it */
} cln_shown_row;

/* The words for one row. */
void cln_shown_words(const cln_compared_row *row, cln_shown_row *shown);
/* Whether it is one of the device's own limits, which cln_measure_limits finds. */
bool cln_shown_is_limit(const cln_compared_row *row);
/* Every row that some device has, once. rows (count), to be released with free(). CLN_MEMORY. */
cln_status cln_shown_rows(const cln_comparison *comparison, cln_shown_row **rows, size_t *count, cln_error *error);

#endif
