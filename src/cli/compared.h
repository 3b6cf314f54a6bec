/* What a comparison of devices came to: in the form that was asked for, beside an earlier one, and as an exit code. */
#ifndef CLN_CLI_COMPARED_H
#define CLN_CLI_COMPARED_H

#include "report/comparison.h"

typedef struct cln_compared_form {
    bool json, csv;               /* or a table */
    const char *page;             /* an HTML file to write, or NULL */
    const cln_comparison *before; /* or NULL */
} cln_compared_form;

/* Before the long work: pictures can be drawn; `before` can be read from `path`, and is of the same data. */
cln_status cln_compared_check_pictures(cln_error *error);
cln_status cln_compared_read(const char *path, const cln_comparison *now, cln_comparison *before, cln_error *error);

/* Tells it on stdout, and writes the page. *code: the exit code that it comes to. */
cln_status cln_compared_tell(const cln_compared_form *form, const cln_comparison *comparison, int *code,
                             cln_error *error);

#endif
