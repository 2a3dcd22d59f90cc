#include "storage/table/conflicts.h"

#include "storage/log/applied.h"

enum {
    CONFLICT_STAMP_AT = 4,
    CONFLICT_LOSER_AT = 12,
    CONFLICT_WINNER_AT = 26,
    CONFLICT_FORMAT = 1,
    CONFLICT_HEAD_BYTES = 10,
    TABLE_ID_BYTES = 4,
    CONFLICT_COUNTER_BITS = 16, /* Of a stamp; the rest is milliseconds. */
};

static void conflict_put_dot(uint8_t *to, struct dot dot)
{
    put_be16(to, dot.region);
    put_be32(to + 2, dot.incarnation);
    put_be64(to + 6, dot.seq);
}

void conflict_encode_key(const struct conflict *conflict, uint8_t key[static CONFLICT_KEY_BYTES])
{
    put_be32(key, conflict->table_id);
    put_be64(key + CONFLICT_STAMP_AT, conflict->winner.version.stamp);
    conflict_put_dot(key + CONFLICT_LOSER_AT, conflict->loser.version.dot);
    conflict_put_dot(key + CONFLICT_WINNER_AT, conflict->winner.version.dot);
}

void conflict_encode_value(struct buffer *to, const struct conflict *conflict)
{
    struct buffer loser;
    buffer_init(&loser, to->arena, conflict->loser.image.size + CONFLICT_KEY_BYTES);
    row_encode(&loser, &conflict->loser);
    buffer_append_byte(to, CONFLICT_FORMAT);
    buffer_append_byte(to, conflict->reason);
    put_be64(buffer_reserve(to, 8), conflict->time_ms);
    to->size += 8;
    buffer_append_varint(to, conflict->key.size);
    buffer_append_slice(to, conflict->key);
    buffer_append_varint(to, loser.size);
    buffer_append_slice(to, buffer_slice(&loser));
    row_encode(to, &conflict->winner);
}

bool conflict_decode(struct slice key,
                     struct slice value,
                     struct conflict *conflict,
                     struct error *err)
{
    if (key.size != CONFLICT_KEY_BYTES || value.size < CONFLICT_HEAD_BYTES ||
        value.data[0] != CONFLICT_FORMAT) {
        return error_set(err, ERROR_CORRUPT, "a conflict record of %zu bytes has no known header",
                         value.size);
    }
    struct conflict made = {.table_id = get_be32(key.data),
                            .reason = value.data[1],
                            .time_ms = get_be64(value.data + 2)};
    struct slice left = {value.data + CONFLICT_HEAD_BYTES, value.size - CONFLICT_HEAD_BYTES};
    uint64_t size;
    struct slice loser;
    if (!take_varint(&left, &size) || !take_bytes(&left, size, &made.key) ||
        !take_varint(&left, &size) || !take_bytes(&left, size, &loser)) {
        return error_set(err, ERROR_CORRUPT, "a conflict record is cut off");
    }
    if (!row_decode(loser, &made.loser, err) || !row_decode(left, &made.winner, err)) {
        return error_wrap(err, "a conflict record");
    }
    uint8_t expected[CONFLICT_KEY_BYTES];
    conflict_encode_key(&made, expected);
    if (!slice_equal(key, slice_of(expected, sizeof(expected)))) {
        return error_set(err, ERROR_CORRUPT, "a conflict record does not belong to its key");
    }
    *conflict = made;
    return true;
}

/* The newest records, by key only, while all tables are looked through. */
struct conflict_pick {
    uint64_t stamp;
    uint8_t key[CONFLICT_KEY_BYTES];
};

struct conflict_picks {
    struct conflict_pick *newest; /* Newest first. */
    uint32_t count;
    uint32_t max;
};

/* False when it is older than everything kept and there is no room. */
static bool conflict_pick_add(struct conflict_picks *picks, struct slice key)
{
    uint64_t stamp = get_be64(key.data + CONFLICT_STAMP_AT);
    uint32_t at = picks->count;
    while (at > 0 && picks->newest[at - 1].stamp < stamp) {
        at--;
    }
    if (at == picks->max) {
        return false;
    }
    uint32_t moved = picks->count - at;
    if (picks->count == picks->max) {
        moved--; /* The oldest falls out. */
    } else {
        picks->count++;
    }
    memmove(&picks->newest[at + 1], &picks->newest[at], moved * sizeof(picks->newest[0]));
    picks->newest[at].stamp = stamp;
    memcpy(picks->newest[at].key, key.data, CONFLICT_KEY_BYTES);
    return true;
}

/* From the last record backwards, each table until its records are too old; then the iterator jumps
 * in front of that table. */
static bool
conflict_pick_all(struct engine_iterator *records, struct conflict_picks *picks, struct error *err)
{
    bool more = engine_iterator_last(records, err);
    while (more) {
        struct slice key = engine_iterator_key(records);
        if (key.size != CONFLICT_KEY_BYTES) {
            return error_set(err, ERROR_CORRUPT, "a conflict key of %zu bytes", key.size);
        }
        if (conflict_pick_add(picks, key)) {
            more = engine_iterator_previous(records, err);
            continue;
        }
        uint8_t table[TABLE_ID_BYTES]; /* Shorter than any key of the table: before all of them. */
        memcpy(table, key.data, sizeof(table));
        more = engine_iterator_seek_back(records, slice_of(table, sizeof(table)), err);
    }
    return err->code == ERROR_NONE;
}

/* The records themselves, copied into the arena. */
static bool conflict_fetch(struct engine *engine,
                           const struct engine_snapshot *snapshot,
                           const struct conflict_picks *picks,
                           struct arena *arena,
                           struct conflict *conflicts,
                           struct error *err)
{
    for (uint32_t i = 0; i < picks->count; i++) {
        struct slice key = {picks->newest[i].key, CONFLICT_KEY_BYTES};
        struct engine_value value;
        bool found;
        if (!engine_get(engine, FAMILY_CONFLICTS, snapshot, key, READ_FULL, &value, &found, err)) {
            return false;
        }
        ensure(found); /* Same snapshot. */
        struct slice copy = arena_copy(arena, value.bytes);
        engine_value_release(&value);
        if (!conflict_decode(key, copy, &conflicts[i], err)) {
            return false;
        }
    }
    return true;
}

bool store_conflicts(struct store *store,
                     uint32_t table_id,
                     uint32_t max,
                     struct arena *arena,
                     struct conflict *conflicts,
                     uint32_t *count,
                     struct error *err)
{
    ensure(max > 0);
    uint8_t lower[TABLE_ID_BYTES];
    uint8_t upper[TABLE_ID_BYTES];
    put_be32(lower, table_id);
    put_be32(upper, table_id == 0 ? UINT32_MAX : table_id + 1);
    struct conflict_picks picks = {.newest = arena_zalloc(arena, max, sizeof(picks.newest[0])),
                                   .max = max};
    struct error broken = {0};
    struct engine_snapshot *snapshot = engine_snapshot_take(store->engine);
    struct engine_iterator *records = engine_iterator_open(
        store->engine, FAMILY_CONFLICTS, snapshot, slice_of(lower, sizeof(lower)),
        slice_of(upper, sizeof(upper)), READ_FULL);
    bool ok = conflict_pick_all(records, &picks, &broken) &&
              conflict_fetch(store->engine, snapshot, &picks, arena, conflicts, &broken);
    engine_iterator_close(records);
    engine_snapshot_release(store->engine, snapshot);
    if (!ok) {
        *err = broken;
        return false;
    }
    *count = picks.count;
    return true;
}

uint64_t store_conflicts_found(struct store *store)
{
    return applied_conflicts(store->applied);
}

void store_conflict_id(const struct conflict *conflict, uint8_t id[static CONFLICT_ID_BYTES])
{
    conflict_encode_key(conflict, id);
}

bool store_conflict(struct store *store,
                    struct slice id,
                    struct arena *arena,
                    struct conflict *conflict,
                    bool *found,
                    struct error *err)
{
    struct engine_value value;
    *found = false;
    if (id.size != CONFLICT_ID_BYTES) {
        return true;
    }
    if (!engine_get(store->engine, FAMILY_CONFLICTS, NULL, id, READ_FULL, &value, found, err)) {
        return false;
    }
    if (!*found) {
        return true;
    }
    struct slice copy = arena_copy(arena, value.bytes);
    engine_value_release(&value);
    return conflict_decode(arena_copy(arena, id), copy, conflict, err);
}

/* --- Forgetting ------------------------------------------------------------------------------- */

/* Those that are old enough go into the batch. Records of a table lie by their winner's stamp. A
 * stamp that is recent ends the table; one that is old may be a slow clock's, so what counts is the
 * time of the finding. One that is damaged stays, and does not keep the others: listing reports it.
 */
static bool conflict_forget_some(struct store *store,
                                 struct engine_iterator *records,
                                 struct engine_batch *batch,
                                 uint64_t before_ms,
                                 uint32_t max,
                                 uint32_t *count,
                                 struct error *err)
{
    bool at = engine_iterator_first(records, err);
    while (at && *count < max) {
        struct slice key = engine_iterator_key(records);
        struct conflict conflict;
        if (!conflict_decode(key, engine_iterator_value(records), &conflict, err)) {
            error_clear(err);
            at = engine_iterator_next(records, err);
            continue;
        }
        if (conflict.winner.version.stamp >> CONFLICT_COUNTER_BITS >= before_ms) {
            uint8_t next[TABLE_ID_BYTES];
            put_be32(next, conflict.table_id + 1);
            at = engine_iterator_seek(records, slice_of(next, sizeof(next)), err);
            continue;
        }
        if (conflict.time_ms < before_ms) {
            engine_batch_delete(store->engine, batch, FAMILY_CONFLICTS, key);
            ++*count;
        }
        at = engine_iterator_next(records, err);
    }
    return err->code == ERROR_NONE;
}

bool store_conflicts_forget(
    struct store *store, uint64_t before_ms, uint32_t max, bool *more, struct error *err)
{
    struct slice none = {NULL, 0};
    struct error broken = {0};
    uint32_t count = 0;
    struct engine_batch *batch = engine_batch_open();
    struct engine_iterator *records =
        engine_iterator_open_once(store->engine, FAMILY_CONFLICTS, NULL, none, none);
    bool ok = conflict_forget_some(store, records, batch, before_ms, max, &count, &broken);
    engine_iterator_close(records);
    if (ok && count > 0) {
        uint64_t seq = engine_commit_begin(store->engine);
        ok = engine_commit_append(store->engine, batch, seq, &broken);
    }
    engine_batch_close(batch);
    *more = count == max;
    if (!ok) {
        *err = broken;
        return error_wrap(err, "forget old conflicts");
    }
    return true;
}
