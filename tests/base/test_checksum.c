/* XXH64 and SHA-256: published values, and the same of bytes in pieces. */
#include "base/checksum.h"
#include "base/sha256.h"
#include "harness.h"

#include <string.h>

/* The bytes of the values that xxHash's own self-test publishes (tests/sanity_test.c, generator PRIME32, PRIME64). */
static void fill(uint8_t *bytes, size_t count)
{
    uint64_t generator = 2654435761u;
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)(generator >> 56);
        generator *= 11400714785074694797u;
    }
}

static uint64_t checksum(const void *bytes, uint64_t count)
{
    cln_checksum sum = cln_checksum_begin();
    cln_checksum_add(&sum, bytes, count);
    return cln_checksum_of(&sum);
}

START_TEST(checksum_published)
{
    uint8_t bytes[222];
    fill(bytes, sizeof bytes);
    ck_assert_uint_eq(checksum(bytes, 0), 0xEF46DB3751D8E999u);
    ck_assert_uint_eq(checksum(bytes, 1), 0xE934A84ADB052768u);
    ck_assert_uint_eq(checksum(bytes, 4), 0x9136A0DCA57457EEu);
    ck_assert_uint_eq(checksum(bytes, 14), 0x8282DCC4994E35C8u);
    ck_assert_uint_eq(checksum(bytes, 222), 0xB641AE8CB691C174u);
    ck_assert_uint_eq(checksum("abc", 3), 0x44BC2CF5AD770999u);
}
END_TEST

START_TEST(checksum_in_pieces)
{
    uint8_t bytes[222];
    fill(bytes, sizeof bytes);
    for (size_t piece = 1; piece < sizeof bytes; piece++) {
        cln_checksum sum = cln_checksum_begin();
        for (size_t at = 0; at < sizeof bytes; at += piece)
            cln_checksum_add(&sum, bytes + at, sizeof bytes - at < piece ? sizeof bytes - at : piece);
        ck_assert_uint_eq(cln_checksum_of(&sum), checksum(bytes, sizeof bytes));
    }
}
END_TEST

/* Any bit that is another one, and any two of the same place in two words, which simpler sums do not see. */
START_TEST(checksum_sees_bits)
{
    uint8_t bytes[96];
    fill(bytes, sizeof bytes);
    uint64_t whole = checksum(bytes, sizeof bytes);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_uint_ne(checksum(bytes, sizeof bytes), whole);
        for (size_t word = 1; bit / 8 + 8 * word < sizeof bytes; word++) {
            bytes[bit / 8 + 8 * word] ^= (uint8_t)(1u << bit % 8);
            ck_assert_uint_ne(checksum(bytes, sizeof bytes), whole);
            bytes[bit / 8 + 8 * word] ^= (uint8_t)(1u << bit % 8);
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}
END_TEST

static void is_sha256(const char *text, size_t piece, const char *expected)
{
    char found[65];
    cln_sha256 sum = cln_sha256_begin();
    for (size_t at = 0, length = strlen(text); at < length; at += piece)
        cln_sha256_add(&sum, text + at, length - at < piece ? length - at : piece);
    cln_sha256_end(&sum, found);
    ck_assert_str_eq(found, expected);
}

/* NIST's examples, and the lengths at which the padding takes another block (by sha256sum). */
START_TEST(sha256_published)
{
    is_sha256("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    is_sha256("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    for (size_t piece = 1; piece < 120; piece += 7) {
        is_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", piece,
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        is_sha256("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsm"
                  "nopqrstnopqrstu",
                  piece, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    }
}
END_TEST

START_TEST(sha256_million)
{
    static char text[1000001];
    memset(text, 'a', 1000000);
    is_sha256(text, 1000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checksum");
    TCase *ok = tcase_create("ok");
    tcase_add_test(ok, checksum_published);
    tcase_add_test(ok, checksum_in_pieces);
    tcase_add_test(ok, checksum_sees_bits);
    tcase_add_test(ok, sha256_published);
    tcase_add_test(ok, sha256_million);
    suite_add_tcase(suite, ok);
    return run_suite(suite);
}
