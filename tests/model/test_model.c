#define _GNU_SOURCE
#include "model/model.h"
#include "base/sha256.h"
#include "files.h"
#include "harness.h"

#include <jansson.h>
#include <math.h>
#include <sys/resource.h>
#include <signal.h>

static cln_model *make_model(uint32_t k, uint32_t d, bool bias)
{
    cln_error error = {0};
    cln_model *model;
    ck_assert_msg(cln_model_create(k, d, bias, &model, &error) == CLN_OK, "%s", error.message);
    for (uint32_t i = 0; i < k * d; i++)
        model->weight[i] = (float)i / 7 - 1;
    for (uint32_t c = 0; bias && c < k; c++)
        model->bias[c] = -(float)c - 0.3f;
    cln_model_round(model);
    return model;
}

/* What only doubles tell apart, and what floats do not hold. */
static void make_double(cln_model *model)
{
    uint32_t count = model->outputs * model->features;
    for (uint32_t i = 0; i < count; i++)
        model->weight[i] = i % 3 == 0 ? 1 + 0x1p-52 * i : i % 3 == 1 ? -1e300 / (i + 1) : 1e-300 * i;
    for (uint32_t c = 0; model->bias && c < model->outputs; c++)
        model->bias[c] = -1.7e6 - c / 3.0;
    model->weight_type = model->bias_type = CLN_F64;
    cln_model_round(model);
}

static cln_model *save_and_load(const cln_model *model)
{
    cln_error error = {0};
    cln_model *loaded;
    ck_assert_msg(cln_model_save(model, at("m"), &error) == CLN_OK, "%s", error.message);
    ck_assert_msg(cln_model_load(at("m"), &loaded, &error) == CLN_OK, "%s", error.message);
    return loaded;
}

START_TEST(a_new_model)
{
    cln_model *model;
    ck_assert_int_eq(cln_model_create(3, 2, true, &model, NULL), CLN_OK);
    ck_assert_uint_eq(cln_model_outputs(model), 3);
    ck_assert_uint_eq(cln_model_features(model), 2);
    for (int i = 0; i < 6; i++)
        ck_assert_float_eq(cln_model_weight(model)[i], 0);
    for (uint32_t c = 0; c < 3; c++) {
        ck_assert_float_eq(cln_model_bias(model)[c], 0);
        ck_assert_uint_eq(cln_model_class(model, c), c);
    }
    ck_assert_uint_eq(cln_model_class(model, 3), UINT32_MAX);
    ck_assert_double_eq(model->scale, 1);
    ck_assert_ptr_null(cln_model_metadata(model, "engine"));
    cln_model_free(model);
    cln_model_free(NULL);
}
END_TEST

START_TEST(notes)
{
    cln_model *model = make_model(1, 1, false);
    ck_assert_int_eq(cln_model_note(model, NULL, "engine", "%s", "fused"), CLN_OK);
    ck_assert_int_eq(cln_model_note(model, NULL, "epochs", "%d of %.1f", 3, 4.5), CLN_OK);
    ck_assert_int_eq(cln_model_note(model, NULL, "engine", "%s", "clblast"), CLN_OK);
    /* A value may come from the entry that it replaces. */
    ck_assert_int_eq(cln_model_note(model, NULL, "engine", "%s!", cln_model_metadata(model, "engine")), CLN_OK);
    ck_assert_str_eq(cln_model_metadata(model, "engine"), "clblast!");
    ck_assert_str_eq(cln_model_metadata(model, "epochs"), "3 of 4.5");
    ck_assert_uint_eq(model->metadata.count, 2);
    cln_model_free(model);
}
END_TEST

START_TEST(saved_and_loaded)
{
    cln_model *model = make_model(3, 5, _i);
    model->scale = 1 / 255.0;
    ck_assert_int_eq(cln_model_note(model, NULL, "engine", "fused"), CLN_OK);
    ck_assert_int_eq(cln_model_note(model, NULL, "quote", "%s", "\"\\ \x1b[31m ü"), CLN_OK);
    cln_model *loaded = save_and_load(model);
    ck_assert_uint_eq(cln_model_outputs(loaded), 3);
    ck_assert_uint_eq(cln_model_features(loaded), 5);
    ck_assert_mem_eq(loaded->weight, model->weight, 15 * sizeof(double));
    if (_i)
        ck_assert_mem_eq(loaded->bias, model->bias, 3 * sizeof(double));
    else
        ck_assert_ptr_null(loaded->bias);
    ck_assert_double_eq(loaded->scale, 1 / 255.0);
    ck_assert(!loaded->subset);
    ck_assert_uint_eq(cln_model_class(loaded, 2), 2);
    ck_assert_str_eq(cln_model_metadata(loaded, "engine"), "fused");
    ck_assert_str_eq(cln_model_metadata(loaded, "quote"), "\"\\ \x1b[31m ü");
    ck_assert_str_eq(cln_model_metadata(loaded, "classes"), "0,1,2");
    ck_assert_str_eq(cln_model_metadata(loaded, "format"), "pt");
    cln_model_free(loaded);
    cln_model_free(model);
}
END_TEST

START_TEST(doubles)
{
    cln_model *model = make_model(2, 3, true);
    make_double(model);
    cln_model *loaded = save_and_load(model);
    ck_assert_mem_eq(cln_model_weight_double(loaded), model->weight, 6 * sizeof(double));
    ck_assert_mem_eq(cln_model_bias_double(loaded), model->bias, 2 * sizeof(double));
    static const float rounded[] = {1, -INFINITY, 0, 1, -INFINITY, 0};
    for (int i = 0; i < 6; i++)
        ck_assert_float_eq(cln_model_weight(loaded)[i], rounded[i]);
    for (int c = 0; c < 2; c++)
        ck_assert_float_eq(cln_model_bias(loaded)[c], (float)model->bias[c]);
    ck_assert(loaded->weight_type == CLN_F64 && loaded->bias_type == CLN_F64);
    cln_model_free(loaded);
    cln_model_free(model);
    model = make_model(2, 3, false);
    make_double(model);
    loaded = save_and_load(model);
    ck_assert_ptr_null(cln_model_bias_double(loaded));
    ck_assert_ptr_null(cln_model_bias(loaded));
    cln_model_free(loaded);
    cln_model_free(model);
}
END_TEST

/* Floats beside doubles, as other programs may write them: each stays what it was, also when it is saved again. */
START_TEST(mixed)
{
    size_t count, again;
    cln_model *model = make_model(2, 3, true);
    make_double(model);
    if (_i) {
        model->bias_type = CLN_F32;
    } else {
        for (int i = 0; i < 6; i++)
            model->weight[i] = 0.25 * i;
        model->weight_type = CLN_F32;
        cln_model_round(model);
    }
    cln_model *loaded = save_and_load(model);
    uint8_t *bytes = get_file("m", &count);
    ck_assert_mem_eq(loaded->weight, model->weight, 6 * sizeof(double));
    for (int c = 0; c < 2; c++)
        ck_assert_double_eq(loaded->bias[c], _i ? (double)(float)model->bias[c] : model->bias[c]);
    ck_assert(loaded->weight_type == model->weight_type && loaded->bias_type == model->bias_type);
    ck_assert_int_eq(cln_model_save(loaded, at("again"), NULL), CLN_OK);
    uint8_t *second = get_file("again", &again);
    ck_assert_uint_eq(again, count);
    ck_assert_mem_eq(second, bytes, count);
    free(bytes);
    free(second);
    cln_model_free(loaded);
    cln_model_free(model);
}
END_TEST

/* The values of the file are those that its name for their sum says, and no others are taken. */
START_TEST(digest)
{
    bool bias = _i % 2, twice = _i / 2;
    cln_model *model = make_model(3, 5, bias);
    if (twice)
        make_double(model);
    cln_model *loaded = save_and_load(model);
    size_t values = (bias ? 18 : 15) * (twice ? sizeof(double) : sizeof(float)), size = 0;
    static char bytes[65536];
    char text[65];
    FILE *file = fopen(at("m"), "r+b");
    ck_assert_ptr_nonnull(file);
    size = fread(bytes, 1, sizeof bytes, file);
    cln_sha256 sum = cln_sha256_begin();
    cln_sha256_add(&sum, bytes + size - values, values);
    cln_sha256_end(&sum, text);
    ck_assert_str_eq(cln_model_metadata(loaded, "weights_sha256"), text);
    cln_model_free(loaded);
    for (size_t i = size - values; i < size; i++) {
        cln_error error = {0};
        ck_assert_int_eq(fseek(file, (long)i, SEEK_SET), 0);
        fputc(bytes[i] ^ 1, file);
        fflush(file);
        ck_assert_int_eq(cln_model_load(at("m"), &loaded, &error), CLN_FORMAT);
        ck_assert_msg(strstr(error.message, "weights_sha256") != NULL, "%s", error.message);
        ck_assert_int_eq(fseek(file, (long)i, SEEK_SET), 0);
        fputc(bytes[i], file);
    }
    fclose(file);
    ck_assert_int_eq(cln_model_load(at("m"), &loaded, NULL), CLN_OK);
    cln_model_free(loaded);
    cln_model_free(model);
}
END_TEST

START_TEST(subsets)
{
    cln_model *model = make_model(2, 1, false);
    model->classes[0] = 6;
    model->classes[1] = 3;
    model->subset = true;
    ck_assert_int_eq(cln_model_note(model, NULL, "classes", "loses against the field"), CLN_OK);
    cln_model *loaded = save_and_load(model);
    ck_assert(loaded->subset);
    ck_assert_uint_eq(cln_model_class(loaded, 0), 6);
    ck_assert_uint_eq(cln_model_class(loaded, 1), 3);
    ck_assert_str_eq(cln_model_metadata(loaded, "classes"), "6,3");
    cln_model_free(loaded);
    model->classes[0] = 0;
    model->classes[1] = 1; /* of ten: the numbers alone do not tell */
    loaded = save_and_load(model);
    ck_assert(loaded->subset);
    cln_model_free(loaded);
    cln_model_free(model);
}
END_TEST

/* The layout by hand: length, JSON padded to eight bytes, weights, bias, and the same bytes again when saved again. */
START_TEST(layout)
{
    size_t count, again, width = _i ? sizeof(double) : sizeof(float);
    cln_model *model = make_model(2, 3, true);
    if (_i)
        make_double(model);
    for (int extra = 0; extra < 9; extra++) {
        ck_assert_int_eq(cln_model_note(model, NULL, "pad", "%.*s", extra, "xxxxxxxxx"), CLN_OK);
        ck_assert_int_eq(cln_model_save(model, at("m"), NULL), CLN_OK);
        uint8_t *bytes = get_file("m", &count);
        size_t length = bytes[0] | (size_t)bytes[1] << 8;
        for (int i = 2; i < 8; i++)
            ck_assert_uint_eq(bytes[i], 0);
        ck_assert_uint_eq(length % 8, 0);
        ck_assert_uint_eq(count, 8 + length + 8 * width);
        ck_assert_int_eq(bytes[8], '{');
        const void *weight = _i ? (const void *)model->weight : cln_model_weight(model);
        const void *biases = _i ? (const void *)model->bias : cln_model_bias(model);
        ck_assert_mem_eq(bytes + 8 + length, weight, 6 * width); /* on a little-endian machine */
        ck_assert_mem_eq(bytes + 8 + length + 6 * width, biases, 2 * width);
        json_t *header = json_loadb((char *)bytes + 8, length, 0, NULL);
        json_t *expected = json_pack("{s:s,s:[ii],s:[ii]}", "dtype", _i ? "F64" : "F32", "shape", 2, 3, "data_offsets",
                                     0, 6 * (int)width);
        ck_assert(json_equal(json_object_get(header, "weight"), expected));
        json_decref(expected);
        json_decref(header);
        ck_assert_int_eq(cln_model_save(model, at("m"), NULL), CLN_OK);
        uint8_t *second = get_file("m", &again);
        ck_assert_uint_eq(again, count);
        ck_assert_mem_eq(second, bytes, count);
        free(second);
        free(bytes);
    }
    cln_model_free(model);
}
END_TEST

START_TEST(text_that_is_no_utf8)
{
    cln_model *model = make_model(1, 1, false);
    ck_assert_int_eq(cln_model_note(model, NULL, "data", "%s", "caf\xe9"), CLN_OK);
    cln_model *loaded = save_and_load(model);
    ck_assert_str_eq(cln_model_metadata(loaded, "data"), "caf?");
    cln_model_free(loaded);
    cln_model_free(model);
}
END_TEST

START_TEST(largest_models)
{
    cln_model *model = make_model(65535, 1, true);
    model->classes[0] = 65534;
    model->classes[65534] = 0;
    cln_model *loaded = save_and_load(model);
    ck_assert_mem_eq(loaded->classes, model->classes, 65535 * sizeof(uint32_t));
    ck_assert_mem_eq(loaded->weight, model->weight, 65535 * sizeof(double));
    cln_model_free(loaded);
    cln_model_free(model);
}
END_TEST

START_TEST(sizes_refused)
{
    static const uint32_t sizes[][2] = {{0, 1}, {1, 0}, {65536, 1}, {1, (1u << 24) + 1}, {UINT32_MAX, UINT32_MAX}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cln_model *model;
        ck_assert_int_eq(cln_model_create(sizes[i][0], sizes[i][1], true, &model, NULL), CLN_INVALID);
        ck_assert_ptr_null(model);
    }
}
END_TEST

/* Saving must fail with this status and word, and leave the older file as it was. */
static void save_refused(const cln_model *model, const char *path, cln_status expected, const char *word)
{
    cln_error error = {0};
    ck_assert_int_eq(cln_model_save(model, path, &error), expected);
    ck_assert_msg(strstr(error.message, word) != NULL, "%s", error.message);
}

START_TEST(not_saved)
{
    cln_model *model = make_model(2, 2, true);
    save_refused(model, at("missing/m"), CLN_IO, "folder exists");
    save_refused(model, folder, CLN_IO, "no regular file");
    save_refused(model, "/dev/full", CLN_IO, "no regular file");
    save_refused(model, "", CLN_IO, "empty");
    put_file("m", "old", 3);
    model->bias[1] = (double)NAN;
    cln_model_round(model);
    save_refused(model, at("m"), CLN_INVALID, "finite");
    model->bias[1] = 0;
    model->weight[3] = (double)INFINITY;
    cln_model_round(model);
    save_refused(model, at("m"), CLN_INVALID, "finite");
    model->weight[3] = 1e39; /* F32 ends before */
    cln_model_round(model);
    save_refused(model, at("m"), CLN_INVALID, "finite");
    model->weight_type = CLN_F64;
    model->weight[3] = (double)INFINITY;
    save_refused(model, at("m"), CLN_INVALID, "finite");
    model->weight[3] = 0;
    cln_model_round(model);
    char *lengthy = malloc(1u << 20);
    memset(lengthy, 'x', (1u << 20) - 1);
    lengthy[(1u << 20) - 1] = '\0';
    ck_assert_int_eq(cln_model_note(model, NULL, "long", "%s", lengthy), CLN_OK);
    save_refused(model, at("m"), CLN_INVALID, "metadata is longer");
    free(lengthy);
    size_t count;
    uint8_t *bytes = get_file("m", &count);
    ck_assert_uint_eq(count, 3);
    ck_assert_mem_eq(bytes, "old", 3);
    free(bytes);
    cln_model_free(model);
}
END_TEST

START_TEST(full_disk)
{
    struct rlimit limit = {8192, RLIM_INFINITY};
    cln_model *model = make_model(10, 784, true);
    put_file("m", "old", 3);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    save_refused(model, at("m"), CLN_IO, "File too large");
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    size_t count;
    uint8_t *bytes = get_file("m", &count);
    ck_assert_uint_eq(count, 3);
    free(bytes);
    ck_assert_uint_eq(count_entries(false), 1);
    cln_model_free(model);
}
END_TEST

static Suite *model_suite(void)
{
    Suite *suite = suite_create("model: weights and their file");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], make_folder, remove_folder);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(ok, a_new_model);
    tcase_add_test(ok, notes);
    tcase_add_loop_test(ok, saved_and_loaded, 0, 2); /* without, with bias */
    tcase_add_loop_test(ok, digest, 0, 4);           /* and F32, F64 */
    tcase_add_test(ok, doubles);
    tcase_add_loop_test(ok, mixed, 0, 2);
    tcase_add_test(ok, subsets);
    tcase_add_loop_test(ok, layout, 0, 2); /* F32, F64 */
    tcase_add_test(edges, text_that_is_no_utf8);
    tcase_add_test(edges, largest_models);
    tcase_add_test(edges, full_disk);
    tcase_add_test(invalid, sizes_refused);
    tcase_add_test(invalid, not_saved);
    return suite;
}

int main(void)
{
    return run_suite(model_suite());
}
