#include "base/checksum.h"

#include <string.h>

/* The specification's primes. */
#define PRIME1 0x9E3779B185EBCA87u
#define PRIME2 0xC2B2AE3D27D4EB4Fu
#define PRIME3 0x165667B19E3779F9u
#define PRIME4 0x85EBCA77C2B2AE63u
#define PRIME5 0x27D4EB2F165667C5u

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

/* Little-endian, in a form that compilers know as one load. */
static uint64_t word4(const uint8_t *b)
{
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24;
}

static uint64_t word8(const uint8_t *b)
{
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 |
           (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
}

static uint64_t taken_in(uint64_t lane, uint64_t input)
{
    return rotate(lane + input * PRIME2, 31) * PRIME1;
}

static void take_block(cln_checksum *sum, const uint8_t block[32])
{
    for (unsigned i = 0; i < 4; i++)
        sum->lanes[i] = taken_in(sum->lanes[i], word8(block + (size_t)8 * i));
}

cln_checksum cln_checksum_begin(void)
{
    return (cln_checksum){.lanes = {PRIME1 + PRIME2, PRIME2, 0, 0 - PRIME1}};
}

void cln_checksum_add(cln_checksum *sum, const void *bytes, uint64_t count)
{
    const uint8_t *from = bytes;
    uint64_t held = sum->count % 32;
    sum->count += count;
    if (held + count < 32) {
        if (count)
            memcpy(sum->rest + held, from, (size_t)count);
        return;
    }
    if (held) {
        memcpy(sum->rest + held, from, 32 - held);
        take_block(sum, sum->rest);
        from += 32 - held;
        count -= 32 - held;
    }
    for (; count >= 32; count -= 32, from += 32)
        take_block(sum, from);
    memcpy(sum->rest, from, (size_t)count);
}

uint64_t cln_checksum_of(const cln_checksum *sum)
{
    const uint64_t *lanes = sum->lanes;
    uint64_t hash = PRIME5;
    if (sum->count >= 32) {
        hash = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18);
        for (unsigned i = 0; i < 4; i++)
            hash = (hash ^ taken_in(0, lanes[i])) * PRIME1 + PRIME4;
    }
    hash += sum->count;
    uint64_t left = sum->count % 32, at = 0;
    for (; left - at >= 8; at += 8)
        hash = rotate(hash ^ taken_in(0, word8(sum->rest + at)), 27) * PRIME1 + PRIME4;
    for (; left - at >= 4; at += 4)
        hash = rotate(hash ^ word4(sum->rest + at) * PRIME1, 23) * PRIME2 + PRIME3;
    for (; at < left; at++)
        hash = rotate(hash ^ sum->rest[at] * PRIME5, 11) * PRIME1;
    hash = (hash ^ hash >> 33) * PRIME2;
    hash = (hash ^ hash >> 29) * PRIME3;
    return hash ^ hash >> 32;
}
