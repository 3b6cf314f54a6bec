/* A run that goes on from what any iteration left ends in the same bits. */
#include "functions.h"

enum { MOST_STATES = 400, MOST_PAIRS = 40 };

/* A copy of what was kept. */
typedef struct kept {
    cln_minimize_state state;
    double x[MOST], g[MOST], s[MOST_PAIRS * MOST], y[MOST_PAIRS * MOST], sy[MOST_PAIRS];
} kept;

static kept states[MOST_STATES];
static uint64_t count;

/* The problem comes first, for functions.h to find it. */
typedef struct watched {
    quadratic q;
    const kept *from;
} watched;

static void keep(const cln_minimize_state *state, void *user)
{
    const watched *w = user;
    if (w->from)
        return;
    ck_assert_uint_lt(count, MOST_STATES);
    kept *k = &states[count++];
    ck_assert_uint_eq(state->iterations, count);
    ck_assert_uint_le(state->rows, MOST_PAIRS);
    k->state = *state;
    memcpy(k->x, state->x, w->q.count * sizeof *k->x);
    memcpy(k->g, state->g, w->q.count * sizeof *k->g);
    memcpy(k->s, state->s, state->rows * w->q.count * sizeof *k->s);
    memcpy(k->y, state->y, state->rows * w->q.count * sizeof *k->y);
    memcpy(k->sy, state->sy, state->rows * sizeof *k->sy);
}

static cln_status resume(cln_minimize_state *state, void *user, cln_error *error)
{
    const watched *w = user;
    const kept *k = w->from;
    cln_minimize_state own = *state;
    if (k->state.rows > state->rows)
        return cln_fail(error, CLN_FORMAT, "no room for %u rows", k->state.rows);
    *state = k->state;
    state->x = own.x;
    state->g = own.g;
    state->s = own.s;
    state->y = own.y;
    state->sy = own.sy;
    memcpy(state->x, k->x, w->q.count * sizeof *k->x);
    memcpy(state->g, k->g, w->q.count * sizeof *k->g);
    memcpy(state->s, k->s, k->state.rows * w->q.count * sizeof *k->s);
    memcpy(state->y, k->y, k->state.rows * w->q.count * sizeof *k->y);
    memcpy(state->sy, k->sy, k->state.rows * sizeof *k->sy);
    return CLN_OK;
}

static int progress(const cln_minimum_progress *at, void *user)
{
    watched *w = user;
    return at->iteration == w->q.stop_at;
}

static cln_minimum go(watched *w, const double *l1, uint32_t memory, uint64_t iterations, double *x,
                      cln_status expected)
{
    cln_minimum minimum;
    cln_minimize task = {.count = w->q.count,
                         .evaluate = quadratic_at,
                         .progress = progress,
                         .keep = keep,
                         .resume = w->from ? resume : NULL,
                         .user = w,
                         .l1 = l1,
                         .tolerance = 1e-9,
                         .iterations = iterations,
                         .memory = memory};
    memset(x, 0, MOST * sizeof *x);
    ck_assert_int_eq(cln_minimize_run(&task, x, &minimum, NULL), expected);
    return minimum;
}

/* Rings of 1, 3 and 40 pairs, without and with an l1, stopped by its tolerance and by the limit. */
START_TEST(test_every_iteration)
{
    static const uint32_t memories[] = {1, 3, 40};
    double l1[MOST], whole[MOST], x[MOST];
    bool sparse = _i % 2;
    uint32_t memory = memories[_i / 2 % 3];
    uint64_t limit = _i / 6 ? 17 : 350;
    watched w = {.q = invent(24, 1e3, true)};
    for (uint64_t i = 0; i < MOST; i++)
        l1[i] = i % 3 ? 0.05 : 0;
    count = 0;
    cln_minimum all = go(&w, sparse ? l1 : NULL, memory, limit, whole, CLN_OK);
    ck_assert_uint_gt(count, 8);
    for (uint64_t i = 0; i < count; i++) {
        w.from = &states[i];
        cln_minimum rest = go(&w, sparse ? l1 : NULL, memory, limit, x, CLN_OK);
        ck_assert_mem_eq(x, whole, sizeof x);
        ck_assert_int_eq(rest.stopped, all.stopped);
        ck_assert_uint_eq(rest.iterations, all.iterations);
        ck_assert_uint_eq(rest.evaluations, all.evaluations);
        ck_assert_double_eq(rest.objective, all.objective);
        ck_assert_double_eq(rest.gradient_norm, all.gradient_norm);
    }
}
END_TEST

/* A limit that is higher than before: the bits of a run that had it from the start. */
START_TEST(test_higher_limit)
{
    double whole[MOST], x[MOST];
    watched w = {.q = invent(24, 1e3, true)};
    count = 0;
    go(&w, NULL, 0, 12, x, CLN_OK);
    ck_assert_uint_eq(count, 12);
    kept last = states[11];
    count = 0;
    cln_minimum all = go(&w, NULL, 0, 300, whole, CLN_OK);
    w.from = &last;
    cln_minimum rest = go(&w, NULL, 0, 300, x, CLN_OK);
    ck_assert_mem_eq(x, whole, sizeof x);
    ck_assert_uint_eq(rest.evaluations, all.evaluations);
}
END_TEST

/* Kept when it is told to stop, too. */
START_TEST(test_interrupted)
{
    double whole[MOST], x[MOST];
    watched w = {.q = invent(24, 1e3, true)};
    count = 0;
    go(&w, NULL, 0, 300, whole, CLN_OK);
    count = 0;
    w.q.stop_at = 7;
    ck_assert_int_eq(go(&w, NULL, 0, 300, x, CLN_OK).stopped, CLN_STOP_INTERRUPTED);
    ck_assert_uint_eq(count, 7);
    w.q.stop_at = 0;
    w.from = &states[6];
    go(&w, NULL, 0, 300, x, CLN_OK);
    ck_assert_mem_eq(x, whole, sizeof x);
}
END_TEST

/* What no run can have left. */
START_TEST(test_unsound)
{
    double x[MOST];
    watched w = {.q = invent(24, 1e3, true)};
    count = 0;
    go(&w, NULL, 3, 300, x, CLN_OK);
    for (int i = 0; i < 9; i++) {
        kept bad = states[5];
        cln_minimize_state *state = &bad.state;
        ck_assert_uint_eq(state->rows, 3);
        if (i == 0)
            state->iterations = 0;
        if (i == 1)
            state->iterations = 301;
        if (i == 2)
            state->pairs = 4;
        if (i == 3)
            state->newest = 3;
        if (i == 4)
            state->objective = NAN;
        if (i == 5)
            bad.x[2] = INFINITY;
        if (i == 6)
            bad.g[2] = NAN;
        if (i == 7) {
            state->rows = 2;
            state->pairs = 2;
            state->newest = 0;
        }
        if (i == 8)
            bad.sy[1] = NAN;
        w.from = &bad;
        go(&w, NULL, 3, 300, x, CLN_FORMAT);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("solve/minimize: resumed");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_loop_test(ok, test_every_iteration, 0, 12);
    tcase_add_test(edges, test_higher_limit);
    tcase_add_test(edges, test_interrupted);
    tcase_add_test(invalid, test_unsound);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return run_suite(suite);
}
