/* FNV-1a with 64 bits (Fowler, Noll and Vo), for names of files: no protection against anybody who wants two texts alike. */
#ifndef CLN_BASE_HASH_H
#define CLN_BASE_HASH_H

#include <stdint.h>

#define CLN_HASH_BASIS 0xcbf29ce484222325u

/* The hash of `count` bytes behind those that `hash` is of; CLN_HASH_BASIS where there are none. */
static inline uint64_t cln_hash_on(uint64_t hash, const void *bytes, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
    return hash;
}

#endif
