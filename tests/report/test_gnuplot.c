/* Texts from elsewhere within a script: gnuplot itself gives them back to the letter, and nothing in them is done. */
#include "harness.h"
#include "report/gnuplot.h"
#include "report/text.h"

#include <math.h>
#include <string.h>

static const char *const texts[] = {"plain",
                                    "",
                                    "'",
                                    "''",
                                    "'''",
                                    "it's",
                                    "'begins",
                                    "ends'",
                                    "ends\\",
                                    "\\' \\\" \\",
                                    "\"",
                                    "\"\"",
                                    "\\n\\101\\\\",
                                    "@text @secret $HOME #",
                                    "%s %d %Z %",
                                    "{/Bold x}_2^3",
                                    "'; print secret; '",
                                    "\"; print secret; \"",
                                    "'.secret.'",
                                    "`echo out`",
                                    "'`echo out`'",
                                    "\"`echo out`\"",
                                    "$(echo out)",
                                    "; system 'echo out'",
                                    "Größe ≤ ∞",
                                    "<b>&amp;",
                                    "1,234,567 (8) 'a1'2\"3",
                                    "a\nprint secret\n",
                                    "\x1b[31m\x07\x7f\xff"};

START_TEST(texts_stay_texts)
{
    cln_script script;
    cln_error error = {0};
    char *said = NULL, harmless[200], expected[202];
    size_t size;
    ck_assert_int_eq(cln_script_begin(&script, &(cln_canvas){CLN_PICTURE_SVG, 100, 100, "a"}, &error), CLN_OK);
    fputs("secret = 'out'\ntext = 'out'\nset print '-'\nprint ", script.stream);
    cln_script_text(&script, texts[_i]);
    fputc('\n', script.stream);
    ck_assert_msg(cln_script_draw(&script, &said, &size, &error) == CLN_OK, "%s", error.message);
    cln_text_harmless(harmless, sizeof harmless, texts[_i]);
    snprintf(expected, sizeof expected, "%s\n", harmless);
    ck_assert_str_eq(said, expected);
    free(said);
    cln_script_release(&script);
}
END_TEST

/* Where pictures have them: nothing is said on stderr, and there is a picture. */
START_TEST(texts_of_pictures)
{
    cln_script script;
    cln_error error = {0};
    char *picture = NULL;
    size_t size;
    ck_assert_int_eq(cln_script_begin(&script, &(cln_canvas){CLN_PICTURE_SVG, 100, 100, "a"}, &error), CLN_OK);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        fputs("set label ", script.stream);
        cln_script_text(&script, texts[i]);
        fputs(" at graph 0,0\n", script.stream);
    }
    fputs("unset key\nset xrange [0:1]\nset yrange [0:1]\nplot x\n", script.stream);
    ck_assert_msg(cln_script_draw(&script, &picture, &size, &error) == CLN_OK, "%s", error.message);
    ck_assert_ptr_nonnull(strstr(picture, "</svg>"));
    ck_assert_ptr_nonnull(strstr(picture, "`echo out`"));
    ck_assert_ptr_null(strstr(picture, "<b>"));
    free(picture);
    cln_script_release(&script);
}
END_TEST

START_TEST(numbers)
{
    cln_script script;
    ck_assert_int_eq(cln_script_begin(&script, &(cln_canvas){CLN_PICTURE_PNG, 100, 100, "a"}, NULL), CLN_OK);
    fflush(script.stream);
    size_t before = script.length;
    const double values[] = {1.5, -1e300, NAN, -NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        cln_script_number(&script, values[i]);
        fputc(' ', script.stream);
    }
    fflush(script.stream);
    ck_assert_str_eq(script.text + before, "1.5 -1e+300 NaN NaN NaN NaN ");
    cln_script_release(&script);
}
END_TEST

int main(void)
{
    if (system("gnuplot --version >/dev/null 2>&1") != 0)
        return skip("gnuplot is not there");
    Suite *suite = suite_create("report/gnuplot");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_set_timeout(edges, 60);
    tcase_add_loop_test(edges, texts_stay_texts, 0, sizeof texts / sizeof *texts);
    tcase_add_test(edges, texts_of_pictures);
    tcase_add_test(ok, numbers);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return run_suite(suite);
}
