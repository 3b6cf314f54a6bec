/* SHA-256 (FIPS 180-4), which anybody can check with sha256sum. A few hundred MB a second. */
#ifndef CLN_BASE_SHA256_H
#define CLN_BASE_SHA256_H

#include <stdint.h>

/* Of bytes that come piece by piece. */
typedef struct cln_sha256 {
    uint32_t state[8];
    uint64_t count;    /* bytes so far */
    uint8_t block[64]; /* (count mod 64): those that the state has not had */
} cln_sha256;

cln_sha256 cln_sha256_begin(void);
void cln_sha256_add(cln_sha256 *sum, const void *bytes, uint64_t count);
/* In lower-case hexadecimal digits, as sha256sum writes it. Ends the sum. */
void cln_sha256_end(cln_sha256 *sum, char text[65]);

#endif
