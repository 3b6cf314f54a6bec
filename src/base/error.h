/*
 * Failing with words. A function that can fail returns a cln_status and takes a nullable cln_error last; it has one
 * `out:` label, all its handles are NULL before the first TRY, and the releasers accept NULL.
 */
#ifndef CLN_BASE_ERROR_H
#define CLN_BASE_ERROR_H

#include "clinear.h"

/* Records `status` with a message (operation, object, cause, remedy) unless an earlier failure stands there, and
   returns `status`. */
__attribute__((format(printf, 3, 4))) cln_status cln_fail(cln_error *error, cln_status status, const char *format, ...);

/* The failure that every allocation reports. `what` names what the memory was for; bytes 0: not known how many. */
cln_status cln_fail_memory(cln_error *error, const char *what, uint64_t bytes);

/* Needs `cln_status status` and the label `out` in the function around it. */
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        status = (call);                                                                                               \
        if (status != CLN_OK)                                                                                          \
            goto out;                                                                                                  \
    } while (0)

#endif
