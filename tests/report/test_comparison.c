/* A comparison as a struct, and as JSON that is written and read again. */
#define _POSIX_C_SOURCE 200809L
#include "report/comparison.h"

#include "base/size.h"
#include "files.h"
#include "harness.h"
#include "report/compared.h"

#include <float.h>

/* Two devices with figures, one that disagrees, and one that is no more than a name. */
static cln_comparison sample(void)
{
    cln_comparison all = made();
    cln_compared_device *device = add_device(&all, "pthread-Intel(R) Xeon(R)", "Portable Computing Language");
    device->judged = device->agree = true;
    add_row(device, "copy_bandwidth", "B/s", 1.25e10, 3e8, NAN);
    add_row(device, "fused.epoch.200", "s", 0.1, 0.002, 0.0125);
    add_row(device, "fused.weights", "tolerances", DBL_MIN, NAN, 1);
    add_reason(device, "clblast.epoch.32", "s", "there was no time for it");
    device = add_device(&all, "Gerät \"9\"\\", "p");
    device->judged = true;
    add_row(device, "fused.weights", "tolerances", 17, NAN, 1);
    add_row(device, "clblast.loss", "tolerances", DBL_MAX, -0.0, 1);
    device = add_device(&all, "broken.icd", "");
    device->device.index = -1;
    snprintf(device->device.problem, sizeof device->device.problem, "it dies");
    device->status = CLN_COMPARED_FAILED;
    snprintf(device->reason, sizeof device->reason, "it was ended by signal 11 (Segmentation fault)");
    device->device.same_as = 0;
    return all;
}

static bool same_real(double a, double b)
{
    return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof a) == 0;
}

static void put(const char *text)
{
    put_file("c.json", text, strlen(text));
}

/* The sample's JSON with the first `old` of it replaced; to be released with free(). */
static char *changed(const char *old, const char *new)
{
    cln_comparison all = sample();
    char *text = written(cln_report_comparison_json, &all), *at = strstr(text, old);
    ck_assert_ptr_nonnull(at);
    char *other = malloc(strlen(text) + strlen(new) + 1);
    sprintf(other, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
    free(text);
    cln_comparison_release(&all);
    return other;
}

static void expect_refused(const char *saying)
{
    cln_comparison read;
    cln_error error = {0};
    ck_assert_int_eq(cln_comparison_read(at("c.json"), &read, &error), CLN_FORMAT);
    ck_assert_msg(strstr(error.message, saying) != NULL, "'%s' does not say '%s'", error.message, saying);
    ck_assert_ptr_nonnull(strstr(error.message, "c.json"));
    ck_assert_ptr_null(read.devices);
    ck_assert_uint_eq(read.count, 0);
}

/* ---- ok */

START_TEST(every_member_comes_back)
{
    cln_comparison all = sample(), read;
    char *text = written(cln_report_comparison_json, &all);
    cln_error error = {0};
    put(text);
    ck_assert_msg(cln_comparison_read(at("c.json"), &read, &error) == CLN_OK, "%s", error.message);
    ck_assert_str_eq(read.version, all.version);
    ck_assert_str_eq(read.date, all.date);
    ck_assert_str_eq(read.data, all.data);
    ck_assert_str_eq(read.type, all.type);
    ck_assert_str_eq(read.command, all.command);
    ck_assert_uint_eq(read.rows, all.rows);
    ck_assert_uint_eq(read.test_rows, all.test_rows);
    ck_assert_uint_eq(read.features, all.features);
    ck_assert_uint_eq(read.outputs, all.outputs);
    ck_assert(same_real(read.budget, all.budget) && same_real(read.seconds, all.seconds));
    ck_assert_uint_eq(read.count, all.count);
    for (size_t i = 0; i < all.count; i++) {
        const cln_compared_device *a = &all.devices[i], *b = &read.devices[i];
        ck_assert_mem_eq(&a->device, &b->device, sizeof a->device);
        ck_assert_int_eq(a->status, b->status);
        ck_assert_str_eq(a->reason, b->reason);
        ck_assert(a->judged == b->judged && a->agree == b->agree);
        ck_assert_uint_eq(a->count, b->count);
        for (size_t j = 0; j < a->count; j++) {
            ck_assert_str_eq(a->rows[j].name, b->rows[j].name);
            ck_assert_str_eq(a->rows[j].unit, b->rows[j].unit);
            ck_assert_str_eq(a->rows[j].reason, b->rows[j].reason);
            ck_assert(same_real(a->rows[j].value, b->rows[j].value) &&
                      same_real(a->rows[j].spread, b->rows[j].spread) && same_real(a->rows[j].limit, b->rows[j].limit));
        }
    }
    char *again = written(cln_report_comparison_json, &read);
    ck_assert_str_eq(text, again);
    free(again);
    free(text);
    cln_comparison_release(&read);
    cln_comparison_release(&all);
}
END_TEST

START_TEST(the_verdict_is_of_those_that_were_judged)
{
    cln_comparison all = made();
    ck_assert(cln_comparison_agrees(&all));
    add_device(&all, "a", "")->status = CLN_COMPARED_FAILED;
    char *none = written(cln_report_comparison_json, &all);
    ck_assert_ptr_nonnull(strstr(none, "\"verdict\": \"none\""));
    free(none);
    all.devices[0].status = CLN_COMPARED_OK;
    all.devices[0].judged = true;
    ck_assert(!cln_comparison_agrees(&all));
    all.devices[0].agree = true;
    add_device(&all, "b", "")->status = CLN_COMPARED_TIMEOUT;
    ck_assert(cln_comparison_agrees(&all));
    char *text = written(cln_report_comparison_json, &all);
    ck_assert_ptr_nonnull(strstr(text, "\"verdict\": \"agree\""));
    ck_assert_ptr_nonnull(strstr(text, "\"status\": \"timeout\""));
    ck_assert_ptr_nonnull(strstr(text, "\"agree\": null"));
    free(text);
    cln_comparison_release(&all);
    cln_comparison_release(&all); /* nothing is left */
}
END_TEST

START_TEST(a_fraction_is_of_the_limit_whichever_way_is_better)
{
    const cln_compared_row rows[] = {{.unit = "s", .value = 4, .limit = 1},
                                     {.unit = "FLOP/s", .value = 1, .limit = 4},
                                     {.unit = "tolerances", .value = 0.25, .limit = 1},
                                     {.unit = "tolerances", .value = 0, .limit = 1},
                                     {.unit = "s", .value = 0, .limit = 1},
                                     {.unit = "s", .value = NAN, .limit = 1},
                                     {.unit = "s", .value = 1, .limit = NAN},
                                     {.unit = "B/s", .value = 1, .limit = 0}};
    for (size_t i = 0; i < 3; i++)
        ck_assert(same_real(cln_compared_fraction(&rows[i]), 0.25));
    ck_assert(same_real(cln_compared_fraction(&rows[3]), 0));
    for (size_t i = 4; i < CLN_COUNT(rows); i++)
        ck_assert(isnan(cln_compared_fraction(&rows[i])));
    ck_assert_int_eq(cln_compared_better(&rows[0]), CLN_BETTER_LESS);
    ck_assert_int_eq(cln_compared_better(&rows[1]), CLN_BETTER_MORE);
    ck_assert_int_eq(cln_compared_better(&rows[2]), CLN_BETTER_NEITHER);
}
END_TEST

/* ---- edges */

START_TEST(foreign_text_is_made_harmless_and_cut)
{
    cln_comparison all = made();
    char longer[1000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    cln_compared_device *device = add_device(&all, "a", "");
    ck_assert(cln_compared_add(device, &(cln_measurement){.name = "\033[2J\xff", .unit = "s", .reason = longer}));
    ck_assert_str_eq(device->rows[0].name, "?[2J?");
    ck_assert_uint_eq(strlen(device->rows[0].reason), sizeof device->rows[0].reason - 1);
    cln_comparison_release(&all);
}
END_TEST

START_TEST(escapes_in_a_file_do_no_harm)
{
    char *text = changed("pthread-Intel(R) Xeon(R)", "\\u001b[31mred\\u009b\\n");
    cln_comparison read;
    put(text);
    ck_assert_int_eq(cln_comparison_read(at("c.json"), &read, NULL), CLN_OK);
    ck_assert_str_eq(read.devices[0].device.name, "?[31mred???");
    cln_comparison_release(&read);
    free(text);
}
END_TEST

START_TEST(members_of_a_newer_version_are_passed_over)
{
    char *text = changed("\"verdict\"", "\"colour\": {\"a\": [1]}, \"verdict\"");
    cln_comparison read;
    put(text);
    ck_assert_int_eq(cln_comparison_read(at("c.json"), &read, NULL), CLN_OK);
    ck_assert_uint_eq(read.count, 3);
    cln_comparison_release(&read);
    free(text);
}
END_TEST

START_TEST(an_empty_comparison_comes_back)
{
    cln_comparison all = made(), read;
    char *text = written(cln_report_comparison_json, &all);
    put(text);
    ck_assert_int_eq(cln_comparison_read(at("c.json"), &read, NULL), CLN_OK);
    ck_assert_uint_eq(read.count, 0);
    ck_assert_uint_eq(read.rows, 60000);
    cln_comparison_release(&read);
    free(text);
}
END_TEST

/* ---- invalid */

START_TEST(a_file_cut_anywhere_is_refused)
{
    cln_comparison all = sample();
    char *text = written(cln_report_comparison_json, &all);
    size_t length = strlen(text) - 1; /* the last byte is the newline */
    for (size_t i = 0; i < length; i++) {
        put_file("c.json", text, i);
        expect_refused("is not what clinear compare --json writes");
    }
    free(text);
    cln_comparison_release(&all);
}
END_TEST

START_TEST(what_nests_too_deep_is_refused)
{
    enum { deep = 10000 };
    char *text = malloc(deep);
    memset(text, '[', deep);
    put_file("c.json", text, deep);
    expect_refused("depth");
    free(text);
}
END_TEST

START_TEST(what_is_too_large_is_refused)
{
    size_t size = 17u << 20;
    char *text = malloc(size);
    memset(text, ' ', size);
    put_file("c.json", text, size);
    expect_refused("larger than 4 MiB");
    free(text);
}
END_TEST

static const struct {
    const char *old, *new, *saying;
} damages[] = {
    {"\"verdict\": \"disagree\"", "\"verdict\": \"agree\"", "\"verdict\" is not what its devices say"},
    {"\"verdict\": \"disagree\"", "\"verdict\": null", "\"verdict\" is not what its devices say"},
    {"\"version\": \"0.1.0\"", "\"version\": 1", "\"version\" is not text"},
    {"\"version\": \"0.1.0\"", "\"date\": \"0.1.0\"", "duplicate"},
    {"\"version\"", "\"versions\"", "\"version\" is missing"},
    {"\"0.1.0\"", "\"0.1.0-0123456789012345678901234567890\"", "\"version\" is longer than 31 bytes"},
    {"\"0.1.0\"", "\"\\u0000\"", "\\u0000"},
    {"\"0.1.0\"", "\"\\ud800\"", "Unicode"},
    {"\"0.1.0\"", "\"\xff\"", "decode byte"},
    {"\"budget\": 60.0", "\"budget\": NaN", "line"},
    {"\"budget\": 60.0", "\"budget\": 1e999", "overflow"},
    {"\"budget\": 60.0", "\"budget\": \"60\"", "\"budget\" is not a number, or null"},
    {"\"rows\": 60000", "\"rows\": -1", "data: \"rows\" is not a whole number"},
    {"\"rows\": 60000", "\"rows\": 1.5", "data: \"rows\" is not a whole number"},
    {"\"rows\": 60000", "\"rows\": 99999999999999999999", "line"},
    {"\"features\": 784", "\"features\": 4294967296", "data: \"features\" is not a whole number"},
    {"\"path\": \"data/mnist\"", "\"path\": [1]", "data: \"path\" is not text"},
    {"\"data\"", "\"dota\"", "data: \"path\" is missing"},
    {"\"devices\": [", "\"devices\": 3, \"others\": [", "\"devices\" is no list"},
    {"\"device\": {", "\"device\": 3, \"other\": {", "device 1: \"index\" is missing"},
    {"\"index\": 0", "\"index\": -3", "device 1: \"index\" is not a whole number from 0 on, or null"},
    {"\"index\": 0", "\"index\": 2147483648", "device 1: \"index\" is not a whole number from 0 on, or null"},
    {"\"fp16\": false", "\"fp16\": 0", "device 1: \"fp16\" is not true or false"},
    {"\"status\": \"ok\"", "\"status\": \"fine\"", "device 1: \"status\" is no word that is known"},
    {"\"status\": \"ok\"", "\"status\": null", "device 1: \"status\" is no word that is known"},
    {"\"status\": \"ok\"", "\"status\": {}", "device 1: \"status\" is no word that is known"},
    {"\"agree\": true", "\"agree\": \"true\"", "device 1: \"agree\" is not true, false or null"},
    {"\"agree\": true", "\"agrees\": true", "device 1: \"agree\" is not true, false or null"},
    {"\"name\": \"copy_bandwidth\"", "\"name\": null", "device 1, row 1: \"name\" is not text"},
    {"\"copy_bandwidth\"", "\"a_name_of_more_than_48_bytes_a_name_of_more_than_4\"",
     "device 1, row 1: \"name\" is longer than 47 bytes"},
    {"\"value\": 12500000000.0", "\"value\": true", "device 1, row 1: \"value\" is not a number, or null"},
    {"\"spread\"", "\"spraed\"", "device 1, row 1: \"spread\" is missing"},
};

START_TEST(damage_is_named)
{
    char *text = changed(damages[_i].old, damages[_i].new);
    put(text);
    expect_refused(damages[_i].saying);
    free(text);
}
END_TEST

static const char *const others[] = {"",   "null", "3",    "\"text\"",       "[]",
                                     "{}", "{}{}", "[{}]", "\xef\xbb\xbf{}", "{\"verdict\":\"agree\"}"};

START_TEST(other_files_are_refused)
{
    put(others[_i]);
    expect_refused("is not what clinear compare --json writes");
}
END_TEST

START_TEST(a_file_that_is_not_there_is_said)
{
    cln_comparison read;
    cln_error error = {0};
    ck_assert_int_eq(cln_comparison_read(at("none.json"), &read, &error), CLN_IO);
    ck_assert_ptr_nonnull(strstr(error.message, "none.json"));
    ck_assert_uint_eq(read.count, 0);
    error = (cln_error){0};
    ck_assert_int_ne(cln_comparison_read(folder, &read, &error), CLN_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("comparison");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, every_member_comes_back);
    tcase_add_test(ok, the_verdict_is_of_those_that_were_judged);
    tcase_add_test(ok, a_fraction_is_of_the_limit_whichever_way_is_better);
    tcase_add_test(edges, foreign_text_is_made_harmless_and_cut);
    tcase_add_test(edges, escapes_in_a_file_do_no_harm);
    tcase_add_test(edges, members_of_a_newer_version_are_passed_over);
    tcase_add_test(edges, an_empty_comparison_comes_back);
    tcase_add_test(invalid, a_file_cut_anywhere_is_refused);
    tcase_add_test(invalid, what_nests_too_deep_is_refused);
    tcase_add_test(invalid, what_is_too_large_is_refused);
    tcase_add_loop_test(invalid, damage_is_named, 0, CLN_COUNT(damages));
    tcase_add_loop_test(invalid, other_files_are_refused, 0, CLN_COUNT(others));
    tcase_add_test(invalid, a_file_that_is_not_there_is_said);
    TCase *cases[] = {ok, edges, invalid};
    for (size_t i = 0; i < CLN_COUNT(cases); i++) {
        tcase_set_timeout(cases[i], 60);
        tcase_add_checked_fixture(cases[i], make_folder, remove_folder);
        suite_add_tcase(suite, cases[i]);
    }
    return run_suite(suite);
}
