/* HTML as it is written: text from anywhere is escaped and made harmless, tables scroll within a box of their own. Errors of `to` stay in its
   flag. */
#ifndef CLN_REPORT_HTML_H
#define CLN_REPORT_HTML_H

#include <stddef.h>
#include <stdio.h>

/* Formats, and writes what comes out as text: in an element or in a quoted attribute. Cut after 4 KiB. */
__attribute__((format(printf, 2, 3))) void cln_html_text(FILE *to, const char *format, ...);
/* Text of several lines, as they are. */
void cln_html_lines(FILE *to, const char *text);

/* A table with a head; label: what it is, for those who hear the page. heads: (count); one of
   figures begins with '>'. */
void cln_html_table_begin(FILE *to, const char *label, const char *const *heads, size_t count);
void cln_html_row_begin(FILE *to);
/* The cell that says what the row is; a cell of text; one of figures. */
__attribute__((format(printf, 2, 3))) void cln_html_head(FILE *to, const char *format, ...);
__attribute__((format(printf, 2, 3))) void cln_html_cell(FILE *to, const char *format, ...);
__attribute__((format(printf, 2, 3))) void cln_html_number(FILE *to, const char *format, ...);
void cln_html_row_end(FILE *to);
void cln_html_table_end(FILE *to);

/* A picture of gnuplot's within the page, of the size that its canvas had. Its own title and description go, its ids begin with `name`, and
   it is told as one picture, called `title`. */
void cln_html_picture(FILE *to, const char *picture, unsigned width, unsigned height, const char *name,
                      const char *title);

#endif
