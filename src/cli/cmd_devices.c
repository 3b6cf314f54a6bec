#include "base/size.h"
#include "cli/call.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "report/devices.h"

#include <string.h>

static void explain_line(const char *line, void *user)
{
    (void)user;
    cln_message_note("%s", line);
}

/* The device that `auto` takes, or -1. */
static int chosen_device(void)
{
    cln_error ignored = {0};
    cln_device *device = NULL;
    if (cln_device_open("auto", &device, &ignored) != CLN_OK)
        return -1;
    int index = cln_device_describe(device)->index;
    cln_device_close(device);
    return index;
}

static bool is_real_gpu(const cln_device_info *device)
{
    return strcmp(device->type, "gpu") == 0 && !device->simulator && !*device->problem;
}

/* Why there is none, or no GPU, where that is so. */
static cln_status explain(const cln_device_info *list, size_t count, bool usable, cln_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (is_real_gpu(&list[i]))
            return CLN_OK;
    if (!usable) {
        cln_message_error("no usable OpenCL device was found");
    } else {
        cln_message_note("%s", "");
        cln_message_note("No GPU was found:");
    }
    return cln_device_explain(explain_line, NULL, error);
}

/* The one that the selector takes. */
static int show_device(const char *selector, bool json)
{
    cln_error error = {0};
    cln_device *device = NULL;
    cln_status status;
    TRY(cln_device_open(selector, &device, &error));
    TRY(json ? cln_report_devices_json(cln_device_describe(device), 1, stdout, &error)
             : cln_report_devices(cln_device_describe(device), 1, -1, stdout, &error));
out:
    cln_device_close(device);
    return status == CLN_OK ? CLN_EXIT_DONE : cln_message_failure(&error, NULL);
}

static int list_devices(bool json)
{
    cln_error error = {0};
    cln_device_info *list = NULL;
    size_t count = 0, usable = 0;
    cln_status status;
    cln_interrupt_doing("listing devices");
    TRY(cln_device_list(&list, &count, &error));
    for (size_t i = 0; i < count; i++)
        usable += !*list[i].problem;
    if (json)
        TRY(cln_report_devices_json(list, count, stdout, &error));
    else if (count > 0)
        TRY(cln_report_devices(list, count, usable ? chosen_device() : -1, stdout, &error));
    fflush(stdout); /* the explanation comes after the table where both go to one terminal */
    TRY(explain(list, count, usable > 0, &error));
out:
    cln_device_list_free(list);
    if (status != CLN_OK)
        return cln_message_failure(&error, NULL);
    return usable ? CLN_EXIT_DONE : CLN_EXIT_FAILED;
}

typedef struct request {
    const char *device, *json;
} request;

static int run_devices(const cln_arguments *arguments, cln_options *options, void *user)
{
    const request *r = user;
    (void)arguments;
    (void)options;
    return r->device ? show_device(r->device, r->json != NULL) : list_devices(r->json != NULL);
}

int cln_command_devices(int argc, const char **argv)
{
    request r = {0};
    const char *quiet = NULL, *timeout = NULL;
    const cln_flag flags[] = {CLN_FLAG_DEVICE(&r.device), CLN_FLAG_TIMEOUT(&timeout), CLN_FLAG_JSON(&r.json),
                              CLN_FLAG_QUIET(&quiet)};
    const cln_usage usage = {
        .command = "devices",
        .operands = "[OPTIONS]",
        .about = "Lists the OpenCL devices of this machine. Where there is none, or no GPU, it says\n"
                 "what it looked for and what to install. The exit status is 1 without a usable\n"
                 "device.\n\n"
                 "With --device it shows the one that the other commands would take. --engine is\n"
                 "accepted as everywhere; the list does not depend on it.\n",
        .examples = "  clinear devices                    a table\n"
                    "  clinear devices --json             the same for programs\n"
                    "  clinear devices --device gpu       which one is taken for gpu?\n"
                    "  clinear train DATA --device 1      use the device of index 1\n"
                    "  clinear train DATA --device intel  use the one with \"intel\" in its name\n",
        .flags = flags,
        .flag_count = CLN_COUNT(flags),
        .only = "engine",
    };
    return cln_call(usage, &quiet, argc, argv, run_devices, &r);
}
