/* Text for people: numbers in a readable form, and foreign text (paths, device names, metadata) made harmless. */
#ifndef CLN_REPORT_TEXT_H
#define CLN_REPORT_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Room for any text made here of a number. */
typedef char cln_text[48];

/* Copies `text`, cut to fit: control characters, which a terminal would obey, and bytes that are no UTF-8 become '?'.
   */
void cln_text_harmless(char *to, size_t size, const char *text);

/* Columns on a terminal of UTF-8 text: characters, not bytes. */
size_t cln_text_width(const char *text);

const char *cln_text_count(cln_text to, uint64_t count);   /* "60,000" */
const char *cln_text_bytes(cln_text to, uint64_t bytes);   /* "7.6 GiB" */
const char *cln_text_seconds(cln_text to, double seconds); /* "0.42 s", "3 min 05 s" */
const char *cln_text_percent(cln_text to, double part);    /* 0.9888 is "98.88 %", NaN is "-" */
const char *cln_text_double(cln_text to, double value);    /* the shortest that reads back as the same double */
const char *cln_text_float(cln_text to, float value);      /* the same for a float */

#endif
