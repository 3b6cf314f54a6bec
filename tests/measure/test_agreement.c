/* Agreement with the host in double: rows as promised, and nothing wrong that goes unseen: other data, other weights, NaN, lost launches. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "device/opencl.h"
#include "measure/agreement.h"
#include "train/problem.h"

#include <dlfcn.h>

/* ---- a driver that forgets a launch now and then ---- */

static struct {
    uint64_t launches, lose_every; /* 0: none */
} driver;

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset,
                              const size_t *global, const size_t *local, cl_uint count, const cl_event *wait,
                              cl_event *event)
{
    __typeof__(&clEnqueueNDRangeKernel) call = NULL;
    *(void **)&call = dlsym(RTLD_NEXT, "clEnqueueNDRangeKernel");
    ck_assert_msg(call != NULL, "clEnqueueNDRangeKernel");
    if (!event && driver.lose_every && ++driver.launches % driver.lose_every == 0)
        return CL_SUCCESS;
    return call(queue, kernel, dimensions, offset, global, local, count, wait, event);
}

/* ---- what is told ---- */

typedef struct heard {
    char names[32][40];
    double values[32], limits[32];
    char reasons[32][300];
    size_t count;
    int calls, stop_at;
} heard;

static void hear(const cln_measurement *row, void *user)
{
    heard *h = user;
    ck_assert_uint_lt(h->count, 32);
    ck_assert_str_eq(row->unit, "tolerances");
    snprintf(h->names[h->count], sizeof h->names[0], "%s", row->name);
    snprintf(h->reasons[h->count], sizeof h->reasons[0], "%s", row->reason ? row->reason : "");
    h->values[h->count] = row->value;
    h->limits[h->count++] = row->limit;
}

static int go_on(const cln_measure_progress *progress, void *user)
{
    heard *h = user;
    ck_assert(*progress->doing && progress->seconds >= 0 && progress->seconds_left >= 0);
    return ++h->calls == h->stop_at;
}

static bool measured(cln_dataset *data, heard *h)
{
    bool agrees = false;
    h->count = 0;
    OK(cln_measure_agreement(device, &(cln_parts){data, NULL, NULL}, NULL, go_on, hear, h, &agrees, error));
    return agrees;
}

static const char *const names[] = {"fused.moments",     "fused.weights",       "fused.loss",
                                    "fused.predictions", "clblast.moments",     "clblast.weights",
                                    "clblast.loss",      "clblast.predictions", "gram"};
enum { ROWS = 9 };

static uint32_t rows_of(uint32_t rows)
{
    return tiny() ? 20 : rows;
}

START_TEST(rows_as_promised)
{
    static const struct {
        uint32_t n, d, k;
        cln_type type;
    } cases[] = {{700, 40, 7, CLN_UINT8}, {2100, 33, 3, CLN_FLOAT32}, {3, 1, 2, CLN_UINT8}, {350, 20, 64, CLN_FLOAT32}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        problem p = problem_make(rows_of(cases[c].n), cases[c].d, cases[c].k, cases[c].type, 3 + c);
        heard h = {0};
        bool agrees = measured(p.data, &h);
        ck_assert_uint_eq(h.count, ROWS);
        for (size_t i = 0; i < ROWS; i++) {
            ck_assert_str_eq(h.names[i], names[i]);
            ck_assert_msg(h.values[i] >= 0 && h.values[i] <= 1, "%s: %g %s", names[i], h.values[i], h.reasons[i]);
            ck_assert_double_eq(h.limits[i], 1);
        }
        ck_assert(agrees);
        ck_assert_int_ge(h.calls, 4);
        problem_free(&p);
    }
}
END_TEST

/* The data's own weights are none of this; the caller's data set stays as it was. */
START_TEST(weighted_rows)
{
    problem p = problem_make(60, 5, 3, CLN_UINT8, 8);
    float weights[60] = {0};
    heard h = {0};
    cln_dataset_info info;
    weights[59] = 1;
    OK(cln_dataset_weigh(p.data, weights, error));
    ck_assert(measured(p.data, &h));
    cln_dataset_describe(p.data, &info);
    ck_assert_uint_eq(info.rows, 60);
    ck_assert(cln_dataset_weights(p.data) != NULL && cln_dataset_weights(p.data)[0] < 0.5f);
    problem_free(&p);
}
END_TEST

START_TEST(real_targets)
{
    problem p = problem_make(rows_of(400), 12, 3, CLN_FLOAT32, 8);
    float *targets = calloc((size_t)p.n * 2, sizeof *targets);
    cln_dataset *data = NULL;
    heard h = {0};
    for (uint32_t i = 0; i < 2 * p.n; i++)
        targets[i] = (float)sin(i) * 3;
    OK(cln_dataset_wrap_targets(p.x, p.type, p.n, p.d, targets, 2, &data, error));
    ck_assert(measured(data, &h));
    ck_assert_uint_eq(h.count, ROWS);
    cln_dataset_close(data);
    free(targets);
    problem_free(&p);
}
END_TEST

/* The fused engine does not take so many outputs, which is no disagreement. */
START_TEST(what_an_engine_is_not_made_for)
{
    problem p = problem_make(40, 3, 80, CLN_FLOAT32, 8);
    heard h = {0};
    ck_assert(measured(p.data, &h));
    ck_assert_uint_eq(h.count, ROWS);
    for (size_t i = 0; i < 4; i++)
        ck_assert(isnan(h.values[i]) && isnan(h.limits[i]) && *h.reasons[i]);
    for (size_t i = 4; i < ROWS; i++)
        ck_assert(h.values[i] <= 1);
    bool agrees = true;
    FAILS(CLN_UNSUPPORTED, "up to 64 outputs",
          cln_measure_agreement(device, &(cln_parts){p.data, NULL, NULL}, "fused", NULL, NULL, NULL, &agrees, error));
    ck_assert(!agrees);
    problem_free(&p);
}
END_TEST

/* ---- what is wrong is seen ---- */

typedef struct found {
    cln_fixed_run run;
    cln_fixed_findings findings;
} found;

static found find(const problem *p)
{
    found f = {0};
    cln_telling telling = {0};
    OK(cln_fixed_run_create(p->data, false, &f.run, error));
    OK(cln_agreement_find(device, "auto", &f.run, &telling, &f.findings, error));
    return f;
}

static void found_free(found *f)
{
    cln_agreement_forget(&f->findings);
    cln_fixed_run_release(&f->run);
}

static cln_fixed_verdict judged(found *f)
{
    cln_fixed_verdict verdict;
    OK(cln_fixed_run_judge(&f->run, &f->findings, &verdict, error));
    return verdict;
}

START_TEST(one_wrong_value)
{
    problem p = problem_make(rows_of(500), 30, 5, CLN_UINT8, 4);
    found f = find(&p);
    cln_fixed_verdict right = judged(&f);
    ck_assert(right.weights <= 1 && right.loss <= 1 && right.predictions <= 1);

    float weight = f.findings.weight[17];
    f.findings.weight[17] = weight * 1.01f + 1e-3f;
    ck_assert_double_gt(judged(&f).weights, 1);
    f.findings.weight[17] = NAN;
    cln_fixed_verdict verdict = judged(&f);
    ck_assert(isnan(verdict.weights) && isnan(verdict.loss) && isnan(verdict.predictions));
    f.findings.weight[17] = weight;

    cln_score score = f.findings.train;
    f.findings.train.loss *= 1.001;
    ck_assert_double_gt(judged(&f).loss, 1);
    f.findings.train.loss = NAN;
    ck_assert(isnan(judged(&f).loss));
    f.findings.train = score;
    f.findings.test.errors += p.n / 2;
    ck_assert_double_gt(judged(&f).predictions, 1);
    f.findings.test.errors -= p.n / 2;

    float probability = f.findings.probability[9];
    f.findings.probability[9] += 1e-3f;
    ck_assert_double_gt(judged(&f).predictions, 1);
    f.findings.probability[9] = probability;
    uint32_t predicted = f.findings.predicted[3];
    f.findings.predicted[3] = (predicted + 1) % p.k;
    ck_assert_double_gt(judged(&f).predictions, 1);
    f.findings.predicted[3] = p.k;
    ck_assert(isnan(judged(&f).predictions));
    f.findings.predicted[3] = predicted;
    ck_assert_double_eq(judged(&f).weights, right.weights);
    found_free(&f);
    problem_free(&p);
}
END_TEST

/* A device that trains on one row of other data, or stops a step early. */
START_TEST(other_data)
{
    problem p = problem_make(rows_of(600), 30, 5, CLN_UINT8, 4);
    found f = {0};
    cln_telling telling = {0};
    OK(cln_fixed_run_create(p.data, false, &f.run, error));
    uint8_t *row = (uint8_t *)p.x + 11 * p.d;
    for (uint32_t j = 0; j < p.d; j++)
        row[j] = (uint8_t)(255 - row[j]);
    OK(cln_agreement_find(device, "auto", &f.run, &telling, &f.findings, error));
    cln_fixed_verdict verdict = judged(&f);
    ck_assert_double_gt(verdict.weights, 1);
    ck_assert_double_gt(verdict.loss, 1);
    ck_assert_double_gt(verdict.predictions, 1);
    double worst = NAN;
    OK(cln_agreement_gram(device, &f.run, &worst, error));
    ck_assert_double_gt(worst, 1);
    found_free(&f);
    problem_free(&p);
}
END_TEST

START_TEST(a_lost_launch)
{
    problem p = problem_make(rows_of(600), 30, 5, CLN_FLOAT32, 4);
    heard h = {0};
    driver.launches = 0;
    driver.lose_every = 3;
    ck_assert(!measured(p.data, &h));
    driver.lose_every = 0;
    ck_assert_uint_eq(h.count, ROWS);
    ck_assert(!(h.values[1] <= 1));
    ck_assert(!(h.values[5] <= 1));
    ck_assert(measured(p.data, &h));
    problem_free(&p);
}
END_TEST

/* Which a bound could make 0/0 of. */
START_TEST(nothing_to_learn_from)
{
    uint8_t x[20 * 3] = {0};
    int32_t y[20] = {0};
    cln_dataset *data = NULL;
    heard h = {0};
    OK(cln_dataset_wrap(x, CLN_UINT8, 20, 3, y, &data, error));
    ck_assert(measured(data, &h));
    cln_dataset_close(data);
}
END_TEST

START_TEST(large_features)
{
    problem p = problem_make(rows_of(300), 9, 3, CLN_FLOAT32, 4);
    heard h = {0};
    for (uint32_t i = 0; i < p.n * p.d; i++)
        ((float *)p.x)[i] *= 1e4f;
    measured(p.data, &h);
    for (size_t i = 0; i < h.count; i++)
        ck_assert_msg(h.values[i] <= 1, "%s: %g %s", h.names[i], h.values[i], h.reasons[i]);
    bool agrees = true;
    ((float *)p.x)[4] = 1e20f;
    FAILS(CLN_INVALID, "divide the features",
          cln_measure_agreement(device, &(cln_parts){p.data, NULL, NULL}, NULL, NULL, NULL, NULL, &agrees, error));
    ck_assert(!agrees);
    problem_free(&p);
}
END_TEST

START_TEST(stopped)
{
    problem p = problem_make(rows_of(300), 9, 3, CLN_UINT8, 4);
    for (int at = 1; at <= 4; at++) {
        heard h = {.stop_at = at};
        ck_assert(!measured(p.data, &h));
        ck_assert_uint_le(h.count, 8);
        ck_assert_int_eq(h.calls, at);
    }
    problem_free(&p);
}
END_TEST

START_TEST(one_engine_alone)
{
    problem p = problem_make(60, 9, 3, CLN_UINT8, 4);
    heard h = {0};
    bool agrees = false;
    OK(cln_measure_agreement(device, &(cln_parts){p.data, NULL, NULL}, "clblast", go_on, hear, &h, &agrees, error));
    ck_assert(agrees);
    ck_assert_uint_eq(h.count, 5);
    ck_assert_str_eq(h.names[1], "clblast.weights");
    ck_assert_str_eq(h.names[4], "gram");
    FAILS(CLN_INVALID, "there is no engine",
          cln_measure_agreement(device, &(cln_parts){p.data, NULL, NULL}, "fast", NULL, NULL, NULL, &agrees, error));
    problem_free(&p);
}
END_TEST

START_TEST(without_labels)
{
    uint8_t x[4] = {0};
    cln_dataset *data = NULL;
    bool agrees = true;
    OK(cln_dataset_wrap(x, CLN_UINT8, 2, 2, NULL, &data, error));
    FAILS(CLN_INVALID, "labels",
          cln_measure_agreement(device, &(cln_parts){data, NULL, NULL}, NULL, NULL, NULL, NULL, &agrees, error));
    ck_assert(!agrees);
    FAILS(CLN_INVALID, "no training data",
          cln_measure_agreement(device, &(cln_parts){NULL, NULL, NULL}, NULL, NULL, NULL, NULL, &agrees, error));
    cln_dataset_close(data);
}
END_TEST

static void nothing_left(void)
{
    ck_assert_uint_eq(device->bytes, 0);
}

int main(void)
{
    Suite *suite = suite_create("agreement");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_set_timeout(cases[i], 0);
        tcase_add_checked_fixture(cases[i], NULL, nothing_left);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(ok, rows_as_promised);
    tcase_add_test(ok, weighted_rows);
    tcase_add_test(ok, real_targets);
    tcase_add_test(ok, one_engine_alone);
    tcase_add_test(edges, what_an_engine_is_not_made_for);
    tcase_add_test(edges, one_wrong_value);
    tcase_add_test(edges, other_data);
    tcase_add_test(edges, a_lost_launch);
    tcase_add_test(edges, nothing_to_learn_from);
    tcase_add_test(edges, large_features);
    tcase_add_test(edges, stopped);
    tcase_add_test(invalid, without_labels);
    return run_on_device(suite);
}
