/* What shipping and applying need of a store: a narrow table of functions, so that tests and the
 * simulator can stand a store in memory under exactly the code that ships.
 *
 * Calls may block on disk: shipper and applier run on a worker thread. Any thread. */
#pragma once

#include "storage/store.h"

struct replica_store_calls {
    /* As store_log_read. Errors: IO, CORRUPT. */
    bool (*log_read)(void *store,
                     uint64_t after,
                     uint32_t max,
                     size_t bytes_max,
                     struct arena *arena,
                     struct change *changes,
                     uint32_t *count,
                     uint64_t *next,
                     struct error *err);
    /* As store_log_oldest. */
    uint64_t (*log_oldest)(void *store);
    /* As store_apply. Errors: THROTTLED, IO, CORRUPT. */
    bool (*apply)(void *store,
                  const struct change *changes,
                  uint32_t count,
                  const struct dot *watermark,
                  apply_decider decide,
                  void *context,
                  struct apply_result *result,
                  struct error *err);
    /* As store_applied; *wait_seq: all of it is durable once this seq is, and every own write made
     * before any of it was applied has a smaller seq. */
    void (*applied)(void *store, struct context *applied, uint64_t *wait_seq);
    void (*set_settled)(void *store, const struct context *settled);
    uint64_t (*durable_seq)(void *store);
    /* Local id of the table with this uid. False: this region has no such table (any more). */
    bool (*table_of_uid)(void *store, const uint8_t uid[static TABLE_UID_BYTES], uint32_t *id);
    /* Is the local table replicated to `region` (a name of the cluster file; any replica status but
     * CREATION_FAILED)? Then its uid. */
    bool (*table_ships)(void *store,
                        uint32_t table_id,
                        struct slice region,
                        uint8_t uid[static TABLE_UID_BYTES]);
    /* Is any table? */
    bool (*any_ships)(void *store, struct slice region);
};

struct replica_store {
    const struct replica_store_calls *calls;
    void *store;
    uint16_t region;      /* Own. */
    uint32_t incarnation; /* Own. */
};

/* The real one. The store outlives it. */
struct replica_store replica_store_of(struct store *store);
