/* A search against the trainings that it stands for. */
#define _GNU_SOURCE
#include "search/searches.h"

static const char *const grid = "l2=0,1e-2;learning-rate=.02,.2;seed=1,2";
enum { CONFIGURATIONS = 8 };

static cln_result run_alone(const char *words, cln_dataset *train, cln_dataset *valid)
{
    cln_result result;
    cln_trainer *trainer = trainer_of("fused", words, train, valid, NULL);
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    cln_trainer_close(trainer);
    return result;
}

static void describe(const cln_search *search, size_t index, char text[256])
{
    size_t used = 0;
    for (size_t i = 0; cln_search_name(search, i); i++)
        used += (size_t)snprintf(text + used, 256 - used, " %s=%s", cln_search_name(search, i),
                                 cln_search_value(search, index, i));
}

/* Every row is that of a training on its own, and the best is the best of those. */
START_TEST(validation_part)
{
    problem p = problem_make(400, 9, 3, CLN_UINT8, 11);
    const char *words = "epochs=3 batch-size=32 valid=90";
    cln_search *search = search_of(words, grid, 0, p.data, NULL, NULL);
    cln_search_row row, best = {0};
    counter c = {0};
    ck_assert_uint_eq(cln_search_count(search), CONFIGURATIONS);
    ck_assert(!cln_search_best(search, &row));
    OK(cln_search_run(search, on_progress, &c, error));
    ck_assert_uint_eq(c.rows, CONFIGURATIONS);
    ck_assert_uint_eq(c.done, CONFIGURATIONS);
    ck_assert_uint_eq(c.count, CONFIGURATIONS);
    for (size_t i = 0; i < CONFIGURATIONS; i++) {
        char own[256], all[512];
        describe(search, i, own);
        snprintf(all, sizeof all, "%s%s", words, own);
        cln_result alone = run_alone(all, p.data, NULL);
        cln_search_row_at(search, i, &row);
        ck_assert(row.finished && !row.resumed && row.index == i && row.seconds > 0);
        ck_assert_msg(same_score(&row.valid, &alone.valid), "%s", own);
        ck_assert_msg(same_score(&row.train, &alone.train), "%s", own);
        ck_assert_uint_eq(row.epochs, 3);
        ck_assert_int_eq(row.stopped, CLN_STOP_EPOCHS);
        if (i == 0 || cln_search_compare(&row, &best) < 0)
            best = row;
    }
    ck_assert(cln_search_best(search, &row));
    ck_assert_uint_eq(row.index, best.index);
    c = (counter){0}; /* nothing is left to be done */
    OK(cln_search_run(search, on_progress, &c, error));
    ck_assert_uint_eq(c.rows, 0);
    cln_search_close(search);
    problem_free(&p);
}
END_TEST

/* The rows i with i mod folds = round, or the others; a set of each kind at a time. */
static cln_dataset *fold_of(const problem *p, uint32_t folds, uint32_t round, bool validate)
{
    static float x[2][200 * 5];
    int32_t y[200];
    uint32_t count = 0;
    cln_dataset *data = NULL;
    ck_assert(p->n <= 200 && p->d == 5 && p->type == CLN_FLOAT32);
    for (uint32_t i = 0; i < p->n; i++)
        if ((i % folds == round) == validate) {
            memcpy(x[validate] + (size_t)count * p->d, (const float *)p->x + (size_t)i * p->d, p->d * sizeof(float));
            y[count++] = p->y[i];
        }
    OK(cln_dataset_wrap(x[validate], CLN_FLOAT32, count, p->d, y, &data, error));
    return data;
}

START_TEST(folds)
{
    const uint32_t count = 3;
    problem p = problem_make(200, 5, 3, CLN_FLOAT32, 12);
    const char *words = "epochs=2 batch-size=16";
    cln_search *search = search_of(words, grid, count, p.data, NULL, NULL);
    counter c = {0};
    OK(cln_search_run(search, on_progress, &c, error));
    ck_assert_uint_eq(c.rows, CONFIGURATIONS);
    ck_assert_uint_eq(c.done, CONFIGURATIONS * count);
    for (size_t i = 0; i < CONFIGURATIONS; i += 3) {
        char own[256], all[512];
        cln_search_row row;
        cln_score sums[2] = {{0}};
        describe(search, i, own);
        snprintf(all, sizeof all, "%s%s", words, own);
        for (uint32_t round = 0; round < count; round++) {
            cln_dataset *train = fold_of(&p, count, round, false), *valid = fold_of(&p, count, round, true);
            cln_result alone = run_alone(all, train, valid);
            const cln_score *scores[] = {&alone.valid, &alone.train};
            for (int part = 0; part < 2; part++) {
                sums[part].loss += scores[part]->loss * (double)scores[part]->rows;
                sums[part].errors += scores[part]->errors;
                sums[part].rows += scores[part]->rows;
            }
            cln_dataset_close(train);
            cln_dataset_close(valid);
        }
        sums[0].loss /= (double)sums[0].rows;
        sums[1].loss /= (double)sums[1].rows;
        cln_search_row_at(search, i, &row);
        ck_assert_uint_eq(row.valid.rows, p.n);
        ck_assert_msg(same_score(&row.valid, &sums[0]), "%s", own);
        ck_assert_msg(same_score(&row.train, &sums[1]), "%s", own);
    }
    cln_search_close(search);
    problem_free(&p);
}
END_TEST

static const struct {
    const char *words;
    uint32_t folds;
    bool part;      /* a validation part of its own */
    uint64_t rows;  /* trained on in the end */
    uint64_t valid; /* validated on in the end */
} refits[] = {{"valid=50", 0, false, 200, 0},
              {"", 4, false, 200, 0},
              {"", 0, true, 200, 60},
              {"valid=50 patience=2", 0, false, 150, 50}};

START_TEST(the_best_again)
{
    problem p = problem_make(200, 5, 3, CLN_UINT8, 13), other = problem_make(60, 5, 3, CLN_UINT8, 14);
    cln_search *search = search_of(refits[_i].words, "learning-rate=.01,.1", refits[_i].folds, p.data,
                                   refits[_i].part ? other.data : NULL, NULL);
    cln_trainer *trainer = NULL;
    cln_search_row best;
    cln_result result;
    FAILS(CLN_INVALID, "no configuration has been trained", cln_search_refit(search, &trainer, error));
    OK(cln_search_run(search, NULL, NULL, error));
    ck_assert(cln_search_best(search, &best));
    OK(cln_search_refit(search, &trainer, error));
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    ck_assert_uint_eq(result.rows, refits[_i].rows);
    ck_assert_uint_eq(result.valid.rows, refits[_i].valid);
    if (result.valid.rows)
        ck_assert(same_score(&result.valid, &best.valid));
    cln_model *model = model_of(trainer);
    ck_assert_str_eq(cln_model_metadata(model, "option.learning-rate"), cln_search_value(search, best.index, 0));
    cln_model_free(model);
    cln_trainer_close(trainer);
    cln_search_close(search);
    problem_free(&other);
    problem_free(&p);
}
END_TEST

START_TEST(divergence)
{
    problem p = problem_make(100, 5, 3, CLN_FLOAT32, 15);
    cln_search *search = search_of("valid=30", "learning-rate=1e25,1e-3", 0, p.data, NULL, NULL);
    cln_search_row row;
    cln_trainer *trainer = NULL;
    OK(cln_search_run(search, NULL, NULL, error));
    ck_assert(cln_search_best(search, &row));
    ck_assert_uint_eq(row.index, 1);
    cln_search_row_at(search, 0, &row);
    ck_assert_int_eq(row.stopped, CLN_STOP_DIVERGED);
    ck_assert(row.finished);
    cln_search_close(search);
    search = search_of("valid=30", "learning-rate=1e25,1e26", 0, p.data, NULL, NULL);
    OK(cln_search_run(search, NULL, NULL, error));
    ck_assert(!cln_search_best(search, &row));
    FAILS(CLN_DIVERGED, "every configuration diverged", cln_search_refit(search, &trainer, error));
    cln_search_close(search);
    problem_free(&p);
}
END_TEST

START_TEST(ranking)
{
    const cln_score few = {.5, 3, 10}, many = {.1, 4, 10}, lossy = {.6, 3, 10};
    const cln_search_row rows[] = {{.index = 5, .valid = few, .finished = true},
                                   {.index = 6, .valid = few, .finished = true},
                                   {.index = 2, .valid = lossy, .finished = true},
                                   {.index = 1, .valid = many, .finished = true},
                                   {.index = 0, .valid = few, .finished = true, .stopped = CLN_STOP_DIVERGED},
                                   {.index = 3, .valid = {NAN, 0, 0}, .finished = true, .stopped = CLN_STOP_DIVERGED},
                                   {.index = 4}};
    const int count = (int)(sizeof rows / sizeof *rows);
    for (int a = 0; a < count; a++)
        for (int b = 0; b < count; b++)
            ck_assert_int_eq((cln_search_compare(&rows[a], &rows[b]) > 0) -
                                 (cln_search_compare(&rows[a], &rows[b]) < 0),
                             (a > b) - (a < b));
}
END_TEST

START_TEST(refusals)
{
    problem p = problem_make(40, 5, 3, CLN_UINT8, 19);
    refuse("", "l2=0,1", 0, p.data, NULL, NULL, CLN_INVALID, "compares by validation");
    refuse("valid=9", "l2=0,1", 5, p.data, NULL, NULL, CLN_INVALID, "leave out option valid");
    refuse("", "l2=0,1", 5, p.data, p.data, NULL, CLN_INVALID, "leave out option valid");
    refuse("", "l2=0,1", 1, p.data, NULL, NULL, CLN_INVALID, "make no sense");
    refuse("", "l2=0,1", 41, p.data, NULL, NULL, CLN_INVALID, "make no sense");
    refuse("patience=3", "l2=0,1", 4, p.data, NULL, NULL, CLN_INVALID, "patience does not go with folds");
    refuse("", "patience=3,4", 4, p.data, NULL, NULL, CLN_INVALID, "patience does not go with folds");
    refuse("valid=9", "valid=1,2", 0, p.data, NULL, NULL, CLN_INVALID, "which rows");
    refuse("valid=9", "l2=0,1", 0, NULL, NULL, NULL, CLN_INVALID, "no training data");
    problem_free(&p);
}
END_TEST

/* What cannot be trained is named. */
START_TEST(failing_configuration)
{
    problem p = problem_make(40, 5, 3, CLN_UINT8, 20);
    cln_search *search = search_of("valid=9 drop-last=true", "batch-size=10,32", 0, p.data, NULL, NULL);
    FAILS(CLN_INVALID, "with batch-size=32: ", cln_search_run(search, NULL, NULL, error));
    cln_search_close(search);
    problem_free(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("search/search");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (size_t i = 0; i < 3; i++) {
        tcase_set_timeout(cases[i], 0);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(ok, validation_part);
    tcase_add_test(ok, folds);
    tcase_add_loop_test(ok, the_best_again, 0, (int)(sizeof refits / sizeof *refits));
    tcase_add_test(ok, ranking);
    tcase_add_test(edges, divergence);
    tcase_add_test(invalid, refusals);
    tcase_add_test(invalid, failing_configuration);
    return run_on_device(suite);
}
