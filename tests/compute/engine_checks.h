/* What every engine and every kernel shape has to get right, against the double-precision reference. */
#ifndef CLN_TESTS_COMPUTE_ENGINE_CHECKS_H
#define CLN_TESTS_COMPUTE_ENGINE_CHECKS_H

#include "compute/truth.h"

/* Everything on the device that a check needs. */
typedef struct rig {
    const sample *s;
    cln_plan *plan;
    cln_resident *resident;
    cl_mem w, v, gradient, predicted, scores, order;
    cl_mem target, weight; /* real targets, or NULL; weights of the rows, or NULL */
    size_t weight_bytes, score_bytes, predicted_bytes, target_bytes;
} rig;

static inline rig rig_create(const sample *s, const char *engine, const cln_shape *shape, uint64_t most_bytes)
{
    rig r = {.s = s};
    cln_problem problem = sample_problem(s);
    MUST(cln_plan_create(device, engine, &problem, shape, &r.plan, error));
    MUST(cln_plan_fold(r.plan, s->shift, s->spread, error));
    r.resident = sample_upload(s, most_bytes);
    r.weight_bytes = (size_t)r.plan->layout.kp * r.plan->layout.ld * sizeof(float);
    r.score_bytes = cln_plan_scores(r.plan, s->n) * s->models * sizeof(cln_partial_score);
    r.predicted_bytes = (size_t)s->n * s->models * sizeof(uint32_t);
    r.target_bytes = (size_t)s->n * (s->k / s->models) * sizeof(float);
    r.w = guarded_weights(s, r.plan->layout);
    r.v = guarded(NULL, r.weight_bytes);
    r.gradient = guarded(NULL, r.weight_bytes);
    r.predicted = guarded(NULL, r.predicted_bytes);
    r.scores = guarded(NULL, r.score_bytes);
    r.order = guarded(s->order, s->n * sizeof(uint32_t));
    r.target = s->targets ? guarded(s->targets, r.target_bytes) : NULL;
    r.weight = s->weights ? guarded(s->weights, s->n * sizeof(float)) : NULL;
    return r;
}

static inline void rig_release(rig *r)
{
    check_guard(&r->w, r->weight_bytes);
    check_guard(&r->v, r->weight_bytes);
    check_guard(&r->gradient, r->weight_bytes);
    check_guard(&r->predicted, r->predicted_bytes);
    check_guard(&r->scores, r->score_bytes);
    check_guard(&r->order, r->s->n * sizeof(uint32_t));
    if (r->target)
        check_guard(&r->target, r->target_bytes);
    if (r->weight)
        check_guard(&r->weight, r->s->n * sizeof(float));
    cln_resident_release(r->resident);
    cln_plan_release(r->plan);
}

static inline void rig_rows(rig *r, bool ordered, cln_rows *rows)
{
    MUST(cln_resident_rows(r->resident, ordered ? r->order : NULL, 0, r->s->n, rows, error));
    rows->weight = r->weight;
    if (r->target)
        rows->target = r->target;
}

static inline void rig_forward(rig *r, bool ordered, bool target, cln_rows *rows)
{
    cln_outcome outcome = {.residual = true, .predicted = r->predicted, .scores = target ? r->scores : NULL};
    rig_rows(r, ordered, rows);
    if (!target)
        rows->target = NULL;
    MUST(cln_plan_forward(r->plan, rows, r->w, &outcome, error));
}

static inline void rig_gradient(rig *r, const cln_rows *rows, cln_sink_op op)
{
    cln_outcome outcome = {.scores = r->scores};
    cln_sink sink = {.op = op, .gradient = r->gradient};
    MUST(cln_plan_gradient(r->plan, rows, r->w, &outcome, &sink, error));
}

static inline float *read_floats(cl_mem buffer, size_t count)
{
    float *values = calloc(count, sizeof *values);
    MUST(cln_buffer_read(device, buffer, 0, count * sizeof *values, values, error));
    return values;
}

/* Residual (or, without targets, outputs) and predictions of every row; the padding behind them. */
static inline void check_rows(rig *r, const truth *t, bool ordered, bool target)
{
    const sample *s = r->s;
    uint32_t kp = r->plan->layout.kp;
    float *residual = read_floats(r->plan->residual, (size_t)s->n * kp);
    uint32_t *predicted = (uint32_t *)read_floats(r->predicted, (size_t)s->n * s->models);
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t row = ordered ? s->order[i] : i;
        for (uint32_t k = 0; k < kp; k++) {
            double got = (double)residual[(size_t)i * kp + k], want = 0, slack = 0;
            if (k < s->k) {
                want = (target ? t->residual : t->outputs)[(size_t)row * s->k + k];
                slack = target ? cln_truth_residual_slack(t, row, k) : cln_truth_output_slack(t, row, k);
            }
            ck_assert_msg(fabs(got - want) <= slack, "%s: row %u output %u: %.9g, not %.9g ± %.2g", place, i, k, got,
                          want, slack);
        }
        for (uint32_t m = 0; m < s->models; m++)
            ck_assert_msg(cln_truth_may_predict(t, s, row, m, predicted[(size_t)i * s->models + m]),
                          "%s: row %u model %u: predicted %u", place, i, m, predicted[(size_t)i * s->models + m]);
    }
    free(residual);
    free(predicted);
}

static inline void check_scores(rig *r, const truth *t)
{
    uint32_t count = cln_plan_scores(r->plan, r->s->n), models = r->s->models;
    cln_partial_score *scores = (cln_partial_score *)read_floats(r->scores, 2 * (size_t)count * models);
    for (uint32_t m = 0; m < models; m++) {
        double loss = 0;
        uint64_t errors = 0;
        for (uint32_t i = 0; i < count; i++) {
            loss += (double)scores[i * models + m].loss;
            errors += scores[i * models + m].errors;
        }
        ck_assert_msg(fabs(loss - t->loss[m]) <= t->loss_slack[m], "%s: loss %.9g of model %u, not %.9g ± %.2g", place,
                      loss, m, t->loss[m], t->loss_slack[m]);
        ck_assert_msg(cln_truth_may_err(t, r->s, m, errors), "%s: %llu errors of model %u, not %llu", place,
                      (unsigned long long)errors, m, (unsigned long long)t->errors[m]);
    }
    free(scores);
}

/* The gradient buffer holds `times` the truth, and zero in the padding. */
static inline void check_gradient(rig *r, const truth *t, double times)
{
    const sample *s = r->s;
    uint32_t ld = r->plan->layout.ld;
    float *gradient = read_floats(r->gradient, (size_t)s->k * ld);
    for (uint32_t k = 0; k < s->k; k++)
        for (uint32_t j = 0; j < ld; j++) {
            size_t at = (size_t)k * (s->d + 1) + j;
            double got = (double)gradient[(size_t)k * ld + j], want = j <= s->d ? times * t->gradient[at] : 0;
            double slack = j <= s->d ? times * (t->gradient_slack[at] + UNIT * fabs(t->gradient[at])) : 0;
            ck_assert_msg(fabs(got - want) <= slack, "%s: gradient of output %u, column %u: %.9g, not %.9g ± %.2g",
                          place, k, j, got, want, slack);
        }
    free(gradient);
}

/* One step of v ← μ·v + g, g = spread∘G·mean + λ·w, w ← w − η·v or Nesterov's w − η·(g + μ·v), each model with its own parameters,
   in double, against what the device made of it in float. */
static inline void check_moved(rig *r, const cln_step *steps, float mean, const float *w, const float *v,
                               const float *moved)
{
    const sample *s = r->s;
    uint32_t ld = r->plan->layout.ld;
    float *gradient = read_floats(r->gradient, (size_t)s->k * ld);
    for (uint32_t k = 0; k < s->k; k++)
        for (uint32_t j = 0; j < ld; j++) {
            const cln_step *step = &steps[k * s->models / s->k]; /* all models have as many outputs */
            size_t at = (size_t)k * ld + j;
            double g = (double)gradient[at] * (double)mean * (s->spread && j < s->d ? (double)s->spread[j] : 1);
            double whole = g + (j == s->d ? 0 : (double)step->l2) * (double)w[at];
            double velocity = (double)step->momentum * (double)v[at] + whole;
            double direction = step->nesterov != 0 ? whole + (double)step->momentum * velocity : velocity;
            double want = (double)w[at] - (double)step->learning_rate * direction;
            double size = fabs((double)w[at]) + fabs(g) + fabs(velocity) + fabs((double)v[at]);
            ck_assert_msg(fabs((double)moved[at] - want) <= 8 * UNIT * size,
                          "%s: weight of output %u, column %u: %.9g, not %.9g", place, k, j, (double)moved[at], want);
        }
    free(gradient);
}

enum { BY_STORE, BY_STEP, BY_DESCENT, WAYS };

/* Minibatches of `batch` rows through all rows, each a step: STORE and an update, STEP, or all in one descent, with a velocity in
   the beginning. Returns weights and velocity behind each other; the scores are left in r->scores. */
static inline float *steps_of(rig *r, const cln_rows *rows, uint32_t batch, bool nesterov, int way, const float *w,
                              const float *v)
{
    size_t count = r->weight_bytes / sizeof(float);
    cln_step each[SAMPLE_MODELS];
    for (uint32_t m = 0; m < r->s->models; m++)
        each[m] = (cln_step){0.01f + 0.02f * (float)m, 0.9f - 0.1f * (float)m, 0.25f / (float)(m + 1),
                             m % 2 ? !nesterov : nesterov};
    size_t step_bytes = r->s->models * sizeof *each;
    cl_mem steps = guarded(each, step_bytes);
    cln_outcome outcome = {.scores = r->scores};
    cln_sink sink = {way == BY_STORE ? CLN_STORE : CLN_STEP, r->gradient, r->w, r->v, steps, 0};
    MUST(cln_buffer_write(device, r->w, 0, r->weight_bytes, w, error));
    MUST(cln_buffer_write(device, r->v, 0, r->weight_bytes, v, error));
    if (way == BY_DESCENT)
        MUST(cln_plan_descend(r->plan, rows, batch, &outcome, &sink, error));
    for (uint32_t done = 0; way != BY_DESCENT && done < rows->count; done += batch) {
        cln_rows part = *rows;
        part.first += done;
        part.count = rows->count - done < batch ? rows->count - done : batch;
        sink.mean = (float)(1.0 / part.count);
        float *before[] = {read_floats(r->w, count), read_floats(r->v, count)};
        MUST(cln_plan_gradient(r->plan, &part, r->w, &outcome, &sink, error));
        outcome.first_score += cln_plan_scores(r->plan, part.count);
        if (way == BY_STORE) {
            MUST(cln_plan_update(r->plan, r->gradient, r->w, r->v, steps, sink.mean, error));
            float *after = read_floats(r->w, count);
            check_moved(r, each, sink.mean, before[0], before[1], after);
            free(after);
        }
        free(before[0]);
        free(before[1]);
    }
    check_guard(&steps, step_bytes);
    float *both = calloc(2 * count, sizeof *both);
    MUST(cln_buffer_read(device, r->w, 0, r->weight_bytes, both, error));
    MUST(cln_buffer_read(device, r->v, 0, r->weight_bytes, both + count, error));
    return both;
}

/* The three ways move weights and velocity to the same bits, and leave the same scores. */
static inline void check_steps(rig *r, const cln_rows *rows, uint32_t batch, bool nesterov)
{
    size_t count = r->weight_bytes / sizeof(float);
    uint32_t last = (rows->count - 1) % batch + 1;
    size_t scores = (rows->count - last) / batch * cln_plan_scores(r->plan, batch) + cln_plan_scores(r->plan, last);
    scores *= r->s->models;
    float *w = read_floats(r->w, count), *v = calloc(count, sizeof *v), *moved[WAYS], *scored[WAYS];
    cl_mem kept = r->scores;
    for (uint32_t k = 0; k < r->s->k; k++)
        for (uint32_t j = 0; j < r->s->d; j++)
            v[(size_t)k * r->plan->layout.ld + j] = (float)((j + k) % 5) * 0.01f - 0.02f;
    r->scores = guarded(NULL, scores * sizeof(cln_partial_score));
    for (int way = 0; way < WAYS; way++) {
        moved[way] = steps_of(r, rows, batch, nesterov, way, w, v);
        scored[way] = read_floats(r->scores, 2 * scores);
        ck_assert_msg(memcmp(moved[0], moved[way], 2 * r->weight_bytes) == 0,
                      "%s, batch %u: way %d moves to other bits than STORE and update", place, batch, way);
        ck_assert_msg(memcmp(scored[0], scored[way], scores * sizeof(cln_partial_score)) == 0,
                      "%s, batch %u: way %d leaves other scores", place, batch, way);
    }
    check_guard(&r->scores, scores * sizeof(cln_partial_score));
    r->scores = kept;
    MUST(cln_buffer_write(device, r->w, 0, r->weight_bytes, w, error));
    for (int way = 0; way < WAYS; way++) {
        free(moved[way]);
        free(scored[way]);
    }
    free(w);
    free(v);
}

/* All of it for one sample on one engine and shape. */
static inline void check_engine(const sample *s, const char *engine, const cln_shape *shape, uint64_t most_bytes)
{
    truth t = truth_of(s);
    rig r = rig_create(s, engine, shape, most_bytes);
    cln_rows rows;
    for (int ordered = 0; ordered < 2; ordered++) {
        rig_forward(&r, ordered, true, &rows);
        check_rows(&r, &t, ordered, true);
        check_scores(&r, &t);
        rig_gradient(&r, &rows, CLN_STORE);
        check_gradient(&r, &t, 1);
        check_scores(&r, &t);
        rig_gradient(&r, &rows, CLN_ADD);
        check_gradient(&r, &t, 2);
    }
    check_steps(&r, &rows, s->n, false);
    check_steps(&r, &rows, s->n / 3 + 1, true);
    check_steps(&r, &rows, s->n < 6 ? 1 : 5, false);
    rig_forward(&r, false, false, &rows);
    check_rows(&r, &t, false, false);
    rig_release(&r);
    cln_truth_free(&t);
}

#endif
