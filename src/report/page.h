/*
 * A comparison as one HTML page that needs nothing else: no network, no script. Device facts, agreement, bars of speed for each engine
 * and batch size, a roofline, where the time goes, what changed, how to run it again; each picture an SVG within, with its figures as a
 * table. It can be read on a phone and printed.
 */
#ifndef CLN_REPORT_PAGE_H
#define CLN_REPORT_PAGE_H

#include "report/comparison.h"

/* before: NULL, or what it is held against. Errors of `to` stay in its flag. CLN_IO where gnuplot does not draw; CLN_MEMORY. */
cln_status cln_report_page(const cln_comparison *comparison, const cln_comparison *before, FILE *to, cln_error *error);

#endif
