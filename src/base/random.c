#include "base/random.h"

uint32_t cln_random_next(cln_random *random)
{
    uint64_t old = random->state;
    random->state = old * 6364136223846793005u + random->increment;
    uint32_t shifted = (uint32_t)(((old >> 18) ^ old) >> 27);
    uint32_t rotation = (uint32_t)(old >> 59);
    return (shifted >> rotation) | (shifted << (-rotation & 31));
}

void cln_random_seed(cln_random *random, uint64_t seed, uint64_t stream)
{
    random->state = 0;
    random->increment = stream << 1 | 1;
    cln_random_next(random);
    random->state += seed;
    cln_random_next(random);
}

uint32_t cln_random_below(cln_random *random, uint32_t bound)
{
    /* The first 2³² mod bound numbers would make small results likelier: draw again. */
    uint32_t threshold = -bound % bound;
    for (;;) {
        uint32_t number = cln_random_next(random);
        if (number >= threshold)
            return number % bound;
    }
}
