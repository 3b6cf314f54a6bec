/* Two comparisons held against each other. */
#include "report/changes.h"

#include "base/size.h"
#include "harness.h"
#include "report/compared.h"

static cln_comparison before, now;

static void begin(void)
{
    before = made();
    now = made();
    add_device(&before, "a", "p");
    add_device(&now, "a", "p");
}

static void end(void)
{
    cln_comparison_release(&before);
    cln_comparison_release(&now);
}

static cln_compared_device *was(size_t index)
{
    return &before.devices[index];
}

static cln_compared_device *is(size_t index)
{
    return &now.devices[index];
}

/* The row of both, with a spread of 1 %. */
static void add_both(const char *name, const char *unit, double a, double b)
{
    add_row(was(0), name, unit, a, 0.01 * a, NAN);
    add_row(is(0), name, unit, b, 0.01 * b, NAN);
}

/* How many there are; what was shown is in `shown`. */
static char shown[1 << 14];

static void expect(size_t slower, size_t faster, size_t gone, size_t same)
{
    cln_error error = {0};
    cln_changes changes, silent;
    FILE *to = tmpfile();
    ck_assert_ptr_nonnull(to);
    ck_assert_msg(cln_report_changes(&before, &now, to, &changes, &error) == CLN_OK, "%s", error.message);
    rewind(to);
    shown[fread(shown, 1, sizeof shown - 1, to)] = '\0';
    fclose(to);
    ck_assert_msg(changes.slower == slower && changes.faster == faster && changes.gone == gone && changes.same == same,
                  "%zu slower, %zu faster, %zu gone, %zu alike\n%s", changes.slower, changes.faster, changes.gone,
                  changes.same, shown);
    ck_assert_int_eq(cln_report_changes(&before, &now, NULL, &silent, NULL), CLN_OK);
    ck_assert_mem_eq(&changes, &silent, sizeof changes);
}

static void expect_shown(const char *part)
{
    ck_assert_msg(strstr(shown, part) != NULL, "'%s' is not in\n%s", part, shown);
}

static void expect_refused(const char *part)
{
    cln_error error = {0};
    cln_changes changes;
    ck_assert_int_eq(cln_report_changes(&before, &now, NULL, &changes, &error), CLN_INVALID);
    ck_assert_msg(strstr(error.message, part) != NULL, "'%s' is not in '%s'", part, error.message);
}

/* ---- ok */

START_TEST(nothing_changed)
{
    add_both("fused.epoch.200", "s", 1, 1);
    add_both("wide_product", "FLOP/s", 1e10, 1e10);
    add_both("fused.memory", "B", 1e8, 1e8);
    expect(0, 0, 0, 3);
    expect_shown("0 slower, 0 faster, 0 gone, 3 alike");
    expect_shown("2026-11-26T01:30:00Z by clinear 0.1.0");
    ck_assert_ptr_null(strstr(shown, "epoch"));
}
END_TEST

START_TEST(times_and_rates_have_their_own_better)
{
    add_both("fused.epoch.200", "s", 1, 2);
    add_both("clblast.epoch.200", "s", 3, 1);
    add_both("wide_product", "FLOP/s", 1e11, 5e10);
    add_both("later_product", "FLOP/s", 1e11, 4e11);
    expect(2, 2, 0, 0);
    expect_shown("a, p\n");
    expect_shown("fused: epoch by 200, ms");
    expect_shown("2.00 times SLOWER\n");
    expect_shown("3.00 times faster\n");
    expect_shown("4.00 times faster\n");
}
END_TEST

START_TEST(memory_counts_beyond_five_percent)
{
    add_both("fused.memory", "B", 1e8, 1.04e8);
    add_both("clblast.memory", "B", 1e8, 1.06e8);
    add_both("magic.memory", "B", 1e8, 0.9e8);
    add_both("host_memory", "B", 1e8, 1.9e8); /* compilers */
    expect(1, 1, 0, 2);
    expect_shown("1.06 times MORE\n");
    expect_shown("1.11 times less\n");
}
END_TEST

START_TEST(noise_is_what_both_spreads_say)
{
    add_row(was(0), "fused.epoch.200", "s", 1, 0.4, NAN);
    add_row(is(0), "fused.epoch.200", "s", 2, 0.2, NAN); /* 1.73 times 0.6 */
    add_row(was(0), "fused.epoch.600", "s", 1, 0.4, NAN);
    add_row(is(0), "fused.epoch.600", "s", 2, 0.1, NAN);
    expect(1, 0, 0, 1);
    expect_shown("epoch by 600");
}
END_TEST

START_TEST(no_row_is_quieter_than_half_of_its_run)
{
    const char *const names[] = {"fused.epoch.32", "fused.epoch.200", "fused.epoch.600"};
    for (size_t i = 0; i < CLN_COUNT(names); i++) {
        add_row(was(0), names[i], "s", 1, 0.4, NAN);
        add_row(is(0), names[i], "s", 1, 0.4, NAN);
    }
    add_both("fused.gradient", "s", 1, 2); /* by chance of a small spread */
    add_both("fused.evaluate", "s", 1, 10);
    expect(1, 0, 0, 4);
    expect_shown("spread by ±20 % or more then, and by ±20 % now");
}
END_TEST

START_TEST(without_a_spread_only_what_doubled_counts)
{
    add_row(was(0), "fused.optimum", "s", 1, 0, NAN);
    add_row(is(0), "fused.optimum", "s", 1.9, NAN, NAN);
    add_row(was(0), "clblast.optimum", "s", 1, NAN, NAN);
    add_row(is(0), "clblast.optimum", "s", 2.1, 0.01, NAN);
    expect(1, 0, 0, 1);
    expect_shown("clblast: to the optimum");
}
END_TEST

START_TEST(builds_count_when_they_take_twice_and_half_a_second_more)
{
    add_both("fused.cold_build", "s", 2, 3.9);
    add_both("fused.warm_build", "s", 0.1, 0.5);
    add_both("clblast.cold_build", "s", 2, 20);
    add_both("clblast.warm_build", "s", 5, 2);
    expect(1, 1, 0, 2);
}
END_TEST

START_TEST(times_within_a_wait_for_the_device_are_alike)
{
    add_both("fused.gradient", "s", 20e-6, 60e-6);
    add_both("clblast.gradient", "s", 20e-6, 80e-6);
    expect(1, 0, 0, 1);
}
END_TEST

START_TEST(limits_are_shown_but_not_counted)
{
    add_both("fused.epoch.200", "s", 1, 1);
    add_both("launch_time", "s", 5e-6, 20e-6);
    add_both("copy_bandwidth", "B/s", 1e10, NAN);
    add_both("read_bandwidth", "B/s", 1e10, 1e10);
    expect(0, 0, 0, 1);
    expect_shown("the device's limits: launch, µs");
    expect_shown("4.00 times SLOWER\n  The device's limits are not counted.");
    ck_assert_ptr_null(strstr(shown, "copying"));
    ck_assert_ptr_null(strstr(shown, "reading"));
}
END_TEST

START_TEST(a_figure_that_is_none_any_more_is_gone)
{
    add_both("fused.gradient", "s", 1, 1);
    add_both("fused.epoch.200", "s", 1, NAN);
    add_row(was(0), "fused.epoch.600", "s", 1, 0, NAN);
    add_reason(is(0), "fused.epoch.600", "s", "the kernel failed");
    add_both("fused.epoch.4096", "s", 1, INFINITY);
    expect(0, 0, 3, 1);
    expect_shown("gone: the kernel failed\n");
}
END_TEST

/* What is measured has a row, so that an engine without any was not asked for; unless the device failed before it could tell. */
START_TEST(what_was_not_asked_for_is_not_gone)
{
    add_both("fused.gradient", "s", 1, 1);
    add_row(was(0), "clblast.gradient", "s", 1, 0, NAN);
    add_row(was(0), "clblast.memory", "B", 1e6, 0, NAN);
    expect(0, 0, 0, 1);
    expect_shown("2 more had a figure then, and are left out of this comparison.\n");
    is(0)->status = CLN_COMPARED_FAILED;
    expect(0, 0, 2, 1);
    expect_shown("clblast: full gradient, ms    1000    -  gone\n");
}
END_TEST

START_TEST(what_there_was_no_time_for_is_not_gone)
{
    add_both("fused.gradient", "s", 1, 1);
    add_row(was(0), "fused.epoch.600", "s", 1, 0, NAN);
    add_reason(is(0), "fused.epoch.600", "s", "the budget was spent before");
    add_row(was(0), "fused.cold_build", "s", 1, 0, NAN);
    add_reason(is(0), "fused.cold_build", "s", "the budget was spent");
    add_row(add_device(&before, "b", "p"), "fused.epoch.600", "s", 1, 0, NAN); /* nothing else */
    add_reason(add_device(&now, "b", "p"), "fused.epoch.600", "s", "the budget was spent before");
    expect(0, 0, 0, 1);
    expect_shown("3 more had a figure then, and the budget was spent before their turn now");
    ck_assert_ptr_null(strstr(shown, "gone:"));
}
END_TEST

START_TEST(a_device_without_figures_is_one_that_is_gone)
{
    add_both("fused.epoch.200", "s", 1, 1);
    for (size_t i = 0; i < 3; i++) {
        char name[8] = {'b', (char)('0' + i)};
        cln_compared_device *device = add_device(&before, name, "p");
        add_row(device, "fused.epoch.200", "s", 1, 0, NAN);
        add_row(device, "fused.epoch.600", "s", 1, 0, NAN);
    }
    cln_compared_device *device = add_device(&now, "b0", "p");
    device->status = CLN_COMPARED_FAILED;
    snprintf(device->reason, sizeof device->reason, "it was ended by signal 11");
    device = add_device(&now, "b1", "p");
    device->status = CLN_COMPARED_TIMEOUT;
    add_row(device, "fused.epoch.200", "s", NAN, NAN, NAN);
    expect(0, 0, 3, 1);
    expect_shown("b0, p\n  GONE: it was ended by signal 11\n");
    expect_shown("b1, p\n  GONE\n");
    expect_shown("b2, p\n  GONE: it is no longer among this machine's devices\n");
}
END_TEST

START_TEST(a_device_that_was_left_out_is_not_gone)
{
    add_both("fused.epoch.200", "s", 1, 1);
    add_row(add_device(&before, "b", "p"), "fused.epoch.200", "s", 1, 0, NAN);
    add_row(add_device(&before, "simulator", "p"), "fused.epoch.200", "s", 1, 0, NAN);
    add_row(add_device(&before, "dead", "p"), "fused.epoch.200", "s", 1, 0, NAN);
    add_device(&now, "dead", "p")->status = CLN_COMPARED_SKIPPED;
    now.named = true;
    expect(0, 0, 1, 1);
    expect_shown("b, p\n  left out: --devices does not name it\n");
    expect_shown("simulator, p\n  left out: --devices does not name it\n");
    expect_shown("dead, p\n  GONE\n");
    now.named = false;
    cln_compared_device *device = add_device(&now, "simulator", "p");
    device->device.simulator = true;
    device->status = CLN_COMPARED_SKIPPED;
    snprintf(device->reason, sizeof device->reason, "it was not named");
    expect(0, 0, 2, 1);
    expect_shown("b, p\n  GONE: it is no longer among this machine's devices\n");
    expect_shown("simulator, p\n  left out: it was not named\n");
}
END_TEST

/* ---- edges */

START_TEST(what_is_new_or_was_none_does_not_count)
{
    add_both("fused.epoch.200", "s", 1, 1);
    add_both("fused.epoch.32", "s", NAN, 1);
    add_row(is(0), "fused.epoch.600", "s", 1, 0, NAN);
    add_row(add_device(&now, "newcomer", "p"), "fused.epoch.200", "s", 1, 0, NAN);
    add_device(&before, "dead from the start", "p")->status = CLN_COMPARED_FAILED;
    expect(0, 0, 0, 1);
}
END_TEST

START_TEST(what_is_no_speed_does_not_count)
{
    add_both("fused.epoch.200", "s", 1, 1);
    add_both("fused.weights", "tolerances", 0.1, 0.9);
    add_both("fused.objective", "loss", 0.24, 0.25);
    add_both("fused.host.200", "s", 0.001, 0.1); /* a part of the epoch */
    add_both("fused.between.200", "s", 0.001, NAN);
    add_both("mystery", "furlong", 1, 9);
    expect(0, 0, 0, 1);
}
END_TEST

START_TEST(agreement_and_speed_of_one_name_are_two_rows)
{
    add_row(was(0), "gram", "tolerances", 0.1, NAN, 1);
    add_row(was(0), "gram", "s", 1, 0.01, NAN);
    add_row(is(0), "gram", "s", 2, 0.01, NAN);
    add_row(is(0), "gram", "tolerances", 0.2, NAN, 1);
    expect(1, 0, 0, 0);
}
END_TEST

START_TEST(devices_of_one_name_are_held_in_their_order)
{
    add_both("fused.epoch.200", "s", 1, 1);
    add_row(add_device(&before, "twin", "p"), "fused.epoch.200", "s", 1, 0, NAN);
    add_row(add_device(&before, "twin", "p"), "fused.epoch.200", "s", 4, 0.01, NAN);
    add_row(add_device(&before, "twin", "q"), "fused.epoch.200", "s", 9, 0, NAN);
    add_row(add_device(&now, "twin", "q"), "fused.epoch.200", "s", 9, 0, NAN);
    add_row(add_device(&now, "twin", "p"), "fused.epoch.200", "s", 1, 0, NAN);
    add_row(add_device(&now, "twin", "p"), "fused.epoch.200", "s", 8, 0.01, NAN);
    expect(1, 0, 0, 3);
    expect_shown("4000");
}
END_TEST

START_TEST(another_version_or_driver_is_said)
{
    add_both("fused.epoch.200", "s", 1, 2);
    snprintf(now.version, sizeof now.version, "0.2.0");
    snprintf(is(0)->device.driver, sizeof is(0)->device.driver, "4.0");
    expect(1, 0, 0, 0);
    expect_shown("its driver was 3.1, and is 4.0 now\n");
    expect_shown("by clinear 0.1.0, now 0.2.0");
}
END_TEST

START_TEST(another_driver_is_said_where_nothing_changed)
{
    add_both("fused.epoch.200", "s", 1, 1);
    snprintf(is(0)->device.driver, sizeof is(0)->device.driver, "4.0");
    expect(0, 0, 0, 1);
    expect_shown("its driver was 3.1, and is 4.0 now\n");
}
END_TEST

START_TEST(hostile_text_does_no_harm)
{
    add_both("\033[2J", "s", 1, 2);
    snprintf(before.date, sizeof before.date, "\033[1m%s", "%n");
    snprintf(before.version, sizeof before.version, "\n\n");
    memcpy(was(0)->device.name, "\033\a", 3);
    memcpy(is(0)->device.name, "\033\a", 3);
    snprintf(was(0)->device.driver, sizeof was(0)->device.driver, "\033c");
    expect(1, 0, 0, 0);
    for (const char *at = shown; *at; at++)
        ck_assert((unsigned char)*at >= ' ' || *at == '\n');
}
END_TEST

/* ---- invalid */

START_TEST(other_data_are_refused)
{
    add_both("fused.epoch.200", "s", 1, 1);
    now.rows = 50000;
    expect_refused("60000 training and 10000 test rows, 784 features (uint8), 10 outputs before, 50000 training");
    now.rows = before.rows;
    snprintf(now.type, sizeof now.type, "float32");
    expect_refused("(float32)");
}
END_TEST

START_TEST(another_optimum_is_of_other_data)
{
    add_both("fused.epoch.200", "s", 1, 1);
    add_both("fused.objective", "loss", 0.24, 0.2400001);
    expect(0, 0, 0, 1);
    was(0)->judged = was(0)->agree = is(0)->judged = is(0)->agree = true;
    expect(0, 0, 0, 1);
    add_both("clblast.objective", "loss", 0.24, 0.39);
    expect_refused("clblast.objective was 0.24, and is 0.39 now");
    is(0)->agree = false; /* then it may be the device that is wrong */
    expect(0, 0, 0, 1);
}
END_TEST

START_TEST(without_a_device_in_both_there_is_nothing_to_hold)
{
    snprintf(is(0)->device.name, sizeof is(0)->device.name, "b");
    expect_refused("no device is in both comparisons");
    snprintf(is(0)->device.name, sizeof is(0)->device.name, "a");
    snprintf(is(0)->device.platform, sizeof is(0)->device.platform, "q");
    expect_refused("no device is in both comparisons");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("changes");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, nothing_changed);
    tcase_add_test(ok, times_and_rates_have_their_own_better);
    tcase_add_test(ok, memory_counts_beyond_five_percent);
    tcase_add_test(ok, noise_is_what_both_spreads_say);
    tcase_add_test(ok, no_row_is_quieter_than_half_of_its_run);
    tcase_add_test(ok, without_a_spread_only_what_doubled_counts);
    tcase_add_test(ok, builds_count_when_they_take_twice_and_half_a_second_more);
    tcase_add_test(ok, times_within_a_wait_for_the_device_are_alike);
    tcase_add_test(ok, limits_are_shown_but_not_counted);
    tcase_add_test(ok, a_figure_that_is_none_any_more_is_gone);
    tcase_add_test(ok, what_was_not_asked_for_is_not_gone);
    tcase_add_test(ok, a_device_that_was_left_out_is_not_gone);
    tcase_add_test(ok, what_there_was_no_time_for_is_not_gone);
    tcase_add_test(ok, a_device_without_figures_is_one_that_is_gone);
    tcase_add_test(edges, what_is_new_or_was_none_does_not_count);
    tcase_add_test(edges, what_is_no_speed_does_not_count);
    tcase_add_test(edges, agreement_and_speed_of_one_name_are_two_rows);
    tcase_add_test(edges, devices_of_one_name_are_held_in_their_order);
    tcase_add_test(edges, another_version_or_driver_is_said);
    tcase_add_test(edges, another_driver_is_said_where_nothing_changed);
    tcase_add_test(edges, hostile_text_does_no_harm);
    tcase_add_test(invalid, other_data_are_refused);
    tcase_add_test(invalid, another_optimum_is_of_other_data);
    tcase_add_test(invalid, without_a_device_in_both_there_is_nothing_to_hold);
    TCase *cases[] = {ok, edges, invalid};
    for (size_t i = 0; i < CLN_COUNT(cases); i++) {
        tcase_add_checked_fixture(cases[i], begin, end);
        suite_add_tcase(suite, cases[i]);
    }
    return run_suite(suite);
}
