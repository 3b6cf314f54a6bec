/* Sums of products against plain loops: whole numbers for bytes, equal to the last digit; doubles for floats. */
#include "compute/gram.h"
#include "compute/sample.h"
#include "reference/sums.h"

static const struct {
    uint32_t n, d, k;
    cln_type type;
} cases[] = {
    {1, 1, 1, CLN_UINT8},      {7, 2, 3, CLN_FLOAT32},     {61, 7, 2, CLN_UINT8},       {64, 61, 7, CLN_FLOAT32},
    {1023, 15, 3, CLN_UINT8},  {1025, 16, 4, CLN_UINT8},   {257, 128, 10, CLN_FLOAT32}, {2100, 180, 12, CLN_UINT8},
    {300, 784, 10, CLN_UINT8}, {520, 200, 5, CLN_FLOAT32},
};
#define CASES ((int)(sizeof cases / sizeof *cases))

static void check_sums(const sample *s, cln_gram *gram, const double *expected, const double *slack)
{
    uint32_t size = s->d + 1 + s->k;
    double *sums = calloc((size_t)size * size, sizeof *sums);
    MUST(cln_gram_read(gram, sums, error));
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < size; j++)
            ck_assert_msg(fabs(sums[i * size + j] - expected[i * size + j]) <= slack[i * size + j],
                          "%s: (%zu,%zu): %.17g, not %.17g ± %.3g", place, i, j, sums[i * size + j],
                          expected[i * size + j], slack[i * size + j]);
    free(sums);
}

/* In two parts, the second in the order of a shuffled data set and across its chunks. */
static void check_gram(const sample *s, uint64_t most_bytes)
{
    uint32_t size = s->d + 1 + s->k, part = s->n / 3;
    double *expected = calloc((size_t)size * size, sizeof *expected),
           *slack = calloc((size_t)size * size, sizeof *slack);
    cln_gram *gram = NULL;
    cln_rows rows;
    cln_resident *resident = sample_upload(s, most_bytes);
    cl_mem order = guarded(s->order, s->n * sizeof(uint32_t));
    MUST(cln_gram_create(device, s->d, s->k, s->type, &gram, error));
    check_sums(s, gram, expected, slack);
    for (int second = 0; second < 2; second++) {
        uint32_t first = second ? part : 0, count = second ? s->n - part : part;
        if (count == 0)
            continue;
        MUST(cln_resident_rows(resident, order, first, count, &rows, error));
        MUST(cln_gram_add(gram, &rows, error));
        MUST(cln_reference_gram(s, first, count, expected, slack, error));
        check_sums(s, gram, expected, slack);
    }
    cln_gram_release(gram);
    check_guard(&order, s->n * sizeof(uint32_t));
    cln_resident_release(resident);
    free(expected);
    free(slack);
}

START_TEST(agrees_with_plain_sums)
{
    sample s = sample_create(cases[_i].n, cases[_i].d, cases[_i].k, cases[_i].type, true);
    snprintf(place, sizeof place, "Gram matrix, n=%u d=%u k=%u", s.n, s.d, s.k);
    check_gram(&s, 0);
    cln_trial_free(&s);
}
END_TEST

/* Floats about a centre are as good as if they had never had the offset: vectors and what is left of a row of them. */
START_TEST(a_centre_is_taken_off)
{
    sample s = sample_create(300, 61, 3, CLN_FLOAT32, true);
    uint32_t size = s.d + 1 + s.k;
    float *x = s.x, centre[61];
    double *expected = calloc((size_t)size * size, sizeof *expected),
           *slack = calloc((size_t)size * size, sizeof *slack);
    cln_gram *gram = NULL;
    cln_rows rows;
    for (uint32_t i = 0; i < s.n * s.d; i++)
        x[i] += (float)(i % s.d) - 1000;
    cln_resident *resident = sample_upload(&s, 0);
    snprintf(place, sizeof place, "Gram matrix about a centre");
    for (uint32_t j = 0; j < s.d; j++)
        centre[j] = (float)j - 1000;
    for (uint32_t i = 0; i < s.n * s.d; i++)
        x[i] -= centre[i % s.d]; /* exact */
    for (uint32_t i = 0; i < s.n; i++)
        s.order[i] = i;
    MUST(cln_gram_create(device, s.d, s.k, s.type, &gram, error));
    MUST(cln_gram_centre(gram, centre, error));
    MUST(cln_resident_rows(resident, NULL, 0, s.n, &rows, error));
    MUST(cln_gram_add(gram, &rows, error));
    MUST(cln_reference_gram(&s, 0, s.n, expected, slack, error));
    check_sums(&s, gram, expected, slack);
    cln_gram_release(gram);
    cln_resident_release(resident);
    free(expected);
    free(slack);
    cln_trial_free(&s);
}
END_TEST

START_TEST(chunks_do_not_show)
{
    sample s = sample_create(61, 7, 3, CLN_UINT8, true);
    snprintf(place, sizeof place, "Gram matrix of several chunks");
    check_gram(&s, 200);
    cln_trial_free(&s);
}
END_TEST

/* Tens of thousands of rows in blocks and chunks that do not divide each other: whole for bytes, within bounds for floats. */
START_TEST(many_rows_go_block_by_block)
{
    sample s = sample_create(60001, 12, 3, _i ? CLN_FLOAT32 : CLN_UINT8, true);
    const size_t size = 12 + 1 + 3;
    const uint32_t first = 17, count = 59000;
    uint64_t row = cln_layout_of(s.d, s.k).stride * cln_type_bytes(s.type);
    snprintf(place, sizeof place, "Gram matrix of many rows");
    for (int ordered = 0; ordered < 2; ordered++) {
        double *expected = calloc(size * size, sizeof *expected), *slack = calloc(size * size, sizeof *slack);
        cln_dataset *data = NULL;
        cln_resident *resident = NULL;
        cln_gram *gram = NULL;
        cl_mem order = guarded(s.order, s.n * sizeof(uint32_t));
        MUST(cln_dataset_wrap(s.x, s.type, s.n, s.d, s.y, &data, error));
        MUST(cln_resident_begin(device, data, 23000 * row, &resident, error));
        MUST(cln_resident_finish(resident, 9000, NULL, error));
        MUST(cln_gram_create(device, s.d, s.k, s.type, &gram, error));
        MUST(cln_gram_add_range(gram, resident, ordered ? order : NULL, first, count, error));
        for (uint32_t i = 0; !ordered && i < s.n; i++)
            s.order[i] = i;
        MUST(cln_reference_gram(&s, first, count, expected, slack, error));
        check_sums(&s, gram, expected, slack);
        cln_gram_release(gram);
        cln_resident_release(resident);
        cln_dataset_close(data);
        check_guard(&order, s.n * sizeof(uint32_t));
        free(expected);
        free(slack);
        cln_trial_free(&s);
        s = sample_create(60001, 12, 3, _i ? CLN_FLOAT32 : CLN_UINT8, true);
    }
    cln_trial_free(&s);
}
END_TEST

/* The largest and the smallest bytes, block after block: where a float would begin to round. */
START_TEST(extreme_bytes_stay_exact)
{
    sample s = sample_create(3000, 3, 2, CLN_UINT8, true);
    snprintf(place, sizeof place, "Gram matrix of extreme bytes");
    for (uint32_t i = 0; i < s.n; i++) {
        uint8_t *x = (uint8_t *)s.x + (size_t)i * s.d;
        x[0] = 255;
        x[1] = 0;
        x[2] = i % 2 ? 255 : 0;
    }
    check_gram(&s, 0);
    cln_trial_free(&s);
}
END_TEST

START_TEST(rows_without_labels_have_no_classes)
{
    sample s = sample_create(40, 5, 3, CLN_FLOAT32, true);
    cln_gram *gram = NULL;
    cln_rows rows;
    double sums[9 * 9];
    cln_resident *resident = sample_upload(&s, 0);
    MUST(cln_gram_create(device, s.d, s.k, s.type, &gram, error));
    MUST(cln_resident_rows(resident, NULL, 0, s.n, &rows, error));
    rows.target = NULL;
    MUST(cln_gram_add(gram, &rows, error));
    MUST(cln_gram_read(gram, sums, error));
    ck_assert(sums[5 * 9 + 5] == 40);
    for (int i = 0; i < 9; i++)
        for (int j = 6; j < 9; j++)
            ck_assert(sums[i * 9 + j] == 0 && sums[j * 9 + i] == 0);
    cln_gram_release(gram);
    cln_resident_release(resident);
    cln_trial_free(&s);
}
END_TEST

/* More products than the kernels count are refused, not counted modulo 2³². */
START_TEST(too_many_features_are_refused)
{
    cln_error problem = {0};
    cln_gram *gram = NULL;
    ck_assert_int_eq(cln_gram_create(device, 100000, 1, CLN_UINT8, &gram, &problem), CLN_UNSUPPORTED);
    ck_assert_ptr_null(gram);
    ck_assert_msg(strstr(problem.message, "100001 features and outputs") != NULL, "%s", problem.message);
}
END_TEST

static void nothing_left(void)
{
    ck_assert_uint_eq(device->bytes, 0);
}

int main(void)
{
    Suite *suite = suite_create("gram");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_set_timeout(ok, 0);
    tcase_set_timeout(edges, 0);
    tcase_add_checked_fixture(ok, NULL, nothing_left);
    tcase_add_checked_fixture(edges, NULL, nothing_left);
    tcase_add_loop_test(ok, agrees_with_plain_sums, 0, CASES);
    tcase_add_test(ok, a_centre_is_taken_off);
    tcase_add_test(ok, chunks_do_not_show);
    tcase_add_loop_test(ok, many_rows_go_block_by_block, 0, 2);
    tcase_add_test(edges, extreme_bytes_stay_exact);
    tcase_add_test(edges, rows_without_labels_have_no_classes);
    tcase_add_test(edges, too_many_features_are_refused);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return run_on_device(suite);
}
