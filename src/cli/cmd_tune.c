#include "base/number.h"
#include "base/os.h"
#include "base/size.h"
#include "cli/call.h"
#include "cli/command.h"
#include "cli/device.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "report/tuning.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char about[] = "Measures what a device computes fastest with: the shape of the kernels, the\n"
                            "parameters of CLBlast, and the engine that auto takes. What is found is kept in a\n"
                            "file for this device and driver in $XDG_CACHE_HOME/clinear or ~/.cache/clinear,\n"
                            "which every command reads unless it is given --no-tuning. It changes results by\n"
                            "rounding alone.\n\n"
                            "Another search begins with what the file says, and improves on it; with\n"
                            "--no-tuning it begins anew. Ctrl-C keeps what was found so far. --engine is\n"
                            "accepted as everywhere; both engines are tuned.\n";

static const char examples[] = "  clinear tune                       a minute for the best device\n"
                               "  clinear tune --device gpu --budget 600\n"
                               "  clinear tune --json --quiet        the same for programs\n";

typedef struct request {
    const char *device, *budget, *json, *no_tuning;
} request;

/* The rows so far, each kept in the file at once: not even a second Ctrl-C loses them. */
typedef struct session {
    cln_device *device;
    cln_tune_row rows[64];
    size_t count;
    bool terminal, kept;
    uint32_t index;
    cln_error error; /* of keeping */
} session;

static int on_progress(const cln_tune_progress *now, void *user)
{
    session *s = user;
    char line[256];
    if (cln_message_is_quiet())
        return cln_interrupted();
    if (s->terminal) {
        snprintf(line, sizeof line, "%u/%u %s, %.0f s left: %s", now->index, now->count, now->name,
                 ceil(now->seconds_left), now->trying);
        cln_message_live(line);
    } else if (now->index != s->index) {
        cln_message_note("%u/%u %s, %.0f s left", now->index, now->count, now->name, ceil(now->seconds_left));
    }
    s->index = now->index;
    return cln_interrupted();
}

static void on_row(const cln_tune_row *row, void *user)
{
    session *s = user;
    if (s->count < CLN_COUNT(s->rows))
        s->rows[s->count++] = *row;
    if (!*row->reason)
        s->kept = cln_device_save_tuning(s->device, NULL, &s->error) == CLN_OK;
}

/* What cannot be kept is not worth the wait. */
static cln_status check_file(const cln_device *device, char path[CLN_TUNING_PATH_BYTES], cln_error *error)
{
    cln_status status;
    cln_replacement file = {0};
    TRY(cln_device_tuning_path(device, path, error));
    TRY(cln_os_replace_begin(&file, path, error));
out:
    cln_os_replace_abandon(&file);
    return status;
}

static cln_status read_budget(const char *text, double *seconds, cln_error *error)
{
    *seconds = 60;
    if (text && (!cln_parse_real(text, seconds) || !(*seconds > 0) || *seconds > 1e6))
        return cln_fail(error, CLN_INVALID, "option --budget: '%s' is no number of seconds above 0, up to 1000000",
                        text);
    return CLN_OK;
}

static int tune(const request *r)
{
    static session s;
    cln_error error = {0};
    cln_status status;
    char path[CLN_TUNING_PATH_BYTES];
    double budget, began = cln_os_seconds();
    cln_tuning_report report = {0};
    int code = CLN_EXIT_DONE;
    TRY(read_budget(r->budget, &budget, &error));
    TRY(cln_cli_device_open(r->device, r->no_tuning, &s.device, &error));
    TRY(check_file(s.device, path, &error));
    s.terminal = cln_os_is_terminal(stderr);
    cln_interrupt_defer();
    report.device = *cln_device_describe(s.device);
    cln_message_note("tuning device %d, %s, for %g s", report.device.index, report.device.name, budget);
    cln_message_hush_stdout();
    status = cln_device_tune(s.device, budget, on_progress, on_row, &s, &error);
    cln_message_restore_stdout();
    cln_message_end_live();
    TRY(status);
    if (s.error.status != CLN_OK)
        cln_fail(&error, s.error.status, "%s", s.error.message);
    report.file = s.kept ? path : NULL;
    report.seconds = cln_os_seconds() - began;
    report.interrupted = cln_interrupted();
    if (report.interrupted)
        cln_message_note("interrupted; %s", s.kept ? "what was found so far is kept" : "nothing was found so far");
    report.rows = s.rows;
    report.count = s.count;
    TRY(r->json ? cln_report_tuning_json(&report, stdout, &error) : cln_report_tuning(&report, stdout, &error));
    code = report.interrupted ? CLN_EXIT_INTERRUPTED : s.kept ? CLN_EXIT_DONE : CLN_EXIT_FAILED;
out:
    if (error.status != CLN_OK)
        code = cln_message_failure(&error, s.device);
    cln_device_close(s.device);
    return code;
}

static int run_tune(const cln_arguments *arguments, cln_options *options, void *user)
{
    (void)arguments;
    (void)options;
    return tune(user);
}

int cln_command_tune(int argc, const char **argv)
{
    request r = {0};
    const char *quiet = NULL, *timeout = NULL;
    const cln_flag flags[] = {
        CLN_FLAG_DEVICE(&r.device),       {"budget", 0, "SECONDS", "how long to search, about (default 60)", &r.budget},
        CLN_FLAG_NO_TUNING(&r.no_tuning), CLN_FLAG_TIMEOUT(&timeout),
        CLN_FLAG_JSON(&r.json),           CLN_FLAG_QUIET(&quiet),
    };
    const cln_usage usage = {.command = "tune",
                             .operands = "[OPTIONS]",
                             .about = about,
                             .examples = examples,
                             .flags = flags,
                             .flag_count = CLN_COUNT(flags),
                             .only = "engine"};
    return cln_call(usage, &quiet, argc, argv, run_tune, &r);
}
