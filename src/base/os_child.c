/* How a program is begun beside this one, and ended with all that it has started. */
#define _GNU_SOURCE /* pipe2, execvpe */
#include "base/os_child.h"

#include "base/os_leftovers.h"
#include "base/size.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

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

void cln_child_close(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

static void close_pair(int pair[2])
{
    cln_child_close(&pair[0]);
    cln_child_close(&pair[1]);
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

void cln_child_reap(cln_child *child, bool wait)
{
    sigset_t before;
    cln_leftovers_hold(&before);
    pid_t got = waitpid(child->pid, &child->state, wait ? 0 : WNOHANG);
    child->ended = wait || got == child->pid || (got < 0 && errno != EINTR);
    if (child->ended)
        cln_leftovers_drop_process(child->pid); /* its number may be another's from now on */
    cln_leftovers_release(&before);
}

cln_status cln_child_begin(const cln_spawn *spawn, cln_child *child, cln_error *error)
{
    cln_status status = CLN_OK;
    int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, failure[2] = {-1, -1}, code = 0;
    char **environment = make_environment(spawn->changes);
    *child = (cln_child){-1, false, 0, -1, -1, -1};
    if (!environment) {
        status = cln_fail_memory(error, "an environment", 0);
        goto out;
    }
    if (!open_pipe(in) || !open_pipe(out) || !open_pipe(err) || !open_pipe(failure) ||
        (child->pid = start(spawn, environment, (const int[]){in[0], out[1], err[1]}, failure[1])) < 0) {
        status = cln_fail(error, CLN_IO, "cannot start %s: %s", spawn->argv[0], strerror(errno));
        goto out;
    }
    cln_child_close(&failure[1]);
    if (read(failure[0], &code, sizeof code) == (ssize_t)sizeof code) {
        status = code == ENOENT ? cln_fail(error, CLN_IO, "there is no program %s", spawn->argv[0])
                                : cln_fail(error, CLN_IO, "cannot run %s: %s", spawn->argv[0], strerror(code));
        goto out;
    }
    child->in = in[1];
    child->out = out[0];
    child->err = err[0];
    in[1] = out[0] = err[0] = -1;
    fcntl(child->in, F_SETFL, O_NONBLOCK);
    fcntl(child->out, F_SETFL, O_NONBLOCK);
    fcntl(child->err, F_SETFL, O_NONBLOCK);
out:
    close_pair(in);
    close_pair(out);
    close_pair(err);
    close_pair(failure);
    free(environment);
    if (status != CLN_OK)
        cln_child_end(child);
    return status;
}

void cln_child_end(cln_child *child)
{
    if (child->pid > 0) {
        kill(-child->pid, SIGKILL); /* what it has started, too */
        if (!child->ended)
            cln_child_reap(child, true);
    }
    cln_child_close(&child->in);
    cln_child_close(&child->out);
    cln_child_close(&child->err);
}

/* A program whose file was replaced or removed since has no path any more, but can be started again by what the system shows of it. */
bool cln_os_own_program(char path[CLN_OS_PATH_BYTES])
{
    static const char self[] = "/proc/self/exe";
    ssize_t length = readlink(self, path, CLN_OS_PATH_BYTES - 1);
    path[length > 0 ? length : 0] = '\0';
    if (length > 0 && !cln_os_same_file(path, self))
        snprintf(path, CLN_OS_PATH_BYTES, "%s", self);
    return length > 0;
}
