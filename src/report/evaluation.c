#include "report/evaluation.h"

#include "report/json.h"
#include "report/table.h"
#include "report/text.h"
#include "report/training.h"

#include <math.h>

enum { widest_confusion = 32 }; /* classes; a wider matrix is no help to the eye */

static void add_part(cln_table *table, double part)
{
    if (isnan(part))
        cln_table_add(table, '>', "-");
    else
        cln_table_add(table, '>', "%.4f", part);
}

static bool write_classes(const cln_assessment *assessment, FILE *to)
{
    static const char *const heads[] = {"class", "precision", "recall", "F1", "rows"};
    cln_table *table = cln_table_create(5);
    for (size_t i = 0; i < 5; i++)
        cln_table_add(table, '>', "%s", heads[i]);
    for (uint32_t output = 0; output < assessment->evaluation.outputs; output++) {
        cln_class_score score = cln_evaluation_class(&assessment->evaluation, output);
        cln_text rows;
        cln_table_add(table, '>', "%u", (unsigned)cln_model_class(assessment->model, output));
        add_part(table, score.precision);
        add_part(table, score.recall);
        add_part(table, score.f1);
        cln_table_add(table, '>', "%s", cln_text_count(rows, score.support));
    }
    bool written = cln_table_write(table, to);
    cln_table_free(table);
    return written;
}

static bool write_confusion(const cln_assessment *assessment, FILE *to)
{
    uint32_t k = assessment->evaluation.outputs;
    if (k > widest_confusion) {
        fprintf(to, "  The confusion matrix of %u classes is too wide to be shown; --json has it.\n", (unsigned)k);
        return true;
    }
    fputs("  Rows are the true classes, columns the predicted ones.\n", to);
    cln_table *table = cln_table_create(k + 1);
    cln_table_add(table, '>', "class");
    for (uint32_t output = 0; output < k; output++)
        cln_table_add(table, '>', "%u", (unsigned)cln_model_class(assessment->model, output));
    for (uint32_t truth = 0; truth < k; truth++) {
        cln_table_add(table, '>', "%u", (unsigned)cln_model_class(assessment->model, truth));
        for (uint32_t output = 0; output < k; output++)
            cln_table_add(table, '>', "%llu",
                          (unsigned long long)assessment->evaluation.confusion[(size_t)truth * k + output]);
    }
    bool written = cln_table_write(table, to);
    cln_table_free(table);
    return written;
}

cln_status cln_report_evaluation(const cln_assessment *assessment, FILE *to, cln_error *error)
{
    cln_table *scores = cln_table_create(5);
    char data[1100];
    cln_text_harmless(data, sizeof data, assessment->data);
    fprintf(to, "  %s, %s engine\n\n", data, assessment->evaluation.engine ? assessment->evaluation.engine : "no");
    cln_report_score_head(scores);
    cln_report_score(scores, assessment->part, &assessment->evaluation.score);
    bool written = cln_table_write(scores, to);
    cln_table_free(scores);
    fputc('\n', to);
    written = write_confusion(assessment, to) && written;
    fputc('\n', to);
    written = write_classes(assessment, to) && written;
    return written ? CLN_OK : cln_fail_memory(error, "a table", 0);
}

static json_t *confusion_json(const cln_evaluation *evaluation)
{
    json_t *rows = json_array();
    for (uint32_t truth = 0; truth < evaluation->outputs; truth++) {
        json_t *row = json_array();
        for (uint32_t output = 0; output < evaluation->outputs; output++)
            json_array_append_new(row,
                                  cln_json_count(evaluation->confusion[(size_t)truth * evaluation->outputs + output]));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *classes_json(const cln_assessment *assessment)
{
    json_t *classes = json_array();
    for (uint32_t output = 0; output < assessment->evaluation.outputs; output++) {
        cln_class_score score = cln_evaluation_class(&assessment->evaluation, output);
        json_array_append_new(
            classes, json_pack("{so so so so so}", "class", cln_json_count(cln_model_class(assessment->model, output)),
                               "precision", cln_json_real(score.precision), "recall", cln_json_real(score.recall), "f1",
                               cln_json_real(score.f1), "rows", cln_json_count(score.support)));
    }
    return classes;
}

cln_status cln_report_evaluation_json(const cln_assessment *assessment, FILE *to, cln_error *error)
{
    const cln_evaluation *evaluation = &assessment->evaluation;
    const char *kind = cln_model_is_softmax(assessment->model) ? "softmax" : "linear";
    json_t *object = json_pack(
        "{so so so s{so so so} so so so so so so}", "model", cln_json_text(kind), "engine",
        cln_json_text(evaluation->engine), "device", cln_json_device(&assessment->device), "data", "rows",
        cln_json_count(evaluation->score.rows), "features", cln_json_count(cln_model_features(assessment->model)),
        "outputs", cln_json_count(cln_model_outputs(assessment->model)), assessment->part,
        cln_json_score(&evaluation->score), "confusion", confusion_json(evaluation), "classes",
        classes_json(assessment), "seconds", cln_json_seconds(&evaluation->seconds), "peak_host_bytes",
        cln_json_count(evaluation->peak_host_bytes), "device_bytes", cln_json_count(evaluation->device_bytes));
    return cln_json_write(object, 0, to, error);
}
