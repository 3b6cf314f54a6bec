/* Folders, subsets and pulling, on files of 5,000 rows that span several reads. */
#define _GNU_SOURCE
#include "data/dataset.h"
#include "harness.h"
#include "idx_files.h"

#include <errno.h>
#include <math.h>

#define ROWS     5000u
#define FEATURES 111u

static uint8_t pixel(uint64_t row, unsigned column)
{
    return (uint8_t)(row * 131 + column * 7 + (row >> 8));
}

static int32_t label(uint64_t row)
{
    return (int32_t)((row * 2654435761u >> 13) % 10);
}

static void put_rows(const char *x_name, const char *y_name, bool gzip)
{
    static uint8_t x[16 + ROWS * FEATURES], y[ROWS];
    size_t header = idx_header(x, 0x08, 3, ROWS, 3u, FEATURES / 3);
    for (uint64_t i = 0; i < ROWS; i++) {
        for (unsigned j = 0; j < FEATURES; j++)
            x[header + i * FEATURES + j] = pixel(i, j);
        y[i] = (uint8_t)label(i);
    }
    (gzip ? put_gzip : put_file)(x_name, x, header + ROWS * FEATURES);
    put_labels(y_name, y, ROWS);
}

static cln_dataset *open_rows(bool gzip)
{
    cln_error error = {0};
    cln_dataset *data;
    put_rows("x", "y", gzip);
    ck_assert_msg(cln_dataset_open(at("x"), at("y"), CLN_PART_TRAIN, &data, &error) == CLN_OK, "%s", error.message);
    return data;
}

/* Pulls `count` rows with this stride and holds them against source rows rows (count); what lies between must stay. */
static void pull_expecting(cln_dataset *data, const uint32_t *rows, uint64_t count, size_t stride)
{
    cln_error error = {0};
    uint8_t *x = malloc(count * stride + 1);
    memset(x, 0xee, count * stride + 1);
    ck_assert_msg(cln_dataset_pull(data, x, count, stride, &error) == CLN_OK, "%s", error.message);
    for (uint64_t i = 0; i < count; i++)
        for (size_t j = 0; j < stride; j++) {
            uint8_t expected = j < FEATURES ? pixel(rows[i], (unsigned)j) : 0xee;
            if (x[i * stride + j] != expected)
                ck_abort_msg("row %u, column %zu: %u for %u", rows[i], j, x[i * stride + j], expected);
        }
    ck_assert_uint_eq(x[count * stride], 0xee);
    free(x);
}

/* Everything three times over: at once, in awkward chunks with a stride, and row groups of growing size. */
static void pull_all_expecting(cln_dataset *data, const uint32_t *rows, uint64_t count)
{
    static const size_t strides[] = {FEATURES, FEATURES + 17, 128, FEATURES};
    static const uint64_t chunks[] = {ROWS, 7, 613, 3001};
    cln_error error = {0};
    for (int way = 0; way < 4; way++) {
        for (uint64_t first = 0; first < count; first += chunks[way])
            pull_expecting(data, rows + first, count - first < chunks[way] ? count - first : chunks[way], strides[way]);
        ck_assert_int_eq(cln_dataset_pull(data, &(uint8_t){0}, 1, FEATURES, &error), CLN_INVALID);
        ck_assert_ptr_nonnull(strstr(error.message, "0 of"));
        ck_assert_int_eq(cln_dataset_rewind(data, &error), CLN_OK);
    }
    cln_dataset_info info;
    cln_dataset_describe(data, &info);
    ck_assert_uint_eq(info.rows, count);
}

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

/* Keeps classes, in this order, and says which source rows that must be. */
static uint32_t keep_classes(cln_dataset *data, const uint32_t *classes, uint32_t count, uint32_t *rows)
{
    cln_error error = {0};
    cln_dataset_info info;
    uint32_t kept = 0;
    ck_assert_int_eq(cln_dataset_keep_classes(data, classes, count, &error), CLN_OK);
    for (uint32_t i = 0; i < ROWS; i++)
        for (uint32_t c = 0; c < count; c++)
            if ((uint32_t)label(i) == classes[c]) {
                ck_assert_int_eq(cln_dataset_labels(data)[kept], (int32_t)c);
                rows[kept++] = i;
            }
    cln_dataset_describe(data, &info);
    ck_assert_uint_eq(info.rows, kept);
    ck_assert_uint_eq(info.outputs, count);
    return kept;
}

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
    tcase_add_loop_test(ok, some_classes, 0, 2);
    tcase_add_loop_test(ok, some_rows, 0, 2);
    tcase_add_loop_test(ok, rows_then_classes, 0, 2);
    tcase_add_test(ok, memory);
    tcase_add_test(ok, folder_names);
    tcase_add_loop_test(edges, classes_then_rows_then_classes, 0, 2);
    tcase_add_loop_test(edges, rewound_halfway, 0, 2);
    tcase_add_test(edges, memory_of_floats);
    tcase_add_test(invalid, memory_refused);
    tcase_add_test(invalid, subsets_refused);
    tcase_add_test(edges, a_class_may_have_no_rows);
    tcase_add_test(invalid, pull_refused);
    tcase_add_loop_test(invalid, file_shrinks, 0, 4); /* late and early; with a stride, without */
    tcase_add_test(invalid, missing_files);
    return suite;
}

int main(void)
{
    return run_suite(dataset_suite());
}
