#include "report/training.h"

#include "report/json.h"
#include "report/table.h"
#include "report/text.h"

#include <math.h>

void cln_report_score_head(cln_table *table)
{
    cln_table_add(table, '<', "part");
    cln_table_add(table, '>', "loss");
    cln_table_add(table, '>', "errors");
    cln_table_add(table, '>', "rows");
    cln_table_add(table, '>', "accuracy");
}

void cln_report_score(cln_table *table, const char *part, const cln_score *score)
{
    cln_text number;
    if (score->rows == 0)
        return;
    cln_table_add(table, '<', "%s", part);
    cln_table_add(table, '>', "%.6g", score->loss);
    cln_table_add(table, '>', "%s", cln_text_count(number, score->errors));
    cln_table_add(table, '>', "%s", cln_text_count(number, score->rows));
    cln_table_add(table, '>', "%s", cln_text_percent(number, cln_accuracy(score)));
}

static void add_fact(cln_table *table, const char *name, const char *value)
{
    cln_table_add(table, '<', "%s", name);
    cln_table_add(table, '<', "%s", value);
}

static void add_facts(cln_table *table, const cln_training *training)
{
    const cln_result *result = &training->result;
    const cln_device_info *device = &training->device;
    const cln_seconds *seconds = &result->seconds;
    cln_text a, b, c, d, e, f;
    char line[512];
    snprintf(line, sizeof line, "%s rows, %u features, %u outputs", cln_text_count(a, result->rows),
             (unsigned)result->features, (unsigned)result->outputs);
    add_fact(table, "data", training->data);
    add_fact(table, "", line);
    snprintf(line, sizeof line, "%s, %s engine", training->model, result->engine ? result->engine : "no");
    add_fact(table, "model", line);
    snprintf(line, sizeof line, "%d: %s (%s, %s)", device->index, device->name, device->type, device->platform);
    add_fact(table, "device", line);
    snprintf(line, sizeof line, "%s, %s", cln_text_count(a, result->epochs), result->reason);
    add_fact(table, "epochs", line);
    if (result->best_epoch) {
        snprintf(line, sizeof line, "of epoch %s, the best in validation", cln_text_count(a, result->best_epoch));
        add_fact(table, "weights", line);
    }
    snprintf(line, sizeof line, "%s: load %s, build %s, upload %s, train %s, evaluate %s",
             cln_text_seconds(a, seconds->total), cln_text_seconds(b, seconds->load),
             cln_text_seconds(c, seconds->build), cln_text_seconds(d, seconds->upload),
             cln_text_seconds(e, seconds->train), cln_text_seconds(f, seconds->evaluate));
    add_fact(table, "time", line);
    snprintf(line, sizeof line, "%s on the host, %s on the device", cln_text_bytes(a, result->peak_host_bytes),
             cln_text_bytes(b, result->device_bytes));
    add_fact(table, "memory", line);
    if (training->saved)
        add_fact(table, "saved", training->saved);
}

cln_status cln_report_training(const cln_training *training, FILE *to, cln_error *error)
{
    cln_table *facts = cln_table_create(2), *scores = cln_table_create(5);
    add_facts(facts, training);
    cln_report_score_head(scores);
    cln_report_score(scores, "train", &training->result.train);
    cln_report_score(scores, "valid", &training->result.valid);
    cln_report_score(scores, "test", &training->result.test);
    bool written = cln_table_write(facts, to);
    if (training->result.train.rows) { /* a training that diverged has none */
        fputc('\n', to);
        written = cln_table_write(scores, to) && written;
    }
    cln_table_free(facts);
    cln_table_free(scores);
    if (!written)
        return cln_fail_memory(error, "a table", 0);
    return training->profile.count ? cln_report_profile(&training->profile, to, error) : CLN_OK;
}

bool cln_verdict_reproduced(const cln_verdict *verdict)
{
    for (size_t i = 0; i < verdict->count; i++)
        if (!verdict->findings[i].agrees)
            return false;
    return true;
}

cln_status cln_report_verdict(const cln_verdict *verdict, FILE *to, cln_error *error)
{
    static const char *const heads[] = {"figure", "published", "obtained", ""};
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
    fprintf(to, "\n  %s\n",
            cln_verdict_reproduced(verdict) ? "Reproduced: every published figure was obtained."
                                            : "Not reproduced: some figures differ from the published ones.");
    return CLN_OK;
}

json_t *cln_json_training(const cln_training *training)
{
    const cln_result *result = &training->result;
    json_t *object =
        json_pack("{so so so so s{so so so} so so}", "model", cln_json_text(training->model), "solver",
                  cln_json_text(training->solver), "engine", cln_json_text(result->engine), "device",
                  cln_json_device(&training->device), "data", "rows", cln_json_count(result->rows), "features",
                  cln_json_count(result->features), "outputs", cln_json_count(result->outputs), "epochs",
                  cln_json_count(result->epochs), "stopped", cln_json_text(cln_stop_word(result->stopped)));
    json_t *figures =
        json_pack("{so so so so so so so so}", "objective", cln_json_real(result->objective), "gradient_norm",
                  cln_json_real(result->gradient_norm), "train", cln_json_score(&result->train), "valid",
                  cln_json_score(&result->valid), "test", cln_json_score(&result->test), "seconds",
                  cln_json_seconds(&result->seconds), "peak_host_bytes", cln_json_count(result->peak_host_bytes),
                  "device_bytes", cln_json_count(result->device_bytes));
    int failed = json_object_update(object, figures);
    if (training->profile.count)
        failed |= json_object_set_new(object, "profile", cln_json_profile(&training->profile));
    json_decref(figures);
    if (failed) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *finding_json(double value, const char *text)
{
    if (isnan(value))
        return cln_json_text(text);
    return value >= 0 && value < 9e15 && !(floor(value) < value) ? cln_json_count((uint64_t)value)
                                                                 : cln_json_real(value);
}

/* Adds `recipe`, `published`, `obtained` (under the same keys) and `verdict` to a training's object. */
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
    failed |= json_object_set_new(object, "published", published);
    failed |= json_object_set_new(object, "obtained", obtained);
    return failed | json_object_set_new(object, "verdict",
                                        cln_json_text(cln_verdict_reproduced(verdict) ? "reproduced" : "differs"));
}

cln_status cln_report_training_json(const cln_training *training, const cln_verdict *verdict, FILE *to,
                                    cln_error *error)
{
    json_t *object = cln_json_training(training);
    if (verdict && add_verdict(object, verdict) != 0) {
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
