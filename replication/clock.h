/* Hybrid logical clock: stamps that follow wall time but never run backwards, neither when the wall
 * clock does nor behind a stamp heard of from a peer (Kulkarni et al., "Logical Physical Clocks").
 *
 * A stamp is 48 bits of wall milliseconds and 16 of counter, compared as one number. A counter that
 * overflows carries into the milliseconds: the clock then runs ahead of the wall for a moment.
 *
 * The clock reads no time of its own: the caller passes the wall clock in. Any number of threads
 * may call; each call is one atomic exchange. */
#pragma once

#include "proto/base/ensure.h"
#include "proto/base/limits.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { STAMP_COUNTER_BITS = 16 };

static inline uint64_t stamp_of_wall_ms(uint64_t wall_ms)
{
    return wall_ms << STAMP_COUNTER_BITS;
}

static inline uint64_t stamp_wall_ms(uint64_t stamp)
{
    return stamp >> STAMP_COUNTER_BITS;
}

struct hlc {
    _Atomic uint64_t last; /* The largest stamp given or observed. */
};

/* `start`: the largest stamp known from an earlier life (0 when there is none). */
void hlc_init(struct hlc *hlc, uint64_t start);

/* A stamp greater than all given and observed before and than `floor`, and not below the wall
 * clock. Ensures floor < UINT64_MAX: stamps from outside have met MESSAGE_STAMP_MAX. */
uint64_t hlc_next(struct hlc *hlc, uint64_t wall_ms, uint64_t floor);

/* A peer's stamp: later stamps of ours will be greater. A stamp more than CLOCK_AHEAD_MS_MAX ahead
 * of the wall clock is observed only up to that bound, so that one broken clock cannot drag all
 * regions along; false says so. (Writes that overwrite such a stamp still win, by hlc_next's
 * floor.) */
bool hlc_observe(struct hlc *hlc, uint64_t wall_ms, uint64_t stamp);

/* The largest stamp given or observed; 0 before the first. */
uint64_t hlc_last(const struct hlc *hlc);
