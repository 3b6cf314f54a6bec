/* No unit of features or targets decides what a training comes to: where it stops, how many iterations it takes, what is told. */
#include "problem.h"

#include "base/random.h"

#include <float.h>

static const char *const engines[] = {"fused", "clblast"};
enum { N = 300, D = 6, K = 3 };

/* Rows, labels and targets, before units. */
typedef struct rows {
    float x[N * D], t[N];
    int32_t y[N];
} rows;

static double uniform(cln_random *random)
{
    return cln_random_next(random) / 2147483648.0 - 1;
}

static rows draw(uint64_t seed)
{
    rows r;
    cln_random random;
    cln_random_seed(&random, seed, 1);
    for (int i = 0; i < N; i++) {
        double value = 3, logit = uniform(&random);
        for (int j = 0; j < D; j++) {
            double x = uniform(&random) + (j == 2 ? uniform(&random) : 0) + j;
            r.x[i * D + j] = (float)x;
            value += (j - 2.5) * x;
            logit += (j % 2 ? 2 : -2) * (x - j);
        }
        r.t[i] = (float)(value + uniform(&random));
        r.y[i] = logit > 0.5 ? 0 : logit > -0.5 ? 1 : 2;
    }
    return r;
}

/* The same with column j times 2^exponents[j], targets times 2^target. */
static rows in_units(rows r, const int exponents[D], int target)
{
    for (int i = 0; i < N * D; i++)
        r.x[i] = ldexpf(r.x[i], exponents[i % D]);
    for (int i = 0; i < N; i++)
        r.t[i] = ldexpf(r.t[i], target);
    return r;
}

static cln_result run(const char *engine, const char *words, const rows *r, bool values)
{
    cln_dataset *data = NULL;
    cln_result result;
    OK(values ? cln_dataset_wrap_targets(r->x, CLN_FLOAT32, N, D, r->t, 1, &data, error)
              : cln_dataset_wrap(r->x, CLN_FLOAT32, N, D, r->y, &data, error));
    cln_model_free(trained(engine, words, data, NULL, NULL, &result));
    cln_dataset_close(data);
    return result;
}

static const int units[][D] = {
    {-17, -17, -17, -17, -17, -17}, /* × 1e-5 */
    {17, 17, 17, 17, 17, 17},       /* × 1e5 */
    {20, -20, 20, -20, 0, 0},       /* 1e±6 beside each other */
    {-60, 60, 30, -30, 5, 0},
};

enum { UNITS = sizeof units / sizeof *units };

static const char *const free_of_units[] = {
    "solver=lbfgs standardize=true l2=1e-2", "solver=lbfgs standardize=true l2=1e-3 l1=1e-3",
    "solver=lbfgs tolerance=1e-4", /* without a penalty, which has a unit */
};

/* Powers of two take no digit, so that only underflows are apart. */
START_TEST(features)
{
    const rows plain = draw(3);
    for (size_t w = 0; w < sizeof free_of_units / sizeof *free_of_units; w++) {
        cln_result before = run(engines[_i], free_of_units[w], &plain, false);
        ck_assert_msg(before.stopped == CLN_STOP_TOLERANCE, "%s", before.reason);
        ck_assert_uint_gt(before.epochs, 3);
        for (int u = 0; u < UNITS; u++) {
            const rows other = in_units(plain, units[u], 0);
            cln_result now = run(engines[_i], free_of_units[w], &other, false);
            ck_assert_msg(now.stopped == CLN_STOP_TOLERANCE, "%s, units %d: %s", free_of_units[w], u, now.reason);
            ck_assert_double_eq_tol(now.objective, before.objective, 1e-6 * before.objective);
            ck_assert_uint_eq(now.train.errors, before.train.errors);
            ck_assert_uint_le(now.epochs, 2 * before.epochs);
        }
    }
}
END_TEST

/* A penalty on raw weights is another problem in other units; a pass in double says that it is solved. */
START_TEST(features_under_a_penalty)
{
    const rows plain = draw(4);
    for (int u = 0; u < UNITS; u++) {
        const rows other = in_units(plain, units[u], 0);
        cln_result now = run(engines[_i], "solver=lbfgs l2=1e-3", &other, false);
        ck_assert_msg(now.stopped == CLN_STOP_TOLERANCE, "units %d: %s", u, now.reason);
        ck_assert_double_le(now.certificate.gradient_norm, 2e-5);
    }
}
END_TEST

START_TEST(targets)
{
    static const int exponents[D] = {0}, target[] = {-20, 20, 40, -40};
    const rows plain = draw(5);
    static const char *const words[] = {"model=linear solver=lbfgs",
                                        "model=linear solver=lbfgs l2=1e-3 standardize=true",
                                        "model=linear solver=direct alpha=1"};
    for (size_t w = 0; w < 3; w++) {
        cln_result before = run(engines[_i], words[w], &plain, true);
        for (size_t u = 0; u < sizeof target / sizeof *target; u++) {
            const rows other = in_units(plain, exponents, target[u]);
            cln_result now = run(engines[_i], words[w], &other, true);
            ck_assert_msg(now.stopped == CLN_STOP_TOLERANCE, "%s, targets × 2^%d: %s", words[w], target[u], now.reason);
            ck_assert_double_eq_tol(ldexp(now.objective, -2 * target[u]), before.objective, 1e-6 * before.objective);
            ck_assert_uint_le(now.epochs, 2 * before.epochs);
        }
    }
}
END_TEST

/* Beside a penalty that hides the columns their weights are 1e-26, and right to the digits of double. */
START_TEST(enormous_penalty)
{
    const rows other = in_units(draw(5), (const int[D]){-20, -20, -20, -20, -20, -20}, 0);
    for (double l2 = 1e-10; l2 < 1e31; l2 *= 1e10) {
        char words[80];
        snprintf(words, sizeof words, "model=linear solver=direct l2=%g", l2);
        cln_result now = run(engines[_i], words, &other, true);
        ck_assert_msg(now.stopped == CLN_STOP_TOLERANCE, "%s: %s", words, now.reason);
        ck_assert_msg(now.gradient_norm <= 1e-12, "%s: gradient %g", words, now.gradient_norm);
    }
}
END_TEST

/* Year and mileage beside shares: offsets of many deviations, kept in double. */
START_TEST(offsets)
{
    rows r = draw(6);
    static const float offset[D] = {0, 1e6f, -2000, 0, 30, 1e5f};
    for (int i = 0; i < N * D; i++)
        r.x[i] = roundf(r.x[i] * 16) / 16; /* floats that keep their differences behind an offset */
    const rows plain = r;
    for (int i = 0; i < N * D; i++)
        r.x[i] += offset[i % D];
    static const char *const words[] = {"solver=lbfgs l2=1e-3", "model=linear solver=lbfgs l2=1e-3"};
    for (size_t w = 0; w < 2; w++) {
        cln_result before = run(engines[_i], words[w], &plain, w), now = run(engines[_i], words[w], &r, w);
        ck_assert_msg(now.stopped == CLN_STOP_TOLERANCE, "%s: %s", words[w], now.reason);
        ck_assert_double_eq_tol(now.objective, before.objective, 1e-6 * before.objective);
    }
}
END_TEST

/* Squares that no float has are told, and what to do. */
START_TEST(targets_beyond_squares)
{
    static const int exponents[D] = {0}, target[] = {-60, 60, 120, -120};
    const rows plain = draw(5);
    for (size_t u = 0; u < sizeof target / sizeof *target; u++) {
        const rows other = in_units(plain, exponents, target[u]);
        cln_dataset *data = NULL;
        cln_options *options = options_of("auto", "model=linear solver=lbfgs");
        cln_trainer *trainer = NULL;
        OK(cln_dataset_wrap_targets(other.x, CLN_FLOAT32, N, D, other.t, 1, &data, error));
        FAILS(CLN_INVALID, target[u] > 0 ? "too large: the largest is" : "too small: the largest is",
              cln_trainer_create(device, options, &(cln_parts){data, NULL, NULL}, &trainer, error));
        ck_assert_ptr_null(trainer);
        cln_options_free(options);
        cln_dataset_close(data);
    }
}
END_TEST

static cln_trainer *asked;

/* Asks for a certificate on the way, of weights that are not the last. */
static int ask(const cln_progress *progress, void *user)
{
    cln_certificate *first = user, now;
    cln_model *model = NULL;
    OK(cln_trainer_certify(asked, &now, error));
    ck_assert_double_eq_tol(now.objective, progress->objective, 1e-5 * fabs(progress->objective));
    if (!first->rows)
        *first = now;
    OK(cln_trainer_model(asked, &model, error));
    cln_model_free(model);
    return 0;
}

/* Of every alpha of a path, with its own penalty. */
START_TEST(certificates_of_a_path)
{
    rows r = draw(7);
    cln_dataset *data = NULL;
    cln_result result;
    cln_certificate first = {0}, last;
    OK(cln_dataset_wrap(r.x, CLN_FLOAT32, N, D, r.y, &data, error));
    asked = trainer_of(engines[_i], "model=linear solver=direct alpha=1,100,10000 valid=60", data, NULL, NULL);
    OK(cln_trainer_certify(asked, &last, error)); /* of weights of 0 */
    OK(cln_trainer_run(asked, ask, &first, &result, error));
    OK(cln_trainer_certify(asked, &last, error));
    ck_assert_int_eq(result.stopped, CLN_STOP_TOLERANCE);
    ck_assert_double_eq(result.objective, last.objective);
    ck_assert_double_le(last.gradient_norm, 1e-12);
    cln_trainer_close(asked);
    cln_dataset_close(data);
}
END_TEST

START_TEST(certificate_of_the_last)
{
    rows r = draw(7);
    cln_dataset *data = NULL;
    cln_result result;
    cln_certificate first = {0}, last;
    cln_verification verification;
    cln_model *model = NULL;
    OK(cln_dataset_wrap(r.x, CLN_FLOAT32, N, D, r.y, &data, error));
    asked = trainer_of(engines[_i], "solver=lbfgs l2=1e-3", data, NULL, NULL);
    OK(cln_trainer_run(asked, ask, &first, &result, error));
    OK(cln_trainer_certify(asked, &last, error));
    ck_assert_int_eq(result.stopped, CLN_STOP_TOLERANCE);
    ck_assert_double_gt(first.objective, 1.1 * last.objective);
    ck_assert_double_eq(result.objective, last.objective);
    ck_assert_double_le(result.gradient_norm, 2e-5);
    OK(cln_trainer_model(asked, &model, error));
    OK(cln_model_verify(model, data, &verification, error));
    ck_assert_msg(verification.agrees, "%s", verification.reason);
    cln_model_free(model);
    cln_trainer_close(asked);
    cln_dataset_close(data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/free_of_units");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_loop_test(ok, features, 0, 2);
    tcase_add_loop_test(ok, features_under_a_penalty, 0, 2);
    tcase_add_loop_test(ok, targets, 0, 2);
    tcase_add_loop_test(ok, enormous_penalty, 0, 1);
    tcase_add_loop_test(ok, offsets, 0, 2);
    tcase_add_loop_test(ok, certificates_of_a_path, 0, 2);
    tcase_add_loop_test(ok, certificate_of_the_last, 0, 2);
    tcase_add_test(invalid, targets_beyond_squares);
    add_device_cases(suite, ok, invalid, NULL, NULL);
    return run_on_device(suite);
}
