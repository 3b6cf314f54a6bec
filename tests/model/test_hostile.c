/* Model files that no friend wrote. Each is refused with one sentence, which no terminal mistakes for a command. */
#define _GNU_SOURCE
#include "model/model.h"
#include "bombs.h"
#include "files.h"
#include "harness.h"

#include <math.h>

#define TENSOR(shape, from, to)  "{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" #from "," #to "]}"
#define DOUBLES(shape, from, to) "{\"dtype\":\"F64\",\"shape\":" shape ",\"data_offsets\":[" #from "," #to "]}"
#define WEIGHT                   "\"weight\":" TENSOR("[2,3]", 0, 24)
#define BIAS                     "\"bias\":" TENSOR("[2]", 24, 32)
#define GOOD                     "{" WEIGHT "," BIAS "}"
#define GOOD_DOUBLES             "{\"weight\":" DOUBLES("[2,3]", 0, 48) ",\"bias\":" DOUBLES("[2]", 48, 64) "}"

/* A file with this header and `values` bytes of zeros behind it. */
static void put_model(const char *header, size_t length, size_t values)
{
    uint8_t *bytes = calloc(8 + length + values, 1);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)length >> 8 * i);
    memcpy(bytes + 8, header, length);
    put_file("m", bytes, 8 + length + values);
    free(bytes);
}

static void refused(cln_status expected, const char *word)
{
    cln_error error = {0};
    cln_model *model;
    ck_assert_msg(cln_model_load(at("m"), &model, &error) == expected, "%s", error.message);
    ck_assert_ptr_null(model);
    ck_assert_msg(strstr(error.message, word) != NULL, "\"%s\" is not in: %s", word, error.message);
    ck_assert_ptr_nonnull(strstr(error.message, at("m")));
    for (const char *c = error.message; *c; c++)
        ck_assert_msg(*c >= ' ' && *c <= '~', "byte 0x%02x in a message", (unsigned char)*c);
}

START_TEST(good_one)
{
    cln_model *model;
    cln_error error = {0};
    put_model(GOOD, strlen(GOOD), 32);
    ck_assert_msg(cln_model_load(at("m"), &model, &error) == CLN_OK, "%s", error.message);
    ck_assert_uint_eq(cln_model_outputs(model), 2);
    ck_assert_uint_eq(cln_model_features(model), 3);
    ck_assert_ptr_nonnull(cln_model_bias(model));
    ck_assert_double_eq(model->scale, 1);
    ck_assert(!model->subset);
    ck_assert_uint_eq(cln_model_class(model, 1), 1);
    cln_model_free(model);
}
END_TEST

START_TEST(classes_without_subset)
{
    static const char header[] = "{\"__metadata__\":{\"classes\":\"3,6\",\"scale\":\"0.5\"}," WEIGHT "}";
    cln_model *model;
    put_model(header, strlen(header), 24);
    ck_assert_int_eq(cln_model_load(at("m"), &model, NULL), CLN_OK);
    ck_assert(model->subset);
    ck_assert_uint_eq(cln_model_class(model, 0), 3);
    ck_assert_uint_eq(cln_model_class(model, 1), 6);
    ck_assert_double_eq(model->scale, 0.5);
    ck_assert_ptr_null(cln_model_bias(model));
    cln_model_free(model);
}
END_TEST

START_TEST(bias_before_weight)
{
    static const char header[] = "{\"bias\":" TENSOR("[1]", 0, 4) ",\"weight\":" TENSOR("[1,2]", 4, 12) "}   ";
    float values[3] = {1, 2, 3};
    uint8_t file[256] = {sizeof header - 1};
    cln_model *model;
    cln_error error = {0};
    memcpy(file + 8, header, sizeof header - 1);
    memcpy(file + 8 + sizeof header - 1, values, sizeof values);
    put_file("m", file, 8 + sizeof header - 1 + sizeof values);
    ck_assert_msg(cln_model_load(at("m"), &model, &error) == CLN_OK, "%s", error.message);
    ck_assert_double_eq(model->bias[0], 1);
    ck_assert_double_eq(model->weight[0], 2);
    ck_assert_double_eq(model->weight[1], 3);
    cln_model_free(model);
}
END_TEST

/* Headers, the bytes of values behind them, and a word of the sentence that refuses them. */
static const struct {
    const char *header;
    size_t values;
    const char *word;
} headers[] = {
    {"[]", 0, "no JSON object"},
    {"null", 0, "no JSON object"},
    {" " GOOD, 32, "no JSON object"},
    {"{", 0, "cannot be read"},
    {"{\"weight\":", 0, "cannot be read"},
    {GOOD "x", 32, "cannot be read"},
    {"{\"weight\":1e999}", 0, "cannot be read"},
    {"{\"a\xff\":1}", 0, "cannot be read"},
    {"{\"a\\u0000\":1}", 0, "cannot be read"},
    {"{}", 0, "no tensor weight"},
    {"{" WEIGHT "," WEIGHT "}", 24, "duplicate"},
    {"{\"bias\":" TENSOR("[2]", 0, 8) "}", 8, "no tensor weight"},
    {"{" WEIGHT ",\"\\u001b[31mevil\":1}", 24, "tensor \"?[31mevil\""},
    {"{" WEIGHT ",\"linear.bias\":" TENSOR("[2]", 24, 32) "}", 32, "linear.bias"},
    {"{\"weight\":3}", 0, "nothing else"},
    {"{\"weight\":{}}", 0, "nothing else"},
    {"{\"weight\":{\"dtype\":\"F32\",\"shape\":[2,3]}}", 24, "nothing else"},
    {"{\"weight\":{\"dtype\":4,\"shape\":[2,3],\"data_offsets\":[0,24]}}", 24, "nothing else"},
    {"{\"weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24],\"x\":1}}", 24, "nothing else"},
    {"{\"weight\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[0,12]}}", 12, "type BF16; only F32 and F64"},
    {"{\"weight\":{\"dtype\":\"I64\",\"shape\":[2,3],\"data_offsets\":[0,48]}}", 48, "type I64; only F32 and F64"},
    {"{" WEIGHT ",\"bias\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[24,28]}}", 28,
     "type F16; only F32 and F64"},
    {"{\"weight\":" DOUBLES("[2,3]", 0, 24) "}", 24, "a shape of 48 bytes but a place of 24"},
    {"{\"weight\":" DOUBLES("[2,3]", 0, 48) "}", 24, "within the 24 bytes"},
    {"{\"weight\":" TENSOR("[2,3]", 0, 48) "}", 48, "a shape of 24 bytes but a place of 48"},
    {"{\"weight\":" DOUBLES("[2,3]", 0, 48) ",\"bias\":" DOUBLES("[2]", 48, 56) "}", 56, "a shape of 16 bytes"},
    {"{\"weight\":" DOUBLES("[2,3]", 0, 48) ",\"bias\":" TENSOR("[2]", 44, 52) "}", 52, "without gap or overlap"},
    {"{\"weight\":" DOUBLES("[2,3]", 0, 48) ",\"bias\":" TENSOR("[1]", 48, 52) "}", 52,
     "2 outputs by its weight but 1"},
    {"{\"weight\":{\"dtype\":\"\\u001b]0;\\u0007\",\"shape\":[2,3],\"data_offsets\":[0,24]}}", 24, "type ?]0;?"},
    {"{\"weight\":" TENSOR("[6]", 0, 24) "}", 24, "2 dimensions"},
    {"{\"weight\":" TENSOR("[1,2,3]", 0, 24) "}", 24, "2 dimensions"},
    {"{\"weight\":" TENSOR("[]", 0, 24) "}", 24, "2 dimensions"},
    {"{\"weight\":" TENSOR("6", 0, 24) "}", 24, "2 dimensions"},
    {"{\"weight\":" TENSOR("[0,3]", 0, 0) "}", 0, "dimensions of 1"},
    {"{\"weight\":" TENSOR("[-2,-3]", 0, 24) "}", 24, "dimensions of 1"},
    {"{\"weight\":" TENSOR("[2.0,3]", 0, 24) "}", 24, "dimensions of 1"},
    {"{\"weight\":" TENSOR("[\"2\",3]", 0, 24) "}", 24, "dimensions of 1"},
    {"{\"weight\":" TENSOR("[4294967296,4294967296]", 0, 0) "}", 0, "dimensions of 1"},
    {"{\"weight\":" TENSOR("[9223372036854775807,2]", 0, 24) "}", 24, "dimensions of 1"},
    {"{\"weight\":" TENSOR("[99999999999999999999,2]", 0, 24) "}", 24, "cannot be read"},
    {"{\"weight\":" TENSOR("[16777216,16777216]", 0, 24) "}", 24, "a shape of 1125899906842624 bytes"},
    {"{\"weight\":" TENSOR("[65536,1]", 0, 262144) "}", 262144, "65535 are the most"},
    {"{\"weight\":" TENSOR("[2,3]", 0, 20) "}", 20, "a place of 20"},
    {"{\"weight\":" TENSOR("[2,3]", 24, 0) "}", 24, "in order"},
    {"{\"weight\":" TENSOR("[2,3]", 0, 25) "}", 24, "within the 24 bytes"},
    {"{\"weight\":" TENSOR("[2,3]", -24, 0) "}", 24, "in order"},
    {"{\"weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0]}}", 24, "two data_offsets"},
    {"{\"weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24,24]}}", 24, "two data_offsets"},
    {"{" WEIGHT "}", 28, "without gap"},
    {"{\"weight\":" TENSOR("[2,3]", 4, 28) "}", 28, "without gap"},
    {"{" WEIGHT ",\"bias\":" TENSOR("[2]", 16, 24) "}", 24, "without gap or overlap"},
    {"{" WEIGHT ",\"bias\":" TENSOR("[2]", 28, 36) "}", 36, "without gap or overlap"},
    {"{" WEIGHT "," BIAS "}", 33, "without gap or overlap"},
    {"{" WEIGHT ",\"bias\":" TENSOR("[1]", 24, 28) "}", 28, "2 outputs by its weight but 1"},
    {"{" WEIGHT ",\"bias\":" TENSOR("[2,1]", 24, 32) "}", 32, "1 dimensions"},
    {"{" WEIGHT ",\"bias\":null}", 24, "nothing else"},
    {"{\"__metadata__\":[]," WEIGHT "}", 24, "no JSON object"},
    {"{\"__metadata__\":{\"a\\u0007b\":1}," WEIGHT "}", 24, "metadata \"a?b\" is no string"},
    {"{\"__metadata__\":{\"scale\":\"\"}," WEIGHT "}", 24, "no positive number"},
    {"{\"__metadata__\":{\"scale\":\"nan\"}," WEIGHT "}", 24, "no positive number"},
    {"{\"__metadata__\":{\"scale\":\"0\"}," WEIGHT "}", 24, "no positive number"},
    {"{\"__metadata__\":{\"scale\":\"-1\"}," WEIGHT "}", 24, "no positive number"},
    {"{\"__metadata__\":{\"scale\":\"1e-60\"}," WEIGHT "}", 24, "no positive number"}, /* 0 on the device */
    {"{\"__metadata__\":{\"scale\":\"1e60\"}," WEIGHT "}", 24, "no positive number"},
    {"{\"__metadata__\":{\"scale\":\"1\\u001b[2J\"}," WEIGHT "}", 24, "\"1?[2J\""},
    {"{\"__metadata__\":{\"classes\":\"\"}," WEIGHT "}", 24, "names 1 classes"},
    {"{\"__metadata__\":{\"classes\":\"1\"}," WEIGHT "}", 24, "names 1 classes"},
    {"{\"__metadata__\":{\"classes\":\"1,2,3\"}," WEIGHT "}", 24, "names 3 classes"},
    {"{\"__metadata__\":{\"classes\":\"1,\"}," WEIGHT "}", 24, "class 2"},
    {"{\"__metadata__\":{\"classes\":\"a,2\"}," WEIGHT "}", 24, "class 1"},
    {"{\"__metadata__\":{\"classes\":\"1,-2\"}," WEIGHT "}", 24, "class 2"},
    {"{\"__metadata__\":{\"classes\":\"1, 2\"}," WEIGHT "}", 24, "class 2"},
    {"{\"__metadata__\":{\"classes\":\"4,4\"}," WEIGHT "}", 24, "class 2"},
    {"{\"__metadata__\":{\"classes\":\"1,65535\"}," WEIGHT "}", 24, "class 2"},
    {"{\"__metadata__\":{\"classes\":\"1,18446744073709551617\"}," WEIGHT "}", 24, "class 2"},
    {"{\"__metadata__\":{\"subset\":\"perhaps\"}," WEIGHT "}", 24, "neither true nor false"},
};

START_TEST(bad_header)
{
    put_model(headers[_i].header, strlen(headers[_i].header), headers[_i].values);
    refused(CLN_FORMAT, headers[_i].word);
}
END_TEST

START_TEST(later_version)
{
    static const char header[] = "{\"__metadata__\":{\"clinear\":\"2\"}," WEIGHT "}";
    put_model(header, strlen(header), 24);
    refused(CLN_UNSUPPORTED, "update clinear");
}
END_TEST

START_TEST(every_truncation)
{
    size_t count;
    put_model(_i ? GOOD_DOUBLES : GOOD, strlen(_i ? GOOD_DOUBLES : GOOD), _i ? 64 : 32);
    uint8_t *bytes = get_file("m", &count);
    for (size_t i = 0; i < count; i++) {
        put_file("m", bytes, i);
        refused(CLN_FORMAT, "");
    }
    free(bytes);
}
END_TEST

START_TEST(header_lengths)
{
    static const uint64_t lengths[] = {0,          1,          sizeof GOOD + 31, 1u << 20,      1u << 31,
                                       1ull << 32, 1ull << 63, UINT64_MAX,       UINT64_MAX - 7};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint8_t bytes[8 + sizeof GOOD - 1 + 32] = {0};
        for (int j = 0; j < 8; j++)
            bytes[j] = (uint8_t)(lengths[i] >> 8 * j);
        memcpy(bytes + 8, GOOD, sizeof GOOD - 1);
        put_file("m", bytes, sizeof bytes);
        refused(CLN_FORMAT, "");
    }
    char *spaces = malloc((1u << 20) + 1);
    memset(spaces, ' ', (1u << 20) + 1);
    memcpy(spaces, GOOD, sizeof GOOD - 1);
    put_model(spaces, (1u << 20) + 1, 32);
    refused(CLN_FORMAT, "1048576 are allowed");
    put_model(spaces, 1u << 20, 32);
    cln_model *model;
    ck_assert_int_eq(cln_model_load(at("m"), &model, NULL), CLN_OK);
    cln_model_free(model);
    free(spaces);
}
END_TEST

START_TEST(deep_json)
{
    char *deep = malloc(1000001);
    memset(deep, '[', 1000000);
    memcpy(deep, "{\"weight\":", 10);
    put_model(deep, 1000000, 0);
    refused(CLN_FORMAT, "cannot be read (maximum parsing depth");
    free(deep);
}
END_TEST

/* A million names would take quadratic time, were they looked up one by one. */
START_TEST(many_names)
{
    char *text = malloc(1u << 20);
    size_t length = (size_t)sprintf(text, "{\"__metadata__\":{\"a\":\"\"");
    for (int i = 0; length < (1u << 20) - 100; i++)
        length += (size_t)sprintf(text + length, ",\"%x\":\"\"", 0x10000 + i);
    length += (size_t)sprintf(text + length, "}," WEIGHT "}");
    put_model(text, length, 24);
    refused(CLN_FORMAT, "more than 1024 names");
    free(text);
}
END_TEST

/* A value of so many bytes in place of each of the model's six weights and two biases. */
static void refuse_value(const char *header, size_t bytes, uint64_t value)
{
    size_t count;
    for (size_t place = 0; place < 8; place++) {
        put_model(header, strlen(header), 8 * bytes);
        uint8_t *file = get_file("m", &count);
        for (size_t j = 0; j < bytes; j++)
            file[count - (8 - place) * bytes + j] = (uint8_t)(value >> 8 * j);
        put_file("m", file, count);
        free(file);
        refused(CLN_FORMAT, place < 6 ? "of tensor weight is not a finite" : "of tensor bias is not a finite");
    }
}

START_TEST(values_that_are_no_numbers)
{
    static const uint32_t floats[] = {0x7fc00000, 0x7f800000, 0xff800000, 0x7f800001};
    static const uint64_t doubles[] = {0x7ff8000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff0000000000001};
    for (size_t i = 0; i < 4; i++) {
        refuse_value(GOOD, sizeof *floats, floats[i]);
        refuse_value(GOOD_DOUBLES, sizeof *doubles, doubles[i]);
    }
}
END_TEST

/* Every bit of the file flipped once, and of the values where they are doubles: loads, or is refused; the sanitizers see to the rest. */
START_TEST(every_bit_flipped)
{
    static const char header[] =
        "{\"__metadata__\":{\"clinear\":\"1\",\"scale\":\"0.5\",\"classes\":\"3,6\"}," WEIGHT "," BIAS "}";
    size_t count, loads = 0;
    put_model(_i ? GOOD_DOUBLES : header, strlen(_i ? GOOD_DOUBLES : header), _i ? 64 : 32);
    uint8_t *bytes = get_file("m", &count);
    for (size_t bit = _i ? 8 * (count - 64) : 0; bit < 8 * count; bit++) {
        cln_model *model;
        cln_error error = {0};
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        put_file("m", bytes, count);
        cln_status status = cln_model_load(at("m"), &model, &error);
        ck_assert(status == CLN_OK || status == CLN_FORMAT || status == CLN_UNSUPPORTED);
        ck_assert(bit >= 64 || status == CLN_FORMAT);
        ck_assert((status == CLN_OK) == (model != NULL) && (status == CLN_OK) == (error.message[0] == '\0'));
        loads += status == CLN_OK;
        cln_model_free(model);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    ck_assert_uint_gt(loads, 32 * 8 - 8); /* no flip of one bit makes a zero infinite */
    free(bytes);
}
END_TEST

/* A header of the largest size that is read, of what takes most memory when it is parsed. */
START_TEST(header_bomb)
{
    enum { length = 1 << 20 };
    char *header = malloc(length);
    memset(header, ' ', length);
    memcpy(header, "{\"weight\":[", 11);
    for (size_t i = 11; i + 6 <= length; i += 3)
        memcpy(header + i, "{},", 3);
    memcpy(header + length - 4, "0]}", 3);
    put_model(header, length, 0);
    free(header);
    limit_memory(2 * 80 * (1u << 20));
    refused(CLN_FORMAT, "must have dtype");
}
END_TEST

/* Shapes of gigabytes in a file that has none. */
START_TEST(shape_bombs)
{
    static const char *const bombs[] = {"{\"weight\":" TENSOR("[65535,16777216]", 0, 4398000000000) "}",
                                        "{\"weight\":" TENSOR("[65535,16777216]", 0, 24) "}",
                                        "{\"weight\":" TENSOR("[16777216,16777216]", 0, 0) "}",
                                        "{\"weight\":" DOUBLES("[65535,16777216]", 0, 8796000000000) "}",
                                        "{\"weight\":" DOUBLES("[65535,16777216]", 0, 24) "}",
                                        "{\"weight\":" TENSOR("[4611686018427387905,4]", 0, 16) "}"};
    limit_memory(8u << 20);
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        put_model(bombs[i], strlen(bombs[i]), 24);
        refused(CLN_FORMAT, "weight");
    }
}
END_TEST

START_TEST(no_file)
{
    refused(CLN_IO, "No such file");
    ck_assert_int_eq(mkdir(at("m"), 0700), 0);
    refused(CLN_IO, "folder");
    ck_assert_int_eq(rmdir(at("m")), 0);
    ck_assert_int_eq(mkfifo(at("m"), 0600), 0);
    refused(CLN_IO, "no regular file");
}
END_TEST

static Suite *hostile_suite(void)
{
    Suite *suite = suite_create("model: hostile files");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], make_folder, remove_folder);
        suite_add_tcase(suite, cases[i]);
        tcase_set_timeout(cases[i], 60);
    }
    tcase_add_test(ok, good_one);
    tcase_add_test(ok, classes_without_subset);
    tcase_add_test(ok, bias_before_weight);
    tcase_add_test(edges, header_lengths);
    tcase_add_loop_test(edges, every_bit_flipped, 0, 2);
    tcase_add_loop_test(invalid, bad_header, 0, sizeof headers / sizeof *headers);
    tcase_add_test(invalid, later_version);
    tcase_add_loop_test(invalid, every_truncation, 0, 2);
    tcase_add_test(invalid, deep_json);
    tcase_add_test(invalid, many_names);
    tcase_add_test(invalid, values_that_are_no_numbers);
    tcase_add_test(invalid, header_bomb);
    tcase_add_test(invalid, shape_bombs);
    tcase_add_test(invalid, no_file);
    return suite;
}

int main(void)
{
    return run_suite(hostile_suite());
}
