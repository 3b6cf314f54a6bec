#include "base/error.h"

#include "base/size.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name, *sentence;
} statuses[] = {
#define X(name, sentence) {#name, sentence},
    CLN_STATUS_MAP(X)
#undef X
};

const char *cln_version(void)
{
    return CLN_VERSION;
}

const char *cln_status_name(cln_status status)
{
    return (size_t)status < CLN_COUNT(statuses) ? statuses[status].name : "UNKNOWN";
}

const char *cln_status_sentence(cln_status status)
{
    return (size_t)status < CLN_COUNT(statuses) ? statuses[status].sentence : "unknown status";
}

cln_status cln_fail(cln_error *error, cln_status status, const char *format, ...)
{
    if (error && error->status == CLN_OK) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        error->status = status;
    }
    return status;
}

cln_status cln_fail_memory(cln_error *error, const char *what, uint64_t bytes)
{
    if (bytes == 0)
        return cln_fail(error, CLN_MEMORY, "cannot allocate host memory for %s", what);
    return cln_fail(error, CLN_MEMORY, "cannot allocate %llu bytes of host memory for %s", (unsigned long long)bytes,
                    what);
}
