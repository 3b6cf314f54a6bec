/* Which rows a trainer works on: subsets, splits, parts from elsewhere, and what it refuses. */
#include "compute/engine.h"
#include "problem.h"

static const char *const engines[] = {"fused", "clblast"};

static uint64_t whole_alloc_bytes;

/* The tests make the device's largest allocation smaller. */
static void setup(void)
{
    whole_alloc_bytes = device->facts.info.max_alloc_bytes;
}

static void teardown(void)
{
    device->facts.info.max_alloc_bytes = whole_alloc_bytes;
}

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

int main(void)
{
    Suite *suite = suite_create("train/parts");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_checked_fixture(invalid, setup, teardown);
    tcase_add_loop_test(ok, test_subset, 0, 2);
    tcase_add_loop_test(ok, test_scale, 0, 2);
    tcase_add_loop_test(ok, test_parts, 0, 2);
    tcase_add_loop_test(edges, test_class_without_rows, 0, 2);
    tcase_add_test(invalid, test_refused);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return run_on_device(suite);
}
