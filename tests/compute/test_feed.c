/* Data sets on the device: bytes stay bytes, rows are padded with zeros, chunks do not show. */
#include "compute/sample.h"

/* What a block of rows holds, read back row by row. */
static void check_block(const sample *s, cln_resident *resident, bool ordered, uint64_t first, uint32_t count)
{
    cln_rows rows;
    uint32_t stride = cln_layout_of(s->d, s->k).stride, *index = NULL;
    size_t element = cln_type_bytes(s->type);
    cl_mem order = ordered ? guarded(s->order, s->n * sizeof(uint32_t)) : NULL;
    MUST(cln_resident_rows(resident, order, first, count, &rows, error));
    ck_assert_uint_eq(rows.count, count);
    if (rows.order) {
        index = calloc(s->n, sizeof *index);
        MUST(cln_buffer_read(device, rows.order, 0, s->n * sizeof *index, index, error));
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t at = index ? index[rows.first + i] : rows.first + i;
        uint32_t source = ordered ? s->order[first + i] : (uint32_t)first + i, label;
        unsigned char row[4 * 1024];
        MUST(cln_buffer_read(device, rows.x, at * stride * element, stride * element, row, error));
        ck_assert_msg(memcmp(row, (char *)s->x + (size_t)source * s->d * element, s->d * element) == 0,
                      "%s: row %u of the block is not row %u", place, i, source);
        for (size_t j = s->d * element; j < stride * element; j++)
            ck_assert_msg(row[j] == 0, "%s: row %u is not padded with zeros", place, i);
        MUST(cln_buffer_read(device, rows.target, at * sizeof label, sizeof label, &label, error));
        ck_assert_int_eq((int32_t)label, s->y[source]);
    }
    free(index);
    if (order)
        check_guard(&order, s->n * sizeof(uint32_t));
}

START_TEST(rows_come_back_whatever_the_chunks)
{
    static const struct {
        uint32_t n, d;
        cln_type type;
    } cases[] = {{1, 1, CLN_UINT8}, {40, 3, CLN_FLOAT32}, {53, 61, CLN_UINT8}, {37, 64, CLN_FLOAT32}};
    sample s = sample_create(cases[_i].n, cases[_i].d, 4, cases[_i].type, true);
    uint64_t row = cln_layout_of(s.d, 4).stride * cln_type_bytes(s.type);
    const uint64_t most_bytes[] = {0, row * 16 + 1, row * 5, row};
    for (size_t i = 0; i < 4; i++) {
        snprintf(place, sizeof place, "n=%u d=%u chunks of %llu bytes", s.n, s.d, (unsigned long long)most_bytes[i]);
        cln_resident *resident = sample_upload(&s, most_bytes[i]);
        for (int ordered = 0; ordered < 2; ordered++) {
            check_block(&s, resident, ordered, 0, s.n);
            check_block(&s, resident, ordered, s.n / 3, s.n - s.n / 2);
            check_block(&s, resident, ordered, s.n - 1, 1);
        }
        cln_resident_release(resident);
    }
    cln_trial_free(&s);
}
END_TEST

START_TEST(bytes_stay_bytes)
{
    sample s = sample_create(100, 784, 10, CLN_UINT8, true);
    cln_resident *resident = sample_upload(&s, 0);
    ck_assert_uint_eq(device->bytes, 100 * 784 + 100 * 4);
    cln_resident_release(resident);
    cln_trial_free(&s);
}
END_TEST

START_TEST(unlabelled_rows_have_no_targets)
{
    float x[6] = {1, 2, 3, 4, 5, 6};
    cln_dataset *data = NULL;
    cln_resident *resident = NULL;
    cln_rows rows;
    MUST(cln_dataset_wrap(x, CLN_FLOAT32, 3, 2, NULL, &data, error));
    for (uint64_t most_bytes = 0; most_bytes <= 16; most_bytes += 16) { /* one chunk, one row each */
        MUST(cln_resident_begin(device, data, most_bytes, &resident, error));
        MUST(cln_resident_finish(resident, 3, NULL, error));
        MUST(cln_resident_rows(resident, NULL, 0, 3, &rows, error));
        ck_assert_ptr_null(rows.target);
        cln_resident_release(resident);
    }
    cln_dataset_close(data);
}
END_TEST

START_TEST(a_row_too_large_for_an_allocation_is_refused)
{
    sample s = sample_create(2, 61, 2, CLN_UINT8, true);
    cln_dataset *data = NULL;
    cln_resident *resident = NULL;
    cln_error refused = {0};
    MUST(cln_dataset_wrap(s.x, s.type, s.n, s.d, s.y, &data, error));
    ck_assert_int_eq(cln_resident_begin(device, data, 63, &resident, &refused), CLN_UNSUPPORTED);
    ck_assert_ptr_null(resident);
    ck_assert_ptr_nonnull(strstr(refused.message, "64 bytes"));
    cln_dataset_close(data);
    cln_trial_free(&s);
}
END_TEST

/* Targets and weights of rows first … first+count−1 of an order, whatever the chunks. weights: NULL where there are none. */
static void check_answers(cln_resident *resident, cl_mem order, const uint32_t *h_order, uint32_t first, uint32_t count,
                          const float *targets, uint32_t k, const float *weights)
{
    cln_rows rows;
    MUST(cln_resident_rows(resident, order, first, count, &rows, error));
    ck_assert(!rows.weight == !weights);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = rows.order ? h_order[rows.first + i] : (uint32_t)rows.first + i;
        uint32_t source = order ? h_order[first + i] : first + i;
        float target[8], weight;
        MUST(cln_buffer_read(device, rows.target, (uint64_t)at * k * sizeof(float), k * sizeof(float), target, error));
        ck_assert_msg(memcmp(target, targets + source * k, k * sizeof(float)) == 0, "%s: targets of row %u", place, i);
        if (!weights)
            continue;
        MUST(cln_buffer_read(device, rows.weight, at * sizeof(float), sizeof weight, &weight, error));
        ck_assert_msg(weight == weights[source], "%s: weight of row %u", place, i);
    }
}

START_TEST(real_targets_and_weights_come_with_their_rows)
{
    const uint32_t n = 53, k = _i ? 5 : 1;
    sample s = sample_create(n, 7, 2, CLN_FLOAT32, true);
    float targets[53 * 5], weights[53];
    for (uint32_t i = 0; i < n * k; i++)
        targets[i] = (float)i / 8 - 3;
    for (uint32_t chunk = 0; chunk <= 16; chunk = chunk ? 4 * chunk : 1) { /* rows of a chunk: all, 1, 4, 16 */
        cln_dataset *data = NULL;
        cln_resident *resident = NULL;
        snprintf(place, sizeof place, "%u targets, chunks of %u rows", k, chunk);
        MUST(cln_dataset_wrap_targets(s.x, s.type, n, s.d, targets, k, &data, error));
        MUST(cln_resident_begin(device, data, chunk * cln_layout_of(s.d, k).stride * 4, &resident, error));
        MUST(cln_resident_finish(resident, n / 2, NULL, error));
        MUST(cln_resident_finish(resident, n, NULL, error));
        uint64_t bytes = device->bytes;
        cl_mem order = guarded(s.order, n * sizeof(uint32_t));
        for (int round = 0; round < 4; round++) { /* without, with, with others, without again */
            bool weighed = round == 1 || round == 2;
            for (uint32_t i = 0; i < n; i++)
                weights[i] = (float)(i * (uint32_t)round) / 4;
            if (round > 0)
                MUST(cln_resident_weigh(resident, weighed ? weights : NULL, error));
            if (round == 2)
                MUST(cln_resident_finish(resident, n + 1, NULL, error));
            check_answers(resident, NULL, s.order, 0, n, targets, k, weighed ? weights : NULL);
            check_answers(resident, NULL, s.order, 13, 30, targets, k, weighed ? weights : NULL);
            check_answers(resident, order, s.order, 0, n, targets, k, weighed ? weights : NULL);
            check_answers(resident, order, s.order, n - 1, 1, targets, k, weighed ? weights : NULL);
        }
        check_guard(&order, n * sizeof(uint32_t));
        ck_assert(chunk || device->bytes == bytes);
        cln_resident_release(resident);
        cln_dataset_close(data);
    }
    cln_trial_free(&s);
}
END_TEST

START_TEST(rows_are_read_back_tight)
{
    static const struct {
        uint32_t n, d;
        cln_type type;
    } cases[] = {
        {1, 1, CLN_UINT8}, {53, 61, CLN_UINT8}, {37, 64, CLN_FLOAT32}, {40, 3, CLN_FLOAT32}, {9000, 130, CLN_UINT8}};
    if (tiny() && cases[_i].n > 100)
        return;
    sample s = sample_create(cases[_i].n, cases[_i].d, 2, cases[_i].type, true);
    size_t row = s.d * cln_type_bytes(s.type), stride = cln_layout_of(s.d, 2).stride * cln_type_bytes(s.type);
    for (int cut = 0; cut < 2; cut++) {
        cln_resident *resident = sample_upload(&s, cut ? 5 * stride : 0);
        const uint32_t ranges[][2] = {{0, s.n}, {s.n / 3, s.n - s.n / 2}, {s.n - 1, 1}, {0, 0}};
        for (int i = 0; i < 4; i++) {
            char *x = malloc(ranges[i][1] * row + 1);
            x[ranges[i][1] * row] = 77;
            MUST(cln_resident_read(resident, ranges[i][0], ranges[i][1], x, error));
            ck_assert(memcmp(x, (char *)s.x + ranges[i][0] * row, ranges[i][1] * row) == 0);
            ck_assert_int_eq(x[ranges[i][1] * row], 77);
            free(x);
        }
        cln_resident_release(resident);
    }
    cln_trial_free(&s);
}
END_TEST

static void nothing_left(void)
{
    ck_assert_uint_eq(device->bytes, 0);
}

int main(void)
{
    Suite *suite = suite_create("feed");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_checked_fixture(ok, NULL, nothing_left);
    tcase_add_checked_fixture(invalid, NULL, nothing_left);
    tcase_add_loop_test(ok, rows_come_back_whatever_the_chunks, 0, 4);
    tcase_add_test(ok, bytes_stay_bytes);
    tcase_add_test(ok, unlabelled_rows_have_no_targets);
    tcase_add_loop_test(ok, real_targets_and_weights_come_with_their_rows, 0, 2);
    tcase_add_loop_test(ok, rows_are_read_back_tight, 0, 5);
    tcase_add_test(invalid, a_row_too_large_for_an_allocation_is_refused);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, invalid);
    return run_on_device(suite);
}
