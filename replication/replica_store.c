#include "replication/replica_store.h"

static bool replica_store_log_read(void *store,
                                   uint64_t after,
                                   uint32_t max,
                                   size_t bytes_max,
                                   struct arena *arena,
                                   struct change *changes,
                                   uint32_t *count,
                                   uint64_t *next,
                                   struct error *err)
{
    return store_log_read(store, after, max, bytes_max, arena, changes, count, next, err);
}

static uint64_t replica_store_log_oldest(void *store)
{
    return store_log_oldest(store);
}

static bool replica_store_apply(void *store,
                                const struct change *changes,
                                uint32_t count,
                                const struct dot *watermark,
                                apply_decider decide,
                                void *context,
                                struct apply_result *result,
                                struct error *err)
{
    return store_apply(store, changes, count, watermark, decide, context, result, err);
}

static void replica_store_applied(void *context, struct context *applied, uint64_t *wait_seq)
{
    struct store *store = context;
    store_applied(store, applied);
    /* Read behind the vector: whatever raised it has been appended. */
    *wait_seq = engine_appended_seq(store->engine);
}

static void replica_store_set_settled(void *store, const struct context *settled)
{
    store_set_settled(store, settled);
}

/* What is on disk, under relaxed durability too: a seq that a crash takes back is given again. */
static uint64_t replica_store_durable_seq(void *context)
{
    struct store *store = context;
    return engine_synced_seq(store->engine);
}

static bool
replica_store_table_of_uid(void *context, const uint8_t uid[static TABLE_UID_BYTES], uint32_t *id)
{
    struct store *store = context;
    const struct table *table = catalog_acquire_uid(store->catalog, uid);
    if (table == NULL) {
        return false;
    }
    bool here = table->status != TABLE_DELETING;
    *id = table->id;
    table_release(table);
    return here;
}

static bool replica_store_table_ships(void *context,
                                      uint32_t table_id,
                                      struct slice region,
                                      uint8_t uid[static TABLE_UID_BYTES])
{
    struct store *store = context;
    const struct table *table = catalog_acquire_id(store->catalog, table_id);
    if (table == NULL) {
        return false;
    }
    bool ships = false;
    for (uint32_t i = 0; i < table->replicas_count && !ships; i++) {
        ships = slice_is(region, table->replicas[i].region) &&
                table->replicas[i].status != REPLICA_CREATION_FAILED;
    }
    memcpy(uid, table->uid, TABLE_UID_BYTES);
    table_release(table);
    return ships;
}

static bool replica_store_any_ships(void *context, struct slice region)
{
    struct store *store = context;
    struct arena arena;
    arena_init(&arena);
    struct slice names[LIST_TABLES_MAX];
    struct slice after = {0};
    bool more = true;
    bool ships = false;
    while (more && !ships) {
        uint32_t count = catalog_list(store->catalog, after, LIST_TABLES_MAX, &arena, names, &more);
        for (uint32_t i = 0; i < count && !ships; i++) {
            const struct table *table = catalog_acquire(store->catalog, names[i]);
            uint8_t uid[TABLE_UID_BYTES];
            ships = table != NULL && replica_store_table_ships(store, table->id, region, uid);
            table_release(table);
        }
        more = more && count > 0;
        after = count > 0 ? names[count - 1] : after;
    }
    arena_destroy(&arena);
    return ships;
}

static const struct replica_store_calls replica_store_calls = {
    .log_read = replica_store_log_read,
    .log_oldest = replica_store_log_oldest,
    .apply = replica_store_apply,
    .applied = replica_store_applied,
    .set_settled = replica_store_set_settled,
    .durable_seq = replica_store_durable_seq,
    .table_of_uid = replica_store_table_of_uid,
    .table_ships = replica_store_table_ships,
    .any_ships = replica_store_any_ships,
};

struct replica_store replica_store_of(struct store *store)
{
    return (struct replica_store){
        .calls = &replica_store_calls,
        .store = store,
        .region = store->region_id,
        .incarnation = store->incarnation,
    };
}
