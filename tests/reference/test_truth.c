/* What a trial comes to: against finite differences, by hand for a row, and what it takes for right and wrong. */
#include "reference/truth.h"
#include "harness.h"

#include <math.h>
#include <string.h>

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        cln_error must_error = {0};                                                                                    \
        cln_error *error = &must_error;                                                                                \
        ck_assert_msg((call) == CLN_OK, "%s", must_error.message);                                                     \
    } while (0)

static const struct {
    cln_row_loss loss;
    cln_target target;
    uint32_t k, models;
    cln_type type;
    bool bias, centred, weighted;
} cases[] = {{CLN_CROSS_ENTROPY, CLN_TARGET_ONEHOT, 6, 2, CLN_UINT8, true, false, true},
             {CLN_CROSS_ENTROPY, CLN_TARGET_REAL, 3, 1, CLN_FLOAT32, false, true, false},
             {CLN_SOFTMAX_SQUARED, CLN_TARGET_ONEHOT, 4, 1, CLN_FLOAT32, true, true, true},
             {CLN_SQUARED, CLN_TARGET_VALUE, 2, 2, CLN_UINT8, true, true, false},
             {CLN_SQUARED, CLN_TARGET_REAL, 3, 1, CLN_FLOAT32, true, false, true}};
#define CASES ((int)(sizeof cases / sizeof *cases))

static cln_trial trial_of(int i)
{
    cln_trial trial;
    MUST(cln_trial_draw(9, 5, cases[i].k, cases[i].type, cases[i].bias, &trial, error));
    MUST(cln_trial_models(&trial, cases[i].loss, cases[i].target, cases[i].models, error));
    MUST(cln_trial_fold(&trial, cases[i].centred, false, error));
    if (cases[i].weighted)
        MUST(cln_trial_weigh(&trial, error));
    return trial;
}

static double loss_at(const cln_trial *trial)
{
    cln_truth truth;
    double loss = 0;
    MUST(cln_truth_create(trial, &truth, error));
    for (uint32_t m = 0; m < trial->models; m++)
        loss += truth.loss[m];
    cln_truth_free(&truth);
    return loss;
}

/* Steps of 2⁻⁷ are exact in the weights' floats; a central difference is off by h²/6 of the third derivative, which is below the
   row's features cubed and summed up. */
START_TEST(gradient_is_the_slope_of_the_loss)
{
    cln_trial t = trial_of(_i);
    cln_truth truth;
    const float h = 0x1p-7f;
    MUST(cln_truth_create(&t, &truth, error));
    for (uint32_t c = 0; c < t.k; c++)
        for (uint32_t j = 0; j <= t.d; j++) {
            float *w = j < t.d ? t.w + c * t.d + j : t.b + c, kept = *w;
            double slope = 0, moved = 0, cubes = 0;
            for (int side = -1; side <= 1; side += 2) {
                *w = kept + (float)side * h;
                moved += side * (double)*w;
                slope += side * loss_at(&t);
            }
            *w = kept;
            for (uint32_t i = 0; i < t.n; i++)
                cubes += j < t.d ? pow(fabs(cln_trial_value(&t, i, j)) + 1, 3) : 1;
            double got = truth.gradient[c * (t.d + 1) + j], want = j == t.d && !t.bias ? 0 : slope / moved;
            ck_assert_msg(fabs(got - want) <= (double)(h * h) * (2 * cubes), "output %u column %u: %g, not %g", c, j,
                          got, want);
            ck_assert(truth.gradient_slack[c * (t.d + 1) + j] >= 0);
        }
    cln_truth_free(&truth);
    cln_trial_free(&t);
}
END_TEST

START_TEST(a_row_by_hand)
{
    float x[] = {2, 0.5f}, w[] = {1, 2, -1, 4}, b[] = {0.25f, -0.25f};
    int32_t y[] = {1};
    cln_trial t = {.n = 1, .d = 2, .k = 2, .models = 1, .type = CLN_FLOAT32, .scale = 2, .bias = true};
    cln_truth truth;
    t.x = x, t.w = w, t.b = b, t.y = y;
    MUST(cln_truth_create(&t, &truth, error));
    double z[] = {4 + 2 + 0.25, -4 + 4 - 0.25}, p = 1 / (1 + exp(z[1] - z[0]));
    for (int c = 0; c < 2; c++)
        ck_assert(truth.z[c] >= z[c] && truth.z[c] <= z[c]);
    ck_assert(fabs(truth.outputs[0] - p) < 1e-15 && fabs(truth.residual[0] - p) < 1e-15);
    ck_assert(fabs(truth.loss[0] + log(1 - p)) < 1e-12);
    ck_assert_uint_eq(truth.errors[0], 1);
    ck_assert_uint_eq(truth.unsure[0], 0);
    ck_assert(fabs(truth.gradient[0] - 4 * p) < 1e-14 && fabs(truth.gradient[2] - p) < 1e-15);
    double slack = (2 + 8) * 0x1p-24 * 8.25;
    ck_assert(fabs(truth.slack[0] - slack) < 1e-15);
    ck_assert(cln_truth_may_predict(&truth, &t, 0, 0, 0));
    ck_assert(!cln_truth_may_predict(&truth, &t, 0, 0, 1) && !cln_truth_may_predict(&truth, &t, 0, 0, 2));
    ck_assert(cln_truth_may_err(&truth, &t, 0, 1) && !cln_truth_may_err(&truth, &t, 0, 0) &&
              !cln_truth_may_err(&truth, &t, 0, 2));
    cln_truth_free(&truth);
}
END_TEST

START_TEST(a_trial_repeats_and_shows_every_output)
{
    const uint32_t sizes[][3] = {{1, 1, 1}, {7, 2, 3}, {64, 61, 10}};
    for (int i = 0; i < 3; i++)
        for (int type = CLN_UINT8; type <= CLN_FLOAT32; type++) {
            cln_trial a, b;
            uint32_t n = sizes[i][0], d = sizes[i][1], k = sizes[i][2];
            MUST(cln_trial_draw(n, d, k, (cln_type)type, true, &a, error));
            MUST(cln_trial_draw(n, d, k, (cln_type)type, true, &b, error));
            ck_assert(memcmp(a.x, b.x, (size_t)n * d * (type == CLN_UINT8 ? 1 : 4)) == 0);
            ck_assert(memcmp(a.w, b.w, (size_t)k * d * sizeof *a.w) == 0);
            ck_assert_int_eq(a.y[0], (int32_t)k - 1);
            uint64_t seen = 0;
            for (uint32_t r = 0; r < n; r++)
                seen |= 1ull << a.order[r];
            ck_assert(n > 63 || seen == (1ull << n) - 1);
            cln_trial_free(&a);
            cln_trial_free(&b);
        }
}
END_TEST

/* Of a NaN among the weights nothing is right: every comparison with it is false. */
START_TEST(nan_agrees_with_nothing)
{
    cln_trial t = trial_of(0);
    cln_truth truth;
    t.w[0] = NAN;
    MUST(cln_truth_create(&t, &truth, error));
    ck_assert(isnan(truth.loss[0]) && isnan(truth.loss_slack[0]) && !isnan(truth.loss[1]));
    ck_assert(isnan(cln_truth_residual_slack(&truth, 0, 0)) && isnan(cln_truth_output_slack(&truth, 0, 0)));
    ck_assert(isnan(truth.gradient_slack[0]));
    for (uint32_t c = 0; c < 4; c++)
        ck_assert(!cln_truth_may_predict(&truth, &t, 0, 0, c));
    cln_truth_free(&truth);
    cln_trial_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("truth");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_loop_test(ok, gradient_is_the_slope_of_the_loss, 0, CASES);
    tcase_add_test(ok, a_row_by_hand);
    tcase_add_test(ok, a_trial_repeats_and_shows_every_output);
    tcase_add_test(edges, nan_agrees_with_nothing);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return run_suite(suite);
}
