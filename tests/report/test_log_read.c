/* Logs as the program writes them, cut short, and as nobody writes them. */
#define _GNU_SOURCE
#include "report/log_read.h"
#include "files.h"
#include "harness.h"
#include "report/log.h"

#include <math.h>

#define RUN  "{\"event\":\"run\",\"options\":{\"solver\":\"sgd\"}}\n"
#define STEP "{\"event\":\"step\",\"epoch\":1,\"step\":3,\"train\":{\"loss\":0.5,\"accuracy\":0.75}}\n"

static cln_log_rows rows;

static void put_text(const char *text)
{
    put_file("log", text, strlen(text));
}

static void expect_read(size_t count, bool cut)
{
    cln_error error = {0};
    ck_assert_msg(cln_log_read(at("log"), &rows, &error) == CLN_OK, "%s", error.message);
    ck_assert_uint_eq(rows.count, count);
    ck_assert_int_eq(rows.cut, cut);
}

/* One sentence with the file, and the line where there is one, which no terminal takes for a command. */
static void expect_refused(const char *text, const char *words)
{
    cln_error error = {0};
    put_text(text);
    ck_assert_msg(cln_log_read(at("log"), &rows, &error) == CLN_FORMAT, "%s", text);
    ck_assert_msg(strstr(error.message, words) != NULL, "\"%s\" is not in: %s", words, error.message);
    ck_assert_ptr_nonnull(strstr(error.message, at("log")));
    for (const char *c = error.message; *c; c++)
        ck_assert_msg(*c >= ' ' && *c <= '~', "byte 0x%02x in a message", (unsigned char)*c);
    cln_log_rows_release(&rows);
}

START_TEST(as_it_was_written)
{
    cln_error error = {0};
    cln_options *options = NULL;
    cln_log *log = NULL;
    const cln_device_info device = {.name = "a device"};
    cln_progress step = {.event = CLN_EVENT_STEP, .epoch = 1, .step = 7, .train = {0.25, 5, 20}};
    cln_progress epoch = {
        .event = CLN_EVENT_EPOCH, .epoch = 1, .step = 60, .train = {0.5, 1, 4}, .valid = {0.75, 1, 8}};
    step.objective = step.gradient_norm = NAN;
    epoch.objective = 0.5;
    epoch.gradient_norm = NAN;
    ck_assert_int_eq(cln_options_create(&options, NULL), CLN_OK);
    ck_assert_int_eq(cln_options_set(options, "solver", "lbfgs", NULL), CLN_OK);
    ck_assert_msg(cln_log_open(at("log"), "data", &device, options, &log, &error) == CLN_OK, "%s", error.message);
    ck_assert_int_eq(cln_log_progress(log, &step, NULL), CLN_OK);
    ck_assert_int_eq(cln_log_progress(log, &epoch, NULL), CLN_OK);
    expect_read(2, false);
    cln_log_close(log);
    cln_options_free(options);
    ck_assert_str_eq(rows.solver, "lbfgs");
    ck_assert(!rows.rows[0].pass && rows.rows[1].pass);
    ck_assert_uint_eq(rows.rows[0].step, 7);
    ck_assert_uint_eq(rows.rows[1].epoch, 1);
    ck_assert_double_eq(rows.rows[0].train_loss, 0.25);
    ck_assert_double_eq(rows.rows[0].train_accuracy, 0.75);
    ck_assert_double_nan(rows.rows[0].valid_loss);
    ck_assert_double_nan(rows.rows[0].objective);
    ck_assert_double_eq(rows.rows[1].valid_loss, 0.75);
    ck_assert_double_eq(rows.rows[1].valid_accuracy, 0.875);
    ck_assert_double_eq(rows.rows[1].objective, 0.5);
    ck_assert_double_nan(rows.rows[1].gradient_norm);
}
END_TEST

/* Wherever a log is cut, what stands before is read. */
START_TEST(cut_anywhere)
{
    static const char text[] = RUN STEP STEP;
    for (size_t length = strlen(RUN); length <= strlen(text); length++) {
        size_t behind = length - strlen(RUN),
               whole = (behind + 1) / strlen(STEP); /* the end of a line may be missing */
        put_file("log", text, length);
        expect_read(whole, behind % strlen(STEP) != 0 && (behind + 1) % strlen(STEP) != 0);
        cln_log_rows_release(&rows);
    }
}
END_TEST

/* More lines than a block holds, and than rows were first made room for. */
START_TEST(many_lines)
{
    enum { count = 30000 };
    FILE *file = fopen(at("log"), "w");
    ck_assert_ptr_nonnull(file);
    fputs(RUN, file);
    for (int i = 0; i < count; i++)
        fprintf(file, "{\"event\":\"step\",\"epoch\":1,\"step\":%d,\"train\":{\"loss\":%d.5,\"accuracy\":null}}\n", i,
                i);
    ck_assert_int_eq(fclose(file), 0);
    expect_read(count, false);
    for (int i = 0; i < count; i++) {
        ck_assert_uint_eq(rows.rows[i].step, (uint64_t)i);
        ck_assert_double_eq(rows.rows[i].train_loss, i + 0.5);
        ck_assert_double_nan(rows.rows[i].train_accuracy);
    }
}
END_TEST

START_TEST(run_alone)
{
    put_text(RUN);
    expect_read(0, false);
}
END_TEST

START_TEST(no_log)
{
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"", "is empty"},
        {"\n", "line 1: it is no JSON object"},
        {"hello\n", "line 1: it is no JSON object"},
        {"{\"event\":\"run\"", "line 1: it is no JSON object"}, /* the first line is written at once */
        {"[1]\n", "line 1: it is no JSON object"},
        {"{}\n", "line 1: it does not begin a log"},
        {STEP, "line 1: it does not begin a log"},
        {"{\"event\":\"run\",\"options\":{\"solver\":\"\\u001b[2J\"}}\n", "line 1: it does not begin a log"},
        {RUN RUN, "line 2: its event"},
        {RUN "\n", "line 2: it is no JSON object"},
        {RUN STEP "{\"event\":\"step\"\n", "line 3: it is no JSON object"},
        {RUN STEP "{} {}\n", "line 3: it is no JSON object"},
        {RUN STEP "{\"event\":1}\n", "line 3: its event"},
        {RUN STEP "{\"event\":\"tick\"}\n", "line 3: its event"},
        {RUN "{\"event\":\"step\"}\n", "line 2: it has no epoch"},
        {RUN "{\"event\":\"step\",\"epoch\":0,\"step\":1}\n", "line 2: it has no epoch"},
        {RUN "{\"event\":\"step\",\"epoch\":1,\"step\":-1}\n", "line 2: it has no epoch"},
        {RUN "{\"event\":\"step\",\"epoch\":1,\"step\":1.5}\n", "line 2: it has no epoch"},
        {RUN "{\"event\":\"step\",\"epoch\":1,\"step\":99999999999999999999}\n", "line 2: it is no JSON object"},
        {RUN "{\"event\":\"step\",\"epoch\":1,\"step\":1,\"step\":2}\n", "line 2: it is no JSON object"},
        {RUN "{\"event\":\"step\",\"epoch\":1,\"step\":1,\"train\":3}\n", "line 2: its scores"},
        {RUN "{\"event\":\"epoch\",\"epoch\":1,\"step\":1,\"valid\":[]}\n", "line 2: its scores"},
        {RUN STEP "{\"event\":\"step\",\"epoch\":1,\"step\":2}\n", "line 3: it stands before"},
        {RUN "{\"event\":\"step\",\"epoch\":2,\"step\":1}\n{\"event\":\"step\",\"epoch\":1,\"step\":2}\n",
         "line 3: it stands before"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_refused(bad[i].text, bad[i].words);
}
END_TEST

START_TEST(endless_line)
{
    size_t length = strlen(RUN) + (1u << 20) + 1;
    char *text = malloc(length + 1);
    memset(text, ' ', length);
    text[length] = '\0';
    memcpy(text, RUN, strlen(RUN));
    expect_refused(text, "line 2: it is longer than 1 MiB");
    free(text);
}
END_TEST

START_TEST(no_file)
{
    cln_error error = {0};
    bool is_log;
    ck_assert_int_eq(cln_log_read(at("nowhere"), &rows, &error), CLN_IO);
    ck_assert_int_eq(cln_log_read(folder, &rows, NULL), CLN_IO);
    ck_assert_int_eq(cln_log_recognise(at("nowhere"), &is_log, NULL), CLN_IO);
    cln_log_rows_release(&rows);
}
END_TEST

START_TEST(what_a_file_is)
{
    bool is_log;
    put_text(RUN);
    ck_assert_int_eq(cln_log_recognise(at("log"), &is_log, NULL), CLN_OK);
    ck_assert(is_log);
    put_file("log", "{\"\1\0\0\0\0\0{}", 10); /* the length of a header, which happens to look like text */
    ck_assert_int_eq(cln_log_recognise(at("log"), &is_log, NULL), CLN_OK);
    ck_assert(!is_log);
    put_text("");
    ck_assert_int_eq(cln_log_recognise(at("log"), &is_log, NULL), CLN_OK);
    ck_assert(is_log);
}
END_TEST

static void end(void)
{
    cln_log_rows_release(&rows);
    remove_folder();
}

int main(void)
{
    Suite *suite = suite_create("report/log_read");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    tcase_add_test(ok, as_it_was_written);
    tcase_add_test(ok, many_lines);
    tcase_add_test(ok, what_a_file_is);
    tcase_add_test(edges, cut_anywhere);
    tcase_add_test(edges, run_alone);
    tcase_add_test(invalid, no_log);
    tcase_add_test(invalid, endless_line);
    tcase_add_test(invalid, no_file);
    for (int i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], make_folder, end);
        suite_add_tcase(suite, cases[i]);
    }
    return run_suite(suite);
}
