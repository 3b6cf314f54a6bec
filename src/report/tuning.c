#include "report/tuning.h"

#include "base/size.h"
#include "report/json.h"
#include "report/table.h"
#include "report/text.h"

#include <math.h>

static void add_row(cln_table *table, const cln_tune_row *row)
{
    cln_table_add(table, '<', "%s", row->name);
    if (*row->reason) {
        cln_table_add(table, '>', "-");
        cln_table_add(table, '>', "-");
        cln_table_add(table, '>', "-");
        cln_table_add(table, '>', "%u", row->tried);
        cln_table_add(table, '<', "%s", row->reason);
        return;
    }
    cln_table_add(table, '>', "%.4g", row->builtin_ms);
    cln_table_add(table, '>', "%.4g", row->best_ms);
    cln_table_add(table, '>', "%.2f", row->builtin_ms / row->best_ms);
    cln_table_add(table, '>', "%u", row->tried);
    cln_table_add(table, '<', "%s", row->best);
}

cln_status cln_report_tuning(const cln_tuning_report *report, FILE *to, cln_error *error)
{
    static const char *const heads[] = {"tuned", "built-in ms", "best ms", "ratio", "tried", "best"};
    cln_text seconds;
    cln_table *table = cln_table_create(CLN_COUNT(heads));
    for (size_t i = 0; i < CLN_COUNT(heads); i++)
        cln_table_add(table, '<', "%s", heads[i]);
    for (size_t i = 0; i < report->count; i++)
        add_row(table, &report->rows[i]);
    bool written = cln_table_write(table, to);
    cln_table_free(table);
    if (!written)
        return cln_fail_memory(error, "a table", 0);
    char file[4400];
    cln_text_harmless(file, sizeof file, report->file ? report->file : "");
    fprintf(to, "\n  %s%s after %s\n", report->file ? "kept in " : "nothing was found", file,
            cln_text_seconds(seconds, report->seconds));
    return CLN_OK;
}

static json_t *row_json(const cln_tune_row *row)
{
    return json_pack("{so so so so so so so so so so}", "name", cln_json_text(row->name), "builtin_ms",
                     cln_json_real(row->builtin_ms), "best_ms", cln_json_real(row->best_ms), "ratio",
                     cln_json_real(row->builtin_ms / row->best_ms), "builtin", cln_json_text(row->builtin), "best",
                     cln_json_text(row->best), "tried", cln_json_count(row->tried), "wrong", cln_json_count(row->wrong),
                     "slow", cln_json_count(row->slow), "reason",
                     *row->reason ? cln_json_text(row->reason) : json_null());
}

cln_status cln_report_tuning_json(const cln_tuning_report *report, FILE *to, cln_error *error)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < report->count; i++)
        if (json_array_append_new(rows, row_json(&report->rows[i])) != 0) {
            json_decref(rows);
            rows = NULL;
            break;
        }
    return cln_json_write(json_pack("{so so so sb so}", "device", cln_json_device(&report->device), "file",
                                    cln_json_text(report->file), "seconds", cln_json_real(report->seconds),
                                    "interrupted", report->interrupted, "rows", rows),
                          2, to, error);
}
