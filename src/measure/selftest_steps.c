/* What an engine makes of weights. */
#include "measure/selftest_rig.h"

#include "base/size.h"
#include "device/buffer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double unit = CLN_UNIT_ROUNDOFF;

/* Where weights and velocity go from h_w and h_v by one step (reference/linear.h), of a gradient G that is given. */
typedef struct moved {
    double w, v, size;
} moved;

static moved move(const cln_rig *r, size_t k, size_t j, double sum, double mean)
{
    const cln_trial *t = r->trial;
    const cln_step *step = &r->h_steps[k * t->models / t->k];
    size_t at = k * r->plan->layout.ld + j;
    double w = (double)r->h_w[at], v = (double)r->h_v[at], momentum = (double)step->momentum;
    double g = sum * mean * (t->spread && j < t->d ? (double)t->spread[j] : 1);
    double whole = g + (j == t->d ? 0 : (double)step->l2 * w), velocity = momentum * v + whole;
    double direction = step->nesterov != 0 ? whole + momentum * velocity : velocity;
    return (moved){w - (double)step->learning_rate * direction, velocity, fabs(w) + fabs(g) + fabs(velocity) + fabs(v)};
}

/* One step from the gradient that the device holds, both read back: off by roundings alone. */
cln_status cln_rig_test_update(cln_rig *r, cln_error *error)
{
    cln_status status;
    const cln_trial *t = r->trial;
    cln_rows rows;
    cln_outcome outcome = {0};
    cln_sink sink = {.op = CLN_STORE, .gradient = r->gradient.memory};
    float *gradient = NULL, *w = NULL, *v = NULL;
    size_t ld = r->plan->layout.ld, bytes = r->cells * sizeof(float);
    TRY(cln_rig_rows(r, true, &rows, error));
    TRY(cln_plan_gradient(r->plan, &rows, r->w.memory, &outcome, &sink, error));
    TRY(cln_buffer_write(r->device, r->moving.memory, 0, bytes, r->h_w, error));
    TRY(cln_buffer_write(r->device, r->v.memory, 0, bytes, r->h_v, error));
    TRY(cln_plan_update(r->plan, r->gradient.memory, r->moving.memory, r->v.memory, r->steps.memory,
                        (float)(1.0 / t->n), error));
    TRY(cln_guarded_floats(r->device, r->gradient.memory, r->cells, &gradient, error));
    TRY(cln_guarded_floats(r->device, r->moving.memory, r->cells, &w, error));
    TRY(cln_guarded_floats(r->device, r->v.memory, r->cells, &v, error));
    for (size_t k = 0; k < t->k; k++)
        for (size_t j = 0; j < ld; j++) {
            moved want = move(r, k, j, (double)gradient[k * ld + j], (double)(float)(1.0 / t->n));
            cln_check_value(r->check, (double)w[k * ld + j], want.w, 8 * unit * want.size,
                            "after a step the weight of output %zu, column %zu,", k, j);
            cln_check_value(r->check, (double)v[k * ld + j], want.v, 8 * unit * want.size,
                            "after a step the velocity of output %zu, column %zu,", k, j);
        }
out:
    free(gradient);
    free(w);
    free(v);
    return status;
}

/* Weights and velocity behind each other, (2,cells), after minibatches of `batch` rows: a gradient with a step each, or all at once. */
static cln_status descend(cln_rig *r, uint32_t batch, bool at_once, float **both, cln_error *error)
{
    cln_status status;
    cln_rows rows;
    cln_outcome outcome = {.scores = r->scores.memory};
    cln_sink sink = {CLN_STEP, r->gradient.memory, r->moving.memory, r->v.memory, r->steps.memory, 0};
    size_t bytes = r->cells * sizeof(float);
    *both = NULL;
    TRY(cln_rig_rows(r, true, &rows, error));
    TRY(cln_buffer_write(r->device, r->moving.memory, 0, bytes, r->h_w, error));
    TRY(cln_buffer_write(r->device, r->v.memory, 0, bytes, r->h_v, error));
    if (at_once)
        TRY(cln_plan_descend(r->plan, &rows, batch, &outcome, &sink, error));
    for (uint32_t done = 0; !at_once && done < rows.count; done += batch) {
        cln_rows part = rows;
        part.first += done;
        part.count = rows.count - done < batch ? rows.count - done : batch;
        sink.mean = (float)(1.0 / part.count);
        TRY(cln_plan_gradient(r->plan, &part, r->moving.memory, &outcome, &sink, error));
        outcome.first_score += cln_plan_scores(r->plan, part.count);
    }
    TRY(cln_allocate((void **)both, 2 * r->cells, sizeof **both, "weights to try", error));
    TRY(cln_buffer_read(r->device, r->moving.memory, 0, bytes, *both, error));
    TRY(cln_buffer_read(r->device, r->v.memory, 0, bytes, *both + r->cells, error));
out:
    return status;
}

/* A single step of all rows, from the truth; `moved` (2,cells). */
static void check_step(cln_rig *r, const float *moved_to)
{
    const cln_trial *t = r->trial;
    size_t ld = r->plan->layout.ld;
    for (size_t k = 0; k < t->k; k++)
        for (size_t j = 0; j < ld; j++) {
            size_t at = k * (t->d + 1) + j;
            const cln_step *step = &r->h_steps[k * t->models / t->k];
            double spread = t->spread && j < t->d ? (double)t->spread[j] : 1, there = j <= t->d;
            moved want = move(r, k, j, j <= t->d ? r->truth.gradient[at] : 0, 1.0 / t->n);
            double slack = (j <= t->d ? r->truth.gradient_slack[at] * spread / t->n : 0) + 8 * unit * want.size;
            double rate = (double)step->learning_rate * (1 + (double)step->momentum);
            cln_check_value(r->check, (double)moved_to[k * ld + j], want.w,
                            there * (rate * slack + 8 * unit * want.size),
                            "after one minibatch the weight of output %zu, column %zu,", k, j);
            cln_check_value(r->check, (double)moved_to[r->cells + k * ld + j], want.v, there * slack,
                            "after one minibatch the velocity of output %zu, column %zu,", k, j);
        }
}

/*
 * Minibatches step by step against all of them in one call. They are the same bits by contract, but what is asked for here is that both
 * be right: each step's gradient is off by no more than its slack, which is at most that of all rows, and errors of the weights change
 * later gradients by no more than as much again, for the steps are short: CLN_RIG_STEPS·2^CLN_RIG_STEPS times it in all.
 */
static void check_both(cln_rig *r, uint32_t batch, const float *each, const float *whole)
{
    const cln_trial *t = r->trial;
    size_t ld = r->plan->layout.ld;
    double grown = CLN_RIG_STEPS * (1 << CLN_RIG_STEPS), least = (t->n - 1) % batch + 1;
    for (size_t k = 0; k < t->k; k++)
        for (size_t j = 0; j < ld; j++) {
            size_t at = k * ld + j;
            double spread = t->spread && j < t->d ? (double)t->spread[j] : 1;
            double v = (double)each[r->cells + at], w = (double)each[at];
            double off = j <= t->d ? r->truth.gradient_slack[k * (t->d + 1) + j] * spread / least : 0;
            double rounding = 8 * unit * (fabs(w) + fabs(v) + fabs((double)r->h_v[at]));
            double rate = 2 * (double)r->h_steps[k * t->models / t->k].learning_rate;
            cln_check_value(r->check, (double)whole[at], w, grown * (rate * off + rounding),
                            "after a descent the weight of output %zu, column %zu,", k, j);
            cln_check_value(r->check, (double)whole[r->cells + at], v, grown * (off + rounding),
                            "after a descent the velocity of output %zu, column %zu,", k, j);
        }
}

/* The scores of a descent that does not move are those of all rows. */
static cln_status check_standing(cln_rig *r, uint32_t batch, cln_error *error)
{
    cln_status status;
    cln_step still[CLN_RIG_MODELS] = {{0}};
    float *both = NULL;
    uint32_t n = r->trial->n, whole = n / batch, rest = n % batch;
    size_t bytes = r->trial->models * sizeof *still;
    TRY(cln_buffer_write(r->device, r->steps.memory, 0, bytes, still, error));
    TRY(descend(r, batch, true, &both, error));
    if (memcmp(both, r->h_w, r->cells * sizeof *both) != 0)
        cln_check_fail(r->check, "a descent with learning rate 0 moves the weights");
    TRY(cln_rig_check_scores(
        r, whole * (size_t)cln_plan_scores(r->plan, batch) + (rest ? cln_plan_scores(r->plan, rest) : 0), error));
    TRY(cln_buffer_write(r->device, r->steps.memory, 0, bytes, r->h_steps, error));
out:
    free(both);
    return status;
}

cln_status cln_rig_test_descent(cln_rig *r, cln_error *error)
{
    cln_status status;
    float *each = NULL, *whole = NULL;
    uint32_t n = r->trial->n, batch = (n + CLN_RIG_STEPS - 1) / CLN_RIG_STEPS;
    for (int at_once = 0; at_once < 2; at_once++) {
        TRY(descend(r, n, at_once, &each, error));
        check_step(r, each);
        free(each);
        each = NULL;
    }
    TRY(descend(r, batch, false, &each, error));
    TRY(descend(r, batch, true, &whole, error));
    check_both(r, batch, each, whole);
    TRY(check_standing(r, batch, error));
out:
    free(each);
    free(whole);
    return status;
}
