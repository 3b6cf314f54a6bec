#define _POSIX_C_SOURCE 200809L /* sigaction */
#include "cli/interrupt.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t interrupted;

static void note_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

void cln_interrupt_watch(void)
{
    struct sigaction action, present;
    if (sigaction(SIGINT, NULL, &present) == 0 && present.sa_handler == SIG_IGN)
        return;
    memset(&action, 0, sizeof action);
    action.sa_handler = note_interrupt;
    action.sa_flags = (int)SA_RESETHAND | SA_RESTART; /* the second has its usual effect again */
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

bool cln_interrupted(void)
{
    return interrupted != 0;
}
