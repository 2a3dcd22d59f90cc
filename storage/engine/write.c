/* Batches and the commit section.
 *
 * The section is one mutex: begin locks it and gives the next seq, append writes and unlocks. Seqs
 * therefore reach RocksDB in order, and a synced position is one number. RocksDB runs its own write
 * queue behind it; with one writer at a time that queue is always empty.
 *
 * A refused batch (stall, bound) leaves no trace but its seq, which ends like any other: a latch
 * may name it already, and whoever waits for it must be let go. An append that fails otherwise may
 * have left part of itself in the write-ahead log, where a restart would find it: its outcome is
 * unknown, so the engine is failed for good and the node has to stop. */
#include "proto/base/limits.h"
#include "storage/engine/engine_inner.h"

struct engine_batch *engine_batch_open(void)
{
    struct engine_batch *batch = malloc(sizeof(*batch));
    ensure(batch != NULL);
    batch->batch = rocksdb_writebatch_create();
    return batch;
}

void engine_batch_clear(struct engine_batch *batch)
{
    rocksdb_writebatch_clear(batch->batch);
}

void engine_batch_close(struct engine_batch *batch)
{
    if (batch != NULL) {
        rocksdb_writebatch_destroy(batch->batch);
        free(batch);
    }
}

void engine_batch_put(struct engine *engine,
                      struct engine_batch *batch,
                      enum engine_family family,
                      struct slice key,
                      struct slice value)
{
    ensure(family < FAMILIES && key.size > 0);
    rocksdb_writebatch_put_cf(batch->batch, engine->families[family], (const char *)key.data,
                              key.size, (const char *)value.data, value.size);
}

void engine_batch_delete(struct engine *engine,
                         struct engine_batch *batch,
                         enum engine_family family,
                         struct slice key)
{
    ensure(family < FAMILIES && key.size > 0);
    rocksdb_writebatch_delete_cf(batch->batch, engine->families[family], (const char *)key.data,
                                 key.size);
}

uint64_t engine_commit_begin(struct engine *engine)
{
    pthread_mutex_lock(&engine->commit);
    return ++engine->last;
}

uint64_t engine_commit_begin_many(struct engine *engine, uint32_t count)
{
    ensure(count > 0);
    pthread_mutex_lock(&engine->commit);
    uint64_t first = engine->last + 1;
    engine->last += count;
    return first;
}

/* The section's end, whatever became of the batch: somebody may have been told of this seq. */
static void write_end(struct engine *engine, uint64_t seq)
{
    atomic_store(&engine->begun, seq);
    atomic_store(&engine->ended, seq);
    pthread_mutex_unlock(&engine->commit);
    sync_kick(engine);
}

/* Refuse before RocksDB sees the batch? */
static bool write_refused(struct engine *engine, struct error *err)
{
    if (engine_sync_failed(engine, err)) {
        return true;
    }
    uint64_t pending = atomic_load_explicit(&engine->ended, memory_order_relaxed) -
                       atomic_load_explicit(&engine->synced, memory_order_relaxed);
    if (engine->durability == DURABILITY_SYNC && pending >= WRITES_PENDING_MAX) {
        error_set(err, ERROR_THROTTLED, "%llu writes wait for the disk",
                  (unsigned long long)pending);
        return true;
    }
    return false;
}

bool engine_commit_append(struct engine *engine,
                          struct engine_batch *batch,
                          uint64_t seq,
                          struct error *err)
{
    ensure(seq == engine->last);
    ensure(seq > atomic_load_explicit(&engine->ended, memory_order_relaxed));
    if (write_refused(engine, err)) {
        write_end(engine, seq);
        return false;
    }
    /* Before the write: whoever can see it already knows what to wait for. */
    atomic_store(&engine->begun, seq);
    char *reason = NULL;
    rocksdb_write(engine->db, engine->write_options, batch->batch, &reason);
    bool ok = reason == NULL;
    if (!ok) {
        engine_fail(err, "append", reason);
        if (err->code != ERROR_THROTTLED) {
            err->code = ERROR_IO;
            sync_fail(engine, err->text);
        }
    }
    write_end(engine, seq);
    return ok;
}

void engine_commit_abandon(struct engine *engine)
{
    write_end(engine, engine->last);
}

void engine_raise_seq(struct engine *engine, uint64_t seq)
{
    pthread_mutex_lock(&engine->commit);
    /* Nothing is under way: all of these are equal. */
    ensure(atomic_load(&engine->ended) == engine->last &&
           atomic_load(&engine->synced) == engine->last);
    if (seq > engine->last) {
        engine->last = seq;
        atomic_store(&engine->begun, seq);
        atomic_store(&engine->ended, seq);
        atomic_store(&engine->synced, seq);
    }
    pthread_mutex_unlock(&engine->commit);
}
