/* The hash that names files: the published values of FNV-1a, and text in pieces. */
#include "base/hash.h"
#include "harness.h"

#include <string.h>

static uint64_t of(const char *text)
{
    return cln_hash_on(CLN_HASH_BASIS, text, strlen(text));
}

START_TEST(published_values)
{
    ck_assert_uint_eq(of(""), 0xcbf29ce484222325u);
    ck_assert_uint_eq(of("a"), 0xaf63dc4c8601ec8cu);
    ck_assert_uint_eq(of("foobar"), 0x85944171f73967e8u);
}
END_TEST

START_TEST(pieces_are_the_whole)
{
    ck_assert_uint_eq(cln_hash_on(of("foo"), "bar", 3), of("foobar"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hash");
    TCase *ok = tcase_create("ok");
    tcase_add_test(ok, published_values);
    tcase_add_test(ok, pieces_are_the_whole);
    suite_add_tcase(suite, ok);
    return run_suite(suite);
}
