/* Minibatch SGD on both engines against the double-precision reference: weights, scores and figures; the same run, the same bits. */
#include "compute/engine.h"
#include "problem.h"

static const char *const engines[] = {"fused", "clblast"};

typedef struct trial {
    uint32_t n, d, k;
    cln_type type;
    uint32_t valid; /* the last rows */
    schedule s;     /* rows 0: what valid leaves */
    const char *words;
    bool big; /* not for a simulator */
} trial;

static const trial trials[] = {
    /* whole and partial batches, bytes and floats */
    {40,
     5,
     3,
     CLN_UINT8,
     0,
     {.batch = 8, .epochs = 3, .learning_rate = 0.2},
     "batch-size=8 epochs=3 learning-rate=0.2",
     0},
    {41,
     5,
     3,
     CLN_FLOAT32,
     0,
     {.batch = 8, .epochs = 3, .learning_rate = 0.2},
     "batch-size=8 epochs=3 learning-rate=0.2",
     0},
    {41,
     17,
     4,
     CLN_UINT8,
     0,
     {.batch = 8, .epochs = 2, .learning_rate = 0.2, .drop_last = true},
     "batch-size=8 epochs=2 learning-rate=0.2 drop-last=true",
     0},
    /* the order of the file, no bias, momentum, penalty */
    {33,
     16,
     2,
     CLN_FLOAT32,
     0,
     {.batch = 10, .epochs = 3, .learning_rate = 0.1, .no_shuffle = true, .no_bias = true},
     "batch-size=10 epochs=3 learning-rate=0.1 no-shuffle=true no-bias=true",
     0},
    {33,
     15,
     5,
     CLN_UINT8,
     0,
     {.batch = 10, .epochs = 3, .learning_rate = 0.05, .momentum = 0.9, .l2 = 0.1, .seed = 7},
     "batch-size=10 epochs=3 learning-rate=0.05 momentum=0.9 l2=0.1 seed=7",
     0},
    /* alpha is in units of summed losses: 0.1 times the 30 rows that are left */
    {37,
     4,
     3,
     CLN_FLOAT32,
     7,
     {.batch = 10, .epochs = 3, .learning_rate = 0.1, .l2 = 0.1},
     "batch-size=10 epochs=3 learning-rate=0.1 alpha=3 valid=7",
     0},
    /* the ends: one row, one feature, one output, a batch beyond the rows */
    {1, 1, 1, CLN_UINT8, 0, {.batch = 1, .epochs = 2, .learning_rate = 0.5}, "epochs=2 learning-rate=0.5", 0},
    {2, 1, 2, CLN_FLOAT32, 1, {.batch = 1, .epochs = 2, .learning_rate = 0.5}, "epochs=2 learning-rate=0.5 valid=1", 0},
    {12,
     1,
     2,
     CLN_UINT8,
     0,
     {.batch = 12, .epochs = 4, .learning_rate = 0.5},
     "batch-size=1000000000000000000 epochs=4 learning-rate=0.5",
     0},
    {20,
     3,
     2,
     CLN_UINT8,
     0,
     {.batch = 1, .epochs = 2, .learning_rate = 0.1},
     "batch-size=1 epochs=2 learning-rate=0.1",
     0},
    {20,
     8,
     3,
     CLN_FLOAT32,
     13,
     {.batch = 7, .epochs = 2, .learning_rate = 0.1},
     "batch-size=7 epochs=2 learning-rate=0.1 valid=13",
     0},
    /* at more rows and features than one work-item takes */
    {1031,
     100,
     10,
     CLN_UINT8,
     200,
     {.batch = 100, .epochs = 4, .learning_rate = 0.05, .momentum = 0.5, .l2 = 0.01},
     "batch-size=100 epochs=4 learning-rate=0.05 momentum=0.5 l2=0.01 valid=200",
     1},
    {1031,
     61,
     33,
     CLN_FLOAT32,
     0,
     {.batch = 64, .epochs = 3, .learning_rate = 0.05},
     "batch-size=64 epochs=3 learning-rate=0.05",
     1},
    {700,
     300,
     64,
     CLN_UINT8,
     0,
     {.batch = 128, .epochs = 3, .learning_rate = 0.02},
     "batch-size=128 epochs=3 learning-rate=0.02",
     1},
    {3001,
     784,
     10,
     CLN_UINT8,
     0,
     {.batch = 3001, .epochs = 4, .learning_rate = 0.02},
     "batch-size=3001 epochs=4 learning-rate=0.02",
     1},
};

#define TRIALS ((int)(sizeof trials / sizeof *trials))

/* Everything the result says, at the device's own weights. */
static void check_result(const cln_result *result, const cln_model *model, const problem *p, const problem *test,
                         const schedule *s, uint32_t valid, uint32_t steps, const char *engine)
{
    cln_reference own = as_reference(model);
    double objective, norm = shadow_gradient(&own, p, s->rows, s->l2, &objective), near = logit_tolerance(p, 10);
    ck_assert_str_eq(result->engine, engine);
    ck_assert_uint_eq(result->rows, s->rows);
    ck_assert_uint_eq(result->features, p->d);
    ck_assert_uint_eq(result->outputs, p->k);
    ck_assert_uint_eq(result->epochs, s->epochs);
    ck_assert_uint_eq(result->steps, steps);
    ck_assert_uint_eq(result->best_epoch, 0);
    ck_assert_int_eq(result->stopped, CLN_STOP_EPOCHS);
    ck_assert_str_eq(result->reason, "the epoch limit was reached");
    ck_assert_double_eq_tol(result->objective, objective, near);
    ck_assert_double_eq_tol(result->gradient_norm, norm, near + sqrt(s->rows) * (double)FLT_EPSILON);
    check_score(&result->train, &own, p, 0, s->rows);
    if (valid)
        check_score(&result->valid, &own, p, s->rows, valid);
    else
        ck_assert(result->valid.rows == 0 && isnan(result->valid.loss));
    check_score(&result->test, &own, test, 0, test->n);
    const cln_seconds *t = &result->seconds;
    ck_assert(t->load >= 0 && t->build >= 0 && t->upload >= 0 && t->train > 0 && t->evaluate > 0);
    ck_assert_double_ge(t->total, t->load + t->build + t->upload + t->train + t->evaluate - 1e-6);
    ck_assert_uint_gt(result->peak_host_bytes, 0);
    ck_assert_uint_ge(result->device_bytes, (uint64_t)p->n * p->d);
    free(own.w);
    free(own.b);
}

START_TEST(test_against_reference)
{
    const trial *t = &trials[_i / 2];
    const char *engine = engines[_i % 2];
    if (tiny() && (t->big || _i % 2 || _i > 12)) /* a simulator takes its time, most of all with CLBlast */
        return;
    problem p = problem_make(t->n, t->d, t->k, t->type, (uint64_t)_i / 2 + 1),
            test = problem_make(t->n + 3, t->d, t->k, t->type, 99);
    schedule s = t->s;
    s.rows = t->n - t->valid;
    shadow reference = shadow_make(&p, &s);
    uint32_t steps = 0;
    for (uint64_t epoch = 1; epoch <= s.epochs; epoch++)
        steps += shadow_pass(&reference, &p, &s, epoch, NULL);

    uint64_t before = device->bytes;
    cln_result result;
    cln_model *model = trained(engine, t->words, p.data, NULL, test.data, &result);
    ck_assert_uint_eq(device->bytes, before);
    double allowed = weight_tolerance(&p, &s, steps, widest_weight(&reference.model));
    double apart = widest_difference(model, &reference.model);
    printf("  %-7s n=%u d=%u k=%u: weights differ by %.2g of %.2g, allowed %.2g\n", engine, p.n, p.d, p.k, apart,
           widest_weight(&reference.model), allowed);
    ck_assert_double_le(apart, allowed);
    check_result(&result, model, &p, &test, &s, t->valid, steps, engine);

    cln_model *again = trained(engine, t->words, p.data, NULL, test.data, NULL);
    ck_assert(same_bits(model, again));
    cln_model_free(again);
    cln_model_free(model);
    shadow_free(&reference);
    problem_free(&test);
    problem_free(&p);
}
END_TEST

/* Two trainers on one device take turns and do not disturb each other; a closed one leaves nothing behind. */
START_TEST(test_two_at_once)
{
    if (tiny())
        return;
    problem p = problem_make(60, 7, 3, CLN_UINT8, 61), q = problem_make(50, 5, 4, CLN_FLOAT32, 62);
    const char *words = "batch-size=20 epochs=2";
    cln_model *p_alone = trained(engines[_i], words, p.data, NULL, NULL, NULL);
    cln_model *q_alone = trained(engines[1 - _i], words, q.data, NULL, NULL, NULL);
    uint64_t before = device->bytes;
    cln_trainer *a = trainer_of(engines[_i], words, p.data, NULL, NULL),
                *b = trainer_of(engines[1 - _i], words, q.data, NULL, NULL);
    for (uint64_t step = 0; step < 6; step++) {
        OK(cln_trainer_step(a, step % 3, NULL, error));
        OK(cln_trainer_step(b, step % 3, NULL, error));
    }
    cln_model *p_turns = model_of(a), *q_turns = model_of(b);
    ck_assert(same_bits(p_alone, p_turns));
    ck_assert(same_bits(q_alone, q_turns));
    cln_trainer_close(a);
    cln_trainer_close(b);
    ck_assert_uint_eq(device->bytes, before);
    cln_model_free(p_alone);
    cln_model_free(q_alone);
    cln_model_free(p_turns);
    cln_model_free(q_turns);
    problem_free(&p);
    problem_free(&q);
}
END_TEST

/* The metadata says how the model came about. */
START_TEST(test_metadata)
{
    if (tiny() && _i)
        return;
    problem p = problem_make(60, 7, 3, CLN_UINT8, 81);
    cln_model *model = trained(engines[_i], "epochs=2 batch-size=25 l2=1e-4", p.data, NULL, NULL, NULL);
    static const char *const expected[][2] = {{"rows", "60"},
                                              {"epochs", "2"},
                                              {"steps", "6"},
                                              {"stopped", "epochs"},
                                              {"data", "memory"},
                                              {"option.l2", "1e-4"},
                                              {"option.batch-size", "25"},
                                              {"option.seed", "0"}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        ck_assert_str_eq(cln_model_metadata(model, expected[i][0]), expected[i][1]);
    ck_assert_str_eq(cln_model_metadata(model, "engine"), engines[_i]);
    ck_assert_ptr_null(cln_model_metadata(model, "option.patience"));
    ck_assert_uint_eq(cln_model_class(model, 2), 2);
    cln_model_free(model);
    problem_free(&p);
}
END_TEST

START_TEST(test_auto)
{
    if (tiny())
        return;
    problem narrow = problem_make(80, 3, CLN_FUSED_OUTPUTS, CLN_UINT8, 91),
            wide = problem_make(80, 3, CLN_FUSED_OUTPUTS + 1, CLN_UINT8, 91);
    cln_result result;
    cln_model_free(trained("auto", "epochs=1", narrow.data, NULL, NULL, &result));
    ck_assert_str_eq(result.engine, "fused");
    cln_model_free(trained("auto", "epochs=1", wide.data, NULL, NULL, &result));
    ck_assert_str_eq(result.engine, "clblast");
    problem_free(&narrow);
    problem_free(&wide);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/trainer");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_loop_test(ok, test_against_reference, 0, 2 * TRIALS);
    tcase_add_loop_test(ok, test_metadata, 0, 2);
    tcase_add_loop_test(edges, test_two_at_once, 0, 2);
    tcase_add_test(edges, test_auto);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return run_on_device(suite);
}
