/* Least squares from the triangle of the rows against the augmented system in long double (ridge_rows.h), with penalties, dependent columns and
   sums in single precision. */
#include "solve/ridge_triangle.h"
#include "solve/ridge_rows.h"

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        cln_error error_ = {0}, *error = &error_;                                                                      \
        ck_assert_msg((call) == CLN_OK, "%s: %s", #call, error->message);                                              \
    } while (0)

static const mode raw = {false, false, false};

static cln_triangle *triangle_of(const rows *r, uint32_t piece)
{
    cln_triangle *triangle = NULL;
    OK(cln_triangle_create(r->d, r->k, &triangle, error));
    for (uint32_t i = 0; i < r->n; i += piece)
        OK(cln_triangle_add(triangle, r->x + i * r->d, r->d, r->t + i * r->k, r->n - i < piece ? r->n - i : piece,
                            error));
    return triangle;
}

/* w (k,d) of x·SCALE at α, as columns of x; returns the state. */
static cln_triangle_state answer(cln_triangle *triangle, const rows *r, double alpha, double *w)
{
    double *penalty = array(r->d), *norm = array(r->d);
    cln_triangle_state state;
    for (uint32_t j = 0; j < r->d; j++) {
        norm[j] = 1 / SCALE;
        penalty[j] = sqrt(alpha) / SCALE;
    }
    OK(cln_triangle_shift(triangle, penalty, norm, &state, error));
    OK(cln_triangle_solve(triangle, w, r->d, error));
    for (uint32_t i = 0; i < r->k * r->d; i++)
        w[i] /= SCALE;
    free(penalty);
    free(norm);
    return state;
}

/* More rows than are held at a time, and fewer than columns; with and without a penalty, one after the other. */
START_TEST(test_answers)
{
    static const struct {
        uint32_t n, d, k, piece;
        double alpha;
    } cases[] = {{700, 9, 2, 700, 0}, {700, 9, 2, 64, 3}, {256, 5, 1, 7, 0}, {5, 11, 3, 2, 0.5}, {40, 40, 1, 40, 1e-3}};
    for (size_t i = 0; i < CLN_COUNT(cases); i++) {
        rows r = make_rows(cases[i].n, cases[i].d, cases[i].k, 0, i);
        const uint32_t count = r.k * r.d;
        double *w = array(count), *expected = array(count), bias[3];
        cln_triangle *triangle = triangle_of(&r, cases[i].piece);
        answer(triangle, &r, 10, w); /* another α before */
        cln_triangle_state state = answer(triangle, &r, cases[i].alpha, w);
        ck_assert(state.usable && state.rank == r.d);
        reference(&r, raw, cases[i].alpha, expected, bias);
        for (uint32_t j = 0; j < count; j++)
            ck_assert_double_eq_tol(w[j], expected[j],
                                    16 * r.d * DBL_EPSILON * state.condition * largest(expected, count));
        cln_triangle_free(triangle);
        free(w);
        free(expected);
        free_rows(&r);
    }
}
END_TEST

/* Columns in other units are the same answer in other units, to the last digits. */
START_TEST(test_units)
{
    rows r = make_rows(50, 6, 2, 0, 3);
    double before[12], after[12];
    cln_triangle *triangle = triangle_of(&r, 50);
    answer(triangle, &r, 0, before);
    cln_triangle_free(triangle);
    for (uint32_t i = 0; i < r.n; i++)
        for (uint32_t j = 0; j < r.d; j++)
            r.x[i * r.d + j] *= pow(2, 60.0 * j - 150);
    triangle = triangle_of(&r, 50);
    ck_assert_uint_eq(answer(triangle, &r, 0, after).rank, 6);
    for (uint32_t j = 0; j < 12; j++)
        ck_assert_double_eq_tol(after[j] * pow(2, 60.0 * (j % 6) - 150), before[j], 1e-12 * fabs(before[j]));
    cln_triangle_free(triangle);
    free_rows(&r);
}
END_TEST

/* Column 2 is 4 times column 0, column 3 is 0: of the weight that column 0 has alone each gets its part of 1 + 16, and the last none. */
START_TEST(test_dependent)
{
    rows r = make_rows(40, 4, 1, 0, 9);
    double w[4], expected[2], bias;
    for (uint32_t i = 0; i < r.n; i++) {
        r.x[i * 4 + 2] = 4 * r.x[i * 4];
        r.x[i * 4 + 3] = 0;
    }
    cln_triangle *triangle = triangle_of(&r, 40);
    ck_assert_uint_eq(answer(triangle, &r, 0, w).rank, 2);
    rows two = make_rows(40, 2, 1, 0, 9);
    for (uint32_t i = 0; i < r.n; i++) {
        two.x[i * 2] = r.x[i * 4];
        two.x[i * 2 + 1] = r.x[i * 4 + 1];
        two.t[i] = r.t[i];
    }
    reference(&two, raw, 0, expected, &bias);
    ck_assert_double_eq_tol(w[0], expected[0] / 17, 1e-12 * fabs(expected[0]));
    ck_assert_double_eq_tol(w[2], expected[0] / 17 * 4, 1e-12 * fabs(expected[0]));
    ck_assert_double_eq_tol(w[1], expected[1], 1e-12 * fabs(expected[1]));
    ck_assert_double_eq_tol(w[3], 0, 1e-15);
    ck_assert_uint_eq(answer(triangle, &r, 1, w).rank, 4); /* which a penalty makes unique */
    cln_triangle_free(triangle);
    free_rows(&two);
    free_rows(&r);
}
END_TEST

/* A step from the gradient at 0 is the answer, from rows and from sums alike; sums whose errors might decide are no use. */
START_TEST(test_steps)
{
    rows r = make_rows(60, 5, 1, 0, 4);
    double w[5], g[5], zeros[5] = {0}, ones[5] = {1, 1, 1, 1, 1};
    cln_triangle_state state;
    cln_triangle *rows_of = triangle_of(&r, 60), *sums = NULL;
    answer(rows_of, &r, 0, w);
    OK(cln_triangle_create(5, 0, &sums, error));
    double *to = cln_triangle_sums(sums, 1e-6);
    for (int which = 0; which < 2; which++) {
        for (uint32_t j = 0; j < 5; j++) {
            g[j] = 0;
            for (uint32_t i = 0; i < r.n; i++)
                g[j] += r.x[i * 5 + j] * r.t[i];
            for (uint32_t i = 0; i < 5; i++)
                to[i * 5 + j] = r.sums[i * 7 + j];
        }
        OK(cln_triangle_shift(which ? sums : rows_of, zeros, ones, &state, error));
        ck_assert(state.usable);
        OK(cln_triangle_step(which ? sums : rows_of, g, 1, 5, error));
        for (uint32_t j = 0; j < 5; j++)
            ck_assert_double_eq_tol(g[j] / SCALE, w[j], 1e-11 * largest(w, 5));
    }
    for (uint32_t i = 0; i < 5; i++) /* column 4 is column 0 but for the last digits */
        to[4 * 5 + i] = to[i * 5 + 4] = to[i * 5] * (1 + 1e-9);
    to[24] = to[0] * (1 + 3e-9);
    OK(cln_triangle_shift(sums, zeros, ones, &state, error));
    ck_assert(!state.usable);
    to[24] = NAN;
    OK(cln_triangle_shift(sums, zeros, ones, &state, error));
    ck_assert(!state.usable);
    cln_triangle_free(rows_of);
    cln_triangle_free(sums);
    free_rows(&r);
}
END_TEST

START_TEST(test_invalid)
{
    cln_triangle *triangle;
    ck_assert_int_eq(cln_triangle_create(0, 1, &triangle, NULL), CLN_UNSUPPORTED);
    ck_assert_int_eq(cln_triangle_create(UINT32_MAX, 1, &triangle, NULL), CLN_UNSUPPORTED);
    ck_assert_int_eq(cln_triangle_create(INT32_MAX / 64, 1, &triangle, NULL), CLN_UNSUPPORTED);
    cln_triangle_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("solve/ridge_triangle");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, test_answers);
    tcase_add_test(ok, test_units);
    tcase_add_test(ok, test_steps);
    tcase_add_test(edges, test_dependent);
    tcase_add_test(invalid, test_invalid);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, invalid);
    return run_suite(suite);
}
