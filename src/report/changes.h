/*
 * Two comparisons of the same devices and data, row by row: what became slower or faster beyond noise.
 *
 * Noise is what a row's own spread says, of both, and no less than a share that runs of the same program differ by on one machine.
 */
#ifndef CLN_REPORT_CHANGES_H
#define CLN_REPORT_CHANGES_H

#include "report/comparison.h"

typedef struct cln_changes {
    size_t faster, slower, same; /* rows that are in both */
    size_t gone;                 /* rows or devices that had figures, and now have none */
    size_t devices;              /* that are in both */
} cln_changes;

/* Holds `now` against `before`, and shows it (to NULL: not). CLN_INVALID where they are of different data, or no device is in both. */
cln_status cln_report_changes(const cln_comparison *before, const cln_comparison *now, FILE *to, cln_changes *changes,
                              cln_error *error);

#endif
