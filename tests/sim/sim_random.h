/* Chance from one seed (splitmix64: Steele, Lea, Flood, 2014). One thread. */
#pragma once

#include "proto/base/ensure.h"

#include <stdbool.h>
#include <stdint.h>

struct sim_random {
    uint64_t state;
};

static inline uint64_t sim_random_next(struct sim_random *random)
{
    uint64_t z = (random->state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/* Uniform in [0, n). */
static inline uint64_t sim_random_below(struct sim_random *random, uint64_t n)
{
    ensure(n > 0);
    return sim_random_next(random) % n;
}

/* Uniform in [from, to]. */
static inline uint64_t sim_random_between(struct sim_random *random, uint64_t from, uint64_t to)
{
    ensure(from <= to);
    return from + sim_random_below(random, to - from + 1);
}

/* True once in `n`; never when n is 0. */
static inline bool sim_random_one_in(struct sim_random *random, uint64_t n)
{
    return n > 0 && sim_random_below(random, n) == 0;
}
