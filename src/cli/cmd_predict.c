#include "base/os.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/data.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "report/text.h"

#include <stdio.h>

static const char about[] = "Writes the class of every row of DATA as CSV: a line \"row,class\", then a line\n"
                            "for each row, counted from 0. No labels are needed.\n\n"
                            "MODEL is a file that clinear train wrote. DATA is a folder with IDX files under\n"
                            "MNIST's names, of which the test part is used, or one IDX file of images.\n";

static const char examples[] = "  clinear predict digits.safetensors data/mnist | head\n"
                               "  clinear predict digits.safetensors images-idx3-ubyte -o classes.csv\n"
                               "  clinear predict digits.safetensors data/mnist --proba\n"
                               "      adds the probability of each class: columns p0, p1, ...\n";

typedef struct request {
    const char *model, *data, *device, *part, *output, *proba;
    cln_options *options; /* for the engine alone */
} request;

typedef struct sheet {
    FILE *to;
    const cln_model *model;
    bool proba;
} sheet;

static void write_head(const sheet *s)
{
    fputs("row,class", s->to);
    for (uint32_t output = 0; s->proba && output < cln_model_outputs(s->model); output++)
        fprintf(s->to, ",p%u", (unsigned)cln_model_class(s->model, output));
    fputc('\n', s->to);
}

static int write_rows(uint64_t first, uint32_t count, const uint32_t *outputs, const float *probability, void *user)
{
    const sheet *s = user;
    uint32_t k = cln_model_outputs(s->model);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(s->to, "%llu,%u", (unsigned long long)(first + i), (unsigned)cln_model_class(s->model, outputs[i]));
        for (uint32_t output = 0; s->proba && output < k; output++) {
            cln_text number;
            fprintf(s->to, ",%s", cln_text_float(number, probability[(size_t)i * k + output]));
        }
        fputc('\n', s->to);
    }
    return ferror(s->to) || cln_interrupted();
}

static int predict(const request *r)
{
    cln_error error = {0};
    cln_replacement file = {0};
    cln_model *model = NULL;
    cln_dataset *data = NULL;
    cln_device *device = NULL;
    sheet s = {.to = stdout, .proba = r->proba != NULL};
    cln_part part;
    cln_status status;
    int code = CLN_EXIT_DONE;
    TRY(cln_data_part(r->part, &part, &error));
    TRY(cln_model_load(r->model, &model, &error));
    TRY(cln_data_open(r->data, NULL, part, false, &data, &error));
    if (r->output) {
        TRY(cln_os_replace_begin(&file, r->output, &error));
        s.to = file.stream;
    }
    s.model = model;
    TRY(cln_device_open(r->device, &device, &error));
    write_head(&s);
    TRY(cln_model_predict(model, device, cln_options_get(r->options, "engine"), data, write_rows, &s, &error));
    if (cln_interrupted())
        code = CLN_EXIT_INTERRUPTED;
    else if (r->output)
        TRY(cln_os_replace_commit(&file, &error));
out:
    if (status != CLN_OK)
        code = cln_message_failure(&error, device);
    cln_os_replace_abandon(&file);
    cln_device_close(device);
    cln_dataset_close(data);
    cln_model_free(model);
    return code;
}

int cln_command_predict(int argc, const char **argv)
{
    request r = {0};
    const char *quiet = NULL;
    const cln_flag flags[] = {
        {"output", 'o', "FILE", "write to this file, which appears whole or not at all (default: stdout)", &r.output},
        {"proba", 0, NULL, "add the probability of each class", &r.proba},
        CLN_FLAG_DEVICE(&r.device),
        {"part", 0, "train|test", "which part of the folder DATA (default test)", &r.part},
        CLN_FLAG_QUIET(&quiet),
    };
    cln_usage usage = {.command = "predict",
                       .operands = "MODEL DATA [OPTIONS]",
                       .about = about,
                       .examples = examples,
                       .least = 2,
                       .most = 2,
                       .flags = flags,
                       .flag_count = sizeof flags / sizeof *flags,
                       .only = "engine"};
    cln_error error = {0};
    cln_arguments *arguments = NULL;
    int code;
    cln_message_command("predict");
    if (cln_options_create(&r.options, &error) != CLN_OK)
        return cln_message_failure(&error, NULL);
    usage.options = r.options;
    if (cln_arguments_read(&usage, argc, argv, &arguments, &code)) {
        if (quiet)
            cln_message_quiet();
        cln_interrupt_watch();
        r.model = cln_arguments_operand(arguments, 0);
        r.data = cln_arguments_operand(arguments, 1);
        code = predict(&r);
    }
    cln_arguments_free(arguments);
    cln_options_free(r.options);
    return code;
}
