/*
 * Least squares in closed form on floats in any unit: what float64 can tell of the same rows, however far columns lie from 0, from each
 * other's size and from independence. What is right comes from Householder's QR factorisation in long double of the rows themselves.
 */
#include "problem.h"

#include "train/trainer.h"

/* ---- rows */

typedef struct rows {
    uint32_t n, d, k;
    float *x, *t; /* (n,d), (n,k) */
} rows;

static cln_random random_numbers;

/* Nearly normal, of mean 0 and deviation 1. */
static double normal(void)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += (cln_random_below(&random_numbers, 1u << 20) + 0.5) / (1u << 20);
    return sum;
}

static rows make_rows(uint32_t n, uint32_t d, uint32_t k)
{
    rows r = {n, d, k, calloc((size_t)n * d, sizeof *r.x), calloc((size_t)n * k, sizeof *r.t)};
    ck_assert(r.x && r.t);
    for (size_t i = 0; i < (size_t)n * d; i++)
        r.x[i] = (float)normal();
    return r;
}

static void free_rows(rows *r)
{
    free(r->x);
    free(r->t);
}

/* Targets: a plane through the columns, each to its own deviation, and noise. */
static void make_targets(rows *r, double noise)
{
    for (uint32_t c = 0; c < r->k; c++)
        for (uint32_t j = 0; j < r->d; j++) {
            double mean = 0, squares = 0, sign = (j + c) % 2 ? -1 : 1;
            for (uint32_t i = 0; i < r->n; i++)
                mean += (double)r->x[(size_t)i * r->d + j] / r->n;
            for (uint32_t i = 0; i < r->n; i++)
                squares += pow((double)r->x[(size_t)i * r->d + j] - mean, 2) / r->n;
            for (uint32_t i = 0; i < r->n && squares > 0; i++)
                r->t[i * r->k + c] +=
                    (float)(sign * (1 + j % 3) * ((double)r->x[(size_t)i * r->d + j] - mean) / sqrt(squares));
        }
    for (size_t i = 0; i < (size_t)r->n * r->k; i++)
        r->t[i] += (float)(noise * normal() + 3);
}

/* ---- what is right */

typedef struct right {
    double objective, variance; /* Σ over outputs */
    double *predicted;          /* (n,k) */
} right;

/* Column p of a (m,size): Householder's reflection that leaves nothing below its diagonal, on all columns from there on. */
static void reflect(long double *a, uint32_t m, uint32_t size, uint32_t p)
{
    long double norm = 0, along;
    for (uint32_t i = p; i < m; i++)
        norm += a[i * size + p] * a[i * size + p];
    norm = sqrtl(norm);
    if (norm == 0)
        return;
    if (a[p * size + p] > 0)
        norm = -norm;
    long double head = a[p * size + p] - norm;
    for (uint32_t j = p + 1; j < size; j++) {
        along = head * a[p * size + j];
        for (uint32_t i = p + 1; i < m; i++)
            along += a[i * size + p] * a[i * size + j];
        along /= norm * head;
        a[p * size + j] += along * head;
        for (uint32_t i = p + 1; i < m; i++)
            a[i * size + j] += along * a[i * size + p];
    }
    a[p * size + p] = norm;
}

/* Means, and the columns' lengths about them. */
static void measure(const rows *r, bool bias, long double *mean, long double *length)
{
    for (uint32_t j = 0; j < r->d + r->k; j++) {
        long double sum = 0, squares = 0;
        for (int round = 0; round < 2; round++) {
            mean[j] += bias ? sum / r->n : 0;
            sum = squares = 0;
            for (uint32_t i = 0; i < r->n; i++) {
                long double v = (j < r->d ? r->x[(size_t)i * r->d + j] : r->t[i * r->k + j - r->d]) - mean[j];
                sum += v;
                squares += v * v;
            }
            if (round == 0 && !bias)
                sum = 0;
        }
        length[j] = squares > 0 ? sqrtl(squares) : 1;
    }
}

/* Least squares of full rank, with α on the weights of x·scale, or of columns divided by their deviations. */
static right solve(const rows *r, bool bias, bool standardized, double alpha, double scale)
{
    const uint32_t d = r->d, k = r->k, size = d + k, m = r->n + d;
    long double *a = calloc((size_t)m * size, sizeof *a), *mean = calloc(2 * size, sizeof *mean), *length = mean + size;
    right found = {.predicted = calloc((size_t)r->n * k, sizeof(double))};
    ck_assert(a && mean && found.predicted);
    measure(r, bias, mean, length);
    for (uint32_t i = 0; i < r->n; i++)
        for (uint32_t j = 0; j < size; j++)
            a[i * size + j] =
                ((j < d ? r->x[(size_t)i * d + j] : r->t[i * k + j - d]) - mean[j]) / (j < d ? length[j] : 1);
    for (uint32_t j = 0; j < d; j++)
        a[(r->n + j) * size + j] =
            sqrtl(alpha) * (standardized ? 1 / sqrtl(r->n) : 1 / (length[j] * (long double)scale));
    long double *z = calloc((size_t)m * size, sizeof *z);
    ck_assert_ptr_nonnull(z);
    memcpy(z, a, (size_t)m * size * sizeof *z);
    for (uint32_t p = 0; p < d; p++)
        reflect(a, m, size, p);
    for (uint32_t c = 0; c < k; c++) {
        for (uint32_t j = d; j-- > 0;) { /* the weights come to stand where the right side was */
            for (uint32_t i = j + 1; i < d; i++)
                a[j * size + d + c] -= a[j * size + i] * a[i * size + d + c];
            a[j * size + d + c] /= a[j * size + j];
        }
        long double squares = 0;
        for (uint32_t i = 0; i < m; i++) {
            long double sum = 0;
            for (uint32_t j = 0; j < d; j++)
                sum += z[i * size + j] * a[j * size + d + c];
            squares += (sum - z[i * size + d + c]) * (sum - z[i * size + d + c]);
            if (i < r->n)
                found.predicted[i * k + c] = (double)(sum + mean[d + c]);
        }
        found.objective += (double)(squares / 2 / r->n);
        found.variance += (double)(length[d + c] * length[d + c] / r->n);
    }
    free(a);
    free(z);
    free(mean);
    return found;
}

/* ---- what is found */

/* W and b in double, their predictions as near as double's rounding of all terms, and the condition of the columns allow. Returns the
   largest of these sums of terms. */
static double check_predictions(cln_trainer *trainer, const rows *r, const right *is, double scale, double tolerance,
                                const char *name)
{
    double *weight = calloc((size_t)r->k * (r->d + 1), sizeof *weight), *bias = weight + (size_t)r->k * r->d;
    double most = 0;
    ck_assert_ptr_nonnull(weight);
    OK(cln_trainer_lane_read(trainer, 0, weight, bias, error));
    for (uint32_t i = 0; i < r->n; i++)
        for (uint32_t c = 0; c < r->k; c++) {
            long double sum = bias[c], size = fabs(bias[c]);
            for (uint32_t j = 0; j < r->d; j++) {
                long double term = (long double)weight[c * r->d + j] * scale * r->x[(size_t)i * r->d + j];
                sum += term;
                size += fabsl(term);
            }
            double off = fabs((double)(sum - is->predicted[i * r->k + c]));
            ck_assert_msg(off <= tolerance * sqrt(is->variance) + 2 * DBL_EPSILON * (double)size,
                          "%s: row %u is predicted %g off, of deviation %g", name, i, off, sqrt(is->variance));
            most = fmax(most, (double)size);
        }
    free(weight);
    return most;
}

/* False where the run says itself that it is not the answer. */
static bool check(const rows *r, const char *words, const char *name)
{
    char all[300];
    const char *given = strstr(words, "alpha="), *scaled = strstr(words, "scale=");
    double scale = scaled ? atof(scaled + 6) : 1;
    right is = solve(r, !strstr(words, "no-bias"), strstr(words, "standardize"), given ? atof(given + 6) : 0, scale);
    cln_dataset *data = NULL;
    cln_result result;
    OK(cln_dataset_wrap_targets(r->x, CLN_FLOAT32, r->n, r->d, r->t, r->k, &data, error));
    snprintf(all, sizeof all, "model=linear solver=direct %s", words);
    cln_trainer *trainer = trainer_of("auto", all, data, NULL, NULL);
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    printf("  %-28s R² %.9f, objective %.3g off, %s\n", name, 1 - 2 * is.objective / is.variance,
           result.objective / is.objective - 1, result.reason);
    bool holds = result.stopped == CLN_STOP_TOLERANCE;
    /* Deviations are the device's, in single precision. */
    double relative = strstr(words, "standardize") ? 1e-6 : 1e-9;
    double terms = check_predictions(trainer, r, &is, scale, holds ? relative : INFINITY, name),
           off = fabs(result.objective - is.objective);
    double rounded =
        4 * DBL_EPSILON * terms; /* of a residual, which is computed from x as it is, far from its mean perhaps */
    ck_assert_msg(!holds || off <= relative * is.objective + rounded * (sqrt(2 * is.objective) + rounded),
                  "%s: %.17g, right %.17g", name, result.objective, is.objective);
    cln_trainer_close(trainer);
    cln_dataset_close(data);
    free(is.predicted);
    return holds;
}

#define MANY 12

static void spoil(rows *r, int which, const char **name, const char **words)
{
    *words = "";
    for (uint32_t i = 0; i < r->n; i++) {
        float *x = r->x + (size_t)i * r->d;
        switch (which) {
        case 0: /* 1 and 1e-4 */
            *name = "deviations 1 and 1e-4";
            x[1] *= 1e-4f;
            break;
        case 1:
            *name = "one value of -99999";
            x[0] = i == 17 ? -99999 : x[0];
            break;
        case 2:
            *name = "a mean of 5,000 without bias";
            *words = "no-bias=true";
            x[0] += 5000;
            break;
        case 3:
            *name = "two columns 1e-3 apart";
            x[1] = x[0] + 1e-3f * x[1];
            break;
        case 4:
            *name = "scales from 1e-30 to 1e30";
            for (uint32_t j = 0; j < r->d; j++)
                x[j] *= powf(10, -30 + 60.0f * (float)j / (float)(r->d - 1));
            break;
        case 5:
            *name = "offsets to 1e6";
            for (uint32_t j = 0; j < r->d; j++)
                x[j] += powf(10, 6.0f * (float)j / (float)(r->d - 1));
            break;
        case 6:
            *name = "x and x² to 1,000";
            x[0] = 1000.0f * (float)i / (float)(r->n - 1);
            x[1] = x[0] * x[0];
            break;
        case 7:
            *name = "a penalty in raw units";
            *words = "alpha=3";
            for (uint32_t j = 0; j < r->d; j++)
                x[j] = x[j] * powf(10, -3 + 6.0f * (float)j / (float)(r->d - 1)) + 7;
            break;
        case 8:
            *name = "a penalty on 1e-20 and 1e20";
            *words = "alpha=1e-7";
            for (uint32_t j = 0; j < r->d; j++)
                x[j] *= j % 2 ? 1e20f : 1e-20f;
            break;
        case 9:
            *name = "standardised small units";
            *words = "standardize=true alpha=2";
            for (uint32_t j = 0; j < r->d; j++)
                x[j] = x[j] * 1e-10f + 1e-8f;
            break;
        case 10:
            *name = "a scale of 1e-9";
            *words = "scale=1e-9 alpha=1e-17";
            break;
        default:
            *name = "two columns 1e-5 apart at 8";
            x[1] = x[0] + 1e-5f * x[1];
            x[0] += 8;
        }
    }
}

START_TEST(test_any_unit)
{
    const char *name = NULL, *words;
    cln_random_seed(&random_numbers, 77 + (uint64_t)_i, 1);
    rows r = make_rows(tiny() ? 40 : 500, _i == 6 || _i == 0 ? 2 : _i == 3 ? 30 : 6, 1 + (uint32_t)_i % 2);
    spoil(&r, _i, &name, &words);
    make_targets(&r, 0.3);
    ck_assert(check(&r, words, name));
    free_rows(&r);
}
END_TEST

/* A square system, rows that are fewer than columns with a penalty, one row, one column. */
START_TEST(test_shapes)
{
    static const struct {
        uint32_t n, d, k;
        const char *words, *name;
    } cases[] = {
        {60, 60, 1, "no-bias=true", "60 x 60 without bias"},
        {30, 80, 2, "alpha=0.01", "fewer rows than columns"},
        {30, 80, 1, "alpha=1e-5 no-bias=true", "the same without bias"},
        {2, 1, 1, "", "two rows"},
        {1, 1, 1, "alpha=1 no-bias=true", "one row"},
        {300, 300, 1, "no-bias=true", "300 x 300 without bias"},
    };
    for (size_t i = 0; i < (tiny() ? 2 : sizeof cases / sizeof *cases); i++) {
        cln_random_seed(&random_numbers, 5 + i, 2);
        rows r = make_rows(cases[i].n, cases[i].d, cases[i].k);
        make_targets(&r, 0.3);
        ck_assert(check(&r, cases[i].words, cases[i].name));
        free_rows(&r);
    }
}
END_TEST

/* Random sizes, scales, offsets and penalties. */
static bool check_random(uint64_t seed)
{
    char name[200], words[100], penalty[40] = "";
    cln_random_seed(&random_numbers, seed, 8);
    bool bias = cln_random_below(&random_numbers, 3) > 0, penalised = cln_random_below(&random_numbers, 2);
    uint32_t d = 1 + cln_random_below(&random_numbers, 12);
    uint32_t n = (penalised ? 2 : d + 3) + cln_random_below(&random_numbers, 50);
    rows r = make_rows(n, d, 1 + cln_random_below(&random_numbers, 2));
    double range = cln_random_below(&random_numbers, 3) ? 30 : 3, alpha = 0;
    for (uint32_t j = 0; j < d; j++) {
        double scale = pow(10, range * (cln_random_below(&random_numbers, 2001) / 1000.0 - 1));
        double offset = cln_random_below(&random_numbers, 2) * pow(10, cln_random_below(&random_numbers, 7));
        for (uint32_t i = 0; i < n; i++)
            r.x[i * d + j] = (float)((r.x[i * d + j] + offset) * scale);
        if (penalised && j == 0)
            alpha = fmin(n * scale * scale * pow(10, cln_random_below(&random_numbers, 7) - 4.0), 1e30);
    }
    make_targets(&r, 0.01 + cln_random_below(&random_numbers, 3));
    if (penalised)
        snprintf(penalty, sizeof penalty, "alpha=%.17g", alpha);
    snprintf(words, sizeof words, "%s %s", bias ? "" : "no-bias=true", penalty);
    snprintf(name, sizeof name, "%llu: %u x %u, k %u, %s", (unsigned long long)seed, n, d, r.k, words);
    bool holds = check(&r, words, name);
    free_rows(&r);
    return holds;
}

START_TEST(test_random)
{
    uint64_t count = getenv("CLINEAR_LONG") ? 500 : tiny() ? 3 : 60, told = 0;
    for (uint64_t i = 0; i < count; i++)
        told += !check_random(i);
    printf("  %llu random problems; of %llu it is said that they are beyond double precision\n",
           (unsigned long long)count, (unsigned long long)told);
    ck_assert_uint_le(told, count / 30);
}
END_TEST

/* W, b and how it ended, of a run on real-valued targets; the double weights are to be freed. */
static double *weights_of(const rows *r, const char *words, cln_result *result)
{
    char all[200];
    cln_dataset *data = NULL;
    double *weight = calloc((size_t)r->k * (r->d + 1), sizeof *weight);
    ck_assert_ptr_nonnull(weight);
    OK(cln_dataset_wrap_targets(r->x, CLN_FLOAT32, r->n, r->d, r->t, r->k, &data, error));
    snprintf(all, sizeof all, "model=linear solver=direct %s", words);
    cln_trainer *trainer = trainer_of("auto", all, data, NULL, NULL);
    OK(cln_trainer_run(trainer, NULL, NULL, result, error));
    OK(cln_trainer_lane_read(trainer, 0, weight, weight + (size_t)r->k * r->d, error));
    cln_trainer_close(trainer);
    cln_dataset_close(data);
    return weight;
}

/* t = 3 + 2·x₀ − x₂, with x₁ = 8·x₀ and x₃ constant, in units of 1e-12: of all answers the least in raw units is w₀·(1, 8) with
   w₀·65 = 2, and of column 3 it is 0. */
START_TEST(test_dependent)
{
    cln_result result;
    cln_random_seed(&random_numbers, 3, 3);
    rows r = make_rows(50, 4, 1);
    const float unit = 0x1p-40f;
    for (uint32_t i = 0; i < r.n; i++) {
        float *x = r.x + (size_t)i * 4;
        x[0] = (float)((int)cln_random_below(&random_numbers, 2001) - 1000) * unit;
        x[2] = (float)((int)cln_random_below(&random_numbers, 2001) - 1000) * unit;
        x[1] = 8 * x[0];
        x[3] = 0.1f;
        r.t[i] = 3 + 2 * x[0] / unit - x[2] / unit;
    }
    double *weight = weights_of(&r, "", &result);
    ck_assert_double_eq_tol(weight[0], 2.0 / 65 / (double)unit, 1e-9 / (double)unit);
    ck_assert_double_eq_tol(weight[1], 16.0 / 65 / (double)unit, 1e-9 / (double)unit);
    ck_assert_double_eq_tol(weight[2], -1 / (double)unit, 1e-9 / (double)unit);
    ck_assert_double_eq(weight[3], 0);
    ck_assert_double_eq_tol(weight[4], 3, 1e-9);
    ck_assert_msg(strstr(result.reason, "singular (rank 2 of 4)") != NULL, "%s", result.reason);
    ck_assert_int_eq(result.stopped, CLN_STOP_TOLERANCE);
    free(weight);
    free_rows(&r);
}
END_TEST

/* Three rows (1,0,0,1), (0,2,0,1), (0,0,3,1) and targets 1, 4, 9, without bias: X·w = t, and w is in the span of the rows. */
START_TEST(test_fewer_rows_than_columns)
{
    static const float x[] = {1, 0, 0, 1, 0, 2, 0, 1, 0, 0, 3, 1};
    cln_result result;
    rows r = make_rows(3, 4, 1);
    for (int i = 0; i < 12; i++)
        r.x[i] = x[i];
    for (int i = 0; i < 3; i++)
        r.t[i] = (float)((i + 1) * (i + 1));
    double *w = weights_of(&r, "no-bias=true", &result);
    for (int i = 0; i < 3; i++)
        ck_assert_double_eq_tol((i + 1) * w[i] + w[3], (i + 1) * (i + 1), 1e-13);
    ck_assert_double_eq_tol(w[3], w[0] + w[1] / 2 + w[2] / 3, 1e-13); /* nothing along (1, 1/2, 1/3, −1) */
    ck_assert_msg(strstr(result.reason, "singular (rank 3 of 4)") != NULL, "%s", result.reason);
    ck_assert_int_eq(result.stopped, CLN_STOP_TOLERANCE);
    free(w);
    free_rows(&r);
}
END_TEST

/* A value that is no finite number is told of, wherever it stands. */
START_TEST(test_not_finite)
{
    static const float values[] = {NAN, INFINITY, -INFINITY};
    for (int which = 0; which < 6; which++) {
        cln_dataset *data = NULL;
        cln_trainer *trainer = NULL;
        cln_result result;
        cln_error failure = {0};
        cln_options *options = options_of("auto", "model=linear solver=direct");
        rows r = make_rows(20, 3, 1);
        make_targets(&r, 1);
        *(which < 3 ? &r.x[31] : &r.t[7]) = values[which % 3];
        cln_status status = cln_dataset_wrap_targets(r.x, CLN_FLOAT32, r.n, r.d, r.t, r.k, &data, &failure);
        cln_parts parts = {data, NULL, NULL};
        if (status == CLN_OK)
            status = cln_trainer_create(device, options, &parts, &trainer, &failure);
        if (status == CLN_OK)
            status = cln_trainer_run(trainer, NULL, NULL, &result, &failure);
        ck_assert_msg(status == CLN_INVALID || status == CLN_FORMAT, "%d: %s", which, cln_status_name(status));
        ck_assert_msg(strstr(failure.message, "finite number") != NULL, "%s", failure.message);
        cln_trainer_close(trainer);
        cln_dataset_close(data);
        cln_options_free(options);
        free_rows(&r);
    }
}
END_TEST

/* Every α of a path is what a run of its own comes to, also where rows are fewer than columns and a loss is all but 0. */
START_TEST(test_path)
{
    static const char *const each[] = {"1e-9", "1e-3", "1", "100"};
    for (int bytes = 0; bytes < 2; bytes++) {
        problem p = problem_make(60, 50, 3, bytes ? CLN_UINT8 : CLN_FLOAT32, 4);
        cln_trainer *trainer =
            trainer_of("auto", "model=linear solver=direct valid=20 alpha=1e-9,1e-3,1,100", p.data, NULL, NULL);
        cln_result result, single;
        size_t count;
        OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
        const cln_path_row *path = cln_trainer_path(trainer, &count);
        ck_assert_uint_eq(count, 4);
        for (size_t i = 0; i < count; i++) {
            char words[100];
            snprintf(words, sizeof words, "model=linear solver=direct valid=20 alpha=%s", each[i]);
            cln_model_free(trained("auto", words, p.data, NULL, NULL, &single));
            ck_assert_double_eq_tol(path[i].objective, single.objective, 1e-9 * single.objective);
            ck_assert_double_eq_tol(path[i].valid.loss, single.valid.loss, 1e-5 * single.valid.loss);
            ck_assert_uint_eq(path[i].valid.errors, single.valid.errors);
            if (path[i].best)
                ck_assert_double_eq_tol(result.objective, single.objective, 1e-12 * single.objective);
        }
        cln_trainer_close(trainer);
        problem_free(&p);
    }
}
END_TEST

/* Enough rows for the device's sums: well apart, they serve, and nearly dependent they give way to the rows. At the answer no column, less its
   mean, is correlated with the residual. */
START_TEST(test_many_rows)
{
    for (int near = 0; near < (tiny() ? 0 : 2); near++) {
        cln_result result;
        cln_random_seed(&random_numbers, 9, 4);
        rows r = make_rows(8000, 160, 1);
        for (uint32_t i = 0; i < r.n; i++) {
            float *x = r.x + (size_t)i * r.d;
            x[1] = near ? x[0] + 1e-4f * x[1] : x[1] * 1e6f + 1e7f;
            for (uint32_t j = 0; j < r.d; j++)
                r.t[i] += j == 1 ? 0 : x[j];
            r.t[i] += (near ? 1e4f * (x[1] - x[0]) : 0) + (float)normal();
        }
        double *w = weights_of(&r, "", &result), largest = 0;
        double *z = calloc(r.n, sizeof *z);
        ck_assert_ptr_nonnull(z);
        for (uint32_t i = 0; i < r.n; i++) {
            z[i] = w[r.d] - (double)r.t[i];
            for (uint32_t j = 0; j < r.d; j++)
                z[i] += w[j] * (double)r.x[(size_t)i * r.d + j];
        }
        for (uint32_t j = 0; j < r.d; j++) {
            double mean = 0, squares = 0, along = 0;
            for (uint32_t i = 0; i < r.n; i++)
                mean += (double)r.x[(size_t)i * r.d + j] / r.n;
            for (uint32_t i = 0; i < r.n; i++) {
                double v = (double)r.x[(size_t)i * r.d + j] - mean;
                squares += v * v;
                along += v * z[i];
            }
            largest = fmax(largest, fabs(along) / sqrt(squares * r.n));
        }
        printf("  8,000 x 160, %s: %g left, %s\n", near ? "near" : "apart", largest, result.reason);
        ck_assert_double_le(largest, 1e-9);
        ck_assert_double_eq_tol(2 * result.objective, 1, 0.05); /* the noise */
        ck_assert_double_eq_tol(w[1], near ? 1e4 : 0, near ? 500 : 1e-7);
        ck_assert_int_eq(result.stopped, CLN_STOP_TOLERANCE);
        free(w);
        free(z);
        free_rows(&r);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/direct_floats");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_add_loop_test(ok, test_any_unit, 0, MANY);
    tcase_add_test(ok, test_shapes);
    tcase_add_test(ok, test_random);
    tcase_add_test(ok, test_dependent);
    tcase_add_test(ok, test_fewer_rows_than_columns);
    tcase_add_test(ok, test_path);
    tcase_add_test(ok, test_many_rows);
    tcase_add_test(invalid, test_not_finite);
    add_device_cases(suite, ok, invalid, NULL, NULL);
    return run_on_device(suite);
}
