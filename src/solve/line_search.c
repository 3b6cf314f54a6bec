#include "solve/line_search.h"

#include "solve/orthant.h"
#include "solve/pairs.h"

#include <float.h>
#include <math.h>

static const double decrease = 1e-4, curvature = 0.9; /* δ, σ */
enum { MOST_TRIALS = 20 };                            /* each is a pass over the data */

/* A step that was tried. */
typedef struct trial {
    double step, objective;
    double slope; /* a unit of step, at its end */
} trial;

/* The interval that holds a good step. */
typedef struct bracket {
    trial low, high; /* high.step: INFINITY before any step was too long */
    double start;    /* objective at step 0 */
    double noise;    /* of objectives */
    double width;    /* of the interval when the last step in it was chosen */
} bracket;

cln_status cln_point_evaluate(const cln_minimize *task, cln_point *point, uint64_t *evaluations, cln_error *error)
{
    double f = NAN;
    ++*evaluations;
    cln_status status = task->evaluate(point->x, &f, point->g, task->user, error);
    if (status != CLN_OK)
        return status;
    double penalty = cln_orthant_penalty(task->count, task->l1, point->x);
    point->objective = isfinite(f + penalty) ? f + penalty : NAN;
    for (uint64_t i = 0; i < task->count; i++)
        if (!isfinite(point->g[i]))
            point->objective = NAN;
    return CLN_OK;
}

/* Sufficient decrease; slope0 is that at step 0. */
static bool falls(const bracket *b, const trial *t, double slope0)
{
    double exact = b->start + decrease * t->step * slope0;
    return t->objective <= exact || (t->objective <= b->start + b->noise && t->slope <= (2 * decrease - 1) * slope0);
}

/* The step where the slope would be zero were it linear between two trials; NaN where it does not grow. */
static double secant(const trial *a, const trial *b)
{
    double growth = b->slope - a->slope;
    return growth * (b->step - a->step) > 0 ? a->step - a->slope * (b->step - a->step) / growth : NAN;
}

static double clamp(double step, double least, double most)
{
    return step < least ? least : step > most ? most : step;
}

/* The next step to try. A secant may creep along a slope that hardly changes for as long as there are trials: where the last step did not
   halve the interval this one does, and goes far down where no decrease is known yet. */
static double next_step(bracket *b)
{
    double low = b->low.step, high = b->high.step;
    bool creeps = high - low > 0.5 * b->width;
    b->width = high - low;
    if (!isfinite(b->high.objective)) /* towards where the function is known to be finite, and soon */
        return low + 0.1 * (high - low);
    if (creeps)
        return low + (low > 0 ? 0.5 : 0.1) * (high - low);
    double step = secant(&b->low, &b->high);
    if (!(b->high.slope > 0) || isnan(step))
        step = low + 0.5 * (high - low); /* it falls again behind a hump */
    return clamp(step, low + 0.1 * (high - low), high - 0.1 * (high - low));
}

/* Every step was too short so far: `before` is the one before b->low. */
static double longer_step(const bracket *b, const trial *before)
{
    double step = secant(before, &b->low), last = b->low.step;
    return isnan(step) ? 10 * last : clamp(step, 2 * last, 100 * last);
}

/* Goes a step; false where it is too short to be one. */
static bool move(const cln_minimize *task, const cln_point *from, const double *pseudo, const double *direction,
                 double step, cln_point *to)
{
    cln_orthant_move(task->count, task->l1, from->x, pseudo, direction, step, to->x);
    for (uint64_t i = 0; i < task->count; i++)
        if (to->x[i] != from->x[i])
            return true;
    return false;
}

/* Evaluates where a step went. *slope0 becomes the slope at step 0, which depends on the step where variables stop at zero. */
static cln_status try_step(const cln_minimize *task, const cln_point *from, const double *pseudo,
                           const double *direction, trial *t, double *slope0, cln_point *to, uint64_t *evaluations,
                           cln_error *error)
{
    cln_status status = cln_point_evaluate(task, to, evaluations, error);
    t->objective = to->objective;
    t->slope = cln_orthant_slope(task->count, task->l1, from->x, pseudo, to->x, to->g) / t->step;
    if (!isfinite(t->slope))
        t->objective = NAN;
    double way = 0;
    for (uint64_t i = 0; task->l1 && i < task->count; i++)
        way += pseudo[i] * (to->x[i] - from->x[i]);
    *slope0 = task->l1 ? fmin(0, way / t->step) : cln_dot(task->count, pseudo, direction);
    return status;
}

cln_status cln_line_search(const cln_minimize *task, const cln_point *from, const double *pseudo,
                           const double *direction, double step, cln_point *to, uint64_t *evaluations,
                           cln_search_end *end, cln_error *error)
{
    cln_status status = CLN_OK;
    double slope0 = cln_dot(task->count, pseudo, direction), start = from->objective;
    bracket b = {.low = {0, start, slope0}, .high = {INFINITY, start, 0}, .start = start, .width = INFINITY};
    b.noise = fmax(task->noise, 4 * DBL_EPSILON) * fabs(start);
    bool finite = false, tried = false;
    *end = CLN_SEARCH_FAILED;
    if (!(slope0 < 0) || !isfinite(slope0))
        return CLN_OK;
    for (int i = 0; i < MOST_TRIALS && isfinite(step) && step > 0; i++) {
        trial t = {.step = step}, before = b.low;
        if (!move(task, from, pseudo, direction, step, to))
            break;
        TRY(try_step(task, from, pseudo, direction, &t, &slope0, to, evaluations, error));
        tried = true;
        finite = finite || isfinite(t.objective);
        bool long_enough = task->l1 || t.slope >= curvature * slope0;
        if (!falls(&b, &t, slope0)) {
            b.high = t;
        } else if (long_enough) {
            *end = CLN_SEARCH_FOUND;
            goto out;
        } else {
            b.low = t;
        }
        step = isfinite(b.high.step) ? next_step(&b) : longer_step(&b, &before);
    }
    if (tried && !finite) {
        *end = CLN_SEARCH_NOT_FINITE;
    } else if (b.low.step > 0) { /* a decrease, though a longer step would be better still */
        move(task, from, pseudo, direction, b.low.step, to);
        TRY(try_step(task, from, pseudo, direction, &b.low, &slope0, to, evaluations, error));
        *end = isfinite(b.low.objective) ? CLN_SEARCH_FOUND : CLN_SEARCH_FAILED;
    }
out:
    return status;
}
