/* Space: giving ranges back to the file system, and figures about what is used. */
#include "proto/base/bytes.h"
#include "storage/engine/engine_inner.h"

enum {
    LIMIT_TAIL_BYTES = 16,
    DROP_PIECE_KEYS = 512, /* Deleted with one sync: others wait for no more than that. */
};

/* RocksDB's file drop takes an inclusive upper limit, ours is exclusive. A key just below `upper`:
 * without a last zero byte it is the predecessor itself; otherwise the last byte is one less and
 * 0xFFs follow. Keys between that and `upper` only keep a file from being dropped. */
static size_t space_limit(struct slice upper, uint8_t *limit)
{
    memcpy(limit, upper.data, upper.size);
    if (limit[upper.size - 1] == 0) {
        return upper.size - 1;
    }
    limit[upper.size - 1]--;
    memset(limit + upper.size, 0xff, LIMIT_TAIL_BYTES);
    return upper.size + LIMIT_TAIL_BYTES;
}

bool engine_drop_files(struct engine *engine,
                       enum engine_family family,
                       struct slice lower,
                       struct slice upper,
                       struct error *err)
{
    ensure(family < FAMILIES && upper.size > 0 && slice_compare(lower, upper) <= 0);
    uint8_t *limit = malloc(upper.size + LIMIT_TAIL_BYTES);
    ensure(limit != NULL);
    size_t limit_bytes = space_limit(upper, limit);
    char *reason = NULL;
    if (slice_compare(lower, slice_of(limit, limit_bytes)) <= 0) {
        rocksdb_delete_file_in_range_cf(engine->db, engine->families[family],
                                        (const char *)lower.data, lower.size, (const char *)limit,
                                        limit_bytes, &reason);
    }
    free(limit);
    return reason == NULL || engine_fail(err, "drop files", reason);
}

/* Delete the next keys of the range; *more says whether there may be others. */
static bool space_drop_piece(struct engine *engine,
                             enum engine_family family,
                             struct engine_iterator *rows,
                             struct engine_batch *batch,
                             bool *more,
                             struct error *err)
{
    uint32_t count = 0;
    engine_batch_clear(batch);
    while (*more && count < DROP_PIECE_KEYS) {
        engine_batch_delete(engine, batch, family, engine_iterator_key(rows));
        count++;
        *more = engine_iterator_next(rows, err);
    }
    if (err->code != ERROR_NONE) {
        return false;
    }
    uint64_t seq = engine_commit_begin(engine);
    return engine_commit_append(engine, batch, seq, err) && engine_wait_durable(engine, seq, err);
}

/* What is left after the files: boundaries, level 0 and memory. Key by key and not by a range
 * tombstone: an iterator of RocksDB 7.8 that skips a row under one forgets that another file could
 * not be read (MergingIterator sets its status anew), so a cached read would end too early without
 * saying that it would have to block. */
static bool space_drop_keys(struct engine *engine,
                            enum engine_family family,
                            struct slice lower,
                            struct slice upper,
                            struct error *err)
{
    struct engine_batch *batch = engine_batch_open();
    struct engine_iterator *rows = engine_iterator_open_once(engine, family, NULL, lower, upper);
    bool more = engine_iterator_first(rows, err);
    bool ok = err->code == ERROR_NONE;
    while (ok && more) {
        ok = space_drop_piece(engine, family, rows, batch, &more, err);
    }
    engine_iterator_close(rows);
    engine_batch_close(batch);
    return ok;
}

bool engine_drop_range(struct engine *engine,
                       enum engine_family family,
                       struct slice lower,
                       struct slice upper,
                       struct error *err)
{
    ensure(family != FAMILY_LOG); /* Deletes there would make compactions rewrite it. */
    error_clear(err);
    return engine_drop_files(engine, family, lower, upper, err) &&
           space_drop_keys(engine, family, lower, upper, err);
}

bool engine_trimmed_set(struct engine *engine, uint64_t seq, uint64_t own, struct error *err)
{
    ensure(seq >= engine_trimmed_seq(engine) && own <= seq);
    ensure(own >= engine_trimmed_own_seq(engine));
    uint8_t value[2 * ENGINE_SEQ_BYTES];
    put_be64(value, seq);
    put_be64(value + ENGINE_SEQ_BYTES, own);
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(engine, batch, FAMILY_META, slice_text(ENGINE_TRIMMED_KEY),
                     slice_of(value, own == seq ? ENGINE_SEQ_BYTES : sizeof(value)));
    uint64_t commit = engine_commit_begin(engine);
    bool ok = engine_commit_append(engine, batch, commit, err) &&
              engine_wait_durable(engine, commit, err);
    engine_batch_close(batch);
    if (ok) {
        atomic_store(&engine->trimmed, seq);
        atomic_store(&engine->trimmed_own, own);
    }
    return ok;
}

uint64_t engine_trimmed_seq(const struct engine *engine)
{
    return atomic_load_explicit(&engine->trimmed, memory_order_acquire);
}

uint64_t engine_trimmed_own_seq(const struct engine *engine)
{
    return atomic_load_explicit(&engine->trimmed_own, memory_order_acquire);
}

static int64_t space_property(struct engine *engine, enum engine_family family, const char *name)
{
    uint64_t value;
    if (rocksdb_property_int_cf(engine->db, engine->families[family], name, &value) != 0) {
        return -1;
    }
    return (int64_t)value;
}

/* Of all families; -1 as soon as one does not know. */
static int64_t space_sum(struct engine *engine, const char *name)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < FAMILIES; i++) {
        int64_t part = space_property(engine, (enum engine_family)i, name);
        if (part < 0) {
            return -1;
        }
        sum += part;
    }
    return sum;
}

void engine_figures(struct engine *engine, struct engine_figures *figures)
{
    figures->memtable_bytes = space_sum(engine, "rocksdb.cur-size-all-mem-tables");
    figures->block_cache_bytes = (int64_t)rocksdb_cache_get_usage(engine->cache);
    figures->block_cache_pinned_bytes = (int64_t)rocksdb_cache_get_pinned_usage(engine->cache);
    figures->table_reader_bytes = space_sum(engine, "rocksdb.estimate-table-readers-mem");
    figures->live_bytes = space_sum(engine, "rocksdb.live-sst-files-size");
    figures->pending_compaction_bytes =
        space_sum(engine, "rocksdb.estimate-pending-compaction-bytes");
    for (unsigned i = 0; i < FAMILIES; i++) {
        figures->keys[i] =
            space_property(engine, (enum engine_family)i, "rocksdb.estimate-num-keys");
    }
    figures->write_stopped = space_property(engine, FAMILY_META, "rocksdb.is-write-stopped") == 1;
}
