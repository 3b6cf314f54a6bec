/* One table: names, arguments, defaults, help, ranges. Parser, command line, model metadata and messages read it. */
#include "train/settings.h"

#include "base/number.h"
#include "base/size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { SWITCH, COUNT, REAL, WORD, CLASSES } kind;

typedef struct option {
    cln_option_info info;
    kind kind;
    size_t offset;            /* in cln_settings */
    double least, most;       /* COUNT and REAL; what is accepted where the option is given */
    const char *const *words; /* WORD: what is accepted, behind the last NULL */
} option;

static const char *const models[] = {"softmax", NULL};
static const char *const losses[] = {"cross-entropy", NULL};
static const char *const solvers[] = {"sgd", NULL};
static const char *const engines[] = {"auto", "fused", "clblast", NULL};

#define AT(field) offsetof(cln_settings, field)
#define ANY_COUNT 1e18

static const option table[] = {
    {{"model", "NAME", "softmax", "kind of model: softmax"}, WORD, AT(model), 0, 0, models},
    {{"loss", "NAME", "cross-entropy", "loss of a row: cross-entropy"}, WORD, AT(loss), 0, 0, losses},
    {{"solver", "NAME", "sgd", "how the objective is minimised: sgd (minibatches)"}, WORD, AT(solver), 0, 0, solvers},
    {{"engine", "NAME", "auto", "who computes the products: auto, fused (own kernels) or clblast"},
     WORD,
     AT(engine),
     0,
     0,
     engines},
    {{"classes", "A,B,…", "", "keep the rows of these classes only, renumbered in this order"},
     CLASSES,
     AT(classes),
     0,
     0,
     NULL},
    {{"scale", "F", "", "factor on every feature (1/255 for bytes, 1 for floats)"}, REAL, AT(scale), 1e-30, 1e30, NULL},
    {{"train-rows", "N", "", "use the first N rows only, before the split"}, COUNT, AT(train_rows), 1, ANY_COUNT, NULL},
    {{"valid", "N|DATA", "", "validate on the last N rows, or on the test part of a folder"},
     COUNT,
     AT(valid_rows),
     1,
     ANY_COUNT,
     NULL},
    {{"batch-size", "N", "200", "rows of a minibatch"}, COUNT, AT(batch_size), 1, ANY_COUNT, NULL},
    {{"drop-last", NULL, "", "leave out a last minibatch that is not whole"}, SWITCH, AT(drop_last), 0, 0, NULL},
    {{"epochs", "N", "10", "passes over the training rows, at most"}, COUNT, AT(epochs), 1, ANY_COUNT, NULL},
    {{"learning-rate", "F", "0.1", "step size"}, REAL, AT(learning_rate), 1e-30, 1e30, NULL},
    {{"momentum", "F", "0", "share of the last step in the next one, below 1"}, REAL, AT(momentum), 0, 0.999999, NULL},
    {{"l2", "F", "0", "penalty (F/2)·|W|² on the mean loss; not on the bias"}, REAL, AT(l2), 0, 1e30, NULL},
    {{"alpha", "F", "0", "the same in units of summed losses: l2 = F / training rows"}, REAL, AT(alpha), 0, 1e30, NULL},
    {{"no-bias", NULL, "", "a model without bias"}, SWITCH, AT(no_bias), 0, 0, NULL},
    {{"no-shuffle", NULL, "", "visit the rows in the order of the file"}, SWITCH, AT(no_shuffle), 0, 0, NULL},
    {{"seed", "N", "0", "seed of the shuffling"}, COUNT, AT(seed), 0, ANY_COUNT, NULL},
    {{"patience", "N", "", "stop after N epochs without a better validation error"},
     COUNT,
     AT(patience),
     1,
     ANY_COUNT,
     NULL},
    {{"patience-iterations", "N", "", "stop after N minibatches, unless validation improves (see the next two)"},
     COUNT,
     AT(patience_iterations),
     1,
     ANY_COUNT,
     NULL},
    {{"patience-increase", "F", "2", "an improvement at minibatch i extends the patience to F·i"},
     REAL,
     AT(patience_increase),
     1,
     1e6,
     NULL},
    {{"improvement", "F", "0.995", "what counts as one: an error below F times the best"},
     REAL,
     AT(improvement),
     1e-6,
     1,
     NULL},
    {{"log-every", "N", "", "log every N-th minibatch, besides every epoch"}, COUNT, AT(log_every), 1, ANY_COUNT, NULL},
};

#define OPTIONS CLN_COUNT(table)

struct cln_options {
    cln_settings settings;
    char *text[OPTIONS];
    char sentence[512];
};

size_t cln_option_count(void)
{
    return OPTIONS;
}

const cln_option_info *cln_option_at(size_t index)
{
    return index < OPTIONS ? &table[index].info : NULL;
}

static const option *find(const char *name)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (strcmp(table[i].info.name, name) == 0)
            return &table[i];
    return NULL;
}

static cln_status set_switch(const option *entry, bool *field, const char *value, cln_error *error)
{
    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return cln_fail(error, CLN_INVALID, "option %s takes true or false, not \"%.80s\"", entry->info.name, value);
    *field = value[0] == 't';
    return CLN_OK;
}

static cln_status set_count(const option *entry, uint64_t *field, const char *value, cln_error *error)
{
    uint64_t parsed;
    if (!cln_parse_count(value, &parsed) || parsed < (uint64_t)entry->least || parsed > (uint64_t)entry->most)
        return cln_fail(error, CLN_INVALID, "option %s takes a whole number from %.0f to 10^18, not \"%.80s\"",
                        entry->info.name, entry->least, value);
    *field = parsed;
    return CLN_OK;
}

static cln_status set_real(const option *entry, double *field, const char *value, cln_error *error)
{
    double parsed;
    if (!cln_parse_real(value, &parsed) || parsed < entry->least || parsed > entry->most)
        return cln_fail(error, CLN_INVALID, "option %s takes a number from %g to %g, not \"%.80s\"", entry->info.name,
                        entry->least, entry->most, value);
    *field = parsed;
    return CLN_OK;
}

/* The field points at the table's word, which outlives the caller's text. */
static cln_status set_word(const option *entry, const char **field, const char *value, cln_error *error)
{
    char accepted[120] = "";
    size_t count = 0;
    for (const char *const *word = entry->words; *word; word++, count++) {
        if (strcmp(*word, value) == 0) {
            *field = *word;
            return CLN_OK;
        }
        size_t used = strlen(accepted);
        snprintf(accepted + used, sizeof accepted - used, "%s%s", used ? ", " : "", *word);
    }
    const char *nearest = cln_nearest(value, entry->words, count);
    return cln_fail(error, CLN_INVALID, "option %s takes one of: %s; not \"%.80s\"%s%s%s", entry->info.name, accepted,
                    value, nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

static cln_status set_classes(cln_settings *settings, const char *value, cln_error *error)
{
    uint32_t classes[CLN_MOST_CLASSES], count = 0;
    const char *rest = value;
    for (;;) {
        char word[12] = "";
        uint64_t parsed;
        size_t length = strcspn(rest, ",");
        if (length < sizeof word)
            memcpy(word, rest, length);
        if (count == CLN_MOST_CLASSES || !cln_parse_count(word, &parsed) || parsed > UINT16_MAX)
            return cln_fail(error, CLN_INVALID,
                            "option classes takes up to %d labels with commas between, as 3,6, not \"%.80s\"",
                            CLN_MOST_CLASSES, value);
        for (uint32_t i = 0; i < count; i++)
            if (classes[i] == parsed)
                return cln_fail(error, CLN_INVALID, "option classes names %llu twice", (unsigned long long)parsed);
        classes[count++] = (uint32_t)parsed;
        if (rest[length] == '\0')
            break;
        rest += length + 1;
    }
    memcpy(settings->classes, classes, sizeof classes);
    settings->class_count = count;
    return CLN_OK;
}

static cln_status set_field(const option *entry, cln_settings *settings, const char *value, cln_error *error)
{
    void *field = (char *)settings + entry->offset;
    switch (entry->kind) {
    case SWITCH:
        return set_switch(entry, field, value, error);
    case COUNT:
        return set_count(entry, field, value, error);
    case REAL:
        return set_real(entry, field, value, error);
    case WORD:
        return set_word(entry, field, value, error);
    case CLASSES:
        return set_classes(settings, value, error);
    }
    return CLN_OK;
}

cln_status cln_options_create(cln_options **result, cln_error *error)
{
    cln_options *options = NULL;
    cln_status status;
    *result = NULL;
    TRY(cln_allocate((void **)&options, 1, sizeof *options, "options", error));
    for (size_t i = 0; i < OPTIONS; i++)
        if (*table[i].info.initial)
            TRY(cln_options_set(options, table[i].info.name, table[i].info.initial, error));
out:
    if (status == CLN_OK)
        *result = options;
    else
        cln_options_free(options);
    return status;
}

cln_status cln_options_set(cln_options *options, const char *name, const char *value, cln_error *error)
{
    const option *entry = find(name);
    if (!entry) {
        const char *names[OPTIONS];
        for (size_t i = 0; i < OPTIONS; i++)
            names[i] = table[i].info.name;
        const char *nearest = cln_nearest(name, names, OPTIONS);
        return cln_fail(error, CLN_INVALID,
                        nearest ? "there is no option \"%.80s\"; did you mean %s?" : "there is no option \"%.80s\"%s",
                        name, nearest ? nearest : "");
    }
    cln_settings changed = options->settings;
    cln_status status = set_field(entry, &changed, value, error);
    if (status != CLN_OK)
        return status;
    char *copy = NULL;
    status = cln_allocate((void **)&copy, strlen(value) + 1, 1, "an option", error);
    if (status != CLN_OK)
        return status;
    memcpy(copy, value, strlen(value));
    free(options->text[entry - table]);
    options->text[entry - table] = copy;
    options->settings = changed;
    return CLN_OK;
}

const char *cln_options_get(const cln_options *options, const char *name)
{
    const option *entry = find(name);
    if (!entry)
        return NULL;
    const char *text = options->text[entry - table];
    return text ? text : "";
}

const char *cln_options_check(cln_options *options)
{
    const cln_settings *settings = &options->settings;
    if (settings->l2 > 0 && settings->alpha > 0)
        return "options l2 and alpha are the same penalty in two units; give one of them";
    if (settings->patience && settings->patience_iterations)
        return "options patience and patience-iterations are two rules for the same; give one of them";
    if (settings->train_rows && settings->valid_rows >= settings->train_rows) {
        snprintf(options->sentence, sizeof options->sentence,
                 "option valid takes %llu of the %llu rows that train-rows leaves, and none remain to train on",
                 (unsigned long long)settings->valid_rows, (unsigned long long)settings->train_rows);
        return options->sentence;
    }
    return NULL;
}

cln_status cln_options_copy(const cln_options *options, cln_options **result, cln_error *error)
{
    cln_options *copy = NULL;
    cln_status status = cln_options_create(&copy, error);
    for (size_t i = 0; i < OPTIONS && status == CLN_OK; i++)
        if (options->text[i])
            status = cln_options_set(copy, table[i].info.name, options->text[i], error);
    if (status != CLN_OK) {
        cln_options_free(copy);
        copy = NULL;
    }
    *result = copy;
    return status;
}

void cln_options_free(cln_options *options)
{
    if (!options)
        return;
    for (size_t i = 0; i < OPTIONS; i++)
        free(options->text[i]);
    free(options);
}

const cln_settings *cln_options_settings(const cln_options *options)
{
    return &options->settings;
}
