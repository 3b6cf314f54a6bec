/*
 * Part of `clinear` where its lines are counted (CLINEAR_COVERAGE). The compiler has counters written when a process ends by exit(); here
 * they are also written by one that a handler ends by _exit(), and before one becomes another program. It is linked with
 * --wrap=_exit,--wrap=execvpe. What writes counters is not the program's work: none of its calls fails (host.c).
 */
#define _GNU_SOURCE /* _Fork, RTLD_DEFAULT */
#include <dlfcn.h>
#include <gcov.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

_Noreturn void __real__exit(int code);
_Noreturn void __wrap__exit(int code);
int __real_execvpe(const char *file, char *const argv[], char *const environment[]);
int __wrap_execvpe(const char *file, char *const argv[], char *const environment[]);

/* Before the destructors that write the counters, which have a priority and so come later. */
__attribute__((destructor)) static void spare_counters(void)
{
    void (*spare)(void);
    void *symbol = dlsym(RTLD_DEFAULT, "host_faults_spare");
    memcpy(&spare, &symbol, sizeof spare);
    if (spare)
        spare();
}

/* A handler may have come amid malloc(), of which writing needs the lock: a copy of the process writes, and ends where it cannot. */
void __wrap__exit(int code)
{
    enum { SECONDS = 5 };
    pid_t writer = _Fork();
    if (writer == 0) {
        sigset_t alarms;
        signal(SIGALRM, SIG_DFL);
        sigemptyset(&alarms);
        sigaddset(&alarms, SIGALRM);
        sigprocmask(SIG_UNBLOCK, &alarms, NULL);
        alarm(SECONDS);
        spare_counters();
        __gcov_dump();
        __real__exit(0);
    }
    if (writer > 0)
        waitpid(writer, NULL, 0);
    __real__exit(code);
}

int __wrap_execvpe(const char *file, char *const argv[], char *const environment[])
{
    spare_counters();
    __gcov_dump();
    __gcov_reset(); /* what is written is not written again where the program cannot be run */
    return __real_execvpe(file, argv, environment);
}
