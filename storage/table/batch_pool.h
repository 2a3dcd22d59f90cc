/* Emptied write batches to use again, so that a write allocates nothing.
 *
 * A fixed row of slots, each emptied and filled with one atomic exchange; nothing waits. Any
 * thread. */
#pragma once

#include "storage/engine/engine.h"

enum {
    BATCH_POOL_SLOTS = 64,
    BATCH_POOL_BYTES_MAX = 64 << 10, /* A batch that grew larger is closed, not kept. */
};

struct batch_pool;

struct batch_pool *batch_pool_open(void);
/* Every batch is back. NULL is fine. */
void batch_pool_close(struct batch_pool *pool);

/* `hint` spreads callers over the slots: a stripe, say. */
struct engine_batch *batch_pool_take(struct batch_pool *pool, uint32_t hint);
/* `bytes`: about what was put into it. */
void batch_pool_give(struct batch_pool *pool,
                     uint32_t hint,
                     struct engine_batch *batch,
                     size_t bytes);
