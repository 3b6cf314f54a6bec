#include "cli/findings.h"

#include "report/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double obtained_figure(cln_figure figure, const cln_result *result, const cln_score *early)
{
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
    case CLN_FIGURE_TRAIN_ACCURACY:
        return cln_accuracy(&result->train);
    case CLN_FIGURE_EARLY_ACCURACY:
        return cln_accuracy(early);
    }
    return (double)NAN;
}

/* The figure for people, and for JSON where it is a number there; a reason to stop is a word in both. */
static double put_figure(cln_figure figure, double value, const char *before, char *text, size_t size)
{
    cln_text number;
    bool part = figure == CLN_FIGURE_TRAIN_ACCURACY || figure == CLN_FIGURE_EARLY_ACCURACY;
    if (figure == CLN_FIGURE_STOPPED) {
        snprintf(text, size, "%s", cln_stop_word((cln_stop)value));
        return (double)NAN;
    }
    snprintf(text, size, "%s%s", before,
             part ? cln_text_percent(number, value) : cln_text_count(number, (uint64_t)value));
    return value;
}

size_t cln_findings(const cln_recipe *recipe, const cln_result *result, const cln_score *early, cln_finding *findings)
{
    size_t count = 0;
    for (const cln_claim *claim = recipe->claims; claim->key; claim++) {
        cln_finding *finding = &findings[count++];
        double obtained = obtained_figure(claim->figure, result, early);
        bool equal = !(obtained < claim->published) && !(obtained > claim->published) && !isnan(obtained);
        memset(finding, 0, sizeof *finding);
        finding->key = claim->key;
        finding->label = claim->label;
        finding->agrees = claim->relation == CLN_SHOWN || (claim->relation == CLN_EQUAL && equal) ||
                          (claim->relation == CLN_ABOVE && obtained > claim->published);
        finding->obtained_value = put_figure(claim->figure, obtained, "", finding->obtained, sizeof finding->obtained);
        if (claim->relation != CLN_SHOWN)
            finding->published_value =
                put_figure(claim->figure, claim->published, claim->relation == CLN_ABOVE ? "above " : "",
                           finding->published, sizeof finding->published);
    }
    return count;
}
