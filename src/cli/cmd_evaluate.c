#include "base/size.h"
#include "cli/call.h"
#include "cli/command.h"
#include "cli/data.h"
#include "cli/device.h"
#include "cli/message.h"
#include "report/evaluation.h"

static const char about[] = "Says how good a model is on labelled data: mean loss, errors, accuracy, the\n"
                            "confusion matrix, and precision, recall and F1 of each class.\n\n"
                            "MODEL is a file that clinear train wrote. DATA is a folder with IDX files under\n"
                            "MNIST's names, of which the test part is scored, or one IDX file of images with\n"
                            "--labels. These files have labels of classes, so a model of real-valued targets\n"
                            "cannot be scored on them.\n";

static const char examples[] = "  clinear evaluate digits.safetensors data/mnist\n"
                               "  clinear evaluate digits.safetensors data/mnist --part train --json\n"
                               "  clinear evaluate digits.safetensors images --labels labels\n";

typedef struct request {
    const char *model, *data, *device, *labels, *part, *json, *no_tuning, *no_selftest;
    cln_options *options; /* for the engine alone */
} request;

static int evaluate(const request *r)
{
    cln_error error = {0};
    cln_assessment assessment = {.part = r->part ? r->part : "test", .data = r->data};
    cln_model *model = NULL;
    cln_dataset *data = NULL;
    cln_device *device = NULL;
    cln_part part;
    cln_status status;
    int code = CLN_EXIT_DONE;
    TRY(cln_data_part(r->part, r->data, &part, &error));
    TRY(cln_model_load(r->model, &model, &error));
    TRY(cln_data_open(r->data, r->labels, part, true, &data, &error));
    TRY(cln_cli_device_open_trusted(r->device, r->no_tuning, r->no_selftest, &device, &error));
    assessment.model = model;
    assessment.device = *cln_device_describe(device);
    TRY(cln_model_evaluate(model, device, cln_options_get(r->options, "engine"), data, &assessment.evaluation, &error));
    TRY(r->json ? cln_report_evaluation_json(&assessment, stdout, &error)
                : cln_report_evaluation(&assessment, stdout, &error));
    code = cln_message_score(assessment.part, &assessment.evaluation.score, code);
out:
    if (status != CLN_OK)
        code = cln_message_failure(&error, device);
    cln_evaluation_free(&assessment.evaluation);
    cln_device_close(device);
    cln_dataset_close(data);
    cln_model_free(model);
    return code;
}

static int run_evaluate(const cln_arguments *arguments, cln_options *options, void *user)
{
    request *r = user;
    r->options = options;
    r->model = cln_arguments_operand(arguments, 0);
    r->data = cln_arguments_operand(arguments, 1);
    return evaluate(r);
}

int cln_command_evaluate(int argc, const char **argv)
{
    request r = {0};
    const char *quiet = NULL, *timeout = NULL;
    const cln_flag flags[] = {
        CLN_FLAG_DEVICE(&r.device),
        {"labels", 0, "FILE", "the labels of DATA, where that is a file of images", &r.labels},
        {"part", 0, "train|test", "which part of the folder DATA (default test)", &r.part},
        CLN_FLAG_NO_TUNING(&r.no_tuning),
        CLN_FLAG_NO_SELFTEST(&r.no_selftest),
        CLN_FLAG_TIMEOUT(&timeout),
        CLN_FLAG_JSON(&r.json),
        CLN_FLAG_QUIET(&quiet),
    };
    const cln_usage usage = {.command = "evaluate",
                             .operands = "MODEL DATA [OPTIONS]",
                             .about = about,
                             .examples = examples,
                             .least = 2,
                             .most = 2,
                             .flags = flags,
                             .flag_count = CLN_COUNT(flags),
                             .only = "engine"};
    return cln_call(usage, &quiet, argc, argv, run_evaluate, &r);
}
