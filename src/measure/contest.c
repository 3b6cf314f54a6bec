#include "measure/contest.h"

#include "base/os.h"

#include <math.h>
#include <stdlib.h>

#define TURNS 9 /* of two sides, at most */
/* What is this much faster is better and no accident. */
static const double worth = 0.97;
/* What is this much slower at first sight need not be timed again. */
static const double hopeless = 1.5;

double cln_search_left(const cln_search *search)
{
    double left = search->began + search->budget - cln_os_seconds();
    return left > 0 ? left : 0;
}

bool cln_search_goes_on(cln_search *search, const char *trying)
{
    double clock = cln_os_seconds();
    if (!trying && clock - search->told < 0.1)
        return !search->stopped;
    search->told = clock;
    search->now.trying = trying ? trying : search->now.trying;
    search->now.seconds = clock - search->began;
    search->now.seconds_left = cln_search_left(search);
    if (!search->stopped && search->progress)
        search->stopped = search->progress(&search->now, search->user) != 0;
    return !search->stopped;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *seconds, size_t count)
{
    qsort(seconds, count, sizeof *seconds, ascending);
    return count % 2 ? seconds[count / 2] : (seconds[count / 2 - 1] + seconds[count / 2]) / 2;
}

typedef struct match {
    const cln_contest *contest;
    cln_search *search;
    cln_contest_result *result;
    double end;   /* of the contest, by the clock */
    double share; /* of a candidate, in seconds */
} match;

/* Two sides in turns, once at least and as often as a candidate's share allows; their medians. */
static cln_status play(const match *m, cln_side home, cln_side away, double seconds[2], cln_error *error)
{
    cln_status status = CLN_OK;
    double times[2][TURNS], end = fmin(cln_os_seconds() + fmin(m->share, 1), m->end);
    size_t count = 0;
    do {
        TRY(m->contest->run(m->contest->user, home, &times[0][count], error));
        TRY(m->contest->run(m->contest->user, away, &times[1][count], error));
        count++;
    } while (count < TURNS && times[1][0] < hopeless * times[0][0] && cln_os_seconds() < end &&
             cln_search_goes_on(m->search, NULL));
    seconds[0] = median(times[0], count);
    seconds[1] = median(times[1], count);
out:
    return status;
}

static void note_time(const match *m, double seconds)
{
    if (seconds > *m->contest->slowest)
        *m->contest->slowest = seconds;
}

/* The challenger that stands ready; true where it is the new best. Whatever fails is its own affair. */
static bool challenge(match *m)
{
    cln_contest_result *result = m->result;
    double seconds[2], before = cln_os_seconds();
    bool built = m->contest->prepare(m->contest->user, CLN_SIDE_CHALLENGER, NULL) == CLN_OK;
    double took = cln_os_seconds() - before;
    note_time(m, took);
    if (!built) {
        result->wrong++;
        return false;
    }
    if (took > m->share) {
        result->slow++;
        return false;
    }
    if (play(m, CLN_SIDE_BEST, CLN_SIDE_CHALLENGER, seconds, NULL) != CLN_OK) {
        result->wrong++;
        return false;
    }
    result->tried++;
    result->challenger_seconds = seconds[1];
    return seconds[1] < worth * seconds[0];
}

static bool has_time(const match *m)
{
    const cln_contest_result *result = m->result;
    double expected = *m->contest->slowest;
    bool first = result->tried + result->wrong + result->slow == 0;
    return !m->search->stopped && expected < cln_search_left(m->search) / (first ? 1 : 2) &&
           (first || cln_os_seconds() + expected < m->end);
}

cln_status cln_contest_hold(const cln_contest *contest, cln_search *search, double seconds, cln_contest_result *result,
                            cln_error *error)
{
    cln_status status;
    double began = cln_os_seconds(), times[2];
    match m = {.contest = contest, .search = search, .result = result, .end = began + seconds, .share = seconds / 4};
    *result = (cln_contest_result){.challenger_seconds = NAN};
    cln_search_goes_on(search, contest->describe(contest->user, CLN_SIDE_BUILTIN));
    TRY(contest->prepare(contest->user, CLN_SIDE_BUILTIN, error));
    /* Who builds no slower than the built-in one is not slow, however little time there is. */
    double builtin = cln_os_seconds() - began;
    note_time(&m, builtin);
    m.share = fmax(m.share, fmax(2 * builtin, contest->patience));

    for (size_t move = 0, idle = 0; idle < contest->moves && has_time(&m); move = (move + 1) % contest->moves) {
        idle++;
        if (!contest->propose(contest->user, move))
            continue;
        if (!cln_search_goes_on(search, contest->describe(contest->user, CLN_SIDE_CHALLENGER)))
            break;
        bool accepted = challenge(&m);
        contest->settle(contest->user, accepted);
        idle = accepted ? 0 : idle;
        result->won |= accepted;
    }
    m.end = INFINITY; /* the last word takes its time */
    m.share = 0.5;
    TRY(play(&m, CLN_SIDE_BUILTIN, CLN_SIDE_BEST, times, error));
    result->builtin_seconds = times[0];
    result->won = result->won && times[1] < worth * times[0];
    result->best_seconds = result->won ? times[1] : times[0];
out:
    return status;
}
