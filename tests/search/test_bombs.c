/* The state of a search whose lines would take much memory once they are parsed. */
#define _GNU_SOURCE
#include "bombs.h"
#include "data/dataset.h"
#include "files.h"
#include "harness.h"
#include "search/state_file.h"

static void never(const cln_search_unit *unit, void *user)
{
    (void)unit;
    (void)user;
    ck_abort_msg("nothing is to be found");
}

/* Of a line of `bytes` that is full of objects. */
static void refused(size_t bytes, size_t memory, const char *words)
{
    static const uint8_t x[2] = {1, 2};
    static const int32_t y[2] = {0, 1};
    cln_error error = {0};
    cln_options *options = NULL;
    cln_dataset *data = NULL;
    uint64_t kept;
    char *text = malloc(bytes);
    ck_assert_ptr_nonnull(text);
    memset(text, ' ', bytes);
    memcpy(text, "{\"clinear_search\":1,\"a\":[", 25);
    for (size_t i = 25; i + 7 <= bytes; i += 3)
        memcpy(text + i, "{},", 3);
    memcpy(text + bytes - 4, "0]}\n", 4);
    put_file("state", text, bytes);
    free(text);
    ck_assert_int_eq(cln_options_create(&options, NULL), CLN_OK);
    ck_assert_int_eq(cln_dataset_wrap(x, CLN_UINT8, 2, 1, y, &data, NULL), CLN_OK);
    cln_search_identity identity = {.grid = "l2=0,1", .configurations = 2, .options = options, .train = data};
    limit_memory(memory);
    ck_assert_int_ne(cln_search_state_read(at("state"), &identity, never, NULL, &kept, &error), CLN_OK);
    ck_assert_msg(error.status != CLN_MEMORY && strstr(error.message, words), "%s", error.message);
    cln_dataset_close(data);
    cln_options_free(options);
}

/* The file, 80 times for its objects, and as many bytes again for their allocator. */
START_TEST(line_of_many_objects)
{
    refused(1u << 20, 2 * 80 * (1u << 20), "of another search");
}
END_TEST

START_TEST(line_too_long)
{
    refused(2u << 20, 512u << 20, "not the state of a search"); /* it would have been of another one */
}
END_TEST

START_TEST(file_too_large)
{
    FILE *file = fopen(at("state"), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(ftruncate(fileno(file), (256 << 20) + 1), 0);
    fclose(file);
    cln_error error = {0};
    uint64_t kept;
    cln_search_identity identity = {.grid = "", .configurations = 1};
    limit_memory(8u << 20);
    ck_assert_int_eq(cln_search_state_read(at("state"), &identity, never, NULL, &kept, &error), CLN_FORMAT);
    ck_assert_msg(strstr(error.message, "too large") != NULL, "%s", error.message);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("search/bombs");
    TCase *invalid = tcase_create("invalid");
    tcase_set_timeout(invalid, 60);
    tcase_add_unchecked_fixture(invalid, make_folder, remove_folder);
    tcase_add_test(invalid, line_of_many_objects);
    tcase_add_test(invalid, line_too_long);
    tcase_add_test(invalid, file_too_large);
    suite_add_tcase(suite, invalid);
    return run_suite(suite);
}
