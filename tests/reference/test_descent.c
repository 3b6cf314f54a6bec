/* A descent against the same steps on rows that were standardised before, and what of it may not be left out; floats of the host against
   what is usual. */
#include "data/order.h"
#include "harness.h"
#include "reference/descent.h"

#include <math.h>
#include <string.h>

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        cln_error must_error = {0};                                                                                    \
        cln_error *error = &must_error;                                                                                \
        ck_assert_msg((call) == CLN_OK, "%s", must_error.message);                                                     \
    } while (0)

enum { N = 61, D = 7, K = 3 };

static const cln_descent how = {
    .batch = 16, .passes = 3, .seed = 5, .learning_rate = 1 / 64.0, .momentum = 0.75, .l2 = 0.25};

/* Softmax on classes, or values; rows have weights, the shift and the deviations are no column's own. */
static cln_trial trial_of(cln_type type, bool real, double *deviation)
{
    cln_trial trial;
    MUST(cln_trial_draw(N, D, K, type, true, &trial, error));
    if (real)
        MUST(cln_trial_models(&trial, CLN_SQUARED, CLN_TARGET_REAL, 1, error));
    MUST(cln_trial_weigh(&trial, error));
    MUST(cln_trial_fold(&trial, true, false, error));
    for (int j = 0; j < D; j++)
        deviation[j] = 0.5 + 0.125 * j;
    return trial;
}

typedef struct ended {
    double w[K * D], b[K], usual;
} ended;

static ended descend(const cln_trial *trial, const double *deviation, const cln_descent *descent)
{
    ended end;
    MUST(cln_descend(trial, deviation, descent, end.w, end.b, &end.usual, error));
    return end;
}

/* Of two ends, in the norm of descent.h. */
static double apart(const ended *a, const ended *b, const double *deviation)
{
    double sum = 0;
    for (int i = 0; i < K * D; i++)
        sum += pow((a->w[i] - b->w[i]) * deviation[i % D], 2);
    for (int c = 0; c < K; c++)
        sum += pow(a->b[c] - b->b[c], 2);
    return sqrt(sum);
}

/* One minibatch of rows that were standardised, by reference/linear.h: w (K,D) of these. */
static void step(const cln_trial *t, const double *deviation, const uint32_t *order, uint32_t count,
                 cln_reference *model, double *v /* (K·D+K) */)
{
    double x[N * D], z[N * K], gw[K * D], gb[K];
    int32_t y[N];
    float targets[N * K], weights[N];
    const cln_row_rule rule = {t->loss, t->target, 0, 0};
    const cln_reference_view view = {1, NULL};
    const cln_row_answers answers = {y, targets, weights};
    const cln_reference_sgd sgd = {1.0 / count, how.l2, how.momentum, how.learning_rate, true, NULL};
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < D; j++)
            x[i * D + j] = (cln_trial_value(t, order[i], j) - (double)t->shift[j]) / deviation[j];
        y[i] = t->y[order[i]];
        weights[i] = t->weights[order[i]];
        if (t->targets)
            memcpy(targets + (size_t)i * K, t->targets + (size_t)order[i] * K, K * sizeof *targets);
    }
    cln_reference_sums(model, &rule, &view, x, &answers, count, z, gw, gb);
    cln_reference_update(model, &sgd, gw, gb, v, v + K * D);
}

/* A descent takes its gradients at weights that were rounded to floats, which is what it calls usual. */
START_TEST(same_as_on_standardised_rows)
{
    double deviation[D], v[K * D + K] = {0};
    cln_trial t = trial_of(_i % 2 ? CLN_UINT8 : CLN_FLOAT32, _i > 1, deviation);
    ended end = descend(&t, deviation, &how), want = {0};
    cln_reference model = {K, D, want.w, want.b};
    uint32_t order[N];
    for (uint32_t pass = 1; pass <= how.passes; pass++) {
        cln_order_shuffle(order, N, how.seed, pass);
        for (uint32_t first = 0; first < N; first += how.batch)
            step(&t, deviation, order + first, N - first < how.batch ? N - first : how.batch, &model, v);
    }
    for (int i = 0; i < K * D; i++)
        want.w[i] /= deviation[i % D];
    ck_assert_double_gt(apart(&want, &(ended){0}, deviation), 1e-3);
    ck_assert_msg(apart(&end, &want, deviation) <= end.usual, "%g, usual is %g", apart(&end, &want, deviation),
                  end.usual);
    float weight[K * D], bias[K];
    for (int i = 0; i < K * D; i++)
        weight[i] = (float)end.w[i];
    for (int c = 0; c < K; c++)
        bias[c] = (float)end.b[c];
    ck_assert_double_le(cln_descent_distance(&t, deviation, end.w, end.b, weight, bias), end.usual);
    bias[0] += 1;
    ck_assert_double_ge(cln_descent_distance(&t, deviation, end.w, end.b, weight, bias), 0.999);
    cln_trial_free(&t);
}
END_TEST

/* What a part of it is changed by lies far beyond what is usual. */
START_TEST(nothing_may_be_left_out)
{
    double deviation[D], ones[D];
    cln_trial t = trial_of(_i % 2 ? CLN_UINT8 : CLN_FLOAT32, _i > 1, deviation), other = t;
    const ended end = descend(&t, deviation, &how);
    cln_descent changed[5] = {how, how, how, how, how};
    changed[0].learning_rate *= 1.0001;
    changed[1].momentum *= 1.001;
    changed[2].l2 *= 1.001;
    changed[3].seed++;
    changed[4].batch++;
    for (int i = 0; i < 5; i++) {
        ended moved = descend(&t, deviation, &changed[i]);
        ck_assert_msg(apart(&end, &moved, deviation) > 2 * CLN_USUAL_TIMES * end.usual, "change %d: %g, usual is %g", i,
                      apart(&end, &moved, deviation), end.usual);
    }
    for (int j = 0; j < D; j++)
        ones[j] = 1;
    ended moved = descend(&t, ones, &how);
    ck_assert_double_gt(apart(&end, &moved, deviation), 2 * CLN_USUAL_TIMES * end.usual);
    other.weights = NULL;
    moved = descend(&other, deviation, &how);
    ck_assert_double_gt(apart(&end, &moved, deviation), 2 * CLN_USUAL_TIMES * end.usual);
    cln_trial_free(&t);
}
END_TEST

/* A row's outputs and a gradient in the host's floats, by plain loops. */
static void in_floats(const cln_trial *t, float *outputs, float *gradient)
{
    memset(gradient, 0, (size_t)t->k * (t->d + 1) * sizeof *gradient);
    for (uint32_t i = 0; i < t->n; i++, outputs += t->k) {
        float most = -INFINITY, sum = 0, weight = t->weights ? t->weights[i] : 1;
        for (uint32_t c = 0; c < t->k; c++) {
            outputs[c] = t->b[c];
            for (uint32_t j = 0; j < t->d; j++)
                outputs[c] += ((float)cln_trial_value(t, i, j) - t->shift[j]) * t->w[(size_t)c * t->d + j];
            most = fmaxf(most, outputs[c]);
        }
        for (uint32_t c = 0; t->loss != CLN_SQUARED && c < t->k; c++)
            sum += outputs[c] = expf(outputs[c] - most);
        for (uint32_t c = 0; c < t->k; c++) {
            outputs[c] /= t->loss == CLN_SQUARED ? 1 : sum;
            float target = t->targets ? t->targets[(size_t)i * t->k + c] : t->y[i] == (int32_t)c ? 1 : 0;
            float r = weight * (outputs[c] - target), *g = gradient + (size_t)c * (t->d + 1);
            for (uint32_t j = 0; j < t->d; j++)
                g[j] += r * ((float)cln_trial_value(t, i, j) - t->shift[j]);
            g[t->d] += r;
        }
    }
}

/* Errors are below CLN_USUAL_TIMES what is usual, and in the mean of squares no less than a fiftieth of it. */
static void check(const double *error, const double *usual, size_t count, const char *what)
{
    double sum = 0, all = 0;
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(fabs(error[i]) <= CLN_USUAL_TIMES * usual[i], "%s %zu: %g, usual is %g", what, i, error[i],
                      usual[i]);
        sum += error[i] * error[i];
        all += usual[i] * usual[i];
    }
    ck_assert_msg(sum > all / 2500, "%s: %g, usual is %g", what, sqrt(sum), sqrt(all));
}

START_TEST(floats_are_off_by_what_is_usual)
{
    enum { ROWS = 300, COLUMNS = 90, OUTPUTS = 5, CELLS = ROWS * OUTPUTS, WEIGHTS = OUTPUTS * (COLUMNS + 1) };
    static float outputs[CELLS], gradient[WEIGHTS];
    static double error_of[CELLS], usual[CELLS];
    cln_trial t;
    cln_truth truth;
    MUST(cln_trial_draw(ROWS, COLUMNS, OUTPUTS, _i % 2 ? CLN_UINT8 : CLN_FLOAT32, true, &t, error));
    if (_i > 1)
        MUST(cln_trial_models(&t, CLN_SQUARED, CLN_TARGET_REAL, 1, error));
    MUST(cln_trial_weigh(&t, error));
    MUST(cln_trial_fold(&t, true, false, error));
    MUST(cln_truth_create_usual(&t, &truth, error));
    in_floats(&t, outputs, gradient);
    for (size_t i = 0; i < CELLS; i++) {
        error_of[i] = (double)outputs[i] - truth.outputs[i];
        usual[i] = cln_truth_usual_output(&truth, i / OUTPUTS, (uint32_t)(i % OUTPUTS));
    }
    check(error_of, usual, CELLS, "output");
    for (size_t i = 0; i < WEIGHTS; i++) {
        error_of[i] = (double)gradient[i] - truth.gradient[i];
        usual[i] = truth.gradient_slack[i];
    }
    check(error_of, usual, WEIGHTS, "gradient");
    cln_truth_free(&truth);
    cln_trial_free(&t);
}
END_TEST

/* Of a NaN nothing is usual. */
START_TEST(nan_stays)
{
    double deviation[D];
    cln_trial t = trial_of(CLN_FLOAT32, false, deviation);
    cln_truth truth;
    ((float *)t.x)[3] = NAN;
    MUST(cln_truth_create_usual(&t, &truth, error));
    ck_assert(isnan(truth.slack[0]) && !isnan(truth.slack[1]) && isnan(truth.loss_slack[0]));
    ck_assert(isnan(truth.gradient_slack[0]) && isnan(cln_truth_usual_output(&truth, 0, 1)));
    cln_truth_free(&truth);
    ended end = descend(&t, deviation, &how);
    ck_assert(isnan(end.w[0]) && isnan(end.usual));
    cln_trial_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("descent");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_loop_test(ok, same_as_on_standardised_rows, 0, 4);
    tcase_add_loop_test(ok, nothing_may_be_left_out, 0, 4);
    tcase_add_loop_test(ok, floats_are_off_by_what_is_usual, 0, 4);
    tcase_add_test(edges, nan_stays);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return run_suite(suite);
}
