#define _XOPEN_SOURCE 700 /* mkdtemp, popen */
/*
 * Drivers that are broken, missing or odd. The OpenCL loader reads its environment once in a process, so each case runs this
 * program again with an argument: then it prints the list of devices, what `auto` takes, and the explanation.
 */
#include "clinear.h"
#include "harness.h"

#include <string.h>

static const char *program;
static char folder[64];
static char output[1 << 16];

/* ---- the program run again */

static void print_line(const char *line, void *user)
{
    *(int *)user += 1;
    printf("%s\n", line);
}

static int print_all(void)
{
    cln_error error = {0};
    cln_device_info *list = NULL;
    cln_device *device = NULL;
    size_t count = 0;
    int lines = 0;
    if (cln_device_list(&list, &count, &error) != CLN_OK || cln_device_explain(print_line, &lines, &error) != CLN_OK) {
        printf("failed: %s\n", error.message);
        return EXIT_FAILURE;
    }
    printf("count %zu\n", count);
    for (size_t i = 0; i < count; i++)
        printf("device %d %s, %s%s\n", list[i].index, list[i].platform, list[i].type,
               list[i].simulator ? ", simulator" : "");
    if (cln_device_open("auto", &device, &error) == CLN_OK)
        printf("auto %d\n", cln_device_describe(device)->index);
    else
        printf("auto none: %s\n", error.message);
    cln_device_close(device);
    cln_device_list_free(list);
    return lines > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the cases */

static void write_file(const char *name, const char *bytes, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static void write_text(const char *name, const char *text)
{
    write_file(name, text, strlen(text));
}

/* %s in the command stands for the folder. */
static int shell(const char *command)
{
    char text[1024];
    snprintf(text, sizeof text, command, folder, folder);
    return system(text);
}

static void begin(void)
{
    snprintf(folder, sizeof folder, "/tmp/clinear-drivers-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void end(void)
{
    ck_assert_int_eq(shell("rm -r '%s'"), 0);
}

/* Runs this program with the environment given, in which %s is the folder, and keeps what it prints. */
static void run(const char *environment)
{
    char settings[512], command[2048];
    snprintf(settings, sizeof settings, environment, folder, folder);
    snprintf(command, sizeof command, "env -u OCL_ICD_VENDORS -u OPENCL_VENDOR_PATH %s timeout 60 '%s' print", settings,
             program);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    size_t length = fread(output, 1, sizeof output - 1, pipe);
    output[length] = '\0';
    ck_assert_msg(pclose(pipe) == 0, "%s: %s", command, output);
}

static void says(const char *part)
{
    ck_assert_msg(strstr(output, part) != NULL, "no '%s' in:\n%s", part, output);
}

static void does_not_say(const char *part)
{
    ck_assert_msg(strstr(output, part) == NULL, "'%s' in:\n%s", part, output);
}

START_TEST(no_driver_at_all)
{
    run("OCL_ICD_VENDORS='%s'");
    says("count 0\n");
    says("auto none: cannot open a device: no OpenCL device was found; `clinear devices` explains why\n");
    says("OpenCL has no platform: no driver is installed, or none of them loads.\n");
    says("takes the place of the system's drivers.\n");
    says("No driver is registered: folder /tmp/clinear-drivers-");
    says("Debian's package for any CPU: pocl-opencl-icd.\n");
    says("Debian's package for Intel GPUs: intel-opencl-icd.\n");
    says("Debian's package for NVIDIA GPUs: nvidia-opencl-icd.\n");
    says("Debian's package for AMD GPUs: mesa-opencl-icd or rocm-opencl-icd.\n");
    run("OPENCL_VENDOR_PATH='%s/missing'");
    says("count 0\n");
    says("OPENCL_VENDOR_PATH=");
    says("No driver is registered: cannot read folder");
}
END_TEST

START_TEST(a_missing_library)
{
    write_text("gone.icd", "libnothere.so.1\n");
    run("OCL_ICD_VENDORS='%s'");
    says("count 0\n");
    says("/gone.icd names libnothere.so.1, which cannot be loaded as a driver: libnothere.so.1: cannot open shared "
         "object file");
    run("OCL_ICD_VENDORS='%s/gone.icd'");
    says("count 0\n");
    says("/gone.icd names libnothere.so.1, which cannot be loaded as a driver");
    run("OCL_ICD_VENDORS=libnothere.so.1");
    says("The driver libnothere.so.1 cannot be loaded: libnothere.so.1: cannot open shared object file");
    run("OCL_ICD_VENDORS=gone.icd OPENCL_VENDOR_PATH='%s'");
    says("/gone.icd names libnothere.so.1, which cannot be loaded as a driver");
}
END_TEST

START_TEST(libraries_that_are_none)
{
    char line[256];
    write_text("text.so", "This is no library, but a text that is long enough to be taken for the header of one.\n");
    snprintf(line, sizeof line, "%s/text.so\n", folder);
    write_text("text.icd", line);
    write_text("other.icd", "libm.so.6\n");
    run("OCL_ICD_VENDORS='%s'");
    says("count 0\n");
    says("/text.so, which cannot be loaded as a driver: ");
    says("invalid ELF header");
    says("names libm.so.6, which cannot be loaded as a driver: it has no clGetExtensionFunctionAddress.");
}
END_TEST

START_TEST(odd_driver_files)
{
    static char noise[1 << 20];
    unsigned state = 1;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)((state = state * 1103515245 + 12345) >> 16);
    write_text("empty.icd", "");
    write_text("newline.icd", "\nlibm.so.6\n");
    write_file("zero.icd", "lib\0m.so\n", 9);
    write_file("noise.icd", noise, sizeof noise);
    memset(noise, 'x', sizeof noise);
    write_file("long.icd", noise, sizeof noise);
    write_text("windows.icd", "libpocl.so.2\r\n");
    write_text("ignored.txt", "libignored.so\n");
    ck_assert_int_eq(shell("mkdir '%s/folder.icd'"), 0);
    run("OCL_ICD_VENDORS='%s'");
    says("count 0\n");
    says("/empty.icd names no library");
    says("/newline.icd names no library");
    says("/zero.icd names no library");
    says("/noise.icd names");
    says("/long.icd names no library");
    says("/windows.icd names 'libpocl.so.2?', which cannot be loaded as a driver: remove what stands around the name.");
    says("/folder.icd is no readable file.");
    does_not_say("ignored");
}
END_TEST

START_TEST(links_to_odd_places)
{
    ck_assert_int_eq(shell("ln -s /dev/zero '%s/zero.icd' && ln -s nowhere '%s/dangling.icd'"), 0);
    write_text("gone.icd", "libnothere.so.1");
    run("OCL_ICD_VENDORS='%s'");
    says("count 0\n");
    says("/zero.icd is no readable file.");
    says("/dangling.icd is no readable file.");
    says("/gone.icd names libnothere.so.1, which cannot be loaded as a driver"); /* without a newline, too */
}
END_TEST

/* PoCL's own registration, beside what is broken: false where PoCL is not installed. */
static bool add_pocl(void)
{
    return shell("cp /etc/OpenCL/vendors/pocl.icd '%s/' 2>/dev/null") == 0;
}

START_TEST(a_broken_driver_does_no_harm)
{
    if (!add_pocl())
        return;
    write_text("a.icd", "libnothere.so.1\n");
    write_text("z.icd", "libm.so.6\n");
    run("OCL_ICD_VENDORS='%s'");
    says("count 1\n");
    says("device 0 Portable Computing Language, cpu\n");
    says("auto 0\n");
    says("Platform Portable Computing Language has 1 device.\n");
    says("/a.icd names libnothere.so.1, which cannot be loaded as a driver");
    says("/pocl.icd names libpocl.so.2");
    says(", which loads.\n");
}
END_TEST

START_TEST(a_simulator_is_taken_last)
{
    static const char library[] = "/usr/lib/oclgrind/liboclgrind-rt-icd.so";
    struct stat entry;
    if (stat(library, &entry) != 0 || !add_pocl())
        return;
    write_text("oclgrind.icd", library);
    run("OCL_ICD_VENDORS='%s'");
    says("count 2\n");
    says("device 0 Oclgrind, gpu, simulator\n");
    says("device 1 Portable Computing Language, cpu\n");
    says("auto 1\n");
    run("OCL_ICD_VENDORS='%s/oclgrind.icd'");
    says("count 1\n");
    says("auto 0\n");
}
END_TEST

static TCase *with_fixture(const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_set_timeout(tcase, 240);
    return tcase;
}

static Suite *environment_suite(void)
{
    Suite *suite = suite_create("device/environment");
    TCase *ok = with_fixture("ok"), *edges = with_fixture("edges"), *invalid = with_fixture("invalid");
    tcase_add_test(ok, a_broken_driver_does_no_harm);
    tcase_add_test(ok, a_simulator_is_taken_last);
    tcase_add_test(edges, no_driver_at_all);
    tcase_add_test(invalid, a_missing_library);
    tcase_add_test(invalid, libraries_that_are_none);
    tcase_add_test(invalid, odd_driver_files);
    tcase_add_test(invalid, links_to_odd_places);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "print") == 0)
        return print_all();
    program = argv[0];
    return run_suite(environment_suite());
}
