/* Reading one item. */
#include "storage/store.h"
#include "storage/table/key.h"
#include "storage/table/latch.h"

bool store_get(struct store *store,
               const struct table *table,
               struct slice key,
               enum read_tier tier,
               struct arena *arena,
               struct slice *image,
               bool *found,
               uint64_t *wait_seq,
               struct error *err)
{
    struct table_key encoded;
    key_encode(table, key, arena, &encoded);
    struct engine_value value;
    bool stored = false;
    if (!engine_get(store->engine, FAMILY_ITEMS, NULL, encoded.bytes, tier, &value, &stored, err)) {
        return false;
    }
    /* After the read, so that it covers whatever the read has seen. */
    *wait_seq = latch_appended_seq(store->latches, latch_stripe(encoded.hash));
    *found = false;
    *image = (struct slice){NULL, 0};
    if (!stored) {
        return true;
    }
    bool tombstone = false;
    struct slice stored_image;
    bool ok = row_image(value.bytes, &tombstone, &stored_image, err);
    if (ok && !tombstone) {
        *image = arena_copy(arena, stored_image);
        *found = true;
    }
    engine_value_release(&value);
    return ok;
}
