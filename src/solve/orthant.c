#include "solve/orthant.h"

#include <math.h>

double cln_orthant_penalty(uint64_t count, const double *l1, const double *x)
{
    double sum = 0;
    for (uint64_t i = 0; l1 && i < count; i++)
        sum += l1[i] * fabs(x[i]);
    return sum;
}

/* The sign that variable i has in the orthant: its own, at 0 that in which the objective falls, 0 where it stays. */
static double sign_of(double x, double pseudo)
{
    double towards = x != 0 ? x : -pseudo;
    return towards > 0 ? 1 : towards < 0 ? -1 : 0;
}

void cln_orthant_gradient(uint64_t count, const double *l1, const double *x, const double *g, double *pseudo)
{
    for (uint64_t i = 0; i < count; i++) {
        double most = l1 ? l1[i] : 0;
        if (x[i] != 0)
            pseudo[i] = g[i] + (x[i] > 0 ? most : -most);
        else if (g[i] > most)
            pseudo[i] = g[i] - most;
        else if (g[i] < -most)
            pseudo[i] = g[i] + most;
        else
            pseudo[i] = isnan(g[i]) ? g[i] : 0;
    }
}

void cln_orthant_align(uint64_t count, const double *l1, const double *pseudo, double *direction)
{
    for (uint64_t i = 0; l1 && i < count; i++)
        if (l1[i] > 0 && direction[i] * pseudo[i] >= 0)
            direction[i] = 0;
}

void cln_orthant_move(uint64_t count, const double *l1, const double *x, const double *pseudo, const double *direction,
                      double step, double *to)
{
    for (uint64_t i = 0; i < count; i++) {
        to[i] = x[i] + step * direction[i];
        if (l1 && l1[i] > 0 && to[i] * sign_of(x[i], pseudo[i]) <= 0)
            to[i] = 0;
    }
}

double cln_orthant_slope(uint64_t count, const double *l1, const double *x, const double *pseudo, const double *to,
                         const double *g)
{
    double slope = 0;
    for (uint64_t i = 0; i < count; i++) {
        double penalty = l1 && l1[i] > 0 ? l1[i] * sign_of(x[i], pseudo[i]) : 0;
        slope += (g[i] + penalty) * (to[i] - x[i]);
    }
    return slope;
}
