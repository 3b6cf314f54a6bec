#define _POSIX_C_SOURCE 200809L /* sigaction, timer_create */
#include "cli/interrupt.h"

#include "base/number.h"
#include "base/os.h"
#include "base/size.h"
#include "cli/command.h"
#include "cli/message.h"

#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted, deferred;
static volatile sig_atomic_t timed_out; /* before or after another request */
enum { FIRST = 1, LATER };
static const char *_Atomic doing_now = "starting";
static char timeout_words[64]; /* "--timeout 5" */
static const double grace_seconds = 10;

/* ---- only what is safe in a handler: no stdio, no exit */

static void say(const char *text)
{
    static volatile sig_atomic_t begun;
    if (!begun && cln_message_is_live() && write(STDERR_FILENO, "\n", 1) < 0)
        return;
    begun = 1;
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        return; /* nobody hears it */
}

static void quit(int code)
{
    cln_os_leave_nothing();
    _exit(code);
}

static void on_request(int signal_number)
{
    (void)signal_number;
    if (deferred && !interrupted) {
        interrupted = 1;
        return;
    }
    if (!cln_message_is_quiet())
        say(deferred ? "interrupted again; nothing more is written\n"
                     : "interrupted before there was a result; nothing is written\n");
    quit(CLN_EXIT_INTERRUPTED);
}

/* The first time, or the grace after it. */
static void on_timeout(int signal_number)
{
    (void)signal_number;
    if (deferred && !timed_out) {
        timed_out = interrupted ? LATER : FIRST;
        interrupted = 1;
        return;
    }
    say("clinear: ended by ");
    say(timeout_words);
    say(" while it was ");
    say(doing_now);
    say(timed_out ? ", for it did not stop when it was asked to; nothing more is written\n" : "; nothing is written\n");
    quit(CLN_EXIT_FAILED);
}

static void on_pipe(int signal_number)
{
    cln_os_leave_nothing();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* ---- crashes: of drivers, nearly always, and of these nearly always by what they find in their caches */

static const int crashes[] = {SIGBUS, SIGSEGV, SIGILL, SIGFPE, SIGABRT};
static const char *const crash_names[] = {"SIGBUS", "SIGSEGV", "SIGILL", "SIGFPE", "SIGABRT"};
static char pocl_cache[4096]; /* where PoCL keeps compiled kernels; "" where nobody can say */
static atomic_flag crashed = ATOMIC_FLAG_INIT;
static bool crashes_told;

/* Says the remedy, then the process ends by the signal as it would have. Other threads that crash meanwhile wait for that. */
static void on_crash(int signal_number)
{
    const char *name = "a signal";
    bool known = *pocl_cache && access(pocl_cache, F_OK) == 0;
    while (atomic_flag_test_and_set(&crashed))
        pause();
    for (size_t i = 0; i < CLN_COUNT(crashes); i++)
        name = crashes[i] == signal_number ? crash_names[i] : name;
    say("clinear: ended by ");
    say(name);
    say(" while it was ");
    say(doing_now);
    say("; a driver crashes where its cache of compiled kernels is damaged: ");
    say(known ? "remove PoCL's, " : "remove that cache");
    say(known ? pocl_cache : "");
    say(", and try again, or take another --device\n");
    cln_os_leave_nothing();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* As PoCL finds it. */
static void find_pocl_cache(void)
{
    const char *own = getenv("POCL_CACHE_DIR"), *caches = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int length = own      ? snprintf(pocl_cache, sizeof pocl_cache, "%s", own)
                 : caches ? snprintf(pocl_cache, sizeof pocl_cache, "%s/pocl/kcache", caches)
                 : home   ? snprintf(pocl_cache, sizeof pocl_cache, "%s/.cache/pocl/kcache", home)
                          : snprintf(pocl_cache, sizeof pocl_cache, "/tmp/pocl/kcache");
    if (length >= (int)sizeof pocl_cache)
        pocl_cache[0] = '\0';
    for (char *c = pocl_cache; *c; c++) /* what a terminal cannot take; there is no such folder then */
        *c = (unsigned char)*c < ' ' || *c == 127 ? '?' : *c;
}

static void watch_crash(int signal_number)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_crash;
    sigfillset(&action.sa_mask); /* a crash in the handler ends the process at once */
    sigaction(signal_number, &action, NULL);
}

/* Not where somebody else (a sanitizer) has an eye on it. */
static void watch_crashes(void)
{
    struct sigaction present;
    crashes_told = true;
    for (size_t i = 0; i < CLN_COUNT(crashes); i++)
        if (sigaction(crashes[i], NULL, &present) == 0 && present.sa_handler == SIG_DFL)
            watch_crash(crashes[i]);
}

/* ---- */

static void watch(int signal_number, void (*handler)(int))
{
    struct sigaction action, present;
    if (sigaction(signal_number, NULL, &present) == 0 && present.sa_handler == SIG_IGN)
        return;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask); /* one at a time */
    if (signal_number == SIGPIPE)
        sigdelset(&action.sa_mask, SIGPIPE); /* which it raises again */
    sigaction(signal_number, &action, NULL);
}

/* Compilers within drivers (LLVM) take the signals over to remove their files, and then raise them again for these handlers. What a
   process was started with must not hide how its own processes end, nor end it where a file may not grow, which is said like a full disk. */
void cln_interrupt_watch(bool tell_crashes)
{
    signal(SIGCHLD, SIG_DFL);
    signal(SIGXFSZ, SIG_IGN);
    watch(SIGINT, on_request);
    watch(SIGTERM, on_request);
    watch(SIGHUP, on_request);
    watch(SIGPIPE, on_pipe);
    find_pocl_cache();
    if (tell_crashes)
        watch_crashes();
}

const char *cln_interrupt_kernel_cache(void)
{
    return access(pocl_cache, F_OK) == 0 ? pocl_cache : "";
}

void cln_interrupt_defer(void)
{
    deferred = 1;
}

bool cln_interrupted(void)
{
    return interrupted != 0;
}

bool cln_interrupted_amid_failure(void)
{
    for (int i = 0; i < 10 && !interrupted; i++)
        nanosleep(&(struct timespec){0, 10 * 1000 * 1000}, NULL);
    return cln_interrupted();
}

static struct timespec after(double seconds)
{
    double whole = floor(seconds);
    struct timespec at = {(time_t)whole, (long)((seconds - whole) * 1e9)};
    if (at.tv_sec == 0 && at.tv_nsec == 0)
        at.tv_nsec = 1; /* 0 would be never */
    return at;
}

cln_status cln_interrupt_timeout(const char *seconds, cln_error *error)
{
    double number;
    timer_t timer;
    struct sigaction action;
    sigset_t own;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    if (!seconds)
        return CLN_OK;
    if (!cln_parse_real(seconds, &number) || !(number > 0) || number > 1e6)
        return cln_fail(error, CLN_INVALID, "option --timeout: '%s' is no number of seconds above 0, up to 1000000",
                        seconds);
    snprintf(timeout_words, sizeof timeout_words, "--timeout after %g s", number);
    memset(&action, 0, sizeof action);
    action.sa_handler = on_timeout;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    sigemptyset(&own);
    sigaddset(&own, SIGALRM);
    const struct itimerspec times = {.it_value = after(number), .it_interval = after(grace_seconds)};
    if (sigaction(SIGALRM, &action, NULL) != 0 || sigprocmask(SIG_UNBLOCK, &own, NULL) != 0 ||
        timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 || timer_settime(timer, 0, &times, NULL) != 0)
        return cln_fail(error, CLN_IO, "option --timeout: the system has no timer left");
    return CLN_OK;
}

/* LLVM's handlers give a crash back to these, but for abort(), which asks only once: that one is taken over again. */
void cln_interrupt_doing(const char *doing)
{
    doing_now = doing;
    if (crashes_told)
        watch_crash(SIGABRT);
}

int cln_interrupt_code(int code)
{
    if (code != CLN_EXIT_INTERRUPTED || timed_out != FIRST)
        return code;
    cln_message_error("stopped by %s", timeout_words);
    return CLN_EXIT_FAILED;
}
