/* Means and deviations of columns against plain loops in double; constant columns have none at all. */
#include "compute/moments.h"
#include "compute/sample.h"
#include "base/random.h"
#include "reference/sums.h"

static const struct {
    uint32_t n, d;
    cln_type type;
} cases[] = {
    {1, 1, CLN_UINT8},      {7, 2, CLN_FLOAT32},      {61, 7, CLN_UINT8},     {64, 61, CLN_FLOAT32},
    {65, 64, CLN_UINT8},    {257, 5, CLN_UINT8},      {257, 61, CLN_FLOAT32}, {1025, 784, CLN_UINT8},
    {700, 17, CLN_FLOAT32}, {20000, 16, CLN_FLOAT32}, {33000, 5, CLN_UINT8},
};
#define CASES ((int)(sizeof cases / sizeof *cases))

/* Of rows first … first+count−1, in the sample's order or as they lie. */
static void expect_moments(const sample *s, cln_resident *resident, cl_mem order, uint32_t first, uint32_t count)
{
    double *mean = calloc(s->d + 1, sizeof *mean), *deviation = calloc(s->d + 1, sizeof *deviation);
    mean[s->d] = deviation[s->d] = 77;
    MUST(cln_moments(device, resident, order, first, count, mean, deviation, error));
    ck_assert(mean[s->d] == 77 && deviation[s->d] == 77);
    sample in_order = *s;
    in_order.order = order ? s->order : NULL;
    for (uint32_t j = 0; j < s->d; j++) {
        cln_moment want = cln_reference_moment(&in_order, first, count, j);
        ck_assert_msg(fabs(mean[j] - want.mean) <= want.mean_slack, "%s: mean %u: %.17g, not %.17g ± %.3g", place, j,
                      mean[j], want.mean, want.mean_slack);
        ck_assert_msg(fabs(deviation[j] - want.deviation) <= want.deviation_slack, "%s: deviation %u: %.17g, not %.17g",
                      place, j, deviation[j], want.deviation);
    }
    free(mean);
    free(deviation);
}

static bool was_cpu;

static void begin(void)
{
    was_cpu = device->facts.is_cpu;
}

static void end(void)
{
    device->facts.is_cpu = was_cpu;
    ck_assert_uint_eq(device->bytes, 0);
}

/* All rows, some, one; as they lie and ordered; in the cut for CPUs and for GPUs; in one chunk and in several. */
static void check_everywhere(const sample *s)
{
    uint64_t row = cln_layout_of(s->d, 1).stride * cln_type_bytes(s->type), few = s->n > 100 ? s->n / 3 : 5;
    for (int way = 0; way < 4; way++) {
        device->facts.is_cpu = way % 2;
        snprintf(place, sizeof place, "n=%u d=%u way %d", s->n, s->d, way);
        cln_resident *resident = sample_upload(s, way < 2 ? 0 : few * row);
        cl_mem order = guarded(s->order, s->n * sizeof(uint32_t));
        expect_moments(s, resident, NULL, 0, s->n);
        expect_moments(s, resident, NULL, s->n / 3, s->n - s->n / 2);
        expect_moments(s, resident, order, 0, s->n);
        expect_moments(s, resident, order, s->n / 3, s->n - s->n / 2);
        expect_moments(s, resident, order, s->n - 1, 1);
        check_guard(&order, s->n * sizeof(uint32_t));
        cln_resident_release(resident);
    }
}

START_TEST(agrees_with_plain_sums)
{
    if (tiny() && cases[_i].n * cases[_i].d > 2000)
        return;
    sample s = sample_create(cases[_i].n, cases[_i].d, 1, cases[_i].type, true);
    check_everywhere(&s);
    cln_trial_free(&s);
}
END_TEST

static float about_zero(cln_random *random)
{
    return (float)cln_random_below(random, 2001) / 1000 - 1;
}

/* Columns that would be lost in the square of their mean, that begin far away from all others, and that are all the same. */
START_TEST(large_means_do_not_matter)
{
    sample s = sample_create(tiny() ? 65 : 3000, 5, 1, CLN_FLOAT32, true);
    float *x = s.x;
    cln_random random;
    cln_random_seed(&random, 3, 3);
    for (uint32_t i = 0; i < s.n; i++) {
        x[i * 5] = 1e6f + about_zero(&random);
        x[i * 5 + 1] = i == 0 ? -1e5f : 3 + about_zero(&random);
        x[i * 5 + 2] = 0.1f;
        x[i * 5 + 3] = -1e30f;
        x[i * 5 + 4] = i == 0 || i == s.n - 1 ? 1e-12f : 0;
    }
    check_everywhere(&s);
    double mean[5], deviation[5];
    cln_resident *resident = sample_upload(&s, 0);
    MUST(cln_moments(device, resident, NULL, 0, s.n, mean, deviation, error));
    ck_assert(deviation[2] == 0 && deviation[3] == 0 && mean[2] == (double)0.1f && mean[3] == (double)-1e30f);
    cln_resident_release(resident);
    cln_trial_free(&s);
}
END_TEST

/* The largest and the smallest bytes: where a float would begin to round. */
START_TEST(extreme_bytes_are_exact)
{
    const uint32_t n = tiny() ? 257 : 5000;
    sample s = sample_create(n, 3, 1, CLN_UINT8, true);
    double mean[3], deviation[3];
    for (uint32_t i = 0; i < n; i++) {
        uint8_t *x = (uint8_t *)s.x + i * 3;
        x[0] = i > 0 ? 255 : 0;
        x[1] = i > 0 ? 0 : 255;
        x[2] = 255;
    }
    snprintf(place, sizeof place, "extreme bytes");
    cln_resident *resident = sample_upload(&s, 0);
    MUST(cln_moments(device, resident, NULL, 0, n, mean, deviation, error));
    ck_assert_double_eq_tol(mean[0], 255.0 * (n - 1) / n, 1e-12);
    ck_assert_double_eq_tol(mean[1], 255.0 / n, 1e-12);
    ck_assert_double_eq_tol(deviation[0] / deviation[1], 1, 1e-10);
    ck_assert_double_eq_tol(deviation[0] / (255.0 * sqrt(n - 1.0) / n), 1, 1e-10);
    ck_assert(mean[2] == 255 && deviation[2] == 0);
    cln_resident_release(resident);
    cln_trial_free(&s);
}
END_TEST

/* Columns in every unit that a float has, about 0 and beside an offset, with an outlier and constant; side by side. */
static const float units[] = {1,     1e-37f, 1e-30f, 1e-25f, 1e-23f, 1e-19f, 1e-10f,
                              1e10f, 1e19f,  1e23f,  1e25f,  1e30f,  1e37f};
#define UNITS ((uint32_t)(sizeof units / sizeof *units))

static void check_units(uint32_t n)
{
    enum { KINDS = 4 };
    sample s = sample_create(n, UNITS * KINDS, 1, CLN_FLOAT32, true);
    float *x = s.x;
    cln_random random;
    cln_random_seed(&random, n, 9);
    for (uint32_t i = 0; i < s.n; i++)
        for (uint32_t u = 0; u < UNITS; u++) {
            float *column = x + (size_t)i * s.d + u * KINDS;
            column[0] = units[u] * about_zero(&random);
            column[1] = units[u] * (5 + about_zero(&random) / 1000);
            column[2] = units[u] * (i == s.n / 2 ? 8 : about_zero(&random) / 1e6f);
            column[3] = units[u] * 0.1f;
        }
    double *mean = calloc(s.d, sizeof *mean), *deviation = calloc(s.d, sizeof *deviation);
    cln_resident *resident = sample_upload(&s, 0);
    snprintf(place, sizeof place, "units, n=%u", n);
    expect_moments(&s, resident, NULL, 0, s.n);
    expect_moments(&s, resident, NULL, s.n / 3, s.n - s.n / 2);
    MUST(cln_moments(device, resident, NULL, 0, s.n, mean, deviation, error));
    for (uint32_t j = 0; j < s.d; j++) {
        bool constant = s.n == 1 || j % KINDS == 3;
        ck_assert_msg((deviation[j] > 0) == !constant, "%s, column %u: %g", place, j, deviation[j]);
        ck_assert(!constant || mean[j] == (double)x[j]);
    }
    cln_resident_release(resident);
    free(mean);
    free(deviation);
    cln_trial_free(&s);
}

START_TEST(every_unit)
{
    static const uint32_t rows[] = {65, 1, 7, 61, 64, 255, 256, 257, 700};
    for (size_t i = 0; i < (tiny() ? 1 : sizeof rows / sizeof *rows); i++)
        check_units(rows[i]);
}
END_TEST

/* A power of two on a column is the same power on its mean and deviation, to the last bit. */
START_TEST(powers_of_two_change_no_bit)
{
    static const int powers[] = {0, -100, -60, 60, 100};
    enum { D = sizeof powers / sizeof *powers };
    sample s = sample_create(tiny() ? 65 : 300, D, 1, CLN_FLOAT32, true);
    double mean[D], deviation[D];
    cln_random random;
    cln_random_seed(&random, 4, 9);
    for (uint32_t i = 0; i < s.n; i++) {
        float value = 3 + about_zero(&random);
        for (uint32_t j = 0; j < D; j++)
            ((float *)s.x)[i * D + j] = ldexpf(value, powers[j]);
    }
    cln_resident *resident = sample_upload(&s, 0);
    MUST(cln_moments(device, resident, NULL, 0, s.n, mean, deviation, error));
    for (uint32_t j = 1; j < D; j++)
        ck_assert(mean[j] == ldexp(mean[0], powers[j]) && deviation[j] == ldexp(deviation[0], powers[j]));
    cln_resident_release(resident);
    cln_trial_free(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("moments");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    add_device_cases(suite, ok, invalid, begin, end);
    tcase_add_loop_test(ok, agrees_with_plain_sums, 0, CASES);
    tcase_add_test(ok, large_means_do_not_matter);
    tcase_add_test(ok, extreme_bytes_are_exact);
    tcase_add_test(ok, every_unit);
    tcase_add_test(ok, powers_of_two_change_no_bit);
    return run_on_device(suite);
}
