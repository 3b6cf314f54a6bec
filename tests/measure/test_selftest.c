/* The selftest on the device that there is: it passes, tests what is in force, ends when asked, and leaves nothing behind. (That it finds
   wrong kernels: tests/faults/test_selftest.sh.) */
#include "compute/tuning.h"
#include "device/opened.h"
#include "measure/check.h"

#include <math.h>
#include <string.h>

typedef struct told {
    size_t rows, tuned, not_run;
    char names[100][48];
    size_t calls, most; /* of progress; after how many it ends; 0: never */
    const char *until;  /* it ends before this */
} told;

static void on_row(const cln_measurement *row, void *user)
{
    told *t = user;
    ck_assert_uint_lt(t->rows, 100);
    ck_assert_uint_lt(strlen(row->name), sizeof t->names[0]);
    ck_assert_str_eq(row->unit, "tolerances");
    for (size_t i = 0; i < t->rows; i++)
        ck_assert_str_ne(t->names[i], row->name);
    strcpy(t->names[t->rows++], row->name);
    t->tuned += strncmp(row->name, "tuned", 5) == 0;
    t->not_run += isnan(row->limit) != 0;
    ck_assert_msg(isnan(row->limit) ? isnan(row->value) && row->reason : row->value <= 1 && row->value >= 0,
                  "%s: %g %s", row->name, row->value, row->reason ? row->reason : "");
}

static int on_progress(const cln_measure_progress *progress, void *user)
{
    told *t = user;
    ck_assert_str_ne(progress->doing, "");
    return ++t->calls == t->most || (t->until && strncmp(progress->doing, t->until, strlen(t->until)) == 0);
}

static bool run(told *t)
{
    cln_error error = {0};
    bool passed = true;
    ck_assert_msg(cln_measure_selftest(device, on_progress, on_row, t, &passed, &error) == CLN_OK, "%s", error.message);
    return passed;
}

/* A shape and a product as a tuning file puts them in force. */
static void tune(void)
{
    cln_error error = {0};
    cln_tuning *tuning;
    cln_problem problem = {.features = 9, .outputs = 4, .type = CLN_UINT8, .batch_rows = 20};
    cln_tuned_shape shape = {.of = cln_case_of(&problem), .builtin_ms = 2, .best_ms = 1};
    cln_tuned_product product = {.of = {12, 20, 30, false}, .builtin_ms = 2, .best_ms = 1};
    ck_assert_int_eq(cln_tuning_of(device, &tuning, &error), CLN_OK);
    shape.shape = cln_shape_choose(&device->facts, &problem, device->facts.is_cpu ? CLN_SHAPE_CPU : CLN_SHAPE_GPU);
    product.gemm = cln_gemm_choose(&device->facts, &product.of);
    cln_tuning_put_shape(tuning, &shape);
    cln_tuning_put_product(tuning, &product);
}

START_TEST(this_device_passes)
{
    told t = {0};
    tune();
    ck_assert(run(&t));
    ck_assert_uint_ge(t.rows, 12);
    ck_assert_uint_eq(t.tuned, 2);
    ck_assert_uint_ge(t.calls, t.rows / 4);
}
END_TEST

START_TEST(it_ends_when_asked)
{
    told t = {.most = 2};
    ck_assert(!run(&t));
    ck_assert_uint_eq(t.calls, 2);
    ck_assert_uint_eq(t.rows, 0);
}
END_TEST

/* Kernels that a device cannot run are told, and are nothing against it. */
START_TEST(what_cannot_run_is_no_failure)
{
    told t = {.until = "clblast"};
    cln_facts own = device->facts;
    device->facts.max_group_size = 1;
    run(&t);
    device->facts = own;
    ck_assert_uint_eq(t.rows, 8);
    ck_assert_uint_eq(t.not_run, 4);
}
END_TEST

START_TEST(errors_are_counted_in_tolerances)
{
    cln_check check = {.name = "it", .place = "here"};
    cln_check_value(&check, 1, 1, 0, "value %zu of %zu", 1, 2);
    ck_assert(check.checked && check.worst >= 0 && check.worst <= 0 && cln_check_passed(&check));
    cln_check_value(&check, 1.5, 1, 1, "value %zu of %zu", 3, 4);
    ck_assert(check.worst > 0.49 && check.worst < 0.51 && cln_check_passed(&check) && !*check.reason);
    cln_check_value(&check, 3, 1, 1, "value %zu of %zu", 5, 6);
    ck_assert(!cln_check_passed(&check) && !check.failed);
    ck_assert_ptr_nonnull(strstr(check.reason, "value 5 of 6"));
    cln_check_value(&check, NAN, 1, 1, "value %zu of %zu", 7, 8);
    ck_assert(check.failed);
    cln_check_value(&check, 9, 1, 1, "value %zu of %zu", 9, 9);
    ck_assert_ptr_nonnull(strstr(check.reason, "value 7 of 8"));
    cln_check unequal = {.name = "it", .place = "here"};
    cln_check_value(&unequal, 1e-9, 0, 0, "value %zu of %zu", 1, 2);
    ck_assert(unequal.failed);
}
END_TEST

static void nothing_left(void)
{
    ck_assert_uint_eq(device->bytes, 0);
}

int main(void)
{
    Suite *suite = suite_create("selftest");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    add_device_cases(suite, ok, edges, NULL, nothing_left);
    tcase_add_test(ok, errors_are_counted_in_tolerances);
    tcase_add_test(ok, this_device_passes);
    tcase_add_test(edges, it_ends_when_asked);
    tcase_add_test(edges, what_cannot_run_is_no_failure);
    return run_on_device(suite);
}
