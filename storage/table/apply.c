/* Applying what arrives from another region: many changes, one atomic batch.
 *
 *     find the rows --> warm the cache --> latch all rows --> read --> decide in order
 *         --> commit section: watermark, append --> raise the applied vector --> unlatch
 *
 * Rows are a function of what was applied and of nothing local: the winner's version and image, the
 * pointwise maximum of both contexts, less what is settled. A change sees what the changes before
 * it in the same call have done.
 *
 * The applied vector is raised after the append and before the latches are given back. So a local
 * write, which takes its context under its row's latch, names exactly the writes its row shows:
 * naming one it has not seen would make peers drop it unseen, missing one it has seen would make
 * them report a conflict that was none.
 *
 * No log record is written that ships: only own writes do. But a row that changes in a table with a
 * stream leaves a foreign one, from what it was before this call to what it is after it, each with
 * a seq of its own. The commit takes a seq in any case, so that waiting works; without a record the
 * seq may be given again after a crash, to a write that becomes a dot or to a batch like this one.
 * That is safe because only log records become dots.
 *
 * Failure modes. A crash before the sync takes rows, conflict records and watermark back together,
 * and the sender sends again from the old watermark. A refused append changes nothing, and nothing
 * in memory was raised. A damaged change refuses the whole call: half a batch of an origin would
 * break the order that contexts rely on. */
#include "storage/log/applied.h"
#include "storage/log/change.h"
#include "storage/store.h"
#include "storage/stream/streams.h"
#include "storage/table/conflicts.h"
#include "storage/table/index_change.h"
#include "storage/table/latch.h"
#include "storage/ttl/expiry.h"

enum {
    /* Reads from the cache under the latches, each after a read from disk without them, before the
     * disk is read under the latches: the cache may drop blocks in between, but hardly thrice. */
    APPLY_CACHED_TRIES = 3,
};

#define NO_ROW UINT32_MAX /* No index of a row. */

/* One row that the call touches; rows with one bucket are chained. */
struct apply_row {
    const struct table *table;
    struct table_key key;
    struct slice key_image; /* Borrowed from a change. */
    uint32_t next;
    uint32_t stripe;
    struct engine_value value; /* What was stored; `now` may borrow from it. */
    bool pinned;
    bool gone;   /* The table was removed: everything for it is dropped. */
    bool exists; /* There is a row, perhaps only a tombstone. */
    bool dirty;
    struct row now;
    struct slice was;             /* The image before; empty: no item. Borrowed from `value`. */
    struct index_change *indexes; /* Of a row to write. */
    struct expiry_change expiry;  /* The same. */
};

struct apply_job {
    struct store *store;
    const struct change *changes;
    uint32_t count;
    const struct dot *watermark;
    apply_decider decide;
    void *context;
    struct apply_result *result;
    struct arena *arena;

    struct apply_row *rows;
    uint32_t rows_count;
    uint32_t *row_of; /* By change; NO_ROW: dropped for its table or as a duplicate. */
    uint32_t *buckets;
    uint32_t buckets_mask;
    uint32_t *stripes;
    uint32_t stripes_count;
    const struct table **tables; /* One reference each. */
    uint32_t tables_count;
    struct engine_batch *batch;
    struct context settled;
    uint32_t streamed; /* Rows that leave a record to a stream. */
};

/* --- Finding the rows ------------------------------------------------------------------------ */

/* NULL: there is no such table here. */
static const struct table *apply_table(struct apply_job *job, uint32_t id)
{
    for (uint32_t i = job->tables_count; i > 0; i--) { /* Mostly the same one as last time. */
        if (job->tables[i - 1]->id == id) {
            return job->tables[i - 1];
        }
    }
    const struct table *table = catalog_acquire_id(job->store->catalog, id);
    if (table != NULL) {
        job->tables[job->tables_count++] = table;
    }
    return table;
}

/* Does the image carry the key's values? Peers send both. */
static bool
apply_check_key(const struct table *table, const struct change *change, struct error *err)
{
    if (!item_check_key(table, change->key, err)) {
        err->code = ERROR_CORRUPT; /* A peer's fault, not a client's. */
        return error_wrap(err, "the key of a change");
    }
    if (change->tombstone) {
        return change->image.size == 0 ||
               error_set(err, ERROR_CORRUPT, "a delete carries an image");
    }
    if (!change->has_image) {
        return error_set(err, ERROR_CORRUPT, "a change comes without its image");
    }
    const struct key_attribute *parts[TABLE_KEYS_MAX] = {&table->partition, &table->sort};
    for (uint32_t i = 0; i < (table_has_sort(table) ? 2U : 1U); i++) {
        struct value in_key;
        struct value in_image;
        if (!item_find(change->key, parts[i]->name, &in_key) ||
            !item_find(change->image, parts[i]->name, &in_image) ||
            !value_equal(in_key, in_image)) {
            return error_set(err, ERROR_CORRUPT, "a change's image has another key than its key");
        }
    }
    return true;
}

static uint32_t
apply_find_row(struct apply_job *job, const struct table *table, const struct change *change)
{
    struct table_key key;
    key_encode(table, change->key, job->arena, &key);
    uint32_t *bucket = &job->buckets[(key.hash >> 32) & job->buckets_mask];
    for (uint32_t at = *bucket; at != NO_ROW; at = job->rows[at].next) {
        if (slice_equal(job->rows[at].key.bytes, key.bytes)) {
            return at;
        }
    }
    struct apply_row *row = &job->rows[job->rows_count];
    row->table = table;
    row->key = key;
    row->key_image = change->key;
    row->stripe = latch_stripe(key.hash);
    row->next = *bucket;
    *bucket = job->rows_count;
    return job->rows_count++;
}

static bool apply_find_rows(struct apply_job *job, struct error *err)
{
    for (uint32_t i = 0; i < job->count; i++) {
        const struct change *change = &job->changes[i];
        struct dot dot = change->version.dot;
        const struct table *table = apply_table(job, change->table_id);
        /* Deliveries overlap after a reconnect. What the watermark covers was decided on once; its
         * tombstone may be collected by now, so deciding again could bring the row back. */
        bool again = job->watermark != NULL && dot.region == job->watermark->region &&
                     applied_covers(job->store->applied, dot);
        if (table == NULL || again) {
            job->row_of[i] = NO_ROW;
            continue;
        }
        if (!apply_check_key(table, change, err)) {
            return false;
        }
        job->row_of[i] = apply_find_row(job, table, change);
    }
    return true;
}

static void apply_prepare(struct apply_job *job)
{
    uint32_t buckets = 4;
    while (buckets < 2 * job->count) {
        buckets *= 2;
    }
    job->buckets = arena_alloc(job->arena, buckets * sizeof(job->buckets[0]));
    memset(job->buckets, 0xff, buckets * sizeof(job->buckets[0])); /* NO_ROW everywhere. */
    job->buckets_mask = buckets - 1;
    job->rows = arena_zalloc(job->arena, job->count, sizeof(job->rows[0]));
    job->row_of = arena_alloc(job->arena, job->count * sizeof(job->row_of[0]));
    job->stripes = arena_alloc(job->arena, job->count * sizeof(job->stripes[0]));
    job->tables = arena_zalloc(job->arena, job->count, sizeof(const struct table *));
    job->batch = engine_batch_open();
    applied_settled(job->store->applied, &job->settled);
}

/* --- Reading, then deciding, under the latches ------------------------------------------------ */

static void apply_release_values(struct apply_job *job)
{
    for (uint32_t i = 0; i < job->rows_count; i++) {
        if (job->rows[i].pinned) {
            engine_value_release(&job->rows[i].value);
            job->rows[i].pinned = false;
        }
    }
}

/* Without the latches: only to have the blocks in memory. */
static bool apply_warm(struct apply_job *job, struct error *err)
{
    for (uint32_t i = 0; i < job->rows_count; i++) {
        struct engine_value value;
        bool found = false;
        if (!engine_get(job->store->engine, FAMILY_ITEMS, NULL, job->rows[i].key.bytes, READ_FULL,
                        &value, &found, err)) {
            return false;
        }
        if (found) {
            engine_value_release(&value);
        }
    }
    return true;
}

static bool
apply_read_row(struct apply_job *job, struct apply_row *row, enum read_tier tier, struct error *err)
{
    row->gone = table_is_dropped(row->table);
    row->dirty = false;
    if (!engine_get(job->store->engine, FAMILY_ITEMS, NULL, row->key.bytes, tier, &row->value,
                    &row->pinned, err)) {
        row->pinned = false;
        return false;
    }
    row->exists = row->pinned;
    if (row->exists && !row_decode(row->value.bytes, &row->now, err)) {
        return error_wrap(err, "a row of table %u", row->table->id);
    }
    row->was = row->exists && !row->now.tombstone ? row->now.image : (struct slice){NULL, 0};
    return true;
}

/* Descriptions may have changed since the rows were found: an index that is new by now must be
 * maintained. Under the latches; a table that was removed keeps its last description. */
static void apply_describe(struct apply_job *job)
{
    for (uint32_t i = 0; i < job->tables_count; i++) {
        const struct table *old = job->tables[i];
        const struct table *newest =
            table_is_current(old) ? NULL : catalog_acquire_id(job->store->catalog, old->id);
        if (newest == NULL) {
            continue;
        }
        for (uint32_t k = 0; k < job->rows_count; k++) {
            job->rows[k].table = job->rows[k].table == old ? newest : job->rows[k].table;
        }
        job->tables[i] = newest;
        table_release(old);
    }
}

static bool apply_read_rows(struct apply_job *job, enum read_tier tier, struct error *err)
{
    for (uint32_t i = 0; i < job->rows_count; i++) {
        if (!apply_read_row(job, &job->rows[i], tier, err)) {
            return false;
        }
    }
    return true;
}

static void apply_record_conflict(struct apply_job *job,
                                  const struct change *change,
                                  const struct row *winner,
                                  const struct row *loser,
                                  uint8_t reason)
{
    struct conflict conflict = {
        .table_id = change->table_id,
        .key = change->key,
        .winner = *winner,
        .loser = *loser,
        .time_ms = job->store->clock.wall_ms(job->store->clock.context),
        .reason = reason,
    };
    uint8_t key[CONFLICT_KEY_BYTES];
    struct buffer value;
    conflict_encode_key(&conflict, key);
    buffer_init(&value, job->arena,
                winner->image.size + loser->image.size + change->key.size + CONFLICT_KEY_BYTES);
    conflict_encode_value(&value, &conflict);
    engine_batch_put(job->store->engine, job->batch, FAMILY_CONFLICTS, slice_of(key, sizeof(key)),
                     buffer_slice(&value));
    job->result->conflicts++;
}

/* The row becomes `winner` with the contexts of both. */
static void apply_become(struct apply_job *job,
                         struct apply_row *row,
                         const struct row *winner,
                         const struct row *other)
{
    struct row made = *winner;
    if (other != NULL) {
        context_join(&made.version.context, &other->version.context);
    }
    context_prune(&made.version.context, &job->settled);
    row->now = made;
    row->exists = true;
    row->dirty = true;
}

/* A context holds REGIONS_MAX regions; the arriving one is a peer's. */
static bool apply_contexts_fit(const struct context *a, const struct context *b)
{
    uint32_t count = a->count;
    for (uint32_t i = 0; i < b->count; i++) {
        bool both = false;
        for (uint32_t k = 0; k < a->count && !both; k++) {
            both = a->entries[k].region == b->entries[i].region;
        }
        count += both ? 0 : 1;
    }
    return count <= REGIONS_MAX;
}

static struct row apply_arriving(const struct change *change)
{
    return (struct row){
        .version = change->version, .tombstone = change->tombstone, .image = change->image};
}

/* Of the changes [first, first + count), one transaction's: does one lose a conflict and another
 * does not? Their rows differ, so none of them decides about another. */
static bool apply_is_torn(const struct apply_job *job, uint32_t first, uint32_t count)
{
    uint32_t lost = 0;
    uint32_t others = 0;
    for (uint32_t i = first; count > 1 && i < first + count; i++) {
        const struct apply_row *row = job->row_of[i] == NO_ROW ? NULL : &job->rows[job->row_of[i]];
        if (row == NULL || row->gone) {
            continue;
        }
        struct row arriving = apply_arriving(&job->changes[i]);
        uint8_t reason = 0;
        enum apply_verdict verdict =
            job->decide(job->context, row->exists ? &row->now : NULL, &arriving, &reason);
        lost += verdict == APPLY_CONFLICT_KEEP ? 1 : 0;
        others += verdict == APPLY_CONFLICT_KEEP ? 0 : 1;
    }
    return lost > 0 && others > 0;
}

static bool apply_decide(struct apply_job *job,
                         const struct change *change,
                         bool torn,
                         struct apply_row *row,
                         struct error *err)
{
    struct row arriving = apply_arriving(change);
    struct row stored = row->now; /* `row->now` changes below. */
    const struct row *present = row->exists ? &stored : NULL;
    if (present != NULL &&
        !apply_contexts_fit(&present->version.context, &arriving.version.context)) {
        return error_set(err, ERROR_CORRUPT, "a change and its row name more than %d regions",
                         REGIONS_MAX);
    }
    uint8_t reason = 0;
    enum apply_verdict verdict = job->decide(job->context, present, &arriving, &reason);
    switch (verdict) {
    case APPLY_DROP:
        job->result->dropped++;
        break;
    case APPLY_STORE:
        apply_become(job, row, &arriving, present);
        job->result->stored++;
        break;
    case APPLY_KEEP:
        ensure(present != NULL);
        apply_become(job, row, present, &arriving);
        job->result->dropped++;
        break;
    case APPLY_CONFLICT_STORE:
        ensure(present != NULL);
        apply_record_conflict(job, change, &arriving, present, reason);
        apply_become(job, row, &arriving, present);
        job->result->stored++;
        break;
    case APPLY_CONFLICT_KEEP:
        ensure(present != NULL);
        apply_record_conflict(job, change, present, &arriving, torn ? APPLY_REASON_TORN : reason);
        apply_become(job, row, present, &arriving);
        job->result->dropped++;
        break;
    }
    return true;
}

static bool apply_decide_all(struct apply_job *job, struct error *err)
{
    *job->result = (struct apply_result){0};
    engine_batch_clear(job->batch);
    uint32_t group_end = 0;
    bool torn = false;
    for (uint32_t i = 0; i < job->count; i++) {
        const struct change *change = &job->changes[i];
        if (i == group_end) {
            ensure(change->following < job->count - i);
            group_end = i + change->following + 1;
            torn = apply_is_torn(job, i, change->following + 1);
        }
        if (job->row_of[i] == NO_ROW || job->rows[job->row_of[i]].gone) {
            job->result->dropped++;
        } else if (!apply_decide(job, change, torn, &job->rows[job->row_of[i]], err)) {
            return false;
        }
    }
    return true;
}

/* --- The commit ------------------------------------------------------------------------------ */

/* A decoded tombstone and one that arrived have no image. */
static void apply_build_row(struct apply_job *job, struct apply_row *row)
{
    struct engine *engine = job->store->engine;
    row->indexes =
        index_changes_make(row->table, row->key.bytes, row->was, row->now.image, job->arena);
    index_changes_put(job->store, job->batch, row->table, row->indexes, job->arena);
    row->expiry = (struct expiry_change){0};
    if (ttl_is_on(&row->table->ttl)) {
        expiry_change_make(job->store, row->table, row->was, row->now.image, &row->expiry);
        (void)expiry_change_put(job->store, job->batch, row->key.bytes, &row->expiry, job->arena);
    }
    if (row->now.tombstone && !table_is_replicated(row->table)) {
        /* Nobody is left who could send something older. */
        engine_batch_delete(engine, job->batch, FAMILY_ITEMS, row->key.bytes);
        return;
    }
    struct buffer bytes;
    buffer_init(&bytes, job->arena, row->now.image.size + CONFLICT_KEY_BYTES);
    row_encode(&bytes, &row->now);
    engine_batch_put(engine, job->batch, FAMILY_ITEMS, row->key.bytes, buffer_slice(&bytes));
}

/* What changes in a table with a stream. */
static bool apply_is_streamed(const struct apply_row *row)
{
    return row->dirty && row->table->stream.id != 0 && !slice_equal(row->was, row->now.image);
}

/* In the commit section: a foreign record for each row that changed, with seqs from `seq` on. */
static void apply_put_records(struct apply_job *job, uint64_t seq)
{
    struct store *store = job->store;
    struct buffer record;
    buffer_init(&record, job->arena, CHANGE_KEY_BYTES_MAX);
    uint64_t stamp = store->clock.stamp(store->clock.context, 0);
    for (uint32_t i = 0; i < job->rows_count; i++) {
        const struct apply_row *row = &job->rows[i];
        if (apply_is_streamed(row)) {
            uint8_t key[CHANGE_LOG_KEY_BYTES];
            record.size = 0;
            stream_encode_foreign(&record, row->table, row->key_image, &row->now, row->was, stamp);
            change_log_key(seq, key);
            engine_batch_put(store->engine, job->batch, FAMILY_LOG, slice_of(key, sizeof(key)),
                             buffer_slice(&record));
            stream_point(store, job->batch, row->table->stream.id, seq, row->key.hash);
            seq++;
        }
    }
}

/* True when there is anything to write. */
static bool apply_build(struct apply_job *job)
{
    bool any = job->result->conflicts > 0;
    job->streamed = 0;
    for (uint32_t i = 0; i < job->rows_count; i++) {
        if (job->rows[i].dirty) {
            any = true;
            apply_build_row(job, &job->rows[i]);
            job->streamed += apply_is_streamed(&job->rows[i]) ? 1 : 0;
        }
    }
    return any;
}

static int64_t apply_item_bytes(struct slice image)
{
    return image.size > 0 ? (int64_t)item_size(image) : 0;
}

/* Exact under the latches, as the keeper's counting asks. */
static void apply_count(struct apply_job *job)
{
    for (uint32_t i = 0; i < job->rows_count; i++) {
        const struct apply_row *row = &job->rows[i];
        if (row->dirty) {
            table_count_items(row->table,
                              (int64_t)(row->now.image.size > 0) - (int64_t)(row->was.size > 0),
                              apply_item_bytes(row->now.image) - apply_item_bytes(row->was));
            index_changes_count(row->table, row->table, row->indexes);
            expiry_change_done(job->store, &row->expiry);
        }
    }
    applied_count_conflicts(job->store->applied, job->result->conflicts);
}

static bool apply_commit(struct apply_job *job, struct error *err)
{
    struct engine *engine = job->store->engine;
    struct applied_vector *applied = job->store->applied;
    if (job->watermark != NULL) {
        uint8_t key[APPLIED_KEY_BYTES];
        uint8_t value[APPLIED_VALUE_BYTES];
        applied_encode(applied_commit_begin(applied, *job->watermark), key, value);
        engine_batch_put(engine, job->batch, FAMILY_REPL, slice_of(key, sizeof(key)),
                         slice_of(value, sizeof(value)));
    }
    uint32_t seqs = job->streamed > 0 ? job->streamed : 1;
    uint64_t first = engine_commit_begin_many(engine, seqs);
    uint64_t seq = first + seqs - 1;
    if (job->streamed > 0) {
        apply_put_records(job, first);
    }
    for (uint32_t i = 0; i < job->rows_count; i++) {
        if (job->rows[i].dirty) { /* Before the append, so that no reader misses it. */
            latch_note_append(job->store->latches, job->rows[i].stripe, seq);
        }
    }
    bool ok = engine_commit_append(engine, job->batch, seq, err);
    if (job->watermark != NULL) {
        if (ok) {
            applied_raise(applied, *job->watermark);
        }
        applied_commit_end(applied);
    }
    if (ok) {
        apply_count(job);
        job->result->wait_seq = seq;
    }
    return ok;
}

/* Nothing to write: what was seen may still wait for the disk. */
static void apply_note_seen(struct apply_job *job)
{
    for (uint32_t i = 0; i < job->stripes_count; i++) {
        uint64_t seq = latch_appended_seq(job->store->latches, job->stripes[i]);
        if (seq > job->result->wait_seq) {
            job->result->wait_seq = seq;
        }
    }
}

static bool apply_attempt(struct apply_job *job, enum read_tier tier, struct error *err)
{
    job->stripes_count = job->rows_count;
    for (uint32_t i = 0; i < job->rows_count; i++) {
        job->stripes[i] = job->rows[i].stripe;
    }
    error_clear(err);
    latch_lock_many(job->store->latches, job->stripes, &job->stripes_count);
    apply_describe(job);
    bool ok = apply_read_rows(job, tier, err) && apply_decide_all(job, err);
    if (ok) {
        if (apply_build(job) || job->watermark != NULL) {
            ok = apply_commit(job, err);
        } else {
            apply_note_seen(job);
        }
    }
    latch_unlock_many(job->store->latches, job->stripes, job->stripes_count);
    apply_release_values(job);
    return ok;
}

static bool apply_run(struct apply_job *job, struct error *err)
{
    for (int i = 0; i < APPLY_CACHED_TRIES; i++) {
        if (!apply_warm(job, err)) {
            return false;
        }
        bool ok = apply_attempt(job, READ_CACHED, err);
        if (ok || err->code != ERROR_WOULD_BLOCK) {
            return ok;
        }
    }
    return apply_attempt(job, READ_FULL, err);
}

bool store_apply(struct store *store,
                 const struct change *changes,
                 uint32_t count,
                 const struct dot *watermark,
                 apply_decider decide,
                 void *context,
                 struct apply_result *result,
                 struct error *err)
{
    struct apply_result made = {0};
    if (watermark != NULL && applied_covers(store->applied, *watermark)) {
        made.dropped = count;
        made.wait_seq = engine_appended_seq(store->engine);
        *result = made;
        return true;
    }
    struct arena arena;
    arena_init(&arena);
    struct apply_job job = {.store = store,
                            .changes = changes,
                            .count = count,
                            .watermark = watermark,
                            .decide = decide,
                            .context = context,
                            .result = &made,
                            .arena = &arena};
    apply_prepare(&job);
    bool ok = apply_find_rows(&job, err) && apply_run(&job, err);
    if (ok) {
        *result = made;
    }
    engine_batch_close(job.batch);
    for (uint32_t i = 0; i < job.tables_count; i++) {
        table_release(job.tables[i]);
    }
    arena_destroy(&arena);
    return ok;
}

void store_applied(struct store *store, struct context *applied)
{
    applied_all(store->applied, applied);
}

void store_set_settled(struct store *store, const struct context *settled)
{
    applied_settle(store->applied, settled);
}
