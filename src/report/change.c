#include "report/change.h"

#include "base/size.h"
#include "report/comparison_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Noise lasts longer than a run on a machine that does other things too: the median of a run then moves between runs as the samples
 * do within it. Two of them, each with the standard deviation σ of its samples, differ by more than 3.3·√2·σ in one case of a thousand,
 * which, with some fifty rows in a comparison, is one false alarm in twenty comparisons. The distance between the quartiles is 1.35·σ:
 * the medians have to differ by 3.3·√2 / (2·1.35) = 1.73 times the sum of both distances. Few samples may lie near each other by chance:
 * no row is taken for quieter than half of the rows of its run. (Five runs on two cores with twelve other processes at work, times up to
 * three times as long as in another: no false alarm. Where it was enough that the quartiles are apart, two figures in five were one.)
 */
static const double beyond_spread = 1.73;

/* What medians of few samples differ by though their spread is small: where memory and threads happen to lie, the clock's rate. */
static const double least_share = 0.15;
/* A single sample has no spread, and says little. */
static const double least_share_of_one = 1;
/* Every time has a wait for the device in it, which takes this much more or less from process to process. */
static const double least_seconds = 5e-5;
/* Compiling: a handful of samples, and files are read, written and thrown out of caches meanwhile. */
static const double least_share_of_builds = 1, least_seconds_of_builds = 0.5;
/* Memory is no matter of chance, but the host's is twice as much where the driver's compiler has run in the process. */
static const double least_share_of_bytes = 0.05, least_share_of_host_bytes = 1;

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), part = strlen(end);
    return length >= part && strcmp(text + length - part, end) == 0;
}

bool cln_has_figure(const cln_compared_row *row)
{
    return row && row->value > 0 && isfinite(row->value);
}

bool cln_change_counts(const cln_compared_row *row)
{
    static const char *const parts[] = {".device.", ".between.", ".host."};
    for (size_t i = 0; i < CLN_COUNT(parts); i++)
        if (strstr(row->name, parts[i]))
            return false;
    return cln_compared_better(row) != CLN_BETTER_NEITHER && !cln_shown_is_limit(row);
}

/* As those say it who measure within a budget. */
static bool had_no_time(const cln_compared_row *row)
{
    static const char reason[] = "the budget was spent";
    return row && strncmp(row->reason, reason, strlen(reason)) == 0;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double cln_typical_spread(const cln_compared_device *device)
{
    double shares[256]; /* more rows are never measured */
    size_t count = 0;
    for (size_t i = 0; i < device->count && count < CLN_COUNT(shares); i++) {
        const cln_compared_row *row = &device->rows[i];
        if (cln_change_counts(row) && cln_has_figure(row) && row->spread > 0 && strcmp(row->unit, "B") != 0)
            shares[count++] = row->spread / row->value;
    }
    qsort(shares, count, sizeof *shares, ascending);
    return count ? shares[(count - 1) / 2] : 0;
}

/* By how much the two have to differ. */
static double noise_of(const cln_compared_row *before, const cln_compared_row *now, const double typical[2])
{
    double smaller = fmin(before->value, now->value);
    if (strcmp(before->unit, "B") == 0)
        return smaller * (strcmp(before->name, "host_memory") == 0 ? least_share_of_host_bytes : least_share_of_bytes);
    bool one = !(before->spread > 0) || !(now->spread > 0); /* NaN and 0 are of a single sample */
    double spread = fmax(before->spread, typical[0] * before->value) + fmax(now->spread, typical[1] * now->value);
    double least = (one ? least_share_of_one : least_share) * smaller;
    if (ends_with(before->name, "_build"))
        least = fmax(least_share_of_builds * smaller, least_seconds_of_builds);
    else if (strcmp(before->unit, "s") == 0 && !cln_shown_is_limit(before))
        least = fmax(least, least_seconds);
    return fmax(beyond_spread * spread, least);
}

cln_change cln_change_of(const cln_compared_row *before, const cln_compared_row *now, const double typical[2])
{
    cln_better better = cln_compared_better(before);
    if (better == CLN_BETTER_NEITHER || !cln_has_figure(before))
        return CLN_CHANGE_NONE;
    if (!cln_has_figure(now))
        return had_no_time(now) ? CLN_CHANGE_UNMEASURED : CLN_CHANGE_GONE;
    if (!(fabs(now->value - before->value) > noise_of(before, now, typical)))
        return CLN_CHANGE_SAME;
    return (now->value < before->value) == (better == CLN_BETTER_LESS) ? CLN_CHANGE_FASTER : CLN_CHANGE_SLOWER;
}
