/* What a selftest came to, kept and recalled; and what is not taken for it. */
#define _GNU_SOURCE
#include "device/device.h"
#include "files.h"
#include "harness.h"

static cln_device_info info;

static void begin(void)
{
    make_folder();
    ck_assert_int_eq(mkdir(at("clinear"), 0700), 0);
    setenv("XDG_CACHE_HOME", folder, 1);
    info =
        (cln_device_info){.name = "A\nGPU \x1b[31m", .vendor = "V", .platform = "P", .driver = "3.1", .version = "1.2"};
}

static char *kept_file(void)
{
    static char name[300];
    DIR *listing = opendir(at("clinear"));
    *name = '\0';
    for (struct dirent *entry; listing && (entry = readdir(listing));)
        if (entry->d_name[0] != '.')
            snprintf(name, sizeof name, "clinear/%s", entry->d_name);
    if (listing)
        closedir(listing);
    return *name ? name : NULL;
}

static void end(void)
{
    chmod(at("clinear"), 0700);
    while (kept_file())
        ck_assert_int_eq(remove(at(kept_file())), 0);
    remove(at("clinear"));
    remove_folder();
}

static void keep(bool passed, const char *why)
{
    cln_error error = {0};
    ck_assert_msg(cln_device_keep_trust(&info, passed, why, &error) == CLN_OK, "%s", error.message);
}

static void expect(cln_trust trust, const char *reason)
{
    char why[300] = "before";
    ck_assert_int_eq(cln_device_trust(&info, why, sizeof why), trust);
    ck_assert_str_eq(why, reason);
    ck_assert_int_eq(cln_device_trust(&info, NULL, 0), trust);
}

START_TEST(what_is_kept_is_recalled)
{
    struct stat entry;
    expect(CLN_TRUST_UNKNOWN, "");
    keep(false, "fused gpu gradient: 3\n\x1b[31m is wrong");
    expect(CLN_TRUST_FAILED, "fused gpu gradient: 3??[31m is wrong");
    ck_assert_int_eq(stat(at(kept_file()), &entry), 0);
    ck_assert_int_eq(entry.st_mode & 0777, 0600);
    keep(true, "this does not count");
    expect(CLN_TRUST_PASSED, "");
    keep(false, NULL);
    expect(CLN_TRUST_FAILED, "");
}
END_TEST

START_TEST(another_driver_or_device_is_unknown)
{
    char *parts[] = {info.name, info.vendor, info.platform, info.driver, info.version};
    keep(false, "it");
    for (int i = 0; i < 5; i++) {
        char kept = parts[i][0];
        parts[i][0] = 'X';
        expect(CLN_TRUST_UNKNOWN, "");
        parts[i][0] = kept;
    }
    info.index = 7;
    expect(CLN_TRUST_FAILED, "it");
}
END_TEST

static void write_file(const char *text)
{
    char path[1024];
    snprintf(path, sizeof path, "%s", at(kept_file()));
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

START_TEST(a_damaged_file_is_unknown)
{
    char whole[2000] = "", cut[2000];
    keep(false, "it");
    FILE *file = fopen(at(kept_file()), "r");
    size_t size = fread(whole, 1, sizeof whole - 1, file);
    fclose(file);
    ck_assert_uint_gt(size, 40);
    for (size_t length = 0; length < size; length++) {
        snprintf(cut, sizeof cut, "%.*s", (int)length, whole);
        write_file(cut);
        expect(CLN_TRUST_UNKNOWN, "");
    }
    snprintf(cut, sizeof cut, "%smore", whole);
    write_file(cut);
    expect(CLN_TRUST_UNKNOWN, "");
    char *version = strstr(whole, cln_version());
    *version = '9';
    write_file(whole);
    expect(CLN_TRUST_UNKNOWN, "");
}
END_TEST

START_TEST(what_others_may_write_is_unknown)
{
    char path[1024];
    keep(true, NULL);
    snprintf(path, sizeof path, "%s", at(kept_file()));
    ck_assert_int_eq(chmod(path, 0622), 0);
    expect(CLN_TRUST_UNKNOWN, "");
    ck_assert_int_eq(chmod(path, 0600), 0);
    expect(CLN_TRUST_PASSED, "");
    ck_assert_int_eq(chmod(at("clinear"), 0777), 0);
    expect(CLN_TRUST_UNKNOWN, "");
}
END_TEST

START_TEST(without_a_place_nothing_is_kept)
{
    cln_error error = {0};
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    ck_assert_int_eq(cln_device_keep_trust(&info, true, NULL, &error), CLN_IO);
    ck_assert_str_ne(error.message, "");
    expect(CLN_TRUST_UNKNOWN, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trust");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_checked_fixture(ok, begin, end);
    tcase_add_checked_fixture(invalid, begin, end);
    tcase_add_test(ok, what_is_kept_is_recalled);
    tcase_add_test(ok, another_driver_or_device_is_unknown);
    tcase_add_test(invalid, a_damaged_file_is_unknown);
    tcase_add_test(invalid, what_others_may_write_is_unknown);
    tcase_add_test(invalid, without_a_place_nothing_is_kept);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, invalid);
    return run_suite(suite);
}
