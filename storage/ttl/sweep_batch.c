#include "storage/ttl/sweep_batch.h"

#include "storage/table/latch.h"
#include "storage/table/row_write.h"
#include "storage/ttl/expiry.h"

enum { SWEEP_CACHED_TRIES = 3 }; /* As WRITE_CACHED_TRIES of table/write.c. */

struct sweep_item {
    const struct sweep_row *from;
    struct write write;
    struct row_write row;
    bool damaged;
    bool due; /* The item goes; otherwise only its expiry row. */
};

struct sweep_job {
    struct store *store;
    const struct table *table;
    struct arena *arena;
    struct sweep_item *items;
    uint32_t count;
    struct sweep_result *result;
};

static bool
sweep_plan(struct sweep_job *job, const struct sweep_row *rows, uint32_t count, struct error *err)
{
    job->items = arena_zalloc(job->arena, count, sizeof(*job->items));
    for (uint32_t i = 0; i < count; i++) {
        struct sweep_item *item = &job->items[job->count];
        struct error broken;
        struct slice key;
        if (!key_decode(job->table, rows[i].key, job->arena, &key, &broken)) {
            job->result->damaged++;
            continue;
        }
        item->from = &rows[i];
        item->write =
            (struct write){.table = job->table, .kind = WRITE_DELETE, .item = key, .by_ttl = true};
        if (!row_write_plan(&item->row, job->store, &item->write, job->arena, err)) {
            return false;
        }
        job->count++;
    }
    return true;
}

/* The rows' blocks into memory, without the latches. */
static bool sweep_warm(const struct sweep_job *job, struct error *err)
{
    for (uint32_t i = 0; i < job->count; i++) {
        struct engine_value value;
        bool found = false;
        if (!row_write_warm(&job->items[i].row, &value, &found, err)) {
            return false;
        }
        if (found) {
            engine_value_release(&value);
        }
    }
    return true;
}

/* --- Under the latches ------------------------------------------------------------------------ */

/* Does the item still say that it expires in this second, and not so long ago that it stays? */
static bool sweep_is_due(const struct sweep_job *job, const struct sweep_item *item)
{
    uint64_t second = 0;
    return item->write.existed &&
           ttl_second(job->table->ttl.attribute, item->write.old_image, &second) &&
           second == item->from->second && second + TTL_PAST_SECONDS_MAX >= ttl_now(job->store);
}

static bool sweep_read(struct sweep_job *job, enum read_tier tier, struct error *err)
{
    for (uint32_t i = 0; i < job->count; i++) {
        struct sweep_item *item = &job->items[i];
        item->damaged = false;
        item->due = false;
        if (!row_write_read(&item->row, tier, err)) {
            if (err->code != ERROR_CORRUPT) {
                return false;
            }
            error_clear(err);
            item->damaged = true;
            continue;
        }
        item->due = sweep_is_due(job, item);
        if (item->due && !row_write_judge(&item->row, err)) {
            return false;
        }
    }
    return true;
}

/* Returns how many items go. */
static uint32_t sweep_lay(struct sweep_job *job, struct engine_batch *batch, uint64_t *floor)
{
    uint32_t due = 0;
    *floor = 0;
    for (uint32_t i = 0; i < job->count; i++) {
        struct sweep_item *item = &job->items[i];
        if (item->damaged) {
            job->result->damaged++;
        } else if (item->due) {
            row_write_lay(&item->row, batch, 0);
            uint64_t least = row_write_floor(&item->row);
            *floor = least > *floor ? least : *floor;
            due++;
        } else {
            engine_batch_delete(job->store->engine, batch, FAMILY_EXPIRY, item->from->expiry);
            job->result->stale++;
        }
    }
    job->result->deleted = due;
    return due;
}

static bool sweep_append(struct sweep_job *job, struct engine_batch *batch, struct error *err)
{
    struct store *store = job->store;
    uint64_t floor;
    uint32_t due = sweep_lay(job, batch, &floor);
    if (due == 0 && job->result->stale == 0) {
        return true;
    }
    uint32_t seqs = due > 0 ? due : 1;
    uint64_t seq = engine_commit_begin_many(store->engine, seqs);
    uint64_t last = seq + seqs - 1;
    uint64_t stamp = store->clock.stamp(store->clock.context, floor);
    for (uint32_t i = 0; i < job->count; i++) {
        if (job->items[i].due) {
            row_write_stage(&job->items[i].row, batch, seq++, stamp);
        }
    }
    if (!engine_commit_append(store->engine, batch, last, err)) {
        return false;
    }
    for (uint32_t i = 0; i < job->count; i++) {
        if (job->items[i].due) {
            row_write_done(&job->items[i].row, last);
        }
    }
    return true;
}

static bool sweep_run(struct sweep_job *job, enum read_tier tier, struct error *err)
{
    if (!table_is_current(job->table) || table_is_dropped(job->table)) {
        job->result->outdated = true;
        return true;
    }
    if (!sweep_read(job, tier, err)) {
        return false;
    }
    struct engine_batch *batch = engine_batch_open();
    bool ok = sweep_append(job, batch, err);
    engine_batch_close(batch);
    return ok;
}

static bool sweep_attempt(struct sweep_job *job, enum read_tier tier, struct error *err)
{
    uint32_t stripes[SWEEP_BATCH_ROWS];
    uint32_t locked = job->count;
    uint32_t damaged = job->result->damaged;
    for (uint32_t i = 0; i < job->count; i++) {
        stripes[i] = job->items[i].row.stripe;
    }
    error_clear(err);
    latch_lock_many(job->store->latches, stripes, &locked);
    bool ok = sweep_run(job, tier, err);
    latch_unlock_many(job->store->latches, stripes, locked);
    if (!ok) {
        *job->result = (struct sweep_result){.damaged = damaged};
    }
    return ok;
}

bool sweep_batch(struct store *store,
                 const struct table *table,
                 const struct sweep_row *rows,
                 uint32_t count,
                 struct arena *arena,
                 struct sweep_result *result,
                 struct error *err)
{
    ensure(count > 0 && count <= SWEEP_BATCH_ROWS);
    struct sweep_job job = {.store = store, .table = table, .arena = arena, .result = result};
    *result = (struct sweep_result){0};
    if (!sweep_plan(&job, rows, count, err)) {
        return false;
    }
    for (int i = 0; i < SWEEP_CACHED_TRIES; i++) {
        if (i > 0 && !sweep_warm(&job, err)) {
            return false;
        }
        bool ok = sweep_attempt(&job, READ_CACHED, err);
        if (ok || err->code != ERROR_WOULD_BLOCK) {
            return ok;
        }
    }
    return sweep_warm(&job, err) && sweep_attempt(&job, READ_FULL, err);
}
