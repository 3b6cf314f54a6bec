/* The step size by itself: against eigenvalues that are known or found by another method, and whether anything diverges with it. */
#include "train/step_size.h"

#include "base/random.h"
#include "harness.h"

#include <float.h>
#include <math.h>

static double uniform(cln_random *random)
{
    return (double)cln_random_next(random) / 2147483648.0 - 1;
}

static cln_curvature measured(const void *x, cln_type type, uint64_t rows, uint32_t d, const cln_curvature_view *view,
                              const float *weights)
{
    cln_curvature curvature = {0};
    cln_error error = {0};
    ck_assert_msg(cln_curvature_measure(x, type, rows, d, d, view, weights, &curvature, &error) == CLN_OK, "%s",
                  error.message);
    return curvature;
}

enum { MOST = 12 };

/* The largest eigenvalue of a symmetric a (d,d) by Jacobi's rotations (Golub and Van Loan, 8.5), which leave a diagonal. */
static double jacobi(double a[MOST][MOST], uint32_t d)
{
    for (int sweep = 0; sweep < 30; sweep++)
        for (uint32_t p = 0; p < d; p++)
            for (uint32_t q = p + 1; q < d; q++) {
                double angle = atan2(2 * a[p][q], a[q][q] - a[p][p]) / 2, c = cos(angle), s = sin(angle);
                for (uint32_t i = 0; i < d; i++) {
                    double ip = a[i][p], iq = a[i][q];
                    a[i][p] = c * ip - s * iq;
                    a[i][q] = s * ip + c * iq;
                }
                for (uint32_t i = 0; i < d; i++) {
                    double pi = a[p][i], qi = a[q][i];
                    a[p][i] = c * pi - s * qi;
                    a[q][i] = s * pi + c * qi;
                }
            }
    double most = 0;
    for (uint32_t i = 0; i < d; i++)
        most = fmax(most, a[i][i]);
    return most;
}

/* Random rows of random spectra, with all that a view may do to them. */
START_TEST(test_against_jacobi)
{
    cln_random random;
    cln_random_seed(&random, (uint64_t)_i, 3);
    uint32_t d = 1 + cln_random_below(&random, MOST - 1), rows = 1 + cln_random_below(&random, 60);
    double shift[MOST], deviation[MOST], gram[MOST][MOST] = {{0}}, worst = 0;
    float x[60 * MOST], weights[60];
    cln_curvature_view view = {0.5, _i & 1 ? shift : NULL, _i & 2 ? deviation : NULL, _i & 4};
    for (uint32_t j = 0; j < d; j++) {
        shift[j] = uniform(&random);
        deviation[j] = exp(uniform(&random));
        double size = exp(4 * uniform(&random));
        for (uint32_t i = 0; i < rows; i++)
            x[i * d + j] = (float)(size * uniform(&random) + uniform(&random));
    }
    for (uint32_t i = 0; i < rows; i++) {
        double seen[MOST] = {0}, squared = 0;
        weights[i] = (float)fabs(uniform(&random));
        for (uint32_t j = 0; j < d; j++)
            seen[j] = (0.5 * (double)x[i * d + j] - (_i & 1 ? shift[j] : 0)) / (_i & 2 ? deviation[j] : 1);
        seen[d] = _i & 4 ? 1 : 0;
        double weight = _i & 8 ? (double)weights[i] : 1;
        for (uint32_t j = 0; j <= d; j++) {
            squared += weight * seen[j] * seen[j];
            for (uint32_t l = 0; l <= d; l++)
                gram[j][l] += weight * seen[j] * seen[l] / rows;
        }
        worst = fmax(worst, squared);
    }
    double exact = jacobi(gram, d + 1);
    cln_curvature curvature = measured(x, CLN_FLOAT32, rows, d, &view, _i & 8 ? weights : NULL);
    ck_assert_double_eq_tol(curvature.worst / worst, 1, 1e-6);
    ck_assert_double_le(curvature.mean, 1.021 * exact);
    ck_assert_double_ge(curvature.mean,
                        0.9 * exact); /* two eigenvalues may be near each other, and the last 1 % slow */
}
END_TEST

/* One eigenvalue that is larger than many others, which are all alike: the start has little of its vector. */
START_TEST(test_spike)
{
    enum { D = 500 };
    static float x[D * D];
    cln_curvature_view view = {.scale = 1};
    double spike = 1.2 + 0.4 * _i;
    memset(x, 0, sizeof x);
    for (int i = 0; i < D; i++)
        x[i * D + i] = (float)sqrt(i == D / 2 ? spike * D : D);
    cln_curvature curvature = measured(x, CLN_FLOAT32, D, D, &view, NULL);
    ck_assert_double_le(curvature.mean, 1.021 * spike);
    ck_assert_double_ge(curvature.mean, 0.8 * spike); /* a quadratic's steps do not grow until 2/L */
}
END_TEST

/* Bytes that are the same everywhere: λ_max is ‖x‖² + 1. */
START_TEST(test_bytes)
{
    uint8_t x[4 * 3] = {0, 100, 200, 0, 100, 200, 0, 100, 200, 0, 100, 200};
    cln_curvature_view view = {.scale = 0.01, .bias = true};
    cln_curvature curvature = measured(x, CLN_UINT8, 4, 3, &view, NULL);
    ck_assert_double_eq_tol(curvature.mean, 6, 1e-5); /* no margin beyond the worst row */
    ck_assert_double_eq_tol(curvature.worst, 6, 1e-5);
}
END_TEST

/* Nothing but zeros, and numbers whose squares are beyond float. */
START_TEST(test_extremes)
{
    float zeros[6] = {0}, huge[6] = {3e38f, -3e38f, 3e38f, 1, 2, 3}, small[2] = {1e-38f, 0};
    cln_curvature_view view = {.scale = 1};
    cln_curvature curvature = measured(zeros, CLN_FLOAT32, 3, 2, &view, NULL);
    ck_assert(curvature.mean == 0 && curvature.worst == 0);
    ck_assert_double_eq(cln_step_size(&curvature, CLN_SQUARED, 0, 0.5, 3, 1), 1);
    ck_assert_double_eq(cln_step_size(&curvature, CLN_SQUARED, 4, 0.5, 3, 1), 0.125);
    curvature = measured(huge, CLN_FLOAT32, 2, 3, &view, NULL);
    ck_assert_double_eq_tol(curvature.worst / (3 * 9e76), 1, 1e-6);
    ck_assert_double_eq_tol(curvature.mean / (1.5 * 9e76), 1, 0.03);
    curvature = measured(small, CLN_FLOAT32, 1, 2, &view, NULL);
    ck_assert_double_eq_tol(curvature.mean / 1e-76, 1, 1e-5);
}
END_TEST

START_TEST(test_closed_values)
{
    const cln_curvature curvature = {4, 20};
    ck_assert_double_eq_tol(cln_step_size(&curvature, CLN_SQUARED, 0, 0, 100, 100), 1 / 4.0, 1e-15);
    ck_assert_double_eq_tol(cln_step_size(&curvature, CLN_SQUARED, 0, 0, 100, 1000), 1 / 4.0, 1e-15);
    ck_assert_double_eq_tol(cln_step_size(&curvature, CLN_SQUARED, 1, 0.9, 100, 100), 0.1 / 5, 1e-15);
    ck_assert_double_eq_tol(cln_step_size(&curvature, CLN_CROSS_ENTROPY, 0, 0, 100, 100), 1 / 2.0, 1e-15);
    ck_assert_double_eq_tol(cln_step_size(&curvature, CLN_SOFTMAX_SQUARED, 0, 0, 100, 100), 1 / 2.0, 1e-15);
    ck_assert_double_eq_tol(cln_step_size(&curvature, CLN_SQUARED, 0, 0, 100, 1), 1 / 20.0, 1e-15);
    ck_assert_double_eq_tol(cln_step_size(&curvature, CLN_SQUARED, 3, 0, 100, 1), 1 / 23.0, 1e-15);
    /* b = 10 of n = 100: 900/990·4 + 90/990·20 */
    ck_assert_double_eq_tol(cln_step_size(&curvature, CLN_SQUARED, 0, 0, 100, 10), 990 / (900 * 4 + 90 * 20.0), 1e-15);
    ck_assert_double_eq_tol(cln_step_size(&curvature, CLN_SQUARED, 0, 0, 1, 1), 1 / 4.0, 1e-15);
}
END_TEST

/* The second derivative of ½‖softmax(z) − t‖² along v, by the formula that the header bounds. */
static double bend(const double *p, const double *v, uint32_t k)
{
    double pv = 0, up = 0, first = 0, second = 0;
    for (uint32_t j = 0; j < k; j++) {
        pv += p[j] * v[j];
        up += p[j] * (p[j] - (j == 0));
    }
    for (uint32_t j = 0; j < k; j++) {
        double apart = v[j] - pv;
        first += p[j] * p[j] * apart * apart;
        second += p[j] * (p[j] - (j == 0) - up) * (apart * apart);
    }
    return first + second;
}

/* No row's loss bends more than c says. The hardest rows have two classes between which they hang. */
START_TEST(test_softmax_squared_bound)
{
    cln_random random;
    double most = 0;
    cln_random_seed(&random, 1, 4);
    for (int trial = 0; trial < 200000; trial++) {
        uint32_t k = 2 + cln_random_below(&random, 4);
        double p[6], v[6], sum = 0, length = 0;
        for (uint32_t j = 0; j < k; j++) {
            sum += p[j] = exp(4 * uniform(&random));
            v[j] = uniform(&random);
        }
        for (uint32_t j = 0; j < k; j++) {
            p[j] /= sum;
            length += v[j] * v[j];
        }
        most = fmax(most, bend(p, v, k) / length);
    }
    ck_assert_double_le(most, 0.5);
    ck_assert_double_ge(most, 0.25); /* and not by much less */
}
END_TEST

/*
 * Least squares in double by minibatches with this step and momentum: random rows, also of very different sizes. The objective may
 * wander, for batches differ, but stays below a small multiple of where it began, and ends below it.
 */
START_TEST(test_never_diverges)
{
    enum { ROWS = 64, D = 6 };
    static const double momenta[] = {0, 0.5, 0.9};
    static const uint32_t batches[] = {1, 7, 64};
    cln_random random;
    cln_random_seed(&random, (uint64_t)_i, 5);
    double momentum = momenta[_i % 3], spread = 3.0 * (_i % 5);
    uint32_t batch = batches[_i / 3 % 3];
    float x[ROWS * D];
    double t[ROWS], w[D] = {0}, v[D] = {0}, sizes[D], begin = 0, most = 0, last = 0;
    for (uint32_t j = 0; j < D; j++)
        sizes[j] = exp(spread * uniform(&random));
    for (uint32_t i = 0; i < ROWS; i++) {
        double heavy = _i % 2 ? exp(2 * uniform(&random)) : 1;
        for (uint32_t j = 0; j < D; j++)
            x[i * D + j] = (float)(heavy * sizes[j] * uniform(&random));
        t[i] = 2 * uniform(&random);
        begin += t[i] * t[i] / 2 / ROWS;
    }
    cln_curvature_view view = {.scale = 1};
    cln_curvature curvature = measured(x, CLN_FLOAT32, ROWS, D, &view, NULL);
    double rate = cln_step_size(&curvature, CLN_SQUARED, 0, momentum, ROWS, batch);
    for (uint32_t step = 0; step < 20000; step++) {
        double g[D] = {0};
        for (uint32_t b = 0; b < batch; b++) {
            uint32_t i = batch == ROWS ? b : cln_random_below(&random, ROWS);
            double residual = -t[i];
            for (uint32_t j = 0; j < D; j++)
                residual += w[j] * (double)x[i * D + j];
            for (uint32_t j = 0; j < D; j++)
                g[j] += residual * (double)x[i * D + j] / batch;
        }
        for (uint32_t j = 0; j < D; j++) {
            v[j] = momentum * v[j] + g[j];
            w[j] -= rate * v[j];
        }
        last = 0;
        for (uint32_t i = 0; i < ROWS; i++) {
            double residual = -t[i];
            for (uint32_t j = 0; j < D; j++)
                residual += w[j] * (double)x[i * D + j];
            last += residual * residual / 2 / ROWS;
        }
        most = fmax(most, last);
    }
    ck_assert_double_le(most, 10 * begin);
    if (batch == ROWS)
        ck_assert_double_lt(last, begin);
}
END_TEST

/* The same sample gives the same bits. */
START_TEST(test_same_bits)
{
    float x[40 * 7];
    cln_random random;
    cln_random_seed(&random, 9, 6);
    for (int i = 0; i < 40 * 7; i++)
        x[i] = (float)uniform(&random);
    cln_curvature_view view = {.scale = 0.3, .bias = true};
    cln_curvature a = measured(x, CLN_FLOAT32, 40, 7, &view, NULL), b = measured(x, CLN_FLOAT32, 40, 7, &view, NULL);
    ck_assert_mem_eq(&a, &b, sizeof a);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/step_size");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_loop_test(ok, test_against_jacobi, 0, 200);
    tcase_add_loop_test(ok, test_never_diverges, 0, 45);
    tcase_add_test(ok, test_closed_values);
    tcase_add_test(ok, test_softmax_squared_bound);
    tcase_add_loop_test(edges, test_spike, 0, 5);
    tcase_add_test(edges, test_bytes);
    tcase_add_test(edges, test_extremes);
    tcase_add_test(edges, test_same_bits);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return run_suite(suite);
}
