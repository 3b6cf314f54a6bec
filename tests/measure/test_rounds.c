/* Measuring by turns: medians and quartiles, when it is enough, what is left out, and ends. */
#include "measure/rounds.h"

#include "base/os.h"
#include "harness.h"

#include <math.h>
#include <string.h>

typedef struct script {
    char turns[400];
    double value, step, seconds;
    unsigned fail_at, stop_after;
    cln_telling *telling;
} script;

static cln_status run(void *user, cln_round_item *item, double values[CLN_ROUND_VALUES], double *seconds,
                      cln_error *error)
{
    script *l = user;
    size_t length = strlen(l->turns);
    if (length + 1 < sizeof l->turns)
        l->turns[length] = *item->words;
    if (l->fail_at && length + 1 >= l->fail_at)
        return cln_fail(error, CLN_DEVICE, "it broke");
    values[0] = l->value += l->step;
    values[1] = 2 * values[0];
    *seconds = l->seconds;
    if (l->stop_after && length + 1 == l->stop_after)
        l->telling->stopped = true;
    return CLN_OK;
}

static cln_round_item item_of(const char *words)
{
    return (cln_round_item){.run = run, .words = words, .values = 2};
}

static cln_telling within(double seconds)
{
    double now = cln_os_seconds();
    return (cln_telling){.began = now, .end = now + seconds};
}

START_TEST(medians_and_quartiles)
{
    cln_round_item item = {.samples = {{5, 1, 4, 2, 3}}, .count = 5};
    double median, spread;
    cln_round_value(&item, 0, &median, &spread);
    ck_assert_double_eq(median, 3);
    ck_assert_double_eq(spread, 2);
    item.count = 2;
    cln_round_value(&item, 0, &median, &spread);
    ck_assert_double_eq(median, 3);
    ck_assert_double_eq(spread, 2);
    item.count = 1;
    cln_round_value(&item, 0, &median, &spread);
    ck_assert_double_eq(median, 5);
    ck_assert(isnan(spread));
    item.count = 0;
    cln_round_value(&item, 0, &median, &spread);
    ck_assert(isnan(median) && isnan(spread));
}
END_TEST

START_TEST(stable_is_a_matter_of_samples)
{
    cln_round_item item = {.count = 2};
    for (unsigned i = 0; i < CLN_ROUND_SAMPLES; i++)
        item.samples[0][i] = i % 2 ? 1.05 : 0.95;
    item.samples[0][0] = item.samples[0][1] = 1;
    ck_assert(!cln_round_is_stable(&item));
    item.count = 8;
    ck_assert(!cln_round_is_stable(&item));
    item.count = CLN_ROUND_SAMPLES;
    ck_assert(cln_round_is_stable(&item)); /* 0.1/√64 */
}
END_TEST

START_TEST(turns_until_all_are_stable)
{
    cln_round_item items[] = {item_of("a"), item_of("b")};
    script l = {.value = 100};
    cln_telling telling = within(60);
    cln_rounds_hold(items, 2, &telling, &l);
    ck_assert_str_eq(l.turns, "ababab");
    ck_assert_uint_eq(items[1].count, 3);
    ck_assert_double_eq(items[1].samples[1][2], 200);
}
END_TEST

START_TEST(never_more_than_there_is_room_for)
{
    cln_round_item item = item_of("a");
    script l = {.value = 1, .step = 1};
    cln_telling telling = within(60);
    cln_rounds_hold(&item, 1, &telling, &l);
    ck_assert_uint_eq(item.count, CLN_ROUND_SAMPLES);
}
END_TEST

/* A tenth of the time, and what would not end in time is not begun. */
START_TEST(long_ones_give_way)
{
    cln_round_item item = item_of("a");
    script l = {.value = 1, .step = 1, .seconds = 4};
    cln_telling telling = within(60);
    cln_rounds_hold(&item, 1, &telling, &l);
    ck_assert_uint_eq(item.count, 2);
    telling = within(600);
    item = item_of("a");
    l.seconds = 601;
    cln_rounds_hold(&item, 1, &telling, &l);
    ck_assert_uint_eq(item.count, 1);
    item = item_of("a");
    item.expected = 601;
    cln_rounds_hold(&item, 1, &telling, &l);
    ck_assert_uint_eq(item.count, 0);
}
END_TEST

START_TEST(no_time_at_all)
{
    cln_round_item item = item_of("a");
    script l = {.value = 1};
    cln_telling telling = within(-1);
    cln_rounds_hold(&item, 1, &telling, &l);
    ck_assert_uint_eq(item.count, 0);
    ck_assert_str_eq(l.turns, "");
}
END_TEST

/* What has failed is not tried again; what it had stays. */
START_TEST(failures)
{
    cln_round_item items[] = {item_of("a"), item_of("b")};
    script l = {.value = 1, .fail_at = 4};
    cln_telling telling = within(60);
    cln_rounds_hold(items, 2, &telling, &l);
    ck_assert_str_eq(l.turns, "ababa");
    ck_assert_uint_eq(items[0].count, 2);
    ck_assert_uint_eq(items[1].count, 1);
    ck_assert_str_eq(items[1].failure, "it broke");
}
END_TEST

START_TEST(stopped_within_a_sample)
{
    cln_round_item items[] = {item_of("a"), item_of("b")};
    cln_telling telling = within(60);
    script l = {.value = 1, .stop_after = 3, .telling = &telling};
    cln_rounds_hold(items, 2, &telling, &l);
    ck_assert_str_eq(l.turns, "aba");
    ck_assert_uint_eq(items[0].count, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rounds");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    tcase_add_test(ok, medians_and_quartiles);
    tcase_add_test(ok, stable_is_a_matter_of_samples);
    tcase_add_test(ok, turns_until_all_are_stable);
    tcase_add_test(edges, never_more_than_there_is_room_for);
    tcase_add_test(edges, long_ones_give_way);
    tcase_add_test(edges, no_time_at_all);
    tcase_add_test(edges, failures);
    tcase_add_test(edges, stopped_within_a_sample);
    return run_suite(suite);
}
