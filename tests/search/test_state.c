/* A search's state file against interruption, damage and other searches. */
#define _GNU_SOURCE
#include "search/searches.h"

#include "files.h"

static const char *const small_grid = "learning-rate=.01,.1;seed=1,2";
static const char *const small_words = "epochs=2 batch-size=32 valid=30";

static char *state_text(void)
{
    size_t count;
    uint8_t *bytes = get_file("state", &count);
    char *text = calloc(count + 1, 1);
    ck_assert_ptr_nonnull(text);
    memcpy(text, bytes, count);
    free(bytes);
    return text;
}

static uint32_t lines_of(const char *text)
{
    uint32_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

/* Runs to the end; how many rows were trained now. The table is that of `expected`, but for time. */
static uint32_t finish(cln_dataset *data, const cln_search_row *expected)
{
    cln_search *search = search_of(small_words, small_grid, 0, data, NULL, at("state"));
    counter c = {0};
    OK(cln_search_run(search, on_progress, &c, error));
    for (size_t i = 0; i < cln_search_count(search); i++) {
        cln_search_row row;
        cln_search_row_at(search, i, &row);
        ck_assert(row.finished);
        if (expected)
            ck_assert(same_score(&row.valid, &expected[i].valid) && same_score(&row.train, &expected[i].train) &&
                      row.epochs == expected[i].epochs && row.stopped == expected[i].stopped);
    }
    cln_search_close(search);
    return c.rows;
}

static void write_expected(cln_dataset *data, cln_search_row expected[4])
{
    cln_search *search = search_of(small_words, small_grid, 0, data, NULL, NULL);
    OK(cln_search_run(search, NULL, NULL, error));
    for (size_t i = 0; i < 4; i++)
        cln_search_row_at(search, i, &expected[i]);
    cln_search_close(search);
}

START_TEST(goes_on_where_it_was)
{
    problem p = problem_make(120, 5, 3, CLN_UINT8, 16);
    cln_search_row expected[4];
    make_folder();
    write_expected(p.data, expected);
    cln_search *search = search_of(small_words, small_grid, 0, p.data, NULL, at("state"));
    counter c = {.stop_after = 2};
    OK(cln_search_run(search, on_progress, &c, error));
    ck_assert_uint_eq(c.done, 2);
    refuse(small_words, small_grid, 0, p.data, NULL, at("state"), CLN_IO, "another process");
    cln_search_close(search);
    char *text = state_text();
    ck_assert_uint_eq(lines_of(text), 3);
    ck_assert_uint_eq(finish(p.data, expected), 2);
    ck_assert_uint_eq(finish(p.data, expected), 0);
    free(text);
    text = state_text();
    ck_assert_uint_eq(lines_of(text), 5);
    free(text);
    remove_folder();
    problem_free(&p);
}
END_TEST

/* Wherever the writing ended, at most one line is lost. */
START_TEST(cut_anywhere)
{
    problem p = problem_make(120, 5, 3, CLN_UINT8, 17);
    cln_search_row expected[4];
    make_folder();
    write_expected(p.data, expected);
    finish(p.data, expected);
    char *text = state_text();
    size_t length = strlen(text), header = strcspn(text, "\n") + 1;
    for (size_t cut = 0; cut < length; cut += cut < header ? header / 3 : length / 17) {
        put_file("state", text, cut);
        char kept = text[cut];
        text[cut] = '\0';
        uint32_t lines = lines_of(text);
        text[cut] = kept;
        ck_assert_uint_eq(finish(p.data, expected), lines ? 5 - lines : 4);
    }
    free(text);
    remove_folder();
    problem_free(&p);
}
END_TEST

static const struct {
    const char *from, *to; /* in the file */
    cln_status status;
    const char *words;
} damages[] = {
    {"\"clinear_search\":1", "\"clinear_search\":2", CLN_INVALID, "clinear_search is 2, and here 1"},
    {"\"version\":\"", "\"version\":\"9", CLN_INVALID, "there version is \"9"},
    {"\"folds\":0", "\"folds\":3", CLN_INVALID, "folds is 3, and here 0"},
    {"seed=1,2", "seed=1,3", CLN_INVALID, "there grid is"},
    {"\"batch-size\":\"32\"", "\"batch-size\":\"64\"", CLN_INVALID, "options batch-size is \"64\", and here \"32\""},
    {"\"rows\":120", "\"rows\":121", CLN_INVALID, "data train rows is 121, and here 120"},
    {"\"contents\":\"", "\"other\":\"", CLN_INVALID, "does not say of which features it is"}, /* an older version's */
    {"\"contents\":\"XXH64 ", "\"contents\":\"XXH64  ", CLN_INVALID, "data train contents is"},
    {"\"valid\":null", "\"valid\":{}", CLN_INVALID, "data valid is {}, and here null"},
    {"\"path\":\"memory\"", "\"path\":\"elsewhere\"", CLN_INVALID, "data train path"},
    {"{\"clinear_search\"", "[\"clinear_search\"", CLN_FORMAT, "not the state of a search"},
    {"{\"clinear_search\"", "hello\n{\"clinear_search\"", CLN_FORMAT, "not the state of a search"},
    {"\"configuration\":1", "\"configuration\":0", CLN_FORMAT, "damaged: line"}, /* once more */
    {"\"configuration\":1", "\"configuration\":4", CLN_FORMAT, "damaged: line"},
    {"\"configuration\":1", "\"configuration\":-1", CLN_FORMAT, "damaged: line"},
    {"\"configuration\":1", "\"configuration\":1e0", CLN_FORMAT, "damaged: line"},
    {"\"configuration\":1", "\"configuration\":99999999999999999999", CLN_FORMAT, "damaged: line"},
    {"\"fold\":0", "\"fold\":1", CLN_FORMAT, "damaged: line 2"},
    {"\"epochs\":2,", "\"epochs\":\"2\",", CLN_FORMAT, "damaged: line 2"},
    {"\"epochs\":2,", "\"epochs\":2,\"epochs\":2,", CLN_FORMAT, "damaged: line 2"},
    {"\"stopped\":\"epochs\"", "\"stopped\":\"interrupted\"", CLN_FORMAT, "damaged: line 2"},
    {"\"stopped\":\"epochs\"", "\"stopped\":null", CLN_FORMAT, "damaged: line 2"},
    {"\"rows\":30}", "\"rows\":0}", CLN_FORMAT, "damaged: line 2"},
    {"\"rows\":90}", "\"rows\":-90}", CLN_FORMAT, "damaged: line 2"},
    {"\"train\":{\"loss\"", "\"train\":{\"lost\"", CLN_FORMAT, "damaged: line 2"},
    {"\"seconds\":", "\"seconds\":-", CLN_FORMAT, "damaged: line 2"},
    {"\"seconds\":", "\"seconds\":1e999,\"s\":", CLN_FORMAT, "damaged: line 2"},
    {"}\n{\"configuration\"", "}\n\n{\"configuration\"", CLN_FORMAT, "damaged: line 2"},
    {"}\n{\"configuration\"", "}\n\1\2{\"configuration\"", CLN_FORMAT, "damaged: line 2"},
};

/* Refused with words, and the file stays as it is. */
START_TEST(damaged_or_of_another_search)
{
    problem p = problem_make(120, 5, 3, CLN_UINT8, 18);
    char *text, *found, changed[8192];
    make_folder();
    finish(p.data, NULL);
    text = state_text();
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        found = strstr(text, damages[i].from);
        ck_assert_msg(found != NULL, "%s", damages[i].from);
        int length = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(found - text), text, damages[i].to,
                              found + strlen(damages[i].from));
        ck_assert_int_lt(length, (int)sizeof changed);
        put_file("state", changed, (size_t)length);
        refuse(small_words, small_grid, 0, p.data, NULL, at("state"), damages[i].status, damages[i].words);
        char *after = state_text();
        ck_assert_str_eq(after, changed);
        free(after);
    }
    put_file("state", "hello", 5); /* somebody's notes */
    refuse(small_words, small_grid, 0, p.data, NULL, at("state"), CLN_FORMAT, "not the state of a search");
    refuse(small_words, small_grid, 0, p.data, NULL, folder, CLN_IO, "cannot write");
    free(text);
    remove_folder();
    problem_free(&p);
}
END_TEST

/* Other features, labels or weights are other data, though as many. */
START_TEST(other_data)
{
    problem p = problem_make(120, 5, 3, CLN_UINT8, 18);
    uint8_t *last = (uint8_t *)p.x + 120 * 5 - 1; /* a row of validation: nothing of training shows it */
    float weights[120];
    make_folder();
    finish(p.data, NULL);
    *last ^= 1;
    refuse(small_words, small_grid, 0, p.data, NULL, at("state"), CLN_INVALID, "data train contents");
    *last ^= 1;
    ck_assert_uint_eq(finish(p.data, NULL), 0);
    for (uint32_t i = 0; i < 120; i++)
        weights[i] = i == 7 ? 2 : 1;
    OK(cln_dataset_weigh(p.data, weights, error));
    refuse(small_words, small_grid, 0, p.data, NULL, at("state"), CLN_INVALID, "data train labels");
    p.y[7] = (p.y[7] + 1) % 3;
    problem_wrap(&p);
    refuse(small_words, small_grid, 0, p.data, NULL, at("state"), CLN_INVALID, "data train labels");
    remove_folder();
    problem_free(&p);
}
END_TEST

START_TEST(other_validation)
{
    problem p = problem_make(120, 5, 3, CLN_FLOAT32, 19), v = problem_make(40, 5, 3, CLN_FLOAT32, 20);
    static const char words[] = "epochs=1 batch-size=32";
    make_folder();
    cln_search_close(search_of(words, small_grid, 0, p.data, v.data, at("state")));
    cln_search_close(search_of(words, small_grid, 0, p.data, v.data, at("state")));
    ((float *)v.x)[0] += 1e-7F + FLT_EPSILON * fabsf(((float *)v.x)[0]);
    refuse(words, small_grid, 0, p.data, v.data, at("state"), CLN_INVALID, "data valid contents");
    remove_folder();
    problem_free(&p);
    problem_free(&v);
}
END_TEST

START_TEST(other_targets)
{
    problem p = problem_make(60, 4, 3, CLN_FLOAT32, 21);
    static const char words[] = "model=linear solver=lbfgs valid=10";
    float targets[60];
    cln_dataset *data = NULL;
    for (uint32_t i = 0; i < 60; i++)
        targets[i] = (float)p.y[i];
    make_folder();
    OK(cln_dataset_wrap_targets(p.x, p.type, 60, 4, targets, 1, &data, error));
    cln_search_close(search_of(words, "l2=0,1", 0, data, NULL, at("state")));
    cln_dataset_close(data);
    targets[59] += 1e-3F;
    OK(cln_dataset_wrap_targets(p.x, p.type, 60, 4, targets, 1, &data, error));
    refuse(words, "l2=0,1", 0, data, NULL, at("state"), CLN_INVALID, "data train labels");
    cln_dataset_close(data);
    remove_folder();
    problem_free(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("search/state");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, goes_on_where_it_was);
    tcase_add_test(ok, cut_anywhere);
    tcase_add_test(invalid, damaged_or_of_another_search);
    tcase_add_test(invalid, other_data);
    tcase_add_test(invalid, other_validation);
    tcase_add_test(invalid, other_targets);
    add_device_cases(suite, ok, invalid, NULL, NULL);
    return run_on_device(suite);
}
