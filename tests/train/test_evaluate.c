/* A finished model scored and used for prediction, on both engines, against the reference. */
#define _GNU_SOURCE /* mkdtemp */
#include "problem.h"

#include "files.h"

static const char *const engines[] = {"fused", "clblast"};

static uint64_t whole_alloc_bytes;

static void setup(void)
{
    whole_alloc_bytes = device->facts.info.max_alloc_bytes;
    make_folder();
}

static void teardown(void)
{
    device->facts.info.max_alloc_bytes = whole_alloc_bytes;
    remove_folder();
}

/* Predictions as they arrive. */
typedef struct heard {
    uint32_t n, k, calls, stop_after; /* stop_after: calls; 0: never */
    uint64_t next;                    /* the row that has to come next */
    uint32_t *outputs;                /* (n) */
    float *probability;               /* (n,k) */
} heard;

static heard heard_make(uint32_t n, uint32_t k)
{
    heard own = {.n = n, .k = k};
    own.outputs = calloc(n, sizeof *own.outputs);
    own.probability = calloc((size_t)n * k, sizeof *own.probability);
    ck_assert(own.outputs && own.probability);
    return own;
}

static void heard_free(heard *own)
{
    free(own->outputs);
    free(own->probability);
}

static int hear(uint64_t first, uint32_t count, const uint32_t *outputs, const float *probability, void *user)
{
    heard *own = user;
    ck_assert_uint_eq(first, own->next);
    ck_assert_uint_ge(count, 1);
    ck_assert_uint_le(first + count, own->n);
    memcpy(own->outputs + first, outputs, count * sizeof *outputs);
    memcpy(own->probability + first * own->k, probability, (size_t)count * own->k * sizeof *probability);
    own->next += count;
    return ++own->calls == own->stop_after;
}

/* Loss, errors, confusion and probabilities of the model on p are the reference's. */
static void check_model(const cln_model *model, const char *engine, const problem *p)
{
    cln_reference own = as_reference(model);
    cln_evaluation evaluation;
    double *z = calloc((size_t)p->n * p->k, sizeof *z), near = logit_tolerance(p, 10);
    heard said = heard_make(p->n, p->k);
    uint64_t before = device->bytes, sum = 0, right = 0;
    cln_reference_logits(&own, p->scaled, p->n, z);
    cln_reference_softmax(z, p->n, p->k, z);

    OK(cln_model_evaluate(model, device, engine, p->data, &evaluation, error));
    OK(cln_model_predict(model, device, engine, p->data, hear, &said, error));
    ck_assert_uint_eq(device->bytes, before);
    check_score(&evaluation.score, &own, p, 0, p->n);
    ck_assert_str_eq(evaluation.engine, engine);
    ck_assert_uint_eq(evaluation.outputs, p->k);
    ck_assert_double_ge(evaluation.seconds.total, evaluation.seconds.evaluate);
    ck_assert_uint_eq(said.next, p->n);

    uint64_t *confusion = calloc((size_t)p->k * p->k, sizeof *confusion);
    for (uint32_t i = 0; i < p->n; i++) {
        confusion[(uint32_t)p->y[i] * p->k + said.outputs[i]]++;
        for (uint32_t c = 0; c < p->k; c++) {
            ck_assert_double_eq_tol((double)said.probability[i * p->k + c], z[i * p->k + c], near);
            ck_assert(said.probability[i * p->k + said.outputs[i]] >= said.probability[i * p->k + c]);
        }
    }
    ck_assert_mem_eq(evaluation.confusion, confusion, (size_t)p->k * p->k * sizeof *confusion);
    for (uint32_t c = 0; c < p->k; c++) {
        uint64_t support = 0;
        for (uint32_t i = 0; i < p->n; i++)
            support += (uint32_t)p->y[i] == c;
        ck_assert_uint_eq(cln_evaluation_class(&evaluation, c).support, support);
        right += confusion[c * p->k + c];
        sum += support;
    }
    ck_assert_uint_eq(sum, p->n);
    ck_assert_uint_eq(evaluation.score.errors, p->n - right);
    cln_evaluation_free(&evaluation);
    cln_evaluation_free(NULL);
    heard_free(&said);
    free(confusion);
    free(z);
    free(own.w);
    free(own.b);
}

START_TEST(test_against_reference)
{
    static const struct {
        uint32_t n, d, k;
        cln_type type;
        const char *words;
    } shapes[] = {{50, 7, 3, CLN_UINT8, ""},
                  {51, 16, 4, CLN_FLOAT32, "no-bias=true"},
                  {33, 31, 20, CLN_UINT8, "scale=0.01"},
                  {1, 1, 1, CLN_FLOAT32, ""},
                  {17, 1, 2, CLN_UINT8, ""},
                  {200, 33, 64, CLN_FLOAT32, ""}};
    for (int i = 0; i < 6; i++) {
        problem p = problem_make(shapes[i].n, shapes[i].d, shapes[i].k, shapes[i].type, 5 + (uint64_t)i);
        char words[200];
        snprintf(words, sizeof words, "epochs=3 batch-size=16 %s", shapes[i].words);
        cln_model *model = trained(engines[_i], words, p.data, NULL, NULL, NULL);
        if (i == 2)
            for (uint32_t j = 0; j < p.n * p.d; j++)
                p.scaled[j] *= 255 * 0.01;
        check_model(model, engines[_i], &p);
        check_model(model, engines[1 - _i], &p); /* whoever trained it */
        cln_model_free(model);
        problem_free(&p);
    }
}
END_TEST

/* What a trainer reports of its test part, an evaluation finds again, also after the model was on disk. */
START_TEST(test_saved_and_loaded)
{
    problem p = problem_make(90, 12, 4, CLN_UINT8, 1), test = problem_make(70, 12, 4, CLN_UINT8, 2);
    cln_result result;
    cln_evaluation evaluation;
    cln_model *loaded,
        *model = trained(engines[_i], "epochs=3 batch-size=16 scale=0.00390625", p.data, NULL, test.data, &result);
    OK(cln_model_save(model, at("m.safetensors"), error));
    OK(cln_model_load(at("m.safetensors"), &loaded, error));
    ck_assert(same_bits(model, loaded));
    ck_assert_str_eq(cln_model_metadata(loaded, "engine"), engines[_i]);
    for (int i = 0; i < 2; i++) {
        heard said = heard_make(70, 4), again = heard_make(70, 4);
        OK(cln_model_evaluate(i ? loaded : model, device, engines[_i], test.data, &evaluation, error));
        ck_assert_double_eq(evaluation.score.loss, result.test.loss);
        ck_assert_uint_eq(evaluation.score.errors, result.test.errors);
        ck_assert_uint_eq(evaluation.score.rows, 70);
        OK(cln_model_predict(model, device, engines[_i], test.data, hear, &said, error));
        OK(cln_model_predict(loaded, device, engines[_i], test.data, hear, &again, error));
        ck_assert_mem_eq(said.probability, again.probability, 70 * 4 * sizeof(float));
        heard_free(&said);
        heard_free(&again);
        cln_evaluation_free(&evaluation);
    }
    OK(cln_model_evaluate(model, device, "auto", test.data, &evaluation, error));
    ck_assert_str_eq(evaluation.engine, "fused");
    cln_evaluation_free(&evaluation);
    cln_model_free(model);
    cln_model_free(loaded);
    problem_free(&p);
    problem_free(&test);
}
END_TEST

/* A model of classes 4 and 1 scores only their rows of the full data, under its own numbers, and leaves the data as it was. */
START_TEST(test_subset_model)
{
    problem p = problem_make(120, 6, 6, CLN_UINT8, 3);
    cln_result result;
    cln_evaluation evaluation;
    cln_model *loaded, *model = trained(engines[_i], "classes=4,1 epochs=5 batch-size=8", p.data, NULL, NULL, &result);
    OK(cln_model_save(model, at("m.safetensors"), error));
    OK(cln_model_load(at("m.safetensors"), &loaded, error));
    uint64_t fours = 0, ones = 0;
    for (uint32_t i = 0; i < p.n; i++) {
        fours += p.y[i] == 4;
        ones += p.y[i] == 1;
    }
    OK(cln_model_evaluate(loaded, device, engines[_i], p.data, &evaluation, error));
    ck_assert_uint_eq(evaluation.outputs, 2);
    ck_assert_uint_eq(evaluation.score.rows, fours + ones);
    ck_assert_uint_eq(evaluation.score.errors, result.train.errors);
    ck_assert_double_eq_tol(evaluation.score.loss, result.train.loss, 1e-6);
    ck_assert_uint_eq(evaluation.confusion[0] + evaluation.confusion[1], fours);
    ck_assert_uint_eq(evaluation.confusion[2] + evaluation.confusion[3], ones);
    ck_assert_uint_eq(evaluation.confusion[1] + evaluation.confusion[2], evaluation.score.errors);
    cln_dataset_info info;
    cln_dataset_describe(p.data, &info);
    ck_assert_uint_eq(info.rows, 120);

    heard said = heard_make(120, 2); /* a prediction takes all rows */
    OK(cln_model_predict(loaded, device, engines[_i], p.data, hear, &said, error));
    ck_assert_uint_eq(said.next, 120);
    for (int i = 0; i < 120; i++)
        ck_assert_uint_lt(said.outputs[i], 2);
    heard_free(&said);
    cln_evaluation_free(&evaluation);
    cln_model_free(model);
    cln_model_free(loaded);
    problem_free(&p);
}
END_TEST

/* Fewer labels than the model has outputs are fine; rows without labels can be predicted. */
START_TEST(test_fewer_labels)
{
    problem p = problem_make(60, 6, 4, CLN_UINT8, 4), few = problem_make(30, 6, 2, CLN_UINT8, 5);
    cln_evaluation evaluation;
    cln_model *model = trained(engines[_i], "epochs=2", p.data, NULL, NULL, NULL);
    OK(cln_model_evaluate(model, device, engines[_i], few.data, &evaluation, error));
    ck_assert_uint_eq(evaluation.outputs, 4);
    for (int i = 8; i < 16; i++)
        ck_assert_uint_eq(evaluation.confusion[i], 0);
    cln_class_score none = cln_evaluation_class(&evaluation, 3);
    ck_assert(none.support == 0 && isnan(none.recall));
    cln_evaluation_free(&evaluation);

    heard with = heard_make(30, 4), without = heard_make(30, 4);
    cln_dataset *bare;
    OK(cln_dataset_wrap(few.x, CLN_UINT8, 30, 6, NULL, &bare, error));
    OK(cln_model_predict(model, device, engines[_i], few.data, hear, &with, error));
    OK(cln_model_predict(model, device, engines[_i], bare, hear, &without, error));
    ck_assert_mem_eq(with.probability, without.probability, 30 * 4 * sizeof(float));
    ck_assert_mem_eq(with.outputs, without.outputs, 30 * sizeof(uint32_t));
    FAILS(CLN_INVALID, "has no labels", cln_model_evaluate(model, device, engines[_i], bare, &evaluation, error));
    ck_assert_ptr_null(evaluation.confusion);
    cln_dataset_close(bare);
    heard_free(&with);
    heard_free(&without);
    cln_model_free(model);
    problem_free(&p);
    problem_free(&few);
}
END_TEST

/* Several blocks of rows in several chunks: the same figures as at once; a callback may end it after any block. */
START_TEST(test_blocks)
{
    problem p = problem_make(700, 20, 3, CLN_FLOAT32, 6);
    cln_evaluation once, blocks;
    cln_model *model = trained(engines[_i], "epochs=2", p.data, NULL, NULL, NULL);
    heard said = heard_make(700, 3), again = heard_make(700, 3), some = heard_make(700, 3);
    OK(cln_model_evaluate(model, device, engines[_i], p.data, &once, error));
    OK(cln_model_predict(model, device, engines[_i], p.data, hear, &said, error));
    ck_assert_uint_eq(said.calls, 1);

    device->facts.info.max_alloc_bytes = 13000;
    OK(cln_model_evaluate(model, device, engines[_i], p.data, &blocks, error));
    OK(cln_model_predict(model, device, engines[_i], p.data, hear, &again, error));
    ck_assert_uint_gt(again.calls, 3);
    ck_assert_uint_eq(again.next, 700);
    some.stop_after = 2;
    OK(cln_model_predict(model, device, engines[_i], p.data, hear, &some, error));
    device->facts.info.max_alloc_bytes = whole_alloc_bytes;
    ck_assert_uint_eq(some.calls, 2);
    ck_assert_uint_lt(some.next, 700);

    ck_assert_double_eq_tol(blocks.score.loss, once.score.loss, 1e-6);
    ck_assert_uint_eq(blocks.score.errors, once.score.errors);
    ck_assert_uint_eq(blocks.score.rows, 700);
    ck_assert_mem_eq(blocks.confusion, once.confusion, 9 * sizeof(uint64_t));
    ck_assert_mem_eq(said.outputs, again.outputs, 700 * sizeof(uint32_t));
    for (int i = 0; i < 2100; i++)
        ck_assert_float_eq_tol(said.probability[i], again.probability[i], 1e-6f);
    cln_evaluation_free(&once);
    cln_evaluation_free(&blocks);
    heard_free(&said);
    heard_free(&again);
    heard_free(&some);
    cln_model_free(model);
    problem_free(&p);
}
END_TEST

START_TEST(test_refused)
{
    problem p = problem_make(60, 6, 4, CLN_UINT8, 7), wide = problem_make(30, 7, 4, CLN_UINT8, 8),
            more = problem_make(30, 6, 5, CLN_UINT8, 9), many = problem_make(80, 3, 65, CLN_UINT8, 10);
    cln_evaluation evaluation = {.confusion = (uint64_t *)&p}; /* what stood there does not matter */
    cln_model *model = trained(engines[_i], "epochs=1", p.data, NULL, NULL, NULL),
              *broad = trained("clblast", "epochs=1", many.data, NULL, NULL, NULL),
              *pair = trained(engines[_i], "epochs=1 classes=3,4", more.data, NULL, NULL, NULL);
    heard said = heard_make(60, 4);
    uint64_t before = device->bytes;
    FAILS(CLN_INVALID, "has 7 features, but the model takes 6",
          cln_model_evaluate(model, device, engines[_i], wide.data, &evaluation, error));
    ck_assert_ptr_null(evaluation.confusion);
    FAILS(CLN_INVALID, "has 7 features, but the model takes 6",
          cln_model_predict(model, device, engines[_i], wide.data, hear, &said, error));
    FAILS(CLN_INVALID, "has label 4, but the model knows only 0 to 3",
          cln_model_evaluate(model, device, engines[_i], more.data, &evaluation, error));
    uint64_t threes = 0; /* the only rows of these data that the model of classes 3 and 4 knows */
    for (uint32_t i = 0; i < p.n; i++)
        threes += p.y[i] == 3;
    OK(cln_model_evaluate(pair, device, engines[_i], p.data, &evaluation, error));
    ck_assert_uint_eq(evaluation.score.rows, threes);
    cln_evaluation_free(&evaluation);
    OK(cln_model_evaluate(model, device, NULL, p.data, &evaluation, error)); /* auto, as elsewhere */
    cln_evaluation_free(&evaluation);
    FAILS(CLN_INVALID, "unknown engine \"gpu\"", cln_model_evaluate(model, device, "gpu", p.data, &evaluation, error));
    FAILS(CLN_INVALID, "unknown engine \"\"", cln_model_predict(model, device, "", p.data, hear, &said, error));
    FAILS(CLN_UNSUPPORTED, "up to 64 outputs",
          cln_model_evaluate(broad, device, "fused", many.data, &evaluation, error));
    for (uint64_t bytes = 4; bytes <= 4096; bytes *= 2) { /* whatever does not fit, nothing is left behind */
        device->facts.info.max_alloc_bytes = bytes;
        if (cln_model_evaluate(model, device, engines[_i], p.data, &evaluation, NULL) != CLN_OK)
            ck_assert_ptr_null(evaluation.confusion);
        cln_evaluation_free(&evaluation);
        device->facts.info.max_alloc_bytes = whole_alloc_bytes;
        ck_assert_uint_eq(device->bytes, before);
    }
    ck_assert_uint_eq(said.calls, 0);
    ck_assert_uint_eq(device->bytes, before);
    heard_free(&said);
    cln_model_free(model);
    cln_model_free(broad);
    cln_model_free(pair);
    problem_free(&p);
    problem_free(&wide);
    problem_free(&more);
    problem_free(&many);
}
END_TEST

static Suite *evaluate_suite(void)
{
    Suite *suite = suite_create("train/evaluate");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *const cases[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], setup, teardown);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_loop_test(ok, test_against_reference, 0, 2);
    tcase_add_loop_test(ok, test_saved_and_loaded, 0, 2);
    tcase_add_loop_test(ok, test_subset_model, 0, 2);
    tcase_add_loop_test(edges, test_fewer_labels, 0, 2);
    tcase_add_loop_test(edges, test_blocks, 0, 2);
    tcase_add_loop_test(invalid, test_refused, 0, 2);
    return suite;
}

int main(void)
{
    return run_on_device(evaluate_suite());
}
