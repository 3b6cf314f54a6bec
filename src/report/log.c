#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include "report/log.h"

#include "base/checksum.h"
#include "base/os.h"
#include "report/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct cln_log {
    FILE *stream;
    char path[4096];
    cln_checksum sum; /* of all that was written */
    char mark[CLN_LOG_MARK];
};

/* Each line is handed to the system at once, so that whoever follows the file sees whole lines only. */
static cln_status write_line(cln_log *log, json_t *line, cln_error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    cln_status status = memory ? cln_json_write(line, 0, memory, error) : CLN_MEMORY;
    if (!memory)
        json_decref(line);
    if ((!memory || fclose(memory) != 0) && status == CLN_OK)
        status = CLN_MEMORY;
    if (status == CLN_OK) {
        cln_checksum_add(&log->sum, text, size);
        if (fwrite(text, 1, size, log->stream) != size || fflush(log->stream) != 0)
            status = cln_fail(error, CLN_IO, "cannot write the log %s: %s", log->path, strerror(errno));
    } else {
        status = cln_fail_memory(error, "a line of the log", 0);
    }
    free(text);
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

static void write_mark(const cln_checksum *sum, char mark[CLN_LOG_MARK])
{
    snprintf(mark, CLN_LOG_MARK, "%llu bytes, XXH64 %016llx", (unsigned long long)sum->count,
             (unsigned long long)cln_checksum_of(sum));
}

static cln_status check_writable(const char *path, cln_error *error)
{
    cln_replacement file = {0};
    cln_status status = cln_os_replace_begin(&file, path, error);
    cln_os_replace_abandon(&file);
    return status;
}

/* A log whose stream is open. */
static cln_status take_stream(const char *path, const char *mode, cln_log **log, cln_error *error)
{
    cln_log *opened = calloc(1, sizeof *opened);
    *log = opened;
    if (!opened)
        return cln_fail_memory(error, "the log", sizeof *opened);
    snprintf(opened->path, sizeof opened->path, "%s", path);
    opened->sum = cln_checksum_begin();
    opened->stream = fopen(path, mode);
    if (!opened->stream)
        return cln_fail(error, CLN_IO, "cannot write the log %s: %s", path, strerror(errno));
    return CLN_OK;
}

cln_status cln_log_open(const char *path, const char *data, const cln_device_info *device, const cln_options *options,
                        cln_log **log, cln_error *error)
{
    cln_status status;
    cln_log *opened = NULL;
    TRY(check_writable(path, error));
    TRY(take_stream(path, "w", &opened, error));
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

/* Adds up the first `length` bytes of the file; fewer where it has no more. */
static cln_status add_up(const char *path, uint64_t length, cln_checksum *sum, cln_error *error)
{
    cln_status status;
    cln_os_file file = {.descriptor = -1};
    char block[65536];
    TRY(cln_os_open(&file, path, error));
    for (uint64_t got; length > 0; length -= got) {
        TRY(cln_os_read(&file, path, block, length < sizeof block ? length : sizeof block, &got, error));
        if (got == 0)
            break;
        cln_checksum_add(sum, block, got);
    }
out:
    cln_os_close(&file);
    return status;
}

static cln_status cut(const char *path, uint64_t length, cln_error *error)
{
    cln_status status;
    cln_appending file = {.descriptor = -1};
    TRY(cln_os_append_begin(&file, path, error));
    TRY(cln_os_append_cut(&file, length, error));
out:
    cln_os_append_end(&file);
    return status;
}

cln_status cln_log_resume(const char *path, const char *mark, cln_log **log, cln_error *error)
{
    cln_status status;
    cln_log *opened = NULL;
    cln_checksum sum = cln_checksum_begin();
    uint64_t length = strtoull(mark, NULL, 10);
    TRY(add_up(path, length, &sum, error));
    char found[CLN_LOG_MARK];
    write_mark(&sum, found);
    if (strcmp(found, mark) != 0)
        return cln_fail(
            error, CLN_INVALID,
            "cannot go on with the log %s: it is not the one of the checkpoint, or its first %llu bytes are "
            "not what they were; give that log, or another name for a new one",
            path, (unsigned long long)length);
    TRY(cut(path, length, error));
    TRY(take_stream(path, "a", &opened, error));
    opened->sum = sum;
    *log = opened;
    opened = NULL;
out:
    cln_log_close(opened);
    return status;
}

const char *cln_log_mark(cln_log *log)
{
    cln_os_flush(log->stream);
    write_mark(&log->sum, log->mark);
    return log->mark;
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
