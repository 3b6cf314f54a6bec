#include "report/thin.h"

#include <stdlib.h>

static void add(cln_column *column, const cln_point *point)
{
    double n = (double)++column->count;
    if (column->count == 1)
        *column = (cln_column){point->x, point->y, point->y, point->y, 1};
    column->x += (point->x - column->x) / n;
    column->mean += (point->y - column->mean) / n;
    column->least = point->y < column->least ? point->y : column->least;
    column->most = point->y > column->most ? point->y : column->most;
}

size_t cln_thin(const cln_point *points, size_t count, size_t most, cln_column *columns)
{
    size_t used = 0, last = 0;
    double range = count > 0 ? points[count - 1].x - points[0].x : 0;
    for (size_t i = 0; i < count; i++) {
        size_t place = i;
        if (count > most) {
            double part = range > 0 ? (points[i].x - points[0].x) / range : 0;
            place = (size_t)(part * (double)most);
            place = place < most ? place : most - 1;
        }
        if (used == 0 || place != last)
            columns[used++].count = 0;
        last = place;
        add(&columns[used - 1], &points[i]);
    }
    return used;
}

static int by_y(const void *a, const void *b)
{
    const cln_point *p = a, *q = b;
    return (p->y > q->y) - (p->y < q->y);
}

double cln_thin_quantile(cln_point *points, size_t count, double part)
{
    size_t rank = (size_t)(part * (double)count);
    qsort(points, count, sizeof *points, by_y);
    return points[rank < count ? rank : count - 1].y;
}
