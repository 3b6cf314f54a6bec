/* Rows that weigh more or less: centred, standardised and stepped over as what they stand for. A row of weight 0 is as one that is absent,
   a whole weight as many rows. Against plain loops in double. */
#include "problem.h"

#include "train/trainer.h"

enum { D = 13, K = 3 };

static const char *const engines[] = {"fused", "clblast"};

/* Rows with weights, and the same without any: what is absent left out, what weighs 3 there three times. */
typedef struct pair {
    problem weighted, plain;
    float *own;
} pair;

static void put(problem *to, uint32_t at, const problem *from, uint32_t i)
{
    size_t row = D * (from->type == CLN_UINT8 ? 1 : sizeof(float));
    memcpy((char *)to->x + at * row, (const char *)from->x + i * row, row);
    memcpy(to->scaled + (size_t)at * D, from->scaled + (size_t)i * D, D * sizeof(double));
    to->y[at] = from->y[i];
}

/* Of n rows every fifth, the first one too, weighs 0 and has wild features; others weigh `weight(i)`. */
static pair pair_make(uint32_t n, cln_type type, uint32_t (*weight)(uint32_t))
{
    pair p = {.weighted = problem_make(n, D, K, type, 5), .own = calloc(n, sizeof(float))};
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) {
        p.own[i] = i % 5 == 0 ? 0 : (float)weight(i);
        count += (uint32_t)p.own[i];
        for (uint32_t j = 0; i % 5 == 0 && j < D; j++)
            if (type == CLN_UINT8)
                ((uint8_t *)p.weighted.x)[i * D + j] = 255;
            else
                ((float *)p.weighted.x)[i * D + j] = (j % 2 ? 1e4f : -3e3f) * (float)(i + 1);
    }
    p.plain = problem_make(count, D, K, type, 5);
    for (uint32_t i = 0, at = 0; i < n; i++)
        for (uint32_t times = 0; times < (uint32_t)p.own[i]; times++)
            put(&p.plain, at++, &p.weighted, i);
    problem_wrap(&p.plain);
    OK(cln_dataset_weigh(p.weighted.data, p.own, error));
    return p;
}

static void pair_free(pair *p)
{
    problem_free(&p->weighted);
    problem_free(&p->plain);
    free(p->own);
}

static uint32_t one(uint32_t i)
{
    (void)i;
    return 1;
}

static uint32_t several(uint32_t i)
{
    return i % 4;
}

/* The same model from both, within what single precision leaves of one that is found another way. */
static void expect_same(const pair *p, const char *engine, const char *words, double tolerance)
{
    cln_result a, b;
    cln_model *weighted = trained(engine, words, p->weighted.data, NULL, NULL, &a);
    cln_model *plain = trained(engine, words, p->plain.data, NULL, NULL, &b);
    cln_reference reference = as_reference(plain);
    double most = fmax(1, widest_weight(&reference)), apart = widest_difference(weighted, &reference);
    ck_assert_msg(apart <= tolerance * most, "%s %s: weights differ by %g of %g", engine, words, apart, most);
    ck_assert_msg(fabs(a.objective - b.objective) <= tolerance * b.objective, "%s: objective %.9g, not %.9g", words,
                  a.objective, b.objective);
    ck_assert_uint_eq(p->weighted.n, a.rows);
    if (a.learning_rate > 0)
        ck_assert_double_eq_tol(a.learning_rate / b.learning_rate, 1, 1e-4);
    free(reference.w);
    free(reference.b);
    cln_model_free(weighted);
    cln_model_free(plain);
}

START_TEST(test_as_rows)
{
    static const char *const words[] = {
        "batch-size=100000 no-shuffle=true epochs=20 standardize=true",
        "batch-size=100000 no-shuffle=true epochs=20 center=true momentum=0.5 l2=0.01",
        "model=linear batch-size=100000 no-shuffle=true epochs=20 standardize=true class-weights=balanced",
        "solver=lbfgs l2=0.01 standardize=true tolerance=1e-6 epochs=200",
        "solver=lbfgs l2=0.01 tolerance=1e-6 epochs=200 class-weights=balanced",
        "model=linear solver=lbfgs alpha=3 standardize=true tolerance=1e-6 epochs=200",
    };
    for (int type = 0; type < 2; type++) {
        pair p = pair_make(tiny() ? 35 : 257, type ? CLN_FLOAT32 : CLN_UINT8, _i ? several : one);
        for (size_t i = 0; i < (tiny() ? 1 : sizeof words / sizeof *words); i++)
            expect_same(&p, engines[(i / 2 + i + (size_t)type) % 2], words[i], 1e-4);
        pair_free(&p);
    }
}
END_TEST

/* Weighted mean and deviation of a column over rows that are kept. */
static void plain_moments(const problem *p, const float *own, uint32_t folds, uint32_t j, double *mean,
                          double *deviation)
{
    double total = 0, sum = 0, squares = 0;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < p->n; i++) {
            double w = folds && i % folds == 0 ? 0 : (double)own[i], x = (double)((float *)p->x)[i * p->d + j];
            total += pass ? 0 : w;
            sum += pass ? 0 : w * x;
            squares += pass && w > 0 ? w * (x - sum / total) * (x - sum / total) : 0;
        }
    *mean = sum / total;
    *deviation = sqrt(squares / total);
}

/* Columns in every unit, beside offsets, one constant but where nothing weighs; of all rows and of a fold's, which are a list. */
START_TEST(test_moments)
{
    static const uint32_t rows[] = {7, 61, 64, 255, 257};
    static const float units[D] = {1, 1e-30f, 1e30f, 1e-20f, 1e20f, 3, 1e-10f, 1e10f, 1e-35f, 1e5f, 2, 1e-5f, 7};
    uint32_t n = rows[_i], folds = 3;
    problem p = problem_make(n, D, K, CLN_FLOAT32, 8);
    float *own = calloc(n, sizeof *own), *x = p.x;
    for (uint32_t i = 0; i < n; i++) {
        own[i] = i % 5 == 1 ? 0 : 0.1f + (float)(i % 4);
        for (uint32_t j = 0; j < D; j++)
            x[i * D + j] = units[j] * (x[i * D + j] + (j % 3 == 1 ? 1000 : 0));
        x[i * D + 12] = i % 5 == 1 ? 1e30f : 0.1f;
    }
    problem_wrap(&p);
    OK(cln_dataset_weigh(p.data, own, error));
    cln_options *options = options_of("fused", "solver=lbfgs standardize=true");
    const cln_parts parts = {p.data, NULL, NULL};
    cln_selection selection = {0};
    OK(cln_selection_create(&selection, cln_options_settings(options), &parts, error));
    OK(cln_selection_begin(&selection, device, error));
    for (int folded = 0; folded < 2; folded++) {
        cln_trainer *trainer = NULL;
        OK(cln_selection_fold(&selection, device, 0, folded ? folds : 0, error));
        OK(cln_trainer_create_stack(device, (const cln_options *const *)&options, 1, &selection, &parts, &trainer,
                                    error));
        for (uint32_t j = 0; j < D; j++) {
            double mean, deviation, seen = trainer->scaling.deviation[j];
            plain_moments(&p, own, folded ? folds : 0, j, &mean, &deviation);
            if (j == 12)
                ck_assert(trainer->scaling.shift[j] == (double)0.1f && seen == 1);
            else
                ck_assert_msg(fabs(trainer->scaling.shift[j] - mean) <= (double)FLT_EPSILON * fabs(mean) &&
                                  fabs(seen - deviation) <= 1e-10 * deviation,
                              "column %u: %g ± %g, not %g ± %g", j, trainer->scaling.shift[j], seen, mean, deviation);
        }
        cln_trainer_close(trainer);
    }
    cln_selection_release(&selection);
    cln_options_free(options);
    problem_free(&p);
    free(own);
}
END_TEST

/* 1/λ_max of XᵀWX/n with a column of ones, W of mean 1, by the power method in double over all rows. */
static double plain_step(const problem *p, const float *own, double c)
{
    double v[D + 1], next[D + 1], length = 0, mean = 0;
    for (uint32_t i = 0; i < p->n; i++)
        mean += (double)own[i] / p->n;
    for (uint32_t j = 0; j <= D; j++)
        v[j] = 1;
    for (int iteration = 0; iteration < 300; iteration++) {
        memset(next, 0, sizeof next);
        for (uint32_t i = 0; i < p->n; i++) {
            double along = v[D];
            for (uint32_t j = 0; j < D; j++)
                along += v[j] * p->scaled[(size_t)i * D + j];
            for (uint32_t j = 0; j <= D; j++)
                next[j] += (double)own[i] / mean / p->n * along * (j < D ? p->scaled[(size_t)i * D + j] : 1);
        }
        length = 0;
        for (uint32_t j = 0; j <= D; j++)
            length += next[j] * next[j];
        length = sqrt(length);
        for (uint32_t j = 0; j <= D; j++)
            v[j] = next[j] / length;
    }
    return 1 / (c * length);
}

/* A few rows of thousands weigh nearly all, or their rare class does: the step is that of all rows, and minibatches do not leave the start
   for the worse. */
START_TEST(test_heavy_rows)
{
    uint32_t n = tiny() ? 1100 : 6000;
    problem p = problem_make(n, D, 2, CLN_FLOAT32, 6);
    float *own = calloc(n, sizeof *own), *x = p.x;
    for (uint32_t i = 0; i < n; i++) {
        bool heavy = i == 77 || i == n / 2 + 5 || i == n - 30; /* none is in an even sample of 64 stretches */
        own[i] = heavy ? 1000 : 0.5f + (float)(i % 3);
        for (uint32_t j = 0; heavy && j < D; j++) {
            x[i * D + j] *= 10;
            p.scaled[(size_t)i * D + j] *= 10;
        }
    }
    problem_wrap(&p);
    OK(cln_dataset_weigh(p.data, own, error));
    cln_result result;
    cln_model_free(trained("fused", "batch-size=100000 no-shuffle=true epochs=5", p.data, NULL, NULL, &result));
    double exact = plain_step(&p, own, 0.5);
    ck_assert_msg(result.learning_rate <= 1.1 * exact && result.learning_rate >= 0.8 * exact, "step size %g, not %g",
                  result.learning_rate, exact);
    ck_assert_double_le(result.objective, log(2));
    cln_model_free(trained("fused", "batch-size=100 epochs=3", p.data, NULL, NULL, &result));
    ck_assert_double_le(result.objective, log(2));
    problem_free(&p);
    free(own);
}
END_TEST

/* Weights that are all alike: the drawn sample says what the plain one does. */
START_TEST(test_equal_weights)
{
    uint32_t n = tiny() ? 1100 : 3000;
    problem p = problem_make(n, D, 2, CLN_UINT8, 7);
    float *own = calloc(n, sizeof *own);
    cln_result plain, weighted;
    for (uint32_t i = 0; i < n; i++)
        own[i] = 3;
    cln_model_free(trained("fused", "epochs=1 standardize=true", p.data, NULL, NULL, &plain));
    OK(cln_dataset_weigh(p.data, own, error));
    cln_model_free(trained("fused", "epochs=1 standardize=true", p.data, NULL, NULL, &weighted));
    ck_assert_double_eq_tol(weighted.learning_rate / plain.learning_rate, 1, 0.2);
    problem_free(&p);
    free(own);
}
END_TEST

/* Columns in any unit to lbfgs's optimum, which is that of the same columns in units of 1; sgd divides by what float holds of 1/σ², and
   names what is beyond. */
START_TEST(test_units)
{
    static const double units[] = {1, 1e-30, 1e-25, 1e-18, 1e18, 1e30};
    enum { UNITS = sizeof units / sizeof *units };
    problem p = problem_make(tiny() ? 35 : 213, D, K, CLN_FLOAT32, 9);
    double lbfgs[UNITS], sgd[UNITS];
    for (int u = 0; u < UNITS; u++) {
        for (size_t i = 0; i < (size_t)p.n * D; i++)
            ((float *)p.x)[i] = (float)(units[u] * p.scaled[i]);
        problem_wrap(&p);
        cln_result result;
        char words[120];
        snprintf(words, sizeof words, "solver=lbfgs standardize=true l2=0.01 tolerance=%g epochs=200",
                 1e-6 * fmin(1, units[u]));
        cln_model_free(trained(engines[_i], words, p.data, NULL, NULL, &result));
        lbfgs[u] = result.objective;
        if (units[u] < 1e-18 || units[u] > 1e18) {
            cln_options *options = options_of(engines[_i], "standardize=true");
            const cln_parts parts = {p.data, NULL, NULL};
            cln_trainer *trainer = NULL;
            FAILS(CLN_INVALID, "feature 0 (from 0) has a standard deviation of",
                  cln_trainer_create(device, options, &parts, &trainer, error));
            cln_options_free(options);
            continue;
        }
        cln_model_free(trained(engines[_i], "standardize=true epochs=5", p.data, NULL, NULL, &result));
        sgd[u] = result.objective;
        ck_assert_msg(fabs(sgd[u] / sgd[0] - 1) <= 1e-4, "sgd, unit %g: %.9g, not %.9g", units[u], sgd[u], sgd[0]);
    }
    for (int u = 1; u < UNITS; u++)
        ck_assert_msg(fabs(lbfgs[u] / lbfgs[0] - 1) <= 1e-5, "lbfgs, unit %g: %.9g, not %.9g", units[u], lbfgs[u],
                      lbfgs[0]);
    problem_free(&p);
}
END_TEST

/* A year among columns of about 1: the step size that was found is told to be too small, where it was found; with patience, too. */
START_TEST(test_year)
{
    static const struct {
        const char *words;
        bool told;
    } cases[] = {{"epochs=2", true},
                 {"epochs=2 no-bias=true", true},
                 {"epochs=9 valid=40 patience=1", true},
                 {"epochs=2 standardize=true", false},
                 {"epochs=2 learning-rate=1e-7", false},
                 {"solver=lbfgs l2=0.01 epochs=2", false}};
    problem p = problem_make(tiny() ? 45 : 213, D, K, CLN_FLOAT32, 9);
    for (uint32_t i = 0; i < p.n; i++)
        ((float *)p.x)[i * D + 3] = (float)(1950 + i % 70);
    problem_wrap(&p);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cln_result result;
        cln_model_free(trained("fused", cases[i].words, p.data, NULL, NULL, &result));
        ck_assert_msg((strstr(result.reason, "all that the features' units allow") != NULL) == cases[i].told, "%s: %s",
                      cases[i].words, result.reason);
        ck_assert_uint_lt(strlen(result.reason), sizeof result.reason - 1);
    }
    problem_free(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/weighted");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_loop_test(ok, test_as_rows, 0, 2);
    tcase_add_loop_test(ok, test_moments, 0, tiny() ? 1 : 5);
    tcase_add_test(ok, test_equal_weights);
    tcase_add_test(edges, test_heavy_rows);
    tcase_add_test(edges, test_year);
    tcase_add_loop_test(edges, test_units, 0, tiny() ? 1 : 2);
    add_device_cases(suite, ok, edges, NULL, NULL);
    return run_on_device(suite);
}
