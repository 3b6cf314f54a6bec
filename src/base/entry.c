#define _POSIX_C_SOURCE 200809L /* getpid */
#include "base/entry.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static _Atomic long user; /* the process that uses OpenCL; 0: none has yet */

/* "a && (b || count == 0)" as "a, b". */
static void list(const char *needed, char text[256])
{
    size_t length = 0;
    for (; *needed && length + 2 < 256; needed++) {
        if (strncmp(needed, " || ", 4) == 0)
            needed += strcspn(needed, ")");
        if (strncmp(needed, " && ", 4) == 0) {
            text[length++] = ',';
            needed += 3;
        }
        if (*needed != '(' && *needed != ')')
            text[length++] = *needed;
    }
    text[length] = '\0';
}

cln_status cln_enter(cln_error *error, bool there, const char *function, const char *needed)
{
    char text[256];
    if (error) {
        error->status = CLN_OK;
        error->message[0] = '\0';
    }
    if (there)
        return CLN_OK;
    list(needed, text);
    return cln_fail(error, CLN_INVALID, "%s was given NULL where it needs a pointer; give it: %s", function, text);
}

void cln_use_opencl(void)
{
    long nobody = 0;
    atomic_compare_exchange_strong(&user, &nobody, (long)getpid());
}

bool cln_opencl_is_lost(void)
{
    long known = atomic_load(&user);
    return known != 0 && known != (long)getpid();
}

cln_status cln_enter_opencl(cln_error *error, const char *function)
{
    return cln_fail(
        error, CLN_DEVICE,
        "%s: OpenCL cannot be used in a process that was forked from one that had used it, for the driver's "
        "threads are not in it; fork before the first device is listed or opened, or exec a program",
        function);
}
