/*
 * The one source of randomness: PCG32 (O'Neill 2014, "PCG: A Family of Simple Fast Space-Efficient Statistically Good
 * Algorithms for Random Number Generation", pcg32_random_r). Host arithmetic in integers alone, so that a seed gives
 * the same numbers on every device and machine.
 */
#ifndef CLN_BASE_RANDOM_H
#define CLN_BASE_RANDOM_H

#include <stdint.h>

typedef struct cln_random {
    uint64_t state, increment;
} cln_random;

/* Different streams of one seed are independent. */
void cln_random_seed(cln_random *random, uint64_t seed, uint64_t stream);
uint32_t cln_random_next(cln_random *random);
/* Uniform in 0 … bound−1 without bias; bound > 0. */
uint32_t cln_random_below(cln_random *random, uint32_t bound);

#endif
