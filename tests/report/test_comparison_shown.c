/* A comparison as a table for people, and as CSV. */
#include "report/comparison.h"

#include "base/size.h"
#include "harness.h"
#include "report/compared.h"
#include "report/text.h"

static void expect_in(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in\n%s", part, text);
}

/* A line that begins so, however wide its columns are. */
static void expect_row(const char *text, const char *row)
{
    char *narrow = calloc(1, strlen(text) + 2), *to = narrow;
    *to++ = '\n';
    for (const char *at = text; *at; at++)
        if (*at != ' ' || (to[-1] != ' ' && to[-1] != '\n'))
            *to++ = *at;
    char line[512];
    snprintf(line, sizeof line, "\n%s\n", row);
    expect_in(narrow, line);
    free(narrow);
}

/* As a device may be. */
static void fill(cln_compared_device *device, double speed)
{
    device->judged = device->agree = true;
    add_row(device, "copy_bandwidth", "B/s", 1.25e10 * speed, 3e8 * speed, NAN);
    add_row(device, "launch_time", "s", 5e-6 / speed, 6e-7 / speed, NAN);
    add_row(device, "fused.cold_build", "s", 1.9 / speed, NAN, NAN);
    add_row(device, "fused.epoch.200", "s", 0.0251 / speed, 0.001 / speed, 0.005 / speed);
    add_row(device, "fused.between.200", "s", 0, 0, NAN);
    add_row(device, "fused.objective", "loss", 0.240134123456, NAN, NAN);
    add_row(device, "fused.memory", "B", 120 * 1048576.0, NAN, NAN);
    add_row(device, "clblast.epoch.4096", "s", 0.0351 / speed, 0.001 / speed, 0.005 / speed);
    add_row(device, "wide_product", "FLOP/s", 1.2e11 * speed, 1e9 * speed, 2.4e11 * speed);
    add_row(device, "gram", "s", 0.3 / speed, 0.01 / speed, 0.06 / speed);
    add_row(device, "gram", "tolerances", 0.5, NAN, 1);
    add_row(device, "fused.weights", "tolerances", 0.25, NAN, 1);
}

static void expect_lines_of_100(const char *text)
{
    while (*text) {
        char line[4096];
        size_t length = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        ck_assert_msg(cln_text_width(line) <= 100, "%zu columns: %s", cln_text_width(line), line);
        ck_assert_msg(length == 0 || text[length - 1] != ' ', "blanks at the end of: '%s'", line);
        text += length + (text[length] == '\n');
    }
}

/* ---- ok */

START_TEST(devices_stand_side_by_side)
{
    cln_comparison all = made();
    fill(add_device(&all, "first", "one"), 1);
    fill(add_device(&all, "second", "two"), 2);
    char *text = written(cln_report_comparison, &all);
    expect_in(text, "data/mnist: 60,000 training rows, 10,000 test rows, 784 features (uint8), 10 outputs\n");
    expect_in(text, "Agreement: all 2 devices compute what double precision on the host does.\n");
    expect_in(text, "  device 0  agrees  first, one\n  device 1  agrees  second, two\n");
    expect_in(text, "agreement (at most 1)\n");
    expect_in(text, "    Gram matrix ");
    expect_in(text, "    fused weights ");
    expect_in(text, "\n  fused\n");
    expect_row(text, "epoch by 200, ms 25.1 ±2 % 20 % *12.6 ±2 % 20 %");
    expect_in(text, "\n  clblast\n    epoch by 4096, ms ");
    expect_row(text, "product, GFLOP/s 120 ±0 % 50 % *240 ±0 % 50 %");
    expect_row(text, "launch, µs 5.00 ±6 % *2.50 ±6 %");
    expect_row(text, "by 200: between, ms 0 0");
    expect_row(text, "objective there 0.24013412 0.24013412");
    expect_row(text, "memory, MiB 120 120");
    expect_lines_of_100(text);
    free(text);
    cln_comparison_release(&all);
}
END_TEST

START_TEST(four_devices_fit_a_terminal)
{
    cln_comparison all = made();
    for (int i = 0; i < 6; i++)
        fill(add_device(&all, "pthread-skylake-avx512-Intel(R) Xeon(R) Processor @ 2.30GHz",
                        "Portable Computing Language"),
             0.5 + 0.1 * i);
    char *text = written(cln_report_comparison, &all), *first;
    expect_lines_of_100(text);
    expect_in(text, "pthread-skylake-avx512-Intel(R) Xeon(R) Process…, Portable Computing Langua…\n");
    expect_row(text, "device 0 device 1 device 2 device 3");
    first = strstr(text, "device 3\n");
    ck_assert_ptr_nonnull(first);
    expect_row(first, "device 4 device 5"); /* in a table of their own */
    free(text);
    cln_comparison_release(&all);
}
END_TEST

START_TEST(a_device_that_disagrees_is_first_of_all_said)
{
    cln_comparison all = made();
    fill(add_device(&all, "right", ""), 1);
    cln_compared_device *wrong = add_device(&all, "wrong", "");
    wrong->judged = true;
    add_row(wrong, "fused.weights", "tolerances", 17, NAN, 1);
    add_row(wrong, "fused.loss", "tolerances", NAN, NAN, 1);
    add_row(wrong, "fused.epoch.200", "s", 0.001, 0, NAN);
    char *text = written(cln_report_comparison, &all);
    expect_in(text, "DISAGREEMENT: 1 of 2 devices does not compute what double precision on the host does.\n");
    expect_in(text, "device 1  DISAGREES  wrong\n");
    expect_in(text, "!17.0\n");
    expect_in(text, "!-\n");
    ck_assert_ptr_null(strstr(text, "*1.00")); /* what computes wrong is not the best */
    free(text);
    cln_comparison_release(&all);
}
END_TEST

/* ---- edges */

START_TEST(what_is_missing_has_its_reason)
{
    cln_comparison all = made();
    cln_compared_device *device = add_device(&all, "simulator", "");
    const char *const names[] = {"fused.epoch.32", "fused.epoch.200", "fused.epoch.600", "fused.epoch.4096",
                                 "fused.gradient"};
    for (size_t i = 0; i < CLN_COUNT(names); i++)
        add_reason(device, names[i], "s", "a simulator's times mean nothing");
    device = add_device(&all, "late", "");
    device->status = CLN_COMPARED_TIMEOUT;
    snprintf(device->reason, sizeof device->reason, "it did not end in time");
    device = add_device(&all, "broken.icd", "");
    device->device.index = -1;
    device->status = CLN_COMPARED_FAILED;
    snprintf(device->reason, sizeof device->reason, "it was ended by signal 11 (Segmentation fault)");
    device = add_device(&all, "later", "");
    device->status = CLN_COMPARED_SKIPPED;
    snprintf(device->reason, sizeof device->reason, "the budget was spent before its turn");
    char *text = written(cln_report_comparison, &all);
    expect_in(text, "No device was judged.\n");
    expect_in(text, "device 0  not judged  simulator\n");
    expect_row(text, "epoch by 32, ms -");
    expect_in(text,
              "\n  device 0: a simulator's times mean nothing: fused.epoch.32, fused.epoch.200, fused.epoch.600,\n"
              "    fused.epoch.4096 and 1 more\n");
    expect_in(text, "\n  device 1 (late) TIMED OUT: it did not end in time\n");
    expect_in(text, "\n  - (broken.icd) FAILED: it was ended by signal 11 (Segmentation fault)\n");
    expect_in(text, "\n  device 3 (later) skipped: the budget was spent before its turn\n");
    expect_lines_of_100(text);
    free(text);
    cln_comparison_release(&all);
}
END_TEST

START_TEST(rows_that_one_device_has_alone_are_shown)
{
    cln_comparison all = made();
    add_row(add_device(&all, "a", ""), "fused.gradient", "s", 1, 0, NAN);
    add_row(add_device(&all, "b", ""), "clblast.gradient", "s", 2, 0, NAN);
    add_row(&all.devices[0], "fused.epoch.x", "s", 3, 0, NAN);          /* no number */
    add_row(&all.devices[0], "fused.gradient.5", "s", 4, 0, NAN);       /* nothing to have one */
    add_row(&all.devices[0], ".gradient", "s", 5, 0, NAN);              /* of no engine */
    add_row(&all.devices[0], "magic.of.tomorrow", "furlong", 6, 0, 12); /* of a newer version */
    add_row(&all.devices[0], "launch_time", "B", 7, 0, NAN);            /* in another unit */
    add_row(&all.devices[0], "", "", 8, 0, NAN);
    char *text = written(cln_report_comparison, &all);
    expect_row(text, "full gradient, ms 1000 -");
    expect_row(text, "full gradient, ms - 2000");
    expect_row(text, "other figures");
    expect_row(text, "fused.epoch.x, s 3.00 -");
    expect_row(text, "fused.gradient.5, s 4.00 -");
    expect_row(text, ".gradient, s 5.00 -");
    expect_row(text, "magic.of.tomorrow, furlong 6.00 -");
    expect_row(text, "launch_time, B 7.00 -");
    ck_assert_ptr_null(strchr(text, '*') < strstr(text, "* is the best") ? strchr(text, '*')
                                                                         : NULL); /* no row has two */
    free(text);
    cln_comparison_release(&all);
}
END_TEST

START_TEST(hostile_names_do_no_harm)
{
    cln_comparison all = made();
    cln_compared_device *device = add_device(&all, "\033]0;title\007\xff\n", "\033[31m");
    add_row(device, "\033[2J", "s", 1, 0, NAN);
    snprintf(device->reason, sizeof device->reason, "\033c\r\nGérard %s", "%s%n");
    device->status = CLN_COMPARED_FAILED;
    snprintf(all.data, sizeof all.data, "data\033[1m");
    memset(add_device(&all, "", "")->device.name, 0xc3, 127); /* halves of characters */
    char *text = written(cln_report_comparison, &all);
    for (const char *at = text; *at; at++)
        ck_assert((unsigned char)*at >= ' ' || *at == '\n');
    ck_assert_ptr_null(strchr(text, '\xff'));
    expect_in(text, "?]0;title???, ?[31m");
    expect_in(text, "?c??Gérard %s%n");
    expect_in(text, "data?[1m");
    expect_lines_of_100(text);
    free(text);
    cln_comparison_release(&all);
}
END_TEST

START_TEST(long_reasons_are_wrapped)
{
    cln_comparison all = made();
    cln_compared_device *device = add_device(&all, "a", "");
    device->status = CLN_COMPARED_FAILED;
    for (size_t i = 0; i + 6 < sizeof device->reason; i += 5)
        memcpy(device->reason + i, "word ", 6);
    char *text = written(cln_report_comparison, &all);
    expect_lines_of_100(text);
    free(text);
    memset(device->reason, 'x', sizeof device->reason - 1); /* which cannot be */
    free(written(cln_report_comparison, &all));
    cln_comparison_release(&all);
}
END_TEST

START_TEST(figures_that_are_none_or_extreme_are_shown)
{
    cln_comparison all = made();
    cln_compared_device *device = add_device(&all, "a", "");
    const double values[] = {INFINITY, -INFINITY, 1e300, 1e-300, -1, 0};
    for (size_t i = 0; i < CLN_COUNT(values); i++) {
        char name[32];
        snprintf(name, sizeof name, "fused.epoch.%zu", i);
        add_row(device, name, "s", values[i], values[i], values[i]);
    }
    char *text = written(cln_report_comparison, &all);
    expect_row(text, "epoch by 0, ms -");
    expect_row(text, "epoch by 2, ms 1e+303 ±50 % 100 %");
    free(text);
    cln_comparison_release(&all);
}
END_TEST

START_TEST(nothing_at_all_is_shown_too)
{
    cln_comparison all = made();
    char *text = written(cln_report_comparison, &all);
    expect_in(text, "No device was judged.\n");
    free(text);
}
END_TEST

/* ---- CSV */

START_TEST(csv_has_a_line_for_each_row)
{
    cln_comparison all = made();
    cln_compared_device *device = add_device(&all, "a", "p");
    device->judged = device->agree = true;
    add_row(device, "fused.epoch.200", "s", 0.1, 0.25, NAN);
    add_reason(device, "gram", "s", "no, \"time\"");
    device = add_device(&all, "b", "p");
    device->device.index = -1;
    device->status = CLN_COMPARED_FAILED;
    snprintf(device->reason, sizeof device->reason, "it died");
    char *text = written(cln_report_comparison_csv, &all);
    ck_assert_str_eq(text,
                     "index,device,platform,driver,status,status_reason,agree,name,value,unit,spread,limit,reason\r\n"
                     "0,a,p,3.1,ok,,true,fused.epoch.200,0.1,s,0.25,,\r\n"
                     "0,a,p,3.1,ok,,true,gram,,s,,,\"no, \"\"time\"\"\"\r\n"
                     ",b,p,3.1,failed,it died,,,,,,,\r\n");
    free(text);
    cln_comparison_release(&all);
}
END_TEST

static const struct {
    const char *text, *cell;
} cells[] = {
    {"=1+1", "'=1+1"},
    {"+1", "'+1"},
    {"-1", "'-1"},
    {"@SUM(A1)", "'@SUM(A1)"},
    {" =1+1", "\"' =1+1\""},
    {"\t=1+1", "?=1+1"},
    {"=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""},
    {"a=b", "a=b"},
    {"a\r\nb", "a??b"},
    {"a,b", "\"a,b\""},
    {"\"", "\"\"\"\""},
    {"Gerät", "Gerät"},
    {"\xff", "?"},
};

START_TEST(csv_cells_are_quoted_and_never_computed)
{
    cln_comparison all = made();
    char line[256];
    add_device(&all, cells[_i].text, "");
    char *text = written(cln_report_comparison_csv, &all);
    snprintf(line, sizeof line, "\r\n0,%s,,3.1,ok,,,,,,,,\r\n", cells[_i].cell);
    expect_in(text, line);
    free(text);
    cln_comparison_release(&all);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("comparison, shown");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *csv = tcase_create("csv");
    tcase_add_test(ok, devices_stand_side_by_side);
    tcase_add_test(ok, four_devices_fit_a_terminal);
    tcase_add_test(ok, a_device_that_disagrees_is_first_of_all_said);
    tcase_add_test(edges, what_is_missing_has_its_reason);
    tcase_add_test(edges, rows_that_one_device_has_alone_are_shown);
    tcase_add_test(edges, hostile_names_do_no_harm);
    tcase_add_test(edges, long_reasons_are_wrapped);
    tcase_add_test(edges, figures_that_are_none_or_extreme_are_shown);
    tcase_add_test(edges, nothing_at_all_is_shown_too);
    tcase_add_test(csv, csv_has_a_line_for_each_row);
    tcase_add_loop_test(csv, csv_cells_are_quoted_and_never_computed, 0, CLN_COUNT(cells));
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, csv);
    return run_suite(suite);
}
