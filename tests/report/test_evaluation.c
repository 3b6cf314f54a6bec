/* An evaluation in words and as JSON: of classes, of very many, and of real values, which have none. */
#define _GNU_SOURCE
#include "harness.h"
#include "model/model.h"
#include "report/evaluation.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static cln_assessment assessed;
static cln_model *model;
static char *text;
static size_t length;

static void assess(uint32_t k, uint32_t classes)
{
    ck_assert_int_eq(cln_model_create(k, 1, true, &model, NULL), CLN_OK);
    assessed = (cln_assessment){.model = model, .part = "test", .data = "rows", .evaluation = {.outputs = classes}};
    assessed.evaluation.confusion = calloc((size_t)classes * classes + 1, sizeof(uint64_t));
    ck_assert_ptr_nonnull(assessed.evaluation.confusion);
}

static void assess_real(void)
{
    assess(2, 0);
    model->loss = CLN_SQUARED;
    model->target = CLN_TARGET_REAL;
    assessed.evaluation.score = (cln_score){.loss = 6.25, .errors = 0, .rows = 1234};
}

static void report(cln_status (*how)(const cln_assessment *, FILE *, cln_error *))
{
    cln_error error = {0};
    FILE *to = open_memstream(&text, &length);
    ck_assert_ptr_nonnull(to);
    ck_assert_msg(how(&assessed, to, &error) == CLN_OK, "%s", error.message);
    fclose(to);
}

static void end(void)
{
    free(text);
    text = NULL;
    cln_evaluation_free(&assessed.evaluation);
    cln_model_free(model);
    model = NULL;
}

START_TEST(real_values_in_words)
{
    static const char *const none[] = {"onfusion", "redicted", "recision", "ecall", "F1", "ccuracy", "rrors", "class"};
    assess_real();
    report(cln_report_evaluation);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        ck_assert_msg(!strstr(text, none[i]), "%s is in: %s", none[i], text);
    ck_assert_ptr_nonnull(strstr(text, "6.25"));
    ck_assert_ptr_nonnull(strstr(text, "RMSE"));
    ck_assert_ptr_nonnull(strstr(text, " 2.5 ")); /* √(2 · 6.25 / 2) */
    ck_assert_ptr_nonnull(strstr(text, "1,234"));
}
END_TEST

/* The fields of an evaluation stay; an accuracy is null. */
START_TEST(real_values_as_json)
{
    double loss, rmse;
    json_t *accuracy, *confusion, *classes;
    int errors, rows;
    assess_real();
    report(cln_report_evaluation_json);
    json_t *object = json_loads(text, 0, NULL);
    ck_assert_int_eq(json_unpack(object, "{s:{s:f,s:i,s:i,s:o,s:f!},s:o,s:o}", "test", "loss", &loss, "errors", &errors,
                                 "rows", &rows, "accuracy", &accuracy, "rmse", &rmse, "confusion", &confusion,
                                 "classes", &classes),
                     0);
    ck_assert_double_eq(loss, 6.25);
    ck_assert_double_eq_tol(rmse, 2.5, 1e-15);
    ck_assert_int_eq(errors, 0);
    ck_assert_int_eq(rows, 1234);
    ck_assert(json_is_null(accuracy));
    ck_assert(json_is_array(confusion) && json_array_size(confusion) == 0);
    ck_assert(json_is_array(classes) && json_array_size(classes) == 0);
    json_decref(object);
}
END_TEST

START_TEST(few_classes)
{
    double accuracy;
    json_t *confusion;
    assess(2, 2);
    memcpy(assessed.evaluation.confusion, (uint64_t[]){3, 1, 0, 6}, 4 * sizeof(uint64_t));
    assessed.evaluation.score = (cln_score){.loss = 0.5, .errors = 1, .rows = 10};
    report(cln_report_evaluation_json);
    json_t *object = json_loads(text, 0, NULL), *expected = json_pack("[[ii][ii]]", 3, 1, 0, 6);
    ck_assert_int_eq(json_unpack(object, "{s:{s:f},s:o}", "test", "accuracy", &accuracy, "confusion", &confusion), 0);
    ck_assert_double_eq_tol(accuracy, 0.9, 1e-15);
    ck_assert(json_equal(confusion, expected));
    json_decref(expected);
    json_decref(object);
    free(text);
    report(cln_report_evaluation);
    ck_assert_ptr_nonnull(strstr(text, "predicted ones"));
    ck_assert_ptr_nonnull(strstr(text, "precision"));
}
END_TEST

/* As many steps as the output has bytes: nine million counts took minutes when each was looked for a point to its end. */
START_TEST(many_classes)
{
    enum { k = 3001 };
    size_t zeros = 0;
    assess(k, k);
    for (size_t i = 0; i < k; i++)
        assessed.evaluation.confusion[i * k + i] = 8;
    assessed.evaluation.confusion[7 * k + 5] = 1234567;
    assessed.evaluation.score = (cln_score){.loss = 0.5, .errors = 1234567, .rows = 8 * k + 1234567};
    report(cln_report_evaluation_json);
    const char *matrix = strstr(text, "\"confusion\":[["), *after = strstr(text, "]],\"classes\"");
    ck_assert(matrix && after && matrix < after);
    for (const char *at = matrix; at < after; at++)
        zeros += *at == '0' && strchr("[,", at[-1]) && strchr(",]", at[1]);
    ck_assert_uint_eq(zeros, (size_t)k * k - k - 1);
    ck_assert_uint_eq((size_t)(after - matrix),
                      strlen("\"confusion\":[[") + (size_t)k * k + 6 + ((size_t)k - 1) * (k + 2) + k - 1);
    const char *odd = strstr(text, "0,1234567,0,8,0");
    ck_assert(odd && odd < after && !strstr(odd + 9, "1234567,0"));
    ck_assert_int_eq(text[length - 2], '}');
}
END_TEST

static Suite *evaluation_suite(void)
{
    Suite *suite = suite_create("report: evaluation");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_checked_fixture(ok, NULL, end);
    tcase_add_checked_fixture(edges, NULL, end);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    tcase_add_test(ok, real_values_in_words);
    tcase_add_test(ok, real_values_as_json);
    tcase_add_test(ok, few_classes);
    tcase_add_test(edges, many_classes);
    return suite;
}

int main(void)
{
    return run_suite(evaluation_suite());
}
