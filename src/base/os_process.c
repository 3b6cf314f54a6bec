#define _GNU_SOURCE /* pipe2, execvpe, memrchr */
#include "base/os.h"
#include "base/os_leftovers.h"
#include "base/size.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MOST = 1 << 20, SAID_MOST = 400 };

extern char **environ;

struct cln_process {
    pid_t pid;
    bool ended; /* it has been waited for: `state` says how it ended */
    int state;
    int in, out, err; /* our ends of its pipes; −1 where closed */
    const char *input;
    size_t input_left;
    char *text; /* (used) what it has written and nobody has taken, in (room) bytes; `taken` are to be dropped */
    size_t used, room, taken;
    bool broken;              /* a line was too long, or memory short */
    int failure;              /* errno of a pipe that failed; 0: none */
    char said[SAID_MOST + 1]; /* the end of its stderr */
    char line[SAID_MOST + 1]; /* its last line, for _said */
};

/* ---- starting it */

static bool is_changed(const char *entry, const char *const *changes)
{
    size_t length = strcspn(entry, "=");
    for (; changes && *changes; changes++)
        if (strcspn(*changes, "=") == length && strncmp(*changes, entry, length) == 0)
            return true;
    return false;
}

/* The environment with the changes; the strings are borrowed. NULL where memory is short. */
static char **make_environment(const char *const *changes)
{
    size_t count = 0, made = 0;
    for (char **entry = environ; *entry; entry++)
        count++;
    for (const char *const *change = changes; change && *change; change++)
        count++;
    char **all = calloc(count + 1, sizeof *all);
    if (!all)
        return NULL;
    for (char **entry = environ; *entry; entry++)
        if (!is_changed(*entry, changes))
            all[made++] = *entry;
    for (; changes && *changes; changes++)
        if (strchr(*changes, '='))
            all[made++] = (char *)*changes;
    return all;
}

/* In the child: what it says on `failure` is errno where the program cannot be run. */
static void become(const cln_spawn *spawn, char **environment, const int streams[3], int failure, pid_t parent,
                   const sigset_t *signals)
{
    static const int endings[] = {SIGTERM, SIGHUP, SIGALRM};
    struct sigaction present;
    setpgid(0, 0); /* so that it ends with all that it starts, and a Ctrl-C is this process's to pass on */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    for (int i = 0; i < 3; i++)
        if (dup2(streams[i], i) < 0)
            _exit(127);
    signal(SIGINT, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    for (size_t i = 0; i < CLN_COUNT(endings); i++) /* what is left here of our handlers must not run */
        if (sigaction(endings[i], NULL, &present) == 0 && present.sa_handler != SIG_IGN)
            signal(endings[i], SIG_DFL);
    cln_leftovers_release(signals);
    execvpe(spawn->argv[0], (char *const *)spawn->argv, environment);
    int code = errno;
    if (write(failure, &code, sizeof code) < 0)
        _exit(126);
    _exit(127);
}

static void close_end(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

static void close_pair(int pair[2])
{
    close_end(&pair[0]);
    close_end(&pair[1]);
}

/* Descriptors above the standard streams, so that becoming them in the child cannot close another. */
static bool open_pipe(int pair[2])
{
    int low[2];
    if (pipe2(low, O_CLOEXEC) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        pair[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 3);
        close(low[i]);
    }
    return pair[0] >= 0 && pair[1] >= 0;
}

/* Its id, or -1 with errno. */
static pid_t start(const cln_spawn *spawn, char **environment, const int streams[3], int failure)
{
    sigset_t before;
    pid_t parent = getpid();
    cln_leftovers_hold(&before);
    pid_t pid = fork();
    if (pid == 0)
        become(spawn, environment, streams, failure, parent, &before);
    int cause = errno;
    if (pid > 0) {
        setpgid(pid, pid);
        cln_leftovers_add_process(pid);
    }
    cln_leftovers_release(&before);
    errno = cause;
    return pid;
}

/* Whether it has ended by now, or waits until it has. */
static void reap(cln_process *p, bool wait)
{
    sigset_t before;
    cln_leftovers_hold(&before);
    pid_t got = waitpid(p->pid, &p->state, wait ? 0 : WNOHANG);
    p->ended = wait || got == p->pid || (got < 0 && errno != EINTR);
    if (p->ended)
        cln_leftovers_drop_process(p->pid); /* its number may be another's from now on */
    cln_leftovers_release(&before);
}

cln_status cln_os_process_begin(const cln_spawn *spawn, cln_process **process, cln_error *error)
{
    cln_status status;
    cln_process *p = NULL;
    char **environment = NULL;
    int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, failure[2] = {-1, -1}, code = 0;
    *process = NULL;
    TRY(cln_allocate((void **)&p, 1, sizeof *p, "a process", error));
    p->pid = -1;
    p->in = p->out = p->err = -1;
    environment = make_environment(spawn->changes);
    if (!environment) {
        status = cln_fail_memory(error, "an environment", 0);
        goto out;
    }
    if (!open_pipe(in) || !open_pipe(out) || !open_pipe(err) || !open_pipe(failure) ||
        (p->pid = start(spawn, environment, (const int[]){in[0], out[1], err[1]}, failure[1])) < 0) {
        status = cln_fail(error, CLN_IO, "cannot start %s: %s", spawn->argv[0], strerror(errno));
        goto out;
    }
    close_end(&failure[1]);
    if (read(failure[0], &code, sizeof code) == (ssize_t)sizeof code) {
        status = code == ENOENT ? cln_fail(error, CLN_IO, "there is no program %s", spawn->argv[0])
                                : cln_fail(error, CLN_IO, "cannot run %s: %s", spawn->argv[0], strerror(code));
        goto out;
    }
    p->in = in[1];
    p->out = out[0];
    p->err = err[0];
    in[1] = out[0] = err[0] = -1;
    fcntl(p->in, F_SETFL, O_NONBLOCK);
    fcntl(p->out, F_SETFL, O_NONBLOCK);
    fcntl(p->err, F_SETFL, O_NONBLOCK);
    p->input = spawn->input;
    p->input_left = spawn->input ? spawn->input_bytes : 0;
    if (p->input_left == 0)
        close_end(&p->in);
    *process = p;
    p = NULL;
out:
    close_pair(in);
    close_pair(out);
    close_pair(err);
    close_pair(failure);
    free(environment);
    cln_os_process_end(p);
    return status;
}

/* ---- hearing it */

static void feed(cln_process *p)
{
    void (*before)(int) = signal(SIGPIPE, SIG_IGN); /* one that does not read its input is told by its exit */
    ssize_t wrote = write(p->in, p->input, p->input_left);
    signal(SIGPIPE, before);
    if (wrote > 0) {
        p->input += wrote;
        p->input_left -= (size_t)wrote;
    }
    bool failed = wrote < 0 && errno != EAGAIN && errno != EINTR;
    if (failed && errno != EPIPE) /* it may end without having read all */
        p->failure = errno;
    if (p->input_left == 0 || failed)
        close_end(&p->in);
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
            close_end(&p->out);
            return;
        }
        p->text = text;
        p->room = room;
    }
    ssize_t got = read(p->out, p->text + p->used, p->room - p->used - 1);
    if (got > 0) {
        p->used += (size_t)got;
    } else if (got == 0) {
        close_end(&p->out);
    } else if (errno != EAGAIN && errno != EINTR) {
        p->failure = errno;
        close_end(&p->out);
    }
}

static void take_err(cln_process *p)
{
    char got[4096];
    ssize_t count = read(p->err, got, sizeof got);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
        close_end(&p->err);
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
    struct pollfd ends[] = {{p->out, POLLIN, 0}, {p->err, POLLIN, 0}, {p->in, POLLOUT, 0}};
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
        if (process->broken || unread > LINE_MOST || process->out < 0) {
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
    while (!late && process->out >= 0 && process->used <= most)
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
    while (!process->ended && !late) {
        reap(process, false);
        now = cln_os_seconds();
        late = !process->ended && now >= until;
        if (process->ended || late)
            break;
        /* What it says is heard meanwhile, so that it does not wait for us. */
        if (process->used > LINE_MOST || (process->out < 0 && process->err < 0))
            poll(NULL, 0, 2);
        else
            exchange(process, fmin(until, now + 0.01));
    }
    while (process->err >= 0 && exchange(process, cln_os_seconds() + 1e-3)) /* its last words */
        ;
    int state = process->state;
    if (late) {
        kill(-process->pid, SIGKILL);
        reap(process, true);
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
    if (!process->ended)
        kill(-process->pid, SIGINT);
}

void cln_os_process_end(cln_process *process)
{
    if (!process)
        return;
    if (process->pid > 0) {
        kill(-process->pid, SIGKILL); /* what it has started, too */
        if (!process->ended)
            reap(process, true);
    }
    close_end(&process->in);
    close_end(&process->out);
    close_end(&process->err);
    free(process->text);
    free(process);
}

bool cln_os_own_program(char path[CLN_OS_PATH_BYTES])
{
    ssize_t length = readlink("/proc/self/exe", path, CLN_OS_PATH_BYTES - 1);
    path[length > 0 ? length : 0] = '\0';
    return length > 0 && length < CLN_OS_PATH_BYTES - 1;
}
