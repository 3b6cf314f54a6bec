/* What bounds a device's speed, from the rows of cln_measure_limits. */
#ifndef CLN_MEASURE_ROOF_H
#define CLN_MEASURE_ROOF_H

#include "device/profile.h"

/* NaN: not measured. */
typedef struct cln_roof {
    double read_bandwidth, multiply_add_rate, upload_rate, download_rate;
} cln_roof;

cln_roof cln_roof_none(void);
/* Takes the row's value, where it is one of these. */
void cln_roof_take(cln_roof *roof, const cln_measurement *row);
/* The least seconds that the work can take; NaN where that is unknown. */
double cln_roof_seconds(const cln_roof *roof, cln_work work);

#endif
