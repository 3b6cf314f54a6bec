/*
 * Finding the fastest of many candidates that may fail, compute wrong or take long: one challenger at a time against the best so
 * far, both timed in turns. The field begins with the built-in candidate; a challenger is the best changed by one move, and the
 * moves go round until a whole round changes nothing or the time is over.
 *
 * What cannot be interrupted: a driver that compiles, and a kernel that runs. So a candidate's time is known only afterwards. One
 * that took longer than its share (a quarter of its contest's time, twice what the built-in one took, or the contest's patience) is
 * dropped. As long as the slowest so far is what the next is expected to take: none is begun for which the contest's time or half of
 * the search's does not suffice, and the first of a contest has all of the search's. So a search is over its budget by at most the
 * compilation of one candidate that is slower than all before it.
 */
#ifndef CLN_MEASURE_CONTEST_H
#define CLN_MEASURE_CONTEST_H

#include "base/error.h"

/* The search as a whole: its clock, and whom to tell. */
typedef struct cln_search {
    double began, budget, told; /* by the clock; seconds */
    cln_tune_progress_fn *progress;
    void *user;
    cln_tune_progress now;
    bool stopped;                         /* the caller wants no more */
    double slowest_product, slowest_step; /* to build and check, of all candidates so far, in seconds */
} cln_search;

double cln_search_left(const cln_search *search); /* seconds */
/* Tells of what is tried now, at most ten times a second where that is the same as before (NULL). False where the search is to end. */
bool cln_search_goes_on(cln_search *search, const char *trying);

typedef enum cln_side { CLN_SIDE_BUILTIN, CLN_SIDE_BEST, CLN_SIDE_CHALLENGER, CLN_SIDES } cln_side;

/* One thing to tune. To begin with the best is the built-in candidate itself. */
typedef struct cln_contest {
    void *user;
    double *slowest; /* of the search, for such candidates */
    double patience; /* seconds that building a candidate may take in any case */
    size_t moves;
    /* Makes the challenger from the best. False where it would be the best itself, or could not run on the device. */
    bool (*propose)(void *user, size_t move);
    const char *(*describe)(void *user, cln_side side);
    /* Builds a side, runs it once and checks all that it computes; the built-in one or the challenger. */
    cln_status (*prepare)(void *user, cln_side side, cln_error *error);
    /* Runs a side for a time worth measuring, waits for its end, and says how long that took, without what a change of sides costs. */
    cln_status (*run)(void *user, cln_side side, double *seconds, cln_error *error);
    /* The challenger becomes the best, or goes. */
    void (*settle)(void *user, bool accepted);
} cln_contest;

typedef struct cln_contest_result {
    bool won;                             /* the best is another than the built-in one */
    double builtin_seconds, best_seconds; /* medians of runs, taken in turns at the end */
    double challenger_seconds;            /* of the last one that was timed; NaN: none was */
    uint32_t tried, wrong, slow;          /* timed; failed or computed wrong; took longer than their share */
} cln_contest_result;

/* Holds a contest for `seconds`. Fails only where the built-in candidate does. */
cln_status cln_contest_hold(const cln_contest *contest, cln_search *search, double seconds, cln_contest_result *result,
                            cln_error *error);

#endif
