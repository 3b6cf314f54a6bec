/* Least squares in closed form, held against the rows themselves. */
#include "ridge_rows.h"

/* ---- ok */

static const uint32_t sizes[] = {1, 2, 7, 61, 64};

/* Any first α and any later one: by the Cholesky factor and by the tridiagonal matrix. */
START_TEST(test_against_elimination)
{
    static const double alphas[] = {1, 1e-3, 1e4, 0, 30};
    const uint32_t d = sizes[_i];
    for (uint32_t k = 1; k <= 5; k += 4)
        for (size_t m = 0; m < CLN_COUNT(modes); m++) {
            rows r = make_rows(2 * d + 5, d, k, 0, 10 * d + k);
            double *weight = array(k * d), *bias = array(k);
            for (size_t first = 0; first < 2; first++) {
                cln_ridge *ridge = create(&r, modes[m]);
                for (size_t a = first * 3; a < CLN_COUNT(alphas); a++) {
                    cln_ridge_answer answer = solve(ridge, alphas[a], weight, bias);
                    ck_assert_uint_eq(answer.rank, d);
                    ck_assert_double_lt(answer.residual, 1e-11);
                    check(&r, modes[m], alphas[a], weight, bias, answer.condition);
                }
                cln_ridge_free(ridge);
            }
            free(weight);
            free(bias);
            free_rows(&r);
        }
}
END_TEST

/* Bytes from 250 to 255: G's centred entries are 10⁴ times smaller than what they are the difference of. The answer must not notice. */
START_TEST(test_cancellation)
{
    rows r = make_rows(150, 61, 2, 250, 3);
    double weight[2 * 61], bias[2];
    cln_ridge *ridge = create(&r, modes[0]);
    for (double alpha = 1e-3; alpha < 2e4; alpha *= 100) {
        cln_ridge_answer answer = solve(ridge, alpha, weight, bias);
        ck_assert_double_lt(answer.condition, 1e4);
        check(&r, modes[0], alpha, weight, bias, answer.condition);
    }
    cln_ridge_free(ridge);
    free_rows(&r);
}
END_TEST

/* n·∇f by W (k,d) and b (k), at any point, over the rows. */
static void gradient(const rows *r, mode m, double alpha, const double *weight, const double *bias, double *gw,
                     double *gb)
{
    const uint32_t d = r->d;
    for (uint32_t c = 0; c < r->k; c++) {
        const double *w = weight + c * d;
        gb[c] = 0;
        for (uint32_t j = 0; j < d; j++)
            gw[c * d + j] = alpha * w[j] * (m.spread ? r->spread[j] * r->spread[j] : 1);
        for (uint32_t i = 0; i < r->n; i++) {
            long double z = bias[c];
            for (uint32_t j = 0; j < d; j++)
                z += (long double)w[j] * (r->x[i * d + j] * SCALE);
            double rest = (double)(z - r->t[i * r->k + c]);
            gb[c] += rest;
            for (uint32_t j = 0; j < d; j++)
                gw[c * d + j] += rest * r->x[i * d + j] * SCALE;
        }
    }
}

/* Steps from zero weights with gradients over the rows, as many as it may take; the last must be small. */
static void descend(const rows *r, mode m, cln_ridge *ridge, double alpha, int steps)
{
    const uint32_t count = r->k * r->d;
    double *weight = array(count), *bias = array(r->k), *gw = array(count), *gb = array(r->k);
    cln_error error = {0};
    double condition = solve(ridge, alpha, weight, bias).condition;
    memset(weight, 0, count * sizeof *weight);
    memset(bias, 0, r->k * sizeof *bias);
    for (int s = 0; s < steps; s++) {
        gradient(r, m, alpha, weight, bias, gw, gb);
        ck_assert_msg(cln_ridge_correct(ridge, gw, gb, &error) == CLN_OK, "%s", error.message);
        for (uint32_t i = 0; i < count; i++)
            weight[i] -= gw[i];
        for (uint32_t c = 0; c < r->k; c++)
            bias[c] -= gb[c];
    }
    check(r, m, alpha, weight, bias, r->n * condition); /* the gradients are sums over rows in double */
    free(weight);
    free(bias);
    free(gw);
    free(gb);
}

START_TEST(test_correct)
{
    for (size_t m = 0; m < CLN_COUNT(modes); m++) {
        rows r = make_rows(131, 61, 3, 0, m);
        cln_ridge *ridge = create(&r, modes[m]);
        for (double alpha = 1; alpha < 200; alpha *= 10)
            descend(&r, modes[m], ridge, alpha, 2);
        cln_ridge_free(ridge);
        free_rows(&r);
    }
}
END_TEST

/* Sums with errors of 1e-5, as of products in float: each step takes off five digits less what the condition number costs. */
START_TEST(test_correct_noise)
{
    rows r = make_rows(131, 7, 3, 0, 5);
    const uint32_t ld = r.d + 1 + r.k;
    for (uint32_t i = 0; i < ld; i++)
        for (uint32_t j = 0; j < ld; j++)
            r.sums[i * ld + j] *= 1 + ((i * j) % 3 - 1.0) * 1e-5;
    r.sums[r.d * ld + r.d] = r.n;
    cln_ridge *ridge;
    cln_ridge_sums sums = sums_of(&r, modes[0]);
    ck_assert_int_eq(cln_ridge_create(&sums, &ridge, NULL), CLN_OK);
    descend(&r, modes[0], ridge, 0.5, 12);
    cln_ridge_free(ridge);
    free_rows(&r);
}
END_TEST

/* 2n times the objective, and n times its gradient by W, as plain loops over the rows have them at the answer. */
START_TEST(test_judge)
{
    for (size_t m = 0; m < CLN_COUNT(modes); m++) {
        rows r = make_rows(90, 5, 2, 0, 7);
        double weight[10], bias[2], gradient[10], gain, bound, squares = 0, found = 0;
        long double *z = array(90 * 5), mean[5], target[2];
        cln_ridge *ridge = create(&r, modes[m]);
        solve(ridge, 3, weight, bias);
        cln_ridge_judge(ridge, gradient, &gain, &bound);
        standardise(&r, modes[m], z, mean, target);
        for (uint32_t c = 0; c < r.k; c++) {
            for (uint32_t j = 0; j < r.d; j++)
                found += 3 * pow(weight[c * 5 + j] * (modes[m].spread ? r.spread[j] : 1), 2);
            for (uint32_t i = 0; i < r.n; i++) {
                double t = r.t[i * 2 + c], residual = (double)target[c] - t;
                squares += (t - (double)target[c]) * (t - (double)target[c]);
                for (uint32_t j = 0; j < r.d; j++)
                    residual += (double)z[i * 5 + j] * weight[c * 5 + j] * (modes[m].spread ? r.spread[j] : 1);
                found += residual * residual;
            }
        }
        ck_assert_double_eq_tol(squares - gain, found, 1e-11 * squares);
        ck_assert_double_le(bound, 1e-11 * squares);
        ck_assert_double_le(largest(gradient, 10), 1e-9);
        cln_ridge_free(ridge);
        free(z);
        free_rows(&r);
    }
}
END_TEST

/* ---- invalid */

static void refuse(const cln_ridge_sums *sums, cln_status expected)
{
    cln_error error = {0};
    cln_ridge *ridge;
    ck_assert_int_eq(cln_ridge_create(sums, &ridge, &error), expected);
    ck_assert_ptr_null(ridge);
    ck_assert(strlen(error.message) > 20);
}

/* Whichever of the sums is no finite number. */
START_TEST(test_not_finite)
{
    static const double values[] = {NAN, INFINITY, -INFINITY};
    rows r = make_rows(20, 4, 2, 0, 14);
    const uint32_t ld = r.d + 1 + r.k;
    for (size_t m = 0; m < CLN_COUNT(modes); m++)
        for (size_t v = 0; v < CLN_COUNT(values); v++)
            for (uint32_t i = 0; i < r.d + 1; i++)
                for (uint32_t j = 0; j < ld; j++) {
                    if ((i < r.d && j > i && j <= r.d) || (i == r.d && j == r.d)) /* is not read, or is n */
                        continue;
                    if (i == r.d && !(j < r.d ? modes[m].bias || modes[m].centred : modes[m].bias))
                        continue; /* a mean that the model has not got */
                    double kept = r.sums[i * ld + j];
                    r.sums[i * ld + j] = values[v];
                    cln_ridge_sums sums = sums_of(&r, modes[m]);
                    refuse(&sums, CLN_INVALID);
                    r.sums[i * ld + j] = kept;
                }
    free_rows(&r);
}
END_TEST

START_TEST(test_arguments)
{
    rows r = make_rows(20, 4, 2, 0, 15);
    double weight[2 * 4], bias[2];
    cln_ridge_sums sums = sums_of(&r, modes[0]);
    static const double counts[] = {0, -1, NAN, INFINITY};
    for (size_t i = 0; i < CLN_COUNT(counts); i++) {
        sums.n = counts[i];
        refuse(&sums, CLN_INVALID);
    }
    sums = sums_of(&r, modes[0]);
    sums.scale = NAN;
    refuse(&sums, CLN_INVALID);
    sums = sums_of(&r, modes[0]);
    sums.k = 0;
    refuse(&sums, CLN_INVALID);
    r.spread[1] = NAN;
    sums = sums_of(&r, modes[1]);
    refuse(&sums, CLN_INVALID);
    sums = sums_of(&r, modes[0]);
    sums.d = 0;
    refuse(&sums, CLN_UNSUPPORTED);
    sums.d = UINT32_MAX;
    refuse(&sums, CLN_UNSUPPORTED);

    cln_ridge *ridge = create(&r, modes[0]);
    ck_assert_int_eq(cln_ridge_correct(ridge, weight, bias, NULL), CLN_INVALID); /* no α yet */
    static const double alphas[] = {-1e-9, NAN, INFINITY};
    for (size_t i = 0; i < CLN_COUNT(alphas); i++)
        ck_assert_int_eq(cln_ridge_solve(ridge, alphas[i], weight, bias, NULL, NULL), CLN_INVALID);
    solve(ridge, 1, weight, NULL);
    ck_assert_int_eq(cln_ridge_correct(ridge, weight, NULL, NULL), CLN_INVALID);
    cln_ridge_free(ridge);
    cln_ridge_free(NULL);
    free_rows(&r);
}
END_TEST

/* Answers that double cannot hold are a failure, not an infinity. */
START_TEST(test_overflow)
{
    const double gram = 1e-300, sum = 0, cross = 1e300, total = 0;
    double weight, bias;
    cln_error error = {0};
    cln_ridge *ridge;
    cln_ridge_sums sums = {
        .d = 1, .k = 1, .n = 1, .gram = &gram, .sum = &sum, .cross = &cross, .total = &total, .scale = 1};
    ck_assert_int_eq(cln_ridge_create(&sums, &ridge, &error), CLN_OK);
    ck_assert_int_eq(cln_ridge_solve(ridge, 0, &weight, &bias, NULL, &error), CLN_INVALID);
    cln_ridge_free(ridge);
}
END_TEST

/* More than a process can address; a sanitizer would end the process instead of telling it. */
#ifndef __SANITIZE_ADDRESS__
START_TEST(test_memory)
{
    rows r = make_rows(2, 4, 2, 0, 16);
    cln_ridge_sums sums = sums_of(&r, modes[0]);
    sums.d = 4000000;
    refuse(&sums, CLN_MEMORY);
    free_rows(&r);
}
END_TEST
#endif

static Suite *ridge_suite(void)
{
    Suite *suite = suite_create("solve/ridge");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_set_timeout(ok, 120);
    tcase_add_loop_test(ok, test_against_elimination, 0, CLN_COUNT(sizes));
    tcase_add_test(ok, test_cancellation);
    tcase_add_test(ok, test_correct);
    tcase_add_test(ok, test_correct_noise);
    tcase_add_test(ok, test_judge);
    tcase_add_test(invalid, test_not_finite);
    tcase_add_test(invalid, test_arguments);
    tcase_add_test(invalid, test_overflow);
#ifndef __SANITIZE_ADDRESS__
    tcase_add_test(invalid, test_memory);
#endif
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, invalid);
    return suite;
}

int main(void)
{
    return run_suite(ridge_suite());
}
