#include "cli/call.h"

#include "cli/message.h"

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
        code = work(arguments, usage.options, request);
    }
    cln_arguments_free(arguments);
    cln_options_free(usage.options);
    return code;
}
