#include "storage/table/batch_pool.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { BATCH_POOL_TRIES = 4 }; /* Slots looked at before a batch is opened or closed. */

struct batch_pool {
    _Atomic(struct engine_batch *) slots[BATCH_POOL_SLOTS];
};

struct batch_pool *batch_pool_open(void)
{
    struct batch_pool *pool = calloc(1, sizeof(*pool));
    ensure(pool != NULL);
    return pool;
}

void batch_pool_close(struct batch_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    for (size_t i = 0; i < BATCH_POOL_SLOTS; i++) {
        struct engine_batch *batch = atomic_load(&pool->slots[i]);
        if (batch != NULL) {
            engine_batch_close(batch);
        }
    }
    free(pool);
}

struct engine_batch *batch_pool_take(struct batch_pool *pool, uint32_t hint)
{
    for (uint32_t i = 0; i < BATCH_POOL_TRIES; i++) {
        struct engine_batch *batch = atomic_exchange_explicit(
            &pool->slots[(hint + i) % BATCH_POOL_SLOTS], NULL, memory_order_acq_rel);
        if (batch != NULL) {
            return batch;
        }
    }
    return engine_batch_open();
}

void batch_pool_give(struct batch_pool *pool,
                     uint32_t hint,
                     struct engine_batch *batch,
                     size_t bytes)
{
    if (bytes <= BATCH_POOL_BYTES_MAX) {
        engine_batch_clear(batch);
        for (uint32_t i = 0; i < BATCH_POOL_TRIES; i++) {
            struct engine_batch *empty = NULL;
            if (atomic_compare_exchange_strong_explicit(&pool->slots[(hint + i) % BATCH_POOL_SLOTS],
                                                        &empty, batch, memory_order_acq_rel,
                                                        memory_order_relaxed)) {
                return;
            }
        }
    }
    engine_batch_close(batch);
}
