/* Numbers from text, whole strings only, whatever the locale; the words of a list, and the one nearest to a misspelt one. */
#ifndef CLN_BASE_NUMBER_H
#define CLN_BASE_NUMBER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits alone; false for a sign, a blank, anything behind it, or a value beyond 2⁶⁴−1. */
bool cln_parse_count(const char *text, uint64_t *value);
/* A finite decimal number, with a point in every locale; false for anything else, NaN and infinity included. */
bool cln_parse_real(const char *text, double *value);
/* vsnprintf and snprintf with a decimal point in every locale. */
__attribute__((format(printf, 3, 0))) int cln_format_list(char *text, size_t size, const char *format,
                                                          va_list arguments);
__attribute__((format(printf, 3, 4))) int cln_format(char *text, size_t size, const char *format, ...);
/* The fewest digits, at least 15 where needed, from which cln_parse_real gives `value` back; value finite. */
void cln_format_real(double value, char text[32]);
/* word (size) ← what is before the next comma of *rest, which moves behind it, or to NULL after the last word; false where it does
   not fit, and both stay as they are. */
bool cln_next_word(const char **rest, char *word, size_t size);
/* The word of words (count) that is nearest to `word`, at most a third of its length plus one edits away, or NULL. */
const char *cln_nearest(const char *word, const char *const *words, size_t count);

#endif
