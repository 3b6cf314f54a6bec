/* What goes between this program and one that runs beside it: its input, its lines, its last words and how it ended. */
#define _GNU_SOURCE /* strsignal; a signal() that does not reset */
#include "base/os_child.h"
#include "base/size.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MOST = 1 << 20, SAID_MOST = 400 };

struct cln_process {
    cln_child child;
    const char *input;
    size_t input_left;
    char *text; /* (used) what it has written and nobody has taken, in (room) bytes; `taken` are to be dropped */
    size_t used, room, taken;
    bool broken;              /* a line was too long, or memory short */
    int failure;              /* errno of a pipe that failed; 0: none */
    char said[SAID_MOST + 1]; /* the end of its stderr */
    char line[SAID_MOST + 1]; /* its last line, for _said */
};

cln_status cln_os_process_begin(const cln_spawn *spawn, cln_process **process, cln_error *error)
{
    cln_status status;
    cln_process *p = NULL;
    *process = NULL;
    TRY(cln_allocate((void **)&p, 1, sizeof *p, "a process", error));
    TRY(cln_child_begin(spawn, &p->child, error));
    p->input = spawn->input;
    p->input_left = spawn->input ? spawn->input_bytes : 0;
    if (p->input_left == 0)
        cln_child_close(&p->child.in);
    *process = p;
    p = NULL;
out:
    free(p);
    return status;
}

/* ---- hearing it */

static void feed(cln_process *p)
{
    void (*before)(int) = signal(SIGPIPE, SIG_IGN); /* one that does not read its input is told by its exit */
    ssize_t wrote = write(p->child.in, p->input, p->input_left);
    signal(SIGPIPE, before);
    if (wrote > 0) {
        p->input += wrote;
        p->input_left -= (size_t)wrote;
    }
    bool failed = wrote < 0 && errno != EAGAIN && errno != EINTR;
    if (failed && errno != EPIPE) /* it may end without having read all */
        p->failure = errno;
    if (p->input_left == 0 || failed)
        cln_child_close(&p->child.in);
}

static void take_out(cln_process *p)
{
    if (p->taken > 0)
        memmove(p->text, p->text + p->taken, p->used - p->taken);
    p->used -= p->taken;
    p->taken = 0;
    if (p->room - p->used < 4097) {
        size_t room = p->room + (p->room ? p->room : 65536);
        char *text = realloc(p->text, room);
        if (!text) {
            p->broken = true;
            cln_child_close(&p->child.out);
            return;
        }
        p->text = text;
        p->room = room;
    }
    ssize_t got = read(p->child.out, p->text + p->used, p->room - p->used - 1);
    if (got > 0) {
        p->used += (size_t)got;
    } else if (got == 0) {
        cln_child_close(&p->child.out);
    } else if (errno != EAGAIN && errno != EINTR) {
        p->failure = errno;
        cln_child_close(&p->child.out);
    }
}

static void take_err(cln_process *p)
{
    char got[4096];
    ssize_t count = read(p->child.err, got, sizeof got);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
        cln_child_close(&p->child.err);
    if (count <= 0)
        return;
    size_t length = strlen(p->said), more = (size_t)count < SAID_MOST ? (size_t)count : SAID_MOST;
    size_t kept = length + more > SAID_MOST ? SAID_MOST - more : length;
    memmove(p->said, p->said + length - kept, kept);
    memcpy(p->said + kept, got + count - more, more);
    p->said[kept + more] = '\0';
    for (size_t i = 0; i < kept + more; i++)
        if (!p->said[i])
            p->said[i] = '?';
}

/* Waits for something to read or write until the clock says `until`, and does it. False where that time is over. */
static bool exchange(cln_process *p, double until)
{
    struct pollfd ends[] = {{p->child.out, POLLIN, 0}, {p->child.err, POLLIN, 0}, {p->child.in, POLLOUT, 0}};
    double left = until - cln_os_seconds();
    if (left <= 0)
        return false;
    int ready = poll(ends, CLN_COUNT(ends), left > 1e6 ? 1000000000 : (int)ceil(left * 1000));
    if (ready <= 0)
        return ready < 0 && errno == EINTR;
    if (ends[2].revents)
        feed(p);
    if (ends[0].revents)
        take_out(p);
    if (ends[1].revents)
        take_err(p);
    return true;
}

const char *cln_os_process_line(cln_process *process, double seconds, cln_line_state *state)
{
    double until = cln_os_seconds() + seconds;
    for (;;) {
        size_t unread = process->used - process->taken;
        char *line = process->text ? process->text + process->taken : NULL;
        char *end = unread ? memchr(line, '\n', unread) : NULL;
        if (end) {
            *end = '\0';
            process->taken += (size_t)(end - line) + 1;
            *state = CLN_LINE_READ;
            return line;
        }
        if (process->broken || unread > LINE_MOST || process->child.out < 0) {
            *state = CLN_LINE_END;
            return NULL;
        }
        if (!exchange(process, until)) {
            *state = CLN_LINE_LATE;
            return NULL;
        }
    }
}

cln_status cln_os_process_output(cln_process *process, double seconds, size_t most, char **output, size_t *size,
                                 cln_error *error)
{
    double until = cln_os_seconds() + seconds;
    char words[200];
    bool late = false;
    *output = NULL;
    while (!late && process->child.out >= 0 && process->used <= most)
        late = !exchange(process, until);
    if (process->broken)
        return cln_fail_memory(error, "the output of a program", process->used);
    if (process->used > most)
        return cln_fail(error, CLN_IO, "it wrote more than %zu bytes", most);
    cln_os_process_wait(process, until - cln_os_seconds(), words, NULL);
    if (*words) {
        const char *said = cln_os_process_said(process);
        return cln_fail(error, CLN_IO, "%s%s%s", words, *said ? ": " : "", said);
    }
    if (process->failure) /* so that half of it is not taken for all */
        return cln_fail(error, CLN_IO, "its input or output was cut: %s", strerror(process->failure));
    cln_status status = cln_allocate((void **)output, process->used + 1, 1, "the output of a program", error);
    if (status == CLN_OK && process->used)
        memcpy(*output, process->text, process->used);
    *size = status == CLN_OK ? process->used : 0;
    return status;
}

/* ---- its end */

void cln_os_process_wait(cln_process *process, double seconds, char words[200], int *code)
{
    double now, until = cln_os_seconds() + seconds;
    bool late = false;
    while (!process->child.ended && !late) {
        cln_child_reap(&process->child, false);
        now = cln_os_seconds();
        late = !process->child.ended && now >= until;
        if (process->child.ended || late)
            break;
        /* What it says is heard meanwhile, so that it does not wait for us. */
        if (process->used > LINE_MOST || (process->child.out < 0 && process->child.err < 0))
            poll(NULL, 0, 2);
        else
            exchange(process, fmin(until, now + 0.01));
    }
    while (process->child.err >= 0 && exchange(process, cln_os_seconds() + 1e-3)) /* its last words */
        ;
    int state = process->child.state;
    if (late) {
        kill(-process->child.pid, SIGKILL);
        cln_child_reap(&process->child, true);
        snprintf(words, 200, "it did not end in time");
    } else if (WIFSIGNALED(state)) {
        snprintf(words, 200, "it was ended by signal %d (%s)", WTERMSIG(state), strsignal(WTERMSIG(state)));
    } else if (WEXITSTATUS(state) != 0) {
        snprintf(words, 200, "it exited with status %d", WEXITSTATUS(state));
    } else {
        *words = '\0';
    }
    if (code)
        *code = !late && WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

const char *cln_os_process_said(const cln_process *process)
{
    char *line = ((cln_process *)process)->line;
    const char *end = process->said + strlen(process->said);
    while (end > process->said && strchr("\n\r ", end[-1]))
        end--;
    const char *begin = end;
    while (begin > process->said && begin[-1] != '\n' && begin[-1] != '\r')
        begin--;
    snprintf(line, sizeof process->line, "%.*s", (int)(end - begin), begin);
    return line;
}

void cln_os_process_interrupt(cln_process *process)
{
    if (!process->child.ended)
        kill(-process->child.pid, SIGINT);
}

void cln_os_process_end(cln_process *process)
{
    if (!process)
        return;
    cln_child_end(&process->child);
    free(process->text);
    free(process);
}
