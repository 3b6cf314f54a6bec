/* The published data sets themselves, where they are: rows, labels, and a checksum of every pixel as Python reads it. */
#define _GNU_SOURCE
#include "data/dataset.h"
#include "harness.h"

#include <string.h>
#include <zlib.h>

typedef struct published {
    const char *(*find)(void);
    cln_part part;
    uint64_t rows;
    unsigned long crc;
    uint64_t counts[10];
} published;

static const char *fashion_folder(void)
{
    static const char path[] = "/usr/share/datasets/fashion-mnist";
    struct stat entry;
    return stat(path, &entry) == 0 ? path : NULL;
}

static const published sets[] = {
    {mnist_folder, CLN_PART_TRAIN, 60000, 0xf3639b56, {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}},
    {mnist_folder, CLN_PART_TEST, 10000, 0xe4ca5f57, {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}},
    {fashion_folder, CLN_PART_TRAIN, 60000, 0xae65dccd, {6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000}},
    {fashion_folder, CLN_PART_TEST, 10000, 0x12728439, {1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000}},
};

static cln_dataset *open_set(const published *set)
{
    cln_error error = {0};
    cln_dataset *data;
    if (!set->find())
        return NULL;
    ck_assert_msg(cln_dataset_open(set->find(), NULL, set->part, &data, &error) == CLN_OK, "%s", error.message);
    return data;
}

START_TEST(pixels_and_labels)
{
    const published *set = &sets[_i];
    cln_error error = {0};
    cln_dataset_info info;
    uint64_t counts[10] = {0};
    cln_dataset *data = open_set(set);
    if (!data)
        return;
    cln_dataset_describe(data, &info);
    ck_assert_uint_eq(info.rows, set->rows);
    ck_assert_uint_eq(info.features, 784);
    ck_assert_uint_eq(info.height, 28);
    ck_assert_uint_eq(info.width, 28);
    ck_assert_uint_eq(info.outputs, 10);
    for (uint64_t i = 0; i < info.rows; i++)
        counts[cln_dataset_labels(data)[i]]++;
    ck_assert_mem_eq(counts, set->counts, sizeof counts);
    uint8_t *x = malloc(info.rows * 784);
    for (int time = 0; time < 2; time++) {
        ck_assert_int_eq(cln_dataset_rewind(data, &error), CLN_OK);
        ck_assert_msg(cln_dataset_pull(data, x, info.rows, 784, &error) == CLN_OK, "%s", error.message);
        ck_assert_uint_eq(crc32(0, x, (uInt)(info.rows * 784)), set->crc);
    }
    free(x);
    cln_dataset_close(data);
}
END_TEST

/* The subset of the published run on threes and sixes. */
START_TEST(threes_and_sixes)
{
    static const uint64_t expected[] = {12049, 1968};
    for (int i = 0; i < 2; i++) {
        cln_dataset_info info;
        cln_dataset *data = open_set(&sets[i]);
        if (!data)
            return;
        ck_assert_int_eq(cln_dataset_keep_classes(data, (uint32_t[]){3, 6}, 2, NULL), CLN_OK);
        cln_dataset_describe(data, &info);
        ck_assert_uint_eq(info.rows, expected[i]);
        ck_assert_uint_eq(info.outputs, 2);
        uint8_t *x = malloc(info.rows * 784);
        ck_assert_int_eq(cln_dataset_pull(data, x, info.rows, 784, NULL), CLN_OK);
        free(x);
        cln_dataset_close(data);
    }
}
END_TEST

static Suite *published_suite(void)
{
    Suite *suite = suite_create("data: published sets");
    TCase *ok = tcase_create("ok");
    tcase_add_loop_test(ok, pixels_and_labels, 0, sizeof sets / sizeof *sets);
    tcase_add_test(ok, threes_and_sixes);
    tcase_set_timeout(ok, 120);
    suite_add_tcase(suite, ok);
    return suite;
}

int main(void)
{
    if (!mnist_folder() && !fashion_folder())
        return skip("neither MNIST nor Fashion-MNIST is on this machine");
    return run_suite(published_suite());
}
