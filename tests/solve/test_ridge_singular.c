/* Least squares whose matrix is singular: the answer of least norm, exact zeros, and other α before and after it. */
#include "ridge_rows.h"

/* The limit of α → 0, of which α = 1e-9 is short by α over the least eigenvalue above 0. */
static void check_least_norm(const rows *r, mode m, const double *weight, const double *bias, cln_ridge_answer answer)
{
    const uint32_t count = r->k * r->d;
    const double alpha = 1e-9; /* the eigenvalues here are 1e-3 and more; long double has digits for both */
    double *expected = array(count), *expected_bias = array(r->k);
    reference(r, m, alpha, expected, expected_bias);
    double tolerance = 4 * r->d * DBL_EPSILON * answer.condition + alpha / 1e-3, size = largest(expected, count);
    ck_assert_double_lt(tolerance, 1e-5);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_double_eq_tol(weight[i], expected[i], tolerance * size);
    for (uint32_t c = 0; c < r->k; c++)
        ck_assert_double_eq_tol(bias[c], expected_bias[c], tolerance * (r->d * size + 9));
    free(expected);
    free(expected_bias);
}

/* α = 0 first and after others, and others after it. */
static void check_singular(const rows *r, mode m, uint32_t rank)
{
    const double alphas[] = {0, 2, 0.25, 0};
    double *weight = array(r->k * r->d), *bias = array(r->k);
    for (uint32_t first = 0; first < 2; first++) {
        cln_ridge *ridge = create(r, m);
        for (uint32_t a = first; a < CLN_COUNT(alphas); a++) {
            cln_ridge_answer answer = solve(ridge, alphas[a], weight, bias);
            ck_assert_double_lt(answer.residual, 1e-10);
            if (alphas[a] > 0) {
                ck_assert_uint_eq(answer.rank, r->d);
                check(r, m, alphas[a], weight, bias, answer.condition);
            } else {
                ck_assert_uint_eq(answer.rank, rank);
                check_least_norm(r, m, weight, bias, answer);
            }
        }
        cln_ridge_free(ridge);
    }
    free(weight);
    free(bias);
}

/* A third of the columns constant: exactly 0 whatever α and the form of the factor. */
START_TEST(test_dead_columns)
{
    rows r = make_rows(90, 31, 3, 0, 8);
    for (uint32_t j = 0; j < r.d; j += 3)
        for (uint32_t i = 0; i < r.n; i++)
            r.x[i * r.d + j] = j % 2 ? 77 : 0;
    add_up(&r);
    check_singular(&r, modes[0], 20);
    check_singular(&r, modes[2], 20);
    double weight[3 * 31], bias[3];
    static const double alphas[] = {3, 1, 0, 5};
    cln_ridge *ridge = create(&r, modes[1]);
    for (size_t a = 0; a < CLN_COUNT(alphas); a++) {
        solve(ridge, alphas[a], weight, bias);
        for (uint32_t i = 0; i < 3 * 31; i++)
            ck_assert_int_eq(weight[i] == 0, i % 31 % 3 == 0);
    }
    cln_ridge_free(ridge);
    free_rows(&r);
}
END_TEST

/* A deviation of 0 leaves the feature out, here one that is not constant. */
START_TEST(test_no_deviation)
{
    rows r = make_rows(40, 7, 2, 0, 9), without = make_rows(40, 7, 2, 0, 9);
    double weight[2 * 7], bias[2], expected[2 * 7], expected_bias[2];
    r.spread[4] = 0;
    for (uint32_t i = 0; i < r.n; i++)
        without.x[i * 7 + 4] = 0;
    add_up(&without);
    cln_ridge *ridge = create(&r, modes[1]), *other = create(&without, modes[1]);
    double condition = solve(ridge, 0.5, weight, bias).condition;
    solve(other, 0.5, expected, expected_bias);
    for (uint32_t i = 0; i < 2 * 7; i++)
        ck_assert_double_eq_tol(weight[i], expected[i], 64 * DBL_EPSILON * condition * largest(expected, 14));
    ck_assert_double_eq(weight[4], 0);
    cln_ridge_free(ridge);
    cln_ridge_free(other);
    free_rows(&r);
    free_rows(&without);
}
END_TEST

/* Two copies of a column share its weight. */
START_TEST(test_duplicates)
{
    rows r = make_rows(90, 13, 2, 0, 10);
    double weight[2 * 13], bias[2];
    for (uint32_t i = 0; i < r.n; i++)
        r.x[i * 13 + 7] = r.x[i * 13 + 11] = r.x[i * 13 + 2];
    add_up(&r);
    check_singular(&r, modes[0], 11);
    check_singular(&r, modes[4], 11);
    cln_ridge *ridge = create(&r, modes[0]);
    double tolerance = 64 * DBL_EPSILON * solve(ridge, 0, weight, bias).condition * largest(weight, 2 * 13);
    for (uint32_t c = 0; c < 2; c++) {
        ck_assert_double_eq_tol(weight[c * 13 + 2], weight[c * 13 + 7], tolerance);
        ck_assert_double_eq_tol(weight[c * 13 + 2], weight[c * 13 + 11], tolerance);
    }
    cln_ridge_free(ridge);
    free_rows(&r);
}
END_TEST

START_TEST(test_more_features_than_rows)
{
    rows r = make_rows(17, 64, 3, 0, 11);
    check_singular(&r, modes[4], 17);
    check_singular(&r, modes[0], 16);
    check_singular(&r, modes[2], 16);
    free_rows(&r);
}
END_TEST

/* Centred, a single row is nothing but its mean. */
START_TEST(test_one_row)
{
    rows r = make_rows(1, 7, 3, 1, 12);
    double weight[3 * 7], bias[3];
    cln_ridge *ridge = create(&r, modes[0]);
    for (double alpha = 2; alpha >= 0; alpha--) {
        cln_ridge_answer answer = solve(ridge, alpha, weight, bias);
        ck_assert_uint_eq(answer.rank, alpha > 0 ? 7 : 0);
        ck_assert_double_eq(answer.residual, 0);
        ck_assert_double_eq(largest(weight, 3 * 7), 0);
        for (uint32_t c = 0; c < 3; c++)
            ck_assert_double_eq(bias[c], r.t[c]);
    }
    cln_ridge_free(ridge);
    check_singular(&r, modes[4], 1);
    free_rows(&r);
}
END_TEST

/* The first α is factored in another way than later ones; the answer's last digits may differ, not more. */
START_TEST(test_order_of_alphas)
{
    rows r = make_rows(150, 61, 3, 0, 13);
    double one[3 * 61], other[3 * 61], bias[3];
    cln_ridge *first = create(&r, modes[1]), *later = create(&r, modes[1]);
    solve(first, 0.5, one, bias);
    solve(later, 7, other, bias);
    solve(later, 0.5, other, bias);
    for (uint32_t i = 0; i < 3 * 61; i++)
        ck_assert_double_eq_tol(one[i], other[i], 8 * DBL_EPSILON * largest(one, 3 * 61));
    solve(first, 0.5, other, bias);
    ck_assert_mem_eq(one, other, sizeof one);
    cln_ridge_free(first);
    cln_ridge_free(later);
    free_rows(&r);
}
END_TEST

static Suite *ridge_suite(void)
{
    Suite *suite = suite_create("solve/ridge, singular");
    TCase *edges = tcase_create("edges");
    tcase_set_timeout(edges, 120);
    tcase_add_test(edges, test_dead_columns);
    tcase_add_test(edges, test_no_deviation);
    tcase_add_test(edges, test_duplicates);
    tcase_add_test(edges, test_more_features_than_rows);
    tcase_add_test(edges, test_one_row);
    tcase_add_test(edges, test_order_of_alphas);
    suite_add_tcase(suite, edges);
    return suite;
}

int main(void)
{
    return run_suite(ridge_suite());
}
