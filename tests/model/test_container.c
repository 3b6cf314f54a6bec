/* Files of state: what is written comes back, and nothing that was damaged, cut or made up does. */
#define _GNU_SOURCE
#include "model/container.h"
#include "base/checksum.h"
#include "files.h"
#include "harness.h"

#include <math.h>

static const char task[] = "cannot go on from";
static char bytes[65536];
static size_t size;

static void take_file(const char *name)
{
    FILE *file = fopen(at(name), "rb");
    ck_assert_ptr_nonnull(file);
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
}

static void write_one(void)
{
    const float floats[6] = {1, -2, 3.5f, NAN, INFINITY, -0.f};
    const double doubles[2] = {1.0 / 3, -INFINITY};
    const int64_t counts[3] = {0, -1, INT64_MAX};
    const cln_array arrays[] = {
        {"floats", CLN_F32, 2, 3, floats}, {"doubles", CLN_F64, 1, 2, doubles}, {"counts", CLN_I64, 3, 1, counts}};
    cln_entries notes = {0};
    cln_error error = {0};
    ck_assert_int_eq(cln_entries_note(&notes, NULL, "state", "1"), CLN_OK);
    ck_assert_int_eq(cln_entries_note(&notes, NULL, "half", "%g", 0.5), CLN_OK);
    ck_assert_int_eq(cln_entries_note(&notes, NULL, "boundless", "inf"), CLN_OK);
    ck_assert_msg(cln_container_save(at("c"), &notes, arrays, 3, &error) == CLN_OK, "%s", error.message);
    cln_entries_release(&notes);
    take_file("c");
}

START_TEST(round_trip)
{
    cln_error error = {0};
    cln_container *c;
    float floats[6];
    double doubles[2];
    int64_t counts[3];
    write_one();
    ck_assert_msg(cln_container_open(task, at("c"), "state", "1", &c, &error) == CLN_OK, "%s", error.message);
    ck_assert_str_eq(cln_container_text(c, "half"), "0.5");
    ck_assert_ptr_null(cln_container_text(c, "third"));
    ck_assert(cln_container_has(c, "floats") && !cln_container_has(c, "none"));
    ck_assert_int_eq(cln_container_read(c, "counts", CLN_I64, 3, 1, counts, &error), CLN_OK);
    ck_assert_int_eq(cln_container_read(c, "floats", CLN_F32, 2, 3, floats, &error), CLN_OK);
    ck_assert_int_eq(cln_container_read(c, "doubles", CLN_F64, 1, 2, doubles, &error), CLN_OK);
    ck_assert(counts[0] == 0 && counts[1] == -1 && counts[2] == INT64_MAX);
    ck_assert(isnan(floats[3]) && isinf(floats[4]) && signbit(floats[5]) && floats[1] == -2);
    ck_assert(doubles[0] == 1.0 / 3 && doubles[1] < 0);
    static const struct {
        const char *name;
        cln_dtype type;
        uint64_t rows, columns;
        const char *word;
    } wrong[] = {{"none", CLN_F32, 2, 3, "no tensor none"},
                 {"floats", CLN_F64, 2, 3, "type F32"},
                 {"floats", CLN_F32, 3, 2, "2 × 3 values and not of 3 × 2"},
                 {"__metadata__", CLN_F32, 2, 3, "nothing else"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cln_error refusal = {0};
        ck_assert_int_eq(
            cln_container_read(c, wrong[i].name, wrong[i].type, wrong[i].rows, wrong[i].columns, floats, &refusal),
            CLN_FORMAT);
        ck_assert_msg(strstr(refusal.message, wrong[i].word) != NULL, "%s", refusal.message);
    }
    cln_container_close(c);
    cln_container_close(NULL);
}
END_TEST

static void refused(cln_status expected, const char *word)
{
    cln_error error = {0};
    cln_container *c;
    put_file("d", bytes, size);
    ck_assert_int_eq(cln_container_open(task, at("d"), "state", "1", &c, &error), expected);
    ck_assert_ptr_null(c);
    ck_assert_msg(strncmp(error.message, task, sizeof task - 1) == 0 && strstr(error.message, at("d")) &&
                      strstr(error.message, word),
                  "%s", error.message);
    for (const char *byte = error.message; *byte; byte++)
        ck_assert_msg(*byte >= ' ' && *byte <= '~', "byte 0x%02x in a message", (unsigned char)*byte);
}

/* A bit of any byte. */
START_TEST(numbers)
{
    cln_error error = {0}, words = {0};
    cln_container *c;
    uint64_t count = 0;
    double real = 0;
    write_one();
    ck_assert_msg(cln_container_open(task, at("c"), "state", "1", &c, &error) == CLN_OK, "%s", error.message);
    ck_assert_int_eq(cln_container_count(c, "state", 1, &count, &error), CLN_OK);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(cln_container_real(c, "half", &real, &error), CLN_OK);
    ck_assert_double_eq(real, 0.5);
    ck_assert_int_eq(cln_container_real(c, "boundless", &real, &error), CLN_OK);
    ck_assert(isinf(real) && real > 0);
    ck_assert_int_eq(cln_container_count(c, "state", 0, &count, &error), CLN_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "its state is no whole number up to 0"));
    ck_assert_int_eq(cln_container_count(c, "half", 9, &count, NULL), CLN_INVALID);
    ck_assert_int_eq(cln_container_count(c, "third", 9, &count, NULL), CLN_INVALID);
    ck_assert_int_eq(cln_container_real(c, "third", &real, &words), CLN_INVALID);
    ck_assert_ptr_nonnull(strstr(words.message, "its third is no number"));
    cln_container_close(c);
}
END_TEST

START_TEST(damaged)
{
    write_one();
    for (size_t i = 0; i < size; i++) {
        cln_error error = {0};
        cln_container *c;
        bytes[i] ^= (char)(1u << i % 8);
        put_file("d", bytes, size);
        cln_status status = cln_container_open(task, at("d"), "state", "1", &c, &error);
        ck_assert_msg(status == CLN_FORMAT || status == CLN_UNSUPPORTED, "byte %zu: %s", i, error.message);
        ck_assert_ptr_null(c);
        bytes[i] ^= (char)(1u << i % 8);
    }
}
END_TEST

START_TEST(cut_and_longer)
{
    write_one();
    for (size_t whole = size--; size > 0; size--)
        refused(CLN_FORMAT, whole == size + 1 ? "within" : "");
    write_one();
    size += 8;
    refused(CLN_FORMAT, "not at its end");
}
END_TEST

START_TEST(other_kinds)
{
    cln_error error = {0};
    cln_container *c;
    write_one();
    ck_assert_int_eq(cln_container_open(task, at("c"), "states", "1", &c, &error), CLN_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.message, "another kind of file"));
    error = (cln_error){0};
    ck_assert_int_eq(cln_container_open(task, at("c"), "state", "2", &c, &error), CLN_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.message, "its format is 1, and this version reads 2"));
    error = (cln_error){0};
    ck_assert_int_eq(cln_container_open(task, at("nothing"), "state", "2", &c, &error), CLN_IO);
}
END_TEST

/* A header with the right sum behind the values: nobody's accident. */
static void forge(const char *header, size_t values)
{
    size_t length = strlen(header);
    memset(bytes, 0, sizeof bytes);
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (char)((uint64_t)length >> 8 * i);
    memcpy(bytes + 8, header, length);
    size = 8 + length + values;
    cln_checksum adding = cln_checksum_begin();
    cln_checksum_add(&adding, bytes, size - 8);
    uint64_t sum = cln_checksum_of(&adding);
    for (size_t i = 0; i < 8; i++)
        bytes[size - 8 + i] = (char)(sum >> 8 * i);
}

#define META          "\"__metadata__\":{\"state\":\"1\"}"
#define SUM(from, to) "\"checksum\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[" #from "," #to "]}"

START_TEST(forged)
{
    static const struct {
        const char *header;
        size_t values;
        const char *word;
    } files[] = {
        {"{" SUM(0, 8) "}", 8, "another kind"},
        {"{" META "}", 8, "tensor checksum must have"},
        {"{" META "," SUM(0, 4) "}", 8, "a place of 4"},
        {"{" META "," SUM(0, 8) "}", 16, "not at its end"},
        {"{" META ",\"checksum\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]}}", 16, "dimensions of 1"},
        {"{\"__metadata__\":{\"state\":\"\\u001b[2J\"}," SUM(0, 8) "}", 8, "its format is ?[2J"},
        {"{\"__metadata__\":{\"state\":1}," SUM(0, 8) "}", 8, "is no string"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        forge(files[i].header, files[i].values);
        refused(i == 5 ? CLN_UNSUPPORTED : CLN_FORMAT, files[i].word);
    }
}
END_TEST

/* Sizes that no file has are refused where they are asked for, before a byte is taken for them. */
START_TEST(forged_sizes)
{
    static const char *const shapes[] = {"[4294967296,4294967296]", "[9223372036854775807,9223372036854775807]",
                                         "[1,1]", "[-1,2]", "[2,2]"};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        char header[400];
        cln_error error = {0};
        cln_container *c;
        double values[4];
        snprintf(header, sizeof header,
                 "{" META ",\"x\":{\"dtype\":\"F64\",\"shape\":%s,\"data_offsets\":[0,16]}," SUM(16, 24) "}",
                 shapes[i]);
        forge(header, 24);
        put_file("d", bytes, size);
        ck_assert_msg(cln_container_open(task, at("d"), "state", "1", &c, &error) == CLN_OK, "%s", error.message);
        ck_assert_int_eq(cln_container_read(c, "x", CLN_F64, 2, 1, values, &error), CLN_FORMAT);
        cln_container_close(c);
    }
}
END_TEST

/* What cannot be written whole leaves what was there. */
START_TEST(not_written)
{
    cln_entries notes = {0};
    cln_error error = {0};
    cln_container *c;
    static char long_text[1024 * 1024];
    write_one();
    memset(long_text, 'x', sizeof long_text - 1);
    ck_assert_int_eq(cln_entries_note(&notes, NULL, "long", "%s", long_text), CLN_OK);
    ck_assert_int_eq(cln_container_save(at("c"), &notes, NULL, 0, &error), CLN_INVALID);
    cln_entries_release(&notes);
    ck_assert_int_eq(cln_container_save(at("no/such/folder"), &notes, NULL, 0, NULL), CLN_IO);
    ck_assert_int_eq(cln_container_open(task, at("c"), "state", "1", &c, NULL), CLN_OK);
    cln_container_close(c);
    ck_assert_uint_eq(count_entries(false), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model: files of state");
    TCase *cases[] = {tcase_create("ok"), tcase_create("edges"), tcase_create("invalid")};
    for (int i = 0; i < 3; i++) {
        tcase_set_timeout(cases[i], 60);
        tcase_add_checked_fixture(cases[i], make_folder, remove_folder);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(cases[0], round_trip);
    tcase_add_test(cases[0], numbers);
    tcase_add_test(cases[1], damaged);
    tcase_add_test(cases[1], cut_and_longer);
    tcase_add_test(cases[1], not_written);
    tcase_add_test(cases[2], other_kinds);
    tcase_add_test(cases[2], forged);
    tcase_add_test(cases[2], forged_sizes);
    return run_suite(suite);
}
