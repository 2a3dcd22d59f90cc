#include "replication/clock.h"

#include "replication/mutant.h"

void hlc_init(struct hlc *hlc, uint64_t start)
{
    atomic_init(&hlc->last, start);
}

uint64_t hlc_next(struct hlc *hlc, uint64_t wall_ms, uint64_t floor)
{
    ensure(floor < UINT64_MAX);
    if (MUTANT(STAMP_FLOOR)) {
        floor = 0;
    }
    uint64_t last = atomic_load_explicit(&hlc->last, memory_order_relaxed);
    uint64_t next;
    do {
        ensure(last < UINT64_MAX);
        next = stamp_of_wall_ms(wall_ms);
        next = next > last ? next : last + 1;
        next = next > floor ? next : floor + 1;
    } while (!atomic_compare_exchange_weak_explicit(&hlc->last, &last, next, memory_order_relaxed,
                                                    memory_order_relaxed));
    return next;
}

bool hlc_observe(struct hlc *hlc, uint64_t wall_ms, uint64_t stamp)
{
    uint64_t bound = stamp_of_wall_ms(wall_ms + CLOCK_AHEAD_MS_MAX);
    uint64_t observed = stamp < bound ? stamp : bound;
    uint64_t last = atomic_load_explicit(&hlc->last, memory_order_relaxed);
    while (last < observed &&
           !atomic_compare_exchange_weak_explicit(&hlc->last, &last, observed, memory_order_relaxed,
                                                  memory_order_relaxed)) {
    }
    return stamp <= bound;
}

uint64_t hlc_last(const struct hlc *hlc)
{
    return atomic_load_explicit(&hlc->last, memory_order_relaxed);
}
