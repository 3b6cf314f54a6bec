/* Early stopping, held against the loop of the deep-learning tutorial as it was published, on invented validation errors. */
#include "train/patience.h"

#include "base/random.h"
#include "harness.h"

#include <math.h>

enum { PASSES = 400 };

/* How a run ended. */
typedef struct ending {
    uint64_t iterations; /* minibatches done */
    uint64_t best_epoch;
    double best_error;
} ending;

typedef struct rule {
    uint64_t patience, batches, epochs; /* patience: of minibatches */
    double increase, improvement;
} rule;

/* The published loop, its names and its order of events; patience is a real number there too. */
static ending published(const rule *r, const double *errors)
{
    ending end = {0, 0, INFINITY};
    double patience = (double)r->patience;
    bool done_looping = false;
    for (uint64_t epoch = 1; epoch <= r->epochs && !done_looping; epoch++)
        for (uint64_t minibatch = 0; minibatch < r->batches; minibatch++) {
            uint64_t iter = (epoch - 1) * r->batches + minibatch;
            end.iterations = iter + 1;
            if ((iter + 1) % r->batches == 0) {
                double error = errors[epoch - 1];
                if (error < end.best_error) {
                    if (error < end.best_error * r->improvement)
                        patience = fmax(patience, (double)iter * r->increase);
                    end.best_error = error;
                    end.best_epoch = epoch;
                }
            }
            if (patience <= (double)iter) {
                done_looping = true;
                break;
            }
        }
    return end;
}

/* The same run as the trainer asks its questions. */
static ending ours(const cln_settings *settings, const rule *r, const double *errors)
{
    cln_patience patience = cln_patience_begin(settings);
    uint64_t iteration = 0;
    bool over = false;
    for (uint64_t epoch = 1; epoch <= r->epochs && !over; epoch++) {
        for (uint64_t i = 0; i < r->batches && !over; i++, iteration++)
            over = i + 1 < r->batches && cln_patience_over(&patience, iteration, false);
        if (over)
            break;
        cln_patience_see(&patience, epoch, iteration - 1, errors[epoch - 1]);
        over = cln_patience_over(&patience, iteration - 1, true);
    }
    return (ending){iteration, patience.best_epoch, patience.best_error};
}

static void compare(const rule *r, const double *errors)
{
    cln_settings settings = {
        .patience_iterations = r->patience, .patience_increase = r->increase, .improvement = r->improvement};
    ending expected = published(r, errors), got = ours(&settings, r, errors);
    ck_assert_uint_eq(got.iterations, expected.iterations);
    ck_assert_uint_eq(got.best_epoch, expected.best_epoch);
    ck_assert_double_eq(got.best_error, expected.best_error);
}

/* Errors that fall and stall, with noise, on the grid of so many rows. */
static void invent(double errors[PASSES], uint64_t seed)
{
    cln_random random;
    cln_random_seed(&random, seed, 0);
    double speed = 1 + cln_random_below(&random, 30), noise = cln_random_below(&random, 50);
    for (int i = 0; i < PASSES; i++) {
        double wanted = 100 + 900 * exp(-i / speed) + noise * (cln_random_below(&random, 1000) / 1000.0 - 0.5);
        errors[i] = floor(wanted) / 1000;
    }
}

START_TEST(test_published_loop)
{
    static const double increases[] = {1, 1.5, 2, 3.7}, improvements[] = {0.5, 0.995, 1};
    double errors[PASSES];
    for (uint64_t seed = 0; seed < 200; seed++) {
        invent(errors, seed);
        for (uint64_t patience = 1; patience < 900; patience = patience * 3 + 1)
            for (uint64_t batches = 1; batches < 90; batches = batches * 4 + 3)
                for (int i = 0; i < 12; i++)
                    compare(&(rule){patience, batches, PASSES, increases[i % 4], improvements[i / 4]}, errors);
    }
}
END_TEST

/* The figures of the tutorial: 83 minibatches, patience 5000, doubled; errors that improve until pass 73 end in pass 74 or later. */
START_TEST(test_tutorial_figures)
{
    double errors[PASSES];
    for (int i = 0; i < PASSES; i++)
        errors[i] = i < 73 ? 0.124 - i * 0.0001 : 0.2;
    rule r = {5000, 83, PASSES, 2, 0.995};
    compare(&r, errors);
    for (int i = 0; i < PASSES; i++) /* nothing improves enough: minibatch 5000 is the last, in pass 61 */
        errors[i] = 0.5;
    compare(&r, errors);
    cln_settings settings = {.patience_iterations = 5000, .patience_increase = 2, .improvement = 0.995};
    ending end = ours(&settings, &r, errors);
    ck_assert_uint_eq(end.iterations, 5001);
    ck_assert_uint_eq(end.best_epoch, 1);
}
END_TEST

/* An improvement at minibatch 7 times 1.5 is a patience of 10.5: minibatch 10 is still allowed to pass, 11 is the last. */
START_TEST(test_fractional_patience)
{
    cln_settings settings = {.patience_iterations = 2, .patience_increase = 1.5, .improvement = 1};
    cln_patience patience = cln_patience_begin(&settings);
    ck_assert(cln_patience_see(&patience, 1, 7, 0.5));
    ck_assert(!cln_patience_over(&patience, 10, false));
    ck_assert(cln_patience_over(&patience, 11, false));
}
END_TEST

START_TEST(test_epochs_rule)
{
    cln_settings settings = {.patience = 3};
    cln_patience patience = cln_patience_begin(&settings);
    const double errors[] = {0.5, 0.4, 0.4, 0.45, 0.39, 0.6, 0.39, 0.7};
    const bool best[] = {true, true, false, false, true, false, false, false};
    ck_assert(cln_patience_on(&patience));
    for (uint64_t i = 0; i < 8; i++) {
        ck_assert_int_eq(cln_patience_see(&patience, i + 1, 10 * i + 9, errors[i]), best[i]);
        ck_assert(!cln_patience_over(&patience, 10 * i + 5, false));
        ck_assert_int_eq(cln_patience_over(&patience, 10 * i + 9, true), i == 7);
    }
    ck_assert_uint_eq(patience.best_epoch, 5);
    ck_assert_double_eq(patience.best_error, 0.39);
}
END_TEST

START_TEST(test_one_epoch_of_patience)
{
    cln_settings settings = {.patience = 1};
    cln_patience patience = cln_patience_begin(&settings);
    ck_assert(cln_patience_see(&patience, 1, 0, 1.0)); /* all wrong is still a best */
    ck_assert(!cln_patience_over(&patience, 0, true));
    ck_assert(!cln_patience_see(&patience, 2, 1, 1.0));
    ck_assert(cln_patience_over(&patience, 1, true));
}
END_TEST

START_TEST(test_off)
{
    cln_settings settings = {.patience_increase = 2, .improvement = 0.995};
    cln_patience patience = cln_patience_begin(&settings);
    ck_assert(!cln_patience_on(&patience));
    for (uint64_t i = 0; i < 1000; i++) {
        ck_assert_int_eq(cln_patience_see(&patience, i + 1, i, 0.5), i == 0);
        ck_assert(!cln_patience_over(&patience, i, true));
        ck_assert(!cln_patience_over(&patience, UINT64_MAX, false));
    }
    ck_assert_uint_eq(patience.best_epoch, 1);
}
END_TEST

/* An error of NaN is never a best, and counts as a pass without one. */
START_TEST(test_nan)
{
    cln_settings settings = {.patience = 2};
    cln_patience patience = cln_patience_begin(&settings);
    ck_assert(!cln_patience_see(&patience, 1, 0, NAN));
    ck_assert_uint_eq(patience.best_epoch, 0);
    ck_assert(cln_patience_see(&patience, 2, 1, 0.9));
    ck_assert(!cln_patience_see(&patience, 3, 2, NAN));
    ck_assert(!cln_patience_over(&patience, 2, true));
    ck_assert(!cln_patience_see(&patience, 4, 3, NAN));
    ck_assert(cln_patience_over(&patience, 3, true));
    ck_assert_uint_eq(patience.best_epoch, 2);

    settings = (cln_settings){.patience_iterations = 5, .patience_increase = 2, .improvement = 0.995};
    patience = cln_patience_begin(&settings);
    ck_assert(!cln_patience_see(&patience, 1, 4, NAN));
    ck_assert(!cln_patience_over(&patience, 4, true));
    ck_assert(cln_patience_over(&patience, 5, false));
}
END_TEST

static Suite *patience_suite(void)
{
    Suite *suite = suite_create("train/patience");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_set_timeout(ok, 60);
    tcase_add_test(ok, test_published_loop);
    tcase_add_test(ok, test_tutorial_figures);
    tcase_add_test(ok, test_epochs_rule);
    tcase_add_test(edges, test_fractional_patience);
    tcase_add_test(edges, test_one_epoch_of_patience);
    tcase_add_test(edges, test_off);
    tcase_add_test(edges, test_nan);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return suite;
}

int main(void)
{
    return run_suite(patience_suite());
}
