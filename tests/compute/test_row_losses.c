/* Every loss, target and weight of rows, features that are centred and spread, and stacked models: on both engines, in every shape. */
#include "compute/blas.h"
#include "compute/engine_checks.h"

typedef enum shape_name { CPU_16, CPU_8, CPU_4, GPU, CPU_ODD, GPU_ODD, CLBLAST, CLBLAST_GPU } shape_name;

static const struct {
    uint32_t n, d, one, models;
    cln_row_loss loss;
    cln_target target;
    cln_type type;
    bool bias, weighted, centred, spread;
    shape_name shapes[3];
} cases[] = {
    {33, 7, 3, 1, CLN_SQUARED, CLN_TARGET_ONEHOT, CLN_UINT8, true, true, true, true, {CPU_4, GPU, CPU_ODD}},
    {37, 17, 1, 1, CLN_SQUARED, CLN_TARGET_VALUE, CLN_FLOAT32, true, false, true, false, {CPU_16, GPU, CLBLAST}},
    {19, 7, 3, 1, CLN_SQUARED, CLN_TARGET_REAL, CLN_FLOAT32, false, true, true, true, {CPU_8, GPU_ODD, CLBLAST}},
    {29,
     33,
     7,
     1,
     CLN_SOFTMAX_SQUARED,
     CLN_TARGET_ONEHOT,
     CLN_UINT8,
     false,
     true,
     true,
     true,
     {CPU_16, GPU, CLBLAST_GPU}},
    {35,
     20,
     2,
     3,
     CLN_CROSS_ENTROPY,
     CLN_TARGET_ONEHOT,
     CLN_UINT8,
     true,
     true,
     false,
     true,
     {CPU_ODD, GPU_ODD, CPU_16}},
    {23, 13, 4, 1, CLN_CROSS_ENTROPY, CLN_TARGET_REAL, CLN_FLOAT32, true, false, false, false, {CPU_8, GPU, CLBLAST}},
    {27, 9, 1, 6, CLN_SQUARED, CLN_TARGET_VALUE, CLN_UINT8, false, true, false, true, {CPU_4, GPU, CLBLAST}},
    {41,
     15,
     5,
     2,
     CLN_SOFTMAX_SQUARED,
     CLN_TARGET_REAL,
     CLN_FLOAT32,
     true,
     false,
     true,
     false,
     {CPU_ODD, GPU_ODD, CLBLAST}},
    {200,
     100,
     10,
     6,
     CLN_CROSS_ENTROPY,
     CLN_TARGET_ONEHOT,
     CLN_UINT8,
     true,
     false,
     true,
     false,
     {CPU_16, GPU, CLBLAST}},
    {50,
     33,
     10,
     7,
     CLN_CROSS_ENTROPY,
     CLN_TARGET_ONEHOT,
     CLN_UINT8,
     true,
     true,
     true,
     true,
     {CLBLAST, CLBLAST_GPU, CLBLAST}},
    {21,
     33,
     70,
     1,
     CLN_SQUARED,
     CLN_TARGET_REAL,
     CLN_FLOAT32,
     true,
     true,
     true,
     false,
     {CLBLAST, CLBLAST_GPU, CLBLAST}},
    {21,
     10,
     66,
     1,
     CLN_SOFTMAX_SQUARED,
     CLN_TARGET_ONEHOT,
     CLN_UINT8,
     true,
     false,
     false,
     true,
     {CLBLAST, CLBLAST, CLBLAST}},
    {21,
     10,
     66,
     1,
     CLN_CROSS_ENTROPY,
     CLN_TARGET_ONEHOT,
     CLN_UINT8,
     false,
     true,
     false,
     false,
     {CLBLAST, CLBLAST, CLBLAST}},
};
#define CASES      ((int)(sizeof cases / sizeof *cases))
#define TINY_CASES 5

static sample sample_of(int i)
{
    sample s = sample_create(cases[i].n, cases[i].d, cases[i].one * cases[i].models, cases[i].type, cases[i].bias);
    MUST(cln_trial_models(&s, cases[i].loss, cases[i].target, cases[i].models, error));
    MUST(cln_trial_fold(&s, cases[i].centred, cases[i].spread, error));
    if (cases[i].weighted)
        MUST(cln_trial_weigh(&s, error));
    return s;
}

static cln_shape shape_of(const sample *s, shape_name name)
{
    static const uint32_t widths[] = {16, 8, 4, 4, 8, 4, 0, 4};
    cln_facts facts = device->facts;
    cln_problem problem = sample_problem(s);
    facts.native_float_width = widths[name] == 0              ? facts.native_float_width
                               : narrow() && widths[name] > 8 ? 8
                                                              : widths[name];
    bool gpu = name == GPU || name == GPU_ODD || name == CLBLAST_GPU;
    cln_shape shape = cln_shape_choose(&facts, &problem, gpu ? CLN_SHAPE_GPU : CLN_SHAPE_CPU);
    if (name == CPU_ODD) {
        shape.rows = shape.outputs = shape.feature_vectors = 3;
        shape.group_rows = 24;
        shape.split_rows = 2;
        shape.most_splits = 7;
    }
    if (name == GPU_ODD) {
        shape.lanes = 5;
        shape.slots = 3;
        shape.rows = 2;
        shape.group = 7;
        shape.outputs = 4;
        shape.split_rows = 9;
    }
    return shape;
}

START_TEST(rows_agree_with_the_reference)
{
    sample s = sample_of(_i);
    for (int i = 0; i < 3; i++) {
        shape_name name = cases[_i].shapes[i];
        if ((i && name == cases[_i].shapes[0]) || (tiny() && (name >= CLBLAST || _i >= TINY_CASES)))
            continue;
        cln_facts own = device->facts;
        snprintf(place, sizeof place, "loss %d target %d, n=%u d=%u k=%u of %u models, shape %d", s.loss, s.target, s.n,
                 s.d, s.k, s.models, name);
        if (name >= CLBLAST)
            MUST(cln_blas_prepare(device, error)); /* for what the device is */
        if (name == CLBLAST_GPU) {
            device->facts.is_cpu = false;
            device->facts.vendor_id = 0x10de;
        }
        cln_shape shape = shape_of(&s, name);
        check_engine(&s, name >= CLBLAST ? "clblast" : "fused", &shape, 0);
        device->facts = own;
    }
    cln_trial_free(&s);
}
END_TEST

/* A NaN among a model's weights shows in its loss, counts as errors and predicts nothing, and leaves its neighbours alone. */
START_TEST(nan_stays_in_its_model)
{
    static const cln_target targets[] = {CLN_TARGET_ONEHOT, CLN_TARGET_VALUE};
    static const shape_name names[] = {CPU_8, GPU, CLBLAST};
    for (int i = 0; i < (tiny() ? 4 : 6); i++) {
        sample s = sample_create(5, 7, 6, CLN_FLOAT32, true);
        MUST(cln_trial_models(&s, i % 2 ? CLN_SQUARED : CLN_CROSS_ENTROPY, targets[i % 2], i % 2 ? 6 : 3, error));
        uint32_t nan = s.models - 1, none = i % 2 ? CLN_NO_VALUE : 2;
        s.w[5 * 7 + 3] = NAN;
        snprintf(place, sizeof place, "a NaN in target %d, shape %d", s.target, names[i / 2]);
        cln_shape shape = shape_of(&s, names[i / 2]);
        rig r = rig_create(&s, names[i / 2] == CLBLAST ? "clblast" : "fused", &shape, 0);
        cln_rows rows;
        rig_forward(&r, false, true, &rows);
        uint32_t count = cln_plan_scores(r.plan, 5);
        uint32_t *predicted = (uint32_t *)read_floats(r.predicted, (size_t)5 * s.models);
        cln_partial_score *scores = (cln_partial_score *)read_floats(r.scores, 2 * (size_t)count * s.models);
        for (uint32_t m = 0; m < s.models; m++) {
            double loss = 0;
            uint32_t errors = 0;
            for (uint32_t part = 0; part < count; part++) {
                loss += (double)scores[part * s.models + m].loss;
                errors += scores[part * s.models + m].errors;
            }
            ck_assert_msg(!isnan(loss) == (m != nan), "%s: loss %g of model %u", place, loss, m);
            ck_assert_msg(m != nan || errors == 5, "%s: %u errors", place, errors);
        }
        for (uint32_t row = 0; row < 5; row++)
            for (uint32_t m = 0; m < s.models; m++)
                ck_assert_msg((predicted[row * s.models + m] == none) == (m == nan), "%s: row %u model %u predicts %u",
                              place, row, m, predicted[row * s.models + m]);
        free(predicted);
        free(scores);
        rig_release(&r);
        cln_trial_free(&s);
    }
}
END_TEST

START_TEST(what_does_not_go_together_is_refused)
{
    cln_problem problem = {.features = 10, .outputs = 7, .models = 2, .scale = 1, .block_rows = 10};
    const float shift[10] = {0};
    cln_error wrong = {0};
    cln_plan *plan = NULL;
    ck_assert_int_eq(cln_plan_create(device, "fused", &problem, NULL, &plan, &wrong), CLN_INVALID);
    ck_assert_ptr_nonnull(strstr(wrong.message, "2 models"));
    problem.models = 0;
    problem.target = CLN_TARGET_VALUE;
    wrong = (cln_error){0};
    ck_assert_int_eq(cln_plan_create(device, "clblast", &problem, NULL, &plan, &wrong), CLN_INVALID);
    ck_assert_ptr_nonnull(strstr(wrong.message, "value"));
    problem.target = CLN_TARGET_ONEHOT;
    wrong = (cln_error){0};
    MUST(cln_plan_create(device, "fused", &problem, NULL, &plan, error));
    ck_assert_int_eq(cln_plan_fold(plan, shift, NULL, &wrong), CLN_INVALID);
    ck_assert_ptr_nonnull(strstr(wrong.message, "shift"));
    cln_plan_release(plan);
}
END_TEST

static void nothing_left(void)
{
    ck_assert_uint_eq(device->bytes, 0);
}

int main(void)
{
    Suite *suite = suite_create("row_losses");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_set_timeout(ok, 0);
    tcase_add_checked_fixture(ok, NULL, nothing_left);
    tcase_add_checked_fixture(edges, NULL, nothing_left);
    tcase_add_checked_fixture(invalid, NULL, nothing_left);
    tcase_add_loop_test(ok, rows_agree_with_the_reference, 0, CASES);
    tcase_add_test(edges, nan_stays_in_its_model);
    tcase_add_test(invalid, what_does_not_go_together_is_refused);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return run_on_device(suite);
}
