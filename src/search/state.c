/* What a search writes: which one it is, and what each training came to. */
#include "search/state_file.h"

#include "base/size.h"
#include "data/fingerprint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which search */

static json_t *data_json(const cln_dataset *data, uint64_t contents)
{
    cln_dataset_info info;
    char features[32], answers[32], path[2 * sizeof info.path] = "";
    if (!data)
        return json_null();
    cln_dataset_describe(data, &info);
    snprintf(features, sizeof features, "XXH64 %016llx", (unsigned long long)contents);
    snprintf(answers, sizeof answers, "XXH64 %016llx", (unsigned long long)cln_fingerprint_answers(data));
    for (size_t i = 0; info.path[i]; i++) /* a path need not be UTF-8 */
        snprintf(path + strlen(path), 3, info.path[i] >= ' ' && info.path[i] <= '~' ? "%c" : "%02hhx", info.path[i]);
    return json_pack("{ss sI sI ss ss}", "path", path, "rows", (json_int_t)info.rows, "features",
                     (json_int_t)info.features, CLN_SEARCH_CONTENTS, features, "labels", answers);
}

static json_t *options_json(const cln_options *options)
{
    json_t *object = json_object();
    for (size_t i = 0; i < cln_option_count(); i++) {
        const char *name = cln_option_at(i)->name;
        if (json_object_set_new(object, name, json_string(cln_options_get(options, name))) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

json_t *cln_search_identity_json(const cln_search_identity *identity)
{
    return json_pack("{si ss ss si so s{so so}}", "clinear_search", CLN_SEARCH_STATE_VERSION, "version", cln_version(),
                     "grid", identity->grid, "folds", (int)identity->folds, "options", options_json(identity->options),
                     "data", "train", data_json(identity->train, identity->contents[0]), "valid",
                     data_json(identity->valid, identity->contents[1]));
}

/* ---- lines */

static json_t *score_json(const cln_score *score)
{
    return json_pack("{so sI sI}", "loss", isfinite(score->loss) ? json_real(score->loss) : json_null(), "errors",
                     (json_int_t)score->errors, "rows", (json_int_t)score->rows);
}

static json_t *unit_json(const cln_search_unit *unit)
{
    return json_pack("{sI sI so so sI ss sf}", "configuration", (json_int_t)unit->configuration, "fold",
                     (json_int_t)unit->fold, "valid", score_json(&unit->valid), "train", score_json(&unit->train),
                     "epochs", (json_int_t)unit->epochs, "stopped", cln_stop_word(unit->stopped), "seconds",
                     unit->seconds);
}

/* *text (*length), grown by the line of `value`, which is released. */
static cln_status append_line(char **text, size_t *length, json_t *value, cln_error *error)
{
    char *line = value ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    size_t count = line ? strlen(line) : 0;
    char *grown = line ? realloc(*text, *length + count + 1) : NULL;
    json_decref(value);
    if (grown) {
        *text = grown;
        memcpy(grown + *length, line, count);
        grown[*length + count] = '\n';
        *length += count + 1;
    }
    free(line);
    return grown ? CLN_OK : cln_fail_memory(error, "the state of a search", 0);
}

static cln_status write_identity(cln_search_state *state, const cln_search_identity *identity, cln_error *error)
{
    cln_status status;
    char *text = NULL;
    size_t length = 0;
    TRY(append_line(&text, &length, cln_search_identity_json(identity), error));
    TRY(cln_os_append_cut(&state->file, 0, error));
    TRY(cln_os_append(&state->file, text, length, error));
out:
    free(text);
    return status;
}

cln_status cln_search_state_add(cln_search_state *state, const cln_search_unit *units, size_t count, cln_error *error)
{
    cln_status status = CLN_OK;
    char *text = NULL;
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        TRY(append_line(&text, &length, unit_json(&units[i]), error));
    TRY(cln_os_append(&state->file, text, length, error));
out:
    free(text);
    return status;
}

/* ---- the file */

cln_status cln_search_state_open(const char *path, const cln_search_identity *identity, cln_search_unit_fn *found,
                                 void *user, cln_search_state **result, cln_error *error)
{
    cln_status status;
    cln_search_state *state = NULL;
    uint64_t length = 0;
    *result = NULL;
    TRY(cln_allocate((void **)&state, 1, sizeof *state, "the state of a search", error));
    state->file.descriptor = -1;
    TRY(cln_os_append_begin(&state->file, path, error));
    TRY(cln_search_state_read(path, identity, found, user, &length, error));
    if (length > 0)
        TRY(cln_os_append_cut(&state->file, length, error));
    else
        TRY(write_identity(state, identity, error));
    *result = state;
    state = NULL;
out:
    cln_search_state_close(state);
    return status;
}

void cln_search_state_close(cln_search_state *state)
{
    if (!state)
        return;
    cln_os_append_end(&state->file);
    free(state);
}
