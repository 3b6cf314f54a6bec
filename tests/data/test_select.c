/* Subsets by class and by place, and copies that are narrowed while the original is not. */
#define _GNU_SOURCE
#include "rows.h"

START_TEST(some_classes)
{
    uint32_t rows[ROWS];
    cln_dataset *data = open_rows(_i);
    ck_assert_int_eq(cln_dataset_pull(data, (uint8_t[2 * FEATURES]){0}, 2, FEATURES, NULL), CLN_OK);
    uint32_t kept = keep_classes(data, (uint32_t[]){6, 3, 9}, 3, rows); /* which goes back to the first */
    ck_assert_uint_gt(kept, 500);
    ck_assert_uint_lt(kept, 3000);
    pull_all_expecting(data, rows, kept);
    cln_dataset_close(data);
}
END_TEST

START_TEST(some_rows)
{
    cln_error error = {0};
    uint32_t rows[ROWS];
    cln_dataset *data = open_rows(_i);
    ck_assert_int_eq(cln_dataset_pull(data, (uint8_t[2 * FEATURES]){0}, 2, FEATURES, NULL), CLN_OK);
    ck_assert_int_eq(cln_dataset_keep_rows(data, 1000, 3500, &error), CLN_OK);
    for (uint32_t i = 0; i < 3500; i++)
        rows[i] = 1000 + i;
    ck_assert_int_eq(cln_dataset_labels(data)[0], label(1000));
    pull_all_expecting(data, rows, 3500);
    ck_assert_int_eq(cln_dataset_keep_rows(data, 3490, 10, &error), CLN_OK);
    pull_all_expecting(data, rows + 3490, 10);
    ck_assert_int_eq(cln_dataset_labels(data)[9], label(4499));
    cln_dataset_close(data);
}
END_TEST

START_TEST(classes_then_rows_then_classes)
{
    cln_error error = {0};
    uint32_t rows[ROWS], last[ROWS], kept = 0;
    cln_dataset *data = open_rows(_i);
    ck_assert_uint_gt(keep_classes(data, (uint32_t[]){1, 0, 4}, 3, rows), 700);
    ck_assert_int_eq(cln_dataset_keep_rows(data, 123, 500, &error), CLN_OK);
    pull_all_expecting(data, rows + 123, 500);
    ck_assert_int_eq(cln_dataset_keep_classes(data, (uint32_t[]){2, 0}, 2, &error), CLN_OK); /* those were 4 and 1 */
    for (uint32_t i = 123; i < 623; i++)
        if (label(rows[i]) == 4 || label(rows[i]) == 1) {
            ck_assert_int_eq(cln_dataset_labels(data)[kept], label(rows[i]) == 4 ? 0 : 1);
            last[kept++] = rows[i];
        }
    pull_all_expecting(data, last, kept);
    cln_dataset_close(data);
}
END_TEST

START_TEST(rows_then_classes)
{
    cln_error error = {0};
    uint32_t rows[ROWS], kept = 0;
    cln_dataset *data = open_rows(_i);
    ck_assert_int_eq(cln_dataset_keep_rows(data, 4000, 1000, &error), CLN_OK);
    ck_assert_int_eq(cln_dataset_keep_classes(data, (uint32_t[]){9}, 1, &error), CLN_OK);
    for (uint32_t i = 4000; i < ROWS; i++)
        if (label(i) == 9)
            rows[kept++] = i;
    ck_assert_uint_gt(kept, 50);
    pull_all_expecting(data, rows, kept);
    cln_dataset_close(data);
}
END_TEST

START_TEST(rewound_halfway)
{
    cln_error error = {0};
    uint32_t rows[ROWS];
    for (uint32_t i = 0; i < ROWS; i++)
        rows[i] = i;
    cln_dataset *data = open_rows(_i);
    pull_expecting(data, rows, 4321, FEATURES);
    ck_assert_int_eq(cln_dataset_rewind(data, &error), CLN_OK);
    pull_expecting(data, rows, 3, FEATURES + 1);
    pull_expecting(data, rows + 3, ROWS - 3, FEATURES);
    cln_dataset_close(data);
}
END_TEST

/* A copy is a data set of its own: narrowing it leaves the original whole, and both can be pulled, turn and turn about. */
START_TEST(a_copy_is_narrowed_alone)
{
    static uint32_t all[ROWS], some[ROWS];
    cln_error error = {0};
    cln_dataset *data = open_rows(_i), *copy;
    for (uint32_t i = 0; i < ROWS; i++)
        all[i] = i;
    pull_expecting(data, all, 17, FEATURES);
    ck_assert_msg(cln_dataset_copy(data, &copy, &error) == CLN_OK, "%s", error.message);
    uint32_t kept = keep_classes(copy, (const uint32_t[]){4, 1}, 2, some);
    pull_expecting(copy, some, 5, FEATURES);
    pull_expecting(data, all + 17, 40, FEATURES);
    ck_assert_int_eq(cln_dataset_rewind(copy, &error), CLN_OK);
    pull_all_expecting(copy, some, kept);
    cln_dataset *second;
    ck_assert_int_eq(cln_dataset_copy(copy, &second, &error), CLN_OK); /* of a narrowed one */
    cln_dataset_close(copy);
    pull_all_expecting(second, some, kept);
    cln_dataset_close(second);
    ck_assert_int_eq(cln_dataset_rewind(data, &error), CLN_OK);
    pull_all_expecting(data, all, ROWS);
    for (uint32_t i = 0; i < ROWS; i++)
        ck_assert_int_eq(cln_dataset_labels(data)[i], label(i));
    cln_dataset_close(data);
}
END_TEST

START_TEST(a_copy_of_memory)
{
    const uint8_t x[3] = {7, 8, 9};
    uint8_t to[3];
    cln_dataset *data, *copy;
    ck_assert_int_eq(cln_dataset_wrap(x, CLN_UINT8, 3, 1, NULL, &data, NULL), CLN_OK);
    ck_assert_int_eq(cln_dataset_copy(data, &copy, NULL), CLN_OK);
    ck_assert_ptr_null(cln_dataset_labels(copy));
    ck_assert_int_eq(cln_dataset_keep_rows(copy, 1, 2, NULL), CLN_OK);
    ck_assert_int_eq(cln_dataset_pull(copy, to, 2, 1, NULL), CLN_OK);
    ck_assert(to[0] == 8 && to[1] == 9);
    cln_dataset_close(copy);
    ck_assert_int_eq(cln_dataset_pull(data, to, 3, 1, NULL), CLN_OK);
    ck_assert(to[0] == 7 && to[2] == 9);
    cln_dataset_close(data);
}
END_TEST

/* Keeping must fail with `word`, and leave the data set as it was. */
static void classes_refused(cln_dataset *data, const uint32_t *classes, uint32_t count, const char *word)
{
    cln_error error = {0};
    cln_dataset_info before, after;
    cln_dataset_describe(data, &before);
    ck_assert_int_eq(cln_dataset_keep_classes(data, classes, count, &error), CLN_INVALID);
    ck_assert_msg(strstr(error.message, word) != NULL, "%s", error.message);
    cln_dataset_describe(data, &after);
    ck_assert_uint_eq(after.rows, before.rows);
    ck_assert_uint_eq(after.outputs, before.outputs);
}

START_TEST(subsets_refused)
{
    uint8_t x[3] = {0};
    int32_t y[3] = {0, 2, 2};
    cln_error error = {0};
    cln_dataset *data;
    ck_assert_int_eq(cln_dataset_wrap(x, CLN_UINT8, 3, 1, y, &data, NULL), CLN_OK);
    classes_refused(data, (uint32_t[]){UINT32_MAX}, 1, "no row");
    classes_refused(data, (uint32_t[]){9, 0, 9}, 3, "class 9 is named twice");
    classes_refused(data, (uint32_t[]){0, 2, 0}, 3, "class 0 is named twice");
    classes_refused(data, (uint32_t[]){1}, 1, "no row");
    classes_refused(data, NULL, 0, "at least one");
    ck_assert_int_eq(cln_dataset_keep_rows(data, 0, 4, &error), CLN_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "memory has 3"));
    ck_assert_int_eq(cln_dataset_keep_rows(data, 3, 1, NULL), CLN_INVALID);
    ck_assert_int_eq(cln_dataset_keep_rows(data, 1, 0, NULL), CLN_INVALID);
    ck_assert_int_eq(cln_dataset_keep_rows(data, UINT64_MAX, 2, NULL), CLN_INVALID);
    cln_dataset_close(data);
    ck_assert_int_eq(cln_dataset_wrap(x, CLN_UINT8, 3, 1, NULL, &data, NULL), CLN_OK);
    classes_refused(data, (uint32_t[]){0}, 1, "no labels");
    cln_dataset_close(data);
}
END_TEST

/* As in a test part that happens to lack a class. */
START_TEST(a_class_may_have_no_rows)
{
    uint8_t x[3] = {7, 8, 9};
    int32_t y[3] = {0, 2, 1};
    cln_dataset_info info;
    cln_dataset *data;
    ck_assert_int_eq(cln_dataset_wrap(x, CLN_UINT8, 3, 1, y, &data, NULL), CLN_OK);
    ck_assert_int_eq(cln_dataset_keep_classes(data, (uint32_t[]){5, 2, 0}, 3, NULL), CLN_OK);
    cln_dataset_describe(data, &info);
    ck_assert_uint_eq(info.rows, 2);
    ck_assert_uint_eq(info.outputs, 3);
    ck_assert_int_eq(cln_dataset_labels(data)[0], 2);
    ck_assert_int_eq(cln_dataset_labels(data)[1], 1);
    cln_dataset_close(data);
}
END_TEST

static Suite *select_suite(void)
{
    Suite *suite = suite_create("data: subsets");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], make_folder, remove_folder);
        suite_add_tcase(suite, cases[i]);
        tcase_set_timeout(cases[i], 60);
    }
    tcase_add_loop_test(ok, some_classes, 0, 2); /* plain, gzip */
    tcase_add_loop_test(ok, some_rows, 0, 2);
    tcase_add_loop_test(ok, rows_then_classes, 0, 2);
    tcase_add_loop_test(ok, a_copy_is_narrowed_alone, 0, 2);
    tcase_add_test(ok, a_copy_of_memory);
    tcase_add_loop_test(edges, classes_then_rows_then_classes, 0, 2);
    tcase_add_loop_test(edges, rewound_halfway, 0, 2);
    tcase_add_test(edges, a_class_may_have_no_rows);
    tcase_add_test(invalid, subsets_refused);
    return suite;
}

int main(void)
{
    return run_suite(select_suite());
}
