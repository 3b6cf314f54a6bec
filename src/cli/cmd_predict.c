#include "base/os.h"
#include "base/size.h"
#include "cli/call.h"
#include "cli/command.h"
#include "cli/data.h"
#include "cli/device.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/output.h"
#include "report/text.h"

#include <math.h>
#include <stdio.h>

static const char about[] = "Writes the class of every row of DATA as CSV: a line \"row,class\", then a line\n"
                            "for each row, counted from 0. No labels are needed. A row whose logits overflow\n"
                            "to NaN has no class. Of a model of real-valued targets it writes the values:\n"
                            "\"row,value\", or \"row,value0,value1,...\" where there are several. A value that\n"
                            "overflows is left empty.\n\n"
                            "MODEL is a file that clinear train wrote. DATA is a folder with IDX files under\n"
                            "MNIST's names, of which the test part is used, or one IDX file of images.\n";

static const char examples[] = "  clinear predict digits.safetensors data/mnist | head\n"
                               "  clinear predict digits.safetensors images-idx3-ubyte -o classes.csv\n"
                               "  clinear predict digits.safetensors data/mnist --proba\n"
                               "      adds the probability of each class: columns p0, p1, ...; of a linear\n"
                               "      model its scores s0, s1, ..., or the value that was rounded; nothing to\n"
                               "      real values\n";

typedef struct request {
    const char *model, *data, *device, *part, *output, *proba, *no_tuning, *no_selftest;
    cln_options *options; /* for the engine alone */
} request;

/* Begun with the first rows, so that what fails before leaves no trace. */
typedef struct sheet {
    const char *path; /* NULL: stdout */
    FILE *to;         /* NULL: not begun */
    cln_replacement file;
    const cln_model *model;
    bool proba;
    cln_error error;
} sheet;

/* A model of real values has no classes: its values are what it predicts. */
static bool is_real(const sheet *s)
{
    return cln_model_classes(s->model) == 0;
}

static void put_value_columns(const sheet *s)
{
    uint32_t outputs = cln_model_outputs(s->model);
    if (outputs == 1)
        fputs(",value", s->to);
    else
        for (uint32_t output = 0; output < outputs; output++)
            fprintf(s->to, ",value%u", (unsigned)output);
}

/* Probabilities or scores of classes, or the value that the class is rounded from. */
static void put_class_columns(const sheet *s)
{
    uint32_t outputs = cln_model_outputs(s->model);
    fputs(",class", s->to);
    if (!s->proba)
        return;
    if (outputs < cln_model_classes(s->model))
        fputs(",value", s->to);
    else
        for (uint32_t output = 0; output < outputs; output++)
            fprintf(s->to, ",%c%u", cln_model_is_softmax(s->model) ? 'p' : 's',
                    (unsigned)cln_model_class(s->model, output));
}

static cln_status begin_sheet(sheet *s)
{
    cln_status status = CLN_OK;
    cln_interrupt_defer();
    if (s->path)
        TRY(cln_os_replace_begin(&s->file, s->path, &s->error));
    s->to = s->path ? s->file.stream : stdout;
    fputs("row", s->to);
    if (is_real(s))
        put_value_columns(s);
    else
        put_class_columns(s);
    fputc('\n', s->to);
out:
    return status;
}

/* Values, which are left empty where they overflow, or what the class was found by. */
static void put_numbers(const sheet *s, const float *numbers /* (k) */)
{
    cln_text number;
    for (uint32_t output = 0; output < cln_model_outputs(s->model); output++)
        fprintf(s->to, ",%s", is_real(s) && !isfinite(numbers[output]) ? "" : cln_text_float(number, numbers[output]));
}

static int write_rows(uint64_t first, uint32_t count, const uint32_t *outputs, const float *probability, void *user)
{
    sheet *s = user;
    uint32_t k = cln_model_outputs(s->model);
    if (!s->to && begin_sheet(s) != CLN_OK)
        return 1;
    for (uint32_t i = 0; i < count; i++) {
        fprintf(s->to, "%llu", (unsigned long long)(first + i));
        if (!is_real(s))
            fputc(',', s->to);
        if (outputs[i] < cln_model_classes(s->model)) /* not where a logit is NaN */
            fprintf(s->to, "%u", (unsigned)cln_model_class(s->model, outputs[i]));
        if (s->proba || is_real(s))
            put_numbers(s, probability + (size_t)i * k);
        fputc('\n', s->to);
    }
    return ferror(s->to) || cln_interrupted();
}

static int end_sheet(sheet *s)
{
    if (cln_interrupted()) {
        cln_message_note("interrupted%s", s->path ? "; the file is not written" : "");
        return CLN_EXIT_INTERRUPTED;
    }
    if (!s->to)
        begin_sheet(s);
    if (s->error.status == CLN_OK && s->path)
        cln_os_replace_commit(&s->file, &s->error);
    return s->error.status == CLN_OK ? CLN_EXIT_DONE : cln_message_failure(&s->error, NULL);
}

static int predict(const request *r)
{
    cln_error error = {0};
    cln_model *model = NULL;
    cln_dataset *data = NULL;
    cln_device *device = NULL;
    sheet s = {.path = r->output, .proba = r->proba != NULL};
    cln_part part;
    cln_status status;
    int code = CLN_EXIT_DONE;
    TRY(cln_data_part(r->part, r->data, &part, &error));
    TRY(cln_model_load(r->model, &model, &error));
    TRY(cln_data_open(r->data, NULL, part, false, &data, &error));
    if (r->output)
        TRY(cln_output_check("output", r->output, (const char *const[]){r->model, r->data}, 2, &error));
    s.model = model;
    TRY(cln_cli_device_open_trusted(r->device, r->no_tuning, r->no_selftest, &device, &error));
    TRY(cln_model_predict(model, device, cln_options_get(r->options, "engine"), data, write_rows, &s, &error));
    code = end_sheet(&s);
out:
    if (status != CLN_OK)
        code = cln_message_failure(&error, device);
    cln_os_replace_abandon(&s.file);
    cln_device_close(device);
    cln_dataset_close(data);
    cln_model_free(model);
    return code;
}

static int run_predict(const cln_arguments *arguments, cln_options *options, void *user)
{
    request *r = user;
    r->options = options;
    r->model = cln_arguments_operand(arguments, 0);
    r->data = cln_arguments_operand(arguments, 1);
    return predict(r);
}

int cln_command_predict(int argc, const char **argv)
{
    request r = {0};
    const char *quiet = NULL, *timeout = NULL;
    const cln_flag flags[] = {
        {"output", 'o', "FILE", "write to this file, which appears whole or not at all (default: stdout)", &r.output},
        {"proba", 0, NULL, "add the probability of each class, or what a linear model says of it", &r.proba},
        CLN_FLAG_DEVICE(&r.device),
        {"part", 0, "train|test", "which part of the folder DATA (default test)", &r.part},
        CLN_FLAG_NO_TUNING(&r.no_tuning),
        CLN_FLAG_NO_SELFTEST(&r.no_selftest),
        CLN_FLAG_TIMEOUT(&timeout),
        CLN_FLAG_QUIET(&quiet),
    };
    const cln_usage usage = {.command = "predict",
                             .operands = "MODEL DATA [OPTIONS]",
                             .about = about,
                             .examples = examples,
                             .least = 2,
                             .most = 2,
                             .flags = flags,
                             .flag_count = CLN_COUNT(flags),
                             .only = "engine"};
    return cln_call(usage, &quiet, argc, argv, run_predict, &r);
}
