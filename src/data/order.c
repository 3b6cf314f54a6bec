#include "data/order.h"
#include "base/random.h"

void cln_order_permute(uint32_t *order, uint32_t rows, uint64_t seed, uint64_t epoch)
{
    cln_random random;
    cln_random_seed(&random, seed, epoch); /* each epoch is a stream of its own, so none depends on those before */
    for (uint32_t i = rows; i > 1; i--) {
        uint32_t j = cln_random_below(&random, i), swapped = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swapped;
    }
}

void cln_order_shuffle(uint32_t *order, uint32_t rows, uint64_t seed, uint64_t epoch)
{
    for (uint32_t i = 0; i < rows; i++)
        order[i] = i;
    cln_order_permute(order, rows, seed, epoch);
}
