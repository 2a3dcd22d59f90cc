/* Opening and closing a store, and what concerns all of it.
 *
 * `meta` keeps the folder's identity under "store/identity": checksum 8 (XXH64 of the rest),
 * version 1, region id 2, incarnation 4, wall milliseconds of creation 8; big endian. A folder
 * belongs to one region for good: its rows carry dots of that region, and another region must not
 * hand out the same ones. */
#include "storage/store.h"

#include "storage/log/applied.h"
#include "storage/stream/streams.h"
#include "storage/table/batch_pool.h"
#include "storage/table/builder.h"
#include "storage/table/claim.h"
#include "storage/table/keeper.h"
#include "storage/table/latch.h"
#include "storage/table/totals.h"
#include "storage/ttl/expiry.h"
#include "storage/ttl/sweeper.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define KEY_IDENTITY SLICE_LITERAL("store/identity")

enum {
    IDENTITY_VERSION_AT = 8,
    IDENTITY_REGION_AT = 9,
    IDENTITY_INCARNATION_AT = 11,
    IDENTITY_CREATED_AT = 15,
    IDENTITY_BYTES = 23,
    IDENTITY_VERSION = 1,
};

static bool store_make_identity(struct store *store, struct error *err)
{
    uint64_t now_ms = store->clock.wall_ms(store->clock.context);
    store->incarnation = (uint32_t)(now_ms / 1000);
    uint8_t bytes[IDENTITY_BYTES];
    bytes[IDENTITY_VERSION_AT] = IDENTITY_VERSION;
    put_be16(bytes + IDENTITY_REGION_AT, store->region_id);
    put_be32(bytes + IDENTITY_INCARNATION_AT, store->incarnation);
    put_be64(bytes + IDENTITY_CREATED_AT, now_ms);
    put_be64(bytes, XXH64(bytes + IDENTITY_VERSION_AT, IDENTITY_BYTES - IDENTITY_VERSION_AT, 0));
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(store->engine, batch, FAMILY_META, KEY_IDENTITY,
                     slice_of(bytes, sizeof(bytes)));
    uint64_t seq = engine_commit_begin(store->engine);
    bool ok = engine_commit_append(store->engine, batch, seq, err) &&
              engine_wait_durable(store->engine, seq, err);
    engine_batch_close(batch);
    return ok;
}

static bool store_check_identity(struct store *store, struct slice bytes, struct error *err)
{
    if (bytes.size != IDENTITY_BYTES || bytes.data[IDENTITY_VERSION_AT] != IDENTITY_VERSION ||
        get_be64(bytes.data) !=
            XXH64(bytes.data + IDENTITY_VERSION_AT, IDENTITY_BYTES - IDENTITY_VERSION_AT, 0)) {
        return error_set(err, ERROR_CORRUPT, "the identity of the data folder does not decode");
    }
    uint16_t region_id = get_be16(bytes.data + IDENTITY_REGION_AT);
    if (region_id != store->region_id) {
        return error_set(err, ERROR_REFUSED,
                         "the data folder belongs to the region with id %u, not %u: each region "
                         "needs a folder of its own",
                         region_id, store->region_id);
    }
    store->incarnation = get_be32(bytes.data + IDENTITY_INCARNATION_AT);
    return true;
}

static bool store_load_identity(struct store *store, struct error *err)
{
    struct engine_value value;
    bool found = false;
    if (!engine_get(store->engine, FAMILY_META, NULL, KEY_IDENTITY, READ_FULL, &value, &found,
                    err)) {
        return false;
    }
    if (!found) {
        return store_make_identity(store, err);
    }
    bool ok = store_check_identity(store, value.bytes, err);
    engine_value_release(&value);
    return ok;
}

bool store_open(const struct store_options *options, struct store **store, struct error *err)
{
    ensure(options->region_id != 0); /* 0 never names a region. */
    struct store *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->clock = options->clock;
    made->region_id = options->region_id;
    made->conflicts_kept_ms = options->conflicts_kept_ms;
    if (options->region != NULL) {
        size_t size = strlen(options->region);
        ensure(size < sizeof(made->region_name)); /* Zeroed: the end is there. */
        memcpy(made->region_name, options->region, size);
    }
    made->latches = latches_open();
    made->batches = batch_pool_open();
    made->claim = claim_open();
    made->totals = totals_open(made);
    bool ok = engine_open(&options->engine, &made->engine, err) && store_load_identity(made, err) &&
              catalog_open(made->engine, &made->catalog, err);
    if (ok) {
        catalog_observe(made->catalog, &options->observer);
    }
    if (!ok || !applied_open(made->engine, &made->applied, err) ||
        !streams_open(made, options->stream_shards, &made->streams, err) ||
        !keeper_start(made, &made->keeper, err) || !sweeper_start(made, &made->sweeper, err) ||
        !builder_start(made, &made->builder, err)) {
        store_close(made);
        return error_wrap(err, "open %s", options->engine.directory);
    }
    *store = made;
    return true;
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    builder_stop(store->builder);
    sweeper_stop(store->sweeper);
    keeper_stop(store->keeper);
    streams_close(store->streams);
    applied_close(store->applied);
    catalog_close(store->catalog);
    engine_close(store->engine);
    claim_close(store->claim);
    totals_close(store->totals);
    batch_pool_close(store->batches);
    latches_close(store->latches);
    free(store);
}

bool store_drop_rows(struct store *store, uint32_t table_id, struct error *err)
{
    ensure(table_id < UINT32_MAX);
    uint8_t lower[4];
    uint8_t upper[4];
    put_be32(lower, table_id);
    put_be32(upper, table_id + 1);
    return engine_drop_range(store->engine, FAMILY_ITEMS, slice_of(lower, sizeof(lower)),
                             slice_of(upper, sizeof(upper)), err) &&
           expiry_drop(store, table_id, err) &&
           catalog_forget_dropped(store->catalog, table_id, err);
}

bool store_drop_table(struct store *store, uint32_t table_id, struct error *err)
{
    if (!catalog_remove(store->catalog, table_id, err)) {
        return false;
    }
    /* Writers that hold an old description look at table_is_dropped under their latch: after this
     * pass none of them can add a row any more. */
    latches_barrier(store->latches);
    struct error unclosed;
    error_clear(&unclosed);
    bool closed = streams_end_table(store, table_id, &unclosed);
    if (!store_drop_rows(store, table_id, err)) {
        return false;
    }
    if (!closed) {
        *err = unclosed;
    }
    return closed;
}
