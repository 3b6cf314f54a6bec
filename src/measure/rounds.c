#include "measure/rounds.h"

#include "base/os.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_SAMPLES = 3 };
static const double stable_within = 0.02, share = 0.1;

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of sorted values (count) the one that a part of them lies below, between two of them if need be. */
static double quantile(const double *sorted, unsigned count, double part)
{
    double at = part * (count - 1);
    unsigned below = (unsigned)at;
    double rest = at - below;
    return rest > 0 ? sorted[below] + rest * (sorted[below + 1] - sorted[below]) : sorted[below];
}

void cln_round_value(const cln_round_item *item, unsigned value, double *median, double *spread)
{
    double sorted[CLN_ROUND_SAMPLES];
    *median = *spread = NAN;
    if (item->count == 0)
        return;
    memcpy(sorted, item->samples[value], item->count * sizeof *sorted);
    qsort(sorted, item->count, sizeof *sorted, ascending);
    *median = quantile(sorted, item->count, 0.5);
    if (item->count > 1)
        *spread = quantile(sorted, item->count, 0.75) - quantile(sorted, item->count, 0.25);
}

/* The first value counts: others are parts of it, or follow from it. */
bool cln_round_is_stable(const cln_round_item *item)
{
    double median, spread;
    cln_round_value(item, 0, &median, &spread);
    return item->count >= LEAST_SAMPLES && spread / sqrt(item->count) <= stable_within * fabs(median);
}

/* Has had its samples: too many, or too much time. */
static bool is_full(const cln_round_item *item, double seconds)
{
    return *item->failure || item->count == CLN_ROUND_SAMPLES || (item->count > 0 && item->spent > share * seconds);
}

static bool fits(const cln_round_item *item, double end)
{
    double expected = item->count ? item->spent / item->count : item->expected;
    return cln_os_seconds() + expected < end;
}

static void take(cln_round_item *item, cln_telling *telling, void *user)
{
    cln_error failure = {0};
    double values[CLN_ROUND_VALUES] = {0}, seconds = 0;
    if (item->run(user, item, values, &seconds, &failure) != CLN_OK) {
        snprintf(item->failure, sizeof item->failure, "%.250s", failure.message);
        return;
    }
    if (telling->stopped) /* within it, perhaps */
        return;
    for (unsigned i = 0; i < item->values; i++)
        item->samples[i][item->count] = values[i];
    item->count++;
    item->spent += seconds;
}

static bool begin(const cln_round_item *item, cln_telling *telling)
{
    return cln_telling_begin(telling, "%s%s%s", item->engine ? item->engine : "", item->engine ? ": " : "",
                             item->words);
}

bool cln_rounds_turn(cln_round_item *items, size_t count, double seconds, cln_telling *telling, void *user)
{
    bool more = false;
    for (size_t i = 0; i < count && !telling->stopped; i++) {
        if (is_full(&items[i], seconds) || !fits(&items[i], telling->end))
            continue;
        if (begin(&items[i], telling))
            take(&items[i], telling, user);
        more |= !is_full(&items[i], seconds) && !cln_round_is_stable(&items[i]);
    }
    return more && !telling->stopped;
}

void cln_rounds_hold(cln_round_item *items, size_t count, cln_telling *telling, void *user)
{
    double seconds = telling->end - cln_os_seconds();
    while (cln_rounds_turn(items, count, seconds, telling, user))
        ;
}
