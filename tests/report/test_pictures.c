/* Pictures of weights, of confusion and of trainings: what is refused, what shape they have, that hostile names stay text. */
#include "harness.h"
#include "model/model.h"
#include "report/confusion.h"
#include "report/curves.h"
#include "report/templates.h"

#include <math.h>
#include <string.h>

#define HOSTILE "</title><script>alert(1)</script>'\"`\\\n%d&\033[2J\xff"

static cln_model *model;
static char *picture;
static size_t size;

static void make_model(uint32_t k, uint32_t d)
{
    ck_assert_int_eq(cln_model_create(k, d, false, &model, NULL), CLN_OK);
    for (uint32_t i = 0; i < k * d; i++)
        model->weight[i] = (float)i - (float)d;
}

static void end(void)
{
    cln_model_free(model);
    model = NULL;
    free(picture);
    picture = NULL;
}

static void expect_shape(uint32_t d, const char *height, const char *width, uint32_t rows, uint32_t columns)
{
    uint32_t h, w;
    make_model(1, d);
    if (height)
        ck_assert_int_eq(cln_model_note(model, NULL, "height", "%s", height), CLN_OK);
    if (width)
        ck_assert_int_eq(cln_model_note(model, NULL, "width", "%s", width), CLN_OK);
    cln_template_shape(model, &h, &w);
    ck_assert_uint_eq(h, rows);
    ck_assert_uint_eq(w, columns);
    end();
}

START_TEST(shapes)
{
    expect_shape(784, NULL, NULL, 28, 28);
    expect_shape(60, NULL, NULL, 6, 10);
    expect_shape(97, NULL, NULL, 1, 97);
    expect_shape(1, NULL, NULL, 1, 1);
    expect_shape(60, "20", "3", 20, 3);
    expect_shape(60, "60", "1", 60, 1);
    expect_shape(60, "20", NULL, 6, 10);
    expect_shape(60, "20", "4", 6, 10);
    expect_shape(64, "0", "64", 8, 8);
    expect_shape(64, "-8", "-8", 8, 8);
    expect_shape(64, "4294967297", "64", 8, 8);
    expect_shape(64, "18446744073709551615", "2", 8, 8);
}
END_TEST

/* An SVG whose title alone has the name in it, and no markup of the name's. */
static void expect_svg(const char *title)
{
    ck_assert_uint_eq(strlen(picture), size);
    ck_assert_ptr_nonnull(strstr(picture, "<svg role='img'"));
    ck_assert_msg(strstr(picture, title) != NULL, "no %s", title);
    ck_assert_ptr_null(strstr(picture, "<script"));
    ck_assert_ptr_null(strchr(picture, '\033'));
    ck_assert_ptr_eq(strstr(strstr(picture, "<svg") + 1, "<svg"), NULL);
}

START_TEST(templates)
{
    static const uint32_t sizes[][2] = {{1, 1}, {1, 2}, {2, 1}, {2, 97}, {10, 784}, {130, 12}};
    cln_error error = {0};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        make_model(sizes[i][0], sizes[i][1]);
        ck_assert_msg(cln_report_templates(model, HOSTILE, CLN_PICTURE_SVG, &picture, &size, &error) == CLN_OK, "%s",
                      error.message);
        expect_svg("Weight templates of &#60;/title&#62;&#60;script&#62;");
        ck_assert_int_eq(strstr(picture, "The first 100 of 130 outputs.") != NULL, sizes[i][0] == 130);
        end();
    }
}
END_TEST

START_TEST(confusion)
{
    uint64_t counts[9] = {5, 0, 1, 0, 0, 0, 1234567, 2, 3};
    cln_assessment assessment = {.part = "test",
                                 .evaluation = {.score = {1, 3, 11}, .confusion = counts, .outputs = 3}};
    cln_error error = {0};
    make_model(3, 4);
    assessment.model = model;
    ck_assert_msg(cln_report_confusion(&assessment, HOSTILE, CLN_PICTURE_SVG, &picture, &size, &error) == CLN_OK, "%s",
                  error.message);
    expect_svg("Confusion matrix of &#60;/title&#62;");
    ck_assert_ptr_nonnull(strstr(picture, "1,234,567"));
}
END_TEST

START_TEST(curves)
{
    cln_log_row row = {true, 1, 60, 0.5, 0.5, 0.25, 0.75, NAN, NAN};
    cln_log_rows log = {.solver = "sgd", .rows = &row, .count = 1};
    cln_curve all[CLN_CURVES_MOST];
    cln_error error = {0};
    for (size_t i = 0; i < CLN_CURVES_MOST; i++)
        all[i] = (cln_curve){HOSTILE, &log};
    for (size_t count = 1; count <= CLN_CURVES_MOST; count += CLN_CURVES_MOST - 1) {
        ck_assert_msg(cln_report_curves(all, count, CLN_PICTURE_SVG, &picture, &size, &error) == CLN_OK, "%s",
                      error.message);
        expect_svg("The course of training over minibatches: ");
        free(picture);
        picture = NULL;
    }
}
END_TEST

START_TEST(too_large)
{
    cln_error error = {0};
    cln_assessment assessment = {.part = "test"};
    make_model(1, (1 << 18) + 1);
    assessment.model = model;
    ck_assert_int_eq(cln_report_templates(model, "m", CLN_PICTURE_SVG, &picture, &size, &error), CLN_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.message, "262145 features"));
    ck_assert_int_eq(cln_report_confusion(&assessment, "m", CLN_PICTURE_SVG, &picture, &size, NULL), CLN_UNSUPPORTED);
    assessment.evaluation.outputs = CLN_CONFUSION_MOST + 1;
    ck_assert_int_eq(cln_report_confusion(&assessment, "m", CLN_PICTURE_SVG, &picture, &size, NULL), CLN_UNSUPPORTED);
    ck_assert_ptr_null(picture);
}
END_TEST

START_TEST(forms)
{
    static const char *const bad[] = {"", "svg", ".svg", ".png", "a.svgz", "a.png.txt", "a"};
    cln_picture_form form;
    ck_assert_int_eq(cln_picture_form_of("a.SVG", &form, NULL), CLN_OK);
    ck_assert_int_eq(form, CLN_PICTURE_SVG);
    ck_assert_int_eq(cln_picture_form_of("a.b/c.png", &form, NULL), CLN_OK);
    ck_assert_int_eq(form, CLN_PICTURE_PNG);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_int_eq(cln_picture_form_of(bad[i], &form, NULL), CLN_INVALID);
}
END_TEST

int main(void)
{
    if (system("gnuplot --version >/dev/null 2>&1") != 0)
        return skip("gnuplot is not there");
    Suite *suite = suite_create("report/pictures");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, invalid};
    tcase_add_test(ok, shapes);
    tcase_add_test(ok, templates);
    tcase_add_test(ok, confusion);
    tcase_add_test(ok, curves);
    tcase_add_test(ok, forms);
    tcase_add_test(invalid, too_large);
    for (int i = 0; i < 2; i++) {
        tcase_add_checked_fixture(cases[i], NULL, end);
        tcase_set_timeout(cases[i], 120);
        suite_add_tcase(suite, cases[i]);
    }
    return run_suite(suite);
}
