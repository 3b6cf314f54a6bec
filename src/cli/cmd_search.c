#include "base/number.h"
#include "base/os.h"
#include "base/size.h"
#include "cli/call.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/parts.h"
#include "cli/searching.h"

#include <stdio.h>

static const char about[] = "Trains every configuration of a grid of options, ranks them by their errors in\n"
                            "validation, and trains the best again: on all rows of DATA where nothing needs\n"
                            "to be held back any more. They are validated on --valid, or on each of --folds\n"
                            "folds in turn.\n\n"
                            "The grid names options of train with their values; every value of each goes with\n"
                            "every value of the others. A value in braces may hold commas, as in\n"
                            "class-weights={3:2,6:1},balanced. Other options hold for every configuration.\n"
                            "Equal errors are decided by the validation loss, then by the order of the grid.\n"
                            "Configurations of sgd that differ in step size, momentum and penalty alone are\n"
                            "trained in one pass over the data.\n\n"
                            "With --state the same command goes on where it was interrupted.\n";

static const char examples[] = "  clinear search data/mnist --valid 10000 --grid \"l2=0,1e-4;learning-rate=.1,.5\"\n"
                               "      four trainings, and the best of them again on all 60,000 rows\n"
                               "  clinear search data/mnist --folds 5 --grid \"l2=0,1e-4,1e-3\" -o best.safetensors\n"
                               "      by cross-validation; the best is kept\n"
                               "  clinear search data/mnist --valid 10000 --grid \"batch-size=50,200;epochs=5,20\" \\\n"
                               "      --state search.jsonl\n"
                               "      can be interrupted, and goes on\n";

typedef struct request {
    const char *output, *grid, *folds, *state, *device, *json, *no_tuning, *no_selftest;
    cln_part_words words;
    cln_options *options;
} request;

static cln_status check(const request *r, uint32_t *folds, cln_error *error)
{
    cln_status status = CLN_OK;
    uint64_t number = 0;
    const char *const inputs[] = {r->words.data, r->words.labels, r->words.valid, r->words.test};
    if (!r->grid)
        return cln_fail(error, CLN_INVALID, "option --grid is missing; for example --grid \"l2=0,1e-4\"");
    if (r->folds && (!cln_parse_count(r->folds, &number) || number < 2 || number > 1000000))
        return cln_fail(error, CLN_INVALID, "option --folds: '%s' is no number of folds, 2 and more", r->folds);
    *folds = (uint32_t)number;
    if (r->output && r->state && cln_os_same_file(r->output, r->state))
        return cln_fail(error, CLN_INVALID, "options --output and --state name the same file, %s; give two names",
                        r->state);
    if (r->output)
        TRY(cln_output_check("output", r->output, inputs, CLN_COUNT(inputs), error));
    if (r->state)
        TRY(cln_output_check("state", r->state, inputs, CLN_COUNT(inputs), error));
out:
    return status;
}

static cln_status tell(const cln_search_report *report, void *user, cln_error *error)
{
    const request *r = user;
    return r->json ? cln_report_search_json(report, stdout, error) : cln_report_search(report, stdout, error);
}

static int search_grid(request *r)
{
    cln_error error = {0};
    cln_status status;
    cln_training training = {0};
    bool finished;
    int code = CLN_EXIT_FAILED;
    cln_search_job job = {.options = r->options,
                          .grid = r->grid,
                          .state = r->state,
                          .output = r->output,
                          .device = r->device,
                          .no_tuning = r->no_tuning,
                          .no_selftest = r->no_selftest,
                          .data = r->words.data,
                          .tell = tell,
                          .user = r};
    TRY(check(r, &job.folds, &error));
    TRY(cln_parts_open(&r->words, r->options, &job.parts, &error));
    code = cln_search_job_run(&job, &training, &finished);
    cln_training_release(&training);
out:
    if (status != CLN_OK)
        code = cln_message_failure(&error, NULL);
    cln_parts_close(&job.parts);
    return code;
}

static int run_search(const cln_arguments *arguments, cln_options *options, void *user)
{
    request *r = user;
    r->options = options;
    r->words.data = cln_arguments_operand(arguments, 0);
    return search_grid(r);
}

int cln_command_search(int argc, const char **argv)
{
    request r = {0};
    const char *quiet = NULL, *timeout = NULL;
    const cln_flag flags[] = {
        {"grid", 0, "GRID", "options and their values: \"l2=0,1e-4;learning-rate=.1,.5\"", &r.grid},
        {"folds", 0, "K", "validate on each of K parts of the training rows, training on the others", &r.folds},
        {"state", 0, "FILE", "write each result to this file at once, and train nothing again that is in it", &r.state},
        {"output", 'o', "MODEL", "write the best, trained again, to this safetensors file", &r.output},
        CLN_FLAG_DEVICE(&r.device),
        CLN_FLAGS_PARTS(&r.words),
        CLN_FLAG_NO_TUNING(&r.no_tuning),
        CLN_FLAG_NO_SELFTEST(&r.no_selftest),
        CLN_FLAG_TIMEOUT(&timeout),
        CLN_FLAG_JSON(&r.json),
        CLN_FLAG_QUIET(&quiet),
    };
    const cln_usage usage = {.command = "search",
                             .operands = "DATA --grid GRID [OPTIONS]",
                             .about = about,
                             .examples = examples,
                             .least = 1,
                             .most = 1,
                             .flags = flags,
                             .flag_count = CLN_COUNT(flags),
                             .without = "log-every"}; /* a search writes no log */
    return cln_call(usage, &quiet, argc, argv, run_search, &r);
}
