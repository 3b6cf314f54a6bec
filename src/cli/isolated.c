#define _POSIX_C_SOURCE 200809L /* F_DUPFD_CLOEXEC, fdopen */
#include "cli/isolated.h"

#include "base/number.h"
#include "base/os.h"
#include "base/size.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/isolation.h"
#include "cli/message.h"
#include "report/text.h"
#include "report/wire.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static FILE *wire;
static uint32_t told; /* devices and rows */
static const double told_seconds = 0.2;

void cln_isolated_row(const cln_measurement *row, void *user)
{
    (void)user;
    cln_wire_row(row, wire);
    told++;
}

/* What it is at is told at once, so that one that dies is known to have been at it; the time is told now and then. */
int cln_isolated_progress(const cln_measure_progress *progress, void *user)
{
    static char doing[256];
    static double last;
    char now[sizeof doing];
    double seconds = cln_os_seconds();
    (void)user;
    snprintf(now, sizeof now, "%s", progress->doing);
    if (strcmp(now, doing) != 0 || seconds - last >= told_seconds) {
        memcpy(doing, now, sizeof doing);
        last = seconds;
        cln_wire_progress(progress, wire);
    }
    return cln_interrupted();
}

static cln_status list_devices(cln_device *device, const char *const *arguments, bool *ok, cln_error *error)
{
    cln_status status;
    cln_device_info *list = NULL;
    size_t count = 0;
    (void)device;
    (void)arguments;
    TRY(cln_device_list(&list, &count, error));
    for (size_t i = 0; i < count; i++, told++)
        cln_wire_device(&list[i], wire);
    *ok = true;
out:
    cln_device_list_free(list);
    return status;
}

static const struct {
    const char *name;
    bool needs_device;
    int arguments;
    cln_isolated_work *work;
} works[] = {
    {"list", false, 0, list_devices},
    {"agreement", true, 3, cln_isolated_agreement},
    {"training", true, 4, cln_isolated_training},
    {"build", true, 5, cln_isolated_build},
    {"selftest", true, 0, cln_isolated_selftest},
};

/* The device of this index, which must still be the one of this name. What was measured on it is in force where it can be read. */
static cln_status open_device(const char *index, const char *name, cln_device **device, cln_error *error)
{
    cln_status status;
    char there[128];
    TRY(cln_device_open(index, device, error));
    cln_text_harmless(there, sizeof there, cln_device_describe(*device)->name);
    if (strcmp(there, name) != 0) {
        status = cln_fail(error, CLN_NO_DEVICE, "the list of devices has changed: number %s is %s now, not %s", index,
                          there, name);
        goto out;
    }
    cln_device_load_tuning(*device, NULL, NULL);
out:
    return status;
}

static cln_status do_work(int argc, const char **argv, bool *ok, cln_error *error)
{
    cln_status status;
    cln_device *device = NULL;
    for (size_t i = 0; i < CLN_COUNT(works); i++) {
        int before = works[i].needs_device ? 4 : 2;
        if (argc < before || strcmp(argv[1], works[i].name) != 0 || argc - before != works[i].arguments)
            continue;
        if (works[i].needs_device)
            TRY(open_device(argv[2], argv[3], &device, error));
        status = works[i].work(device, argv + before, ok, error);
        goto out;
    }
    status = cln_fail(error, CLN_INVALID, "there is no such work: this is for clinear itself");
out:
    cln_device_close(device);
    return status;
}

/* Lines go out where stdout led to, and what others print there goes to stderr. */
static bool open_wire(void)
{
    int descriptor = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    wire = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    return wire && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
}

int cln_isolated_main(int argc, const char **argv)
{
    cln_error error = {0};
    bool ok = false;
    cln_message_quiet();
    if (!open_wire())
        return CLN_EXIT_FAILED;
    cln_status status = do_work(argc, argv, &ok, &error);
    char line[sizeof error.message];
    snprintf(line, sizeof line, "%.*s", (int)strcspn(error.message, "\n"), error.message);
    if (status == CLN_OK && ferror(wire))
        snprintf(line, sizeof line, "its results cannot be told: the pipe broke");
    cln_wire_done(ok, line, told, wire);
    fclose(wire);
    return status == CLN_OK ? CLN_EXIT_DONE : CLN_EXIT_FAILED;
}
