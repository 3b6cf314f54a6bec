#define _POSIX_C_SOURCE 200809L /* O_CLOEXEC */
#include "cli/message.h"

#include "base/os.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "report/text.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    const char *command;
    bool quiet, live;
    int stdout_kept; /* descriptor */
} state = {.stdout_kept = -1};

void cln_message_command(const char *command)
{
    state.command = command;
}

void cln_message_quiet(void)
{
    state.quiet = true;
}

bool cln_message_is_quiet(void)
{
    return state.quiet;
}

bool cln_message_is_live(void)
{
    return state.live;
}

void cln_message_end_live(void)
{
    if (state.live)
        fputc('\n', stderr);
    state.live = false;
}

void cln_message_erase_live(void)
{
    if (state.live)
        fputs("\r\033[K", stderr);
    state.live = false;
}

void cln_message_live(const char *text)
{
    size_t length = strlen(text), width = cln_os_terminal_width(stderr);
    if (length >= width) { /* the last column stays free: it would wrap the line */
        length = width - 1;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) /* within a character */
            length--;
    }
    fprintf(stderr, "\r%.*s\033[K", (int)length, text);
    fflush(stderr);
    state.live = true;
}

static void write_line(const char *format, va_list arguments)
{
    char text[4096], harmless[4096];
    vsnprintf(text, sizeof text, format, arguments);
    cln_text_harmless(harmless, sizeof harmless, text);
    fprintf(stderr, "%s\n", harmless);
}

void cln_message_error(const char *format, ...)
{
    va_list arguments;
    cln_message_end_live();
    fprintf(stderr, state.command ? "clinear %s: " : "clinear: ", state.command);
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}

void cln_message_note(const char *format, ...)
{
    va_list arguments;
    if (state.quiet)
        return;
    cln_message_end_live();
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}

int cln_message_score(const char *part, const cln_score *score, int code)
{
    if (score->rows == 0 || isfinite(score->loss))
        return code;
    cln_message_error(
        "the loss of the %s part is no finite number: what the model says of its rows overflows, and counts "
        "for nothing; scale the features down",
        part);
    return code == CLN_EXIT_DONE ? CLN_EXIT_FAILED : code;
}

/* Line by line, for a build log's line breaks are its own. */
static void write_log(const char *log)
{
    while (*log) {
        char line[4096], harmless[4096];
        size_t length = strcspn(log, "\n"), kept = length < sizeof line ? length : sizeof line - 1;
        memcpy(line, log, kept);
        line[kept] = '\0';
        cln_text_harmless(harmless, sizeof harmless, line);
        fprintf(stderr, "%s\n", harmless);
        log += length + (log[length] == '\n');
    }
}

int cln_message_failure(const cln_error *error, const cln_device *device)
{
    if ((error->status == CLN_BUILD || error->status == CLN_DEVICE) && cln_interrupted_amid_failure()) {
        cln_message_error("interrupted, upon which the driver failed: %.*s", (int)strcspn(error->message, "\n"),
                          error->message);
        return CLN_EXIT_INTERRUPTED;
    }
    if (error->status == CLN_BUILD && device) {
        cln_message_error("%.*s", (int)strcspn(error->message, "\n"), error->message);
        write_log(cln_device_build_log(device));
    } else {
        cln_message_error("%s", error->message);
    }
    return error->status == CLN_INVALID ? CLN_EXIT_USAGE : CLN_EXIT_FAILED;
}

void cln_message_hush_stdout(void)
{
    fflush(stdout);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    state.stdout_kept = nowhere < 0 ? -1 : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (state.stdout_kept >= 0)
        dup2(nowhere, STDOUT_FILENO);
    if (nowhere >= 0)
        close(nowhere);
}

void cln_message_restore_stdout(void)
{
    if (state.stdout_kept < 0)
        return;
    fflush(stdout);
    dup2(state.stdout_kept, STDOUT_FILENO);
    close(state.stdout_kept);
    state.stdout_kept = -1;
}

void cln_message_guard_streams(void)
{
    for (int descriptor = 0; descriptor <= 2; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) != descriptor)
            _exit(CLN_EXIT_FAILED);
}

int cln_message_finish(int code)
{
    cln_message_end_live();
    bool failed_before = ferror(stdout);
    errno = 0;
    if (fflush(stdout) == 0 && !failed_before)
        return code;
    if (failed_before && errno == 0)
        cln_message_error("cannot write the results to the standard output");
    else
        cln_message_error("cannot write the results to the standard output: %s", strerror(errno));
    return code == CLN_EXIT_DONE ? CLN_EXIT_FAILED : code;
}
