#include "report/table.h"

#include "report/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { cell_size = 1024 }; /* a path, or a reason in words */

struct cln_table {
    size_t columns, cells, room;
    char (*text)[cell_size]; /* (room), row after row */
    char *align;             /* (columns) */
    bool short_of_memory;
};

cln_table *cln_table_create(size_t columns)
{
    cln_table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->columns = columns;
    table->align = calloc(columns, 1);
    table->short_of_memory = !table->align;
    return table;
}

void cln_table_add(cln_table *table, char align, const char *format, ...)
{
    if (!table || table->short_of_memory)
        return;
    if (table->cells == table->room) {
        size_t room = 2 * table->room + 64;
        void *text = realloc(table->text, room * sizeof *table->text);
        if (!text) {
            table->short_of_memory = true;
            return;
        }
        table->text = text;
        table->room = room;
    }
    char cell[cell_size];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(cell, sizeof cell, format, arguments);
    va_end(arguments);
    table->align[table->cells % table->columns] = align;
    cln_text_harmless(table->text[table->cells++], cell_size, cell);
}

static size_t widest(const cln_table *table, size_t column)
{
    size_t most = 0;
    for (size_t i = column; i < table->cells; i += table->columns) {
        size_t width = cln_text_width(table->text[i]);
        most = width > most ? width : most;
    }
    return most;
}

/* Nothing but blanks would follow in this row. */
static bool rest_is_empty(const cln_table *table, size_t cell)
{
    do
        if (cell < table->cells && *table->text[cell])
            return false;
    while (++cell % table->columns != 0);
    return true;
}

bool cln_table_write(const cln_table *table, FILE *to)
{
    if (!table || table->short_of_memory)
        return false;
    for (size_t i = 0; i < table->cells; i++) {
        size_t column = i % table->columns;
        if (!rest_is_empty(table, i)) {
            size_t pad = widest(table, column) - cln_text_width(table->text[i]);
            bool right = table->align[column] == '>',
                 last = rest_is_empty(table, i + 1) || column + 1 == table->columns;
            fprintf(to, "  %*s%s%*s", right ? (int)pad : 0, "", table->text[i], right || last ? 0 : (int)pad, "");
        }
        if (column + 1 == table->columns)
            fputc('\n', to);
    }
    return true;
}

void cln_table_free(cln_table *table)
{
    if (!table)
        return;
    free(table->text);
    free(table->align);
    free(table);
}
