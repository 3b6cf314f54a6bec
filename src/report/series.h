/* What there is to draw of some logs: panels of lines on one axis, thinned to what a picture can hold. */
#ifndef CLN_REPORT_SERIES_H
#define CLN_REPORT_SERIES_H

#include "report/gnuplot.h"
#include "report/log_read.h"
#include "report/thin.h"

enum { CLN_CURVES_MOST = CLN_PICTURE_COLOURS, CLN_CURVE_COLUMNS = 400 };

typedef struct cln_curve {
    const char *path;
    const cln_log_rows *rows;
} cln_curve;

typedef enum cln_quantity {
    CLN_QUANTITY_ACCURACY, /* in percent */
    CLN_QUANTITY_LOSS,
    CLN_QUANTITY_OBJECTIVE,
    CLN_QUANTITY_GRADIENT,
    CLN_QUANTITIES
} cln_quantity;

/* What stands along the bottom: of sgd minibatches, of lbfgs iterations, of direct penalties by their place in the list; passes
   or iterations where solvers are mixed. */
typedef enum cln_axis { CLN_AXIS_STEPS, CLN_AXIS_ITERATIONS, CLN_AXIS_ALPHAS, CLN_AXIS_PASSES } cln_axis;

typedef struct cln_line {
    size_t curve;
    bool valid, pass;    /* of the validation part; of passes, not minibatches */
    cln_column *columns; /* (count), count > 0 */
    size_t count, points;
} cln_line;

typedef struct cln_panel {
    cln_line lines[3 * CLN_CURVES_MOST];
    size_t count;       /* 0: the logs say nothing of this quantity */
    double least, most; /* least < most; what lies beyond is hidden */
    bool logarithmic;
} cln_panel;

typedef struct cln_series {
    cln_axis axis;
    double first, last; /* of the axis, first < last */
    double pass_steps;  /* minibatches of a pass; 0 where it has no minibatches, or they differ */
    cln_panel panels[CLN_QUANTITIES];
    uint64_t points, hidden; /* values in all; of these beyond a panel */
    uint64_t thinned,
        crowd; /* of the line with most of them, minibatches that share columns, and how many do; 0: none do */
} cln_series;

/* curves (count ≤ CLN_CURVES_MOST). CLN_FORMAT where none has anything to draw; CLN_MEMORY. To be released, also after a failure. */
cln_status cln_series_collect(const cln_curve *curves, size_t count, cln_series *series, cln_error *error);
void cln_series_release(cln_series *series); /* accepts one that is all zero */

#endif
