/* Data in several chunks, batches of several blocks, blocks beyond an allocation: none of it shows in the weights. */
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
    ck_assert_uint_lt(cln_plan_block_rows(device, engines[_i], &asked, p.n), p.n);
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
    const char *words = "batch-size=100000 epochs=3 momentum=0.5 learning-rate=0.1";
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

int main(void)
{
    Suite *suite = suite_create("train/blocks");
    TCase *edges = tcase_create("edges");
    tcase_add_checked_fixture(edges, setup, teardown);
    tcase_add_loop_test(edges, test_chunks, 0, 8);
    tcase_add_loop_test(edges, test_batch_beyond_a_block, 0, 2);
    tcase_add_loop_test(edges, test_block_beyond_an_allocation, 0, 2);
    suite_add_tcase(suite, edges);
    return run_on_device(suite);
}
