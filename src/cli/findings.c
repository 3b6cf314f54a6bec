#include "cli/findings.h"

#include "report/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double obtained_figure(cln_figure figure, const cln_training *training, const cln_score *early)
{
    const cln_result *result = &training->result;
    switch (figure) {
    case CLN_FIGURE_EPOCHS:
        return (double)result->epochs;
    case CLN_FIGURE_STOPPED:
        return (double)result->stopped;
    case CLN_FIGURE_VALID_ERRORS:
        return (double)result->valid.errors;
    case CLN_FIGURE_TEST_ERRORS:
        return (double)result->test.errors;
    case CLN_FIGURE_TEST_ROWS:
        return (double)result->test.rows;
    case CLN_FIGURE_TRAIN_ERRORS:
        return (double)result->train.errors;
    case CLN_FIGURE_TRAIN_ACCURACY:
        return cln_accuracy(&result->train);
    case CLN_FIGURE_TEST_ACCURACY:
        return cln_accuracy(&result->test);
    case CLN_FIGURE_OBJECTIVE:
        return result->objective;
    case CLN_FIGURE_ALPHA:
        return result->l2 * (double)result->rows;
    case CLN_FIGURE_EARLY_ACCURACY:
        return cln_accuracy(early);
    }
    return (double)NAN;
}

/* The figure for people, and for JSON where it is a number there; a reason to stop is a word in both. */
static double put_figure(cln_figure figure, double value, const char *before, char *text, size_t size)
{
    cln_text number;
    bool part = figure == CLN_FIGURE_TRAIN_ACCURACY || figure == CLN_FIGURE_EARLY_ACCURACY ||
                figure == CLN_FIGURE_TEST_ACCURACY;
    bool real = figure == CLN_FIGURE_OBJECTIVE || figure == CLN_FIGURE_ALPHA;
    if (figure == CLN_FIGURE_STOPPED) {
        snprintf(text, size, "%s", cln_stop_word((cln_stop)value));
        return (double)NAN;
    }
    if (real)
        snprintf(text, size, "%s%.8g", before, value);
    else
        snprintf(text, size, "%s%s", before,
                 part ? cln_text_percent(number, value) : cln_text_count(number, (uint64_t)value));
    return value;
}

static bool agrees(const cln_claim *claim, double obtained)
{
    switch (claim->relation) {
    case CLN_EQUAL:
        return !(obtained < claim->published) && !(obtained > claim->published) && !isnan(obtained);
    case CLN_ABOVE:
        return obtained > claim->published;
    case CLN_WITHIN:
        return fabs(obtained - claim->published) <= claim->margin;
    case CLN_SHOWN:
        return true;
    }
    return false;
}

size_t cln_findings(const cln_recipe_run *run, const cln_training *training, const cln_score *early,
                    cln_finding *findings)
{
    size_t count = 0;
    for (const cln_claim *claim = run->claims; claim->key; claim++) {
        cln_finding *finding = &findings[count++];
        double obtained = obtained_figure(claim->figure, training, early);
        memset(finding, 0, sizeof *finding);
        finding->key = claim->key;
        finding->label = claim->label;
        finding->agrees = agrees(claim, obtained);
        finding->obtained_value = put_figure(claim->figure, obtained, "", finding->obtained, sizeof finding->obtained);
        if (claim->relation != CLN_SHOWN)
            finding->published_value =
                put_figure(claim->figure, claim->published, claim->relation == CLN_ABOVE ? "above " : "",
                           finding->published, sizeof finding->published);
    }
    return count;
}
