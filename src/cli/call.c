#include "cli/call.h"

#include "cli/interrupt.h"
#include "cli/message.h"

#include <string.h>

/* What --timeout was given, for a command that has it. */
static const char *timeout_of(const cln_usage *usage)
{
    for (size_t i = 0; i < usage->flag_count; i++)
        if (strcmp(usage->flags[i].name, "timeout") == 0)
            return *usage->flags[i].value;
    return NULL;
}

int cln_call(cln_usage usage, const char *const *quiet, int argc, const char **argv, cln_work *work, void *request)
{
    cln_error error = {0};
    cln_arguments *arguments = NULL;
    int code;
    cln_message_command(usage.command);
    if (cln_options_create(&usage.options, &error) != CLN_OK)
        return cln_message_failure(&error, NULL);
    if (cln_arguments_read(&usage, argc, argv, &arguments, &code)) {
        if (*quiet)
            cln_message_quiet();
        code = cln_interrupt_timeout(timeout_of(&usage), &error) == CLN_OK
                   ? cln_interrupt_code(work(arguments, usage.options, request))
                   : cln_message_failure(&error, NULL);
    }
    cln_arguments_free(arguments);
    cln_options_free(usage.options);
    return code;
}
