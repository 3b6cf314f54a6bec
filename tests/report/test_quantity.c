#include "report/quantity.h"
#include "harness.h"

#include <math.h>
#include <string.h>

static void shows(double value, const char *unit, const char *words)
{
    cln_text text;
    ck_assert_str_eq(cln_text_quantity(text, value, unit), words);
}

START_TEST(sizes)
{
    shows(1.234, "s", "1.23 s");
    shows(58.5, "s", "58.5 s");
    shows(12345, "s", "12345 s");
    shows(0.0123, "s", "12.3 ms");
    shows(4.56e-6, "s", "4.56 µs");
    shows(7e-10, "s", "0.70 ns");
    shows(12.3e9, "B/s", "12.3 GB/s");
    shows(81.3e12, "FLOP/s", "81.3 TFLOP/s");
    shows(61e6, "B", "58.2 MiB");
    shows(512, "B", "512 B");
    shows(0.268413377, "loss", "0.268413377");
    shows(0.12, "tolerances", "0.12 tolerances");
    shows(12345, "rows", "1.234e+04 rows");
}
END_TEST

/* No digit is lost or won where a figure is rounded up to the next unit; what is nothing is said as that. */
START_TEST(edges)
{
    shows(0.99949, "s", "999 ms");
    shows(0.9995, "s", "1.00 s");
    shows(9.996, "s", "10.0 s");
    shows(99.96, "s", "100 s");
    shows(0, "s", "0 s");
    shows(0, "B/s", "0 B/s");
    shows(NAN, "s", "-");
    shows(INFINITY, "FLOP/s", "-");
    shows(-0.5, "s", "-500 ms");
    ck_assert_str_eq(cln_scale_for(0, "s").unit, "s");
    ck_assert_str_eq(cln_scale_for(NAN, "B").unit, "B");
    ck_assert_str_eq(cln_scale_for(2e-3, "s").unit, "ms");
    ck_assert_str_eq(cln_scale_for(2e9, "/s").unit, "/s");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report/quantity");
    TCase *ok = tcase_create("ok"), *odd = tcase_create("edges");
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, odd);
    tcase_add_test(ok, sizes);
    tcase_add_test(odd, edges);
    return run_suite(suite);
}
