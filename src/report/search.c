#include "report/search.h"

#include "base/size.h"
#include "report/json.h"
#include "report/table.h"
#include "report/text.h"

#include <stdlib.h>

static int best_first(const void *a, const void *b)
{
    return cln_search_compare(a, b);
}

/* (cln_search_count), ranked, to be freed; NULL without memory. */
static cln_search_row *ranked(const cln_search *search)
{
    size_t count = cln_search_count(search);
    cln_search_row *rows = calloc(count, sizeof *rows);
    if (!rows)
        return NULL;
    for (size_t i = 0; i < count; i++)
        cln_search_row_at(search, i, &rows[i]);
    qsort(rows, count, sizeof *rows, best_first);
    return rows;
}

static void add_loss(cln_table *table, bool scored, const cln_score *score)
{
    if (scored)
        cln_table_add(table, '>', "%.6g", score->loss);
    else
        cln_table_add(table, '>', "-");
}

static void add_score(cln_table *table, bool scored, const cln_score *score)
{
    cln_text number;
    cln_table_add(table, '>', "%s", scored ? cln_text_count(number, score->errors) : "-");
    cln_table_add(table, '>', "%s", scored ? cln_text_percent(number, cln_accuracy(score)) : "-");
    add_loss(table, scored, score);
}

static void add_row(cln_table *table, const cln_search *search, const cln_search_row *row)
{
    cln_text number;
    for (size_t i = 0; cln_search_name(search, i); i++)
        cln_table_add(table, '<', "%s", cln_search_value(search, row->index, i));
    bool sound = row->stopped != CLN_STOP_DIVERGED; /* on a fold, at least; then the figures are none of the whole */
    add_score(table, sound && row->valid.rows, &row->valid);
    add_loss(table, sound && row->train.rows, &row->train);
    cln_table_add(table, '>', "%s", cln_text_count(number, row->epochs));
    cln_table_add(table, '<', "%s", cln_stop_word(row->stopped));
}

static cln_table *table_of(const cln_search *search, const cln_search_row *rows, size_t count)
{
    static const char *const heads[] = {"errors", "accuracy", "loss", "train loss", "epochs", "stopped"};
    size_t names = 0;
    while (cln_search_name(search, names))
        names++;
    cln_table *table = cln_table_create(names + CLN_COUNT(heads));
    for (size_t i = 0; i < names; i++)
        cln_table_add(table, '<', "%s", cln_search_name(search, i));
    for (size_t i = 0; i < CLN_COUNT(heads); i++)
        cln_table_add(table, '>', "%s", heads[i]);
    for (size_t i = 0; i < count; i++)
        add_row(table, search, &rows[i]);
    return table;
}

static void write_notes(const cln_search_report *report, size_t shown, size_t finished, FILE *to)
{
    cln_text a, b;
    size_t count = cln_search_count(report->search);
    if (finished == 0) {
        fprintf(to, "  none of %s configurations was finished in %s\n", cln_text_count(b, count),
                cln_text_seconds(a, report->seconds));
        return;
    }
    if (finished > shown)
        fprintf(to, "  … and %s more; --json has all\n", cln_text_count(a, finished - shown));
    fprintf(to, "\n  %s of %s configurations", cln_text_count(a, finished), cln_text_count(b, count));
    if (report->folds)
        fprintf(to, " on %u folds", (unsigned)report->folds);
    fprintf(to, ", the best first, in %s\n  errors, accuracy and loss are those in validation\n",
            cln_text_seconds(a, report->seconds));
}

cln_status cln_report_search(const cln_search_report *report, FILE *to, cln_error *error)
{
    size_t finished = 0, count = cln_search_count(report->search);
    cln_search_row *rows = ranked(report->search);
    if (!rows)
        return cln_fail_memory(error, "a table", 0);
    while (finished < count && rows[finished].finished)
        finished++;
    size_t shown = finished < CLN_SEARCH_SHOWN ? finished : CLN_SEARCH_SHOWN;
    cln_table *table = table_of(report->search, rows, shown);
    bool written = shown == 0 || cln_table_write(table, to);
    cln_table_free(table);
    free(rows);
    if (!written)
        return cln_fail_memory(error, "a table", 0);
    write_notes(report, shown, finished, to);
    if (!report->refit)
        return CLN_OK;
    fputs("\n  The best, trained again:\n\n", to);
    return cln_report_training(report->refit, to, error);
}

/* ---- JSON */

static json_t *options_json(const cln_search *search, size_t index)
{
    json_t *object = json_object();
    for (size_t i = 0; cln_search_name(search, i); i++)
        json_object_set_new(object, cln_search_name(search, i), cln_json_text(cln_search_value(search, index, i)));
    return object;
}

static json_t *row_json(const cln_search *search, const cln_search_row *row)
{
    return json_pack("{so so so so so so sb}", "options", options_json(search, row->index), "valid",
                     cln_json_score(&row->valid), "train", cln_json_score(&row->train), "epochs",
                     cln_json_count(row->epochs), "stopped",
                     row->finished ? cln_json_text(cln_stop_word(row->stopped)) : json_null(), "seconds",
                     row->finished ? cln_json_real(row->seconds) : json_null(), "resumed", row->resumed);
}

static json_t *rows_json(const cln_search *search)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < cln_search_count(search); i++) {
        cln_search_row row;
        cln_search_row_at(search, i, &row);
        if (json_array_append_new(rows, row_json(search, &row)) != 0) {
            json_decref(rows);
            return NULL;
        }
    }
    return rows;
}

static json_t *warnings_json(const cln_search *search)
{
    json_t *warnings = json_array();
    for (size_t i = 0; cln_search_warning(search, i); i++)
        json_array_append_new(warnings, cln_json_text(cln_search_warning(search, i)));
    return warnings;
}

cln_status cln_report_search_json(const cln_search_report *report, FILE *to, cln_error *error)
{
    cln_search_row best;
    bool found = cln_search_best(report->search, &best);
    return cln_json_write(json_pack("{so so so so so so sb so}", "grid", cln_json_text(report->grid), "folds",
                                    cln_json_count(report->folds), "configurations", rows_json(report->search), "best",
                                    found ? cln_json_count(best.index) : json_null(), "refit",
                                    report->refit ? cln_json_training(report->refit) : json_null(), "seconds",
                                    cln_json_real(report->seconds), "interrupted", report->interrupted, "warnings",
                                    warnings_json(report->search)),
                          2, to, error);
}
