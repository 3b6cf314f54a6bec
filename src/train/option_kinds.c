/* Text to values, by the kinds of option that there are. A value that is not accepted is named with what is, and changes nothing. */
#include "train/option_kinds.h"

#include "base/number.h"

#include <stdio.h>
#include <string.h>

static cln_status set_switch(const cln_option *entry, bool *field, const char *value, cln_error *error)
{
    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return cln_fail(error, CLN_INVALID, "option %s takes true or false, not \"%.80s\"", entry->info.name, value);
    *field = value[0] == 't';
    return CLN_OK;
}

static cln_status set_count(const cln_option *entry, uint64_t *field, const char *value, cln_error *error)
{
    uint64_t parsed;
    if (!cln_parse_count(value, &parsed) || parsed < (uint64_t)entry->least || parsed > (uint64_t)entry->most)
        return cln_fail(error, CLN_INVALID, "option %s takes a whole number from %.0f to 10^18, not \"%.80s\"",
                        entry->info.name, entry->least, value);
    *field = parsed;
    return CLN_OK;
}

static cln_status set_real(const cln_option *entry, double *field, const char *value, cln_error *error)
{
    double parsed;
    if (!cln_parse_real(value, &parsed) || parsed < entry->least || parsed > entry->most)
        return cln_fail(error, CLN_INVALID, "option %s takes a number from %g to %g, not \"%.80s\"", entry->info.name,
                        entry->least, entry->most, value);
    *field = parsed;
    return CLN_OK;
}

/* The field points at the table's word, which outlives the caller's text. */
static cln_status set_word(const cln_option *entry, const char **field, const char *value, cln_error *error)
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
    for (const char *rest = value; rest; count++) {
        char word[12];
        uint64_t label;
        if (count == CLN_MOST_CLASSES || !cln_next_word(&rest, word, sizeof word) || !cln_parse_count(word, &label) ||
            label > UINT16_MAX)
            return cln_fail(error, CLN_INVALID,
                            "option classes takes up to %d labels with commas between, as 3,6, not \"%.80s\"",
                            CLN_MOST_CLASSES, value);
        for (uint32_t i = 0; i < count; i++)
            if (classes[i] == label)
                return cln_fail(error, CLN_INVALID, "option classes names %llu twice", (unsigned long long)label);
        classes[count] = (uint32_t)label;
    }
    memcpy(settings->classes, classes, sizeof *classes * count);
    settings->class_count = count;
    return CLN_OK;
}

/* "balanced", or labels with a weight each. */
static cln_status set_class_weights(cln_settings *settings, const char *value, cln_error *error)
{
    uint32_t count = 0, labels[CLN_MOST_CLASSES];
    double weights[CLN_MOST_CLASSES];
    bool balanced = strcmp(value, "balanced") == 0;
    for (const char *rest = balanced ? NULL : value; rest; count++) {
        char word[48], *colon = NULL;
        uint64_t label;
        bool right = count < CLN_MOST_CLASSES && cln_next_word(&rest, word, sizeof word) && (colon = strchr(word, ':'));
        if (right)
            *colon = '\0';
        if (!right || !cln_parse_count(word, &label) || label > UINT16_MAX ||
            !cln_parse_real(colon + 1, &weights[count]) || weights[count] < 0 || weights[count] > 1e30)
            return cln_fail(
                error, CLN_INVALID,
                "option class-weights takes balanced, or up to %d labels with a weight of 0 or more each, as "
                "3:0.5,6:2, not \"%.80s\"",
                CLN_MOST_CLASSES, value);
        labels[count] = (uint32_t)label;
        for (uint32_t i = 0; i < count; i++)
            if (labels[i] == labels[count])
                return cln_fail(error, CLN_INVALID, "option class-weights names %u twice", labels[count]);
    }
    settings->balanced = balanced;
    settings->weighted_count = count;
    memcpy(settings->weighted, labels, sizeof *labels * count);
    memcpy(settings->class_weight, weights, sizeof *weights * count);
    return CLN_OK;
}

static cln_status set_alphas(const cln_option *entry, cln_settings *settings, const char *value, cln_error *error)
{
    double alphas[CLN_MOST_ALPHAS];
    uint32_t count = 0;
    for (const char *rest = value; rest; count++) {
        char word[48];
        if (count == CLN_MOST_ALPHAS || !cln_next_word(&rest, word, sizeof word) ||
            !cln_parse_real(word, &alphas[count]) || alphas[count] < entry->least || alphas[count] > entry->most)
            return cln_fail(error, CLN_INVALID,
                            "option alpha takes up to %d numbers from %g to %g with commas between, as 0.1,1,10, not "
                            "\"%.80s\"",
                            CLN_MOST_ALPHAS, entry->least, entry->most, value);
    }
    memcpy(settings->alpha, alphas, sizeof *alphas * count);
    settings->alpha_count = count;
    return CLN_OK;
}

cln_status cln_option_apply(const cln_option *entry, cln_settings *settings, const char *value, cln_error *error)
{
    void *field = (char *)settings + entry->offset;
    switch (entry->kind) {
    case CLN_OPTION_SWITCH:
        return set_switch(entry, field, value, error);
    case CLN_OPTION_COUNT:
        return set_count(entry, field, value, error);
    case CLN_OPTION_REAL:
        return set_real(entry, field, value, error);
    case CLN_OPTION_WORD:
        return set_word(entry, field, value, error);
    case CLN_OPTION_CLASSES:
        return set_classes(settings, value, error);
    case CLN_OPTION_CLASS_WEIGHTS:
        return set_class_weights(settings, value, error);
    case CLN_OPTION_ALPHAS:
        return set_alphas(entry, settings, value, error);
    }
    return CLN_OK;
}
