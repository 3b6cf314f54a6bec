#define _GNU_SOURCE /* strtod_l, uselocale */
#include "base/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool cln_parse_count(const char *text, uint64_t *value)
{
    char *end;
    if (!*text || strspn(text, "0123456789") != strlen(text))
        return false;
    errno = 0;
    unsigned long long parsed = strtoull(text, &end, 10);
    if (errno || *end)
        return false;
    *value = parsed;
    return true;
}

bool cln_parse_real(const char *text, double *value)
{
    if (!*text || strspn(text, "0123456789+-.eE") != strlen(text))
        return false;
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!plain)
        return false;
    char *end;
    double parsed = strtod_l(text, &end, plain);
    freelocale(plain);
    if (end == text || *end || !isfinite(parsed))
        return false;
    *value = parsed;
    return true;
}

int cln_format_list(char *text, size_t size, const char *format, va_list arguments)
{
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    locale_t before = plain ? uselocale(plain) : (locale_t)0;
    int length = vsnprintf(text, size, format, arguments);
    if (plain) {
        uselocale(before);
        freelocale(plain);
    }
    return length;
}

int cln_format(char *text, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = cln_format_list(text, size, format, arguments);
    va_end(arguments);
    return length;
}

void cln_format_real(double value, char text[32])
{
    double back;
    for (int digits = 15; digits <= 17; digits++) {
        cln_format(text, 32, "%.*g", digits, value);
        if (cln_parse_real(text, &back) && !(back < value) && !(back > value))
            return;
    }
}

bool cln_next_word(const char **rest, char *word, size_t size)
{
    size_t length = strcspn(*rest, ",");
    if (length >= size)
        return false;
    memcpy(word, *rest, length);
    word[length] = '\0';
    *rest = (*rest)[length] ? *rest + length + 1 : NULL;
    return true;
}

/* Levenshtein's distance, for words up to 63 characters; longer ones are as far as can be. */
static size_t edits(const char *a, const char *b)
{
    size_t row[64], m = strlen(a), n = strlen(b);
    if (m > 63 || n > 63)
        return SIZE_MAX;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);
            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = above;
            row[j] = best;
        }
    }
    return row[n];
}

const char *cln_nearest(const char *word, const char *const *words, size_t count)
{
    const char *nearest = NULL;
    size_t least = strlen(word) / 3 + 2; /* a distance that is too far */
    for (size_t i = 0; i < count; i++) {
        size_t distance = edits(word, words[i]);
        if (distance < least) {
            least = distance;
            nearest = words[i];
        }
    }
    return nearest;
}
