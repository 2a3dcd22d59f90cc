/* Several items as they were at one moment.
 *
 * They are read from one engine snapshot, without latches. A batch reaches the engine whole, so a
 * snapshot never shows part of a transaction, and it lies between two writes: this is as good as
 * having all the rows' latches, yet it makes no writer wait, not even while the disk is read.
 *
 * What to wait for is asked afterwards, of every row's latch: whatever the snapshot shows of a row
 * was noted there, or its writer still holds the latch (see latch.c). */
#include "storage/store.h"
#include "storage/table/key.h"
#include "storage/table/latch.h"

static bool together_read(struct store *store,
                          const struct engine_snapshot *snapshot,
                          struct item_read *read,
                          struct slice key,
                          enum read_tier tier,
                          struct arena *arena,
                          struct error *err)
{
    struct engine_value value;
    bool stored = false;
    read->found = false;
    read->image = (struct slice){NULL, 0};
    if (!engine_get(store->engine, FAMILY_ITEMS, snapshot, key, tier, &value, &stored, err)) {
        return false;
    }
    if (!stored) {
        return true;
    }
    bool tombstone = false;
    struct slice image;
    bool ok = row_image(value.bytes, &tombstone, &image, err);
    if (ok && !tombstone) {
        read->image = arena_copy(arena, image);
        read->found = true;
    }
    engine_value_release(&value);
    return ok;
}

bool store_get_together(struct store *store,
                        struct item_read *reads,
                        uint32_t count,
                        enum read_tier tier,
                        struct arena *arena,
                        uint64_t *wait_seq,
                        struct error *err)
{
    struct table_key *keys = arena_zalloc(arena, count, sizeof(*keys));
    for (uint32_t i = 0; i < count; i++) {
        key_encode(reads[i].table, reads[i].key, arena, &keys[i]);
    }
    struct engine_snapshot *snapshot = engine_snapshot_take(store->engine);
    bool ok = true;
    for (uint32_t i = 0; i < count && ok; i++) {
        ok = together_read(store, snapshot, &reads[i], keys[i].bytes, tier, arena, err);
    }
    engine_snapshot_release(store->engine, snapshot);
    if (!ok) {
        return false;
    }
    *wait_seq = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t seq = latch_appended_seq(store->latches, latch_stripe(keys[i].hash));
        *wait_seq = seq > *wait_seq ? seq : *wait_seq;
    }
    return true;
}
