#define _GNU_SOURCE
#include "clinear.h"
#include "harness.h"

#include <math.h>
#include <string.h>

START_TEST(accuracy)
{
    ck_assert_double_eq(cln_accuracy(&(cln_score){.errors = 1, .rows = 4}), 0.75);
    ck_assert_double_eq(cln_accuracy(&(cln_score){.errors = 0, .rows = 4}), 1);
    ck_assert_double_eq(cln_accuracy(&(cln_score){.errors = 4, .rows = 4}), 0);
    ck_assert(isnan(cln_accuracy(&(cln_score){.errors = 0, .rows = 0})));
}
END_TEST

static cln_evaluation evaluation_of(const uint64_t *confusion, uint32_t k)
{
    cln_evaluation evaluation = {.outputs = k, .confusion = malloc(k * k * sizeof *confusion)};
    memcpy(evaluation.confusion, confusion, k * k * sizeof *confusion);
    return evaluation;
}

/* Class 0: 5 of 8 found, 5 of 6 right. Class 1: 3 of 4, 3 of 6. Class 2: 2 of 2, 2 of 2. */
START_TEST(classes)
{
    cln_evaluation evaluation = evaluation_of((uint64_t[]){5, 3, 0, 1, 3, 0, 0, 0, 2}, 3);
    cln_class_score zero = cln_evaluation_class(&evaluation, 0), one = cln_evaluation_class(&evaluation, 1);
    cln_class_score two = cln_evaluation_class(&evaluation, 2);
    ck_assert_double_eq(zero.precision, 5 / 6.0);
    ck_assert_double_eq(zero.recall, 5 / 8.0);
    ck_assert_double_eq(zero.f1, 10 / 14.0);
    ck_assert_uint_eq(zero.support, 8);
    ck_assert_double_eq(one.precision, 3 / 6.0);
    ck_assert_double_eq(one.recall, 3 / 4.0);
    ck_assert_double_eq(one.f1, 6 / 10.0);
    ck_assert_double_eq(two.precision, 1);
    ck_assert_double_eq(two.recall, 1);
    ck_assert_double_eq(two.f1, 1);
    cln_evaluation_free(&evaluation);
    ck_assert_ptr_null(evaluation.confusion);
    cln_evaluation_free(&evaluation);
    cln_evaluation_free(NULL);
}
END_TEST

START_TEST(nothing_by_nothing)
{
    /* Class 0: rows, but never predicted. Class 1: predicted, but no rows. Class 2: neither. */
    cln_evaluation evaluation = evaluation_of((uint64_t[]){0, 4, 0, 0, 0, 0, 0, 0, 0}, 3);
    cln_class_score zero = cln_evaluation_class(&evaluation, 0), one = cln_evaluation_class(&evaluation, 1);
    cln_class_score two = cln_evaluation_class(&evaluation, 2), none = cln_evaluation_class(&evaluation, 3);
    ck_assert(isnan(zero.precision) && zero.recall == 0 && zero.f1 == 0 && zero.support == 4);
    ck_assert(one.precision == 0 && isnan(one.recall) && one.f1 == 0 && one.support == 0);
    ck_assert(isnan(two.precision) && isnan(two.recall) && isnan(two.f1) && two.support == 0);
    ck_assert(isnan(none.precision) && isnan(none.recall) && isnan(none.f1) && none.support == 0);
    cln_evaluation_free(&evaluation);
}
END_TEST

static Suite *metrics_suite(void)
{
    Suite *suite = suite_create("model: metrics");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_test(ok, accuracy);
    tcase_add_test(ok, classes);
    tcase_add_test(edges, nothing_by_nothing);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return suite;
}

int main(void)
{
    return run_suite(metrics_suite());
}
