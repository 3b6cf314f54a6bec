/* Real-valued targets and weights: kept, copied and refused as labels are. */
#include "data/dataset.h"
#include "harness.h"

#include <math.h>
#include <string.h>

enum { N = 12, D = 2, K = 3 };

static float x[N * D], targets[N * K], weights[N];
static int32_t labels[N];

static void fill(void)
{
    for (int i = 0; i < N; i++) {
        x[i * D] = (float)i;
        x[i * D + 1] = (float)-i;
        for (int k = 0; k < K; k++)
            targets[i * K + k] = (float)(i * 10 + k) - 50;
        weights[i] = (float)(i % 4) / 2;
        labels[i] = i % 3;
    }
}

static cln_dataset *wrap(bool real)
{
    cln_error error = {0};
    cln_dataset *data;
    cln_status status = real ? cln_dataset_wrap_targets(x, CLN_FLOAT32, N, D, targets, K, &data, &error)
                             : cln_dataset_wrap(x, CLN_FLOAT32, N, D, labels, &data, &error);
    ck_assert_msg(status == CLN_OK, "%s", error.message);
    ck_assert_ptr_null(cln_dataset_weights(data));
    ck_assert_msg(cln_dataset_weigh(data, weights, &error) == CLN_OK, "%s", error.message);
    return data;
}

/* The data set has rows rows (count) of those above, with all that belongs to them. */
static void expect(cln_dataset *data, bool real, const uint32_t *rows, uint64_t count)
{
    cln_dataset_info info;
    cln_error error = {0};
    float got[N * D];
    cln_dataset_describe(data, &info);
    ck_assert_uint_eq(info.rows, count);
    ck_assert_uint_eq(info.outputs, K);
    ck_assert(info.real == real && info.labelled == !real);
    ck_assert(!cln_dataset_targets(data) == !real && !cln_dataset_labels(data) == real);
    ck_assert_msg(cln_dataset_pull(data, got, count, D * sizeof(float), &error) == CLN_OK, "%s", error.message);
    for (uint64_t i = 0; i < count; i++) {
        ck_assert_mem_eq(got + i * D, x + rows[i] * D, D * sizeof(float));
        ck_assert(cln_dataset_weights(data)[i] == weights[rows[i]]);
        if (real)
            ck_assert_mem_eq(cln_dataset_targets(data) + i * K, targets + rows[i] * K, K * sizeof(float));
        else
            ck_assert_int_eq(cln_dataset_labels(data)[i], labels[rows[i]]);
    }
    ck_assert_int_eq(cln_dataset_rewind(data, &error), CLN_OK);
}

static const uint32_t all[N] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

START_TEST(answers_go_with_their_rows)
{
    bool real = _i;
    cln_dataset *data = wrap(real), *copy = NULL;
    expect(data, real, all, N);
    ck_assert_int_eq(cln_dataset_copy(data, &copy, NULL), CLN_OK);
    ck_assert_int_eq(cln_dataset_keep_rows(copy, 2, 9, NULL), CLN_OK);
    expect(copy, real, all + 2, 9);
    ck_assert_int_eq(cln_dataset_keep_rows(copy, 4, 2, NULL), CLN_OK);
    expect(copy, real, all + 6, 2);
    cln_dataset_close(copy);
    expect(data, real, all, N);
    cln_dataset_close(data);
}
END_TEST

START_TEST(weights_go_with_classes)
{
    cln_dataset *data = wrap(false);
    ck_assert_int_eq(cln_dataset_keep_classes(data, (uint32_t[]){2, 0}, 2, NULL), CLN_OK);
    const uint32_t rows[] = {0, 2, 3, 5, 6, 8, 9, 11};
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(cln_dataset_labels(data)[i], labels[rows[i]] == 0);
        ck_assert(cln_dataset_weights(data)[i] == weights[rows[i]]);
    }
    ck_assert_int_eq(cln_dataset_keep_rows(data, 3, 4, NULL), CLN_OK);
    for (int i = 0; i < 4; i++)
        ck_assert(cln_dataset_weights(data)[i] == weights[rows[i + 3]]);
    cln_dataset_close(data);
}
END_TEST

/* The caller's arrays are copied; a second weighing replaces the first, NULL ends it. */
START_TEST(arrays_are_copied)
{
    cln_dataset *data = wrap(true);
    const float ones[N] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    targets[4] = 99;
    weights[1] = 99;
    ck_assert(cln_dataset_targets(data)[4] == -39 && cln_dataset_weights(data)[1] == 0.5f);
    ck_assert_int_eq(cln_dataset_weigh(data, ones, NULL), CLN_OK);
    ck_assert_mem_eq(cln_dataset_weights(data), ones, sizeof ones);
    ck_assert_int_eq(cln_dataset_weigh(data, NULL, NULL), CLN_OK);
    ck_assert_ptr_null(cln_dataset_weights(data));
    cln_dataset_close(data);
}
END_TEST

static void targets_refused(const float *t, uint32_t k, const char *word)
{
    cln_error error = {0};
    cln_dataset *data;
    ck_assert_int_eq(cln_dataset_wrap_targets(x, CLN_FLOAT32, N, D, t, k, &data, &error), CLN_INVALID);
    ck_assert_ptr_null(data);
    ck_assert_msg(strstr(error.message, word) != NULL, "%s", error.message);
}

START_TEST(bad_targets_are_refused)
{
    targets_refused(NULL, K, "NULL");
    targets_refused(targets, 0, "0 targets");
    targets_refused(targets, 65536, "65536 targets");
    targets[4 * K + 1] = NAN;
    targets_refused(targets, K, "target 1 of row 4");
    targets[4 * K + 1] = -INFINITY;
    targets_refused(targets, K, "target 1 of row 4");
}
END_TEST

START_TEST(bad_weights_are_refused)
{
    const float wrong[] = {-1, NAN, INFINITY};
    cln_dataset *data = wrap(true);
    float given[N];
    for (int i = 0; i < 3; i++) {
        cln_error error = {0};
        memcpy(given, weights, sizeof given);
        given[7] = wrong[i];
        ck_assert_int_eq(cln_dataset_weigh(data, given, &error), CLN_INVALID);
        ck_assert_msg(strstr(error.message, "of row 7") != NULL, "%s", error.message);
    }
    cln_error error = {0};
    ck_assert_int_eq(cln_dataset_weigh(data, (float[N]){0}, &error), CLN_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "are 0"));
    expect(data, true, all, N); /* and the ones before are in force */
    cln_dataset_close(data);
}
END_TEST

START_TEST(targets_have_no_classes)
{
    cln_error error = {0};
    cln_dataset *data = wrap(true);
    ck_assert_int_eq(cln_dataset_keep_classes(data, (uint32_t[]){0}, 1, &error), CLN_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "real-valued targets"));
    expect(data, true, all, N);
    cln_dataset_close(data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data: answers");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, invalid};
    for (int i = 0; i < 2; i++) {
        tcase_add_checked_fixture(cases[i], fill, NULL);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_loop_test(ok, answers_go_with_their_rows, 0, 2);
    tcase_add_test(ok, weights_go_with_classes);
    tcase_add_test(ok, arrays_are_copied);
    tcase_add_test(invalid, bad_targets_are_refused);
    tcase_add_test(invalid, bad_weights_are_refused);
    tcase_add_test(invalid, targets_have_no_classes);
    return run_suite(suite);
}
