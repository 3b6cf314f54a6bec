#include "device/device.h"
#include "device/list.h"
#include "harness.h"

#include <string.h>

static cln_listed invented(int platform, const char *name, const char *type, uint32_t vendor_id)
{
    cln_listed entry = {0};
    entry.platform = (cl_platform_id)(intptr_t)platform;
    entry.facts.vendor_id = vendor_id;
    snprintf(entry.facts.info.name, sizeof entry.facts.info.name, "%s", name);
    snprintf(entry.facts.info.type, sizeof entry.facts.info.type, "%s", type);
    return entry;
}

static int same_as(cln_listed *list, size_t count, size_t i)
{
    cln_list_mark_same(list, count);
    return list[i].facts.info.same_as;
}

START_TEST(one_device_under_two_drivers)
{
    cln_listed cpu[] = {invented(1, "Intel(R) Xeon(R) Processor", "cpu", 0x8086),
                        invented(2, "pthread-skylake-avx512-Intel(R) Xeon(R) Processor", "cpu", 0x8086)};
    ck_assert_int_eq(same_as(cpu, 2, 0), -1);
    ck_assert_int_eq(same_as(cpu, 2, 1), 0);
    cln_listed gpu[] = {invented(1, "Mesa Intel(R) UHD Graphics 620 (KBL GT2)", "gpu", 0x8086),
                        invented(2, "Intel(R) UHD Graphics 620", "gpu", 0x8086),
                        invented(3, "INTEL UHD  Graphics 620", "gpu", 0x8086)};
    ck_assert_int_eq(same_as(gpu, 3, 1), 0);
    ck_assert_int_eq(same_as(gpu, 3, 2), 0);
}
END_TEST

START_TEST(two_alike_are_two)
{
    cln_listed list[] = {invented(1, "H200", "gpu", 0x10de), invented(1, "H200", "gpu", 0x10de),
                         invented(2, "H200", "gpu", 0x10de), invented(2, "H200", "gpu", 0x10de),
                         invented(2, "H200", "gpu", 0x10de)};
    static const int expected[] = {-1, -1, 0, 1, -1};
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(same_as(list, 5, i), expected[i]);
}
END_TEST

START_TEST(what_differs_is_not_the_same)
{
    cln_listed list[] = {invented(1, "GeForce GTX 1080", "gpu", 0x10de),
                         invented(2, "GeForce GTX 1080 Ti", "gpu", 0x10de),
                         invented(3, "GeForce GTX 1080", "gpu", 0x1002),
                         invented(4, "GeForce GTX 1080", "cpu", 0x10de),
                         invented(5, "()", "gpu", 0x10de),
                         invented(6, "(", "gpu", 0x10de),
                         invented(7, "pthread-", "gpu", 0x10de),
                         invented(8, "GeForce GTX 1080", "gpu", 0x10de)};
    list[7].facts.info.simulator = true;
    for (size_t i = 0; i < 8; i++)
        ck_assert_msg(same_as(list, 8, i) == -1, "%zu is not %d", i, same_as(list, 8, i));
}
END_TEST

static bool trimmed(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && text[0] != ' ' && text[length - 1] != ' ' && !strstr(text, "  ");
}

START_TEST(facts_are_sane)
{
    cln_listed *list = NULL;
    size_t count = 0;
    ck_assert_int_eq(cln_list_devices(&list, &count, NULL), CLN_OK);
    for (size_t i = 0; i < count; i++) {
        const cln_facts *facts = &list[i].facts;
        const cln_device_info *info = &facts->info;
        ck_assert_int_eq(info->index, (int)i);
        ck_assert(trimmed(info->name) && trimmed(info->vendor) && trimmed(info->platform) && trimmed(info->driver));
        ck_assert_int_lt(info->same_as, (int)i);
        if (*info->problem)
            continue;
        ck_assert_int_eq(strncmp(info->version, "OpenCL ", 7), 0);
        ck_assert_int_eq(facts->is_cpu, strcmp(info->type, "cpu") == 0);
        ck_assert_uint_gt(info->compute_units, 0);
        ck_assert_uint_ge(info->global_bytes, info->max_alloc_bytes);
        ck_assert_uint_ge(info->max_alloc_bytes, 1 << 20);
        ck_assert_uint_ge(info->local_bytes, 1 << 10);
        ck_assert_uint_ge(facts->max_group_size, 1);
        ck_assert(facts->native_float_width >= 1 && facts->native_float_width <= 16);
        if (strcmp(info->platform, "Portable Computing Language") == 0) {
            ck_assert(facts->is_cpu && info->unified_memory && !info->simulator);
            ck_assert(info->fp64);
        }
    }
    free(list);
}
END_TEST

START_TEST(open_gives_what_was_listed)
{
    cln_error error = {0};
    cln_device_info *list = NULL;
    size_t count = 0;
    ck_assert_int_eq(cln_device_list(&list, &count, &error), CLN_OK);
    for (size_t i = 0; i < count; i++) {
        char number[24];
        cln_device *device = NULL;
        snprintf(number, sizeof number, "%zu", i);
        cln_status status = cln_device_open(number, &device, &error);
        if (*list[i].problem) {
            ck_assert_int_eq(status, CLN_NO_DEVICE);
            continue;
        }
        ck_assert_msg(status == CLN_OK, "%s", error.message);
        ck_assert_int_eq(memcmp(cln_device_describe(device), &list[i], sizeof *list), 0);
        ck_assert_str_eq(cln_device_build_log(device), "");
        cl_command_queue_properties properties;
        ck_assert_int_eq(
            clGetCommandQueueInfo(device->queue, CL_QUEUE_PROPERTIES, sizeof properties, &properties, NULL),
            CL_SUCCESS);
        ck_assert_uint_eq(properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, 0);
        cln_device_close(device);
    }
    cln_device_list_free(list);
}
END_TEST

START_TEST(wrong_selector_opens_nothing)
{
    cln_error error = {0};
    cln_device *device = (cln_device *)&error;
    ck_assert_int_eq(cln_device_open("no such device", &device, &error), CLN_NO_DEVICE);
    ck_assert_ptr_null(device);
    ck_assert_ptr_nonnull(strstr(error.message, "no such device"));
    cln_device_close(NULL);
    cln_device_list_free(NULL);
}
END_TEST

static Suite *list_suite(void)
{
    Suite *suite = suite_create("device/list");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_set_timeout(ok, 120);
    tcase_add_test(ok, facts_are_sane);
    tcase_add_test(ok, open_gives_what_was_listed);
    tcase_add_test(ok, one_device_under_two_drivers);
    tcase_add_test(edges, two_alike_are_two);
    tcase_add_test(edges, what_differs_is_not_the_same);
    tcase_add_test(invalid, wrong_selector_opens_nothing);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_device_suite(list_suite());
}
