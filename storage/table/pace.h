/* How a background thread leaves requests their share: it works for a moment, then rests. One
 * thread, the ticker's.
 *
 * Nobody there: a rest as long as the work took, half of a core at most. While clients or peers
 * write, `busy_rests` times as long: what slows them down is less the processor than the bytes
 * that the background adds to the write-ahead log, which all of them wait for. Who writes shows in
 * the seqs that are taken during a rest, when this thread takes none. */
#pragma once

#include "storage/table/ticker.h"

struct engine;

enum {
    PACE_WORK_US = 1000,
    PACE_BUSY_WORK_US = 250, /* While others write: they meet shorter pieces. */
    PACE_BUSY_RESTS = 4,
    PACE_QUIET_RESTS = 64, /* So many rests without a foreign write: nobody is there. */
};

struct pace {
    struct ticker *ticker;
    struct engine *engine;   /* NULL: no matter who writes. */
    uint32_t busy_rests;     /* PACE_BUSY_RESTS, or less for what has to be done in time. */
    uint64_t worked_from_us; /* Since the last rest. */
    uint32_t quiet;          /* Rests since a foreign write was seen. */
};

/* A rest has just ended, however long it was. */
void pace_start(struct pace *pace);
/* Between pieces of work, which take less than PACE_BUSY_WORK_US, with no latch held; `context` is
 * a struct pace. True when the thread shall stop. */
bool pace_rest(void *context);
