/* The sentences themselves, and those about labels. Those about what a run has come to are in warnings_run.c. */
#include "train/warnings.h"

#include "base/size.h"
#include "data/dataset.h"
#include "train/trainer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cln_warn(cln_warnings *warnings, const char *format, ...)
{
    va_list arguments;
    if (warnings->count == CLN_COUNT(warnings->text))
        return;
    char *text = warnings->text[warnings->count];
    va_start(arguments, format);
    vsnprintf(text, sizeof *warnings->text, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < warnings->count; i++)
        if (strcmp(warnings->text[i], text) == 0)
            return;
    warnings->count++;
}

const char *cln_warning_at(const cln_warnings *warnings, size_t index)
{
    return index < warnings->count ? warnings->text[index] : NULL;
}

const char *cln_trainer_warning(const cln_trainer *trainer, size_t index)
{
    return trainer ? cln_warning_at(&trainer->warnings, index) : NULL;
}

/* ---- labels */

/* Rows of each output: those that train and weigh something, and those of the same data set that option `valid` holds back. */
typedef struct tally {
    const cln_selection *selection;
    const cln_settings *settings;
    uint32_t k;
    uint64_t *train, *held; /* (k) */
    bool weighted;          /* rows of weight 0 do not count */
} tally;

typedef enum group {
    WITHOUT_ROWS,
    HELD_BACK, /* has rows, but option `valid` takes them all */
    WITH_ROWS,
    VALIDATED
} group;

static bool is_in(const tally *t, group which, uint32_t c)
{
    bool trained = t->train[c] > 0, held = t->held[c] > 0;
    return which == WITH_ROWS   ? trained || held
           : which == VALIDATED ? held
           : which == HELD_BACK ? held && !trained
                                : !held && !trained;
}

static uint32_t count_group(const tally *t, group which)
{
    uint32_t count = 0;
    for (uint32_t c = 0; c < t->k; c++)
        count += is_in(t, which, c);
    return count;
}

#define MOST_NAMED 8
#define NAMES      200 /* bytes: as many labels of five digits, and the rest as a number */

/* "label 2", "labels 2, 5 and 7", "labels 2, …, 9 and 33 others": as the data have them. */
static void name_group(const tally *t, group which, char names[NAMES])
{
    uint32_t count = count_group(t, which), named = 0, most = count > MOST_NAMED + 1 ? MOST_NAMED : count;
    size_t length = (size_t)snprintf(names, NAMES, count == 1 ? "label" : "labels");
    for (uint32_t c = 0; c < t->k && named < most; c++) {
        if (!is_in(t, which, c))
            continue;
        const char *before = named == 0 ? "" : named + 1 == count ? " and" : ",";
        length += (size_t)snprintf(names + length, NAMES - length, "%s %u", before,
                                   t->settings->class_count ? t->settings->classes[c] : c);
        named++;
    }
    if (named < count)
        snprintf(names + length, NAMES - length, " and %u others", count - named);
}

/* The last rows of the training data set validate. */
static bool holds_back(const cln_selection *selection)
{
    return selection->rows[CLN_VALID] && !selection->data[CLN_VALID] && !selection->unfolded;
}

static void count_labels(tally *t)
{
    const cln_selection *s = t->selection;
    const int32_t *labels = cln_dataset_labels(s->data[CLN_TRAIN]);
    const float *weights = cln_dataset_weights(s->data[CLN_TRAIN]);
    const uint32_t *list = s->list[CLN_TRAIN];
    for (uint64_t i = 0; i < s->rows[CLN_TRAIN]; i++) {
        uint64_t row = list ? list[i] : i;
        t->train[labels[row]] += !weights || weights[row] > 0;
    }
    for (uint64_t i = s->rows[CLN_TRAIN]; holds_back(s) && i < s->info.rows; i++)
        t->held[labels[i]]++;
    t->weighted = weights != NULL;
}

static bool are_sorted(const cln_selection *selection)
{
    const int32_t *labels = cln_dataset_labels(selection->data[CLN_TRAIN]);
    bool up = true, down = true;
    for (uint64_t i = 1; (up || down) && i < selection->info.rows; i++) {
        up = up && labels[i] >= labels[i - 1];
        down = down && labels[i] <= labels[i - 1];
    }
    return up || down;
}

/* Option `valid` takes the last rows as they lie. */
static void warn_of_valid(cln_warnings *warnings, const tally *t)
{
    uint64_t rows = t->selection->rows[CLN_VALID];
    uint32_t lost = count_group(t, HELD_BACK);
    char names[NAMES];
    static const char remedy[] = "shuffle the rows, or give option valid a data set of its own";
    if (lost > 0) {
        name_group(t, HELD_BACK, names);
        cln_warn(warnings,
                 "%s %s all %s rows among the last %llu, which option valid takes, and none is left to train on; %s",
                 names, lost == 1 ? "has" : "have", lost == 1 ? "its" : "their", (unsigned long long)rows, remedy);
    } else if (count_group(t, VALIDATED) < count_group(t, WITH_ROWS) && are_sorted(t->selection)) {
        name_group(t, VALIDATED, names);
        cln_warn(warnings, "the rows are sorted, so that the last %llu, which option valid takes, have %s alone; %s",
                 (unsigned long long)rows, names, remedy);
    }
}

/* " (0,3000)", the value that option `classes` would have; "" where it is long. */
static void write_classes(const tally *t, char text[NAMES])
{
    size_t length = 0;
    *text = '\0';
    if (count_group(t, WITH_ROWS) > 2 * MOST_NAMED)
        return;
    for (uint32_t c = 0; c < t->k; c++)
        if (is_in(t, WITH_ROWS, c))
            length += (size_t)snprintf(text + length, NAMES - length, "%s%u", length ? "," : " (", c);
    snprintf(text + length, NAMES - length, ")");
}

static void warn_of_gaps(cln_warnings *warnings, const tally *t)
{
    const cln_settings *settings = t->settings;
    uint32_t gaps = count_group(t, WITHOUT_ROWS);
    const char *counting = t->weighted ? " with a weight above 0" : "";
    char names[NAMES], classes[NAMES];
    if (gaps == 0)
        return;
    name_group(t, WITHOUT_ROWS, names);
    write_classes(t, classes);
    if (settings->class_count) /* all rows together have each of these */
        cln_warn(warnings, "%s %s no training row%s; give more train-rows, or leave %s out of option classes", names,
                 gaps == 1 ? "has" : "have", counting, gaps == 1 ? "it" : "them");
    else if (settings->train_rows)
        cln_warn(warnings,
                 "%s %s no training row%s; give more train-rows, or name the labels that have rows with option classes",
                 names, gaps == 1 ? "has" : "have", counting);
    else if (gaps > count_group(t, WITH_ROWS))
        cln_warn(warnings,
                 "%u of the %u outputs, one for each label from 0 to %u, have no training row%s, and take memory and "
                 "time all the same; number the labels from 0 on, or name those that have rows with option classes%s",
                 gaps, t->k, t->k - 1, counting, classes);
    else
        cln_warn(warnings,
                 "%s %s no training row%s, so that %s; number the labels from 0 on without a gap, or name those that "
                 "have rows with option classes%s",
                 names, gaps == 1 ? "has" : "have", counting,
                 gaps == 1 ? "its output learns nothing but to be low" : "their outputs learn nothing but to be low",
                 classes);
}

cln_status cln_warn_of_labels(cln_warnings *warnings, const cln_selection *selection, const cln_settings *settings,
                              cln_error *error)
{
    cln_status status = CLN_OK;
    tally t = {.selection = selection, .settings = settings, .k = selection->outputs};
    if (selection->target != CLN_TARGET_ONEHOT)
        return CLN_OK;
    TRY(cln_allocate((void **)&t.train, t.k, sizeof *t.train, "counts of labels", error));
    TRY(cln_allocate((void **)&t.held, t.k, sizeof *t.held, "counts of labels", error));
    count_labels(&t);
    warn_of_gaps(warnings, &t);
    if (holds_back(selection))
        warn_of_valid(warnings, &t);
out:
    free(t.train);
    free(t.held);
    return status;
}
