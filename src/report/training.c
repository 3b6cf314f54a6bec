#include "report/training.h"

#include "report/json.h"
#include "report/table.h"
#include "report/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

enum { sentence_width = 80 };

/* A sentence, which goes on in lines of its own behind its semicolons where it is long. */
static void add_sentence(cln_table *table, const char *name, const char *sentence)
{
    bool broken = cln_text_width(sentence) > sentence_width;
    while (*sentence) {
        const char *end = broken ? strstr(sentence, "; ") : NULL;
        int length = end ? (int)(end + 1 - sentence) : (int)strlen(sentence);
        cln_table_add(table, '<', "%s", name);
        cln_table_add(table, '<', "%.*s", length, sentence);
        sentence += length + (end != NULL);
        name = "";
    }
}

/* What was minimised, and what is proven of it. */
static void add_objective(cln_table *table, const cln_training *training)
{
    const cln_result *result = &training->result;
    const cln_certificate *proven = &result->certificate;
    char line[256];
    cln_text zeros, all;
    if (isnan(result->objective)) /* of a training that diverged */
        return;
    int length = snprintf(line, sizeof line, "%.9g, %s %.2g", result->objective,
                          strcmp(training->solver, "sgd") == 0 ? "largest gradient component" : "relative gradient",
                          result->gradient_norm);
    if (proven->rows && isfinite(proven->suboptimality))
        snprintf(line + length, sizeof line - (size_t)length, ", above the optimum by at most %.2g",
                 proven->suboptimality);
    add_fact(table, "objective", line);
    if (!result->sparse)
        return;
    snprintf(line, sizeof line, "%s of %s are exactly zero", cln_text_count(zeros, result->zeros),
             cln_text_count(all, (uint64_t)result->features * result->outputs));
    add_fact(table, "weights", line);
}

static void add_facts(cln_table *table, const cln_training *training)
{
    const cln_result *result = &training->result;
    const cln_device_info *device = &training->device;
    const cln_seconds *seconds = &result->seconds;
    cln_text a, b, c, d, e, f;
    char line[512];
    snprintf(line, sizeof line, "%s %s, %u %s, %u %s", cln_text_count(a, result->rows),
             result->rows == 1 ? "row" : "rows", (unsigned)result->features,
             result->features == 1 ? "feature" : "features", (unsigned)result->outputs,
             result->outputs == 1 ? "output" : "outputs");
    add_fact(table, "data", training->data);
    add_fact(table, "", line);
    snprintf(line, sizeof line, "%s, %s engine", training->model, result->engine ? result->engine : "no");
    add_fact(table, "model", line);
    snprintf(line, sizeof line, "%d: %s (%s, %s)", device->index, device->name, device->type, device->platform);
    add_fact(table, "device", line);
    snprintf(line, sizeof line, "%s, %s", cln_text_count(a, result->epochs), result->reason);
    if (strcmp(training->solver, "direct") == 0)
        add_sentence(table, "solved", result->reason);
    else
        add_sentence(table, strcmp(training->solver, "lbfgs") == 0 ? "iterations" : "epochs", line);
    add_objective(table, training);
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
    if (training->resumed) {
        snprintf(line, sizeof line, "from epoch %s, step %s", cln_text_count(a, training->resumed_epoch),
                 cln_text_count(b, training->resumed_step));
        add_fact(table, "resumed", line);
    }
    if (training->checkpoint)
        add_fact(table, "checkpoint", training->checkpoint);
    if (training->saved)
        add_fact(table, "saved", training->saved);
}

/* What each of several penalties came to. */
static void add_path(cln_table *table, const cln_training *training)
{
    static const char *const heads[] = {"alpha", "objective", "valid loss", "errors", ""};
    for (size_t i = 0; i < 5; i++)
        cln_table_add(table, i == 4 ? '<' : '>', "%s", heads[i]);
    for (size_t i = 0; i < training->path_count; i++) {
        const cln_path_row *row = &training->path[i];
        cln_text errors;
        cln_table_add(table, '>', "%g", row->alpha);
        cln_table_add(table, '>', "%.7g", row->objective);
        cln_table_add(table, '>', "%.6g", row->valid.loss);
        cln_table_add(table, '>', "%s", cln_text_count(errors, row->valid.errors));
        cln_table_add(table, '<', "%s", row->best ? "kept" : "");
    }
}

cln_status cln_report_training(const cln_training *training, FILE *to, cln_error *error)
{
    cln_table *facts = cln_table_create(2), *scores = cln_table_create(5), *path = cln_table_create(5);
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
    if (training->path_count > 1) {
        add_path(path, training);
        fputc('\n', to);
        written = cln_table_write(path, to) && written;
    }
    cln_table_free(path);
    cln_table_free(facts);
    cln_table_free(scores);
    if (!written)
        return cln_fail_memory(error, "a table", 0);
    return training->profile.count ? cln_report_profile(&training->profile, to, error) : CLN_OK;
}

void cln_training_release(cln_training *training)
{
    cln_profile_rows_release(&training->profile);
    free(training->path);
    training->path = NULL;
    training->path_count = 0;
}

static json_t *path_json(const cln_training *training)
{
    json_t *path = json_array();
    for (size_t i = 0; i < training->path_count; i++) {
        const cln_path_row *row = &training->path[i];
        json_array_append_new(path, json_pack("{so so so so sb}", "alpha", cln_json_real(row->alpha), "l2",
                                              cln_json_real(row->l2), "objective", cln_json_real(row->objective),
                                              "valid", cln_json_score(&row->valid), "best", row->best));
    }
    return path;
}

static json_t *warnings_json(const cln_training *training)
{
    json_t *warnings = json_array();
    for (size_t i = 0; i < training->warning_count; i++)
        json_array_append_new(warnings, cln_json_text(training->warnings[i]));
    return warnings;
}

/* Adds what not every training has. */
static int add_more(json_t *object, const cln_training *training)
{
    const cln_result *result = &training->result;
    int failed = json_object_set_new(object, "reason", cln_json_text(result->reason));
    failed |= json_object_set_new(object, "l2", cln_json_real(result->l2));
    if (strcmp(training->solver, "sgd") == 0)
        failed |= json_object_set_new(object, "learning_rate", cln_json_real(result->learning_rate));
    if (result->best_epoch)
        failed |= json_object_set_new(object, "best_epoch", cln_json_count(result->best_epoch));
    if (result->sparse)
        failed |= json_object_set_new(object, "zeros", cln_json_count(result->zeros));
    failed |= json_object_set_new(object, "certificate", cln_json_certificate(&result->certificate));
    failed |= json_object_set_new(object, "warnings", warnings_json(training));
    if (training->resumed) {
        failed |= json_object_set_new(object, "resumed_from_epoch", cln_json_count(training->resumed_epoch));
        failed |= json_object_set_new(object, "resumed_from_step", cln_json_count(training->resumed_step));
    }
    if (training->checkpoint)
        failed |= json_object_set_new(object, "checkpoint", cln_json_text(training->checkpoint));
    if (training->path_count > 1)
        failed |= json_object_set_new(object, "path", path_json(training));
    if (training->profile.count)
        failed |= json_object_set_new(object, "profile", cln_json_profile(&training->profile));
    return failed;
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
    int failed = json_object_update(object, figures) | add_more(object, training);
    json_decref(figures);
    if (failed) {
        json_decref(object);
        return NULL;
    }
    return object;
}

cln_status cln_report_training_json(const cln_training *training, FILE *to, cln_error *error)
{
    return cln_json_write(cln_json_training(training), 2, to, error);
}
