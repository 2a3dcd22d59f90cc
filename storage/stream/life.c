/* Enabling, disabling, rolling, expiring: whatever changes a stream.
 *
 * A change makes the stream's record anew, in a batch of its own whose seq is the cut: records up
 * to it belong to the shards that close, later ones to those that open. Writers know nothing of it.
 *
 *     commit section { seq; record with that seq; cap = seq; append } -- durable -- entry replaced
 *
 * Between append and entry the cap holds readers back at the seq: they are told neither that the
 * shard goes on behind it nor that it has ended. A reader takes the synced seq before it looks at
 * the entry, so whoever has not met the cap yet has a synced seq below it. If the append is
 * refused, the cap goes and nothing has happened.
 *
 *   enabling    stream's record durable -> description with the stream -> pass over all latches
 *   disabling   description without it -> pass over all latches -> shards closed
 *
 * A crash in between leaves an enabled stream that its table does not name, or whose table is gone:
 * a tick closes it; if the table never named it, it is forgotten. */
#include "storage/stream/streams.h"

#include <stdlib.h>

#define KEY_NEXT_ID SLICE_LITERAL("streams/next-id")

enum { STAMP_COUNTER_BITS = 16 };

/* What becomes of the shards, in the commit section. */
typedef void (*life_step)(struct stream_state *state,
                          uint32_t wanted,
                          uint64_t now_ms,
                          uint64_t seq);

static void life_lock(struct streams *streams)
{
    ensure(pthread_mutex_lock(&streams->changing) == 0);
}

static void life_unlock(struct streams *streams)
{
    ensure(pthread_mutex_unlock(&streams->changing) == 0);
}

static void life_write_lock(struct streams *streams)
{
    ensure(pthread_rwlock_wrlock(&streams->lock) == 0);
}

static void life_write_unlock(struct streams *streams)
{
    ensure(pthread_rwlock_unlock(&streams->lock) == 0);
}

static uint64_t life_now_ms(const struct store *store)
{
    return store->clock.wall_ms(store->clock.context);
}

/* In the commit section: no record so far has a later time. */
static uint64_t life_cut_ms(const struct store *store)
{
    uint64_t stamp_ms = store->clock.stamp(store->clock.context, 0) >> STAMP_COUNTER_BITS;
    uint64_t now_ms = life_now_ms(store);
    return stamp_ms > now_ms ? stamp_ms : now_ms;
}

static void life_set_cap(struct streams *streams, uint32_t id, uint64_t cap)
{
    life_write_lock(streams);
    struct stream_entry *entry = streams_find(streams, id);
    if (entry != NULL) {
        entry->cap = cap;
    }
    life_write_unlock(streams);
}

static void
life_put(struct store *store, struct engine_batch *batch, const struct stream_state *state)
{
    struct arena arena;
    struct buffer record;
    uint8_t key[STREAM_KEY_BYTES];
    arena_init(&arena);
    buffer_init(&record, &arena, 1024);
    stream_record_encode(&record, state);
    stream_key(state->about.id, key);
    engine_batch_put(store->engine, batch, FAMILY_META, slice_of(key, sizeof(key)),
                     buffer_slice(&record));
    arena_destroy(&arena);
}

/* Append `batch` with the state that `step` makes of `next`, and wait until it is durable. */
static bool life_commit(struct store *store,
                        struct engine_batch *batch,
                        struct stream_entry *next,
                        life_step step,
                        uint32_t wanted,
                        struct error *err)
{
    struct streams *streams = store->streams;
    uint32_t id = next->state.about.id;
    uint64_t seq = engine_commit_begin(store->engine);
    step(&next->state, wanted, life_cut_ms(store), seq);
    life_put(store, batch, &next->state);
    life_set_cap(streams, id, seq);
    bool ok = engine_commit_append(store->engine, batch, seq, err) &&
              engine_wait_durable(store->engine, seq, err);
    if (!ok) {
        life_set_cap(streams, id, 0);
    }
    return ok;
}

/* Change a stream that is there. `entry` is borrowed; only whoever has `changing` changes it. */
static bool life_change(struct store *store,
                        const struct stream_entry *entry,
                        life_step step,
                        uint32_t wanted,
                        bool enabled,
                        struct error *err)
{
    struct engine_batch *batch = engine_batch_open();
    struct stream_entry *next = stream_entry_copy(&entry->state, STREAM_SHARDS_MAX);
    next->state.about.enabled = enabled;
    shards_forget(&next->state, life_now_ms(store));
    bool ok = life_commit(store, batch, next, step, wanted, err);
    engine_batch_close(batch);
    if (!ok) {
        stream_entry_free(next);
        return error_wrap(err, "stream %u", entry->state.about.id);
    }
    life_write_lock(store->streams);
    streams_replace(store->streams, next);
    life_write_unlock(store->streams);
    return true;
}

static bool life_forget(struct store *store, uint32_t id, struct error *err)
{
    uint8_t key[STREAM_KEY_BYTES];
    struct engine_batch *batch = engine_batch_open();
    stream_key(id, key);
    engine_batch_delete(store->engine, batch, FAMILY_META, slice_of(key, sizeof(key)));
    uint64_t seq = engine_commit_begin(store->engine);
    bool ok = engine_commit_append(store->engine, batch, seq, err) &&
              engine_wait_durable(store->engine, seq, err);
    engine_batch_close(batch);
    if (ok) {
        life_write_lock(store->streams);
        streams_remove(store->streams, id);
        life_write_unlock(store->streams);
    }
    return ok;
}

/* --- Steps ----------------------------------------------------------------------------------- */

static void life_begin(struct stream_state *state, uint32_t wanted, uint64_t now_ms, uint64_t seq)
{
    shards_begin(state, wanted, now_ms, seq);
}

static void life_close(struct stream_state *state, uint32_t wanted, uint64_t now_ms, uint64_t seq)
{
    (void)wanted;
    shards_close(state, now_ms, seq);
}

/* Only what has expired goes. */
static void life_keep(struct stream_state *state, uint32_t wanted, uint64_t now_ms, uint64_t seq)
{
    (void)state;
    (void)wanted;
    (void)now_ms;
    (void)seq;
}

/* --- Enabling and disabling ------------------------------------------------------------------ */

/* Later than every other label of the table's name, whose streams may still be there. */
static uint64_t life_label_ms(const struct store *store, const struct table *table)
{
    const struct streams *streams = store->streams;
    uint64_t label_ms = life_now_ms(store);
    if (label_ms <= table->stream.label_ms) {
        label_ms = table->stream.label_ms + 1;
    }
    for (uint32_t i = 0; i < streams->count; i++) {
        const struct stream *about = &streams->entries[i]->state.about;
        if (about->label_ms >= label_ms && slice_equal(about->table, table->name)) {
            label_ms = about->label_ms + 1;
        }
    }
    return label_ms;
}

/* Under `changing`. The stream's record, durable; *id and *label_ms are its own. */
static bool life_create(struct store *store,
                        const struct table *table,
                        enum stream_view view,
                        struct table_stream *made,
                        struct error *err)
{
    struct streams *streams = store->streams;
    if (streams->count >= STREAMS_MAX || streams->next_id == UINT32_MAX) {
        return error_set(err, ERROR_LIMIT,
                         "Subscriber limit exceeded: There is a limit of %d streams", STREAMS_MAX);
    }
    uint32_t id = streams->next_id;
    struct stream_state state = {.about = {.id = id,
                                           .table_id = table->id,
                                           .table = table->name,
                                           .label_ms = life_label_ms(store, table),
                                           .view = view,
                                           .enabled = true,
                                           .partition = table->partition,
                                           .sort = table->sort},
                                 .next_number = 1};
    struct stream_entry *entry = stream_entry_copy(&state, STREAM_SHARDS_MAX);
    struct engine_batch *batch = engine_batch_open();
    uint8_t next_id[4];
    put_be32(next_id, id + 1);
    engine_batch_put(store->engine, batch, FAMILY_META, KEY_NEXT_ID,
                     slice_of(next_id, sizeof(next_id)));
    bool ok = life_commit(store, batch, entry, life_begin, atomic_load(&streams->wanted), err);
    engine_batch_close(batch);
    if (!ok) {
        stream_entry_free(entry);
        return false;
    }
    streams->next_id++;
    *made = (struct table_stream){id, view, state.about.label_ms};
    life_write_lock(streams);
    streams_add(streams, entry);
    life_write_unlock(streams);
    return true;
}

bool stream_enable(struct store *store,
                   struct table *table,
                   enum stream_view view,
                   struct error *err)
{
    ensure(table->stream.id == 0 && view < STREAM_VIEWS);
    struct table_stream before = table->stream;
    life_lock(store->streams);
    bool ok = life_create(store, table, view, &table->stream, err);
    if (ok && !catalog_update(store->catalog, table, err)) {
        struct error later; /* The stream that no table names is forgotten by the next tick. */
        error_clear(&later);
        bool forgotten = life_forget(store, table->stream.id, &later);
        (void)forgotten;
        ok = false;
    }
    life_unlock(store->streams);
    if (!ok) {
        table->stream = before;
        return error_wrap(err, "enable a stream");
    }
    store_barrier(store);
    return true;
}

bool stream_disable(struct store *store, struct table *table, struct error *err)
{
    ensure(table->stream.id != 0);
    struct streams *streams = store->streams;
    struct table_stream before = table->stream;
    table->stream.id = 0;
    life_lock(streams);
    bool ok = catalog_update(store->catalog, table, err);
    if (!ok) {
        table->stream = before;
    } else {
        store_barrier(store);
        const struct stream_entry *entry = streams_find(streams, before.id);
        ensure(entry != NULL); /* Streams that tables name are there: streams_check_table. */
        ok = life_change(store, entry, life_close, 0, false, err);
    }
    life_unlock(streams);
    return ok || error_wrap(err, "disable a stream");
}

bool streams_end_table(struct store *store, uint32_t table_id, struct error *err)
{
    struct streams *streams = store->streams;
    bool ok = true;
    life_lock(streams);
    for (uint32_t i = 0; i < streams->count && ok; i++) {
        const struct stream_entry *entry = streams->entries[i];
        if (entry->state.about.enabled && entry->state.about.table_id == table_id) {
            ok = life_change(store, entry, life_close, 0, false, err);
        }
    }
    life_unlock(streams);
    return ok;
}

/* --- Rolling and expiring -------------------------------------------------------------------- */

/* Under `changing`, for an enabled stream. */
static bool life_roll(struct store *store, const struct stream_entry *entry, struct error *err)
{
    uint32_t wanted = atomic_load(&store->streams->wanted);
    if (shards_rolled_count(&entry->state, wanted) > STREAM_SHARDS_KEPT_MAX) {
        return error_set(err, ERROR_LIMIT, "stream %u has %u shards", entry->state.about.id,
                         entry->state.count);
    }
    return life_change(store, entry, shards_roll, wanted, true, err);
}

/* Has it no records at all, so that its shards may be cut anew? */
static bool
life_is_empty(struct store *store, const struct stream_entry *entry, bool *empty, struct error *err)
{
    uint64_t horizon;
    if (!stream_horizon(store, READ_FULL, &horizon, err)) {
        return false;
    }
    *empty =
        atomic_load(&store->streams->newest[entry->state.about.id % STREAM_NEWEST_SLOTS]) < horizon;
    return true;
}

enum life_due { LIFE_NOTHING, LIFE_FORGET, LIFE_CLOSE, LIFE_ROLL, LIFE_RENEW, LIFE_KEEP };

/* What an enabled stream's table says of it. */
static enum life_due life_due_table(const struct store *store, const struct stream *about)
{
    const struct table *table = catalog_acquire_id(store->catalog, about->table_id);
    enum life_due due = LIFE_CLOSE;
    if (table != NULL && table->stream.id == about->id) {
        due = LIFE_NOTHING;
    } else if (table != NULL && table->stream.label_ms < about->label_ms) {
        due = LIFE_FORGET; /* Never in force: a crash came between. */
    }
    table_release(table);
    return due;
}

static bool life_due(struct store *store,
                     const struct stream_entry *entry,
                     enum life_due *due,
                     struct error *err)
{
    const struct stream_state *state = &entry->state;
    uint64_t now_ms = life_now_ms(store);
    uint32_t expired = 0;
    bool old = false;
    for (uint32_t i = 0; i < state->count; i++) {
        const struct shard *shard = &state->shards[i];
        expired += shard_has_expired(shard, now_ms) ? 1 : 0;
        old = old || (shard->end_seq == 0 && shard->created_ms + STREAM_SHARD_MS <= now_ms);
    }
    *due = state->about.enabled ? life_due_table(store, &state->about) : LIFE_NOTHING;
    if (*due != LIFE_NOTHING) {
        return true;
    }
    uint32_t wanted = atomic_load(&store->streams->wanted);
    uint32_t open = shards_open_count(state);
    bool empty = false;
    if (state->about.enabled && open > wanted && !life_is_empty(store, entry, &empty, err)) {
        return false;
    }
    if (empty) {
        *due = LIFE_RENEW;
    } else if (state->about.enabled && (old || open < wanted)) {
        *due = LIFE_ROLL;
    } else if (!state->about.enabled && expired == state->count) {
        *due = LIFE_FORGET;
    } else if (expired > 0) {
        *due = LIFE_KEEP;
    }
    return true;
}

static bool life_tick_one(struct store *store, const struct stream_entry *entry, struct error *err)
{
    enum life_due due = LIFE_NOTHING;
    if (!life_due(store, entry, &due, err)) {
        return false;
    }
    switch (due) {
    case LIFE_NOTHING:
        break;
    case LIFE_FORGET:
        return life_forget(store, entry->state.about.id, err);
    case LIFE_CLOSE:
        return life_change(store, entry, life_close, 0, false, err);
    case LIFE_ROLL:
        return life_roll(store, entry, err);
    case LIFE_RENEW:
        return life_change(store, entry, shards_renew, atomic_load(&store->streams->wanted), true,
                           err);
    case LIFE_KEEP:
        return life_change(store, entry, life_keep, 0, entry->state.about.enabled, err);
    }
    return true;
}

/* Call `visit` for each stream under `changing`, which it may take out. All are visited, also
 * behind one that fails. */
static bool life_each(struct store *store,
                      bool (*visit)(struct store *, const struct stream_entry *, struct error *),
                      struct error *err)
{
    struct streams *streams = store->streams;
    bool ok = true;
    life_lock(streams);
    for (uint32_t i = streams->count; i > 0; i--) {
        struct error broken;
        error_clear(&broken);
        if (!visit(store, streams->entries[i - 1], &broken) && ok) {
            *err = broken;
            ok = false;
        }
    }
    life_unlock(streams);
    return ok;
}

bool stream_tick(struct store *store, struct error *err)
{
    return life_each(store, life_tick_one, err);
}

static bool
life_roll_enabled(struct store *store, const struct stream_entry *entry, struct error *err)
{
    return !entry->state.about.enabled || life_roll(store, entry, err);
}

bool stream_roll(struct store *store, uint32_t stream, struct error *err)
{
    if (stream == 0) {
        return life_each(store, life_roll_enabled, err);
    }
    life_lock(store->streams);
    const struct stream_entry *entry = streams_find(store->streams, stream);
    bool ok = entry == NULL || life_roll_enabled(store, entry, err);
    life_unlock(store->streams);
    return ok;
}

bool stream_set_shards(struct store *store, uint32_t shards, struct error *err)
{
    ensure(shards > 0 && shards <= STREAM_SHARDS_MAX);
    atomic_store(&store->streams->wanted, shards);
    return stream_tick(store, err);
}
