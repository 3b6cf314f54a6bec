/*
 * Facts and lists of devices that are not there: this program has the four functions that they are asked through itself, in
 * front of those of the OpenCL loader.
 */
#include "device/list.h"
#include "harness.h"

#include <string.h>

typedef struct driver {
    cl_int platforms_code, devices_code; /* of the loader, and of the last platform */
    cl_uint platforms, devices; /* how many platforms; how many devices the last one has, the others having none */
    const char *name, *version, *extensions, *platform;
    cl_device_type type;
    cl_bool available, compiler, little_endian;
    cl_device_info silent; /* the fact that is not answered */
} driver;

static const driver whole = {.platforms = 1,
                             .devices = 1,
                             .name = "  Invented \t Device 7 ",
                             .version = "OpenCL 1.2 invented",
                             .extensions = " cl_khr_fp64 cl_khr_fp16_like  cl_khr_icd",
                             .platform = "Invented",
                             .type = CL_DEVICE_TYPE_GPU | CL_DEVICE_TYPE_DEFAULT,
                             .available = CL_TRUE,
                             .compiler = CL_TRUE,
                             .little_endian = CL_TRUE};
static driver now;

/* Handles are numbers from one. */
cl_int clGetPlatformIDs(cl_uint room, cl_platform_id *platforms, cl_uint *count)
{
    for (cl_uint i = 0; platforms && i < room && i < now.platforms; i++)
        platforms[i] = (cl_platform_id)(intptr_t)(i + 1);
    if (count)
        *count = now.platforms;
    return now.platforms_code;
}

cl_int clGetDeviceIDs(cl_platform_id platform, cl_device_type type, cl_uint room, cl_device_id *ids, cl_uint *count)
{
    if (type != CL_DEVICE_TYPE_ALL)
        return CL_INVALID_DEVICE_TYPE;
    bool last = platform == (cl_platform_id)(intptr_t)now.platforms;
    if (!last || now.devices_code != CL_SUCCESS)
        return last ? now.devices_code : CL_DEVICE_NOT_FOUND;
    for (cl_uint i = 0; ids && i < room && i < now.devices; i++)
        ids[i] = (cl_device_id)(intptr_t)(i + 1);
    if (count)
        *count = now.devices;
    return CL_SUCCESS;
}

static cl_int answer(const void *value, size_t bytes, size_t size, void *to, size_t *needed)
{
    if (to && size < bytes)
        return CL_INVALID_VALUE;
    if (to)
        memcpy(to, value, bytes);
    if (needed)
        *needed = bytes;
    return CL_SUCCESS;
}

static cl_int answer_text(const char *text, size_t size, void *to, size_t *needed)
{
    return answer(text, strlen(text) + 1, size, to, needed);
}

cl_int clGetPlatformInfo(cl_platform_id platform, cl_platform_info fact, size_t size, void *to, size_t *needed)
{
    ck_assert_ptr_nonnull(platform);
    return fact == CL_PLATFORM_NAME ? answer_text(now.platform, size, to, needed) : CL_INVALID_VALUE;
}

cl_int clGetDeviceInfo(cl_device_id id, cl_device_info fact, size_t size, void *to, size_t *needed)
{
    const cl_uint units = 12, clock = 1500, width = 0, vendor_id = 0x10de;
    const cl_ulong global = 8ul << 30, largest = 2ul << 30, local = 48 << 10;
    const size_t group = 512;
    const cl_bool unified = CL_FALSE;
    ck_assert_ptr_nonnull(id);
    if (fact == now.silent)
        return CL_OUT_OF_HOST_MEMORY;
    switch (fact) {
    case CL_DEVICE_NAME:
        return answer_text(now.name, size, to, needed);
    case CL_DEVICE_VENDOR:
        return answer_text("", size, to, needed);
    case CL_DRIVER_VERSION:
        return answer_text("1.0\n", size, to, needed);
    case CL_DEVICE_VERSION:
        return answer_text(now.version, size, to, needed);
    case CL_DEVICE_EXTENSIONS:
        return answer_text(now.extensions, size, to, needed);
#define NUMBER(name, variable)                                                                                         \
    case name:                                                                                                         \
        return answer(&variable, sizeof variable, size, to, needed)
        NUMBER(CL_DEVICE_TYPE, now.type);
        NUMBER(CL_DEVICE_AVAILABLE, now.available);
        NUMBER(CL_DEVICE_COMPILER_AVAILABLE, now.compiler);
        NUMBER(CL_DEVICE_ENDIAN_LITTLE, now.little_endian);
        NUMBER(CL_DEVICE_VENDOR_ID, vendor_id);
        NUMBER(CL_DEVICE_MAX_COMPUTE_UNITS, units);
        NUMBER(CL_DEVICE_MAX_CLOCK_FREQUENCY, clock);
        NUMBER(CL_DEVICE_GLOBAL_MEM_SIZE, global);
        NUMBER(CL_DEVICE_MAX_MEM_ALLOC_SIZE, largest);
        NUMBER(CL_DEVICE_LOCAL_MEM_SIZE, local);
        NUMBER(CL_DEVICE_MAX_WORK_GROUP_SIZE, group);
        NUMBER(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, width);
        NUMBER(CL_DEVICE_HOST_UNIFIED_MEMORY, unified);
    default:
        return CL_INVALID_VALUE;
    }
}

static cln_facts facts;

static const cln_device_info *read_facts(void)
{
    cln_error error = {0};
    memset(&facts, 0xAA, sizeof facts);
    cln_status status = cln_facts_read((cl_platform_id)(intptr_t)1, (cl_device_id)(intptr_t)1, &facts, &error);
    ck_assert_msg(status == CLN_OK, "%s", error.message);
    return &facts.info;
}

static void begin(void)
{
    now = whole;
}

START_TEST(facts_are_what_the_driver_says)
{
    const cln_device_info *info = read_facts();
    ck_assert_str_eq(info->problem, "");
    ck_assert_str_eq(info->name, "Invented Device 7");
    ck_assert_str_eq(info->vendor, "unnamed");
    ck_assert_str_eq(info->driver, "1.0");
    ck_assert_str_eq(info->platform, "Invented");
    ck_assert_str_eq(info->version, "OpenCL 1.2 invented");
    ck_assert_str_eq(info->type, "gpu");
    ck_assert_uint_eq(info->compute_units, 12);
    ck_assert_uint_eq(info->clock_mhz, 1500);
    ck_assert_uint_eq(info->global_bytes, 8ull << 30);
    ck_assert_uint_eq(info->max_alloc_bytes, 2ull << 30);
    ck_assert_uint_eq(info->local_bytes, 48 << 10);
    ck_assert(info->fp64 && !info->fp16 && !info->simulator);
    ck_assert_int_eq(info->same_as, -1);
    ck_assert(!facts.is_cpu && !facts.info.unified_memory);
    ck_assert_uint_eq(facts.native_float_width, 1);
    ck_assert_uint_eq(facts.max_group_size, 512);
    ck_assert_uint_eq(facts.vendor_id, 0x10de);
}
END_TEST

START_TEST(types_have_words)
{
    static const struct {
        cl_device_type type;
        const char *word;
    } types[] = {{CL_DEVICE_TYPE_CPU, "cpu"},
                 {CL_DEVICE_TYPE_CPU | CL_DEVICE_TYPE_DEFAULT, "cpu"},
                 {CL_DEVICE_TYPE_ACCELERATOR, "accelerator"},
                 {CL_DEVICE_TYPE_CUSTOM, "other"},
                 {CL_DEVICE_TYPE_CPU | CL_DEVICE_TYPE_GPU, "gpu"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        now.type = types[i].type;
        ck_assert_str_eq(read_facts()->type, types[i].word);
        ck_assert_int_eq(facts.is_cpu, strcmp(types[i].word, "cpu") == 0);
    }
}
END_TEST

START_TEST(quirks_are_booleans)
{
    now.platform = "Portable Computing Language";
    read_facts();
    ck_assert(!facts.info.simulator);
    now.platform = "Oclgrind";
    ck_assert(read_facts()->simulator);
    now.platform = "rusticl";
    now.name = "llvmpipe (LLVM 15.0.6, 256 bits)";
    ck_assert(read_facts()->simulator);
    now.extensions = "cl_khr_fp16";
    ck_assert(read_facts()->fp16 && !facts.info.fp64);
}
END_TEST

/* 127 bytes hold 42 signs of three bytes, or an 'x' and 42 of them, or an 'xx' and 41. */
START_TEST(long_names_are_cut_between_characters)
{
    char name[400];
    for (size_t before = 0; before < 4; before++) {
        memset(name, 'x', before);
        for (size_t i = 0; i < 100; i++)
            memcpy(name + before + 3 * i, "\xe2\x82\xac", 4);
        now.name = name;
        size_t length = strlen(read_facts()->name);
        ck_assert_uint_eq(length, before + (127 - before) / 3 * 3);
        ck_assert_mem_eq(facts.info.name, name, length);
    }
    memset(name, 'y', 127);
    strcpy(name + 127, " z");
    read_facts();
    ck_assert_uint_eq(strlen(facts.info.name), 127);
}
END_TEST

static void has_problem(const char *problem)
{
    ck_assert_str_eq(read_facts()->problem, problem);
}

START_TEST(what_cannot_be_used_says_why)
{
    now.available = CL_FALSE;
    has_problem("its driver says that it is not available now");
    begin();
    now.compiler = CL_FALSE;
    has_problem("its driver comes without an OpenCL C compiler");
    begin();
    now.little_endian = CL_FALSE;
    has_problem("it is big-endian, and clinear reads little-endian data");
    begin();
    now.version = "OpenCL 1.1 old";
    has_problem("it has OpenCL 1.1, and clinear needs 1.2 or later");
    now.version = "OpenCL 3.0 new";
    has_problem("");
    now.version = "CL one";
    has_problem("it does not say which OpenCL it has");
}
END_TEST

/* Every fact in turn is not answered: the device is listed, with the fact's name as its problem. */
START_TEST(a_silent_driver_is_a_problem)
{
    static const struct {
        cl_device_info fact;
        const char *name;
    } asked[] = {
#define FACT(name) {name, #name}
        FACT(CL_DEVICE_NAME),
        FACT(CL_DEVICE_VENDOR),
        FACT(CL_DRIVER_VERSION),
        FACT(CL_DEVICE_VERSION),
        FACT(CL_DEVICE_EXTENSIONS),
        FACT(CL_DEVICE_TYPE),
        FACT(CL_DEVICE_AVAILABLE),
        FACT(CL_DEVICE_MAX_COMPUTE_UNITS),
        FACT(CL_DEVICE_MAX_MEM_ALLOC_SIZE),
        FACT(CL_DEVICE_MAX_WORK_GROUP_SIZE),
        FACT(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT)};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        char problem[128];
        now.silent = asked[i].fact;
        snprintf(problem, sizeof problem, "its driver answers %s with CL_OUT_OF_HOST_MEMORY", asked[i].name);
        has_problem(problem);
    }
}
END_TEST

static void lists(size_t expected)
{
    cln_error error = {0};
    cln_listed *list = (cln_listed *)&error;
    size_t count = 99;
    cln_status status = cln_list_devices(&list, &count, &error);
    ck_assert_msg(status == CLN_OK, "%s", error.message);
    ck_assert_uint_eq(count, expected);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(list[i].facts.info.index, (int)i);
    free(list);
}

START_TEST(platforms_without_devices_do_no_harm)
{
    now.platforms = 3;
    now.devices = 2;
    lists(2);
    now.devices = 0;
    lists(0);
    now.devices_code = CL_DEVICE_NOT_FOUND;
    lists(0);
    now.devices_code = CL_OUT_OF_HOST_MEMORY;
    lists(0);
}
END_TEST

START_TEST(no_platform_is_an_empty_list)
{
    now.platforms = 0;
    lists(0);
    now.platforms_code = -1001;
    lists(0);
}
END_TEST

START_TEST(a_broken_loader_is_an_error)
{
    cln_error error = {0};
    cln_device_info *list = (cln_device_info *)&error;
    size_t count = 99;
    now.platforms = 0;
    now.platforms_code = CL_OUT_OF_HOST_MEMORY;
    ck_assert_int_eq(cln_device_list(&list, &count, &error), CLN_DEVICE);
    ck_assert_ptr_null(list);
    ck_assert_uint_eq(count, 0);
    ck_assert_str_eq(error.message, "cannot list the OpenCL platforms: CL_OUT_OF_HOST_MEMORY (the driver ran out of "
                                    "host memory)");
}
END_TEST

static TCase *with_fixture(const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, begin, NULL);
    return tcase;
}

static Suite *facts_suite(void)
{
    Suite *suite = suite_create("device/facts");
    TCase *ok = with_fixture("ok"), *edges = with_fixture("edges"), *invalid = with_fixture("invalid");
    tcase_add_test(ok, facts_are_what_the_driver_says);
    tcase_add_test(ok, types_have_words);
    tcase_add_test(ok, quirks_are_booleans);
    tcase_add_test(edges, long_names_are_cut_between_characters);
    tcase_add_test(edges, platforms_without_devices_do_no_harm);
    tcase_add_test(edges, no_platform_is_an_empty_list);
    tcase_add_test(invalid, what_cannot_be_used_says_why);
    tcase_add_test(invalid, a_silent_driver_is_a_problem);
    tcase_add_test(invalid, a_broken_loader_is_an_error);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_suite(facts_suite());
}
