#include "base/size.h"
#include "cli/call.h"
#include "cli/command.h"
#include "cli/data.h"
#include "cli/message.h"
#include "report/verification.h"

#include <stdio.h>

static const char about[] = "Computes again, in double precision and without any OpenCL device, what a model\n"
                            "was certified with when it was trained: its objective on the rows that it was\n"
                            "trained on, the relative gradient (see --tolerance of clinear train), and, where\n"
                            "a penalty allows one, a bound on how far from the optimum it can be. The exit\n"
                            "status is 0 where the model is what it says, 1 otherwise.\n\n"
                            "--engine is accepted as everywhere, and nothing depends on it.\n\n"
                            "MODEL is a file that clinear train wrote. DATA is what it was trained on: a\n"
                            "folder, of which the training part is used, or one IDX file of images.\n";

static const char examples[] = "  clinear train data/mnist --solver lbfgs --l2 1e-4 -o digits.safetensors\n"
                               "  clinear verify digits.safetensors data/mnist\n";

typedef struct request {
    const char *model, *data, *labels, *json;
} request;

static int verify(const request *r)
{
    cln_error error = {0};
    cln_model *model = NULL;
    cln_dataset *data = NULL;
    cln_verified verified = {.path = r->model, .data = r->data};
    cln_status status;
    int code = CLN_EXIT_FAILED;
    TRY(cln_model_load(r->model, &model, &error));
    TRY(cln_data_open(r->data, r->labels, CLN_PART_TRAIN, true, &data, &error));
    TRY(cln_model_verify(model, data, &verified.verification, &error));
    verified.model = model;
    TRY(r->json ? cln_report_verification_json(&verified, stdout, &error)
                : cln_report_verification(&verified, stdout, &error));
    code = verified.verification.agrees ? CLN_EXIT_DONE : CLN_EXIT_FAILED;
out:
    if (status != CLN_OK)
        code = cln_message_failure(&error, NULL);
    cln_dataset_close(data);
    cln_model_free(model);
    return code;
}

static int run_verify(const cln_arguments *arguments, cln_options *options, void *user)
{
    request *r = user;
    (void)options;
    r->model = cln_arguments_operand(arguments, 0);
    r->data = cln_arguments_operand(arguments, 1);
    return verify(r);
}

int cln_command_verify(int argc, const char **argv)
{
    request r = {0};
    const char *quiet = NULL;
    const cln_flag flags[] = {
        {"labels", 0, "FILE", "the labels of DATA, where that is a file of images", &r.labels},
        CLN_FLAG_JSON(&r.json),
        CLN_FLAG_QUIET(&quiet),
    };
    const cln_usage usage = {.command = "verify",
                             .operands = "MODEL DATA [OPTIONS]",
                             .about = about,
                             .examples = examples,
                             .least = 2,
                             .most = 2,
                             .flags = flags,
                             .flag_count = CLN_COUNT(flags),
                             .only = "engine"};
    return cln_call(usage, &quiet, argc, argv, run_verify, &r);
}
