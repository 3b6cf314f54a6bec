#include "report/log_read.h"

#include "base/os.h"
#include "base/size.h"
#include "report/json_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Lines of ours have a few hundred bytes, the first one more where classes or penalties are many; ten million minibatches take 2 GB. */
#define LINE_BYTES_MAX (1u << 20)
#define LOG_BYTES_MAX  (1ull << 31)

typedef struct reading {
    const char *path;
    cln_os_file file;
    char *block;           /* (LINE_BYTES_MAX + 1): what is read and not yet a line's */
    size_t begin, end;     /* of that */
    uint64_t left, number; /* bytes not yet read; of the line, from 1 */
    size_t room;           /* of rows */
    cln_log_rows *rows;
    cln_error *error;
} reading;

static cln_status refuse(const reading *in, const char *what)
{
    return cln_fail(in->error, CLN_FORMAT, "%s, line %llu: %s; a log is what clinear train writes with --log", in->path,
                    (unsigned long long)in->number, what);
}

static cln_status open_log(reading *in)
{
    cln_status status;
    TRY(cln_os_open(&in->file, in->path, in->error));
    if (in->file.size > LOG_BYTES_MAX)
        return cln_fail(in->error, CLN_FORMAT, "%s is larger than 2 GiB, which is more than a picture can show",
                        in->path);
    in->left = in->file.size;
    TRY(cln_allocate((void **)&in->block, LINE_BYTES_MAX + 1, 1, "a log", in->error));
out:
    return status;
}

/* The next line, ended by a zero, or NULL behind the last one. *whole: it had its end. */
static cln_status next_line(reading *in, char **line, size_t *length, bool *whole)
{
    cln_status status;
    for (;;) {
        char *from = in->block + in->begin, *stop = memchr(from, '\n', in->end - in->begin);
        uint64_t got;
        if (stop || in->left == 0) {
            *whole = stop != NULL;
            *length = stop ? (size_t)(stop - from) : in->end - in->begin;
            *line = *whole || *length > 0 ? from : NULL;
            from[*length] = '\0';
            in->begin += *length + *whole;
            in->number++;
            return CLN_OK;
        }
        memmove(in->block, from, in->end - in->begin);
        in->end -= in->begin;
        in->begin = 0;
        if (in->end == LINE_BYTES_MAX) {
            in->number++;
            return refuse(in, "it is longer than 1 MiB");
        }
        uint64_t some = LINE_BYTES_MAX - in->end;
        TRY(cln_os_read(&in->file, in->path, in->block + in->end, some < in->left ? some : in->left, &got, in->error));
        in->end += (size_t)got;
        in->left = got == 0 ? 0 : in->left - got; /* it may have been cut meanwhile */
    }
out:
    return status;
}

static bool is_word(const json_t *object, const char *key, const char *word)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text && strcmp(text, word) == 0;
}

static cln_status take_run(const reading *in, const json_t *line)
{
    static const char *const solvers[] = {"sgd", "lbfgs", "direct"};
    for (size_t i = 0; i < CLN_COUNT(solvers); i++)
        if (is_word(line, "event", "run") && is_word(json_object_get(line, "options"), "solver", solvers[i])) {
            snprintf(in->rows->solver, sizeof in->rows->solver, "%s", solvers[i]);
            return CLN_OK;
        }
    return refuse(in, "it does not begin a log, for it names no run with its solver");
}

/* A count that is there; false for anything else. */
static bool take_count(const json_t *line, const char *key, uint64_t *count)
{
    const json_t *value = json_object_get(line, key);
    *count = cln_json_count_in(line, key, INT64_MAX);
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

/* A score is an object or null, in which a loss may be null: it was not finite. */
static bool take_score(const json_t *line, const char *key, double *loss, double *accuracy)
{
    const json_t *score = json_object_get(line, key);
    *loss = cln_json_real_in(score, "loss");
    *accuracy = cln_json_real_in(score, "accuracy");
    return !score || json_is_null(score) || json_is_object(score);
}

static cln_status take_row(reading *in, const json_t *line)
{
    cln_log_rows *rows = in->rows;
    cln_log_row row = {.pass = is_word(line, "event", "epoch"),
                       .objective = cln_json_real_in(line, "objective"),
                       .gradient_norm = cln_json_real_in(line, "gradient_norm")};
    const cln_log_row *before = rows->count ? &rows->rows[rows->count - 1] : NULL;
    if (!row.pass && !is_word(line, "event", "step"))
        return refuse(in, "its event is neither an epoch nor a step of this run");
    if (!take_count(line, "epoch", &row.epoch) || !take_count(line, "step", &row.step) || row.epoch == 0)
        return refuse(in, "it has no epoch or step that is a number");
    if (!take_score(line, "train", &row.train_loss, &row.train_accuracy) ||
        !take_score(line, "valid", &row.valid_loss, &row.valid_accuracy))
        return refuse(in, "its scores are no objects");
    if (before && (row.epoch < before->epoch || row.step < before->step))
        return refuse(in, "it stands before the line above it");
    if (rows->count == in->room) {
        size_t room = in->room ? 2 * in->room : 1024;
        cln_log_row *more = realloc(rows->rows, room * sizeof *more);
        if (!more)
            return cln_fail_memory(in->error, "a log", room * sizeof *more);
        rows->rows = more;
        in->room = room;
    }
    rows->rows[rows->count++] = row;
    return CLN_OK;
}

/* false for a line that is no JSON object, or has another one behind it. */
static bool parse(const char *text, size_t length, json_t **line)
{
    *line = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    return json_is_object(*line);
}

static cln_status read_lines(reading *in)
{
    cln_status status;
    json_t *line = NULL;
    char *text = NULL;
    size_t length = 0;
    bool whole = false;
    for (;;) {
        TRY(next_line(in, &text, &length, &whole));
        if (!text)
            break;
        if (!parse(text, length, &line)) {
            in->rows->cut = !whole && in->number > 1;
            status = in->rows->cut ? CLN_OK : refuse(in, "it is no JSON object");
            goto out;
        }
        TRY(in->number == 1 ? take_run(in, line) : take_row(in, line));
        json_decref(line);
        line = NULL;
    }
    if (in->number <= 1)
        status =
            cln_fail(in->error, CLN_FORMAT, "%s is empty; a log is what clinear train writes with --log", in->path);
out:
    json_decref(line);
    return status;
}

cln_status cln_log_read(const char *path, cln_log_rows *rows, cln_error *error)
{
    cln_status status;
    reading in = {.path = path, .file.descriptor = -1, .rows = rows, .error = error};
    *rows = (cln_log_rows){0};
    TRY(open_log(&in));
    TRY(read_lines(&in));
out:
    cln_os_close(&in.file);
    free(in.block);
    return status;
}

cln_status cln_log_recognise(const char *path, bool *is_log, cln_error *error)
{
    cln_status status;
    cln_os_file file = {.descriptor = -1};
    char head[8];
    uint64_t got = 0;
    *is_log = false;
    TRY(cln_os_open(&file, path, error));
    TRY(cln_os_read(&file, path, head, sizeof head, &got, error));
    *is_log = memchr(head, '\0', (size_t)got) == NULL;
out:
    cln_os_close(&file);
    return status;
}

void cln_log_rows_release(cln_log_rows *rows)
{
    free(rows->rows);
    *rows = (cln_log_rows){0};
}
