#include "report/log.h"

#include "base/os.h"
#include "report/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct cln_log {
    FILE *stream;
    char path[4096];
};

/* Each line is handed to the system at once, so that whoever follows the file sees whole lines only. */
static cln_status write_line(cln_log *log, json_t *line, cln_error *error)
{
    cln_status status = cln_json_write(line, 0, log->stream, error);
    if (status == CLN_OK && (fflush(log->stream) != 0 || ferror(log->stream)))
        status = cln_fail(error, CLN_IO, "cannot write the log %s: %s", log->path, strerror(errno));
    return status;
}

static json_t *options_json(const cln_options *options)
{
    json_t *object = json_object();
    for (size_t i = 0; i < cln_option_count(); i++) {
        const char *name = cln_option_at(i)->name;
        json_object_set_new(object, name, cln_json_text(cln_options_get(options, name)));
    }
    return object;
}

static cln_status check_writable(const char *path, cln_error *error)
{
    cln_replacement file = {0};
    cln_status status = cln_os_replace_begin(&file, path, error);
    cln_os_replace_abandon(&file);
    return status;
}

cln_status cln_log_open(const char *path, const char *data, const cln_device_info *device, const cln_options *options,
                        cln_log **log, cln_error *error)
{
    cln_status status;
    cln_log *opened = NULL;
    TRY(check_writable(path, error));
    opened = calloc(1, sizeof *opened);
    if (!opened) {
        status = cln_fail_memory(error, "the log", sizeof *opened);
        goto out;
    }
    snprintf(opened->path, sizeof opened->path, "%s", path);
    opened->stream = fopen(path, "w");
    if (!opened->stream) {
        status = cln_fail(error, CLN_IO, "cannot write the log %s: %s", path, strerror(errno));
        goto out;
    }
    TRY(write_line(opened,
                   json_pack("{ss so so so so}", "event", "run", "version", cln_json_text(cln_version()), "data",
                             cln_json_text(data), "device", cln_json_device(device), "options", options_json(options)),
                   error));
    *log = opened;
    opened = NULL;
out:
    cln_log_close(opened);
    return status;
}

cln_status cln_log_progress(cln_log *log, const cln_progress *progress, cln_error *error)
{
    json_t *line;
    if (progress->event == CLN_EVENT_TICK)
        return CLN_OK;
    if (progress->event == CLN_EVENT_STEP)
        line = json_pack("{ss so so so so}", "event", "step", "epoch", cln_json_count(progress->epoch), "step",
                         cln_json_count(progress->step), "train", cln_json_score(&progress->train), "seconds",
                         cln_json_real(progress->seconds));
    else
        line = json_pack("{ss so so so so sb so so}", "event", "epoch", "epoch", cln_json_count(progress->epoch),
                         "step", cln_json_count(progress->step), "train", cln_json_score(&progress->train), "valid",
                         cln_json_score(&progress->valid), "best", progress->best, "seconds",
                         cln_json_real(progress->seconds), "rows_per_second", cln_json_real(progress->rows_per_second));
    if (line && isfinite(progress->objective)) /* of a solver that knows it */
        json_object_set_new(line, "objective", cln_json_real(progress->objective));
    if (line && isfinite(progress->gradient_norm))
        json_object_set_new(line, "gradient_norm", cln_json_real(progress->gradient_norm));
    return write_line(log, line, error);
}

void cln_log_close(cln_log *log)
{
    if (!log)
        return;
    if (log->stream)
        fclose(log->stream);
    free(log);
}
