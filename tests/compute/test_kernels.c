/* The fused engine in every shape, forced on whatever device there is, at awkward sizes. */
#include "compute/engine_checks.h"

/* The device's own choice as if its native vectors were of `width`. CLINEAR_TEST_TINY=narrow keeps to 8, for Oclgrind takes halves
   of a vector of 16 as uninitialised. */
static cln_shape shape_of(const sample *s, cln_shape_kind kind, uint32_t width)
{
    cln_facts facts = device->facts;
    cln_problem problem = sample_problem(s);
    facts.native_float_width = width < 16 || !narrow() ? width : 8;
    return cln_shape_choose(&facts, &problem, kind);
}

enum { SHAPES = 6 };

/* Every vector width of the CPU shape, the GPU shape, and one of each with odd constants. */
static cln_shape shape_at(const sample *s, int index, const char **name)
{
    static const char *const names[SHAPES] = {"cpu 16", "cpu 8", "cpu 4", "gpu", "cpu odd", "gpu odd"};
    static const uint32_t widths[SHAPES] = {16, 8, 4, 4, 8, 4};
    cln_shape shape = shape_of(s, index == 3 || index == 5 ? CLN_SHAPE_GPU : CLN_SHAPE_CPU, widths[index]);
    *name = names[index];
    if (index == 4) {
        shape.rows = 3;
        shape.group_rows = 24;
        shape.feature_vectors = 3;
        shape.outputs = 3;
        shape.split_rows = 2;
        shape.most_splits = 7;   /* 5 rows: the fourth stretch of 2 has none */
        shape.looks_per_row = 0; /* nobody waits for anybody */
    }
    if (index == 5) {
        shape.lanes = 5;
        shape.slots = 3;
        shape.rows = 2;
        shape.group = 7;
        shape.outputs = 4;
        shape.split_rows = 9;
    }
    return shape;
}

static const struct {
    uint32_t n, d, k;
    cln_type type;
    bool bias;
} cases[] = {
    {1, 1, 1, CLN_FLOAT32, true},   {7, 2, 3, CLN_UINT8, true},      {61, 7, 2, CLN_FLOAT32, false},
    {17, 61, 7, CLN_UINT8, true},   {64, 64, 10, CLN_UINT8, true},   {65, 61, 13, CLN_FLOAT32, true},
    {63, 784, 10, CLN_UINT8, true}, {201, 15, 10, CLN_UINT8, false}, {130, 17, 31, CLN_FLOAT32, true},
    {33, 100, 32, CLN_UINT8, true}, {70, 33, 64, CLN_FLOAT32, true}, {600, 784, 10, CLN_UINT8, true},
};
#define CASES      ((int)(sizeof cases / sizeof *cases))
#define TINY_CASES 4
#define ALL_SHAPES 4 /* cases that go through all shapes */

START_TEST(every_shape_agrees_with_the_reference)
{
    if (tiny() && _i >= TINY_CASES)
        return;
    sample s = sample_create(cases[_i].n, cases[_i].d, cases[_i].k, cases[_i].type, cases[_i].bias);
    for (int i = 0; i < SHAPES; i++) {
        const char *name;
        cln_shape shape = shape_at(&s, i, &name);
        static const int turn[SHAPES] = {-1, 0, 1, -1, 2, -1}; /* one of these three: kernels build slowly */
        if (_i >= ALL_SHAPES && turn[i] >= 0 && turn[i] != _i % 3)
            continue;
        snprintf(place, sizeof place, "n=%u d=%u k=%u shape %s", s.n, s.d, s.k, name);
        check_engine(&s, "fused", &shape, 0);
    }
    cln_trial_free(&s);
}
END_TEST

/* Rows scattered over chunks give the same bits as rows in one allocation. */
START_TEST(chunks_do_not_matter)
{
    sample s = sample_create(41, 61, 5, CLN_UINT8, true);
    cln_shape shape = shape_of(&s, _i ? CLN_SHAPE_GPU : CLN_SHAPE_CPU, 16);
    const uint64_t most_bytes[] = {0, 64 * 7, 64}; /* all; 7 rows; 1 row */
    float *first = NULL;
    for (int i = 0; i < 3; i++) {
        snprintf(place, sizeof place, "chunks of %llu bytes", (unsigned long long)most_bytes[i]);
        rig r = rig_create(&s, "fused", &shape, most_bytes[i]);
        cln_rows rows;
        rig_rows(&r, true, &rows);
        rig_gradient(&r, &rows, CLN_STORE);
        float *gradient = read_floats(r.gradient, r.weight_bytes / sizeof(float));
        if (!first)
            first = gradient;
        ck_assert_msg(memcmp(first, gradient, r.weight_bytes) == 0, "%s: other bits", place);
        if (gradient != first)
            free(gradient);
        rig_release(&r);
    }
    free(first);
    cln_trial_free(&s);
}
END_TEST

/* Logits of ±10,000 are exact here: one feature of 1. So are the losses, and nothing overflows. */
START_TEST(softmax_is_stable_at_large_logits)
{
    sample s = sample_create(3, 1, 3, CLN_FLOAT32, false);
    const float weights[] = {1e4f, -1e4f, 0};
    const double losses[] = {0, 20000, 10000};
    const char *name;
    s.scale = 1;
    for (int i = 0; i < 3; i++) {
        ((float *)s.x)[i] = 1;
        s.y[i] = i;
        s.w[i] = weights[i];
    }
    for (int i = 0; i < SHAPES; i++) {
        cln_shape shape = shape_at(&s, i, &name);
        snprintf(place, sizeof place, "shape %s", name);
        rig r = rig_create(&s, "fused", &shape, 0);
        cln_rows rows;
        rig_forward(&r, false, true, &rows);
        float *residual = read_floats(r.plan->residual, 3 * 16);
        cln_partial_score *scores = (cln_partial_score *)read_floats(r.scores, 2 * cln_plan_scores(r.plan, 3));
        double loss = 0;
        for (uint32_t part = 0; part < cln_plan_scores(r.plan, 3); part++)
            loss += (double)scores[part].loss;
        ck_assert_msg(fabs(loss - losses[0] - losses[1] - losses[2]) < 1e-2, "%s: loss %g", place, loss);
        for (int row = 0; row < 3; row++)
            for (int k = 0; k < 3; k++)
                ck_assert_msg(fabs((double)residual[row * 16 + k] - ((k == 0) - (k == row))) < 1e-7,
                              "%s: row %d output %d: %g", place, row, k, (double)residual[row * 16 + k]);
        free(residual);
        free(scores);
        rig_release(&r);
    }
    cln_trial_free(&s);
}
END_TEST

/* Where logits are equal the first of them is predicted, as everywhere else. */
START_TEST(ties_go_to_the_first)
{
    sample s = sample_create(5, 7, 13, CLN_UINT8, false);
    const char *name;
    for (uint32_t j = 0; j < s.d; j++) /* outputs 3 and 9 alike, and above the others, whose weights are negative */
        for (uint32_t k = 0; k < s.k; k++)
            s.w[k * s.d + j] = k == 3 || k == 9 ? 0.5f : -1;
    memset(s.x, 1, (size_t)s.n * s.d);
    for (int i = 0; i < SHAPES; i++) {
        cln_shape shape = shape_at(&s, i, &name);
        snprintf(place, sizeof place, "shape %s", name);
        rig r = rig_create(&s, "fused", &shape, 0);
        cln_rows rows;
        rig_forward(&r, false, true, &rows);
        uint32_t *predicted = (uint32_t *)read_floats(r.predicted, s.n);
        for (uint32_t row = 0; row < s.n; row++)
            ck_assert_msg(predicted[row] == 3, "%s: row %u predicts %u", place, row, predicted[row]);
        free(predicted);
        rig_release(&r);
    }
    cln_trial_free(&s);
}
END_TEST

/* A NaN in the weights shows in the loss, counts as an error and predicts no class. */
START_TEST(nan_is_not_hidden)
{
    sample s = sample_create(5, 7, 3, CLN_FLOAT32, true);
    const char *name;
    s.w[2 * 7 + 3] = NAN;
    for (int i = 0; i < SHAPES; i++) {
        cln_shape shape = shape_at(&s, i, &name);
        snprintf(place, sizeof place, "shape %s", name);
        rig r = rig_create(&s, "fused", &shape, 0);
        cln_rows rows;
        rig_forward(&r, false, true, &rows);
        uint32_t count = cln_plan_scores(r.plan, 5), *predicted = (uint32_t *)read_floats(r.predicted, 5);
        cln_partial_score *scores = (cln_partial_score *)read_floats(r.scores, 2 * (size_t)count);
        double loss = 0;
        uint32_t errors = 0;
        for (uint32_t part = 0; part < count; part++) {
            loss += (double)scores[part].loss;
            errors += scores[part].errors;
        }
        ck_assert_msg(isnan(loss) && errors == 5, "%s: loss %g, %u errors", place, loss, errors);
        for (int row = 0; row < 5; row++)
            ck_assert_msg(predicted[row] == 3, "%s: row %d predicts %u", place, row, predicted[row]);
        free(predicted);
        free(scores);
        rig_release(&r);
    }
    cln_trial_free(&s);
}
END_TEST

/* The device's own loss, moved by ±h in one weight, against its gradient: no reference in between. Loss sums of float rows carry
   an error of about n·u·loss, so h is large and central; its own error is h²/6 times a third derivative below Σ|x|³. */
START_TEST(gradient_is_the_loss_s_slope)
{
    sample s = sample_create(64, 61, 5, CLN_UINT8, true);
    cln_shape shape = shape_of(&s, _i ? CLN_SHAPE_GPU : CLN_SHAPE_CPU, 16);
    snprintf(place, sizeof place, "finite differences, shape %d", _i);
    rig r = rig_create(&s, "fused", &shape, 0);
    cln_rows rows;
    uint32_t ld = r.plan->layout.ld, count = cln_plan_scores(r.plan, s.n);
    rig_rows(&r, false, &rows);
    rig_gradient(&r, &rows, CLN_STORE);
    float *gradient = read_floats(r.gradient, (size_t)s.k * ld), *w = read_floats(r.w, (size_t)s.k * ld);
    const uint32_t columns[] = {0, 17, 60, 61}; /* 61: the bias */
    for (uint32_t k = 0; k < s.k; k++)
        for (int c = 0; c < 4; c++) {
            const float h = 0.0625f;
            size_t at = (size_t)k * ld + columns[c];
            double loss[2] = {0, 0}, cubes = 0;
            for (int side = 0; side < 2; side++) {
                float moved = w[at] + (side ? h : -h);
                MUST(cln_buffer_write(device, r.w, at * sizeof(float), sizeof moved, &moved, error));
                rig_forward(&r, false, true, &rows);
                cln_partial_score *scores = (cln_partial_score *)read_floats(r.scores, 2 * (size_t)count);
                for (uint32_t i = 0; i < count; i++)
                    loss[side] += (double)scores[i].loss;
                free(scores);
            }
            MUST(cln_buffer_write(device, r.w, at * sizeof(float), sizeof w[at], &w[at], error));
            for (uint32_t i = 0; i < s.n; i++)
                cubes += columns[c] < s.d ? pow(cln_trial_value(&s, i, columns[c]), 3) : 1;
            double slope = (loss[1] - loss[0]) / (2 * (double)h);
            double slack = (double)(h * h) / 6 * cubes * 0.1 + (s.d + s.k + 30) * UNIT * (loss[0] + s.n) / (double)h;
            ck_assert_msg(fabs(slope - (double)gradient[at]) <= slack,
                          "%s: output %u column %u: slope %.7g, gradient %.7g ± %.2g", place, k, columns[c], slope,
                          (double)gradient[at], slack);
        }
    free(gradient);
    free(w);
    rig_release(&r);
    cln_trial_free(&s);
}
END_TEST

/* The same launches give the same bits. */
START_TEST(bits_repeat)
{
    sample s = tiny() ? sample_create(23, 40, 3, CLN_UINT8, true) : sample_create(203, 784, 10, CLN_UINT8, true);
    cln_shape shape = shape_of(&s, _i ? CLN_SHAPE_GPU : CLN_SHAPE_CPU, 16);
    snprintf(place, sizeof place, "shape %d", _i);
    rig r = rig_create(&s, "fused", &shape, 0);
    float *first = NULL;
    for (int i = 0; i < (tiny() ? 1 : 20); i++) {
        cln_rows rows;
        rig_rows(&r, true, &rows);
        rig_gradient(&r, &rows, CLN_STORE);
        float *gradient = read_floats(r.gradient, r.weight_bytes / sizeof(float));
        if (!first) {
            first = gradient;
            continue;
        }
        ck_assert_msg(memcmp(first, gradient, r.weight_bytes) == 0, "%s: run %d has other bits", place, i);
        free(gradient);
    }
    free(first);
    rig_release(&r);
    cln_trial_free(&s);
}
END_TEST

/* Work-groups that wait for each other, those that leave at once, and single launches move the weights to the same bits, every time. */
START_TEST(descents_repeat)
{
    const uint32_t batch = tiny() ? 32 : 128, n = tiny() ? 64 : 2048;
    sample s = tiny() ? sample_create(n, 20, 3, CLN_UINT8, true) : sample_create(n, 100, 10, CLN_UINT8, true);
    cln_shape shape = shape_of(&s, CLN_SHAPE_CPU, 16);
    float *first = NULL;
    for (int i = 0; i < (tiny() ? 2 : 100); i++) {
        cln_rows rows;
        shape.split_rows = 16;
        shape.looks_per_row = i % 3 ? 100000 : 0;
        snprintf(place, sizeof place, "descent %d", i);
        rig r = rig_create(&s, "fused", &shape, 0);
        cl_mem kept = r.scores;
        size_t scores = n / batch * cln_plan_scores(r.plan, batch);
        float *w = read_floats(r.w, r.weight_bytes / sizeof(float)), *v = calloc(r.weight_bytes, 1);
        r.scores = guarded(NULL, scores * sizeof(cln_partial_score));
        rig_rows(&r, true, &rows);
        float *moved = steps_of(&r, &rows, batch, false, i ? BY_DESCENT : BY_STEP, w, v);
        ck_assert_msg(!first || memcmp(first, moved, 2 * r.weight_bytes) == 0, "%s: other bits", place);
        check_guard(&r.scores, scores * sizeof(cln_partial_score));
        r.scores = kept;
        if (first)
            free(moved);
        else
            first = moved;
        free(w);
        free(v);
        rig_release(&r);
    }
    free(first);
    cln_trial_free(&s);
}
END_TEST

START_TEST(too_many_outputs_are_refused)
{
    cln_problem problem = {
        .features = 10, .outputs = CLN_FUSED_OUTPUTS + 1, .type = CLN_FLOAT32, .scale = 1, .block_rows = 10};
    cln_error error = {0};
    cln_plan *plan = NULL;
    ck_assert_int_eq(cln_plan_create(device, "fused", &problem, NULL, &plan, &error), CLN_UNSUPPORTED);
    ck_assert_ptr_null(plan);
    ck_assert_ptr_nonnull(strstr(error.message, "65"));
    error = (cln_error){0};
    ck_assert_int_eq(cln_plan_create(device, "cublas", &problem, NULL, &plan, &error), CLN_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "cublas"));
}
END_TEST

/* Whatever a test made has been released. */
static void nothing_left(void)
{
    ck_assert_uint_eq(device->bytes, 0);
}

int main(void)
{
    Suite *suite = suite_create("kernels");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_checked_fixture(ok, NULL, nothing_left);
    tcase_add_checked_fixture(edges, NULL, nothing_left);
    tcase_add_checked_fixture(invalid, NULL, nothing_left);
    tcase_add_loop_test(ok, every_shape_agrees_with_the_reference, 0, CASES);
    tcase_add_loop_test(ok, chunks_do_not_matter, 0, 2);
    tcase_add_loop_test(ok, bits_repeat, 0, 2);
    tcase_add_test(ok, descents_repeat);
    if (!tiny())
        tcase_add_loop_test(ok, gradient_is_the_loss_s_slope, 0, 2);
    tcase_add_test(edges, softmax_is_stable_at_large_logits);
    tcase_add_test(edges, ties_go_to_the_first);
    tcase_add_test(edges, nan_is_not_hidden);
    tcase_add_test(invalid, too_many_outputs_are_refused);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return run_on_device(suite);
}
