/* A table of text: filled cell by cell, row after row, then written with columns as wide as their widest cell. */
#ifndef CLN_REPORT_TABLE_H
#define CLN_REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct cln_table cln_table;

/* NULL where memory is short; every function below then does nothing, but _write says so. */
cln_table *cln_table_create(size_t columns);
/* The next cell; '>' aligns its column right, '<' left (the last row's choice counts). Text is made harmless. */
__attribute__((format(printf, 3, 4))) void cln_table_add(cln_table *table, char align, const char *format, ...);
/* Writes the rows, each indented by two blanks; false where memory was short. Errors of `to` stay in its flag. */
bool cln_table_write(const cln_table *table, FILE *to);
void cln_table_free(cln_table *table);

#endif
