/* The objective in double against finite differences and the plain loops. */
#define _GNU_SOURCE
#include "reference/sample.h"
#include "reference/linear.h"

#include <float.h>

/* Losses × targets × types × with or without a bias that moves, each with weights, spread and λ₁ in some of their combinations. */
enum { CASES = 3 * 3 * 2 * 2 };
static sample case_create(int i, uint32_t n, uint32_t d, uint32_t k)
{
    cln_objective_problem problem = {.loss = (cln_row_loss)(i % 3),
                                     .target = (cln_target)(i / 3 % 3),
                                     .type = (cln_type)(i / 9 % 2),
                                     .bias = i / 18 % 2,
                                     .k = k,
                                     .d = d,
                                     .l1 = (i + i / 9) % 2 ? 0.03 : 0,
                                     .l2 = i % 4 == 3 ? 0 : 0.2};
    return sample_create(problem, n, (i / 3 + i / 18) % 2, i / 2 % 2, (uint64_t)i);
}

/* The objective by the loops of reference/linear.h, and its gradient without the λ₁ part. */
static cln_objective_value plain_value(const sample *s, double *gw, double *gb)
{
    const cln_objective_problem *p = &s->problem;
    const cln_row_rule rule = {p->loss, p->target, p->lowest, p->highest};
    const cln_reference model = {p->k, p->d, s->w, s->b};
    const cln_row_answers answers = {s->y, s->t, s->weighted ? s->v : NULL};
    double *z = calloc((size_t)s->n * p->k, sizeof *z);
    cln_score score =
        cln_reference_sums(&model, &rule, &(cln_reference_view){p->scale, NULL}, s->dx, &answers, s->n, z, gw, gb);
    cln_objective_value value = {.loss = score.loss, .objective = score.loss, .errors = score.errors};
    for (size_t i = 0; i < (size_t)p->k * p->d; i++) {
        double spread = p->spread ? p->spread[i % p->d] : 1, u = spread * s->w[i];
        value.objective += p->l2 / 2 * u * u + p->l1 * fabs(u);
        gw[i] = gw[i] / s->n + p->l2 * spread * u;
    }
    for (uint32_t c = 0; c < p->k; c++)
        gb[c] = p->bias ? gb[c] / s->n : 0;
    free(z);
    return value;
}

/* Another order of sums than that of the plain loops: n + d roundings, of terms no larger than `size` in the mean. */
static void check_against_plain(const sample *s)
{
    uint32_t k = s->problem.k, d = s->problem.d;
    double *gw = calloc(2 * (size_t)k * d, sizeof *gw), *gb = calloc(2 * k, sizeof *gb), *gw2 = gw + k * d,
           *gb2 = gb + k;
    cln_objective_value a = value_of(s, gw, gb), b = plain_value(s, gw2, gb2);
    double size = 10 + b.objective + d, limit = size * (s->n + d) * DBL_EPSILON;
    ck_assert_double_eq_tol(a.loss, b.loss, limit);
    ck_assert_double_eq_tol(a.objective, b.objective, limit);
    ck_assert_uint_eq(a.errors, b.errors);
    ck_assert_uint_eq(a.rows, s->n);
    for (uint32_t i = 0; i < k * d; i++)
        ck_assert_double_eq_tol(gw[i], gw2[i], limit);
    for (uint32_t c = 0; c < k; c++)
        ck_assert_double_eq_tol(gb[c], gb2[c], limit);
    free(gw);
    free(gb);
}

START_TEST(as_the_plain_loops)
{
    static const uint32_t sizes[] = {1, 7, 61, 64, 65};
    for (int rows = 0; rows < 5; rows++)
        for (int features = 0; features < 5; features++) {
            sample s = case_create(_i, sizes[rows], sizes[features], (uint32_t)(1 + (rows * 5 + features + _i) % 12));
            check_against_plain(&s);
            sample_free(&s);
        }
}
END_TEST

/* Central differences with step h: the third derivative of a row's loss is below 3·2·(|t| + 1) here, for features are below 1 and
   weights of rows have mean 1; and f is rounded to ε a few times over. */
START_TEST(gradient_by_finite_differences)
{
    const double h = 3e-5;
    sample s = case_create(_i, 17, 5, 4);
    const cln_objective_problem *p = &s.problem;
    double gw[4 * 5], gb[4], norm = 0;
    cln_objective_value at = value_of(&s, gw, gb);
    double limit = 6 * h * h + 8 * DBL_EPSILON * (1 + at.objective) / h;
    for (uint32_t i = 0; i < p->k * p->d + (p->bias ? p->k : 0); i++) {
        bool weight = i < p->k * p->d;
        double *parameter = weight ? &s.w[i] : &s.b[i - p->k * p->d], before = *parameter;
        double slope = weight ? p->l1 * (p->spread ? p->spread[i % p->d] : 1) * (before > 0 ? 1 : -1) : 0;
        double gradient = (weight ? gw[i] : gb[i - p->k * p->d]) + slope;
        *parameter = before + h;
        double above = value_of(&s, NULL, NULL).objective;
        *parameter = before - h;
        double below = value_of(&s, NULL, NULL).objective;
        *parameter = before;
        ck_assert_double_eq_tol(gradient, (above - below) / (2 * h), limit);
        norm = fmax(norm, fabs(gradient));
    }
    ck_assert_double_eq(at.largest, norm);
    sample_free(&s);
}
END_TEST

/* At 0 the slope of λ₁ is any of −λ₁ … λ₁, each times the feature's deviation. */
START_TEST(subgradient_at_zero)
{
    sample s =
        sample_create((cln_objective_problem){.k = 3, .d = 4, .l1 = 0.05, .type = CLN_FLOAT32}, 30, false, true, 5);
    double gw[12], norm = 0, largest = 0;
    memset(s.w, 0, 12 * sizeof *s.w);
    cln_objective_value at = value_of(&s, gw, NULL);
    for (int i = 0; i < 12; i++) {
        norm = fmax(norm, fmax(fabs(gw[i]) - 0.05 * s.s[i % 4], 0));
        largest = fmax(largest, fabs(gw[i]));
    }
    ck_assert_double_eq(at.largest, norm);
    ck_assert(norm > 0 && largest > norm);
    s.problem.l1 = 1;
    ck_assert_double_eq(value_of(&s, gw, NULL).largest, 0);
    ck_assert_double_eq(value_of(&s, gw, NULL).gradient_norm, 0);
    sample_free(&s);
}
END_TEST

static double weight_of(const sample *s, uint32_t i)
{
    return s->weighted ? (double)s->v[i] : 1;
}

/* Weighted mean of value `at` of rows that are `stride` apart, and mean square of the differences from it or, without bias, from 0. */
static double plain_mean(const sample *s, const double *at, size_t stride, double *square)
{
    double total = 0, mean = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        total += weight_of(s, i);
        mean += weight_of(s, i) * at[i * stride];
    }
    mean = s->problem.bias ? mean / total : 0;
    *square = 0;
    for (uint32_t i = 0; i < s->n; i++)
        *square += weight_of(s, i) * (at[i * stride] - mean) * (at[i * stride] - mean) / total;
    return mean;
}

/* f₀/σ by its definition. */
static double plain_unit(const sample *s)
{
    const cln_objective_problem *p = &s->problem;
    const cln_row_answers answers = {s->y, s->t, NULL};
    double variance = 0, square, *t = calloc(s->n, sizeof *t);
    for (uint32_t c = 0; c < p->k; c++) {
        for (uint32_t i = 0; i < s->n; i++)
            t[i] = cln_row_target(p->target, &answers, i, p->k, c);
        plain_mean(s, t, 1, &square);
        variance += square;
    }
    free(t);
    if (p->loss == CLN_SQUARED)
        return sqrt(variance) / 2;
    return p->k == 1 ? 1 : p->loss == CLN_CROSS_ENTROPY ? log(p->k) : 0.5 - 0.5 / p->k;
}

/* The norm by its definition, in two passes over the columns. */
START_TEST(norm_by_its_definition)
{
    sample s = case_create(_i, 61, 7, 5);
    const cln_objective_problem *p = &s.problem;
    double gw[5 * 7], gb[5], norm = 0, square;
    cln_objective_value at = value_of(&s, gw, gb);
    for (uint32_t j = 0; j < p->d; j++) {
        double mean = p->scale * plain_mean(&s, s.dx + j, p->d, &square);
        for (uint32_t c = 0; c < p->k; c++) {
            double slope = p->l1 * (p->spread ? p->spread[j] : 1) * (s.w[c * p->d + j] > 0 ? 1 : -1);
            norm = fmax(norm, fabs(gw[c * p->d + j] + slope - mean * gb[c]) / (p->scale * sqrt(square)));
        }
    }
    for (uint32_t c = 0; c < p->k; c++)
        norm = fmax(norm, fabs(gb[c]));
    norm /= plain_unit(&s);
    ck_assert_double_le(fabs(at.gradient_norm - norm), 1e3 * DBL_EPSILON * norm); /* 61 rows, a few roundings each */
    sample_free(&s);
}
END_TEST

/* Columns times powers of two, their weights divided by these, and with squared loss targets, weights and bias times another: no unit
   is in the norm, to the last bit but where an underflow takes one. */
START_TEST(norm_has_no_unit)
{
    sample s = case_create(_i < 9 ? 9 + _i : 18 + _i, 40, 6, 3); /* floats, without a bias and with one */
    const cln_objective_problem *p = &s.problem;
    s.problem.l2 = s.problem.l1 = 0;
    double before = value_of(&s, NULL, NULL).gradient_norm;
    static const int exponents[6] = {-100, 100, -30, 30, 0, 7};
    bool values = p->loss == CLN_SQUARED && p->target == CLN_TARGET_REAL;
    for (uint32_t i = 0; i < s.n * p->d; i++)
        ((float *)s.x)[i] = ldexpf(((float *)s.x)[i], exponents[i % 6]);
    for (uint32_t i = 0; i < p->k * p->d; i++)
        s.w[i] = ldexp(s.w[i], (values ? 50 : 0) - exponents[i % 6]);
    for (uint32_t c = 0; c < p->k; c++)
        s.b[c] = ldexp(s.b[c], values ? 50 : 0);
    for (uint32_t i = 0; i < s.n * p->k; i++)
        s.t[i] = ldexpf(s.t[i], values ? 50 : 0);
    ck_assert(before > 0.01 || (p->k == 1 && p->loss != CLN_SQUARED)); /* a softmax of one output has no gradient */
    ck_assert_double_eq(value_of(&s, NULL, NULL).gradient_norm, before);
    sample_free(&s);
}
END_TEST

/* An offset of a million deviations that the bias makes up for: digits are lost, not six of them. */
START_TEST(norm_has_no_offset)
{
    sample s = case_create(27 + _i, 40, 6, 3);
    const cln_objective_problem *p = &s.problem;
    s.problem.l1 = s.problem.l2 = 0;
    for (uint32_t i = 0; i < s.n * p->d; i++) /* what is left of floats' digits behind the offset */
        ((float *)s.x)[i] = (float)((int)(((float *)s.x)[i] * 8) + (1 << 20)) - (float)(1 << 20);
    double before = value_of(&s, NULL, NULL).gradient_norm;
    for (uint32_t i = 0; i < s.n * p->d; i++)
        ((float *)s.x)[i] += (float)(1 << 20);
    for (uint32_t i = 0; i < p->k * p->d; i++)
        s.b[i / p->d] -= p->scale * s.w[i] * (1 << 20);
    ck_assert_double_eq_tol(value_of(&s, NULL, NULL).gradient_norm, before, 40 * DBL_EPSILON * (1 << 20) * 6);
    sample_free(&s);
}
END_TEST

START_TEST(any_cut_gives_the_same_bits)
{
    static const uint32_t cuts[] = {1, 7, 64, 65, 199};
    sample s = case_create(_i, 199, 23, 7);
    double gw[7 * 23], gb[7], other[7 * 23];
    cln_objective_value whole = value_of(&s, gw, gb), value;
    cln_objective *objective = objective_create(&s);
    for (size_t cut = 0; cut < sizeof cuts / sizeof *cuts; cut++) {
        for (uint32_t first = 0; first < s.n; first += cuts[cut])
            add_rows(objective, &s, first, cuts[cut] < s.n - first ? cuts[cut] : s.n - first);
        cln_objective_read(objective, &value, other, NULL);
        ck_assert_mem_eq(&value, &whole, sizeof value);
        ck_assert_mem_eq(other, gw, s.problem.k * 23 * sizeof *gw);
        cln_objective_move(objective, s.w, s.b);
    }
    cln_objective_free(objective);
    sample_free(&s);
}
END_TEST

/* Rows x = 1 of classes 0 and 1 with logits (z, −z): losses 0 and 2z, residuals 0 and ±1. With λ₂ = 2 the optimum is below log 2. */
START_TEST(huge_logits)
{
    double z = _i ? 1e4 : 700, w[2] = {z, -z}, gw[2], gb[2];
    const cln_objective_problem problem = {.k = 2, .d = 1, .scale = 1, .type = CLN_FLOAT32, .l2 = 2, .bias = true};
    cln_objective *objective;
    cln_objective_value value;
    ck_assert_int_eq(cln_objective_create(&problem, w, NULL, &objective, NULL), CLN_OK);
    ck_assert_int_eq(cln_objective_add(objective, (float[]){1, 1}, 2, (int32_t[]){0, 1}, NULL, NULL, NULL), CLN_OK);
    cln_objective_read(objective, &value, gw, gb);
    ck_assert_double_eq(value.loss, z);
    ck_assert_double_eq_tol(value.objective, z + 2 * z * z, 1e-15 * z * z);
    ck_assert(gw[0] == 0.5 + 2 * z && gw[1] == -gw[0] && gb[0] == 0.5 && gb[1] == -0.5);
    ck_assert_uint_eq(value.errors, 1);
    ck_assert_double_ge(value.bound, value.objective - log(2));
    ck_assert(isfinite(value.bound));
    cln_objective_free(objective);
}
END_TEST

static void check_nan(const sample *s, bool error)
{
    double gw[12];
    cln_objective_value value = value_of(s, gw, NULL);
    ck_assert(isnan(value.loss) && isnan(value.objective) && isnan(value.gradient_norm) && isnan(value.bound));
    bool any = false;
    for (int i = 0; i < 12; i++)
        any = any || isnan(gw[i]);
    ck_assert(any);
    if (error)
        ck_assert_uint_ge(value.errors, 1);
}

START_TEST(a_nan_shows)
{
    for (int loss = 0; loss < 3; loss++) {
        sample s = sample_create(
            (cln_objective_problem){
                .loss = (cln_row_loss)loss, .k = 3, .d = 4, .l2 = 1, .type = CLN_FLOAT32, .bias = true},
            9, true, false, 1);
        double w = s.w[1];
        float x = ((float *)s.x)[1], v = s.v[0];
        s.w[1] = NAN;
        check_nan(&s, true);
        s.w[1] = w;
        ((float *)s.x)[1] = NAN;
        check_nan(&s, true);
        ((float *)s.x)[1] = x;
        s.v[0] = NAN;
        check_nan(&s, false);
        s.v[0] = v;
        s.problem.target = CLN_TARGET_REAL;
        s.t[1] = NAN;
        check_nan(&s, false);
        sample_free(&s);
    }
}
END_TEST

START_TEST(no_rows)
{
    sample s = case_create(0, 1, 3, 3);
    cln_objective *objective = objective_create(&s);
    cln_objective_value value;
    add_rows(objective, &s, 0, 0);
    cln_objective_read(objective, &value, NULL, NULL);
    ck_assert(isnan(value.loss) && isnan(value.objective) && isnan(value.gradient_norm) && isnan(value.bound));
    ck_assert(value.rows == 0 && value.errors == 0);
    cln_objective_free(objective);
    cln_objective_free(NULL);
    sample_free(&s);
}
END_TEST

START_TEST(labels_that_are_none)
{
    static const int32_t wrong[] = {-1, 3, INT32_MAX, INT32_MIN};
    sample s = case_create(0, 5, 3, 3);
    cln_objective *objective = objective_create(&s);
    cln_objective_value value;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cln_error error = {0};
        s.y[4] = wrong[i];
        ck_assert_int_eq(cln_objective_add(objective, s.x, 5, s.y, NULL, NULL, &error), CLN_INVALID);
        ck_assert_ptr_nonnull(strstr(error.message, "row 4"));
    }
    cln_objective_read(objective, &value, NULL, NULL);
    ck_assert_uint_eq(value.rows, 0);
    cln_objective_free(objective);
    sample_free(&s);
}
END_TEST

START_TEST(values_need_one_output)
{
    const cln_objective_problem problem = {.target = CLN_TARGET_VALUE, .loss = CLN_SQUARED, .k = 2, .d = 1};
    cln_objective *objective = NULL;
    cln_error error = {0};
    ck_assert_int_eq(cln_objective_create(&problem, (double[2]){0}, NULL, &objective, &error), CLN_INVALID);
    ck_assert_ptr_null(objective);
    ck_assert_ptr_nonnull(strstr(error.message, "one output"));
}
END_TEST

static Suite *objective_suite(void)
{
    Suite *suite = suite_create("reference: objective");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_set_timeout(ok, 120);
    tcase_add_loop_test(ok, as_the_plain_loops, 0, CASES);
    tcase_add_loop_test(ok, gradient_by_finite_differences, 0, CASES);
    tcase_add_test(ok, subgradient_at_zero);
    tcase_add_loop_test(ok, norm_by_its_definition, 0, CASES);
    tcase_add_loop_test(ok, norm_has_no_unit, 0, 18);
    tcase_add_loop_test(ok, norm_has_no_offset, 0, 9);
    tcase_add_loop_test(ok, any_cut_gives_the_same_bits, 0, CASES);
    tcase_add_loop_test(edges, huge_logits, 0, 2);
    tcase_add_test(edges, a_nan_shows);
    tcase_add_test(edges, no_rows);
    tcase_add_test(invalid, labels_that_are_none);
    tcase_add_test(invalid, values_need_one_output);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_suite(objective_suite());
}
