/* Measured figures for people: three digits and the unit that suits the size, "12.3 ms", "45.0 GB/s", "0.87 tolerances"; a loss with all of them. */
#ifndef CLN_REPORT_QUANTITY_H
#define CLN_REPORT_QUANTITY_H

#include "report/text.h"

/* The unit in which figures of up to `most` are read best. For "s", "B", and what ends in "/s" a larger or smaller one; otherwise the same. */
typedef struct cln_scale {
    double size;   /* in the figure's own unit */
    char unit[24]; /* "ms" */
} cln_scale;

cln_scale cln_scale_for(double most, const char *unit);
/* "-" where it is no finite number. */
const char *cln_text_quantity(cln_text to, double value, const char *unit);

#endif
