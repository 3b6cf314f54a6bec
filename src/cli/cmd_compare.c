#include "base/number.h"
#include "base/size.h"
#include "cli/call.h"
#include "cli/command.h"
#include "cli/compared.h"
#include "cli/comparing.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/parts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char about[] = "Compares the OpenCL devices of this machine on a training with DATA. Each is held\n"
                            "against double precision on the host first: means, deviations, weights, loss,\n"
                            "predictions and sums, within a few times the usual rounding. Then its limits are\n"
                            "measured, and how fast each engine trains and compiles; what is fastest at what\n"
                            "can be read off the table.\n\n"
                            "Every device works in a process of its own: a driver that dies or hangs, even\n"
                            "while devices are listed, is a row with its reason. All devices are compared but\n"
                            "simulators, which have to be named. --engine auto means both engines.\n\n"
                            "The budget is for all devices together. No verdict is cut short for it, and each\n"
                            "device measures for a third of its share at least. Ctrl-C shows what there is.\n\n"
                            "The exit status is 1 where a device disagrees, fails or does not end in time, where\n"
                            "none could be compared, and where --against finds something slower, or gone though\n"
                            "neither --devices nor --engine left it out. A device that failed its selftest is\n"
                            "compared as well, and its failure said.\n";

static const char examples[] = "  clinear compare data/mnist                          all devices, in two minutes\n"
                               "  clinear compare data/mnist --devices 0,intel --budget 300 --report compare.html\n"
                               "  clinear compare data/mnist --json --quiet >now.json\n"
                               "  clinear compare data/mnist --against now.json       what became slower or faster?\n";

typedef struct request {
    const char *labels, *devices, *budget, *report, *against, *json, *csv;
    int argc;
    const char **argv;
} request;

static cln_status read_budget(const char *text, double *seconds, cln_error *error)
{
    *seconds = 120;
    if (text && (!cln_parse_real(text, seconds) || !(*seconds > 0) || *seconds > 1e6))
        return cln_fail(error, CLN_INVALID, "option --budget: '%s' is no number of seconds above 0, up to 1000000",
                        text);
    return CLN_OK;
}

/* ---- what the comparison is of */

/* Appends a word as a shell would take it. */
static void append_word(char *text, size_t size, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+";
    size_t used = strlen(text);
    bool quoted = !*word || word[strspn(word, plain)];
    used += (size_t)snprintf(text + used, size - used, " %s", quoted ? "'" : "");
    for (; *word && used + 8 < size; word++)
        used += (size_t)snprintf(text + used, size - used, *word == '\'' && quoted ? "'\\''" : "%c", *word);
    if (quoted)
        snprintf(text + used, size - used, "'");
}

static cln_status describe(const request *r, const char *path, cln_comparison *c, cln_error *error)
{
    cln_status status;
    cln_parts parts = {0};
    cln_dataset_info info, test_info = {0};
    time_t now = time(NULL);
    const struct tm *utc = gmtime(&now);
    TRY(cln_parts_open_data(path, r->labels, &parts, error));
    cln_dataset_describe(parts.train, &info);
    if (parts.test)
        cln_dataset_describe(parts.test, &test_info);
    snprintf(c->version, sizeof c->version, "%s", cln_version());
    if (utc)
        strftime(c->date, sizeof c->date, "%Y-%m-%dT%H:%M:%SZ", utc);
    snprintf(c->data, sizeof c->data, "%s", path);
    snprintf(c->type, sizeof c->type, "%s", info.type == CLN_UINT8 ? "uint8" : "float32");
    c->rows = info.rows;
    c->test_rows = test_info.rows;
    c->features = info.features;
    c->outputs = info.outputs;
    snprintf(c->command, sizeof c->command, "clinear");
    for (int i = 0; i < r->argc && strlen(c->command) + strlen(r->argv[i]) + 16 < sizeof c->command; i++)
        append_word(c->command, sizeof c->command, r->argv[i]);
out:
    cln_parts_close(&parts);
    return status;
}

/* Moves the devices that --devices names to the front, in its order; *count becomes their number. */
static cln_status keep_named(const char *words, cln_isolated_device *list, size_t *count, cln_error *error)
{
    cln_status status = CLN_OK;
    char word[128];
    size_t kept = 0, taken;
    cln_device_info *infos = NULL;
    cln_isolated_device *named = NULL;
    bool *is_taken = NULL;
    TRY(cln_allocate((void **)&infos, *count + 1, sizeof *infos, "the list of devices", error));
    TRY(cln_allocate((void **)&named, *count + 1, sizeof *named, "the list of devices", error));
    TRY(cln_allocate((void **)&is_taken, *count + 1, sizeof *is_taken, "the list of devices", error));
    for (size_t i = 0; i < *count; i++)
        infos[i] = list[i].device;
    while (words) {
        if (!cln_next_word(&words, word, sizeof word)) {
            status = cln_fail(error, CLN_INVALID, "option --devices: '%.40s…' is too long for a device", words);
            goto out;
        }
        TRY(cln_device_choose(word + strspn(word, " "), infos, *count, &taken, error));
        if (!is_taken[taken])
            named[kept++] = list[taken];
        is_taken[taken] = true;
    }
    memcpy(list, named, kept * sizeof *list);
    *count = kept;
out:
    free(is_taken);
    free(named);
    free(infos);
    return status;
}

static cln_status list_devices(const request *r, cln_isolated_device **list, size_t *count, cln_error *error)
{
    cln_status status;
    TRY(cln_isolated_list(list, count, error));
    if (r->devices)
        TRY(keep_named(r->devices, *list, count, error));
    if (*count == 0)
        status = cln_fail(error, CLN_NO_DEVICE, "no OpenCL device was found; `clinear devices` explains why");
out:
    return status;
}

/* ---- the command */

static cln_status check(const request *r, const char *path, double *budget, cln_error *error)
{
    cln_status status;
    const char *const inputs[] = {path, r->labels, r->against};
    TRY(read_budget(r->budget, budget, error));
    if (r->json && r->csv) {
        status = cln_fail(error, CLN_INVALID, "options --json and --csv are two forms of one result; give one of them");
        goto out;
    }
    if (r->report)
        TRY(cln_output_check("report", r->report, inputs, CLN_COUNT(inputs), error));
    if (r->report)
        TRY(cln_compared_check_pictures(error));
out:
    return status;
}

static int compare(const request *r, const char *path, const cln_options *options)
{
    cln_error error = {0};
    cln_status status;
    cln_comparison now = {.named = r->devices != NULL}, before = {0};
    cln_isolated_device *devices = NULL;
    cln_comparing comparing = {.data = path,
                               .labels = r->labels,
                               .engine = cln_options_get(options, "engine"),
                               .terminal = cln_os_is_terminal(stderr),
                               .comparison = &now};
    const cln_compared_form form = {r->json != NULL, r->csv != NULL, r->report, r->against ? &before : NULL};
    int code = CLN_EXIT_FAILED;
    TRY(check(r, path, &comparing.budget, &error));
    TRY(describe(r, path, &now, &error));
    if (r->against)
        TRY(cln_compared_read(r->against, &now, &before, &error));
    TRY(list_devices(r, &devices, &comparing.count, &error));
    comparing.devices = devices;
    now.budget = comparing.budget;
    cln_interrupt_defer();
    TRY(cln_compare(&comparing, &error));
    cln_message_erase_live();
    TRY(cln_compared_tell(&form, &now, &code, &error));
out:
    if (status != CLN_OK)
        code = cln_message_failure(&error, NULL);
    free(devices);
    cln_comparison_release(&before);
    cln_comparison_release(&now);
    return code;
}

static int run_compare(const cln_arguments *arguments, cln_options *options, void *user)
{
    return compare(user, cln_arguments_operand(arguments, 0), options);
}

int cln_command_compare(int argc, const char **argv)
{
    request r = {.argc = argc, .argv = argv};
    const char *quiet = NULL;
    const cln_flag flags[] = {
        {"devices", 0, "DEVICE,…", "the devices, each as in --device (default: all but simulators)", &r.devices},
        {"budget", 0, "SECONDS", "how long to measure, all devices together, about (default 120)", &r.budget},
        {"labels", 0, "FILE", "the labels of DATA, where that is a file of images", &r.labels},
        {"report", 0, "FILE", "write a page with pictures to this HTML file", &r.report},
        {"against", 0, "FILE", "say what became slower or faster, or is gone, since this result of --json", &r.against},
        {"csv", 0, NULL, "print the result as CSV, a line a figure", &r.csv},
        CLN_FLAG_JSON(&r.json),
        CLN_FLAG_QUIET(&quiet),
    };
    const cln_usage usage = {.command = "compare",
                             .operands = "DATA [OPTIONS]",
                             .about = about,
                             .examples = examples,
                             .least = 1,
                             .most = 1,
                             .flags = flags,
                             .flag_count = CLN_COUNT(flags),
                             .only = "engine"};
    return cln_call(usage, &quiet, argc, argv, run_compare, &r);
}
