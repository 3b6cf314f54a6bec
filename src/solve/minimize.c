#include "solve/minimize.h"

#include "base/size.h"
#include "solve/line_search.h"
#include "solve/orthant.h"
#include "solve/pairs.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    USUAL_MEMORY = 40, /* pairs cost less than the passes that they save */
    POINTS = 6,        /* arrays as long as a point */
    MOST_IDLE = 50     /* iterations without gain: rounding is all that still changes */
};

/* One run. */
typedef struct descent {
    const cln_minimize *task;
    cln_point now, next;
    double *pseudo;    /* (count): the subgradient of least norm at now */
    double *direction; /* (count) */
    cln_pairs pairs;
    double scale; /* of the steepest descent: the newest γ, by which a restart knows how far to go */
    double least_objective, least_norm; /* of the last iteration that gained, the `idle`th before this one */
    uint64_t idle;
    cln_minimum *minimum;
} descent;

/* Pairs that are kept. */
static uint32_t pairs_of(const cln_minimize *task)
{
    uint64_t memory = task->memory ? task->memory : USUAL_MEMORY;
    if (memory > task->iterations)
        memory = task->iterations ? task->iterations : 1;
    return (uint32_t)memory;
}

uint64_t cln_minimize_bytes(const cln_minimize *task)
{
    return POINTS * task->count * sizeof(double) + cln_pairs_bytes(task->count, pairs_of(task));
}

static cln_status create(descent *d, const double *x, cln_error *error)
{
    cln_status status = CLN_OK;
    uint64_t count = d->task->count;
    double **arrays[POINTS] = {&d->now.x, &d->now.g, &d->next.x, &d->next.g, &d->pseudo, &d->direction};
    for (size_t i = 0; i < CLN_COUNT(arrays); i++)
        TRY(cln_allocate((void **)arrays[i], count, sizeof(double), "a point of L-BFGS", error));
    TRY(cln_pairs_create(count, pairs_of(d->task), &d->pairs, error));
    d->pairs.metric = d->task->metric;
    d->pairs.ridge = d->task->ridge;
    memcpy(d->now.x, x, count * sizeof *x);
out:
    return status;
}

static void release(descent *d)
{
    double *arrays[] = {d->now.x, d->now.g, d->next.x, d->next.g, d->pseudo, d->direction};
    for (size_t i = 0; i < CLN_COUNT(arrays); i++)
        free(arrays[i]);
    cln_pairs_release(&d->pairs);
}

static double norm(const cln_minimize *task, const double *g)
{
    if (task->norm)
        return task->norm(g, task->user);
    double largest = 0;
    for (uint64_t i = 0; i < task->count; i++)
        largest = fmax(largest, fabs(g[i])); /* all are finite here */
    return largest;
}

/* Takes stock at `now`. A gain is a lower objective beyond noise, or a norm lower by a tenth. */
static void look(descent *d)
{
    cln_orthant_gradient(d->task->count, d->task->l1, d->now.x, d->now.g, d->pseudo);
    double objective = d->now.objective, length = norm(d->task, d->pseudo);
    double noise = fmax(d->task->noise, DBL_EPSILON) * fabs(objective);
    d->idle++;
    if (objective < d->least_objective - noise || length < 0.9 * d->least_norm) {
        d->least_objective = fmin(objective, d->least_objective);
        d->least_norm = fmin(length, d->least_norm);
        d->idle = 0;
    }
    d->minimum->objective = objective;
    d->minimum->gradient_norm = length;
}

/* direction ← −H·pseudo; returns the step to try first. */
static double aim(descent *d)
{
    const cln_minimize *task = d->task;
    uint64_t count = task->count;
    bool model = d->pairs.pairs || task->metric;
    memcpy(d->direction, d->pseudo, count * sizeof *d->direction);
    cln_pairs_apply(&d->pairs, d->direction);
    for (uint64_t i = 0; i < count; i++)
        d->direction[i] = -d->direction[i];
    cln_orthant_align(count, task->l1, d->pseudo, d->direction);
    if (model)
        return 1;
    if (d->scale > 0)
        return d->scale;
    return fmin(1, 1 / sqrt(cln_dot(count, d->pseudo, d->pseudo))); /* moves by at most 1 */
}

/* From now to next. Where the model leads nowhere, it is forgotten once for the steepest descent. */
static cln_status search(descent *d, cln_search_end *end, cln_error *error)
{
    cln_status status = CLN_OK;
    for (;;) {
        bool model = d->pairs.pairs > 0;
        double step = aim(d);
        TRY(cln_line_search(d->task, &d->now, d->pseudo, d->direction, step, &d->next, &d->minimum->evaluations, end,
                            error));
        if (*end == CLN_SEARCH_FOUND || !model)
            break;
        cln_pairs_forget(&d->pairs);
    }
out:
    return status;
}

/* next becomes now. */
static void accept(descent *d)
{
    cln_pairs_add(&d->pairs, d->now.x, d->now.g, d->next.x, d->next.g);
    if (d->pairs.pairs) {
        const double *y = d->pairs.y + d->pairs.newest * d->task->count;
        d->scale = d->pairs.sy[d->pairs.newest] / cln_dot(d->task->count, y, y);
    }
    cln_point last = d->now;
    d->now = d->next;
    d->next = last;
    d->minimum->iterations++;
    look(d);
}

static bool interrupted(const descent *d)
{
    const cln_minimum *m = d->minimum;
    cln_minimum_progress progress = {m->iterations, m->evaluations, m->objective, m->gradient_norm};
    return d->task->progress && d->task->progress(&progress, d->task->user);
}

/* What is there to be kept, with the run's own arrays. */
static cln_minimize_state state_of(descent *d)
{
    const cln_pairs *pairs = &d->pairs;
    bool wrapped = pairs->pairs > pairs->newest + 1;
    return (cln_minimize_state){.iterations = d->minimum->iterations,
                                .evaluations = d->minimum->evaluations,
                                .idle = d->idle,
                                .objective = d->now.objective,
                                .gradient_norm = d->minimum->gradient_norm,
                                .least_objective = d->least_objective,
                                .least_norm = d->least_norm,
                                .scale = d->scale,
                                .x = d->now.x,
                                .g = d->now.g,
                                .pairs = pairs->pairs,
                                .newest = pairs->newest,
                                .rows = !pairs->pairs ? 0
                                        : wrapped     ? pairs->most
                                                      : pairs->newest + 1,
                                .s = pairs->s,
                                .y = pairs->y,
                                .sy = pairs->sy};
}

static void keep(descent *d)
{
    cln_minimize_state state = state_of(d);
    if (d->task->keep)
        d->task->keep(&state, d->task->user);
}

/* Whether a state could have come from a run of this task. */
static bool is_sound(const descent *d, const cln_minimize_state *state)
{
    bool sound = state->iterations > 0 && state->iterations <= d->task->iterations && isfinite(state->objective) &&
                 state->pairs <= state->rows && state->rows <= d->pairs.most &&
                 (state->rows == 0 || state->newest < state->rows) &&
                 (state->pairs <= state->newest + 1 || state->rows == d->pairs.most);
    for (uint32_t i = 0; sound && i < state->rows; i++)
        sound = !isnan(state->sy[i]);
    for (uint64_t i = 0; sound && i < d->task->count; i++)
        sound = isfinite(state->x[i]) && isfinite(state->g[i]);
    return sound;
}

static cln_status resume(descent *d, cln_error *error)
{
    cln_status status;
    cln_minimize_state state = state_of(d);
    state.rows = d->pairs.most;
    TRY(d->task->resume(&state, d->task->user, error));
    if (!is_sound(d, &state))
        return cln_fail(
            error, CLN_FORMAT,
            "cannot resume: the state of L-BFGS that was kept is damaged, or another problem's; train anew");
    *d->minimum = (cln_minimum){.iterations = state.iterations,
                                .evaluations = state.evaluations,
                                .objective = state.objective,
                                .gradient_norm = state.gradient_norm};
    d->now.objective = state.objective;
    d->idle = state.idle;
    d->least_objective = state.least_objective;
    d->least_norm = state.least_norm;
    d->scale = state.scale;
    d->pairs.pairs = state.pairs;
    d->pairs.newest = state.newest;
    cln_orthant_gradient(d->task->count, d->task->l1, d->now.x, d->now.g, d->pseudo);
out:
    return status;
}

/* The first point; one that is not finite has objective NaN. */
static cln_status start(descent *d, cln_error *error)
{
    cln_status status;
    if (d->task->resume)
        return resume(d, error);
    TRY(cln_point_evaluate(d->task, &d->now, &d->minimum->evaluations, error));
    if (isfinite(d->now.objective))
        look(d);
out:
    return status;
}

/* Iterates from a point that was evaluated and is finite. */
static cln_status iterate(descent *d, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_minimum *minimum = d->minimum;
    bool stop = false;
    for (;;) {
        cln_search_end end = CLN_SEARCH_FAILED;
        minimum->stopped = CLN_STOP_TOLERANCE;
        if (minimum->gradient_norm <= d->task->tolerance)
            break;
        minimum->stopped = CLN_STOP_INTERRUPTED;
        if (stop)
            break;
        minimum->stopped = CLN_STOP_EPOCHS;
        if (minimum->iterations >= d->task->iterations)
            break;
        minimum->stopped = CLN_STOP_LINE_SEARCH;
        if (d->idle >= MOST_IDLE)
            break;
        TRY(search(d, &end, error));
        minimum->stopped = end == CLN_SEARCH_NOT_FINITE ? CLN_STOP_DIVERGED : CLN_STOP_LINE_SEARCH;
        if (end != CLN_SEARCH_FOUND)
            break;
        accept(d);
        stop = interrupted(d);
        keep(d);
    }
out:
    return status;
}

cln_status cln_minimize_run(const cln_minimize *task, double *x, cln_minimum *minimum, cln_error *error)
{
    cln_status status = CLN_OK;
    descent d = {.task = task, .minimum = minimum, .least_objective = INFINITY, .least_norm = INFINITY};
    *minimum = (cln_minimum){.stopped = CLN_STOP_DIVERGED, .objective = NAN, .gradient_norm = NAN};
    TRY(create(&d, x, error));
    TRY(start(&d, error));
    if (!isfinite(d.now.objective))
        goto out;
    status = iterate(&d, error);
    memcpy(x, d.now.x, task->count * sizeof *x); /* after a failure too: it is the best there is */
out:
    release(&d);
    return status;
}
