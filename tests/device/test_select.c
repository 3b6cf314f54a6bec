/* The choice among devices that are not there. */
#include "device/list.h"
#include "harness.h"

#include <string.h>

enum { MOST = 16 };

static cln_device_info list[MOST];
static size_t count;

static cln_device_info *add(const char *name, const char *type, const char *platform, bool shares_memory,
                            uint32_t units, uint32_t clock)
{
    cln_device_info *device = &list[count];
    memset(device, 0, sizeof *device);
    device->index = (int)count;
    device->same_as = -1;
    snprintf(device->name, sizeof device->name, "%s", name);
    snprintf(device->type, sizeof device->type, "%s", type);
    snprintf(device->platform, sizeof device->platform, "%s", platform);
    device->compute_units = units;
    device->clock_mhz = clock;
    device->unified_memory = shares_memory;
    count++;
    return device;
}

/* Everything that a machine could have, the best not first. */
static void fill(void)
{
    count = 0;
    add("Oclgrind Simulator", "gpu", "Oclgrind", false, 9999, 9999)->simulator = true;
    add("pthread-haswell-Intel(R) Core(TM) i7", "cpu", "Portable Computing Language", true, 8, 3000);
    add("Strange Thing", "other", "Elsewhere", false, 999, 999);
    add("Stratix 10", "accelerator", "Intel(R) FPGA SDK", false, 1, 100);
    add("Intel(R) UHD Graphics 620", "gpu", "Intel(R) OpenCL HD Graphics", true, 9999, 2000);
    add("Radeon RX 480", "gpu", "AMD Accelerated Parallel Processing", false, 36, 1266);
    add("Radeon RX 480", "gpu", "AMD Accelerated Parallel Processing", false, 36, 1266);
    add("Radeon RX 6800", "gpu", "AMD Accelerated Parallel Processing", false, 60, 2000);
}

static void takes(const char *selector, size_t expected)
{
    cln_error error = {0};
    size_t chosen = 99;
    cln_status status = cln_device_choose(selector, list, count, &chosen, &error);
    ck_assert_msg(status == CLN_OK, "'%s': %s", selector ? selector : "(NULL)", error.message);
    ck_assert_msg(chosen == expected, "'%s' took %zu, not %zu", selector ? selector : "(NULL)", chosen, expected);
}

/* Every part must be in the message, which is one line. */
static void refuses(const char *selector, const char *part, const char *other_part)
{
    cln_error error = {0};
    size_t chosen = 99;
    ck_assert_int_eq(cln_device_choose(selector, list, count, &chosen, &error), CLN_NO_DEVICE);
    ck_assert_int_eq(error.status, CLN_NO_DEVICE);
    ck_assert_msg(strstr(error.message, part) && strstr(error.message, other_part) && !strchr(error.message, '\n'),
                  "'%s' says: %s", selector, error.message);
    ck_assert_int_eq(cln_device_choose(selector, list, count, &chosen, NULL), CLN_NO_DEVICE);
}

/* `auto` goes down the order as the best of what is left breaks. */
START_TEST(auto_follows_the_order)
{
    static const size_t order[] = {7, 5, 6, 4, 3, 1, 2, 0};
    fill();
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        takes("auto", order[i]);
        takes(NULL, order[i]);
        snprintf(list[order[i]].problem, sizeof list->problem, "broken");
    }
    refuses("auto", "no OpenCL device can be used", "broken");
}
END_TEST

START_TEST(types_take_their_best)
{
    fill();
    takes("gpu", 7);
    takes("GPU", 7);
    takes("cpu", 1);
    takes("accelerator", 3);
    takes("Accelerator", 3);
}
END_TEST

START_TEST(simulator_is_last_of_its_type)
{
    count = 0;
    add("Oclgrind Simulator", "gpu", "Oclgrind", false, 64, 2000)->simulator = true;
    takes("auto", 0);
    takes("gpu", 0);
    add("Slow Graphics", "gpu", "Mesa", true, 1, 0);
    takes("gpu", 1);
    takes("oclgrind", 0);
}
END_TEST

START_TEST(ties_go_to_units_times_clock)
{
    count = 0;
    add("A", "gpu", "P", false, 10, 1000);
    add("B", "gpu", "P", false, 20, 501);
    add("C", "gpu", "P", false, 20, 501);
    takes("auto", 1);
    list[0].clock_mhz = 1002; /* equal: the lower index */
    takes("auto", 0);
    list[0].clock_mhz = 0; /* unknown clocks count as one */
    list[1].clock_mhz = list[2].clock_mhz = 0;
    takes("auto", 1);
    list[0].compute_units = UINT32_MAX; /* no overflow */
    list[0].clock_mhz = UINT32_MAX;
    takes("auto", 0);
}
END_TEST

START_TEST(numbers_count_over_all_platforms)
{
    fill();
    takes("0", 0);
    takes("6", 6);
    takes("007", 7);
    refuses("8", "there is no device number 8", "7 Radeon RX 6800");
    refuses("18446744073709551616", "no device number 18446744073709551616", "0 Oclgrind");
    refuses("-1", "no device or platform has '-1'", "0 Oclgrind");
}
END_TEST

START_TEST(names_fit_in_any_case)
{
    fill();
    takes("uhd", 4);
    takes("RX 6800", 7);
    takes("portable", 1);
    takes("STRATIX", 3);
    refuses("RX 480", "'RX 480' fits 2 devices", "5 Radeon RX 480");
    refuses("radeon", "fits 3 devices", "number");
    refuses("amd", "fits 3 devices", "number");
}
END_TEST

/* PoCL's platform has a name that nobody calls it by. */
START_TEST(drivers_are_known_by_what_they_call_themselves)
{
    fill();
    snprintf(list[1].version, sizeof list[1].version, "OpenCL 3.0 PoCL HSTR: pthread-haswell");
    snprintf(list[4].version, sizeof list[4].version, "OpenCL 3.0 NEO ");
    snprintf(list[5].version, sizeof list[5].version, "OpenCL 2.0 AMD-APP (3590.0)");
    snprintf(list[6].version, sizeof list[6].version, "OpenCL 2.0 AMD-APP (3590.0) for Elsewhere");
    snprintf(list[7].version, sizeof list[7].version, "OpenCL");
    takes("pocl", 1);
    takes("neo", 4);
    takes("Elsewhere", 2); /* a name goes before */
    refuses("amd-app", "fits 2 devices", "0 ");
    refuses("3.0", "no device or platform", "0 "); /* the standard's number is nobody's name */
    snprintf(list[1].problem, sizeof list[1].problem, "no compiler");
    refuses("pocl", "cannot be used", "no compiler");
}
END_TEST

START_TEST(whole_name_goes_before_parts)
{
    count = 0;
    add("GeForce GTX 1080 Ti", "gpu", "CUDA", false, 28, 1582);
    add("GeForce GTX 1080", "gpu", "CUDA", false, 20, 1733);
    takes("geforce gtx 1080", 1);
    refuses("GTX 1080", "fits 2 devices", "1 GeForce GTX 1080 (gpu, CUDA)");
}
END_TEST

START_TEST(duplicates_stand_behind)
{
    count = 0;
    add("Weak", "gpu", "One", false, 10, 1000);
    add("Strong", "gpu", "One", false, 20, 1000);
    add("Strong", "gpu", "Two", false, 99, 1000)->same_as = 1;
    takes("auto", 1);
    takes("strong", 1);
    takes("two", 2);
    takes("2", 2);
    snprintf(list[1].problem, sizeof list->problem, "no compiler"); /* then the other driver is the way to it */
    takes("auto", 2);
    takes("strong", 2);
    list[2].same_as = 99; /* out of range is nobody's duplicate */
    takes("auto", 2);
}
END_TEST

START_TEST(problems_are_refused_with_the_reason)
{
    fill();
    snprintf(list[4].problem, sizeof list->problem, "it has OpenCL 1.1");
    refuses("4", "device 4 (Intel(R) UHD Graphics 620) cannot be used: it has OpenCL 1.1", "7 Radeon RX 6800");
    refuses("uhd", "cannot be used: it has OpenCL 1.1", "unusable");
    add("broken.icd", "", "", false, 0, 0)->index = -1; /* a driver that cannot list its devices */
    snprintf(list[count - 1].problem, sizeof list->problem, "its driver cannot list its devices");
    refuses("broken", "cannot be used: its driver", "; broken.icd (a driver, unusable)");
    snprintf(list[3].problem, sizeof list->problem, "no compiler");
    refuses("accelerator", "no accelerator can be used: Stratix 10 (number 3): no compiler", "7 Radeon RX 6800");
}
END_TEST

START_TEST(misspelt_keywords_are_recognised)
{
    fill();
    refuses("gpuu", "did you mean 'gpu'?", "'gpuu'");
    refuses("Acelerator", "did you mean 'accelerator'?", "there is: 0 Oclgrind Simulator (gpu, Oclgrind)");
    cln_error error = {0};
    size_t chosen;
    cln_device_choose("banana", list, count, &chosen, &error);
    ck_assert_ptr_null(strstr(error.message, "did you mean"));
}
END_TEST

START_TEST(no_device_at_all)
{
    count = 0;
    refuses("auto", "cannot open a device: no OpenCL device was found", "clinear devices");
    refuses("gpu", "no GPU can be used", "no OpenCL device was found");
    refuses("0", "no device number 0", "no OpenCL device was found");
    refuses("x", "'x'", "no OpenCL device was found");
    count = 0;
    add("PoCL", "cpu", "Portable", true, 2, 2000);
    refuses("gpu", "no GPU can be used; there is: 0 PoCL (cpu, Portable)", "");
}
END_TEST

START_TEST(odd_selectors)
{
    char large[5000];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    fill();
    refuses("", "an empty text selects no device", "7 Radeon");
    refuses("%s%n", "'%s%n'", "7 Radeon");
    refuses(large, "xxx", "7 Radeon");
    memset(large, '7', sizeof large - 1);
    refuses(large, "no device number 777", "7 Radeon");
}
END_TEST

START_TEST(long_lists_are_cut)
{
    char name[128];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    count = 0;
    for (int i = 0; i < MOST; i++)
        add(name, "accelerator", name, false, 1, 1);
    refuses("99", "no device number 99", "; and 6 more");
    refuses("nnn", "fits 16 devices", "; and 6 more");
}
END_TEST

static Suite *select_suite(void)
{
    Suite *suite = suite_create("device/select");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, auto_follows_the_order);
    tcase_add_test(ok, types_take_their_best);
    tcase_add_test(ok, names_fit_in_any_case);
    tcase_add_test(ok, drivers_are_known_by_what_they_call_themselves);
    tcase_add_test(ok, numbers_count_over_all_platforms);
    tcase_add_test(edges, simulator_is_last_of_its_type);
    tcase_add_test(edges, ties_go_to_units_times_clock);
    tcase_add_test(edges, whole_name_goes_before_parts);
    tcase_add_test(edges, duplicates_stand_behind);
    tcase_add_test(edges, long_lists_are_cut);
    tcase_add_test(invalid, problems_are_refused_with_the_reason);
    tcase_add_test(invalid, misspelt_keywords_are_recognised);
    tcase_add_test(invalid, no_device_at_all);
    tcase_add_test(invalid, odd_selectors);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_suite(select_suite());
}
