/* Opening, wrapping, folders and pulling. */
#define _GNU_SOURCE
#include "rows.h"

#include <errno.h>
#include <math.h>

START_TEST(all_rows)
{
    uint32_t rows[ROWS];
    for (uint32_t i = 0; i < ROWS; i++)
        rows[i] = i;
    cln_dataset *data = open_rows(_i);
    pull_all_expecting(data, rows, ROWS);
    for (uint32_t i = 0; i < ROWS; i++)
        ck_assert_int_eq(cln_dataset_labels(data)[i], label(i));
    cln_dataset_close(data);
}
END_TEST

START_TEST(memory)
{
    static uint8_t x[ROWS * FEATURES];
    static int32_t y[ROWS];
    uint32_t rows[ROWS];
    cln_error error = {0};
    cln_dataset *data;
    cln_dataset_info info;
    for (uint32_t i = 0; i < ROWS; i++) {
        for (unsigned j = 0; j < FEATURES; j++)
            x[i * FEATURES + j] = pixel(i, j);
        y[i] = label(i);
        rows[i] = i;
    }
    ck_assert_int_eq(cln_dataset_wrap(x, CLN_UINT8, ROWS, FEATURES, y, &data, &error), CLN_OK);
    cln_dataset_describe(data, &info);
    ck_assert_str_eq(info.path, "memory");
    ck_assert_uint_eq(info.outputs, 10);
    ck_assert_uint_eq(info.height, 1);
    ck_assert_uint_eq(info.width, FEATURES);
    pull_all_expecting(data, rows, ROWS);
    uint32_t kept = keep_classes(data, (uint32_t[]){5, 1}, 2, rows);
    pull_all_expecting(data, rows, kept);
    ck_assert_int_eq(y[0], label(0)); /* the caller's labels stay as they are */
    cln_dataset_close(data);
}
END_TEST

START_TEST(memory_of_floats)
{
    float x[] = {1, 2, 3, 4, 5, NAN}, to[6];
    cln_error error = {0};
    cln_dataset *data;
    ck_assert_int_eq(cln_dataset_wrap(x, CLN_FLOAT32, 3, 2, NULL, &data, &error), CLN_OK);
    ck_assert_ptr_null(cln_dataset_labels(data));
    ck_assert_int_eq(cln_dataset_pull(data, to, 2, 8, &error), CLN_OK);
    ck_assert_mem_eq(to, x, 16);
    ck_assert_int_eq(cln_dataset_pull(data, to, 1, 8, &error), CLN_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.message, "row 2, column 1"));
    cln_dataset_close(data);
}
END_TEST

START_TEST(memory_refused)
{
    uint8_t x[4] = {0};
    cln_dataset *data;
    ck_assert_int_eq(cln_dataset_wrap(NULL, CLN_UINT8, 1, 1, NULL, &data, NULL), CLN_INVALID);
    ck_assert_int_eq(cln_dataset_wrap(x, (cln_type)7, 1, 1, NULL, &data, NULL), CLN_INVALID);
    ck_assert_int_eq(cln_dataset_wrap(x, CLN_UINT8, 0, 1, NULL, &data, NULL), CLN_INVALID);
    ck_assert_int_eq(cln_dataset_wrap(x, CLN_UINT8, 1, 0, NULL, &data, NULL), CLN_INVALID);
    ck_assert_int_eq(cln_dataset_wrap(x, CLN_UINT8, 1ull << 32, 1, NULL, &data, NULL), CLN_INVALID);
    ck_assert_int_eq(cln_dataset_wrap(x, CLN_UINT8, 2, 1, (int32_t[]){0, -1}, &data, NULL), CLN_INVALID);
    ck_assert_int_eq(cln_dataset_wrap(x, CLN_UINT8, 2, 1, (int32_t[]){0, 65535}, &data, NULL), CLN_INVALID);
    ck_assert_ptr_null(data);
}
END_TEST

START_TEST(pull_refused)
{
    uint8_t to[ROWS];
    cln_error error = {0};
    cln_dataset *data = open_rows(false);
    ck_assert_int_eq(cln_dataset_pull(data, to, 1, FEATURES - 1, &error), CLN_INVALID);
    ck_assert_int_eq(cln_dataset_pull(data, to, ROWS + 1, FEATURES, NULL), CLN_INVALID);
    ck_assert_int_eq(cln_dataset_pull(data, to, UINT64_MAX, FEATURES, NULL), CLN_INVALID);
    ck_assert_int_eq(cln_dataset_pull(data, to, 0, FEATURES, NULL), CLN_OK);
    cln_dataset_close(data);
}
END_TEST

/* The file shrinks between opening and pulling, which is noticed, and then is whole again: so must be what is pulled. */
START_TEST(file_shrinks)
{
    cln_error error = {0};
    uint32_t rows[ROWS];
    size_t stride = _i % 2 ? FEATURES : FEATURES + 1, cut = _i < 2 ? 3000 : 10, count, done = 0;
    uint8_t *x = malloc(ROWS * stride);
    cln_dataset *data = open_rows(false);
    uint8_t *bytes = get_file("x", &count);
    for (uint32_t i = 0; i < ROWS; i++)
        rows[i] = i;
    ck_assert_int_eq(truncate(at("x"), (off_t)(16 + cut * FEATURES + 5)), 0);
    while (cln_dataset_pull(data, x, 100, stride, &error) == CLN_OK)
        done += 100;
    ck_assert_int_eq(error.status, CLN_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.message, "ends after"));
    ck_assert_uint_le(done, cut);
    put_file("x", bytes, count);
    ck_assert_int_eq(cln_dataset_rewind(data, NULL), CLN_OK);
    pull_expecting(data, rows, ROWS, stride);
    cln_dataset_close(data);
    free(bytes);
    free(x);
}
END_TEST

static void put_one(const char *name, int dimensions, uint8_t value, bool gzip)
{
    uint8_t bytes[32];
    size_t header = dimensions == 1 ? idx_header(bytes, 0x08, 1, 1u) : idx_header(bytes, 0x08, 3, 1u, 1u, 1u);
    bytes[header] = value;
    (gzip ? put_gzip : put_file)(name, bytes, header + 1);
}

/* The pixel of the one-row data set that the folder has for `part`. */
static int pixel_of(cln_part part, int expected_label)
{
    uint8_t value;
    cln_error error = {0};
    cln_dataset *data;
    ck_assert_msg(cln_dataset_open(folder, NULL, part, &data, &error) == CLN_OK, "%s", error.message);
    ck_assert_int_eq(cln_dataset_pull(data, &value, 1, 1, &error), CLN_OK);
    const int32_t *labels = cln_dataset_labels(data);
    ck_assert_int_eq(labels ? labels[0] : -1, expected_label);
    cln_dataset_close(data);
    return value;
}

START_TEST(folder_names)
{
    ck_assert(cln_dataset_has_parts(folder) && !cln_dataset_has_parts(at("train-images-idx3-ubyte")));
    put_one("train-images.idx3-ubyte.gz", 3, 1, true);
    ck_assert_int_eq(pixel_of(CLN_PART_TRAIN, -1), 1); /* a prediction needs no labels */
    put_one("train-labels.idx1-ubyte.gz", 1, 11, true);
    ck_assert_int_eq(pixel_of(CLN_PART_TRAIN, 11), 1);
    put_one("train-images-idx3-ubyte.gz", 3, 2, true);
    put_one("train-labels-idx1-ubyte.gz", 1, 12, true);
    ck_assert_int_eq(pixel_of(CLN_PART_TRAIN, 12), 2);
    put_one("train-images.idx3-ubyte", 3, 3, false);
    put_one("train-labels.idx1-ubyte", 1, 13, false);
    ck_assert_int_eq(mkdir(at("train-images-idx3-ubyte"), 0700), 0); /* as some archives unpack: passed over */
    ck_assert_int_eq(pixel_of(CLN_PART_TRAIN, 13), 3);
    ck_assert_int_eq(rmdir(at("train-images-idx3-ubyte")), 0);
    put_one("train-images-idx3-ubyte", 3, 4, false);
    ck_assert_int_eq(pixel_of(CLN_PART_TRAIN, 13), 4);
    put_one("t10k-images-idx3-ubyte", 3, 5, false);
    ck_assert_int_eq(pixel_of(CLN_PART_TEST, -1), 5);
    put_one("t10k-labels-idx1-ubyte.gz", 1, 9, true);
    ck_assert_int_eq(pixel_of(CLN_PART_TEST, 9), 5);
}
END_TEST

static void open_refused(const char *path, const char *labels, cln_part part, cln_status expected, const char *word)
{
    cln_error error = {0};
    cln_dataset *data;
    ck_assert_int_eq(cln_dataset_open(path, labels, part, &data, &error), expected);
    ck_assert_ptr_null(data);
    ck_assert_msg(strstr(error.message, word) != NULL, "\"%s\" is not in: %s", word, error.message);
}

START_TEST(missing_files)
{
    char lengthy[2000];
    memset(lengthy, 'x', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = '\0';
    open_refused(folder, NULL, CLN_PART_TRAIN, CLN_IO, "no train-images-idx3-ubyte");
    open_refused(folder, NULL, CLN_PART_TEST, CLN_IO, "scripts/get-mnist.sh");
    put_one("train-images-idx3-ubyte", 3, 4, false);
    open_refused(folder, NULL, CLN_PART_TEST, CLN_IO, "no t10k-images-idx3-ubyte");
    open_refused(folder, at("y"), CLN_PART_TRAIN, CLN_INVALID, "folder");
    open_refused(at("missing"), NULL, CLN_PART_TRAIN, CLN_IO, "scripts/get-mnist.sh");
    open_refused("", NULL, CLN_PART_TRAIN, CLN_IO, "nothing of that name");
    open_refused(lengthy, NULL, CLN_PART_TRAIN, CLN_IO, "bytes at most");
    ck_assert_int_eq(symlink("loop", at("loop")), 0);
    open_refused(at("loop"), NULL, CLN_PART_TRAIN, CLN_IO, strerror(ELOOP));
    open_refused(at("train-images-idx3-ubyte"), at("missing"), CLN_PART_TRAIN, CLN_IO, "missing");
    open_refused(at("train-images-idx3-ubyte"), "", CLN_PART_TRAIN, CLN_IO, "");
    ck_assert_int_eq(mkfifo(at("fifo"), 0600), 0);
    open_refused(at("fifo"), NULL, CLN_PART_TRAIN, CLN_IO, "no regular file");
    open_refused("/dev/zero", NULL, CLN_PART_TRAIN, CLN_IO, "no regular file");
}
END_TEST

static Suite *dataset_suite(void)
{
    Suite *suite = suite_create("data: data sets");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], make_folder, remove_folder);
        suite_add_tcase(suite, cases[i]);
        tcase_set_timeout(cases[i], 60);
    }
    tcase_add_loop_test(ok, all_rows, 0, 2); /* plain, gzip */
    tcase_add_test(ok, memory);
    tcase_add_test(ok, folder_names);
    tcase_add_test(edges, memory_of_floats);
    tcase_add_test(invalid, memory_refused);
    tcase_add_test(invalid, pull_refused);
    tcase_add_loop_test(invalid, file_shrinks, 0, 4); /* late and early; with a stride, without */
    tcase_add_test(invalid, missing_files);
    return suite;
}

int main(void)
{
    return run_suite(dataset_suite());
}
