#define _POSIX_C_SOURCE 200809L /* open_memstream, setenv */
#include "report/page.h"
#include "report/gnuplot.h"
#include "compared.h"
#include "harness.h"

/* The page, or the failure of the test. */
static char *page(const cln_comparison *comparison, const cln_comparison *before)
{
    char *text = NULL;
    size_t length = 0;
    cln_error error = {0};
    FILE *to = open_memstream(&text, &length);
    ck_assert_ptr_nonnull(to);
    ck_assert_msg(cln_report_page(comparison, before, to, &error) == CLN_OK, "%s", error.message);
    fclose(to);
    ck_assert_uint_eq(strlen(text), length);
    return text;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
        count++;
    return count;
}

static bool is_void(const char *name)
{
    static const char *const names[] = {"meta", "br", "hr", "img", "link", "input"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* The id that an attribute at `at` begins is there once. */
static void check_id(const char *text, const char *at)
{
    char id[96];
    if (strncmp(at, " id=", 4) != 0)
        return;
    size_t length = strcspn(at + 5, "\"'") + 6;
    ck_assert_uint_lt(length, sizeof id);
    memcpy(id, at, length);
    id[length] = '\0';
    ck_assert_msg(count_of(text, id) == 1, "%s is there %zu times", id, count_of(text, id));
}

/* Every element ends, in the order that they began, and every quoted attribute does; no id is there twice. */
static void check_form(const char *text)
{
    enum { deepest = 64, name_size = 32 };
    char open[deepest][name_size];
    size_t depth = 0;
    ck_assert(strncmp(text, "<!DOCTYPE html>\n", 16) == 0);
    for (const char *at = strchr(text + 16, '<'); at; at = strchr(at, '<')) {
        bool ends = at[1] == '/';
        char name[name_size] = "";
        const char *begin = at + 1 + ends;
        size_t length = strspn(begin, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        ck_assert_msg(length > 0 && length < name_size, "a stray < before %.40s", at);
        memcpy(name, begin, length);
        for (at = begin + length; *at != '>'; at++) {
            ck_assert_msg(*at && *at != '<', "a tag of %s does not end: %.60s", name, begin);
            check_id(text, at);
            if (*at == '"' || *at == '\'') {
                at = strchr(at + 1, *at);
                ck_assert_msg(at, "a quote in a tag of %s does not end", name);
            }
        }
        if (ends) {
            ck_assert_msg(depth > 0 && strcmp(open[depth - 1], name) == 0, "</%s> ends %s", name,
                          depth > 0 ? open[depth - 1] : "nothing");
            depth--;
        } else if (at[-1] != '/' && !is_void(name)) {
            ck_assert_uint_lt(depth, deepest);
            memcpy(open[depth++], name, name_size);
        }
    }
    ck_assert_uint_eq(depth, 0);
}

/* Well-formed, of itself alone, nothing to run, and every picture told in words and figures. */
static void check_page(const char *text)
{
    check_form(text);
    ck_assert(!strstr(text, "http:") && !strstr(text, "https:") && !strstr(text, "<script") && !strstr(text, "<img") &&
              !strstr(text, "<link") && !strstr(text, "@import") && !strstr(text, "<!DOCTYPE svg"));
    size_t figures = count_of(text, "<figure>");
    ck_assert_uint_eq(count_of(text, "<svg "), figures);
    ck_assert_uint_eq(count_of(text, "role=\"img\" aria-label=\""), figures);
    ck_assert_uint_eq(count_of(text, "<figcaption>"), figures);
    ck_assert_uint_eq(count_of(text, "<details><summary>Figures of this picture</summary>"), figures);
    ck_assert(!strstr(text, "Gnuplot") && !strstr(text, "GNUPLOT"));
}

static void add_engine(cln_compared_device *device, const char *engine, double slow)
{
    static const struct {
        const char *name, *unit;
        double value, limit;
    } rows[] = {{"cold_build", "s", 2.1, NAN},   {"warm_build", "s", 0.03, NAN},  {"epoch.32", "s", 1.93, 0.11},
                {"epoch.200", "s", 0.521, 0.11}, {"epoch.600", "s", 0.31, 0.11},  {"epoch.4096", "s", 0.22, 0.11},
                {"gradient", "s", 0.19, 0.11},   {"evaluate", "s", 0.021, 0.009}, {"device.200", "s", 0.38, NAN},
                {"between.200", "s", 0.09, NAN}, {"host.200", "s", 0.051, NAN},   {"optimum", "s", 14.2, NAN},
                {"memory", "B", 61e6, NAN}};
    char name[48];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(name, sizeof name, "%s.%s", engine, rows[i].name);
        add_row(device, name, rows[i].unit, slow * rows[i].value, 0.02 * rows[i].value, rows[i].limit);
    }
    snprintf(name, sizeof name, "%s.objective", engine);
    add_row(device, name, "loss", 0.268413377, 0, NAN);
    snprintf(name, sizeof name, "%s.weights", engine);
    add_row(device, name, "tolerances", 0.12, NAN, 1);
}

static cln_compared_device *add_whole(cln_comparison *comparison, const char *name, double slow)
{
    cln_compared_device *device = add_device(comparison, name, "platform");
    device->judged = device->agree = true;
    add_row(device, "read_bandwidth", "B/s", 12.3e9 / slow, 1e8, NAN);
    add_row(device, "multiply_add_rate", "FLOP/s", 81.3e9 / slow, 1e9, NAN);
    add_row(device, "launch_time", "s", 2.1e-6, 1e-7, NAN);
    add_row(device, "upload", "s", 0.011, 0.001, NAN);
    add_engine(device, "fused", slow);
    add_engine(device, "clblast", 1.4 * slow);
    add_row(device, "wide_product", "FLOP/s", 55e9, 1e9, 81.3e9);
    add_row(device, "gram", "s", 0.62, 0.01, 0.45);
    add_row(device, "gram", "tolerances", 0.2, NAN, 1);
    add_row(device, "host_memory", "B", 210e6, 0, NAN);
    return device;
}

static void expect(const char *text, const char *words)
{
    ck_assert_msg(strstr(text, words), "the page lacks: %s", words);
}

START_TEST(whole)
{
    cln_comparison comparison = made();
    comparison.test_rows = 10000;
    add_whole(&comparison, "first device", 1);
    add_whole(&comparison, "second device", 2);
    char *text = page(&comparison, NULL);
    check_page(text);
    /* 6 of speed, 2 of where the time goes, optimum and memory, a roofline a device. */
    ck_assert_uint_eq(count_of(text, "<figure>"), 12);
    expect(text, "both devices compute what double precision on the host does.");
    expect(text, "<strong>521 ms</strong>");
    expect(text, "<time datetime=\"2026-11-26T01:30:00Z\">2026-11-26 01:30 UTC</time>");
    expect(text, "clinear compare data/mnist --budget 60");
    expect(text, "60,000 × 784 features, 10 outputs, uint8");
    expect(text, "12.3 GB/s");
    expect(text, "21 % of the limit"); /* 0.11 of 0.521 */
    expect(text, "every device was measured");
    expect(text, "<dt>epoch by 32</dt><dd>Minibatch gradient descent once over all training rows");
    /* 2·10000·784·10 operations in 21 ms, at 20 for a byte; the roof there is the multiply-add rate. */
    expect(text, "<td class=\"n\">20</td><td class=\"n\">7.47 GFLOP/s</td><td class=\"n\">81.3 GFLOP/s</td>"
                 "<td class=\"n\">9.18 %</td>");
    ck_assert_ptr_null(strstr(text, "id=\"changes\""));
    free(text);
    cln_comparison_release(&comparison);
}
END_TEST

START_TEST(disagreement)
{
    cln_comparison comparison = made();
    add_whole(&comparison, "right", 1);
    cln_compared_device *wrong = add_device(&comparison, "wrong", "platform");
    wrong->judged = true;
    add_row(wrong, "fused.weights", "tolerances", 38.2, NAN, 1);
    add_row(wrong, "fused.loss", "tolerances", NAN, NAN, 1);
    cln_compared_device *dead = add_device(&comparison, "dead", "platform");
    dead->status = CLN_COMPARED_FAILED;
    snprintf(dead->reason, sizeof dead->reason, "it was ended by signal 11");
    char *text = page(&comparison, NULL);
    check_page(text);
    expect(text, "1 of 2 devices does not compute what double precision on the host does: 1\u00a0·\u00a0wrong.");
    expect(text, "1 more was not judged.");
    expect(text, "<td class=\"n bad\">38.2 <span>disagrees</span></td>");
    expect(text, "<td class=\"n bad\">no number <span>disagrees</span></td>");
    expect(text, "<td>the device: failed</td><td class=\"reason\">it was ended by signal 11</td>");
    free(text);
    cln_comparison_release(&comparison);
}
END_TEST

/* The same as before is the same; of other data it is said that they do not go together, and the page is there. */
START_TEST(against)
{
    cln_comparison now = made(), before = made();
    add_whole(&now, "device", 1);
    add_whole(&before, "device", 1);
    snprintf(before.date, sizeof before.date, "2026-11-25T00:00:00Z");
    char *text = page(&now, &before);
    check_page(text);
    expect(text, "id=\"changes\"");
    expect(text, "2026-11-25 00:00 UTC");
    expect(text, "Beyond noise: 0 faster, 0 slower");
    free(text);
    before.rows = 1;
    text = page(&now, &before);
    check_page(text);
    expect(text, "Not held against the older result:");
    free(text);
    cln_comparison_release(&now);
    cln_comparison_release(&before);
}
END_TEST

START_TEST(many)
{
    cln_comparison comparison = made();
    for (int i = 0; i < 8; i++) {
        char name[128];
        snprintf(name, sizeof name,
                 "device %d with a name that is longer than any picture of this page is wide, by far", i);
        add_whole(&comparison, name, pow(2.5, i)); /* so far apart that the axis is logarithmic */
    }
    char *text = page(&comparison, NULL);
    check_page(text);
    expect(text, "The axis is logarithmic");
    expect(text, "…");
    free(text);
    cln_comparison_release(&comparison);
}
END_TEST

/* Nothing was measured: of no device, of one without rows, of one whose rows have reasons. */
START_TEST(nothing)
{
    cln_comparison comparison = made();
    char *text = page(&comparison, NULL);
    check_page(text);
    expect(text, "0 devices compared");
    free(text);
    cln_compared_device *device = add_device(&comparison, "simulator", "platform");
    device->device.index = -1;
    text = page(&comparison, NULL);
    check_page(text);
    ck_assert_uint_eq(count_of(text, "<figure>"), 0);
    expect(text, "<h3>simulator</h3>");
    expect(text, "No device was held against the reference");
    free(text);
    add_reason(device, "fused.epoch.200", "s", "its times mean nothing");
    add_reason(device, "fused.gradient", "s", "its times mean nothing");
    text = page(&comparison, NULL);
    check_page(text);
    expect(text, "fused: epoch by 200, fused: full gradient</td><td class=\"reason\">its times mean nothing");
    free(text);
    cln_comparison_release(&comparison);
}
END_TEST

/* Values that no measurement has, on axes that may be logarithmic; each in every row's place. */
START_TEST(values)
{
    static const double odd[] = {0, -1, NAN, INFINITY, -INFINITY, 1e300, 1e-300, 1e23, 1e-14};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        cln_comparison comparison = made();
        for (int rest = 0; rest < 2; rest++) {
            add_whole(&comparison, "odd", 1);
            cln_compared_device *device = &comparison.devices[comparison.count - 1];
            for (size_t row = 0; row < device->count; row++)
                if (row % 2 == (size_t)rest)
                    device->rows[row].value = device->rows[row].spread = odd[i];
        }
        cln_compared_device *same = add_whole(&comparison, "odd alone", 1);
        for (size_t row = 0; row < same->count; row++)
            same->rows[row].value = odd[i];
        char *text = page(&comparison, NULL);
        check_page(text);
        free(text);
        comparison.rows = comparison.features = comparison.outputs = 0;
        text = page(&comparison, NULL);
        check_page(text);
        free(text);
        cln_comparison_release(&comparison);
    }
}
END_TEST

static const char *const hostile[] = {"<script>alert(1)</script>",
                                      "\"' onload='x' &lt; &",
                                      "\x1b[31m \xff\xfe \xc3( `id` \\n\n",
                                      "'; id='gpPt7' url(#x)",
                                      "</style></svg><svg onload=x>",
                                      "--><![CDATA[",
                                      "%s%n",
                                      "\u202eback",
                                      ""};

START_TEST(text)
{
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        cln_comparison comparison = made();
        snprintf(comparison.version, sizeof comparison.version, "%s", hostile[i]);
        snprintf(comparison.date, sizeof comparison.date, "%s", hostile[i]);
        snprintf(comparison.data, sizeof comparison.data, "%s", hostile[i]);
        snprintf(comparison.type, sizeof comparison.type, "%.15s", hostile[i]);
        snprintf(comparison.command, sizeof comparison.command, "%s", hostile[i]);
        cln_compared_device *device = add_whole(&comparison, hostile[i], 1);
        snprintf(device->device.platform, sizeof device->device.platform, "%s", hostile[i]);
        snprintf(device->device.driver, sizeof device->device.driver, "%s", hostile[i]);
        snprintf(device->device.type, sizeof device->device.type, "%.15s", hostile[i]);
        snprintf(device->reason, sizeof device->reason, "%s", hostile[i]);
        add_row(device, hostile[i], "s", 1, 1, 1);
        add_row(device, hostile[i], "<u>", 1, 1, 1);
        add_reason(device, "upload", hostile[i], hostile[i]);
        char *page_text = page(&comparison, NULL);
        check_page(page_text);
        ck_assert(!strchr(page_text, '\x1b') && !strchr(page_text, '\xff') && !strstr(page_text, "<u>") &&
                  !strstr(page_text, "<dd>\u202e") && !strstr(page_text, "<svg onload"));
        free(page_text);
        cln_comparison_release(&comparison);
    }
}
END_TEST

START_TEST(no_gnuplot)
{
    cln_error error = {0};
    cln_comparison comparison = made();
    add_whole(&comparison, "device", 1);
    FILE *to = tmpfile();
    ck_assert_int_eq(setenv("PATH", "/nonexistent", 1), 0);
    ck_assert_int_eq(cln_report_page(&comparison, NULL, to, &error), CLN_IO);
    ck_assert_msg(strstr(error.message, "gnuplot-nox"), "%s", error.message);
    fclose(to);
    cln_comparison_release(&comparison);
}
END_TEST

static bool draws(void)
{
    cln_script script;
    char *picture = NULL;
    size_t size;
    bool drawn = cln_script_begin(&script, &(cln_canvas){CLN_PICTURE_SVG, 9, 9, "a"}, NULL) == CLN_OK &&
                 fputs("plot 1\n", script.stream) >= 0 && cln_script_draw(&script, &picture, &size, NULL) == CLN_OK;
    free(picture);
    cln_script_release(&script);
    return drawn;
}

int main(void)
{
    if (!draws())
        return skip("there is no gnuplot");
    Suite *suite = suite_create("report/page");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (size_t i = 0; i < 3; i++) {
        tcase_set_timeout(cases[i], 120);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(ok, whole);
    tcase_add_test(ok, disagreement);
    tcase_add_test(ok, against);
    tcase_add_test(edges, many);
    tcase_add_test(edges, nothing);
    tcase_add_test(edges, values);
    tcase_add_test(invalid, text);
    tcase_add_test(invalid, no_gnuplot);
    return run_suite(suite);
}
