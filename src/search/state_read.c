/* The state of a search, read with distrust. */
#include "search/state_file.h"

#include "base/size.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (1u << 28)
#define LINE_BYTES_MAX (1u << 20) /* a grid is shorter; parsed JSON takes up to 80 times its text */

typedef struct reading {
    const char *path;
    const cln_search_identity *identity;
    cln_search_unit_fn *found;
    void *user;
    bool *seen; /* (configurations, folds, at least 1) */
} reading;

/* ---- which search */

/* What two values look like, for a message. */
static void show(const json_t *value, char text[64])
{
    char *dumped = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    snprintf(text, 64, "%s", dumped ? dumped : "nothing");
    free(dumped);
}

/* What a file does not say that was written before features were noted. */
static bool is_of_any_features(const json_t *found)
{
    const json_t *train = json_object_get(json_object_get(found, "data"), "train");
    return json_is_object(train) && !json_object_get(train, CLN_SEARCH_CONTENTS);
}

/* The first member that differs, innermost first: its names in `name`, both values. True where there is none. */
static bool is_same(json_t *expected, json_t *found, char name[128], char *texts[2])
{
    const char *key;
    json_t *value;
    size_t length = strlen(name);
    json_object_foreach(expected, key, value)
    {
        json_t *other = json_object_get(found, key);
        snprintf(name + length, 128 - length, "%s%s", length ? " " : "", key);
        if (json_is_object(value) && json_is_object(other)) {
            if (!is_same(value, other, name, texts))
                return false;
        } else if (!json_equal(value, other)) {
            show(other, texts[0]);
            show(value, texts[1]);
            return false;
        }
        name[length] = '\0';
    }
    return true;
}

static cln_status check_identity(const reading *in, json_t *found, cln_error *error)
{
    char name[128] = "", there[64], here[64], *texts[2] = {there, here};
    json_t *expected = cln_search_identity_json(in->identity);
    cln_status status = CLN_OK;
    if (!expected)
        status = cln_fail_memory(error, "the state of a search", 0);
    else if (is_of_any_features(found))
        status = cln_fail(error, CLN_INVALID,
                          "the state file %s does not say of which features it is, for an older clinear has written "
                          "it, and they may be others; remove it, or give another file, and search anew",
                          in->path);
    else if (!is_same(expected, found, name, texts))
        status = cln_fail(error, CLN_INVALID,
                          "the state file %s is of another search: there %s is %s, and here %s; give the same, or "
                          "another file",
                          in->path, name, there, here);
    json_decref(expected);
    return status;
}

/* Whether the only line, which has no end, is the beginning of the one that would be written. */
static bool is_begun(const reading *in, const char *text, size_t length)
{
    json_t *expected = cln_search_identity_json(in->identity);
    char *line = expected ? json_dumps(expected, JSON_COMPACT) : NULL;
    bool begun = line && length <= strlen(line) && memcmp(line, text, length) == 0;
    free(line);
    json_decref(expected);
    return begun;
}

/* ---- trainings */

static uint64_t get_count(const json_t *object, const char *name, uint64_t most, bool *good)
{
    const json_t *value = json_object_get(object, name);
    json_int_t count = json_is_integer(value) ? json_integer_value(value) : -1;
    if (count >= 0 && (uint64_t)count <= most)
        return (uint64_t)count;
    *good = false;
    return 0;
}

/* A finite number, or with `or_null` null, which is NaN. */
static double get_real(const json_t *object, const char *name, bool or_null, bool *good)
{
    const json_t *value = json_object_get(object, name);
    if (or_null && json_is_null(value))
        return NAN;
    *good = *good && json_is_number(value) && isfinite(json_number_value(value));
    return json_number_value(value);
}

static cln_score get_score(const json_t *object, const char *name, bool *good)
{
    const json_t *value = json_object_get(object, name);
    cln_score score = {.loss = get_real(value, "loss", true, good), .rows = get_count(value, "rows", INT64_MAX, good)};
    score.errors = get_count(value, "errors", score.rows, good);
    return score;
}

static cln_stop get_stop(const json_t *object, bool *good)
{
    static const cln_stop stops[] = {CLN_STOP_EPOCHS, CLN_STOP_PATIENCE, CLN_STOP_DIVERGED, CLN_STOP_TOLERANCE,
                                     CLN_STOP_LINE_SEARCH};
    const char *word = json_string_value(json_object_get(object, "stopped"));
    for (size_t i = 0; word && i < CLN_COUNT(stops); i++)
        if (strcmp(cln_stop_word(stops[i]), word) == 0)
            return stops[i];
    *good = false;
    return CLN_STOP_EPOCHS;
}

/* False where the line is no training of this search, or one that was told before. */
static bool take_unit(reading *in, const json_t *line)
{
    bool good = true;
    uint32_t folds = in->identity->folds ? in->identity->folds : 1;
    cln_search_unit unit = {.configuration =
                                (uint32_t)get_count(line, "configuration", in->identity->configurations - 1, &good),
                            .fold = (uint32_t)get_count(line, "fold", folds - 1, &good),
                            .valid = get_score(line, "valid", &good),
                            .train = get_score(line, "train", &good),
                            .epochs = get_count(line, "epochs", INT64_MAX, &good),
                            .stopped = get_stop(line, &good),
                            .seconds = get_real(line, "seconds", false, &good)};
    bool *seen = &in->seen[(size_t)unit.configuration * folds + unit.fold];
    bool scored = unit.valid.rows > 0 && unit.train.rows > 0;
    if (!good || *seen || !(unit.seconds >= 0) || (!scored && unit.stopped != CLN_STOP_DIVERGED))
        return false;
    *seen = true;
    in->found(&unit, in->user);
    return true;
}

/* ---- the file */

/* text (length): line after line. *kept receives the bytes of those that stand. */
static cln_status read_lines(reading *in, const char *text, size_t length, uint64_t *kept, cln_error *error)
{
    cln_status status = CLN_OK;
    uint64_t number = 1;
    for (size_t at = 0; at < length && status == CLN_OK; number++) {
        const char *end = memchr(text + at, '\n', length - at);
        if (!end && number > 1)
            break; /* it was not written to its end */
        if (!end && is_begun(in, text, length))
            break;
        size_t bytes = end ? (size_t)(end - text) - at : length - at;
        json_t *line = bytes <= LINE_BYTES_MAX ? json_loadb(text + at, bytes, JSON_REJECT_DUPLICATES, NULL) : NULL;
        if (number == 1 && (!end || !json_is_integer(json_object_get(line, "clinear_search"))))
            status =
                cln_fail(error, CLN_FORMAT, "the file %s is not the state of a search; give another name", in->path);
        else if (number == 1)
            status = check_identity(in, line, error);
        else if (!take_unit(in, line))
            status = cln_fail(error, CLN_FORMAT,
                              "the state file %s is damaged: line %llu is no training of this search, or one that came "
                              "before; delete the line",
                              in->path, (unsigned long long)number);
        json_decref(line);
        at += bytes + 1;
        *kept = at;
    }
    return status;
}

cln_status cln_search_state_read(const char *path, const cln_search_identity *identity, cln_search_unit_fn *found,
                                 void *user, uint64_t *length, cln_error *error)
{
    cln_status status;
    cln_os_file file = {.descriptor = -1};
    char *text = NULL;
    uint64_t got;
    uint32_t folds = identity->folds ? identity->folds : 1;
    reading in = {.path = path, .identity = identity, .found = found, .user = user};
    *length = 0;
    TRY(cln_allocate((void **)&in.seen, (uint64_t)identity->configurations * folds, sizeof *in.seen,
                     "the state of a search", error));
    TRY(cln_os_open(&file, path, error));
    if (file.size > FILE_BYTES_MAX) {
        status =
            cln_fail(error, CLN_FORMAT, "the file %s is too large for the state of a search; give another name", path);
        goto out;
    }
    TRY(cln_allocate((void **)&text, file.size, 1, "the state of a search", error));
    TRY(cln_os_read(&file, path, text, file.size, &got, error));
    TRY(read_lines(&in, text, (size_t)got, length, error));
out:
    cln_os_close(&file);
    free(text);
    free(in.seen);
    return status;
}
