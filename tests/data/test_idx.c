/* Files as they may come from anywhere: good ones read back exactly, every damaged one refused with a sentence. */
#define _GNU_SOURCE
#include "data/dataset.h"
#include "harness.h"
#include "idx_files.h"

/* Three images of 2×2 pixels, 28 bytes. */
static size_t small_images(uint8_t *to)
{
    size_t header = idx_header(to, 0x08, 3, 3u, 2u, 2u);
    for (uint8_t i = 0; i < 12; i++)
        to[header + i] = (uint8_t)(10 + i);
    return header + 12;
}

/* Opens and reads all of it into x (room): status, and the message in `error`. */
static cln_status read_all(const char *path, const char *labels, void *x, size_t room, cln_dataset_info *info,
                           cln_error *error)
{
    cln_dataset *data;
    *error = (cln_error){0};
    cln_status status = cln_dataset_open(path, labels, CLN_PART_TEST, &data, error);
    if (status != CLN_OK) {
        ck_assert_ptr_null(data);
        return status;
    }
    cln_dataset_describe(data, info);
    size_t row = info->features * cln_type_bytes(info->type);
    if (info->rows * row > room)
        status = cln_fail(error, CLN_FORMAT, "%s: more than the test made", path);
    else
        status = cln_dataset_pull(data, x, info->rows, row, error);
    cln_dataset_close(data);
    return status;
}

/* The file of this name must be refused, with words that hold its name and `word`. */
static void refused(const char *name, const char *word)
{
    uint8_t x[64];
    cln_dataset_info info;
    cln_error error;
    ck_assert_msg(read_all(at(name), NULL, x, sizeof x, &info, &error) == CLN_FORMAT, "%s: %s", name, error.message);
    ck_assert_int_eq(error.status, CLN_FORMAT);
    ck_assert_msg(strstr(error.message, name) != NULL, "%s", error.message);
    ck_assert_msg(strstr(error.message, word) != NULL, "\"%s\" is not in: %s", word, error.message);
}

static void reads_small_images(const char *name)
{
    uint8_t bytes[64], x[64] = {0};
    cln_dataset_info info;
    cln_error error;
    size_t count = small_images(bytes);
    ck_assert_msg(read_all(at(name), NULL, x, sizeof x, &info, &error) == CLN_OK, "%s", error.message);
    ck_assert_uint_eq(info.rows, 3);
    ck_assert_uint_eq(info.features, 4);
    ck_assert_uint_eq(info.height, 2);
    ck_assert_uint_eq(info.width, 2);
    ck_assert_uint_eq(info.outputs, 0);
    ck_assert(!info.labelled && info.type == CLN_UINT8);
    ck_assert_str_eq(info.path, at(name));
    ck_assert_mem_eq(x, bytes + 16, count - 16);
}

START_TEST(plain_and_gzip)
{
    uint8_t bytes[64];
    size_t count = small_images(bytes);
    put_file("plain", bytes, count);
    put_file("plain.gz", bytes, count); /* the content decides, not the name */
    put_gzip("packed.gz", bytes, count);
    put_gzip("packed", bytes, count);
    reads_small_images("plain");
    reads_small_images("plain.gz");
    reads_small_images("packed.gz");
    reads_small_images("packed");
}
END_TEST

START_TEST(gzip_members_behind_each_other)
{
    uint8_t bytes[64], joint[1024];
    size_t count = small_images(bytes), used = 0;
    for (size_t cut = 0; cut <= count; cut++) {
        size_t a, b;
        uint8_t *first = gzip_bytes(bytes, cut, &a), *second = gzip_bytes(bytes + cut, count - cut, &b);
        memcpy(joint, first, a);
        memcpy(joint + a, second, b);
        used = a + b;
        free(first);
        free(second);
        put_file("joint", joint, used);
        reads_small_images("joint");
    }
    for (size_t i = used - 19; i < used; i++) { /* within the second member, empty in 20 bytes */
        put_file("joint", joint, i);
        refused("joint", "");
    }
}
END_TEST

START_TEST(two_and_four_dimensions)
{
    uint8_t bytes[64] = {0}, x[64];
    cln_dataset_info info;
    cln_error error;
    put_file("two", bytes, idx_header(bytes, 0x08, 2, 3u, 5u) + 15);
    ck_assert_int_eq(read_all(at("two"), NULL, x, sizeof x, &info, &error), CLN_OK);
    ck_assert_uint_eq(info.features, 5);
    ck_assert_uint_eq(info.height, 1);
    ck_assert_uint_eq(info.width, 5);
    put_file("four", bytes, idx_header(bytes, 0x08, 4, 1u, 2u, 3u, 3u) + 18);
    ck_assert_int_eq(read_all(at("four"), NULL, x, sizeof x, &info, &error), CLN_OK);
    ck_assert_uint_eq(info.rows, 1);
    ck_assert_uint_eq(info.features, 18);
    ck_assert_uint_eq(info.height, 1);
    ck_assert_uint_eq(info.width, 18);
}
END_TEST

START_TEST(floats)
{
    static const uint8_t values[] = {0x3f, 0x80, 0,    0,    0xc0, 0x20, 0,    0,
                                     0x00, 0x00, 0x00, 0x01, 0x7f, 0x7f, 0xff, 0xff};
    uint8_t bytes[64];
    float x[16];
    cln_dataset_info info;
    cln_error error;
    size_t header = idx_header(bytes, 0x0D, 2, 2u, 2u);
    memcpy(bytes + header, values, sizeof values);
    put_file("floats", bytes, header + sizeof values);
    ck_assert_int_eq(read_all(at("floats"), NULL, x, sizeof x, &info, &error), CLN_OK);
    ck_assert_int_eq(info.type, CLN_FLOAT32);
    ck_assert_float_eq(x[0], 1);
    ck_assert_float_eq(x[1], -2.5f);
    ck_assert_float_eq(x[2], 0x1p-149f);
    ck_assert_float_eq(x[3], 0x1.fffffep127f);
}
END_TEST

START_TEST(numbers_that_are_none)
{
    static const uint8_t bad[][4] = {
        {0x7f, 0xc0, 0, 0}, {0x7f, 0x80, 0, 0}, {0xff, 0x80, 0, 0}, {0xff, 0xff, 0xff, 0xff}};
    for (size_t i = 0; i < 4; i++) {
        uint8_t bytes[64] = {0};
        size_t header = idx_header(bytes, 0x0D, 2, 3u, 4u);
        memcpy(bytes + header + 4 * (1 * 4 + 2), bad[i], 4);
        put_file("floats", bytes, header + 48);
        refused("floats", "row 1, column 2");
    }
}
END_TEST

/* Whatever single bit or whole byte of the header is wrong, plain or packed, the file is refused. */
START_TEST(header_bytes_flipped)
{
    uint8_t bytes[64];
    size_t count = small_images(bytes);
    for (size_t i = 0; i < 16; i++) {
        for (int bit = 0; bit <= 8; bit++) {
            uint8_t flip = (uint8_t)(bit == 8 ? 0xff : 1 << bit);
            bytes[i] ^= flip;
            put_file("flipped", bytes, count);
            refused("flipped", "");
            put_gzip("flipped", bytes, count);
            refused("flipped", "");
            bytes[i] ^= flip;
        }
    }
}
END_TEST

START_TEST(every_truncation)
{
    uint8_t bytes[64];
    size_t count = small_images(bytes), packed_count;
    uint8_t *packed = gzip_bytes(bytes, count, &packed_count);
    for (size_t i = 0; i < count; i++) {
        put_file("cut", bytes, i);
        refused("cut", "");
        put_gzip("cut", bytes, i); /* sound gzip of too little */
        refused("cut", "");
    }
    for (size_t i = 0; i < packed_count; i++) {
        put_file("cut", packed, i);
        refused("cut", "");
    }
    put_file("cut", packed, packed_count - 1);
    refused("cut", "cut off");
    free(packed);
}
END_TEST

/* A byte of a gzip file flipped: refused, or harmless (time and system in its header, the bits that fill the last byte of
   its blocks) with the same content. */
START_TEST(gzip_bytes_flipped)
{
    uint8_t bytes[64], x[64];
    cln_dataset_info info;
    cln_error error;
    size_t count = small_images(bytes), packed_count, passed = 0;
    uint8_t *packed = gzip_bytes(bytes, count, &packed_count);
    for (size_t i = 0; i < packed_count; i++) {
        for (int bit = 0; bit < 8; bit++) {
            packed[i] ^= (uint8_t)(1 << bit);
            put_file("flipped", packed, packed_count);
            cln_status status = read_all(at("flipped"), NULL, x, sizeof x, &info, &error);
            bool may_pass = i >= 3 && i < packed_count - 8;
            ck_assert_msg(status == CLN_FORMAT || (status == CLN_OK && may_pass), "byte %zu bit %d", i, bit);
            passed += status == CLN_OK;
            if (status == CLN_OK)
                ck_assert_mem_eq(x, bytes + 16, 12);
            packed[i] ^= (uint8_t)(1 << bit);
        }
    }
    ck_assert_uint_lt(passed, 8 * 7 + 8);
    packed[packed_count - 8] ^= 1;
    put_file("flipped", packed, packed_count);
    refused("flipped", "incorrect data check");
    free(packed);
}
END_TEST

START_TEST(trailing_bytes)
{
    uint8_t bytes[1024];
    size_t count = small_images(bytes), packed_count;
    bytes[count] = 0;
    put_file("long", bytes, count + 1);
    refused("long", "promises 28 bytes, but the file has 29");
    put_gzip("long", bytes, count + 1);
    refused("long", "more bytes follow");
    uint8_t *packed = gzip_bytes(bytes, count, &packed_count);
    memcpy(bytes, packed, packed_count);
    free(packed);
    for (int byte = 0; byte < 256; byte++) {
        bytes[packed_count] = (uint8_t)byte;
        put_file("long", bytes, packed_count + 1);
        refused("long", byte == 0x1f ? "cut off" : "other bytes follow");
    }
}
END_TEST

/* Headers that promise gigabytes, or more than 2⁶⁴ bytes, in files of a few. */
START_TEST(dimension_bombs)
{
    uint8_t bytes[4 + 4 * 255 + 16] = {0};
    size_t length = idx_header(bytes, 0x08, 3, 0xffffffffu, 0xffffffffu, 0xffffffffu);
    put_file("bomb", bytes, length + 16);
    refused("bomb", "2^64");
    put_gzip("bomb", bytes, length + 16);
    refused("bomb", "2^64");
    length = idx_header(bytes, 0x0D, 3, 0x10000u, 0x10000u, 0x40000000u);
    put_file("bomb", bytes, length + 16);
    refused("bomb", "2^64");
    length = idx_header(bytes, 0x08, 3, 0xffffffffu, 641u, 6700417u); /* 2⁶⁴−1, and the header */
    put_file("bomb", bytes, length + 16);
    refused("bomb", "2^64");
    length = idx_header(bytes, 0x08, 2, 60000u, 1000000u);
    put_file("bomb", bytes, length + 16);
    refused("bomb", "promises 60000000012 bytes");
    put_gzip("bomb", bytes, length + 16);
    refused("bomb", "can hold no more than");
    length = idx_header(bytes, 0x08, 2, 1u, 0xffffffffu);
    put_gzip("bomb", bytes, length + 16);
    refused("bomb", "can hold no more than");
    for (int i = 0; i < 255; i++)
        bytes[4 + 4 * i + 3] = 2;
    bytes[3] = 255;
    put_file("bomb", bytes, sizeof bytes);
    refused("bomb", "2^64");
}
END_TEST

START_TEST(too_wide)
{
    uint8_t *bytes = calloc(1, (1u << 24) + 13);
    size_t header = idx_header(bytes, 0x08, 2, 1u, (1u << 24) + 1);
    put_file("wide", bytes, header + (1u << 24) + 1);
    free(bytes);
    refused("wide", "1 to 16777216");
}
END_TEST

START_TEST(empty_dimensions)
{
    uint8_t bytes[64] = {0};
    put_file("empty", bytes, idx_header(bytes, 0x08, 3, 0u, 28u, 28u));
    refused("empty", "dimension 1 is 0");
    put_file("empty", bytes, idx_header(bytes, 0x08, 3, 3u, 0u, 28u));
    refused("empty", "dimension 2 is 0");
    put_file("empty", bytes, idx_header(bytes, 0x08, 0));
    refused("empty", "no dimensions");
    put_file("empty", bytes, 0);
    refused("empty", "ends after 0 bytes");
    put_gzip("empty", bytes, 0);
    refused("empty", "ends after 0 bytes");
}
END_TEST

START_TEST(types_that_are_not_read)
{
    static const struct {
        int code;
        const char *word;
    } types[] = {{0x09, "signed bytes"}, {0x0B, "16-bit integers"}, {0x0C, "32-bit integers"}, {0x0E, "doubles"},
                 {0x0A, "no type 0x0A"}, {0x00, "no type 0x00"},    {0xff, "no type 0xFF"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        uint8_t bytes[64] = {0};
        put_file("typed", bytes, idx_header(bytes, types[i].code, 2, 1u, 2u) + (types[i].code == 0x0C ? 8 : 2));
        refused("typed", types[i].word);
    }
    uint8_t doubles[64] = {0};
    put_file("typed", doubles, idx_header(doubles, 0x0E, 2, 1u, 2u) + 16);
    refused("typed", "convert them to unsigned bytes (type 0x08) or floats (0x0D)");
    put_file("typed", "PK\3\4 a zip archive", 18);
    refused("typed", "0x504B");
}
END_TEST

START_TEST(labels_of_both_types)
{
    uint8_t bytes[64];
    cln_error error = {0};
    cln_dataset *data;
    cln_dataset_info info;
    put_file("x", bytes, small_images(bytes));
    put_labels("y8", (uint8_t[]){7, 0, 255}, 3);
    size_t header = idx_header(bytes, 0x0C, 1, 3u);
    memcpy(bytes + header, (uint8_t[]){0, 0, 0, 7, 0, 0, 0xff, 0xfe, 0, 0, 1, 0}, 12);
    put_gzip("y32", bytes, header + 12);
    ck_assert_int_eq(cln_dataset_open(at("x"), at("y8"), CLN_PART_TRAIN, &data, &error), CLN_OK);
    cln_dataset_describe(data, &info);
    ck_assert(info.labelled);
    ck_assert_uint_eq(info.outputs, 256);
    ck_assert_mem_eq(cln_dataset_labels(data), ((int32_t[]){7, 0, 255}), 12);
    cln_dataset_close(data);
    ck_assert_msg(cln_dataset_open(at("x"), at("y32"), CLN_PART_TRAIN, &data, &error) == CLN_OK, "%s", error.message);
    cln_dataset_describe(data, &info);
    ck_assert_uint_eq(info.outputs, 65535);
    ck_assert_mem_eq(cln_dataset_labels(data), ((int32_t[]){7, 65534, 256}), 12);
    cln_dataset_close(data);
}
END_TEST

static void labels_refused(const char *word)
{
    cln_error error = {0};
    cln_dataset *data;
    ck_assert_int_eq(cln_dataset_open(at("x"), at("y"), CLN_PART_TRAIN, &data, &error), CLN_FORMAT);
    ck_assert_ptr_null(data);
    ck_assert_msg(strstr(error.message, word) != NULL, "\"%s\" is not in: %s", word, error.message);
}

START_TEST(bad_labels)
{
    uint8_t bytes[64], four[] = {1, 2, 3, 4};
    put_file("x", bytes, small_images(bytes));
    put_labels("y", four, 4);
    labels_refused("4 labels");
    put_labels("y", four, 2);
    labels_refused("2 labels");
    put_file("y", bytes, small_images(bytes));
    labels_refused("no labels (3 dimensions)");
    size_t header = idx_header(bytes, 0x0C, 1, 3u);
    memcpy(bytes + header, (uint8_t[]){0, 0, 0, 7, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, 12);
    put_file("y", bytes, header + 12);
    labels_refused("label -1 of row 1");
    memcpy(bytes + header, (uint8_t[]){0, 0, 0, 7, 0, 0, 1, 1, 0, 0, 0xff, 0xff}, 12);
    put_file("y", bytes, header + 12);
    labels_refused("label 65535 of row 2");
    put_file("y", bytes, idx_header(bytes, 0x0D, 1, 3u) + 12);
    labels_refused("of floats");
    put_file("y", bytes, idx_header(bytes, 0x0B, 1, 3u) + 6);
    labels_refused(
        "16-bit integers (IDX type 0x0B); convert them to unsigned bytes (type 0x08) or 32-bit integers (0x0C)");
    put_gzip("y", bytes, idx_header(bytes, 0x08, 1, 3u) + 4);
    labels_refused("more bytes follow");
    put_gzip("y", bytes, idx_header(bytes, 0x08, 1, 0xffffffffu) + 4);
    labels_refused("can hold no more than");
}
END_TEST

START_TEST(labels_given_as_images)
{
    put_labels("y", (uint8_t[]){1, 2, 3}, 3);
    refused("y", "one dimension");
}
END_TEST

static Suite *idx_suite(void)
{
    Suite *suite = suite_create("data: IDX files");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], make_folder, remove_folder);
        suite_add_tcase(suite, cases[i]);
        tcase_set_timeout(cases[i], 60);
    }
    tcase_add_test(ok, plain_and_gzip);
    tcase_add_test(ok, two_and_four_dimensions);
    tcase_add_test(ok, floats);
    tcase_add_test(ok, labels_of_both_types);
    tcase_add_test(edges, gzip_members_behind_each_other);
    tcase_add_test(edges, gzip_bytes_flipped);
    tcase_add_test(edges, too_wide);
    tcase_add_test(invalid, numbers_that_are_none);
    tcase_add_test(invalid, header_bytes_flipped);
    tcase_add_test(invalid, every_truncation);
    tcase_add_test(invalid, trailing_bytes);
    tcase_add_test(invalid, dimension_bombs);
    tcase_add_test(invalid, empty_dimensions);
    tcase_add_test(invalid, types_that_are_not_read);
    tcase_add_test(invalid, bad_labels);
    tcase_add_test(invalid, labels_given_as_images);
    return suite;
}

int main(void)
{
    return run_suite(idx_suite());
}
