#define _POSIX_C_SOURCE 200809L /* sigaction */
#include "cli/interrupt.h"

#include "cli/command.h"
#include "cli/message.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted, deferred;

/* Only what is safe in a handler: no stdio, no exit. */
static void quit(const char *text)
{
    if (!cln_message_is_quiet() && write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit(CLN_EXIT_INTERRUPTED);
    _exit(CLN_EXIT_INTERRUPTED);
}

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    if (!deferred)
        quit("interrupted before there was a result; nothing is written\n");
    if (interrupted)
        quit("\ninterrupted again; nothing more is written\n");
    interrupted = 1;
}

/* Compilers within drivers (LLVM) take the signal over to remove their files, and then raise it again for this handler. */
void cln_interrupt_watch(void)
{
    struct sigaction action, present;
    if (sigaction(SIGINT, NULL, &present) == 0 && present.sa_handler == SIG_IGN)
        return;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

void cln_interrupt_defer(void)
{
    deferred = 1;
}

bool cln_interrupted(void)
{
    return interrupted != 0;
}
