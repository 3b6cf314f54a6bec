#include "base/number.h"
#include "base/size.h"
#include "cli/call.h"
#include "cli/command.h"
#include "cli/data.h"
#include "cli/message.h"
#include "cli/training.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char about[] = "Trains a model on DATA and says how good it is.\n\n"
                            "DATA is a folder with IDX files under MNIST's names, plain or .gz: the model\n"
                            "learns from the training part and is scored on the test part at the end. Or it\n"
                            "is one IDX file of images, with --labels. With -o the model is kept as a\n"
                            "safetensors file, whose weight and bias PyTorch's nn.Linear loads as they are.\n\n"
                            "Ctrl-C stops cleanly: the model as it is then is scored and kept.\n";

static const char examples[] = "  clinear train data/mnist\n"
                               "      ten passes over MNIST with the defaults, on the best device\n"
                               "  clinear train data/mnist -o digits.safetensors --valid 10000 --patience 5\n"
                               "      hold back 10,000 rows, stop after 5 passes without progress on them, and\n"
                               "      keep the best model\n"
                               "  clinear train data/mnist --classes 3,6 --device gpu --log run.jsonl\n"
                               "      threes against sixes on a GPU, with a log\n"
                               "  clinear train images-idx3-ubyte --labels labels-idx1-ubyte --json --quiet\n"
                               "      files of one's own; one JSON value on stdout, nothing else\n";

typedef struct request {
    const char *data, *output, *device, *labels, *valid, *test, *log, *json, *no_tuning, *profile;
    cln_options *options;
} request;

/* Of a folder the test part; a lone file would have no labels. */
static cln_status open_other(const char *option, const char *path, cln_dataset **data, cln_error *error)
{
    if (access(path, F_OK) == 0 && !cln_dataset_has_parts(path))
        return cln_fail(error, CLN_INVALID, "option --%s: %s is no folder, and a file of images has no labels", option,
                        path);
    return cln_data_open(path, NULL, CLN_PART_TEST, true, data, error);
}

/* --valid is a number of rows, which is an option of the trainer, or names a data set. */
static cln_status set_valid(const request *r, cln_dataset **valid, cln_error *error)
{
    double number;
    if (!r->valid)
        return CLN_OK;
    if (cln_parse_real(r->valid, &number))
        return cln_options_set(r->options, "valid", r->valid, error);
    if (access(r->valid, F_OK) != 0)
        return cln_fail(error, CLN_INVALID,
                        "option --valid: '%s' is neither a number of rows nor an existing folder or file", r->valid);
    return open_other("valid", r->valid, valid, error);
}

/* An option of the table that was given another value than it has by itself. */
static bool is_changed(const cln_options *options, const char *name)
{
    const cln_option_info *info;
    for (size_t i = 0; (info = cln_option_at(i)); i++)
        if (strcmp(info->name, name) == 0)
            return strcmp(cln_options_get(options, name), info->initial) != 0;
    return false;
}

/* What would be without effect is a mistake that is better heard of. */
static cln_status check_company(const request *r, cln_error *error)
{
    static const char *const patient[] = {"patience-increase", "improvement"};
    if (!r->log && is_changed(r->options, "log-every"))
        return cln_fail(error, CLN_INVALID, "option --log-every needs --log, the file to write to");
    for (size_t i = 0; i < 2; i++)
        if (is_changed(r->options, patient[i]) && !is_changed(r->options, "patience-iterations"))
            return cln_fail(error, CLN_INVALID, "option --%s needs --patience-iterations, the rule that it belongs to",
                            patient[i]);
    return CLN_OK;
}

static cln_status open_parts(const request *r, cln_parts *parts, cln_error *error)
{
    cln_status status;
    const char *wrong;
    TRY(check_company(r, error));
    TRY(set_valid(r, &parts->valid, error));
    wrong = cln_options_check(r->options);
    if (wrong) {
        status = cln_fail(error, CLN_INVALID, "%s", wrong);
        goto out;
    }
    TRY(cln_data_open(r->data, r->labels, CLN_PART_TRAIN, true, &parts->train, error));
    if (r->test)
        TRY(open_other("test", r->test, &parts->test, error));
    else if (cln_dataset_has_parts(r->data))
        TRY(cln_data_open(r->data, NULL, CLN_PART_TEST, true, &parts->test, error));
out:
    return status;
}

static int train(const request *r)
{
    cln_error error = {0};
    cln_training training;
    bool finished = false;
    cln_job job = {.options = r->options,
                   .device = r->device,
                   .no_tuning = r->no_tuning,
                   .output = r->output,
                   .log = r->log,
                   .profile = r->profile != NULL,
                   .data = r->data,
                   .inputs = {r->data, r->labels, r->valid, r->test}};
    int code;
    if (open_parts(r, &job.parts, &error) == CLN_OK) {
        code = cln_job_run(&job, &training, &finished);
        if (finished && (r->json ? cln_report_training_json(&training, stdout, &error)
                                 : cln_report_training(&training, stdout, &error)) != CLN_OK)
            code = cln_message_failure(&error, NULL);
        cln_training_release(&training);
    } else {
        code = cln_message_failure(&error, NULL);
    }
    cln_dataset_close(job.parts.test);
    cln_dataset_close(job.parts.valid);
    cln_dataset_close(job.parts.train);
    return code;
}

static int run_train(const cln_arguments *arguments, cln_options *options, void *user)
{
    request *r = user;
    r->options = options;
    r->data = cln_arguments_operand(arguments, 0);
    return train(r);
}

int cln_command_train(int argc, const char **argv)
{
    request r = {0};
    const char *quiet = NULL;
    const cln_flag flags[] = {
        {"output", 'o', "MODEL", "write the model to this safetensors file", &r.output},
        CLN_FLAG_DEVICE(&r.device),
        {"labels", 0, "FILE", "the labels of DATA, where that is a file of images", &r.labels},
        {"valid", 0, NULL, NULL, &r.valid},
        {"test", 0, "FOLDER",
         "score the test part of this folder at the end (default: of DATA, where that is a folder)", &r.test},
        {"log", 0, "FILE", "write a line of JSON for each epoch to this file, as it goes", &r.log},
        {"profile", 0, NULL,
         "say where the time of the training went, kernel by kernel, and how near each is to the device's limits",
         &r.profile},
        CLN_FLAG_NO_TUNING(&r.no_tuning),
        CLN_FLAG_JSON(&r.json),
        CLN_FLAG_QUIET(&quiet),
    };
    const cln_usage usage = {.command = "train",
                             .operands = "DATA [OPTIONS]",
                             .about = about,
                             .examples = examples,
                             .least = 1,
                             .most = 1,
                             .flags = flags,
                             .flag_count = CLN_COUNT(flags)};
    return cln_call(usage, &quiet, argc, argv, run_train, &r);
}
