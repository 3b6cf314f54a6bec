/* Minibatch SGD on both engines against the double-precision reference: weights, scores and figures; the same run, the same bits. */
#include "compute/engine.h"
#include "problem.h"

static const char *const engines[] = {"fused", "clblast"};

static uint64_t whole_alloc_bytes;

/* Some tests make the device's largest allocation smaller. */
static void setup(void)
{
    whole_alloc_bytes = device->facts.info.max_alloc_bytes;
}

static void teardown(void)
{
    device->facts.info.max_alloc_bytes = whole_alloc_bytes;
}

static bool tiny(void)
{
    return getenv("CLINEAR_TEST_TINY") != NULL;
}

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

static double widest_weight(const cln_reference *model)
{
    double most = 0;
    for (size_t i = 0; i < (size_t)model->k * model->d; i++)
        most = fmax(most, fabs(model->w[i]));
    return most;
}

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

/* Classes 4,1 of six, then the first 30 rows of those, then the last 5 of them for validation. */
START_TEST(test_subset)
{
    if (tiny() && _i)
        return;
    problem all = problem_make(120, 6, 6, CLN_UINT8, 3), part = problem_make(120, 6, 2, CLN_UINT8, 3);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < all.n && kept < 30; i++)
        if (all.y[i] == 4 || all.y[i] == 1) {
            memcpy((uint8_t *)part.x + kept * 6, (uint8_t *)all.x + i * 6, 6);
            memcpy(part.scaled + kept * 6, all.scaled + i * 6, 6 * sizeof(double));
            part.y[kept++] = all.y[i] == 4 ? 0 : 1;
        }
    ck_assert_uint_eq(kept, 30);
    part.n = 30;
    schedule s = {.rows = 25, .batch = 10, .epochs = 3, .learning_rate = 0.2, .seed = 5};
    shadow reference = shadow_make(&part, &s);
    uint32_t steps = 0;
    for (uint64_t epoch = 1; epoch <= s.epochs; epoch++)
        steps += shadow_pass(&reference, &part, &s, epoch, NULL);

    cln_result result;
    cln_model *model =
        trained(engines[_i], "classes=4,1 train-rows=30 valid=5 batch-size=10 epochs=3 learning-rate=0.2 seed=5",
                all.data, NULL, all.data, &result);
    ck_assert_double_le(widest_difference(model, &reference.model), weight_tolerance(&part, &s, steps, 1));
    ck_assert_uint_eq(result.outputs, 2);
    ck_assert_uint_eq(result.rows, 25);
    cln_reference own = as_reference(model);
    check_score(&result.train, &own, &part, 0, 25);
    check_score(&result.valid, &own, &part, 25, 5);
    uint64_t chosen = 0;
    for (uint32_t i = 0; i < all.n; i++)
        chosen += all.y[i] == 4 || all.y[i] == 1;
    ck_assert_uint_eq(result.test.rows, chosen); /* train-rows is for the training data alone */
    ck_assert_uint_eq(cln_model_class(model, 0), 4);
    ck_assert_uint_eq(cln_model_class(model, 1), 1);
    cln_dataset_info info;
    cln_dataset_describe(all.data, &info); /* the caller's data set is as it was */
    ck_assert_uint_eq(info.rows, 120);
    ck_assert_uint_eq(info.outputs, 6);
    free(own.w);
    free(own.b);
    cln_model_free(model);
    shadow_free(&reference);
    problem_free(&part);
    problem_free(&all);
}
END_TEST

/* A class that the training rows lack: its weights are never pulled up, and scoring it is no failure. */
START_TEST(test_class_without_rows)
{
    if (tiny() && _i)
        return;
    problem p = problem_make(40, 5, 4, CLN_UINT8, 8);
    for (uint32_t i = 0; i < 30; i++)
        p.y[i] %= 2;
    for (uint32_t i = 30; i < 40; i++)
        p.y[i] = 3;
    problem_wrap(&p);
    cln_result result;
    cln_model *model =
        trained(engines[_i], "train-rows=40 valid=10 epochs=5 batch-size=10", p.data, NULL, NULL, &result);
    ck_assert_uint_eq(result.outputs, 4);
    ck_assert_uint_eq(result.valid.errors, 10);
    for (uint32_t j = 0; j < 5; j++) /* classes 2 and 3 saw the same: no row */
        ck_assert(cln_model_weight(model)[2 * 5 + j] == cln_model_weight(model)[3 * 5 + j]);
    ck_assert_float_lt(cln_model_bias(model)[3], 0);
    cln_model_free(model);
    problem_free(&p);
}
END_TEST

/* Option scale on bytes: pixel/256 as published; on floats: any. */
START_TEST(test_scale)
{
    if (tiny() && _i)
        return;
    for (int type = 0; type < 2; type++) {
        problem p = problem_make(50, 9, 3, type ? CLN_FLOAT32 : CLN_UINT8, 21);
        double factor = type ? 0.5 : 1.0 / 256 / p.scale;
        for (size_t i = 0; i < (size_t)p.n * p.d; i++)
            p.scaled[i] *= factor;
        schedule s = {.rows = 50, .batch = 20, .epochs = 3, .learning_rate = 0.2};
        shadow reference = shadow_make(&p, &s);
        uint32_t steps = 0;
        for (uint64_t epoch = 1; epoch <= s.epochs; epoch++)
            steps += shadow_pass(&reference, &p, &s, epoch, NULL);
        const char *words = type ? "scale=0.5 batch-size=20 epochs=3 learning-rate=0.2"
                                 : "scale=0.00390625 batch-size=20 epochs=3 learning-rate=0.2";
        cln_model *model = trained(engines[_i], words, p.data, NULL, NULL, NULL);
        ck_assert_double_le(widest_difference(model, &reference.model), weight_tolerance(&p, &s, steps, 1));
        cln_model_free(model);
        shadow_free(&reference);
        problem_free(&p);
    }
}
END_TEST

/* Trains with one allocation holding no more than `bytes`. */
static cln_model *trained_in_chunks(const char *engine, const char *words, const problem *p, uint64_t bytes,
                                    cln_result *result)
{
    device->facts.info.max_alloc_bytes = bytes;
    cln_model *model = trained(engine, words, p->data, NULL, p->data, result);
    device->facts.info.max_alloc_bytes = whole_alloc_bytes;
    return model;
}

/* Data in chunks: the same batches, the same bits; with a shuffle and in order, with batches across the chunks' ends. */
START_TEST(test_chunks)
{
    if (tiny() && _i != 2)
        return;
    const char *engine = engines[_i % 2];
    bool floats = _i / 2 % 2;
    const char *words = _i / 4 ? "batch-size=50 epochs=2 valid=90 no-shuffle=true" : "batch-size=50 epochs=2 valid=90";
    problem p = problem_make(tiny() ? 150 : 3000, 40, 3, floats ? CLN_FLOAT32 : CLN_UINT8, 31);
    cln_result whole, chunked;
    cln_model *one = trained(engine, words, p.data, NULL, p.data, &whole);
    cln_model *many = trained_in_chunks(engine, words, &p, tiny() ? 12500 : 16000, &chunked);
    ck_assert(same_bits(one, many));
    ck_assert_double_eq_tol(chunked.objective, whole.objective, 1e-6); /* scored in other blocks */
    ck_assert_uint_eq(chunked.train.errors, whole.train.errors);
    ck_assert_uint_eq(chunked.valid.errors, whole.valid.errors);
    ck_assert_uint_eq(chunked.test.errors, whole.test.errors);
    ck_assert_uint_eq(chunked.test.rows, p.n);
    cln_model_free(one);
    cln_model_free(many);
    problem_free(&p);
}
END_TEST

/* Full batches of more rows than an engine takes at once. */
START_TEST(test_batch_beyond_a_block)
{
    static const struct {
        uint32_t n, d;
    } shapes[] = {{20000, 4096}, {3000, 4096}}; /* fused takes 16,256 such rows, clblast 2,032 */
    if (tiny())
        return;
    problem p = problem_make(shapes[_i].n, shapes[_i].d, 2, CLN_UINT8, 41);
    cln_problem asked = {.features = p.d, .outputs = 2, .type = CLN_UINT8, .bias = true};
    ck_assert_uint_lt(cln_plan_block_rows(&device->facts, engines[_i], &asked, p.n), p.n);
    schedule s = {.rows = p.n, .batch = p.n, .epochs = 2, .learning_rate = 0.001, .momentum = 0.5, .l2 = 0.01};
    shadow reference = shadow_make(&p, &s);
    for (uint64_t epoch = 1; epoch <= s.epochs; epoch++)
        shadow_pass(&reference, &p, &s, epoch, NULL);
    cln_result result;
    cln_model *model = trained(engines[_i], "batch-size=20000 epochs=2 learning-rate=0.001 momentum=0.5 l2=0.01",
                               p.data, NULL, NULL, &result);
    double apart = widest_difference(model, &reference.model);
    printf("  %-7s n=%u d=%u: weights differ by %.2g of %.2g\n", engines[_i], p.n, p.d, apart,
           widest_weight(&reference.model));
    ck_assert_double_le(apart, weight_tolerance(&p, &s, 2, widest_weight(&reference.model)));
    cln_reference own = as_reference(model);
    check_score(&result.train, &own, &p, 0, p.n);
    free(own.w);
    free(own.b);
    cln_model_free(model);
    shadow_free(&reference);
    problem_free(&p);
}
END_TEST

/* A device whose single allocation is smaller than the block that an engine would like. */
START_TEST(test_block_beyond_an_allocation)
{
    if (tiny() && _i)
        return;
    problem p = problem_make(tiny() ? 100 : 2000, 20, 3, CLN_FLOAT32, 51);
    const char *words = "batch-size=100000 epochs=3 momentum=0.5";
    schedule s = {.rows = p.n, .batch = p.n, .epochs = 3, .learning_rate = 0.1, .momentum = 0.5};
    shadow reference = shadow_make(&p, &s);
    for (uint64_t epoch = 1; epoch <= s.epochs; epoch++)
        shadow_pass(&reference, &p, &s, epoch, NULL);
    cln_result result;
    cln_model *model = trained_in_chunks(engines[_i], words, &p, tiny() ? 6200 : 62000, &result);
    ck_assert_double_le(widest_difference(model, &reference.model), weight_tolerance(&p, &s, 3, 1));
    cln_reference own = as_reference(model);
    check_score(&result.test, &own, &p, 0, p.n);
    free(own.w);
    free(own.b);
    cln_model_free(model);
    shadow_free(&reference);
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

/* Validation and test rows from data sets of their own; one data set may be all three. */
START_TEST(test_parts)
{
    if (tiny() && _i)
        return;
    problem p = problem_make(60, 7, 3, CLN_UINT8, 71), v = problem_make(31, 7, 3, CLN_UINT8, 72);
    cln_result result;
    cln_model *apart = trained(engines[_i], "epochs=2 batch-size=20", p.data, v.data, p.data, &result);
    cln_reference own = as_reference(apart);
    check_score(&result.train, &own, &p, 0, 60);
    check_score(&result.valid, &own, &v, 0, 31);
    check_score(&result.test, &own, &p, 0, 60);
    cln_model *alone = trained(engines[_i], "epochs=2 batch-size=20", p.data, p.data, NULL, &result);
    ck_assert(same_bits(apart, alone));
    ck_assert_uint_eq(result.valid.errors, result.train.errors);
    ck_assert_uint_eq(result.test.rows, 0);
    free(own.w);
    free(own.b);
    cln_model_free(apart);
    cln_model_free(alone);
    problem_free(&p);
    problem_free(&v);
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

/* The trainer is refused with these words, and leaves nothing on the device. */
static void refuse(const char *words, cln_parts parts, cln_status status, const char *message)
{
    cln_trainer *trainer = (cln_trainer *)&trainer;
    cln_options *options = options_of("auto", words);
    uint64_t before = device->bytes;
    FAILS(status, message, cln_trainer_create(device, options, &parts, &trainer, error));
    ck_assert_ptr_null(trainer);
    ck_assert_uint_eq(device->bytes, before);
    cln_options_free(options);
}

START_TEST(test_refused)
{
    if (tiny())
        return;
    problem p = problem_make(40, 5, 3, CLN_UINT8, 1), floats = problem_make(40, 5, 3, CLN_FLOAT32, 1),
            wide = problem_make(40, 6, 3, CLN_UINT8, 1), more = problem_make(40, 5, 4, CLN_UINT8, 1),
            bare = problem_make(40, 5, 3, CLN_UINT8, 1),
            many = problem_make(40, 5, CLN_FUSED_OUTPUTS + 1, CLN_UINT8, 1);
    cln_dataset_close(bare.data);
    OK(cln_dataset_wrap(bare.x, CLN_UINT8, 40, 5, NULL, &bare.data, error));
    cln_dataset *t = p.data;

    refuse("", (cln_parts){NULL, NULL, t}, CLN_INVALID, "no training data");
    refuse("", (cln_parts){bare.data, NULL, NULL}, CLN_INVALID, "training data (memory) has no labels");
    refuse("", (cln_parts){t, bare.data, NULL}, CLN_INVALID, "validation data (memory) has no labels");
    refuse("", (cln_parts){t, NULL, bare.data}, CLN_INVALID, "test data (memory) has no labels");
    refuse("classes=0,1", (cln_parts){bare.data, NULL, NULL}, CLN_INVALID, "no labels");
    refuse("", (cln_parts){t, wide.data, NULL}, CLN_INVALID,
           "has 6 features of type byte, but the training data has 5");
    refuse("", (cln_parts){t, NULL, floats.data}, CLN_INVALID,
           "of type float, but the training data has 5 of type byte");
    refuse("", (cln_parts){t, more.data, NULL}, CLN_INVALID, "validation data (memory) has label 3");
    refuse("", (cln_parts){t, NULL, more.data}, CLN_INVALID, "test data (memory) has label 3");
    refuse("valid=40", (cln_parts){t, NULL, NULL}, CLN_INVALID, "valid takes 40 of 40");
    refuse("valid=1000000000000000000", (cln_parts){t, NULL, NULL}, CLN_INVALID, "none remain");
    refuse("train-rows=41", (cln_parts){t, NULL, NULL}, CLN_INVALID, "train-rows asks for 41 rows");
    refuse("train-rows=10 valid=10", (cln_parts){t, NULL, NULL}, CLN_INVALID, "none remain");
    refuse("classes=0,7", (cln_parts){t, NULL, NULL}, CLN_INVALID, "class 7");
    refuse("drop-last=true batch-size=41", (cln_parts){t, NULL, NULL}, CLN_INVALID, "make no whole minibatch of 41");
    refuse("drop-last=true batch-size=40 valid=1", (cln_parts){t, NULL, NULL}, CLN_INVALID, "39 training rows");
    refuse("patience=3", (cln_parts){t, NULL, t}, CLN_INVALID, "patience needs validation rows");
    refuse("patience-iterations=3", (cln_parts){t, NULL, NULL}, CLN_INVALID, "patience needs validation rows");
    refuse("l2=1 alpha=1", (cln_parts){t, NULL, NULL}, CLN_INVALID, "l2 and alpha");
    refuse("engine=fused", (cln_parts){many.data, NULL, NULL}, CLN_UNSUPPORTED, "up to 64 outputs, not 65");

    for (uint64_t bytes = 4; bytes <= 4096; bytes *= 2) { /* whatever does not fit, nothing is left behind */
        cln_trainer *trainer = NULL;
        cln_parts parts = {t, NULL, t};
        cln_options *options = options_of(bytes & 0x5555 ? "fused" : "clblast", "valid=5 patience=2");
        uint64_t before = device->bytes;
        device->facts.info.max_alloc_bytes = bytes;
        cln_status status = cln_trainer_create(device, options, &parts, &trainer, NULL);
        device->facts.info.max_alloc_bytes = whole_alloc_bytes;
        if (status != CLN_OK)
            ck_assert_ptr_null(trainer);
        cln_trainer_close(trainer);
        cln_options_free(options);
        ck_assert_uint_eq(device->bytes, before);
    }
    cln_trainer_close(NULL);
    problem_free(&p);
    problem_free(&floats);
    problem_free(&wide);
    problem_free(&more);
    problem_free(&bare);
    problem_free(&many);
}
END_TEST

static Suite *trainer_suite(void)
{
    Suite *suite = suite_create("train/trainer");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_checked_fixture(edges, setup, teardown);
    tcase_add_checked_fixture(invalid, setup, teardown);
    tcase_add_loop_test(ok, test_against_reference, 0, 2 * TRIALS);
    tcase_add_loop_test(ok, test_subset, 0, 2);
    tcase_add_loop_test(ok, test_scale, 0, 2);
    tcase_add_loop_test(ok, test_parts, 0, 2);
    tcase_add_loop_test(ok, test_metadata, 0, 2);
    tcase_add_loop_test(edges, test_class_without_rows, 0, 2);
    tcase_add_loop_test(edges, test_chunks, 0, 8);
    tcase_add_loop_test(edges, test_batch_beyond_a_block, 0, 2);
    tcase_add_loop_test(edges, test_block_beyond_an_allocation, 0, 2);
    tcase_add_loop_test(edges, test_two_at_once, 0, 2);
    tcase_add_test(edges, test_auto);
    tcase_add_test(invalid, test_refused);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_on_device(trainer_suite());
}
