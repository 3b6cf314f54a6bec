#include "report/thin.h"
#include "harness.h"

enum { most = 7, count = 1000 };
static cln_point points[count];
static cln_column columns[count];

START_TEST(few_points)
{
    for (size_t i = 0; i < most; i++)
        points[i] = (cln_point){(double)(i * i), (double)i};
    ck_assert_uint_eq(cln_thin(points, most, most, columns), most);
    for (size_t i = 0; i < most; i++) {
        ck_assert_double_eq(columns[i].x, (double)(i * i));
        ck_assert_double_eq(columns[i].least, (double)i);
        ck_assert_double_eq(columns[i].mean, (double)i);
        ck_assert_double_eq(columns[i].most, (double)i);
        ck_assert_uint_eq(columns[i].count, 1);
    }
}
END_TEST

/* Every point is in one column, and none sticks out of it. */
START_TEST(many_points)
{
    size_t used, seen = 0;
    double sum = 0, total = 0;
    for (size_t i = 0; i < count; i++) {
        points[i] = (cln_point){(double)i, (double)(i * 7919 % 1013)};
        total += points[i].y;
    }
    used = cln_thin(points, count, most, columns);
    ck_assert_uint_eq(used, most);
    for (size_t i = 0; i < used; i++) {
        double least = 1e9, highest = -1e9;
        for (size_t j = seen; j < seen + columns[i].count; j++) {
            least = points[j].y < least ? points[j].y : least;
            highest = points[j].y > highest ? points[j].y : highest;
        }
        ck_assert_double_eq(columns[i].least, least);
        ck_assert_double_eq(columns[i].most, highest);
        ck_assert(columns[i].mean >= least && columns[i].mean <= highest);
        ck_assert(columns[i].x >= points[seen].x && columns[i].x <= points[seen + columns[i].count - 1].x);
        sum += columns[i].mean * (double)columns[i].count;
        seen += columns[i].count;
    }
    ck_assert_uint_eq(seen, count);
    ck_assert_double_eq_tol(sum, total, count * total * 2.3e-16);
}
END_TEST

START_TEST(gaps_and_one_place)
{
    for (size_t i = 0; i < 10; i++)
        points[i] = (cln_point){i < 9 ? 0 : 1e6, 1};
    ck_assert_uint_eq(cln_thin(points, 10, most, columns), 2);
    ck_assert_uint_eq(columns[0].count, 9);
    for (size_t i = 0; i < 10; i++)
        points[i].x = 5;
    ck_assert_uint_eq(cln_thin(points, 10, most, columns), 1);
    ck_assert_uint_eq(columns[0].count, 10);
    ck_assert_uint_eq(cln_thin(points, 0, most, columns), 0);
}
END_TEST

START_TEST(quantiles)
{
    for (size_t i = 0; i < 100; i++)
        points[i].y = (double)(i * 37 % 100);
    ck_assert_double_eq(cln_thin_quantile(points, 100, 0), 0);
    ck_assert_double_eq(cln_thin_quantile(points, 100, 0.25), 25);
    ck_assert_double_eq(cln_thin_quantile(points, 100, 1), 99);
    ck_assert_double_eq(cln_thin_quantile(points, 1, 0.5), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report/thin");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges");
    tcase_add_test(ok, many_points);
    tcase_add_test(ok, quantiles);
    tcase_add_test(edges, few_points);
    tcase_add_test(edges, gaps_and_one_place);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, edges);
    return run_suite(suite);
}
