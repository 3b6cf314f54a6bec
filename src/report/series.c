#include "report/series.h"

#include "base/size.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A range as wide as this is shown on a logarithmic axis; 0: never. */
static const double wide[CLN_QUANTITIES] = {0, 50, 3, 3};

static double value_of(const cln_log_row *row, cln_quantity quantity, bool valid)
{
    switch (quantity) {
    case CLN_QUANTITY_ACCURACY:
        return 100 * (valid ? row->valid_accuracy : row->train_accuracy);
    case CLN_QUANTITY_LOSS:
        return valid ? row->valid_loss : row->train_loss;
    case CLN_QUANTITY_OBJECTIVE:
        return valid ? (double)NAN : row->objective;
    default:
        return valid ? (double)NAN : row->gradient_norm;
    }
}

static bool is_sgd(const cln_log_rows *rows)
{
    return strcmp(rows->solver, "sgd") == 0;
}

/* Minibatches of a pass of sgd; 0 where no pass has ended. */
static double steps_of(const cln_log_rows *rows)
{
    for (size_t i = 0; is_sgd(rows) && i < rows->count; i++)
        if (rows->rows[i].pass)
            return (double)rows->rows[i].step / (double)rows->rows[i].epoch;
    return 0;
}

static void choose_axis(const cln_curve *curves, size_t count, cln_series *series)
{
    const char *solver = curves[0].rows->solver;
    series->axis = is_sgd(curves[0].rows)          ? CLN_AXIS_STEPS
                   : strcmp(solver, "direct") == 0 ? CLN_AXIS_ALPHAS
                                                   : CLN_AXIS_ITERATIONS;
    series->pass_steps = steps_of(curves[0].rows);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(curves[i].rows->solver, solver) != 0)
            series->axis = CLN_AXIS_PASSES;
        if (fabs(steps_of(curves[i].rows) - series->pass_steps) > 0)
            series->pass_steps = 0;
    }
}

/* Where a value stands; NaN: nowhere. What was measured over a whole pass of sgd while the weights moved stands in its middle. */
static double place_of(const cln_series *series, const cln_log_rows *rows, double pass_steps, const cln_log_row *row,
                       bool valid)
{
    double half = row->pass && !valid && is_sgd(rows) ? 0.5 : 0;
    if (series->axis == CLN_AXIS_STEPS)
        return (double)row->step - half * pass_steps;
    if (row->pass)
        return (double)row->epoch - half;
    return pass_steps > 0 ? (double)row->step / pass_steps : (double)NAN;
}

/* points (room for every row); returns how many there are. */
static size_t gather(const cln_series *series, const cln_log_rows *rows, cln_quantity quantity, const cln_line *line,
                     cln_point *points)
{
    double pass_steps = steps_of(rows);
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const cln_log_row *row = &rows->rows[i];
        cln_point point = {place_of(series, rows, pass_steps, row, line->valid), value_of(row, quantity, line->valid)};
        if (row->pass == line->pass && isfinite(point.x) && fabs(point.y) < 1e300)
            points[count++] = point;
    }
    return count;
}

/* Minibatches share columns by whole passes where these are many: in each pass the same minibatches may come again. */
static size_t columns_of(const cln_log_rows *rows, const cln_line *line)
{
    enum { many = 60 };
    double pass_steps = steps_of(rows);
    double passes = pass_steps > 0 ? (double)rows->rows[rows->count - 1].step / pass_steps : 0;
    if (line->pass || line->points <= CLN_CURVE_COLUMNS || !(passes >= many))
        return CLN_CURVE_COLUMNS;
    return (size_t)(passes / ceil(passes / CLN_CURVE_COLUMNS) + 0.5);
}

static void include(double *least, double *most, double from, double to)
{
    *least = from < *least ? from : *least;
    *most = to > *most ? to : *most;
}

/* A line into the panel, where the log has one. Minibatches that lie far apart must not press all else flat: where they spread over more
   than three times what the passes do, `tails` takes what 98 of 100 of them keep within. */
static cln_status add_line(cln_series *series, const cln_curve *curve, cln_quantity quantity, cln_line line,
                           cln_point *points, double tails[2], cln_error *error)
{
    cln_status status;
    cln_panel *panel = &series->panels[quantity];
    line.points = gather(series, curve->rows, quantity, &line, points);
    if (line.points == 0)
        return CLN_OK;
    TRY(cln_allocate((void **)&line.columns, CLN_CURVE_COLUMNS, sizeof *line.columns, "a picture", error));
    line.count = cln_thin(points, line.points, columns_of(curve->rows, &line), line.columns);
    include(&series->first, &series->last, points[0].x, points[line.points - 1].x);
    panel->lines[panel->count++] = line;
    if (!line.pass) {
        include(&tails[0], &tails[1], cln_thin_quantile(points, line.points, 0.01),
                cln_thin_quantile(points, line.points, 0.99));
        if (line.points > line.count && line.points > series->thinned) {
            series->thinned = line.points;
            series->crowd = (line.points + line.count / 2) / line.count;
        }
    }
out:
    return status;
}

/* Of the columns of passes, or of minibatches. */
static void find_range(const cln_panel *panel, bool pass, double range[2])
{
    range[0] = INFINITY;
    range[1] = -INFINITY;
    for (size_t i = 0; i < panel->count; i++)
        for (size_t j = 0; panel->lines[i].pass == pass && j < panel->lines[i].count; j++)
            include(&range[0], &range[1], panel->lines[i].columns[j].least, panel->lines[i].columns[j].most);
}

static void widen(double *least, double *most)
{
    double margin = 0.04 * (*most - *least);
    if (!(margin > 0) || !isfinite(margin))
        margin = *most > -1e300 && *most < 1e300 ? fmax(fabs(*most) * 0.05, 1e-9) : 0;
    *least -= margin;
    *most += margin;
}

static void scale(cln_panel *panel, cln_quantity quantity, const double tails[2])
{
    double passes[2], steps[2];
    find_range(panel, true, passes);
    find_range(panel, false, steps);
    if (isfinite(passes[0]) && steps[1] - steps[0] > 3 * (passes[1] - passes[0]))
        memcpy(steps, tails, sizeof steps);
    panel->least = fmin(passes[0], steps[0]);
    panel->most = fmax(passes[1], steps[1]);
    panel->logarithmic = wide[quantity] > 0 && panel->most > wide[quantity] * fmax(panel->least, 0);
    if (!panel->logarithmic) {
        widen(&panel->least, &panel->most);
        return;
    }
    double smallest = panel->most;
    for (size_t i = 0; i < panel->count; i++)
        for (size_t j = 0; j < panel->lines[i].count; j++)
            if (panel->lines[i].columns[j].least > 0 && panel->lines[i].columns[j].least < smallest)
                smallest = panel->lines[i].columns[j].least;
    panel->least = fmax(panel->least, smallest) / 1.2;
    panel->most *= 1.2;
}

static void count_hidden(cln_series *series, const cln_curve *curves, cln_quantity quantity, cln_point *points)
{
    const cln_panel *panel = &series->panels[quantity];
    for (size_t i = 0; i < panel->count; i++) {
        size_t count = gather(series, curves[panel->lines[i].curve].rows, quantity, &panel->lines[i], points);
        series->points += count;
        for (size_t j = 0; j < count; j++)
            series->hidden += points[j].y < panel->least || points[j].y > panel->most;
    }
}

static cln_status collect_panel(cln_series *series, const cln_curve *curves, size_t count, cln_quantity quantity,
                                cln_point *points, cln_error *error)
{
    static const bool kinds[3][2] = {{false, false}, {false, true}, {true, true}}; /* valid, pass */
    cln_status status = CLN_OK;
    double tails[2] = {INFINITY, -INFINITY};
    for (size_t kind = 0; kind < 3; kind++) /* minibatches lie behind */
        for (size_t i = 0; i < count; i++)
            TRY(add_line(series, &curves[i], quantity,
                         (cln_line){.curve = i, .valid = kinds[kind][0], .pass = kinds[kind][1]}, points, tails,
                         error));
    if (series->panels[quantity].count > 0) {
        scale(&series->panels[quantity], quantity, tails);
        count_hidden(series, curves, quantity, points);
    }
out:
    return status;
}

/* A log that goes on may have figures later; that of a solution in closed form never will. */
static cln_status refuse(const cln_curve *curve, cln_error *error)
{
    bool solved = strcmp(curve->rows->solver, "direct") == 0 && curve->rows->count > 0;
    return cln_fail(error, CLN_FORMAT,
                    solved
                        ? "%s is of solver direct without validation, which has no course to draw; draw the model, or "
                          "with DATA its confusion matrix"
                        : "%s has no figures to draw yet",
                    curve->path);
}

cln_status cln_series_collect(const cln_curve *curves, size_t count, cln_series *series, cln_error *error)
{
    cln_status status;
    cln_point *points = NULL;
    size_t most = 0;
    *series = (cln_series){.first = INFINITY, .last = -INFINITY};
    choose_axis(curves, count, series);
    for (size_t i = 0; i < count; i++)
        most = curves[i].rows->count > most ? curves[i].rows->count : most;
    TRY(cln_allocate((void **)&points, most, sizeof *points, "a picture", error));
    for (int quantity = 0; quantity < CLN_QUANTITIES; quantity++)
        TRY(collect_panel(series, curves, count, (cln_quantity)quantity, points, error));
    if (series->points == 0)
        status = refuse(&curves[0], error);
    else if (!(series->last > series->first))
        widen(&series->first, &series->last);
out:
    free(points);
    return status;
}

void cln_series_release(cln_series *series)
{
    for (size_t i = 0; i < CLN_QUANTITIES; i++)
        for (size_t j = 0; j < series->panels[i].count; j++)
            free(series->panels[i].lines[j].columns);
    *series = (cln_series){0};
}
