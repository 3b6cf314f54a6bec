#define _GNU_SOURCE
/* The tuning file on devices that are not there: written and read, and refused where it cannot be trusted. */
#include "compute/fake.h"

START_TEST(what_is_written_is_read)
{
    cln_device *const devices[] = {&cpu, &gpu};
    for (int i = 0; i < 2; i++) {
        struct stat entry;
        char path[CLN_TUNING_PATH_BYTES];
        cln_tuning *read;
        cln_device again = fake(devices[i] == &cpu, devices[i]->facts.info.name);
        measure(devices[i]);
        OK(cln_device_save_tuning(devices[i], NULL, error));
        OK(cln_device_tuning_path(devices[i], path, error));
        ck_assert_int_eq(stat(path, &entry), 0);
        ck_assert_uint_eq(entry.st_mode & 0777, 0600);
        OK(cln_device_load_tuning(&again, NULL, error));
        OK(cln_tuning_of(&again, &read, error));
        ck_assert_ptr_nonnull(strstr(path, read->name));
        const cln_tuning *written = devices[i]->tuning;
        ck_assert_str_eq(read->name, written->name);
        ck_assert_uint_eq(read->shape_count, 2);
        ck_assert_uint_eq(read->product_count, 1);
        ck_assert_uint_eq(read->engine_count, 1);
        for (int j = 0; j < 2; j++) {
            ck_assert_mem_eq(&read->shapes[j].of, &written->shapes[j].of, sizeof read->shapes[j].of);
            cln_shape a = cln_tuning_apply(&read->shapes[j], &again.facts, &problem);
            ck_assert_mem_eq(&a, &written->shapes[j].shape, sizeof a);
            ck_assert(read->shapes[j].builtin_ms == 0.75 && read->shapes[j].best_ms == 0.5);
        }
        const cln_tuned_product *product = &read->products[0]; /* which has padding between its members */
        ck_assert(cln_tuning_product(written, &product->of) == &written->products[0]);
        ck_assert(product->of.n == written->products[0].of.n && product->of.m == written->products[0].of.m &&
                  product->of.k == written->products[0].of.k && product->of.rows == written->products[0].of.rows);
        ck_assert_mem_eq(&product->gemm, &written->products[0].gemm, sizeof product->gemm);
        ck_assert(product->builtin_ms == 3 && product->best_ms == 2);
        ck_assert_mem_eq(&read->engines[0], &written->engines[0], sizeof read->engines[0]);
        let_go(&again);
    }
}
END_TEST

/* Letters that any file system and shell take, whatever the driver calls itself; and another name for another driver. */
START_TEST(names_are_safe_and_their_own)
{
    char path[CLN_TUNING_PATH_BYTES], other[CLN_TUNING_PATH_BYTES];
    OK(cln_device_tuning_path(&cpu, path, error));
    const char *name = strrchr(path, '/') + 1;
    ck_assert_uint_eq(strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"), strlen(name));
    ck_assert(strncmp(name, "A_CPU_R_", 8) == 0);
    strcpy(cpu.facts.info.driver, "3.1+x.y"); /* alike in safe letters */
    OK(cln_device_tuning_path(&cpu, other, error));
    ck_assert_str_ne(path, other);
    memset(cpu.facts.info.name, '.', 127);
    memset(cpu.facts.info.driver, '/', 127);
    OK(cln_device_tuning_path(&cpu, path, error));
    name = strrchr(path, '/') + 1;
    ck_assert(*name != '.' && strlen(name) > 20);
}
END_TEST

START_TEST(nothing_to_read_is_no_error)
{
    OK(cln_device_load_tuning(&cpu, NULL, error));
    ck_assert_ptr_null(cpu.tuning);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    OK(cln_device_load_tuning(&cpu, NULL, error));
    setenv("HOME", "/proc/nowhere", 1); /* not even root makes a folder there */
    OK(cln_device_load_tuning(&cpu, NULL, error));
    ck_assert_ptr_null(cpu.tuning);
}
END_TEST

START_TEST(nowhere_to_write_is_one)
{
    cln_error error = {0};
    ck_assert_int_eq(cln_device_save_tuning(&cpu, NULL, &error), CLN_INVALID);
    measure(&cpu);
    setenv("XDG_CACHE_HOME", "/proc/nowhere", 1);
    error = (cln_error){0};
    ck_assert_int_eq(cln_device_save_tuning(&cpu, NULL, &error), CLN_IO);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    error = (cln_error){0};
    ck_assert_int_eq(cln_device_save_tuning(&cpu, NULL, &error), CLN_IO);
    ck_assert_ptr_nonnull(strstr(error.message, "XDG_CACHE_HOME"));
}
END_TEST

/* ---- files that are refused */

/* The text of a good file, to be damaged. To be released with free(). */
static char *good_text(size_t *length)
{
    cln_error error = {0};
    measure(&cpu);
    ck_assert_int_eq(cln_device_save_tuning(&cpu, at("t"), &error), CLN_OK);
    let_go(&cpu);
    FILE *file = fopen(at("t"), "rb");
    char *text = calloc(1 << 20, 1);
    *length = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

/* The file t is refused in one sentence that names it, `words` and the remedy; what was in force stays. */
static void refused(const char *words)
{
    cln_error refusal = {0};
    cln_tuning *before;
    measure(&cpu);
    OK(cln_tuning_of(&cpu, &before, error));
    before->engines[0].fused_ms = 77;
    ck_assert_msg(cln_device_load_tuning(&cpu, at("t"), &refusal) != CLN_OK, "taken, but should not be for: %s", words);
    ck_assert(cpu.tuning == before && cpu.tuning->engines[0].fused_ms == 77);
    ck_assert_ptr_nonnull(strstr(refusal.message, at("t")));
    ck_assert_msg(strstr(refusal.message, words) != NULL, "\"%s\" is not in: %s", words, refusal.message);
    ck_assert_msg(strstr(refusal.message, "delete it") != NULL, "%s", refusal.message);
    for (const char *c = refusal.message; *c; c++)
        ck_assert_msg(*c >= ' ' && *c <= '~', "byte 0x%02x in a message", (unsigned char)*c);
    let_go(&cpu);
}

static void put_text(const char *text, size_t length)
{
    put_file("t", text, length);
    ck_assert_int_eq(chmod(at("t"), 0600), 0);
}

/* The good file with the first `from` replaced. */
static void damaged(const char *from, const char *to, const char *words)
{
    size_t length;
    char *text = good_text(&length), *all = calloc(length + strlen(to) + 1, 1), *found = strstr(text, from);
    ck_assert_msg(found != NULL, "%s is not in the file", from);
    sprintf(all, "%.*s%s%s", (int)(found - text), text, to, found + strlen(from));
    put_text(all, strlen(all));
    refused(words);
    free(all);
    free(text);
}

START_TEST(damage)
{
    static const char *const values[][3] = {
        {"\"clinear_tuning\": 1", "\"clinear_tuning\": 2", "version 2"},
        {"\"clinear_tuning\": 1", "\"clinear_tuning\": \"1\"", "version"},
        {"\"clinear_tuning\": 1,", "", "version"},
        {"\"driver\": \"3.1+x y\"", "\"driver\": \"3.2\"", "another device or driver"},
        {"\"driver\": \"3.1+x y\"", "\"driver\": 3", "another device or driver"},
        {"\"name\": \"A CPU", "\"name\": \"A GPU", "another device or driver"},
        {"\"shapes\": [", "\"shapes\": 3, \"more\": [", "\"shapes\" is no list"},
        {"\"products\": [", "\"products\": [7, ", "row 1 of its \"products\""},
        {"\"split_rows\": 1234", "\"split_rows\": 0", "row 2 of its \"shapes\""},
        {"\"split_rows\": 1234", "\"split_rows\": 65537", "row 2 of its \"shapes\""},
        {"\"split_rows\": 1234", "\"split_rows\": -1", "row 2 of its \"shapes\""},
        {"\"split_rows\": 1234", "\"split_rows\": 12.5", "row 2 of its \"shapes\""},
        {"\"split_rows\": 1234", "\"split_rows\": \"8 -D__global=\"", "row 2 of its \"shapes\""},
        {"\"group_rows\": 16", "\"group_rows\": 24", "row 1 of its \"shapes\""},
        {"\"kind\": \"cpu\"", "\"kind\": \"gpu\"", "row 1 of its \"shapes\""},
        {"\"kind\": \"cpu\"", "\"kind\": \"tpu\"", "row 1 of its \"shapes\""},
        {"\"type\": \"uint8\"", "\"type\": 8", "row 1 of its \"shapes\""},
        {"\"features\": 784", "\"features\": 0", "row 1 of its \"shapes\""},
        {"\"KWG\": 32", "\"KWG\": 7000", "row 1 of its \"products\""},
        {"\"KWG\": 32", "\"KWG\": 0", "row 1 of its \"products\""},
        {"\"KWG\": 32,", "", "row 1 of its \"products\""},
        {"\"VWM\": 16", "\"VWM\": 3", "row 1 of its \"products\""},
        {"\"MDIMC\": 1", "\"MDIMC\": 256", "row 1 of its \"products\""},
        {"\"GEMMK\": 0", "\"GEMMK\": 1", "row 1 of its \"products\""},
        {"\"fused_ms\": 2.0", "\"fused_ms\": -2.0", "row 1 of its \"engines\""},
        {"\"fused_ms\": 2.0", "\"fused_ms\": null", "row 1 of its \"engines\""},
        {"\"fused_ms\": 2.0", "\"fused_ms\": 2.0, \"fused_ms\": 3.0", "no JSON"},
    };
    damaged(values[_i][0], values[_i][1], values[_i][2]);
}
END_TEST
#define DAMAGES 27

START_TEST(cut_off_anywhere)
{
    size_t length;
    char *text = good_text(&length);
    for (size_t kept = 0; kept + 2 < length; kept += 1 + kept / 40) {
        put_text(text, kept);
        refused("no JSON");
    }
    free(text);
}
END_TEST

START_TEST(too_much)
{
    size_t size = (1 << 20) + 1, length;
    char *huge = malloc(size), *text = good_text(&length), *row = strstr(text, "\"engines\": [") + 12, *all;
    memset(huge, ' ', size);
    memcpy(huge, text, length);
    put_text(huge, size);
    refused("bytes");
    put_text(huge, size - 1); /* as many as may be */
    OK(cln_device_load_tuning(&cpu, at("t"), error));
    let_go(&cpu);

    int row_length = (int)(strchr(row, '}') + 1 - row);
    all = calloc((size_t)row_length + 2, 400);
    size_t used = (size_t)sprintf(all, "%.*s", (int)(row - text), text);
    for (int i = 0; i <= CLN_TUNED_MOST; i++)
        used += (size_t)sprintf(all + used, "%s%.*s", i ? "," : "", row_length, row);
    used += (size_t)sprintf(all + used, "]}");
    put_text(all, used);
    refused("at most");
    free(all);
    free(huge);
    free(text);
}
END_TEST

START_TEST(file_that_others_may_write)
{
    size_t length;
    free(good_text(&length));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(chmod(at("t"), i ? 0602 : 0620), 0);
        refused("others may write it");
    }
    ck_assert_int_eq(chmod(at("t"), 0644), 0); /* may be read */
    OK(cln_device_load_tuning(&cpu, at("t"), error));
    if (chown(at("t"), 12345, (gid_t)-1) == 0) { /* only root may give a file away */
        let_go(&cpu);
        refused("another user's");
    }
}
END_TEST

START_TEST(folder_that_others_may_write)
{
    cln_error refusal = {0};
    measure(&cpu);
    OK(cln_device_save_tuning(&cpu, NULL, error));
    let_go(&cpu);
    ck_assert_int_eq(chmod(at("clinear"), 0770), 0);
    ck_assert_int_eq(cln_device_load_tuning(&cpu, NULL, &refusal), CLN_IO);
    ck_assert_msg(strstr(refusal.message, "is ignored") && strstr(refusal.message, "others may write it"), "%s",
                  refusal.message);
    ck_assert_ptr_null(cpu.tuning);
    ck_assert_int_eq(chmod(at("clinear"), 0700), 0);
}
END_TEST

START_TEST(no_regular_file)
{
    ck_assert_int_eq(mkdir(at("t"), 0700), 0);
    refused("it is a folder");
    ck_assert_int_eq(rmdir(at("t")), 0);
    ck_assert_int_eq(mkfifo(at("t"), 0600), 0);
    refused("no regular file");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tuning");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], begin, end);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(ok, what_is_written_is_read);
    tcase_add_test(ok, names_are_safe_and_their_own);
    tcase_add_test(edges, nothing_to_read_is_no_error);
    tcase_add_test(edges, nowhere_to_write_is_one);
    tcase_add_loop_test(invalid, damage, 0, DAMAGES);
    tcase_add_test(invalid, cut_off_anywhere);
    tcase_add_test(invalid, too_much);
    tcase_add_test(invalid, file_that_others_may_write);
    tcase_add_test(invalid, folder_that_others_may_write);
    tcase_add_test(invalid, no_regular_file);
    return run_suite(suite);
}
