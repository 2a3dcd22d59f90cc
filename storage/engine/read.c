/* Reading: point reads without a copy, snapshots, iterators.
 *
 * READ_CACHED asks RocksDB for its block-cache tier: what would need a file comes back as "Result
 * incomplete", which engine_fail turns into WOULD_BLOCK.
 *
 * No range tombstone is ever written (space.c), and iterators are told so. Otherwise RocksDB 7.8
 * stops at the end of each file of a level for the tombstones there, steps into the next file, and
 * does not ask whether that one could not be read: in the cached tier whole files were passed over
 * without a word. */
#include "storage/engine/engine_inner.h"

struct engine_snapshot {
    const rocksdb_snapshot_t *snapshot;
};

struct engine_iterator {
    rocksdb_iterator_t *rows;
    rocksdb_readoptions_t *options; /* Holds the bounds' pointers: outlives `rows`. */
    char *bounds;                   /* Lower, then upper. */
};

/* NULL means: engine->read_options serve. */
static rocksdb_readoptions_t *read_snapshot_options(const struct engine_snapshot *snapshot,
                                                    enum read_tier tier)
{
    if (snapshot == NULL) {
        return NULL;
    }
    rocksdb_readoptions_t *options = rocksdb_readoptions_create();
    rocksdb_readoptions_set_read_tier(options, tier == READ_CACHED ? 1 : 0);
    rocksdb_readoptions_set_snapshot(options, snapshot->snapshot);
    return options;
}

bool engine_get(struct engine *engine,
                enum engine_family family,
                const struct engine_snapshot *snapshot,
                struct slice key,
                enum read_tier tier,
                struct engine_value *value,
                bool *found,
                struct error *err)
{
    ensure(family < FAMILIES && tier <= READ_FULL);
    char *reason = NULL;
    rocksdb_readoptions_t *own = read_snapshot_options(snapshot, tier);
    rocksdb_pinnableslice_t *pin =
        rocksdb_get_pinned_cf(engine->db, own != NULL ? own : engine->read_options[tier],
                              engine->families[family], (const char *)key.data, key.size, &reason);
    if (own != NULL) {
        rocksdb_readoptions_destroy(own);
    }
    if (reason != NULL) {
        ensure(pin == NULL);
        return engine_fail(err, "read", reason);
    }
    *found = pin != NULL;
    if (pin != NULL) {
        size_t size;
        const char *data = rocksdb_pinnableslice_value(pin, &size);
        value->bytes = slice_of(data, size);
        value->pin = pin;
    }
    return true;
}

void engine_value_release(struct engine_value *value)
{
    rocksdb_pinnableslice_destroy(value->pin);
    value->pin = NULL;
}

struct engine_snapshot *engine_snapshot_take(struct engine *engine)
{
    struct engine_snapshot *snapshot = malloc(sizeof(*snapshot));
    ensure(snapshot != NULL);
    snapshot->snapshot = rocksdb_create_snapshot(engine->db);
    return snapshot;
}

void engine_snapshot_release(struct engine *engine, struct engine_snapshot *snapshot)
{
    if (snapshot != NULL) {
        rocksdb_release_snapshot(engine->db, snapshot->snapshot);
        free(snapshot);
    }
}

static struct engine_iterator *read_iterator(struct engine *engine,
                                             enum engine_family family,
                                             const struct engine_snapshot *snapshot,
                                             struct slice lower,
                                             struct slice upper,
                                             enum read_tier tier,
                                             bool fill_cache)
{
    ensure(family < FAMILIES && tier <= READ_FULL);
    struct engine_iterator *made = malloc(sizeof(*made));
    ensure(made != NULL);
    made->bounds = malloc(lower.size + upper.size + 1);
    ensure(made->bounds != NULL);
    made->options = read_snapshot_options(snapshot, tier);
    if (made->options == NULL) {
        made->options = rocksdb_readoptions_create();
        rocksdb_readoptions_set_read_tier(made->options, tier == READ_CACHED ? 1 : 0);
    }
    rocksdb_readoptions_set_fill_cache(made->options, fill_cache ? 1 : 0);
    rocksdb_readoptions_set_ignore_range_deletions(made->options, 1);
    if (lower.size > 0) {
        memcpy(made->bounds, lower.data, lower.size);
        rocksdb_readoptions_set_iterate_lower_bound(made->options, made->bounds, lower.size);
    }
    if (upper.size > 0) {
        memcpy(made->bounds + lower.size, upper.data, upper.size);
        rocksdb_readoptions_set_iterate_upper_bound(made->options, made->bounds + lower.size,
                                                    upper.size);
    }
    made->rows = rocksdb_create_iterator_cf(engine->db, made->options, engine->families[family]);
    return made;
}

struct engine_iterator *engine_iterator_open_once(struct engine *engine,
                                                  enum engine_family family,
                                                  const struct engine_snapshot *snapshot,
                                                  struct slice lower,
                                                  struct slice upper)
{
    return read_iterator(engine, family, snapshot, lower, upper, READ_FULL, false);
}

struct engine_iterator *engine_iterator_open(struct engine *engine,
                                             enum engine_family family,
                                             const struct engine_snapshot *snapshot,
                                             struct slice lower,
                                             struct slice upper,
                                             enum read_tier tier)
{
    return read_iterator(engine, family, snapshot, lower, upper, tier, true);
}

void engine_iterator_close(struct engine_iterator *iterator)
{
    if (iterator == NULL) {
        return;
    }
    rocksdb_iter_destroy(iterator->rows);
    rocksdb_readoptions_destroy(iterator->options);
    free(iterator->bounds);
    free(iterator);
}

/* What every move ends with. */
static bool read_moved(const struct engine_iterator *iterator, struct error *err)
{
    if (rocksdb_iter_valid(iterator->rows)) {
        return true;
    }
    char *reason = NULL;
    rocksdb_iter_get_error(iterator->rows, &reason);
    if (reason != NULL) {
        return engine_fail(err, "iterate", reason);
    }
    error_clear(err);
    return false;
}

bool engine_iterator_first(struct engine_iterator *iterator, struct error *err)
{
    rocksdb_iter_seek_to_first(iterator->rows);
    return read_moved(iterator, err);
}

bool engine_iterator_last(struct engine_iterator *iterator, struct error *err)
{
    rocksdb_iter_seek_to_last(iterator->rows);
    return read_moved(iterator, err);
}

bool engine_iterator_seek(struct engine_iterator *iterator, struct slice key, struct error *err)
{
    rocksdb_iter_seek(iterator->rows, (const char *)key.data, key.size);
    return read_moved(iterator, err);
}

bool engine_iterator_seek_back(struct engine_iterator *iterator,
                               struct slice key,
                               struct error *err)
{
    rocksdb_iter_seek_for_prev(iterator->rows, (const char *)key.data, key.size);
    return read_moved(iterator, err);
}

bool engine_iterator_next(struct engine_iterator *iterator, struct error *err)
{
    ensure(rocksdb_iter_valid(iterator->rows));
    rocksdb_iter_next(iterator->rows);
    return read_moved(iterator, err);
}

bool engine_iterator_previous(struct engine_iterator *iterator, struct error *err)
{
    ensure(rocksdb_iter_valid(iterator->rows));
    rocksdb_iter_prev(iterator->rows);
    return read_moved(iterator, err);
}

struct slice engine_iterator_key(const struct engine_iterator *iterator)
{
    size_t size;
    const char *data = rocksdb_iter_key(iterator->rows, &size);
    return slice_of(data, size);
}

struct slice engine_iterator_value(const struct engine_iterator *iterator)
{
    size_t size;
    const char *data = rocksdb_iter_value(iterator->rows, &size);
    return slice_of(data, size);
}
