#include "cli/searching.h"

#include "base/os.h"
#include "cli/command.h"
#include "cli/device.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/training.h"
#include "report/text.h"

#include <stdio.h>
#include <string.h>

/* ---- progress */

typedef struct display {
    const char *state;
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
        snprintf(text, sizeof text, "%llu/%llu trainings, %s left", (unsigned long long)now->done,
                 (unsigned long long)now->count, cln_text_seconds(left, now->seconds_left));
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
                         d->state ? ": the same command goes on from " : "", d->state ? d->state : "");
    }
    return d->stopping;
}

/* The best again; the exit code is that of its training. */
static int refit(const cln_search_job *of, cln_device *device, cln_search *search, cln_training *training,
                 bool *finished, cln_error *error)
{
    cln_trainer *trainer = NULL;
    const cln_job job = {.options = of->options, .output = of->output, .data = of->data};
    cln_search_row best;
    if (cln_search_refit(search, &trainer, error) != CLN_OK)
        return CLN_EXIT_FAILED;
    cln_search_best(search, &best);
    for (size_t i = 0; cln_search_name(search, i); i++) /* for the report */
        if (cln_options_set(of->options, cln_search_name(search, i), cln_search_value(search, best.index, i), error) !=
            CLN_OK)
            break;
    int code = cln_job_train(&job, device, trainer, training, finished);
    cln_trainer_close(trainer);
    return code;
}

/* What the training of the best has not told already. */
static void warn(const cln_search *search, const cln_training *told)
{
    const char *text;
    for (size_t i = 0; (text = cln_search_warning(search, i)); i++) {
        bool again = false;
        for (size_t of = 0; of < told->warning_count; of++)
            again |= strcmp(told->warnings[of], text) == 0;
        if (!again)
            cln_message_note("warning: %s", text);
    }
}

int cln_search_job_run(const cln_search_job *job, cln_training *training, bool *finished)
{
    cln_error error = {0};
    cln_status status;
    cln_device *device = NULL;
    cln_search *search = NULL;
    cln_search_report report = {.grid = job->grid, .folds = job->folds};
    display d = {.state = job->state, .terminal = cln_os_is_terminal(stderr)};
    int code = CLN_EXIT_FAILED;
    *finished = false;
    *training = (cln_training){0};
    TRY(cln_cli_device_open_trusted(job->device, job->no_tuning, job->no_selftest, &device, &error));
    TRY(cln_search_create(device, job->options, job->grid, job->folds, &job->parts, job->state, &search, &error));
    d.search = report.search = search;
    cln_interrupt_defer();
    cln_message_note("searching %zu configurations on device %d, %s", cln_search_count(search),
                     cln_device_describe(device)->index, cln_device_describe(device)->name);
    double began = cln_os_seconds();
    status = cln_search_run(search, on_progress, &d, &error);
    cln_message_end_live();
    TRY(status);
    report.seconds = cln_os_seconds() - began;
    code = d.stopping ? CLN_EXIT_INTERRUPTED : refit(job, device, search, training, finished, &error);
    report.interrupted = code == CLN_EXIT_INTERRUPTED;
    report.refit = *finished ? training : NULL;
    warn(search, training);
    cln_status told = job->tell(&report, job->user, &error);
    status = error.status != CLN_OK ? error.status : told;
out:
    if (status != CLN_OK)
        code = cln_message_failure(&error, device);
    cln_search_close(search);
    cln_device_close(device);
    return code;
}
