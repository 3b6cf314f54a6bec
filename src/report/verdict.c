#include "report/verdict.h"

#include "report/json.h"
#include "report/table.h"
#include "report/text.h"

#include <math.h>

bool cln_verdict_reproduced(const cln_verdict *verdict)
{
    for (size_t i = 0; i < verdict->count; i++)
        if (!verdict->findings[i].agrees)
            return false;
    return true;
}

cln_status cln_report_verdict(const cln_verdict *verdict, FILE *to, cln_error *error)
{
    const char *const heads[] = {"figure", verdict->computed ? "in double" : "published", "obtained", ""};
    cln_table *table = cln_table_create(4);
    for (size_t i = 0; i < 4; i++)
        cln_table_add(table, i == 0 || i == 3 ? '<' : '>', "%s", heads[i]);
    for (size_t i = 0; i < verdict->count; i++) {
        const cln_finding *finding = &verdict->findings[i];
        bool shown_only = !*finding->published;
        cln_table_add(table, '<', "%s", finding->label);
        cln_table_add(table, '>', "%s", shown_only ? "-" : finding->published);
        cln_table_add(table, '>', "%s", finding->obtained);
        cln_table_add(table, '<', "%s", shown_only ? "" : finding->agrees ? "agrees" : "DIFFERS");
    }
    bool written = cln_table_write(table, to);
    cln_table_free(table);
    if (!written)
        return cln_fail_memory(error, "a table", 0);
    if (verdict->lesson)
        fprintf(to, "\n  %s\n", verdict->lesson);
    fprintf(to, "\n  %s\n",
            cln_verdict_reproduced(verdict)
                ? verdict->computed ? "Reproduced: every figure of the double-precision reference was obtained."
                                    : "Reproduced: every published figure was obtained."
                : "Not reproduced: some figures differ.");
    return CLN_OK;
}

static json_t *finding_json(double value, const char *text)
{
    if (isnan(value))
        return cln_json_text(text);
    return value >= 0 && value < 9e15 && !(floor(value) < value) ? cln_json_count((uint64_t)value)
                                                                 : cln_json_real(value);
}

/* Adds `recipe`, `published` or `computed`, `obtained` (under the same keys) and `verdict` to an object. */
static int add_verdict(json_t *object, const cln_verdict *verdict)
{
    json_t *published = json_object(), *obtained = json_object();
    int failed = 0;
    for (size_t i = 0; i < verdict->count; i++) {
        const cln_finding *finding = &verdict->findings[i];
        if (*finding->published)
            failed |= json_object_set_new(published, finding->key,
                                          finding_json(finding->published_value, finding->published));
        failed |= json_object_set_new(obtained, finding->key, finding_json(finding->obtained_value, finding->obtained));
    }
    failed |= json_object_set_new(object, "recipe", cln_json_text(verdict->recipe));
    failed |= json_object_set_new(object, verdict->computed ? "computed" : "published", published);
    failed |= json_object_set_new(object, "obtained", obtained);
    return failed | json_object_set_new(object, "verdict",
                                        cln_json_text(cln_verdict_reproduced(verdict) ? "reproduced" : "differs"));
}

cln_status cln_report_verdict_json(const cln_verdict *verdict, const cln_training *trainings, const char *const *labels,
                                   size_t count, FILE *to, cln_error *error)
{
    json_t *object = count == 1 ? cln_json_training(trainings) : json_object(), *runs = json_array();
    for (size_t i = 0; count > 1 && i < count; i++) {
        json_t *run = cln_json_training(&trainings[i]);
        json_object_set_new(run, "run", cln_json_text(labels[i]));
        json_array_append_new(runs, run);
    }
    if (count > 1)
        json_object_set(object, "runs", runs);
    json_decref(runs);
    if (add_verdict(object, verdict) != 0) {
        json_decref(object);
        object = NULL;
    }
    return cln_json_write(object, 2, to, error);
}

cln_status cln_report_recipes_json(const char *const *names, const char *const *titles, size_t count, FILE *to,
                                   cln_error *error)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array,
                              json_pack("{so so}", "name", cln_json_text(names[i]), "title", cln_json_text(titles[i])));
    return cln_json_write(array, 2, to, error);
}
