/* The middle of a comparison's table: all rows, with the devices side by side. */
#ifndef CLN_REPORT_COMPARISON_FIGURES_H
#define CLN_REPORT_COMPARISON_FIGURES_H

#include "report/comparison.h"
#include "report/text.h"

/* "device 2", or "-" for one that has no index. */
const char *cln_compared_index(cln_text to, const cln_compared_device *device);
/* Up to four devices are columns of one table; more make more tables. Errors of `to` stay in its flag. CLN_MEMORY. */
cln_status cln_comparison_figures(const cln_comparison *comparison, FILE *to, cln_error *error);

#endif
