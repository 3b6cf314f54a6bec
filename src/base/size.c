#include "base/size.h"

#include <stdlib.h>

cln_status cln_allocate(void **memory, uint64_t count, uint64_t size, const char *what, cln_error *error)
{
    uint64_t bytes;
    *memory = NULL;
    if (!cln_multiply(count, size, &bytes) || bytes > SIZE_MAX)
        return cln_fail(error, CLN_MEMORY, "%s: %llu items of %llu bytes are more than this machine can address", what,
                        (unsigned long long)count, (unsigned long long)size);
    *memory = calloc(bytes ? (size_t)bytes : 1, 1);
    return *memory ? CLN_OK : cln_fail_memory(error, what, bytes);
}
