#include "cli/training.h"

#include "base/os.h"
#include "base/size.h"
#include "cli/command.h"
#include "cli/device.h"
#include "cli/interrupt.h"
#include "cli/keeping.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct watcher {
    const cln_job *job;
    cln_display display;
    cln_keeping keeping; /* with the log */
    cln_error log_error;
    bool stopping;
} watcher;

/* No two of the files that are written may be one. */
static cln_status check_distinct(const cln_job *job, cln_error *error)
{
    const char *const names[] = {"output", "log", "checkpoint"};
    const char *const paths[] = {job->output, job->log, job->checkpoint ? job->checkpoint : job->resume};
    for (size_t a = 0; a < CLN_COUNT(paths); a++)
        for (size_t b = a + 1; b < CLN_COUNT(paths); b++)
            if (paths[a] && paths[b] && cln_os_same_file(paths[a], paths[b]))
                return cln_fail(error, CLN_INVALID, "options --%s and --%s name the same file, %s; give two names",
                                names[a], b == 2 && !job->checkpoint ? "resume" : names[b], paths[b]);
    return CLN_OK;
}

/* What can be known to fail is refused before the long work: the output, the log, the checkpoint. */
static cln_status check(const cln_job *job, cln_error *error)
{
    cln_status status;
    const size_t inputs = CLN_COUNT(job->inputs);
    const char *const resumed[] = {job->resume};
    TRY(check_distinct(job, error));
    if (job->output) {
        TRY(cln_output_check("output", job->output, job->inputs, inputs, error));
        TRY(cln_output_check("output", job->output, resumed, 1, error));
    }
    if (job->log) {
        TRY(cln_output_check("log", job->log, job->inputs, inputs, error));
        TRY(cln_output_check("log", job->log, resumed, 1, error));
    }
    if (job->checkpoint)
        TRY(cln_output_check("checkpoint", job->checkpoint, job->inputs, inputs, error));
out:
    return status;
}

static int on_progress(const cln_progress *progress, void *user)
{
    watcher *w = user;
    if (w->job->watch)
        w->job->watch(progress, w->job->user);
    cln_display_show(&w->display, progress);
    if (w->keeping.log && cln_log_progress(w->keeping.log, progress, &w->log_error) != CLN_OK)
        return 1;
    if (cln_interrupted() && !w->stopping) {
        w->stopping = true;
        cln_message_note("stopping: the model is scored%s as it is%s; Ctrl-C again ends this at once",
                         w->job->output ? " and kept" : "", w->keeping.path ? ", with a checkpoint" : "");
    }
    return w->stopping;
}

static cln_status save(cln_trainer *trainer, const char *path, cln_error *error)
{
    cln_status status;
    cln_model *model = NULL;
    TRY(cln_trainer_model(trainer, &model, error));
    TRY(cln_model_save(model, path, error));
out:
    cln_model_free(model);
    return status;
}

/* A copy, for the trainer is gone when it is told. */
static cln_status take_path(const cln_trainer *trainer, cln_training *training, cln_error *error)
{
    size_t count;
    const cln_path_row *path = cln_trainer_path(trainer, &count);
    if (count <= 1)
        return CLN_OK;
    training->path = calloc(count, sizeof *path);
    if (!training->path)
        return cln_fail_memory(error, "a path", count * sizeof *path);
    memcpy(training->path, path, count * sizeof *path);
    training->path_count = count;
    return CLN_OK;
}

/* Copies of these as well, which are told at the end, where they are seen. */
static void take_warnings(const cln_trainer *trainer, cln_training *training)
{
    const char *text;
    while (training->warning_count < CLN_COUNT(training->warnings) &&
           (text = cln_trainer_warning(trainer, training->warning_count)))
        snprintf(training->warnings[training->warning_count++], sizeof *training->warnings, "%s", text);
}

/* After the run: keeps the model and says how it ended. */
static int conclude(const watcher *w, cln_trainer *trainer, cln_training *training, const cln_device *device,
                    cln_error *error)
{
    const char *output = w->job->output;
    if (error->status == CLN_DIVERGED) {
        cln_message_error("%s%s", error->message, output ? "; no model was written" : "");
        return CLN_EXIT_FAILED;
    }
    if (output) {
        if (save(trainer, output, error) != CLN_OK ||
            cln_trainer_certify(trainer, &training->result.certificate, error) != CLN_OK)
            return cln_message_failure(error, device);
        training->saved = output;
    }
    if (w->log_error.status != CLN_OK) {
        cln_message_error("%s; training stopped there%s%s", w->log_error.message,
                          output ? ", and the model as it is then was written to " : "", output ? output : "");
        return CLN_EXIT_FAILED;
    }
    if (training->result.stopped != CLN_STOP_INTERRUPTED)
        return cln_message_score("validation", &training->result.valid,
                                 cln_message_score("test", &training->result.test, CLN_EXIT_DONE));
    cln_message_note("interrupted in %s %llu%s%s", cln_display_unit(training->solver),
                     (unsigned long long)(training->path_count ? training->path_count : training->result.epochs),
                     output ? "; the model is written to " : "", output ? output : "");
    if (w->keeping.path && !w->keeping.failing)
        cln_message_note("--resume %s goes on from here", w->keeping.path);
    return CLN_EXIT_INTERRUPTED;
}

/* Takes the profile; the exit code is the run's own where that worked. */
static int profile(cln_device *device, cln_training *training, int code)
{
    cln_error error = {0};
    cln_profile_end(device, cln_profile_rows_take, &training->profile, &error);
    if (error.status == CLN_OK && training->profile.short_of_memory)
        cln_fail_memory(&error, "a profile", 0);
    return error.status == CLN_OK ? code : cln_message_failure(&error, device);
}

/* From here on there is something to keep. */
static int watch(watcher *w, cln_trainer *trainer, cln_training *training, const cln_device *device, bool *finished,
                 cln_error *error)
{
    cln_interrupt_defer();
    cln_message_note("training on device %d, %s", training->device.index, training->device.name);
    cln_display_begin(&w->display, training->solver);
    cln_status status = cln_trainer_run(trainer, on_progress, w, &training->result, error);
    cln_display_end(&w->display);
    *finished = status == CLN_OK || status == CLN_DIVERGED;
    if (status == CLN_OK && take_path(trainer, training, error) != CLN_OK)
        return cln_message_failure(error, device);
    if (!*finished)
        return CLN_EXIT_FAILED;
    take_warnings(trainer, training);
    int code = conclude(w, trainer, training, device, error);
    for (size_t i = 0; i < training->warning_count; i++)
        cln_message_note("warning: %s", training->warnings[i]);
    return code;
}

/* All but the result. */
static void describe(const cln_job *job, const cln_device *device, cln_training *training)
{
    memset(training, 0, sizeof *training);
    snprintf(training->model, sizeof training->model, "%s", cln_options_get(job->options, "model"));
    snprintf(training->solver, sizeof training->solver, "%s", cln_options_get(job->options, "solver"));
    training->data = job->data;
    if (device)
        training->device = *cln_device_describe(device);
}

int cln_job_train(const cln_job *job, cln_device *device, cln_trainer *trainer, cln_training *training, bool *finished)
{
    cln_error error = {0};
    watcher w = {.job = job};
    *finished = false;
    describe(job, device, training);
    int code = watch(&w, trainer, training, device, finished, &error);
    return *finished ? code : cln_message_failure(&error, device);
}

int cln_job_run(const cln_job *job, cln_training *training, bool *finished)
{
    cln_error error = {0};
    cln_device *device = NULL;
    cln_trainer *trainer = NULL;
    watcher w = {.job = job};
    cln_status status;
    int code = CLN_EXIT_FAILED;

    *finished = false;
    describe(job, NULL, training);
    TRY(check(job, &error));
    TRY(cln_cli_device_open_trusted(job->device, job->no_tuning, job->no_selftest, &device, &error));
    describe(job, device, training);
    if (job->profile)
        TRY(cln_profile_begin(device, &error));
    TRY(cln_keeping_create(job, device, &trainer, &error));
    TRY(cln_keeping_begin(&w.keeping, job, trainer, training, &error));
    code = watch(&w, trainer, training, device, finished, &error);
    cln_trainer_close(trainer);
    trainer = NULL;
    if (*finished && job->profile)
        code = profile(device, training, code);
out:
    if (!*finished)
        code = cln_message_failure(&error, device);
    cln_log_close(w.keeping.log);
    cln_trainer_close(trainer);
    cln_device_close(device);
    return code;
}

int cln_job_estimate(const cln_job *job, cln_estimated *estimated, bool *finished)
{
    cln_error error = {0};
    cln_device *device = NULL;
    cln_status status;
    *finished = false;
    TRY(check(job, &error));
    TRY(cln_cli_device_open(job->device, job->no_tuning, &device, &error));
    estimated->data = job->data;
    estimated->device = *cln_device_describe(device);
    TRY(cln_trainer_estimate(device, job->options, &job->parts, &estimated->estimate, &error));
    *finished = true;
out:
    cln_device_close(device);
    if (!*finished)
        return cln_message_failure(&error, NULL);
    return estimated->estimate.fits ? CLN_EXIT_DONE : CLN_EXIT_FAILED;
}
