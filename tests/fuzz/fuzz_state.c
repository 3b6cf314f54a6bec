/* The state of a search: behind the line that says which search it is of, and as it is. */
#include "data/dataset.h"
#include "fuzz.h"
#include "search/state_file.h"

#include <stdlib.h>
#include <string.h>

enum { CONFIGURATIONS = 4, FOLDS = 2 };

static void take(const cln_search_unit *unit, void *user)
{
    bool *seen = user;
    FUZZ_ASSERT(unit->configuration < CONFIGURATIONS && unit->fold < FOLDS && unit->seconds >= 0);
    size_t place = unit->configuration * FOLDS + unit->fold;
    FUZZ_ASSERT(!seen[place]);
    seen[place] = true;
}

static void read_state(const cln_search_identity *identity, const char *before, const uint8_t *bytes, size_t count)
{
    bool seen[CONFIGURATIONS * FOLDS] = {false};
    cln_error error = {0};
    uint64_t length;
    cln_status status = cln_search_state_read(fuzz_file(before, bytes, count), identity, take, seen, &length, &error);
    fuzz_check(status, &error);
    FUZZ_ASSERT(status != CLN_OK || length <= (before ? strlen(before) : 0) + count);
}

/* To be released with free(). */
static char *first_line(const cln_search_identity *identity)
{
    json_t *json = cln_search_identity_json(identity);
    char *line = json ? json_dumps(json, JSON_COMPACT) : NULL;
    FUZZ_ASSERT(line);
    json_decref(json);
    size_t length = strlen(line);
    char *ended = realloc(line, length + 2);
    FUZZ_ASSERT(ended);
    memcpy(ended + length, "\n", 2);
    return ended;
}

void fuzz_one(const uint8_t *bytes, size_t count)
{
    static const uint8_t x[4] = {1, 2, 3, 4};
    static const int32_t labels[4] = {0, 1, 0, 1};
    cln_search_identity identity = {.grid = "l2=0,1e-4;seed=1,2", .configurations = CONFIGURATIONS, .folds = FOLDS};
    cln_options *options = NULL;
    cln_dataset *data = NULL;
    FUZZ_ASSERT(cln_options_create(&options, NULL) == CLN_OK &&
                cln_dataset_wrap(x, CLN_UINT8, 4, 1, labels, &data, NULL) == CLN_OK);
    identity.options = options;
    identity.train = data;
    char *line = first_line(&identity);
    read_state(&identity, line, bytes, count);
    read_state(&identity, NULL, bytes, count);
    free(line);
    cln_dataset_close(data);
    cln_options_free(options);
}
