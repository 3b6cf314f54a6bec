#include "cli/device.h"

#include "base/os.h"
#include "cli/interrupt.h"
#include "cli/message.h"

#include <stdio.h>

/* Below that nobody wonders what happens. */
static const double long_seconds = 1;

static void on_compile(const char *what, double seconds, void *user)
{
    bool terminal = cln_os_is_terminal(stderr);
    (void)user;
    cln_interrupt_doing(seconds < 0 ? "compiling" : "computing");
    if (cln_message_is_quiet())
        return;
    if (seconds >= 0) {
        cln_message_erase_live();
        if (seconds > long_seconds)
            cln_message_note("compiled %s in %.1f s; drivers keep them for the next time", what, seconds);
    } else if (terminal) {
        char text[512];
        snprintf(text, sizeof text, "compiling %s", what);
        cln_message_live(text);
    }
}

cln_status cln_cli_device_open(const char *selector, const char *no_tuning, cln_device **device, cln_error *error)
{
    cln_error problem = {0};
    cln_interrupt_doing("opening the device");
    cln_status status = cln_device_open(selector, device, error);
    cln_interrupt_doing("computing");
    if (status != CLN_OK)
        return status;
    cln_device_on_compile(*device, on_compile, NULL);
    if (!no_tuning && cln_device_load_tuning(*device, NULL, &problem) != CLN_OK)
        cln_message_note("%s", problem.message);
    return CLN_OK;
}

cln_status cln_cli_device_open_trusted(const char *selector, const char *no_tuning, const char *no_selftest,
                                       cln_device **device, cln_error *error)
{
    char why[512];
    cln_status status = cln_cli_device_open(selector, no_tuning, device, error);
    if (status != CLN_OK)
        return status;
    const cln_device_info *info = cln_device_describe(*device);
    if (cln_device_trust(info, why, sizeof why) != CLN_TRUST_FAILED)
        return CLN_OK;
    if (no_selftest) {
        cln_message_note("device %d, %s, failed its selftest with driver %s (%s), and is used all the same",
                         info->index, info->name, info->driver, why);
        return CLN_OK;
    }
    cln_fail(error, CLN_DEVICE,
             "device %d, %s, failed its selftest with driver %s (%s): another driver may compute right; clinear "
             "selftest tests it again, --no-selftest uses it all the same",
             info->index, info->name, info->driver, why);
    cln_device_close(*device);
    *device = NULL;
    return CLN_DEVICE;
}
