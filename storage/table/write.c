/* The write path of one item: PutItem, UpdateItem, DeleteItem.
 *
 *     latch the row --> read it --> test --> build --> commit section: seq, stamp, append -->
 * unlatch
 *
 * Nothing here waits for a sync, and no latch is held across the disk if that can be helped: under
 * READ_CACHED a row that is not in memory gives the latch back and says WOULD_BLOCK; under
 * READ_FULL the row is fetched first, without the latch, and then read again under it from memory.
 *
 * Failure modes. A crash between append and sync loses a write nobody was told of. A refused append
 * (THROTTLED) leaves the row as it was; only its seq is used up. Under a slow clock the stamp still
 * rises: it follows the row that is overwritten. */
#include "storage/table/batch_pool.h"
#include "storage/table/latch.h"
#include "storage/table/row_write.h"

/* Reads from memory under the latch after a read from disk without it, before the read from disk is
 * done under the latch: the cache may drop the block in between, but hardly thrice. */
enum { WRITE_CACHED_TRIES = 3 };

/* Under the latch. Everything that can be made without the seq is made before the section. */
static bool write_commit(struct row_write *row, struct error *err)
{
    struct store *store = row->store;
    struct engine_batch *batch = batch_pool_take(store->batches, row->stripe);
    row_write_lay(row, batch, 0);
    uint64_t seq = engine_commit_begin(store->engine);
    uint64_t stamp = store->clock.stamp(store->clock.context, row_write_floor(row));
    row_write_stage(row, batch, seq, stamp);
    bool ok = engine_commit_append(store->engine, batch, seq, err);
    if (ok) {
        row_write_done(row, seq);
    } else {
        row_write_undo(row);
    }
    batch_pool_give(store->batches, row->stripe, batch, row_write_bytes(row));
    return ok;
}

static bool write_attempt(struct row_write *row, enum read_tier tier, struct error *err)
{
    struct latches *latches = row->store->latches;
    error_clear(err);
    latch_lock(latches, row->stripe);
    bool ok = row_write_read(row, tier, err) && row_write_judge(row, err) &&
              (!row->needed || write_commit(row, err));
    latch_unlock(latches, row->stripe);
    return ok;
}

/* Bring the row's blocks into memory, without the latch. */
static bool write_warm(const struct row_write *row, struct error *err)
{
    struct engine_value value;
    bool found = false;
    if (!row_write_warm(row, &value, &found, err)) {
        return false;
    }
    if (found) {
        engine_value_release(&value);
    }
    return true;
}

bool store_write(struct store *store,
                 struct write *write,
                 enum read_tier tier,
                 struct arena *arena,
                 struct error *err)
{
    struct row_write row;
    ensure(write->kind != WRITE_CHECK);
    if (!row_write_plan(&row, store, write, arena, err)) {
        return false;
    }
    if (tier == READ_CACHED) {
        return write_attempt(&row, READ_CACHED, err);
    }
    for (int i = 0; i < WRITE_CACHED_TRIES; i++) {
        if (!write_warm(&row, err)) {
            return false;
        }
        bool ok = write_attempt(&row, READ_CACHED, err);
        if (ok || err->code != ERROR_WOULD_BLOCK) {
            return ok;
        }
    }
    return write_attempt(&row, READ_FULL, err);
}
