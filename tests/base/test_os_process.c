#define _GNU_SOURCE
#include "base/os.h"
#include "harness.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static cln_process *start(const char *script)
{
    cln_error error = {0};
    cln_process *process;
    const char *argv[] = {"sh", "-c", script, NULL}, *changes[] = {"CLN_SET=yes", "CLN_GONE", NULL};
    setenv("CLN_GONE", "no", 1);
    ck_assert_msg(cln_os_process_begin(&(cln_spawn){argv, changes, NULL, 0}, &process, &error) == CLN_OK, "%s",
                  error.message);
    return process;
}

static void expect_line(cln_process *process, const char *text)
{
    cln_line_state state;
    const char *line = cln_os_process_line(process, 10, &state);
    ck_assert_int_eq(state, CLN_LINE_READ);
    ck_assert_str_eq(line, text);
}

static void expect_end(cln_process *process, const char *words, int expected)
{
    char got[200];
    int code;
    cln_os_process_wait(process, 10, got, &code);
    ck_assert_str_eq(got, words);
    ck_assert_int_eq(code, expected);
    cln_os_process_end(process);
}

START_TEST(tells_lines_and_its_end)
{
    cln_line_state state;
    cln_process *process = start("echo one; sleep 0.05; echo \"$CLN_SET$CLN_GONE\"; printf cut");
    expect_line(process, "one");
    expect_line(process, "yes");
    ck_assert_ptr_null(cln_os_process_line(process, 10, &state));
    ck_assert_int_eq(state, CLN_LINE_END);
    expect_end(process, "", 0);
}
END_TEST

START_TEST(says_how_it_ended)
{
    expect_end(start("exit 3"), "it exited with status 3", 3);
    expect_end(start("kill -SEGV $$"), "it was ended by signal 11 (Segmentation fault)", -1);
    cln_process *process = start("echo first >&2; echo the reason >&2; exit 1");
    char words[200];
    cln_os_process_wait(process, 10, words, NULL);
    ck_assert_str_eq(cln_os_process_said(process), "the reason");
    cln_os_process_end(process);
}
END_TEST

START_TEST(ends_what_hangs_and_what_that_has_started)
{
    cln_line_state state;
    char words[200];
    cln_process *process = start("sleep 1000 & echo $!; wait");
    const char *line = cln_os_process_line(process, 10, &state);
    pid_t child = (pid_t)atoi(line);
    ck_assert_ptr_null(cln_os_process_line(process, 0.05, &state));
    ck_assert_int_eq(state, CLN_LINE_LATE);
    cln_os_process_wait(process, 0.05, words, NULL);
    ck_assert_str_eq(words, "it did not end in time");
    cln_os_process_end(process);
    for (int i = 0; i < 1000 && kill(child, 0) == 0; i++) /* a zombie until init has seen it */
        usleep(1000);
    char name[64], text[400] = "";
    snprintf(name, sizeof name, "/proc/%d/stat", (int)child);
    FILE *stat = fopen(name, "r");
    if (stat) {
        ck_assert_uint_gt(fread(text, 1, sizeof text - 1, stat), 0);
        fclose(stat);
        ck_assert_ptr_nonnull(strstr(text, ") Z"));
    }
}
END_TEST

START_TEST(can_be_interrupted)
{
    cln_process *process = start("trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 0.01; done");
    expect_line(process, "ready");
    cln_os_process_interrupt(process);
    expect_line(process, "caught");
    expect_end(process, "it exited with status 5", 5);
}
END_TEST

START_TEST(does_not_wait_for_a_pipe_that_a_grandchild_holds)
{
    char words[200];
    cln_process *process = start("sleep 1000 & exit 4");
    double before = cln_os_seconds();
    cln_os_process_wait(process, 60, words, NULL);
    ck_assert_str_eq(words, "it exited with status 4");
    ck_assert(cln_os_seconds() - before < 30);
    cln_os_process_end(process);
}
END_TEST

START_TEST(gives_input_and_takes_all_output)
{
    enum { BYTES = 3000000 };
    cln_error error = {0};
    cln_process *process;
    const char *argv[] = {"cat", NULL};
    char *input = malloc(BYTES), *output;
    size_t size;
    for (size_t i = 0; i < BYTES; i++)
        input[i] = (char)(i * 31 % 251);
    ck_assert_int_eq(cln_os_process_begin(&(cln_spawn){argv, NULL, input, BYTES}, &process, &error), CLN_OK);
    ck_assert_msg(cln_os_process_output(process, 30, BYTES, &output, &size, &error) == CLN_OK, "%s", error.message);
    ck_assert_uint_eq(size, BYTES);
    ck_assert_mem_eq(output, input, BYTES);
    ck_assert_int_eq(output[BYTES], 0);
    cln_os_process_end(process);
    free(output);
    free(input);
}
END_TEST

START_TEST(input_that_nobody_reads_harms_nobody)
{
    cln_process *process;
    const char *argv[] = {"true", NULL};
    static char input[1 << 20];
    ck_assert_int_eq(cln_os_process_begin(&(cln_spawn){argv, NULL, input, sizeof input}, &process, NULL), CLN_OK);
    expect_end(process, "", 0);
}
END_TEST

static void refuse_output(const char *script, double seconds, const char *words)
{
    cln_error error = {0};
    char *output;
    size_t size;
    cln_process *process = start(script);
    ck_assert_int_eq(cln_os_process_output(process, seconds, 1000, &output, &size, &error), CLN_IO);
    ck_assert_msg(strstr(error.message, words), "%s", error.message);
    ck_assert_ptr_null(output);
    cln_os_process_end(process);
}

START_TEST(output_is_refused_with_what_it_said)
{
    refuse_output("echo no such thing >&2; exit 1", 10, "it exited with status 1: no such thing");
    refuse_output("yes", 10, "more than 1000 bytes");
    refuse_output("sleep 1000", 0.05, "it did not end in time");
}
END_TEST

START_TEST(a_program_that_is_not_there_is_named)
{
    cln_error error = {0};
    cln_process *process;
    const char *argv[] = {"no-such-program-here", NULL}, *folder[] = {"/", NULL};
    ck_assert_int_eq(cln_os_process_begin(&(cln_spawn){.argv = argv}, &process, &error), CLN_IO);
    ck_assert_str_eq(error.message, "there is no program no-such-program-here");
    ck_assert_ptr_null(process);
    error = (cln_error){0};
    ck_assert_int_eq(cln_os_process_begin(&(cln_spawn){.argv = folder}, &process, &error), CLN_IO);
    ck_assert_ptr_nonnull(strstr(error.message, "cannot run /: Permission denied"));
    cln_os_process_end(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("os_process");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    tcase_add_test(ok, tells_lines_and_its_end);
    tcase_add_test(ok, gives_input_and_takes_all_output);
    tcase_add_test(edges, says_how_it_ended);
    tcase_add_test(edges, ends_what_hangs_and_what_that_has_started);
    tcase_add_test(edges, can_be_interrupted);
    tcase_add_test(edges, does_not_wait_for_a_pipe_that_a_grandchild_holds);
    tcase_add_test(edges, input_that_nobody_reads_harms_nobody);
    tcase_add_test(invalid, output_is_refused_with_what_it_said);
    tcase_add_test(invalid, a_program_that_is_not_there_is_named);
    TCase *all[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_set_timeout(all[i], 120);
        suite_add_tcase(suite, all[i]);
    }
    return run_suite(suite);
}
