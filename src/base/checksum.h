/*
 * XXH64 with seed 0 (Y. Collet, github.com/Cyan4973/xxHash, doc/xxhash_spec.md): whether bytes are the same ones, several GB a second. It
 * finds damage and mistakes; against somebody who wants two alike there is base/sha256.h.
 */
#ifndef CLN_BASE_CHECKSUM_H
#define CLN_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Of bytes that come piece by piece. */
typedef struct cln_checksum {
    uint64_t lanes[4];
    uint64_t count;   /* bytes so far */
    uint8_t rest[32]; /* (count mod 32): those that no lane has had */
} cln_checksum;

cln_checksum cln_checksum_begin(void);
void cln_checksum_add(cln_checksum *sum, const void *bytes, uint64_t count);
/* The sum of all bytes so far; more may be added. */
uint64_t cln_checksum_of(const cln_checksum *sum);

#endif
