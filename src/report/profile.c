#include "report/profile.h"

#include "report/json.h"
#include "report/table.h"
#include "report/text.h"

#include <stdlib.h>
#include <string.h>

struct cln_kept_row {
    cln_profile_row row; /* its name is `name` */
    char name[64];
};

void cln_profile_rows_take(const cln_profile_row *row, void *user)
{
    cln_profile_rows *rows = user;
    struct cln_kept_row *larger = realloc(rows->rows, (rows->count + 1) * sizeof *larger);
    if (!larger) {
        rows->short_of_memory = true;
        return;
    }
    rows->rows = larger;
    larger[rows->count].row = *row;
    snprintf(larger[rows->count++].name, sizeof larger->name, "%s", row->name);
}

void cln_profile_rows_release(cln_profile_rows *rows)
{
    free(rows->rows);
    *rows = (cln_profile_rows){0};
}

/* "multiply_add_rate" as words. */
static void add_limit(cln_table *table, const cln_profile_row *row)
{
    cln_text words;
    size_t length = 0;
    for (const char *at = row->limit ? row->limit : ""; *at && length + 1 < sizeof words; at++)
        words[length++] = *at == '_' ? ' ' : *at;
    words[length] = '\0';
    if (row->limit)
        cln_table_add(table, '>', "%.0f %%", 100 * row->fraction);
    else
        cln_table_add(table, '>', "%s", "");
    bool memory = row->limit && strcmp(row->limit, "multiply_add_rate") != 0;
    cln_table_add(table, '<', "%s%s", words, memory && row->fraction > 1 ? " (caches)" : "");
}

cln_status cln_report_profile(const cln_profile_rows *rows, FILE *to, cln_error *error)
{
    static const char *const heads[] = {
        "where the training's time went", "launches", "ms", "µs each", "share", "reached", "of"};
    cln_table *table = cln_table_create(sizeof heads / sizeof *heads);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        cln_table_add(table, i == 0 || i == 6 ? '<' : '>', "%s", heads[i]);
    for (size_t i = 0; i < rows->count; i++) {
        const cln_profile_row *row = &rows->rows[i].row;
        cln_text number;
        cln_table_add(table, '<', "%s", rows->rows[i].name);
        cln_table_add(table, '>', "%s", row->launches ? cln_text_count(number, row->launches) : "");
        cln_table_add(table, '>', "%.1f", 1e3 * row->seconds);
        if (row->launches)
            cln_table_add(table, '>', "%.1f", 1e6 * row->seconds / (double)row->launches);
        else
            cln_table_add(table, '>', "%s", "");
        cln_table_add(table, '>', "%s", cln_text_percent(number, row->share));
        add_limit(table, row);
    }
    fputc('\n', to);
    bool written = cln_table_write(table, to);
    cln_table_free(table);
    return written ? CLN_OK : cln_fail_memory(error, "a table", 0);
}

json_t *cln_json_profile(const cln_profile_rows *rows)
{
    json_t *list = json_array();
    int failed = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const cln_profile_row *row = &rows->rows[i].row;
        failed |= json_array_append_new(
            list, json_pack("{so so so so so so so so so}", "name", cln_json_text(rows->rows[i].name), "kind",
                            cln_json_text(row->kind), "launches", cln_json_count(row->launches), "seconds",
                            cln_json_real(row->seconds), "share", cln_json_real(row->share), "operations",
                            cln_json_real(row->operations), "bytes", cln_json_real(row->bytes), "fraction",
                            cln_json_real(row->fraction), "limit", cln_json_text(row->limit)));
    }
    if (!failed)
        return list;
    json_decref(list);
    return NULL;
}
