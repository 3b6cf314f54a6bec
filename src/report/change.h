/* Whether one figure differs from an earlier one of the same device beyond noise. */
#ifndef CLN_REPORT_CHANGE_H
#define CLN_REPORT_CHANGE_H

#include "report/comparison.h"

typedef enum cln_change {
    CLN_CHANGE_NONE, /* there was no figure, or neither more nor less of it is better */
    CLN_CHANGE_SAME,
    CLN_CHANGE_FASTER, /* of memory: less */
    CLN_CHANGE_SLOWER,
    CLN_CHANGE_GONE,      /* there is no figure any more */
    CLN_CHANGE_UNMEASURED /* nor is there one, for time was short: no change of the program's */
} cln_change;

/* What half of a device's times and rates spread by at least, as a share of themselves; 0 where none has a spread. */
double cln_typical_spread(const cln_compared_device *device);
/* now: NULL where there is no such row any more. typical: the typical spreads of its device, before and now. */
cln_change cln_change_of(const cln_compared_row *before, const cln_compared_row *now, const double typical[2]);
/* Whether a change of it is one of this program. The parts of an epoch's time count in the epoch; the device's own limits (cln_shown_is_limit)
   tell what the device and the machine are, and how quiet. */
bool cln_change_counts(const cln_compared_row *row);
bool cln_has_figure(const cln_compared_row *row); /* NULL has none */

#endif
