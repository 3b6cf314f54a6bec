/* Programs kept on disk: taken again where all is as it was, and passed over, silently, where anything is not. */
#define _GNU_SOURCE
#include "device/cache.h"
#include "device/buffer.h"
#include "device/program.h"
#include "files.h"
#include "opened.h"

#include <string.h>

static const char source[] = "__kernel void put(__global int *to) { to[get_global_id(0)] = 41 + MORE; }\n";
static const char options[] = "-cl-std=CL1.2 -DMORE=1";
static struct cln_device serving; /* the device, as one whose programs are kept */

static void begin(void)
{
    make_folder();
    ck_assert_int_eq(mkdir(at("clinear"), 0700), 0);
    setenv("XDG_CACHE_HOME", folder, 1);
    serving = *device;
    serving.facts.binaries_compile = serving.facts.info.simulator = false;
}

/* The only file of the cache, relative to the test's folder; NULL where there is none. */
static const char *kept_file(void)
{
    static char name[300];
    DIR *listing = opendir(at("clinear"));
    *name = '\0';
    for (struct dirent *entry; (entry = readdir(listing));)
        if (entry->d_name[0] != '.') {
            ck_assert_msg(!*name, "a second file, %s", entry->d_name);
            snprintf(name, sizeof name, "clinear/%s", entry->d_name);
        }
    closedir(listing);
    return *name ? name : NULL;
}

static void end(void)
{
    chmod(at("clinear"), 0700);
    if (kept_file())
        ck_assert_int_eq(remove(at(kept_file())), 0);
    remove_folder();
}

static cl_program build(const char *text)
{
    cl_int code;
    cl_program program = clCreateProgramWithSource(device->context, 1, &text, NULL, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    ck_assert_int_eq(clBuildProgram(program, 1, &device->id, options, NULL, NULL), CL_SUCCESS);
    return program;
}

static void keep(void)
{
    cl_program program = build(source);
    cln_cache_keep(&serving, source, options, program);
    cln_program_release(&program);
    ck_assert_ptr_nonnull(kept_file());
}

static bool taken(const cln_device *where, const char *text, const char *with)
{
    cl_program program;
    bool there = cln_cache_take(where, text, with, &program);
    ck_assert_int_eq(there, program != NULL);
    cln_program_release(&program);
    return there;
}

static bool is_taken(void)
{
    return taken(&serving, source, options);
}

static void check_answer(cl_program program)
{
    cln_error error = {0};
    cl_kernel kernel = NULL;
    cl_mem to = NULL;
    cl_int answer = 0;
    ck_assert_int_eq(cln_kernel_create(program, "put", &kernel, &error), CLN_OK);
    ck_assert_int_eq(cln_buffer_create(device, "test", sizeof answer, &to, &error), CLN_OK);
    const cln_argument arguments[] = {CLN_ARG(to)};
    ck_assert_int_eq(cln_launch(device, kernel, (cln_grid){{1, 1}, {1, 1}}, arguments, 1, &error), CLN_OK);
    ck_assert_int_eq(cln_buffer_read(device, to, 0, sizeof answer, &answer, &error), CLN_OK);
    ck_assert_int_eq(answer, 42);
    cln_buffer_release(device, &to);
    cln_kernel_release(&kernel);
}

START_TEST(what_was_kept_is_taken)
{
    struct stat entry;
    cl_program program;
    ck_assert(!is_taken());
    keep();
    ck_assert_int_eq(stat(at(kept_file()), &entry), 0);
    ck_assert_uint_eq(entry.st_mode & 0777, 0600);
    ck_assert(cln_cache_take(&serving, source, options, &program));
    check_answer(program);
    cln_program_release(&program);
    keep(); /* the same again: still one file */
    ck_assert(is_taken());
}
END_TEST

static bool has_source(cl_program program)
{
    size_t bytes = 0;
    ck_assert_int_eq(clGetProgramInfo(program, CL_PROGRAM_SOURCE, 0, NULL, &bytes), CL_SUCCESS);
    return bytes > 1;
}

/* A program's build goes through the cache, where the device is one for it. */
START_TEST(building_fills_and_asks_it)
{
    cln_error error = {0};
    cl_program program;
    for (int serves = 0; serves < 2; serves++)
        for (int turn = 0; turn < 2; turn++) {
            serving.facts.binaries_compile = !serves;
            ck_assert_int_eq(cln_program_build_source(&serving, "put", source, "-DMORE=1", &program, &error), CLN_OK);
            ck_assert_int_eq(has_source(program), !(serves && turn));
            ck_assert_int_eq(kept_file() != NULL, serves);
            check_answer(program);
            cln_program_release(&program);
        }
    serving.facts.info.simulator = true;
    ck_assert(!cln_cache_serves(&serving));
}
END_TEST

START_TEST(no_place_is_no_error)
{
    cln_error error = {0};
    cl_program program;
    setenv("XDG_CACHE_HOME", "/dev/null", 1);
    ck_assert_int_eq(cln_program_build_source(&serving, "put", source, "-DMORE=1", &program, &error), CLN_OK);
    check_answer(program);
    cln_program_release(&program);
}
END_TEST

START_TEST(what_does_not_build_is_not_kept)
{
    cln_error error = {0};
    cl_program program;
    ck_assert_int_eq(cln_program_build_source(&serving, "put", "nonsense", "", &program, &error), CLN_BUILD);
    ck_assert_ptr_null(kept_file());
    free(serving.build_log);
}
END_TEST

START_TEST(another_key_is_not_taken)
{
    static const char longer[] = "__kernel void put(__global int *to) { to[get_global_id(0)] = 41 + MORE; }\n\n";
    struct cln_device other = serving;
    keep();
    ck_assert(!taken(&serving, longer, options));
    ck_assert(!taken(&serving, source, "-cl-std=CL1.2 -DMORE=2"));
    char *const facts[] = {other.facts.info.name, other.facts.info.vendor, other.facts.info.platform,
                           other.facts.info.driver, other.facts.info.version};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        facts[i][0] ^= 1;
        ck_assert(!taken(&other, source, options));
        facts[i][0] ^= 1;
    }
    ck_assert(taken(&other, source, options));

    /* Another key of the same hash: the file of this one under the name of another. */
    char name[300];
    snprintf(name, sizeof name, "%s", kept_file());
    ck_assert_int_eq(rename(at(name), at("kept")), 0);
    cl_program program = build(longer);
    cln_cache_keep(&serving, longer, options, program);
    cln_program_release(&program);
    ck_assert_int_eq(rename(at("kept"), at(kept_file())), 0);
    ck_assert(!taken(&serving, longer, options));
}
END_TEST

START_TEST(what_others_may_write_is_not_taken)
{
    keep();
    ck_assert_int_eq(chmod(at(kept_file()), 0620), 0);
    ck_assert(!is_taken());
    ck_assert_int_eq(chmod(at(kept_file()), 0600), 0);
    ck_assert(is_taken());
    ck_assert_int_eq(chmod(at("clinear"), 0770), 0);
    ck_assert(!is_taken());
    ck_assert_int_eq(chmod(at("clinear"), 0700), 0);
    if (chown(at(kept_file()), 12345, (gid_t)-1) == 0) /* only root may give a file away */
        ck_assert(!is_taken());
}
END_TEST

START_TEST(damage_is_not_taken)
{
    size_t count;
    char name[300];
    keep();
    snprintf(name, sizeof name, "%s", kept_file());
    uint8_t *bytes = get_file(name, &count);
    const size_t cuts[] = {0, 1, 39, 40, 41, count / 2, count - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        put_file(name, bytes, cuts[i]);
        ck_assert(!is_taken());
    }
    const size_t places[] = {0, 16, 24, 32, 40, 100, count - 1};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        bytes[places[i]] ^= 1;
        put_file(name, bytes, count);
        ck_assert(!is_taken());
        bytes[places[i]] ^= 1;
    }
    put_file(name, bytes, count);
    ck_assert(is_taken());
    free(bytes);
}
END_TEST

/* A binary that the driver refuses, in a file that is sound otherwise. */
START_TEST(binary_that_the_driver_refuses)
{
    size_t count;
    uint64_t key_bytes, check = 0xcbf29ce484222325u;
    char name[300];
    keep();
    snprintf(name, sizeof name, "%s", kept_file());
    uint8_t *bytes = get_file(name, &count);
    memcpy(&key_bytes, bytes + 16, sizeof key_bytes);
    memset(bytes + 40 + key_bytes, 'x', count - 40 - key_bytes);
    for (size_t i = 40; i < count; i++)
        check = (check ^ bytes[i]) * 0x100000001b3u;
    memcpy(bytes + 32, &check, sizeof check);
    put_file(name, bytes, count);
    free(bytes);
    ck_assert(!is_taken());
    keep();
    ck_assert(is_taken());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("program cache");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    add_device_cases(suite, ok, invalid, begin, end);
    tcase_add_test(ok, what_was_kept_is_taken);
    tcase_add_test(ok, building_fills_and_asks_it);
    tcase_add_test(ok, no_place_is_no_error);
    tcase_add_test(ok, what_does_not_build_is_not_kept);
    tcase_add_test(invalid, another_key_is_not_taken);
    tcase_add_test(invalid, what_others_may_write_is_not_taken);
    tcase_add_test(invalid, damage_is_not_taken);
    tcase_add_test(invalid, binary_that_the_driver_refuses);
    return run_on_device(suite);
}
