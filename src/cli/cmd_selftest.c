#include "base/os.h"
#include "base/size.h"
#include "cli/call.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/isolated.h"
#include "cli/isolation.h"
#include "cli/message.h"
#include "report/selftest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char about[] = "Proves that devices compute right: every engine and kernel, every loss and type of\n"
                            "data, CLBlast's products and the sums, at usual sizes and awkward ones, against\n"
                            "double precision on the host. Every usable device that is no simulator is tested,\n"
                            "or the one of --device, each in a process of its own: a driver that dies or does\n"
                            "not answer has failed. The exit status is 1 where one failed.\n\n"
                            "The result is kept for the device, its driver and this version of clinear in\n"
                            "$XDG_CACHE_HOME/clinear or ~/.cache/clinear. The commands that train and predict\n"
                            "refuse a device that failed, unless they are given --no-selftest; compare says so.\n"
                            "--engine is accepted as everywhere; all engines are tested.\n";

static const char examples[] = "  clinear selftest                   every device\n"
                               "  clinear selftest --device 0        one of them, also a simulator\n"
                               "  clinear selftest --json --quiet    the same for programs\n";

/* Compilers may take minutes, each part being told before it begins; a driver that is silent for longer hangs. */
static const double silent_seconds = 600, patience_seconds = 7200;

typedef struct request {
    const char *device, *json;
} request;

/* A device's test as it goes. */
typedef struct session {
    cln_compared_device *device;
    bool terminal, short_of_memory;
} session;

cln_status cln_isolated_selftest(cln_device *device, const char *const *arguments, bool *ok, cln_error *error)
{
    (void)arguments;
    return cln_measure_selftest(device, cln_isolated_progress, cln_isolated_row, NULL, ok, error);
}

static void show(const cln_measure_progress *now)
{
    char line[400], left[40] = "";
    if (isfinite(now->seconds_left))
        snprintf(left, sizeof left, ", about %.0f s left", ceil(now->seconds_left));
    snprintf(line, sizeof line, "%s%s", now->doing, left);
    cln_message_live(line);
}

static void on_heard(const cln_wire_line *line, void *user)
{
    session *s = user;
    if (line->kind == CLN_WIRE_ROW && !cln_compared_add(s->device, &line->row))
        s->short_of_memory = true;
    if (line->kind == CLN_WIRE_PROGRESS && s->terminal && !cln_message_is_quiet())
        show(&line->progress);
}

/* *interrupted: the user wants no more. */
static cln_status test_device(const cln_isolated_device *listed, cln_compared_device *to, bool *interrupted,
                              cln_error *error)
{
    session s = {.device = to, .terminal = cln_os_is_terminal(stderr)};
    const cln_isolated work = {.work = "selftest",
                               .device = listed,
                               .seconds = patience_seconds,
                               .silence = silent_seconds,
                               .heard = on_heard,
                               .user = &s};
    bool passed = false;
    char why[512];
    if (*listed->reason) { /* it failed when devices were listed */
        snprintf(to->reason, sizeof to->reason, "%s", listed->reason);
        to->status = CLN_COMPARED_FAILED;
        to->judged = true;
        return CLN_OK;
    }
    cln_message_note("testing device %d, %s", to->device.index, to->device.name);
    cln_isolated_end end = cln_isolated_run(&work, &passed, to->reason);
    cln_message_erase_live();
    if (s.short_of_memory)
        return cln_fail_memory(error, "a result", 0);
    *interrupted = end == CLN_ISOLATED_INTERRUPTED;
    if (*interrupted) {
        to->status = CLN_COMPARED_SKIPPED;
        return CLN_OK;
    }
    to->judged = true;
    to->agree = end == CLN_ISOLATED_DONE && passed;
    to->status = end == CLN_ISOLATED_DONE   ? CLN_COMPARED_OK
                 : end == CLN_ISOLATED_LATE ? CLN_COMPARED_TIMEOUT
                                            : CLN_COMPARED_FAILED;
    cln_selftest_reason(to, why, sizeof why);
    cln_error problem = {0};
    if (cln_device_keep_trust(&to->device, to->agree, why, &problem) != CLN_OK)
        cln_message_note("the result for device %d is not kept: %s", to->device.index, problem.message);
    return CLN_OK;
}

/* Marks those to test: the selector's, or all that can be used, simulators where there is nothing else. */
static cln_status choose(const char *selector, const cln_isolated_device *list, size_t count, bool *chosen,
                         cln_error *error)
{
    cln_status status;
    cln_device_info *infos = NULL;
    size_t one, real = 0, usable = 0;
    TRY(cln_allocate((void **)&infos, count, sizeof *infos, "the list of devices", error));
    for (size_t i = 0; i < count; i++) {
        infos[i] = list[i].device;
        usable += !*infos[i].problem;
        real += !*infos[i].problem && !infos[i].simulator;
    }
    for (size_t i = 0; !selector && i < count; i++)
        chosen[i] = *list[i].reason || (!*infos[i].problem && (real == 0 || !infos[i].simulator));
    if (selector || usable == 0) { /* which says what there is instead */
        TRY(cln_device_choose(selector, infos, count, &one, error));
        chosen[one] = true;
    }
out:
    free(infos);
    return status;
}

/* Tests all that is to be tested: *interrupted where the user ended that. */
static cln_status test_all(const char *selector, cln_comparison *results, bool *interrupted, cln_error *error)
{
    cln_status status;
    cln_isolated_device *list = NULL;
    size_t count = 0;
    bool *chosen = NULL;
    TRY(cln_isolated_list(&list, &count, error));
    TRY(cln_allocate((void **)&chosen, count, sizeof *chosen, "the list of devices", error));
    TRY(choose(selector, list, count, chosen, error));
    cln_interrupt_defer();
    for (size_t i = 0; i < count && !*interrupted; i++) {
        if (!chosen[i])
            continue;
        cln_compared_device *device = cln_comparison_add(results, &list[i].device);
        if (!device) {
            status = cln_fail_memory(error, "a result", 0);
            goto out;
        }
        TRY(test_device(&list[i], device, interrupted, error));
    }
out:
    free(chosen);
    free(list);
    return status;
}

static int run_selftest(const cln_arguments *arguments, cln_options *options, void *user)
{
    const request *r = user;
    cln_error error = {0};
    cln_status status;
    cln_comparison results = {0};
    bool interrupted = false;
    int code = CLN_EXIT_DONE;
    (void)arguments;
    (void)options;
    TRY(test_all(r->device, &results, &interrupted, &error));
    TRY(r->json ? cln_report_selftest_json(results.devices, results.count, stdout, &error)
                : cln_report_selftest(results.devices, results.count, stdout, &error));
    code = interrupted ? CLN_EXIT_INTERRUPTED : cln_comparison_agrees(&results) ? CLN_EXIT_DONE : CLN_EXIT_FAILED;
out:
    if (status != CLN_OK)
        code = cln_message_failure(&error, NULL);
    cln_comparison_release(&results);
    return code;
}

int cln_command_selftest(int argc, const char **argv)
{
    request r = {0};
    const char *quiet = NULL;
    const cln_flag flags[] = {{"device", 0, "DEVICE",
                               "one OpenCL device: auto, gpu, cpu, accelerator, an index or a part of a name as "
                               "\"clinear devices\" lists them (default: every one but simulators)",
                               &r.device},
                              CLN_FLAG_JSON(&r.json),
                              CLN_FLAG_QUIET(&quiet)};
    const cln_usage usage = {.command = "selftest",
                             .operands = "[OPTIONS]",
                             .about = about,
                             .examples = examples,
                             .flags = flags,
                             .flag_count = CLN_COUNT(flags),
                             .only = "engine"};
    return cln_call(usage, &quiet, argc, argv, run_selftest, &r);
}
