#include "cli/isolation.h"

#include "cli/interrupt.h"
#include "report/text.h"

#include <math.h>
#include <string.h>

static const double look_seconds = 0.1; /* how often we look whether the user wants no more */
static const double last_seconds = 3;   /* that one has to tell what it has, or to end */

typedef struct hearing {
    const cln_isolated *work;
    cln_process *process;
    double until, heard; /* by the clock: its end, and its last word */
    bool interrupted;
    uint32_t told;   /* devices and rows, so far */
    char doing[256]; /* what it was at, or "" */
    cln_wire_line line;
} hearing;

/* Words about one that did not get to its end. */
static void explain(const hearing *h, const char *words, char reason[512])
{
    char text[6000];
    const char *said = cln_os_process_said(h->process);
    const char *cache = strstr(words, "signal") ? cln_interrupt_kernel_cache() : "";
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s", words, *h->doing ? " during " : "", h->doing,
             *said ? "; the last that it said: " : "", said,
             *cache ? "; a damaged cache of compiled kernels is one cause: remove PoCL's, " : "", cache);
    cln_text_harmless(reason, 512, text);
}

static cln_isolated_end end_of(hearing *h, char reason[512])
{
    char words[200];
    cln_os_process_wait(h->process, last_seconds, words, NULL);
    explain(h, *words ? words : "it ended without a word", reason);
    return CLN_ISOLATED_FAILED;
}

static cln_isolated_end late(const hearing *h, bool silent, char reason[512])
{
    char words[100];
    snprintf(words, sizeof words, silent ? "it told nothing for %.0f s" : "it did not end within %.0f s",
             silent ? h->work->silence : h->work->seconds);
    explain(h, words, reason);
    return CLN_ISOLATED_LATE;
}

/* A line that it has told; true for its last. */
static bool take_line(hearing *h, const char *text)
{
    cln_wire_read(text, &h->line);
    if (h->line.kind == CLN_WIRE_DONE)
        return true;
    h->told += h->line.kind == CLN_WIRE_DEVICE || h->line.kind == CLN_WIRE_ROW;
    if (h->line.kind == CLN_WIRE_PROGRESS)
        snprintf(h->doing, sizeof h->doing, "%s", h->line.progress.doing);
    if (h->line.kind != CLN_WIRE_NOTHING && h->work->heard)
        h->work->heard(&h->line, h->work->user);
    return false;
}

static void pass_interrupt_on(hearing *h)
{
    h->interrupted = true;
    h->until = fmin(h->until, cln_os_seconds() + last_seconds);
    cln_os_process_interrupt(h->process);
}

static cln_isolated_end hear(hearing *h, bool *ok, char reason[512])
{
    cln_line_state state;
    for (;;) {
        if (cln_interrupted() && !h->interrupted)
            pass_interrupt_on(h);
        double now = cln_os_seconds(), left = h->until - now;
        bool silent = h->work->silence > 0 && now - h->heard > h->work->silence;
        const char *text = cln_os_process_line(h->process, fmin(left, look_seconds), &state);
        if (state == CLN_LINE_READ) {
            h->heard = cln_os_seconds();
            if (take_line(h, text))
                break;
        } else if (state == CLN_LINE_END) {
            return end_of(h, reason);
        } else if (left <= 0 || silent) {
            return late(h, left > 0, reason);
        } else if (h->work->heard) {
            h->line.kind = CLN_WIRE_NOTHING;
            h->work->heard(&h->line, h->work->user);
        }
    }
    char words[200];
    cln_os_process_wait(h->process, last_seconds, words, NULL); /* how it ends does not matter any more */
    bool lost = h->told != h->line.told;
    if (lost && !*h->line.message)
        snprintf(h->line.message, sizeof h->line.message,
                 "%u of its %u results arrived: memory is short, or a pipe broke", (unsigned)h->told,
                 (unsigned)h->line.told);
    *ok = h->line.ok && !*h->line.message;
    cln_text_harmless(reason, 512, h->line.message);
    return *h->line.message ? CLN_ISOLATED_FAILED : CLN_ISOLATED_DONE;
}

/* Pointers to what starts the process; false where there are too many of them. */
static bool compose(const cln_isolated *work, const char *program, char place[16], const char *argv[24],
                    const char *changes[24])
{
    size_t words = 0, changed = 0;
    argv[words++] = program;
    argv[words++] = CLN_ISOLATED_WORD;
    argv[words++] = work->work;
    if (work->device) {
        snprintf(place, 16, "%d", work->device->place);
        argv[words++] = place;
        argv[words++] = work->device->device.name;
        if (*work->device->setting)
            changes[changed++] = work->device->setting;
    }
    for (const char *const *more = work->arguments; more && *more && words < 23; more++)
        argv[words++] = *more;
    for (const char *const *more = work->changes; more && *more && changed < 23; more++)
        changes[changed++] = *more;
    argv[words] = changes[changed] = NULL;
    return words < 23 && changed < 23;
}

cln_isolated_end cln_isolated_run(const cln_isolated *work, bool *ok, char reason[512])
{
    char program[CLN_OS_PATH_BYTES], place[16];
    const char *argv[24], *changes[24];
    cln_error error = {0};
    double now = cln_os_seconds();
    hearing h = {.work = work, .until = now + work->seconds, .heard = now};
    *ok = false;
    *reason = '\0';
    if (!cln_os_own_program(program) || !compose(work, program, place, argv, changes)) {
        snprintf(reason, 512, "this program cannot be started again");
        return CLN_ISOLATED_FAILED;
    }
    if (cln_os_process_begin(&(cln_spawn){.argv = argv, .changes = changes}, &h.process, &error) != CLN_OK) {
        cln_text_harmless(reason, 512, error.message);
        return CLN_ISOLATED_FAILED;
    }
    cln_isolated_end end = hear(&h, ok, reason);
    cln_os_process_end(h.process);
    if (h.interrupted) {
        *ok = false;
        snprintf(reason, 512, "interrupted");
        end = CLN_ISOLATED_INTERRUPTED;
    }
    return end;
}
