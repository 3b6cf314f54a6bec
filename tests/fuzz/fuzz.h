/*
 * Readers fed with bytes from anywhere. A target, fuzz_NAME.c, gives its bytes to one reader, releases what it gets, and stops the
 * program where something is wrong beyond what the sanitizers see. It is built twice: with replay.c, to run every file of corpus/NAME
 * in the ordinary tests, and by the preset `fuzz` with libFuzzer, which looks for more (scripts/fuzz.sh).
 */
#ifndef CLN_TESTS_FUZZ_H
#define CLN_TESTS_FUZZ_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* The target. */
void fuzz_one(const uint8_t *bytes, size_t count);

/* What libFuzzer calls, and replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

/* The path of a file in memory, of this user alone, with `before` (may be NULL) and these bytes in it; until the next call. */
const char *fuzz_file(const char *before, const uint8_t *bytes, size_t count);
/* The bytes as text, to be released with free(). */
char *fuzz_text(const uint8_t *bytes, size_t count);

/* Stops unless a refusal has words, and none that a terminal would obey. */
void fuzz_check(cln_status status, const cln_error *error);
#define FUZZ_ASSERT(condition) ((condition) ? (void)0 : fuzz_stop(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_stop(const char *file, int line, const char *what);

#endif
