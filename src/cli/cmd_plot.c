#include "base/os.h"
#include "base/size.h"
#include "cli/call.h"
#include "cli/command.h"
#include "cli/data.h"
#include "cli/device.h"
#include "cli/message.h"
#include "cli/output.h"
#include "report/confusion.h"
#include "report/curves.h"
#include "report/templates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char about[] = "Draws a picture, by gnuplot. Of LOGs, which clinear train wrote with --log, the\n"
                            "course of the trainings: accuracy and loss over minibatches or iterations, for\n"
                            "training and validation. Of a MODEL its weights, an image for each output. Of a\n"
                            "MODEL and DATA the confusion matrix, as clinear evaluate has it.\n\n"
                            "The picture is SVG or PNG, as the name of FILE ends.\n";

static const char examples[] = "  clinear plot run.jsonl -o curves.svg\n"
                               "  clinear plot slow.jsonl fast.jsonl -o both.png\n"
                               "  clinear plot digits.safetensors -o weights.svg\n"
                               "  clinear plot digits.safetensors data/mnist -o confusion.svg\n";

enum { operands_most = 16 };

typedef struct request {
    const char *output, *device, *labels, *part, *no_tuning, *no_selftest;
    const char *operands[operands_most];
    size_t count;
    cln_options *options; /* for the engine alone */
    cln_picture_form form;
    char *picture; /* (size) */
    size_t size;
} request;

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static cln_status draw_curves(request *r, cln_error *error)
{
    cln_status status = CLN_OK;
    cln_log_rows rows[CLN_CURVES_MOST] = {{.rows = NULL}};
    cln_curve curves[CLN_CURVES_MOST];
    if (r->count > CLN_CURVES_MOST)
        return cln_fail(error, CLN_INVALID,
                        "%zu logs in one picture cannot be told apart by their colours; give at most %d", r->count,
                        CLN_CURVES_MOST);
    for (size_t i = 0; i < r->count; i++) {
        curves[i] = (cln_curve){r->operands[i], &rows[i]};
        TRY(cln_log_read(r->operands[i], &rows[i], error));
        if (rows[i].cut)
            cln_message_note("the last line of %s is not whole, and is left out", r->operands[i]);
    }
    TRY(cln_report_curves(curves, r->count, r->form, &r->picture, &r->size, error));
out:
    for (size_t i = 0; i < CLN_CURVES_MOST; i++)
        cln_log_rows_release(&rows[i]);
    return status;
}

static cln_status draw_templates(request *r, cln_error *error)
{
    cln_status status;
    cln_model *model = NULL;
    TRY(cln_model_load(r->operands[0], &model, error));
    TRY(cln_report_templates(model, file_name(r->operands[0]), r->form, &r->picture, &r->size, error));
out:
    cln_model_free(model);
    return status;
}

static cln_status draw_confusion(request *r, cln_error *error)
{
    cln_status status;
    const char *path = r->operands[1];
    cln_assessment assessment = {.part = r->part ? r->part : "test", .data = path};
    cln_model *model = NULL;
    cln_dataset *data = NULL;
    cln_device *device = NULL;
    cln_part part;
    TRY(cln_data_part(r->part, path, &part, error));
    TRY(cln_model_load(r->operands[0], &model, error));
    TRY(cln_data_open(path, r->labels, part, true, &data, error));
    TRY(cln_cli_device_open_trusted(r->device, r->no_tuning, r->no_selftest, &device, error));
    assessment.model = model;
    TRY(cln_model_evaluate(model, device, cln_options_get(r->options, "engine"), data, &assessment.evaluation, error));
    TRY(cln_report_confusion(&assessment, file_name(r->operands[0]), r->form, &r->picture, &r->size, error));
out:
    cln_evaluation_free(&assessment.evaluation);
    cln_device_close(device);
    cln_dataset_close(data);
    cln_model_free(model);
    return status;
}

/* What would be without effect is a mistake that is better heard of. */
static cln_status check_company(const request *r, cln_error *error)
{
    const char *option = r->part                                     ? "part"
                         : r->labels                                 ? "labels"
                         : r->device                                 ? "device"
                         : r->no_tuning                              ? "no-tuning"
                         : r->no_selftest                            ? "no-selftest"
                         : cln_options_changed(r->options, "engine") ? "engine"
                                                                     : NULL;
    if (!option)
        return CLN_OK;
    return cln_fail(error, CLN_INVALID, "option --%s is for the confusion matrix, which needs a MODEL and DATA",
                    option);
}

/* What is drawn is decided by the first file. */
static cln_status draw(request *r, cln_error *error)
{
    cln_status status;
    bool is_log;
    TRY(cln_log_recognise(r->operands[0], &is_log, error));
    if (!is_log && r->count > 2)
        return cln_fail(error, CLN_INVALID,
                        "%s is a model, which is drawn alone or with one DATA, not with %zu more files", r->operands[0],
                        r->count - 1);
    if (is_log || r->count == 1)
        TRY(check_company(r, error));
    TRY(is_log ? draw_curves(r, error) : r->count == 1 ? draw_templates(r, error) : draw_confusion(r, error));
out:
    return status;
}

static cln_status keep(const request *r, cln_error *error)
{
    cln_status status;
    cln_replacement file = {0};
    TRY(cln_os_replace_begin(&file, r->output, error));
    if (fwrite(r->picture, 1, r->size, file.stream) != r->size) {
        status = cln_fail(error, CLN_IO, "cannot write %s: %s; nothing was changed there", r->output, strerror(errno));
        goto out;
    }
    TRY(cln_os_replace_commit(&file, error));
out:
    cln_os_replace_abandon(&file);
    return status;
}

static cln_status check_output(request *r, cln_error *error)
{
    cln_status status;
    if (!r->output)
        return cln_fail(error, CLN_INVALID, "option --output is needed, the .svg or .png file to write");
    TRY(cln_picture_form_of(r->output, &r->form, error));
    TRY(cln_output_check("output", r->output, r->operands, r->count, error));
    TRY(cln_output_check("output", r->output, &r->labels, 1, error));
out:
    return status;
}

static int run_plot(const cln_arguments *arguments, cln_options *options, void *user)
{
    request *r = user;
    cln_error error = {0};
    cln_status status;
    r->options = options;
    while (r->count < operands_most && cln_arguments_operand(arguments, r->count)) {
        r->operands[r->count] = cln_arguments_operand(arguments, r->count);
        r->count++;
    }
    TRY(check_output(r, &error));
    TRY(draw(r, &error));
    TRY(keep(r, &error));
out:
    free(r->picture);
    return status == CLN_OK ? CLN_EXIT_DONE : cln_message_failure(&error, NULL);
}

int cln_command_plot(int argc, const char **argv)
{
    request r = {0};
    const char *quiet = NULL, *timeout = NULL;
    const cln_flag flags[] = {
        {"output", 'o', "FILE", "write the picture to this file, .svg or .png", &r.output},
        {"labels", 0, "FILE", "the labels of DATA, where that is a file of images", &r.labels},
        {"part", 0, "train|test", "which part of the folder DATA (default test)", &r.part},
        CLN_FLAG_DEVICE(&r.device),
        CLN_FLAG_NO_TUNING(&r.no_tuning),
        CLN_FLAG_NO_SELFTEST(&r.no_selftest),
        CLN_FLAG_TIMEOUT(&timeout),
        CLN_FLAG_QUIET(&quiet),
    };
    const cln_usage usage = {.command = "plot",
                             .operands = "LOG...|MODEL [DATA] -o FILE [OPTIONS]",
                             .about = about,
                             .examples = examples,
                             .least = 1,
                             .most = operands_most,
                             .flags = flags,
                             .flag_count = CLN_COUNT(flags),
                             .only = "engine"};
    return cln_call(usage, &quiet, argc, argv, run_plot, &r);
}
