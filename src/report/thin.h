/*
 * Fewer points than there are rows, for a picture that has no more columns of pixels: what lies in one column becomes its range and mean.
 */
#ifndef CLN_REPORT_THIN_H
#define CLN_REPORT_THIN_H

#include <stddef.h>

typedef struct cln_point {
    double x, y;
} cln_point;

typedef struct cln_column {
    double x, least, mean, most; /* x: the mean of its points' */
    size_t count;                /* of points; at least 1 */
} cln_column;

/* points (count), x ascending and finite, y finite; columns (most), of equal width over the range of x, empty ones left out, in ascending
   order; where there are no more points than columns, each has its own. Returns how many there are. */
size_t cln_thin(const cln_point *points, size_t count, size_t most, cln_column *columns);
/* The value below which `part` (0 … 1) of the points' y lie: nearest rank. points (count > 0) are sorted by y. */
double cln_thin_quantile(cln_point *points, size_t count, double part);

#endif
