/* Small files that promise much: refused before memory is taken, within 16 MiB. */
#define _GNU_SOURCE
#include "data/dataset.h"
#include "data/idx.h"
#include "data/stream.h"

#include "bombs.h"
#include "harness.h"
#include "idx_files.h"

static const size_t little = 16u << 20;

/* A gzip file of this header and zeros (mebibytes), packed a thousandfold. */
static void put_zeros(const char *name, const uint8_t *header, size_t header_bytes, unsigned mebibytes)
{
    static uint8_t zeros[1 << 20];
    gzFile file = gzopen(at(name), "wb9");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzwrite(file, header, (unsigned)header_bytes), (int)header_bytes);
    for (unsigned i = 0; i < mebibytes; i++)
        ck_assert_int_eq(gzwrite(file, zeros, sizeof zeros), (int)sizeof zeros);
    ck_assert_int_eq(gzclose(file), Z_OK);
}

static void refused(const char *path, const char *labels, const char *words)
{
    cln_error error = {0};
    cln_dataset *data = NULL;
    limit_memory(little);
    ck_assert_int_ne(cln_dataset_open(path, labels, CLN_PART_TRAIN, &data, &error), CLN_OK);
    ck_assert_msg(error.status == CLN_FORMAT && strstr(error.message, words), "%s", error.message);
    ck_assert_ptr_null(data);
}

START_TEST(what_is_packed_well_is_read)
{
    uint8_t header[64];
    cln_error error = {0};
    cln_dataset *data = NULL;
    put_zeros("x.gz", header, idx_header(header, 0x08, 2, 64u << 10, 1u << 10), 64);
    ck_assert_msg(cln_dataset_open(at("x.gz"), NULL, CLN_PART_TRAIN, &data, &error) == CLN_OK, "%s", error.message);
    cln_dataset_close(data);
}
END_TEST

/* Sound, and 300 MiB out of 300 kB. */
START_TEST(ratio)
{
    uint8_t header[64];
    put_zeros("x.gz", header, idx_header(header, 0x08, 2, 300u << 10, 1u << 10), 300);
    refused(at("x.gz"), NULL,
            "no more than 268435456; it is incomplete or damaged, fetch or copy it again (one that was packed so "
            "well can be unpacked with gunzip first)");
}
END_TEST

/* 64 million labels, in the format's terms sound, for three images. */
START_TEST(labels_of_others)
{
    uint8_t bytes[64] = {0};
    size_t length = idx_header(bytes, 0x08, 2, 3u, 4u);
    put_file("x", bytes, length + 12);
    put_zeros("y.gz", bytes, idx_header(bytes, 0x08, 1, 64u << 20), 64);
    refused(at("x"), at("y.gz"), "has 67108864 labels");
}
END_TEST

/* Many bytes are passed over in a small block. */
START_TEST(passing_over_takes_no_memory)
{
    cln_error error = {0};
    cln_stream *stream = NULL;
    put_zeros("z.gz", NULL, 0, 64);
    limit_memory(little);
    ck_assert_msg(cln_stream_open(at("z.gz"), &stream, &error) == CLN_OK, "%s", error.message);
    ck_assert_int_eq(cln_stream_skip(stream, 64u << 20, &error), CLN_OK);
    ck_assert_int_eq(cln_stream_end(stream, &error), CLN_OK);
    cln_stream_close(stream);
}
END_TEST

/* Behind the end there is nothing to pass over, and the place stays what it was. */
START_TEST(passing_over_what_is_not_there)
{
    cln_error error = {0};
    cln_stream *stream = NULL;
    put_file("x", "abcdef", 6);
    ck_assert_int_eq(cln_stream_open(at("x"), &stream, &error), CLN_OK);
    ck_assert_int_eq(cln_stream_skip(stream, 4, &error), CLN_OK);
    ck_assert_int_eq(cln_stream_skip(stream, 3, &error), CLN_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.message, "ends after 6 bytes, where 1 more"));
    ck_assert_int_eq(cln_stream_skip(stream, UINT64_MAX, NULL), CLN_FORMAT);
    ck_assert_int_eq(cln_stream_skip(stream, 2, NULL), CLN_OK);
    ck_assert_int_eq(cln_stream_end(stream, NULL), CLN_OK);
    cln_stream_close(stream);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data/bombs");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, invalid};
    tcase_add_test(ok, what_is_packed_well_is_read);
    tcase_add_test(ok, passing_over_takes_no_memory);
    tcase_add_test(invalid, ratio);
    tcase_add_test(invalid, labels_of_others);
    tcase_add_test(invalid, passing_over_what_is_not_there);
    for (int i = 0; i < 2; i++) {
        tcase_set_timeout(cases[i], 60);
        tcase_add_unchecked_fixture(cases[i], make_folder, remove_folder);
        suite_add_tcase(suite, cases[i]);
    }
    return run_suite(suite);
}
