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

/* Real values have no classes that could be right or wrong. */
static bool is_real(const cln_assessment *assessment)
{
    return assessment->evaluation.outputs == 0;
}

/* Over all targets of all rows: the loss is half the squares of a row. */
static double root_mean_square(const cln_assessment *assessment)
{
    return sqrt(2 * assessment->evaluation.score.loss / cln_model_outputs(assessment->model));
}

static bool write_scores(const cln_assessment *assessment, FILE *to)
{
    const cln_score *score = &assessment->evaluation.score;
    static const char *const heads[] = {"part", "loss", "RMSE", "rows"};
    cln_text rows;
    bool real = is_real(assessment);
    cln_table *scores = cln_table_create(real ? 4 : 5);
    if (real) {
        for (size_t i = 0; i < 4; i++)
            cln_table_add(scores, i == 0 ? '<' : '>', "%s", heads[i]);
        cln_table_add(scores, '<', "%s", assessment->part);
        cln_table_add(scores, '>', "%.6g", score->loss);
        cln_table_add(scores, '>', "%.6g", root_mean_square(assessment));
        cln_table_add(scores, '>', "%s", cln_text_count(rows, score->rows));
    } else {
        cln_report_score_head(scores);
        cln_report_score(scores, assessment->part, score);
    }
    bool written = cln_table_write(scores, to);
    cln_table_free(scores);
    return written;
}

cln_status cln_report_evaluation(const cln_assessment *assessment, FILE *to, cln_error *error)
{
    char data[1100];
    cln_text_harmless(data, sizeof data, assessment->data);
    fprintf(to, "  %s, %s engine\n\n", data, assessment->evaluation.engine ? assessment->evaluation.engine : "no");
    bool written = write_scores(assessment, to);
    if (!is_real(assessment)) {
        fputc('\n', to);
        written = write_confusion(assessment, to) && written;
        fputc('\n', to);
        written = write_classes(assessment, to) && written;
    }
    return written ? CLN_OK : cln_fail_memory(error, "a table", 0);
}

/* Most counts of many classes are 0, and one value stands for all of these. */
static json_t *confusion_json(const cln_evaluation *evaluation)
{
    json_t *rows = json_array(), *none = cln_json_count(0);
    for (uint32_t truth = 0; truth < evaluation->outputs; truth++) {
        json_t *row = json_array();
        for (uint32_t output = 0; output < evaluation->outputs; output++) {
            uint64_t count = evaluation->confusion[(size_t)truth * evaluation->outputs + output];
            json_array_append_new(row, count ? cln_json_count(count) : json_incref(none));
        }
        json_array_append_new(rows, row);
    }
    json_decref(none);
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

static json_t *score_json(const cln_assessment *assessment)
{
    json_t *score = cln_json_score(&assessment->evaluation.score);
    if (is_real(assessment)) {
        json_object_set_new(score, "accuracy", json_null());
        json_object_set_new(score, "rmse", cln_json_real(root_mean_square(assessment)));
    }
    return score;
}

cln_status cln_report_evaluation_json(const cln_assessment *assessment, FILE *to, cln_error *error)
{
    const cln_evaluation *evaluation = &assessment->evaluation;
    const char *kind = cln_model_is_softmax(assessment->model) ? "softmax" : "linear";
    json_t *object = json_pack(
        "{so so so s{so so so} so so so so so so}", "model", cln_json_text(kind), "engine",
        cln_json_text(evaluation->engine), "device", cln_json_device(&assessment->device), "data", "rows",
        cln_json_count(evaluation->score.rows), "features", cln_json_count(cln_model_features(assessment->model)),
        "outputs", cln_json_count(cln_model_outputs(assessment->model)), assessment->part, score_json(assessment),
        "confusion", confusion_json(evaluation), "classes", classes_json(assessment), "seconds",
        cln_json_seconds(&evaluation->seconds), "peak_host_bytes", cln_json_count(evaluation->peak_host_bytes),
        "device_bytes", cln_json_count(evaluation->device_bytes));
    return cln_json_write(object, 0, to, error);
}
