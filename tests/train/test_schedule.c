/* Step sizes by epoch, held against values in closed form. */
#include "train/schedule.h"

#include "harness.h"

#include <math.h>

typedef struct trial {
    const char *schedule;
    double decay;
    uint64_t decay_epochs, epochs;
    uint64_t epoch;
    double expected; /* for a step size of 0.8 */
} trial;

static const trial trials[] = {
    {"constant", 0, 0, 10, 0, 0.8},
    {"constant", 0, 0, 10, 9, 0.8},
    /* a tenth after each third of the epochs: 10 epochs, 4 at a time */
    {"step", 0, 0, 10, 3, 0.8},
    {"step", 0, 0, 10, 4, 0.08},
    {"step", 0, 0, 10, 7, 0.08},
    {"step", 0, 0, 10, 8, 0.008},
    {"step", 0.5, 2, 10, 1, 0.8},
    {"step", 0.5, 2, 10, 2, 0.4},
    {"step", 0.5, 2, 10, 9, 0.05},
    {"step", 0, 0, 1, 0, 0.8},
    {"exponential", 0, 0, 10, 2, 0.8 * 0.95 * 0.95},
    {"exponential", 0.5, 0, 10, 3, 0.1},
    {"exponential", 2, 0, 10, 3, 6.4}, /* growth is legal */
    /* cos(π/3) = 1/2, cos(2π/3) = −1/2; the last epoch is one before the end of the period */
    {"cosine", 0, 0, 12, 0, 0.8},
    {"cosine", 0, 0, 12, 4, 0.6},
    {"cosine", 0, 0, 12, 6, 0.4},
    {"cosine", 0, 0, 12, 8, 0.2},
    {"cosine", 0.25, 0, 12, 8, 0.35},
    {"cosine", 0, 0, 1, 0, 0.8},
    {"inverse-time", 0, 0, 10, 0, 0.8},
    {"inverse-time", 0, 0, 10, 3, 0.2},
    {"inverse-time", 0.1, 0, 10, 10, 0.4},
};

START_TEST(test_closed_values)
{
    const trial *t = &trials[_i];
    cln_settings settings = {.solver = "sgd",
                             .schedule = t->schedule,
                             .decay = t->decay,
                             .decay_epochs = t->decay_epochs,
                             .epochs = t->epochs};
    ck_assert_double_eq_tol(cln_schedule_rate(&settings, 0.8, t->epoch), t->expected, 1e-15);
}
END_TEST

/* Epochs that are not given are the solver's own: 10, and so the period of a cosine. */
START_TEST(test_own_epochs)
{
    cln_settings settings = {.solver = "sgd", .schedule = "cosine"};
    ck_assert_double_eq_tol(cln_schedule_rate(&settings, 0.8, 5), 0.4, 1e-15);
}
END_TEST

/* Every step size is positive, up to the last epoch. */
START_TEST(test_positive)
{
    static const char *const schedules[] = {"constant", "step", "exponential", "cosine", "inverse-time"};
    for (uint64_t epochs = 1; epochs < 300; epochs += 7)
        for (size_t i = 0; i < 5; i++) {
            cln_settings settings = {.solver = "sgd", .schedule = schedules[i], .epochs = epochs};
            double rate = cln_schedule_rate(&settings, 0.8, epochs - 1);
            ck_assert(rate > 0 && rate <= 0.8);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/schedule");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_loop_test(ok, test_closed_values, 0, (int)(sizeof trials / sizeof *trials));
    tcase_add_test(edges, test_own_epochs);
    tcase_add_test(edges, test_positive);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return run_suite(suite);
}
