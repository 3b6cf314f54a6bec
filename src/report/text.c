#include "report/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the printable UTF-8 character at `text`, or 0. Overlong forms need no check: they are never control
   characters once decoded by a terminal that accepts them, for those below U+00A0 are refused here by their lead
   bytes. */
static size_t printable(const unsigned char *text)
{
    if (text[0] < 0x80)
        return text[0] >= 0x20 && text[0] != 0x7f;
    size_t length = text[0] >= 0xc2 && text[0] <= 0xdf   ? 2
                    : text[0] >= 0xe0 && text[0] <= 0xef ? 3
                    : text[0] >= 0xf0 && text[0] <= 0xf4 ? 4
                                                         : 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool c1 = text[0] == 0xc2 && text[1] < 0xa0;
    bool overlong = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90);
    bool surrogate = text[0] == 0xed && text[1] > 0x9f, beyond = text[0] == 0xf4 && text[1] > 0x8f;
    return c1 || overlong || surrogate || beyond ? 0 : length;
}

void cln_text_harmless(char *to, size_t size, const char *text)
{
    size_t used = 0;
    while (*text) {
        size_t length = printable((const unsigned char *)text);
        if (used + (length ? length : 1) >= size)
            break;
        if (length)
            memcpy(to + used, text, length);
        else
            to[used] = '?';
        used += length ? length : 1;
        text += length ? length : 1;
    }
    to[used] = '\0';
}

size_t cln_text_width(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

const char *cln_text_count(cln_text to, uint64_t count)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    char *end = to;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *end++ = ',';
        *end++ = digits[i];
    }
    *end = '\0';
    return to;
}

const char *cln_text_bytes(cln_text to, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    double value = (double)bytes;
    for (; value >= 1024; value /= 1024)
        unit++;
    snprintf(to, sizeof(cln_text), unit == 0 || value >= 99.95 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return to;
}

const char *cln_text_seconds(cln_text to, double seconds)
{
    if (!(seconds >= 0) || seconds > 1e9)
        snprintf(to, sizeof(cln_text), "-");
    else if (seconds < 10)
        snprintf(to, sizeof(cln_text), "%.2f s", seconds);
    else if (seconds < 99.5)
        snprintf(to, sizeof(cln_text), "%.0f s", seconds);
    else {
        uint64_t whole = (uint64_t)(seconds + 0.5);
        if (whole < 3600)
            snprintf(to, sizeof(cln_text), "%" PRIu64 " min %02" PRIu64 " s", whole / 60, whole % 60);
        else
            snprintf(to, sizeof(cln_text), "%" PRIu64 " h %02" PRIu64 " min", whole / 3600, whole % 3600 / 60);
    }
    return to;
}

const char *cln_text_percent(cln_text to, double part)
{
    if (isnan(part))
        snprintf(to, sizeof(cln_text), "-");
    else
        snprintf(to, sizeof(cln_text), "%.2f %%", 100 * part);
    return to;
}

const char *cln_text_double(cln_text to, double value)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(to, sizeof(cln_text), "%.*g", digits, value);
        if (!(strtod(to, NULL) < value || strtod(to, NULL) > value))
            break;
    }
    return to;
}

const char *cln_text_float(cln_text to, float value)
{
    if (isnan(value))
        value = NAN; /* without a sign, which would be printed */
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(to, sizeof(cln_text), "%.*g", digits, (double)value);
        if (!(strtof(to, NULL) < value || strtof(to, NULL) > value))
            break;
    }
    return to;
}
