/* The order in which rows are visited: a function of seed and epoch alone, so the same on every device and resumable. */
#ifndef CLN_DATA_ORDER_H
#define CLN_DATA_ORDER_H

#include <stdint.h>

/* Fills order (rows) with a permutation of 0 … rows−1 (Fisher-Yates, Knuth's algorithm P). */
void cln_order_shuffle(uint32_t *order, uint32_t rows, uint64_t seed, uint64_t epoch);
/* The same with what stands in order (rows): list[i] then stands where the permutation has i. */
void cln_order_permute(uint32_t *order, uint32_t rows, uint64_t seed, uint64_t epoch);

#endif
