#include "base/number.h"
#include "base/size.h"
#include "cli/call.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/parts.h"
#include "cli/training.h"

#include <stdio.h>

static const char about[] = "Trains a model on DATA, and says how good it is and why it stopped.\n\n"
                            "DATA is a folder with IDX files under MNIST's names, plain or .gz: the model\n"
                            "learns from the training part and is scored on the test part at the end. Or it\n"
                            "is one IDX file of images, with --labels. With -o the model is kept as a\n"
                            "safetensors file, whose weight and bias PyTorch's nn.Linear loads as they are.\n\n"
                            "The objective is the mean loss over the training rows plus the penalties. Solver\n"
                            "sgd goes through the rows in minibatches, --epochs times; lbfgs computes on all\n"
                            "rows until the relative gradient is within --tolerance; direct solves linear\n"
                            "models in closed form. What lbfgs and direct find, and every model kept with -o,\n"
                            "is certified in double precision, which clinear verify can repeat.\n\n"
                            "Ctrl-C stops cleanly: the model as it is then is scored and kept. With --checkpoint\n"
                            "a run that was stopped or killed goes on with --resume, and its --log, too.\n";

static const char examples[] =
    "  clinear train data/mnist\n"
    "      ten passes over MNIST with the defaults, on the best device\n"
    "  clinear train data/mnist -o digits.safetensors --valid 10000 --patience 5\n"
    "      hold back 10,000 rows, stop after 5 passes without progress on them, and\n"
    "      keep the best model\n"
    "  clinear train data/mnist --classes 3,6 --device gpu --log run.jsonl\n"
    "      threes against sixes on a GPU, with a log\n"
    "  clinear train data/mnist --momentum 0.9 --schedule cosine --epochs 30\n"
    "      longer strides, which become shorter towards the end\n"
    "  clinear train data/mnist --solver lbfgs --l2 1e-4 --tolerance 1e-6\n"
    "      to the optimum, and by how much it can be missed at most\n"
    "  clinear train data/mnist --model linear --solver direct --valid 10000 \\\n"
    "      --alpha 0.1,1,10,100,1000\n"
    "      ridge regression in closed form, by the penalty that validates best\n"
    "  clinear train data/mnist --batch-size 1000 --dry-run\n"
    "      how much memory that takes, and whether it fits; nothing is computed\n"
    "  clinear train data/mnist --epochs 1000 --log run.jsonl --checkpoint run.checkpoint\n"
    "      a long run; the same with --resume run.checkpoint goes on after whatever ended it\n"
    "  clinear train images-idx3-ubyte --labels labels-idx1-ubyte --json --quiet\n"
    "      files of one's own; one JSON value on stdout, nothing else\n";

typedef struct request {
    const char *output, *device, *log, *json, *no_tuning, *no_selftest, *profile, *dry_run;
    const char *checkpoint, *every, *resume;
    cln_part_words words;
    cln_options *options;
} request;

static cln_status open_parts(const request *r, uint64_t *every, cln_parts *parts, cln_error *error)
{
    if (!r->log && cln_options_changed(r->options, "log-every"))
        return cln_fail(error, CLN_INVALID, "option --log-every needs --log, the file to write to");
    if (r->every && !r->checkpoint && !r->resume)
        return cln_fail(error, CLN_INVALID, "option --checkpoint-every needs --checkpoint, the file to write to");
    if (r->every && (!cln_parse_count(r->every, every) || *every == 0))
        return cln_fail(error, CLN_INVALID, "option --checkpoint-every takes a whole number from 1, not \"%.80s\"",
                        r->every);
    if (r->dry_run && r->profile)
        return cln_fail(error, CLN_INVALID,
                        "option --profile times a training, and --dry-run does none; leave one of them out");
    if (r->dry_run && r->resume)
        return cln_fail(error, CLN_INVALID,
                        "option --resume goes on with a training, and --dry-run does none; leave one of them out");
    return cln_parts_open(&r->words, r->options, parts, error);
}

static int run_job(const request *r, const cln_job *job)
{
    cln_error error = {0};
    cln_training training;
    bool finished = false;
    int code = cln_job_run(job, &training, &finished);
    if (finished && (r->json ? cln_report_training_json(&training, stdout, &error)
                             : cln_report_training(&training, stdout, &error)) != CLN_OK)
        code = cln_message_failure(&error, NULL);
    cln_training_release(&training);
    return code;
}

static int estimate_job(const request *r, const cln_job *job)
{
    cln_error error = {0};
    cln_estimated estimated;
    bool finished = false;
    int code = cln_job_estimate(job, &estimated, &finished);
    if (finished && (r->json ? cln_report_estimate_json(&estimated, stdout, &error)
                             : cln_report_estimate(&estimated, stdout, &error)) != CLN_OK)
        code = cln_message_failure(&error, NULL);
    return code;
}

static int train(const request *r)
{
    cln_error error = {0};
    cln_job job = {.options = r->options,
                   .device = r->device,
                   .no_tuning = r->no_tuning,
                   .no_selftest = r->no_selftest,
                   .output = r->output,
                   .log = r->log,
                   .profile = r->profile != NULL,
                   .checkpoint = r->checkpoint,
                   .resume = r->resume,
                   .data = r->words.data,
                   .inputs = {r->words.data, r->words.labels, r->words.valid, r->words.test}};
    int code;
    if (open_parts(r, &job.checkpoint_every, &job.parts, &error) == CLN_OK)
        code = r->dry_run ? estimate_job(r, &job) : run_job(r, &job);
    else
        code = cln_message_failure(&error, NULL);
    cln_parts_close(&job.parts);
    return code;
}

static int run_train(const cln_arguments *arguments, cln_options *options, void *user)
{
    request *r = user;
    r->options = options;
    r->words.data = cln_arguments_operand(arguments, 0);
    return train(r);
}

int cln_command_train(int argc, const char **argv)
{
    request r = {0};
    const char *quiet = NULL, *timeout = NULL;
    const cln_flag flags[] = {
        {"output", 'o', "MODEL", "write the model to this safetensors file", &r.output},
        CLN_FLAG_DEVICE(&r.device),
        CLN_FLAGS_PARTS(&r.words),
        {"log", 0, "FILE", "write a line of JSON for each epoch to this file, as it goes", &r.log},
        {"checkpoint", 0, "FILE",
         "keep in this file all that it takes to go on, at the end of every epoch (or iteration) and when stopped",
         &r.checkpoint},
        {"checkpoint-every", 0, "N", "keep it after every N minibatches (or iterations) instead", &r.every},
        {"resume", 0, "FILE",
         "go on from a checkpoint, with the same data and options, to the same bits; goes on keeping it there, unless "
         "--checkpoint names another file",
         &r.resume},
        {"profile", 0, NULL,
         "say where the time of the training went, kernel by kernel, and how near each is to the device's limits",
         &r.profile},
        {"dry-run", 0, NULL,
         "say what memory the training would take of device and host, and whether that fits, and do nothing",
         &r.dry_run},
        CLN_FLAG_NO_TUNING(&r.no_tuning),
        CLN_FLAG_NO_SELFTEST(&r.no_selftest),
        CLN_FLAG_TIMEOUT(&timeout),
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
