#define _GNU_SOURCE
#include "base/number.h"
#include "harness.h"

#include <locale.h>
#include <math.h>
#include <string.h>

START_TEST(counts)
{
    uint64_t value;
    ck_assert(cln_parse_count("0", &value) && value == 0);
    ck_assert(cln_parse_count("007", &value) && value == 7);
    ck_assert(cln_parse_count("18446744073709551615", &value) && value == UINT64_MAX);
}
END_TEST

START_TEST(no_counts)
{
    static const char *const texts[] = {
        "", "-1", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "1,0", "a", "18446744073709551616", "99999999999999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint64_t value = 77;
        ck_assert_msg(!cln_parse_count(texts[i], &value), "\"%s\" taken", texts[i]);
        ck_assert_uint_eq(value, 77);
    }
}
END_TEST

START_TEST(reals)
{
    double value;
    ck_assert(cln_parse_real("0.5", &value) && value == 0.5);
    ck_assert(cln_parse_real("-1e-3", &value) && value == -1e-3);
    ck_assert(cln_parse_real("+.25", &value) && value == 0.25);
    ck_assert(cln_parse_real("1E5", &value) && value == 1e5);
    ck_assert(cln_parse_real("0.00392156862745098", &value) && value == 1 / 255.0);
    ck_assert(cln_parse_real("1e-999", &value) && value == 0);
}
END_TEST

START_TEST(no_reals)
{
    static const char *const texts[] = {"",   "nan", "inf", "-infinity", "1e999", "0x1p3", "1,5", " 1",
                                        "1 ", "1e",  "--1", "1.2.3",     ".",     "e5",    "-",   "1/255"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double value = 77;
        ck_assert_msg(!cln_parse_real(texts[i], &value), "\"%s\" taken", texts[i]);
        ck_assert_double_eq(value, 77);
    }
}
END_TEST

START_TEST(printed_reals_come_back)
{
    static const double values[] = {1, 0.1, 1 / 255.0, -1 / 3.0, 5e-324, 1.7976931348623157e308, 0, 123456789};
    char text[32];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        double back;
        cln_format_real(values[i], text);
        ck_assert(cln_parse_real(text, &back));
        ck_assert_msg(back == values[i], "%s for %.17g", text, values[i]);
    }
    cln_format_real(0.1, text);
    ck_assert_str_eq(text, "0.1");
}
END_TEST

/* Some locale with a decimal comma, if this system has one. */
static bool comma_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8", "de_DE", "fr_FR"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (setlocale(LC_NUMERIC, names[i]) && strcmp(localeconv()->decimal_point, ",") == 0)
            return true;
    return false;
}

START_TEST(comma_locale_changes_nothing)
{
    double value;
    char text[32];
    if (!comma_locale()) {
        printf("no locale with a decimal comma here: that case is left out\n");
        return;
    }
    snprintf(text, sizeof text, "%.1f", 0.5);
    ck_assert_str_eq(text, "0,5");
    ck_assert(cln_parse_real("0.5", &value) && value == 0.5);
    ck_assert(!cln_parse_real("0,5", &value));
    cln_format_real(0.5, text);
    ck_assert_str_eq(text, "0.5");
    cln_format(text, sizeof text, "%.2f %s", 1.25, "x");
    ck_assert_str_eq(text, "1.25 x");
    ck_assert_str_eq(localeconv()->decimal_point, ",");
}
END_TEST

static const char *const words[] = {"learning-rate", "momentum", "epochs", "l2", "seed"};

START_TEST(nearest_word)
{
    ck_assert_str_eq(cln_nearest("learing-rate", words, 5), "learning-rate");
    ck_assert_str_eq(cln_nearest("epoch", words, 5), "epochs");
    ck_assert_str_eq(cln_nearest("l1", words, 5), "l2");
    ck_assert_str_eq(cln_nearest("momentum", words, 5), "momentum");
}
END_TEST

START_TEST(words_of_a_list)
{
    static const char *const expected[] = {"a", "", " b", "cde"};
    const char *rest = "a,, b,cde";
    char word[4];
    for (int i = 0; i < 4; i++) {
        ck_assert_ptr_nonnull(rest);
        ck_assert(cln_next_word(&rest, word, sizeof word));
        ck_assert_str_eq(word, expected[i]);
    }
    ck_assert_ptr_null(rest);
    rest = ""; /* one word, an empty one */
    ck_assert(cln_next_word(&rest, word, sizeof word) && !*word && !rest);
    rest = "abcd,e";
    ck_assert(!cln_next_word(&rest, word, sizeof word));
    ck_assert_str_eq(rest, "abcd,e");
}
END_TEST

START_TEST(no_nearest_word)
{
    char lengthy[100];
    memset(lengthy, 'a', 99);
    lengthy[99] = '\0';
    ck_assert_ptr_null(cln_nearest("weather", words, 5));
    ck_assert_ptr_null(cln_nearest("", words, 5));
    ck_assert_ptr_null(cln_nearest(lengthy, words, 5));
    ck_assert_ptr_null(cln_nearest("epochs", words, 0));
}
END_TEST

static Suite *number_suite(void)
{
    Suite *suite = suite_create("base: numbers and words");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, counts);
    tcase_add_test(ok, reals);
    tcase_add_test(ok, nearest_word);
    tcase_add_test(edges, words_of_a_list);
    tcase_add_test(edges, printed_reals_come_back);
    tcase_add_test(edges, comma_locale_changes_nothing);
    tcase_add_test(invalid, no_counts);
    tcase_add_test(invalid, no_reals);
    tcase_add_test(invalid, no_nearest_word);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_suite(number_suite());
}
