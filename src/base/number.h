/* Numbers from text, whole strings only, whatever the locale; and the word nearest to a misspelt one. */
#ifndef CLN_BASE_NUMBER_H
#define CLN_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits alone; false for a sign, a blank, anything behind it, or a value beyond 2⁶⁴−1. */
bool cln_parse_count(const char *text, uint64_t *value);
/* A finite decimal number, with a point in every locale; false for anything else, NaN and infinity included. */
bool cln_parse_real(const char *text, double *value);
/* The word of words (count) within a third of `word`'s length in edits, or NULL. */
const char *cln_nearest(const char *word, const char *const *words, size_t count);

#endif
