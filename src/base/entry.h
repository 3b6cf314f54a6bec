/*
 * How a public function begins. ENTER clears the caller's error, whatever an earlier call has left in it, and returns CLN_INVALID where a
 * pointer that the function needs is NULL. ENTER_OPENCL also returns CLN_DEVICE in a forked process, where drivers do not work. The first
 * lines of the function:
 *
 *     MAKES(result);                                     *result is NULL, also after a failure
 *     ENTER_OPENCL(error, device && options && result);  the message lists the pointers of the condition
 */
#ifndef CLN_BASE_ENTRY_H
#define CLN_BASE_ENTRY_H

#include "base/error.h"

/* What ENTER does; CLN_INVALID where it is not all `there`. */
cln_status cln_enter(cln_error *error, bool there, const char *function, const char *needed);

/* A driver's threads do not survive fork(): in the child its calls wait for them for ever. cln_use_opencl notes the process that makes the
   first call. In any other cln_opencl_is_lost is true, and cln_enter_opencl fails with CLN_DEVICE; what was opened before the fork is then
   neither used nor released. */
void cln_use_opencl(void);
bool cln_opencl_is_lost(void);
cln_status cln_enter_opencl(cln_error *error, const char *function);

#define MAKES(result)                                                                                                  \
    do {                                                                                                               \
        if (result)                                                                                                    \
            *(result) = NULL;                                                                                          \
    } while (0)

#define ENTER(error, needed)                                                                                           \
    do {                                                                                                               \
        cln_status entered_ = cln_enter(error, needed, __func__, #needed);                                             \
        if (entered_ != CLN_OK)                                                                                        \
            return entered_;                                                                                           \
    } while (0)

#define ENTER_OPENCL(error, needed)                                                                                    \
    do {                                                                                                               \
        ENTER(error, needed);                                                                                          \
        if (cln_opencl_is_lost())                                                                                      \
            return cln_enter_opencl(error, __func__);                                                                  \
    } while (0)

#endif
