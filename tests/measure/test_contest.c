#define _GNU_SOURCE
/* What a contest does with candidates that fail, compute wrong, are slow or fast: invented ones, that say what time they took. */
#include "base/os.h"
#include "harness.h"
#include "measure/contest.h"

#include <math.h>
#include <time.h>

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        cln_error error_ = {0}, *error = &error_;                                                                      \
        ck_assert_msg((call) == CLN_OK, "%s: %s", #call, error_.message);                                              \
    } while (0)

static void rest(double seconds)
{
    struct timespec time = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
    nanosleep(&time, NULL);
}

typedef struct candidate {
    double build, run; /* seconds */
    bool fails, wrong; /* while it is built, or in a run */
} candidate;

typedef struct field {
    candidate candidates[6]; /* the built-in one first; move i proposes candidate i + 1 */
    size_t best, challenger;
    unsigned proposed, prepared, accepted, stop_after;
} field;

static size_t at_side(const field *f, cln_side side)
{
    return side == CLN_SIDE_BUILTIN ? 0 : side == CLN_SIDE_BEST ? f->best : f->challenger;
}

static bool propose(void *user, size_t move)
{
    field *f = user;
    f->challenger = move + 1;
    f->proposed++;
    return f->challenger != f->best;
}

static const char *describe(void *user, cln_side side)
{
    (void)user;
    (void)side;
    return "a candidate";
}

static cln_status prepare(void *user, cln_side side, cln_error *error)
{
    field *f = user;
    const candidate *c = &f->candidates[at_side(f, side)];
    f->prepared++;
    rest(c->build);
    return c->wrong ? cln_fail(error, CLN_DEVICE, "computes wrong") : CLN_OK;
}

static cln_status run(void *user, cln_side side, double *seconds, cln_error *error)
{
    field *f = user;
    const candidate *c = &f->candidates[at_side(f, side)];
    *seconds = c->run;
    return c->fails ? cln_fail(error, CLN_DEVICE, "fails") : CLN_OK;
}

static void settle(void *user, bool accepted)
{
    field *f = user;
    f->accepted += accepted;
    f->best = accepted ? f->challenger : f->best;
}

static int no_more(const cln_tune_progress *progress, void *user)
{
    field *f = user;
    ck_assert(progress->seconds >= 0 && progress->seconds_left >= 0);
    return f->stop_after && f->prepared >= f->stop_after;
}

static cln_contest_result hold(field *f, size_t moves, double seconds, double budget)
{
    cln_contest_result result;
    cln_search search = {.began = cln_os_seconds(), .budget = budget, .progress = no_more, .user = f};
    cln_contest contest = {f, &search.slowest_step, 0, moves, propose, describe, prepare, run, settle};
    OK(cln_contest_hold(&contest, &search, seconds, &result, error));
    return result;
}

START_TEST(the_fastest_right_one_wins)
{
    field f = {.candidates = {{0, 0.02, false, false},
                              {0, 0.001, false, true},    /* wrong */
                              {0, 0.001, true, false},    /* fails when it runs */
                              {0, 0.03, false, false},    /* slower */
                              {0, 0.01, false, false},    /* faster */
                              {0, 0.005, false, false}}}; /* the fastest */
    cln_contest_result result = hold(&f, 5, 60, 60);
    ck_assert(result.won);
    ck_assert_uint_eq(f.best, 5);
    ck_assert_uint_eq(f.accepted, 2);
    ck_assert_uint_ge(result.wrong, 2); /* the moves go round once more after the last that helped */
    ck_assert_uint_eq(result.slow, 0);
    ck_assert(result.best_seconds < result.builtin_seconds);
}
END_TEST

START_TEST(the_built_in_one_stays_where_none_is_better)
{
    field f = {.candidates = {{0, 0.002, false, false}, {0, 0.004, false, false}, {0, 0, false, true}}};
    cln_contest_result result = hold(&f, 2, 60, 60);
    ck_assert(!result.won);
    ck_assert_uint_eq(f.best, 0);
    ck_assert_uint_eq(f.proposed, 2); /* each once */
    ck_assert(result.best_seconds == result.builtin_seconds);
    ck_assert_uint_eq(result.tried, 1);
    ck_assert_uint_eq(result.wrong, 1);
}
END_TEST

/* However fast it would be: each who trains with it has to build it. */
START_TEST(who_takes_long_to_build_is_dropped)
{
    field f = {.candidates = {{0, 0.002, false, false}, {0.5, 0.0001, false, false}}};
    cln_contest_result result = hold(&f, 1, 1, 60);
    ck_assert(!result.won);
    ck_assert_uint_eq(result.slow, 1);
    ck_assert_uint_eq(f.best, 0);
}
END_TEST

/* The second would take half a second as the first did, and there is none left. */
START_TEST(none_is_begun_that_would_be_late)
{
    field f = {.candidates = {{0.5, 0.0001, false, false}, {0.5, 0.0001, false, false}, {0.5, 0.0001, false, false}}};
    hold(&f, 2, 0.9, 60);
    ck_assert_uint_eq(f.prepared, 2); /* the built-in one and the first */
    f.prepared = 0;
    hold(&f, 2, 60, 0.9); /* of the whole search: more than half of what is left */
    ck_assert_uint_eq(f.prepared, 1);
}
END_TEST

START_TEST(the_caller_stops_it)
{
    field f = {.candidates = {{0, 0.0001, false, false}, {0, 0.0001, false, false}, {0, 0.0001, false, false}}};
    f.stop_after = 2;
    cln_contest_result result = hold(&f, 2, 60, 60);
    ck_assert_uint_eq(f.prepared, 2);
    ck_assert(result.builtin_seconds > 0); /* what there is, is told */
}
END_TEST

START_TEST(a_built_in_one_that_fails_is_told)
{
    field f = {.candidates = {{0, 0, false, true}, {0, 0, false, false}}};
    cln_contest_result result;
    cln_error problem = {0};
    cln_search search = {.began = cln_os_seconds(), .budget = 60};
    cln_contest contest = {&f, &search.slowest_step, 0, 1, propose, describe, prepare, run, settle};
    ck_assert_int_eq(cln_contest_hold(&contest, &search, 60, &result, &problem), CLN_DEVICE);
    ck_assert_str_eq(problem.message, "computes wrong");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("contest");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, the_fastest_right_one_wins);
    tcase_add_test(ok, the_built_in_one_stays_where_none_is_better);
    tcase_add_test(edges, who_takes_long_to_build_is_dropped);
    tcase_add_test(edges, none_is_begun_that_would_be_late);
    tcase_add_test(edges, the_caller_stops_it);
    tcase_add_test(invalid, a_built_in_one_that_fails_is_told);
    tcase_set_timeout(ok, 60);
    tcase_set_timeout(edges, 60);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return run_suite(suite);
}
