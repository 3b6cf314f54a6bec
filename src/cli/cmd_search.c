#include "base/number.h"
#include "base/os.h"
#include "base/size.h"
#include "cli/call.h"
#include "cli/command.h"
#include "cli/device.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/parts.h"
#include "cli/training.h"
#include "report/search.h"
#include "report/text.h"

#include <math.h>
#include <stdio.h>

static const char about[] = "Trains every configuration of a grid of options, ranks them by their errors in\n"
                            "validation, and trains the best again: on all rows of DATA where nothing needs to\n"
                            "be held back any more. Validated is on --valid, or on each of --folds folds.\n\n"
                            "The grid names options of train with their values; every value of each goes with\n"
                            "every value of the others. A value in braces may hold commas. Equal errors are\n"
                            "decided by the validation loss, then by the order of the grid. Configurations\n"
                            "that differ in step size, momentum and penalty alone are trained in one pass.\n\n"
                            "With --state the same command goes on where it was interrupted.\n";

static const char examples[] = "  clinear search data/mnist --valid 10000 --grid \"l2=0,1e-4;learning-rate=.1,.5\"\n"
                               "      four trainings, and the best of them again on all 60,000 rows\n"
                               "  clinear search data/mnist --folds 5 --grid \"l2=0,1e-4,1e-3\" -o digits.safetensors\n"
                               "      by cross-validation; the best is kept\n"
                               "  clinear search data/mnist --valid 10000 --grid \"batch-size=50,200;epochs=5,20\" \\\n"
                               "      --state search.jsonl\n"
                               "      can be interrupted, and goes on\n";

typedef struct request {
    const char *output, *grid, *folds, *state, *device, *json, *no_tuning;
    cln_part_words words;
    cln_options *options;
} request;

/* ---- progress */

typedef struct display {
    const request *request;
    const cln_search *search;
    bool terminal, stopping;
    double drawn;
} display;

static void describe_row(const cln_search *search, const cln_search_row *row, char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; cln_search_name(search, i) && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s=%s", i ? " " : "", cln_search_name(search, i),
                                 cln_search_value(search, row->index, i));
}

/* On a terminal a live line, otherwise a line for each configuration. */
static void show(display *d, const cln_search_progress *now)
{
    char text[512], configuration[256];
    cln_text left, error;
    if (cln_message_is_quiet())
        return;
    if (d->terminal) {
        double clock = cln_os_seconds();
        if (clock - d->drawn < 0.1)
            return;
        d->drawn = clock;
        size_t width = cln_os_terminal_width(stderr); /* the last column stays free: it would wrap the line */
        snprintf(text, width < sizeof text ? width : sizeof text, "%llu/%llu trainings, %s left",
                 (unsigned long long)now->done, (unsigned long long)now->count,
                 cln_text_seconds(left, now->seconds_left));
        cln_message_live(text);
    } else if (now->row) {
        const cln_score *valid = &now->row->valid;
        describe_row(d->search, now->row, configuration, sizeof configuration);
        if (now->row->stopped == CLN_STOP_DIVERGED)
            cln_message_note("%llu/%llu %s: diverged", (unsigned long long)now->done, (unsigned long long)now->count,
                             configuration);
        else
            cln_message_note("%llu/%llu %s: validation error %s", (unsigned long long)now->done,
                             (unsigned long long)now->count, configuration,
                             cln_text_percent(error, (double)valid->errors / (double)valid->rows));
    }
}

static int on_progress(const cln_search_progress *now, void *user)
{
    display *d = user;
    show(d, now);
    if (cln_interrupted() && !d->stopping) {
        d->stopping = true;
        cln_message_note("stopping%s%s; Ctrl-C again ends this at once",
                         d->request->state ? ": the same command goes on from " : "",
                         d->request->state ? d->request->state : "");
    }
    return d->stopping;
}

/* ---- the command */

static cln_status check(const request *r, uint32_t *folds, cln_error *error)
{
    cln_status status = CLN_OK;
    uint64_t number = 0;
    const char *const inputs[] = {r->words.data, r->words.labels, r->words.valid, r->words.test};
    if (!r->grid)
        return cln_fail(error, CLN_INVALID, "option --grid is missing; for example --grid \"l2=0,1e-4\"");
    if (cln_parts_option_is_given(r->options, "log-every"))
        return cln_fail(error, CLN_INVALID, "option --log-every does nothing here; a search writes no log");
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

/* The best again; the exit code is that of its training. */
static int refit(const request *r, cln_device *device, cln_search *search, cln_training *training, bool *finished,
                 cln_error *error)
{
    cln_trainer *trainer = NULL;
    const cln_job job = {.options = r->options, .output = r->output, .data = r->words.data};
    cln_search_row best;
    if (cln_search_refit(search, &trainer, error) != CLN_OK)
        return CLN_EXIT_FAILED;
    cln_search_best(search, &best);
    for (size_t i = 0; cln_search_name(search, i); i++) /* for the report */
        if (cln_options_set(r->options, cln_search_name(search, i), cln_search_value(search, best.index, i), error) !=
            CLN_OK)
            break;
    int code = cln_job_train(&job, device, trainer, training, finished);
    cln_trainer_close(trainer);
    return code;
}

static int search_grid(const request *r)
{
    cln_error error = {0};
    cln_status status;
    cln_device *device = NULL;
    cln_parts parts = {0};
    cln_search *search = NULL;
    cln_training training = {0};
    cln_search_report report = {.grid = r->grid};
    display d = {.request = r, .terminal = cln_os_is_terminal(stderr)};
    bool finished = false;
    int code = CLN_EXIT_FAILED;
    TRY(check(r, &report.folds, &error));
    TRY(cln_parts_open(&r->words, r->options, &parts, &error));
    TRY(cln_cli_device_open(r->device, r->no_tuning, &device, &error));
    TRY(cln_search_create(device, r->options, r->grid, report.folds, &parts, r->state, &search, &error));
    d.search = report.search = search;
    cln_interrupt_defer();
    cln_message_note("searching %zu configurations on device %d, %s", cln_search_count(search),
                     cln_device_describe(device)->index, cln_device_describe(device)->name);
    double began = cln_os_seconds();
    status = cln_search_run(search, on_progress, &d, &error);
    cln_message_end_live();
    TRY(status);
    report.seconds = cln_os_seconds() - began;
    code = d.stopping ? CLN_EXIT_INTERRUPTED : refit(r, device, search, &training, &finished, &error);
    report.interrupted = code == CLN_EXIT_INTERRUPTED;
    report.refit = finished ? &training : NULL;
    cln_status written =
        r->json ? cln_report_search_json(&report, stdout, &error) : cln_report_search(&report, stdout, &error);
    status = error.status != CLN_OK ? error.status : written;
out:
    if (status != CLN_OK)
        code = cln_message_failure(&error, device);
    cln_search_close(search);
    cln_device_close(device);
    cln_parts_close(&parts);
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
    const char *quiet = NULL;
    const cln_flag flags[] = {
        {"grid", 0, "GRID", "options and their values: \"l2=0,1e-4;learning-rate=.1,.5\"", &r.grid},
        {"folds", 0, "K", "validate on each of K parts of DATA, training on the others", &r.folds},
        {"state", 0, "FILE", "keep each training in this file, and go on from it", &r.state},
        {"output", 'o', "MODEL", "write the best, trained again, to this safetensors file", &r.output},
        CLN_FLAG_DEVICE(&r.device),
        CLN_FLAGS_PARTS(&r.words),
        CLN_FLAG_NO_TUNING(&r.no_tuning),
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
                             .flag_count = CLN_COUNT(flags)};
    return cln_call(usage, &quiet, argc, argv, run_search, &r);
}
