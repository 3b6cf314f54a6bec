/* The help texts: of the program, and of a command from its description. Both on stdout. */
#ifndef CLN_CLI_HELP_H
#define CLN_CLI_HELP_H

#include "cli/arguments.h"

#include <stdio.h>

/* An option as the help shows it and as it is read. */
typedef struct cln_row {
    const char *name;
    char letter;
    const char *argument, *initial, *help;
    const char *group;  /* the heading it stands under; "" for the first list */
    const char **value; /* NULL: it belongs to the library's table */
} cln_row;

void cln_help_command(const cln_usage *usage, const cln_row *rows, size_t count);
/* The program's usage; names and summaries: (count). */
void cln_help_program(FILE *to, const char *const *names, const char *const *summaries, size_t count);

#endif
