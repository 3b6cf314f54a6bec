/*
 * Two comparisons of the same devices and data, row by row: what became slower or faster beyond noise.
 *
 * Devices are matched by name and platform. Noise is what the spread of both figures says, and no less than what runs of the same program
 * differ by on one machine (change.h). Another version of clinear or of a driver is said.
 */
#ifndef CLN_REPORT_CHANGES_H
#define CLN_REPORT_CHANGES_H

#include "report/comparison.h"

typedef struct cln_changes {
    size_t faster, slower, same; /* rows that are in both */
    size_t gone; /* figures that were asked for and had time, but are none now; a device with all its figures is one */
    size_t devices; /* that are in both */
} cln_changes;

/* Holds `now` against `before`, and shows it (to NULL: not). CLN_INVALID where they are of different data, or no device is in both. */
cln_status cln_report_changes(const cln_comparison *before, const cln_comparison *now, FILE *to, cln_changes *changes,
                              cln_error *error);

#endif
