/* A table's rows from one snapshot, tombstones included, for backfill and comparison.
 *
 * What a walk hands out is shipped to other regions, so it must be on disk first: a write that a
 * crash takes back would live on there, under a dot that is given out again here. The first step
 * therefore waits for everything the snapshot can hold. */
#include "storage/store.h"
#include "storage/table/key.h"

struct store_walk {
    struct store *store;
    const struct table *table; /* NULL: there is no such table. */
    struct engine_snapshot *snapshot;
    struct engine_iterator *rows;
    uint64_t wait_seq;
    bool begun;
};

struct store_walk *store_walk_open(struct store *store, uint32_t table_id)
{
    struct store_walk *walk = calloc(1, sizeof(*walk));
    ensure(walk != NULL);
    walk->store = store;
    walk->table = catalog_acquire_id(store->catalog, table_id);
    if (walk->table == NULL) {
        return walk;
    }
    uint8_t lower[KEY_TABLE_BYTES]; /* Table id, then index 0: the base rows. */
    uint8_t upper[KEY_TABLE_BYTES];
    put_be32(lower, table_id);
    put_be16(lower + 4, 0);
    put_be32(upper, table_id);
    put_be16(upper + 4, 1);
    walk->snapshot = engine_snapshot_take(store->engine);
    walk->wait_seq = engine_appended_seq(store->engine);
    walk->rows =
        engine_iterator_open_once(store->engine, FAMILY_ITEMS, walk->snapshot,
                                  slice_of(lower, sizeof(lower)), slice_of(upper, sizeof(upper)));
    return walk;
}

static bool walk_move(struct store_walk *walk, struct error *err)
{
    if (walk->begun) {
        return engine_iterator_next(walk->rows, err);
    }
    walk->begun = true;
    return engine_wait_durable(walk->store->engine, walk->wait_seq, err) &&
           engine_iterator_first(walk->rows, err);
}

bool store_walk_next(struct store_walk *walk,
                     struct arena *arena,
                     struct change *change,
                     struct error *err)
{
    error_clear(err);
    if (walk->table == NULL) {
        return error_set(err, ERROR_NOT_FOUND, "the table to walk is gone");
    }
    if (!walk_move(walk, err)) {
        return false;
    }
    struct row row;
    if (!row_decode(engine_iterator_value(walk->rows), &row, err) ||
        !key_decode(walk->table, engine_iterator_key(walk->rows), arena, &change->key, err)) {
        return error_wrap(err, "walk of table %u", walk->table->id);
    }
    change->table_id = walk->table->id;
    change->version = row.version;
    change->has_image = true;
    change->tombstone = row.tombstone;
    change->image = row.image;
    return true;
}

void store_walk_close(struct store_walk *walk)
{
    if (walk == NULL) {
        return;
    }
    engine_iterator_close(walk->rows);
    if (walk->snapshot != NULL) {
        engine_snapshot_release(walk->store->engine, walk->snapshot);
    }
    table_release(walk->table);
    free(walk);
}
