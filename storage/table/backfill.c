/* What a step does with an item:
 *
 * The walk's view is younger than the barrier. An item that is not in the index by the view needs
 * nothing: whoever puts it there later writes its row. One that is in it is looked at again under
 * its latch: if nothing has been appended under the latch since before the view, the view still
 * holds; else the item is read anew, from memory as a rule, because it is fresh. A description that
 * is old by then ends the step, so that no row appears behind the pass over the latches that
 * dropping an index, or its table, waits for. */
#include "storage/table/backfill.h"

#include "storage/table/index_row.h"
#include "storage/table/latch.h"
#include "storage/ttl/expiry.h"

#define KEY_BACKFILL "store/backfill/"

enum {
    BACKFILL_BATCH_ROWS = 16,  /* Latches held at once, for some 100 µs. */
    BACKFILL_STEP_ROWS = 4096, /* Items a step looks at. */
    BACKFILL_BATCH_BYTES = 256 << 10,
    BACKFILL_BATCH_SEEN = 512, /* Items that a batch looks at when few are in the index. */
    BACKFILL_NOTE_BYTES = sizeof(KEY_BACKFILL) - 1 + 6,
    BACKFILL_NOTE_BYTES_MAX = BACKFILL_NOTE_BYTES + 8,
};

/* Whose rows are missing. */
struct backfill_target {
    uint32_t table;
    uint16_t index;      /* 0: expiry rows. */
    uint64_t changed_ms; /* Of their setting; 0 for an index. */
};

/* An item that is in the index by the view. */
struct backfill_row {
    struct slice key, image; /* In the arena. */
    uint32_t stripe;
};

struct backfill {
    struct store *store;
    const struct table *table;
    const struct table_index *index; /* NULL: expiry rows. */
    struct backfill_target target;
    struct arena *arena; /* Of one batch. */
    uint64_t synced_seq; /* Everything up to it is in the view. */
    struct engine_iterator *items;
    struct backfill_row rows[BACKFILL_BATCH_ROWS];
    uint32_t rows_count;
    struct slice position; /* The newest item looked at; in the arena. */
    bool at_end;
};

/* --- The note --------------------------------------------------------------------------------- */

static struct slice backfill_note_key(uint8_t key[static BACKFILL_NOTE_BYTES_MAX],
                                      struct backfill_target target)
{
    memcpy(key, KEY_BACKFILL, sizeof(KEY_BACKFILL) - 1);
    put_be32(key + sizeof(KEY_BACKFILL) - 1, target.table);
    put_be16(key + sizeof(KEY_BACKFILL) + 3, target.index);
    put_be64(key + BACKFILL_NOTE_BYTES, target.changed_ms);
    return (struct slice){key,
                          target.changed_ms == 0 ? BACKFILL_NOTE_BYTES : BACKFILL_NOTE_BYTES_MAX};
}

/* Empty before the first batch. In the arena. */
static bool backfill_position(struct store *store,
                              struct backfill_target target,
                              struct arena *arena,
                              struct slice *position,
                              struct error *err)
{
    uint8_t key[BACKFILL_NOTE_BYTES_MAX];
    struct engine_value value;
    bool found = false;
    *position = (struct slice){NULL, 0};
    if (!engine_get(store->engine, FAMILY_META, NULL, backfill_note_key(key, target), READ_FULL,
                    &value, &found, err)) {
        return false;
    }
    if (found) {
        *position = arena_copy(arena, value.bytes);
        engine_value_release(&value);
    }
    return true;
}

bool store_index_progress(
    struct store *store, uint32_t table, uint16_t index, double *fraction, struct error *err)
{
    struct arena arena;
    struct slice position;
    arena_init(&arena);
    bool ok =
        backfill_position(store, (struct backfill_target){table, index, 0}, &arena, &position, err);
    *fraction = 0;
    if (ok && position.size >= KEY_HEAD_BYTES) {
        *fraction = (double)get_be64(position.data + KEY_TABLE_BYTES) / 18446744073709551616.0;
    }
    arena_destroy(&arena);
    return ok;
}

static bool backfill_is_wanted(struct store *store, struct slice note)
{
    const uint8_t *ids = note.data + sizeof(KEY_BACKFILL) - 1;
    bool wanted = false;
    const struct table *table =
        note.size < BACKFILL_NOTE_BYTES ? NULL : catalog_acquire_id(store->catalog, get_be32(ids));
    if (table != NULL && note.size == BACKFILL_NOTE_BYTES) {
        const struct table_index *index = table_find_index_id(table, get_be16(ids + 4));
        wanted = index != NULL && index->status == INDEX_CREATING;
    } else if (table != NULL && note.size == BACKFILL_NOTE_BYTES_MAX) {
        wanted = table->ttl.status == TTL_ENABLING &&
                 table->ttl.changed_ms == get_be64(note.data + BACKFILL_NOTE_BYTES);
    }
    table_release(table);
    return wanted;
}

bool backfill_forget_old(struct store *store, struct error *err)
{
    struct engine_batch *batch = engine_batch_open();
    uint8_t lower[BACKFILL_NOTE_BYTES_MAX];
    uint8_t upper[BACKFILL_NOTE_BYTES_MAX];
    uint32_t old = 0;
    struct engine_iterator *notes = engine_iterator_open(
        store->engine, FAMILY_META, NULL, backfill_note_key(lower, (struct backfill_target){0}),
        backfill_note_key(upper, (struct backfill_target){UINT32_MAX, UINT16_MAX, 0}), READ_FULL);
    error_clear(err);
    for (bool at = engine_iterator_first(notes, err); at; at = engine_iterator_next(notes, err)) {
        struct slice note = engine_iterator_key(notes);
        if (!backfill_is_wanted(store, note)) {
            engine_batch_delete(store->engine, batch, FAMILY_META, note);
            old++;
        }
    }
    engine_iterator_close(notes);
    bool ok = err->code == ERROR_NONE;
    if (ok && old > 0) {
        uint64_t seq = engine_commit_begin(store->engine);
        ok = engine_commit_append(store->engine, batch, seq, err);
    }
    engine_batch_close(batch);
    return ok;
}

/* --- Looking ---------------------------------------------------------------------------------- */

/* Is the item to have a row? */
static bool backfill_has(const struct backfill *fill, struct slice key, struct slice image)
{
    if (fill->index == NULL) {
        struct expiry_change change;
        expiry_change_make(fill->store, fill->table, (struct slice){NULL, 0}, image, &change);
        return change.has;
    }
    struct slice row;
    return index_row_key(fill->table, fill->index, key, image, fill->arena, &row);
}

/* The item under the iterator; what is in the index is kept for the batch. */
static bool backfill_look(struct backfill *fill, struct error *err)
{
    bool tombstone = false;
    struct slice image;
    struct slice key = arena_copy(fill->arena, engine_iterator_key(fill->items));
    if (!row_image(engine_iterator_value(fill->items), &tombstone, &image, err)) {
        return false;
    }
    fill->position = key;
    if (!tombstone && backfill_has(fill, key, image)) {
        fill->rows[fill->rows_count++] = (struct backfill_row){
            .key = key,
            .image = arena_copy(fill->arena, image),
            .stripe = latch_stripe(key_hash(key)),
        };
    }
    return true;
}

/* Rows for one batch; `at` says whether the iterator stands on an item. */
static bool backfill_collect(struct backfill *fill, bool *at, uint32_t *seen, struct error *err)
{
    size_t bytes = 0;
    uint32_t looked = 0;
    fill->rows_count = 0;
    error_clear(err);
    while (*at && fill->rows_count < BACKFILL_BATCH_ROWS && looked < BACKFILL_BATCH_SEEN &&
           bytes < BACKFILL_BATCH_BYTES) {
        bytes += engine_iterator_value(fill->items).size;
        if (!backfill_look(fill, err)) {
            return false;
        }
        looked++;
        *at = engine_iterator_next(fill->items, err);
    }
    *seen += looked;
    return err->code == ERROR_NONE;
}

/* --- Writing, under the latches --------------------------------------------------------------- */

/* What the item is now: as in the view, unless something was appended under its latch since. */
static bool
backfill_refresh(const struct backfill *fill, struct backfill_row *row, struct error *err)
{
    struct store *store = fill->store;
    if (latch_appended_seq(store->latches, row->stripe) <= fill->synced_seq) {
        return true;
    }
    struct engine_value value;
    bool found = false;
    bool tombstone = true;
    struct slice image;
    if (!engine_get(store->engine, FAMILY_ITEMS, NULL, row->key, READ_FULL, &value, &found, err)) {
        return false;
    }
    if (!found) {
        row->image = (struct slice){NULL, 0};
        return true;
    }
    bool ok = row_image(value.bytes, &tombstone, &image, err);
    if (ok) {
        row->image = tombstone ? (struct slice){NULL, 0} : arena_copy(fill->arena, image);
    }
    engine_value_release(&value);
    return ok;
}

static void
backfill_put(struct backfill *fill, struct engine_batch *batch, const struct backfill_row *item)
{
    if (fill->index == NULL) {
        struct expiry_change change;
        expiry_change_make(fill->store, fill->table, (struct slice){NULL, 0}, item->image, &change);
        (void)expiry_change_put(fill->store, batch, item->key, &change, fill->arena);
        return;
    }
    struct index_row row;
    index_row_make(fill->table, fill->index, item->key, item->image, fill->arena, &row);
    if (row.present) {
        engine_batch_put(fill->store->engine, batch, FAMILY_ITEMS, row.key,
                         index_row_value(&row, fill->arena));
    }
}

static bool backfill_append(struct backfill *fill, struct error *err)
{
    struct engine *engine = fill->store->engine;
    struct engine_batch *batch = engine_batch_open();
    bool ok = true;
    for (uint32_t i = 0; ok && i < fill->rows_count; i++) {
        struct backfill_row *item = &fill->rows[i];
        ok = backfill_refresh(fill, item, err);
        if (ok) {
            backfill_put(fill, batch, item);
        }
    }
    if (ok) {
        uint8_t note[BACKFILL_NOTE_BYTES_MAX];
        engine_batch_put(engine, batch, FAMILY_META, backfill_note_key(note, fill->target),
                         fill->position);
        uint64_t seq = engine_commit_begin(engine);
        ok = engine_commit_append(engine, batch, seq, err);
    }
    engine_batch_close(batch);
    return ok;
}

static bool
backfill_write(struct backfill *fill, enum backfill_progress *progress, struct error *err)
{
    struct latches *latches = fill->store->latches;
    uint32_t stripes[BACKFILL_BATCH_ROWS];
    uint32_t locked = fill->rows_count;
    for (uint32_t i = 0; i < fill->rows_count; i++) {
        stripes[i] = fill->rows[i].stripe;
    }
    latch_lock_many(latches, stripes, &locked);
    bool ok = true;
    if (!table_is_current(fill->table) || table_is_dropped(fill->table)) {
        *progress = BACKFILL_VOID;
    } else {
        ok = backfill_append(fill, err);
    }
    latch_unlock_many(latches, stripes, locked);
    return ok;
}

/* --- A step ----------------------------------------------------------------------------------- */

static bool backfill_walk(struct backfill *fill,
                          backfill_pause pause,
                          void *context,
                          enum backfill_progress *progress,
                          struct error *err)
{
    uint32_t seen = 0;
    error_clear(err);
    bool at = engine_iterator_first(fill->items, err);
    *progress = BACKFILL_MORE;
    while (at && *progress == BACKFILL_MORE && seen < BACKFILL_STEP_ROWS) {
        if (!backfill_collect(fill, &at, &seen, err) || !backfill_write(fill, progress, err)) {
            return false;
        }
        arena_clear(fill->arena);
        if (pause(context)) {
            return true;
        }
    }
    if (err->code != ERROR_NONE) {
        return false;
    }
    if (!at && *progress == BACKFILL_MORE) {
        *progress = BACKFILL_DONE;
    }
    return true;
}

/* From here on every write knows the index. Expiry rows of a setting before this one go first: what
 * writers have put since is put again, because the view is taken afterwards. */
static bool backfill_begin(const struct backfill *fill, struct error *err)
{
    latches_barrier(fill->store->latches);
    return fill->index != NULL || expiry_drop(fill->store, fill->table->id, err);
}

bool backfill_step(struct store *store,
                   const struct table *table,
                   const struct table_index *index,
                   backfill_pause pause,
                   void *context,
                   enum backfill_progress *progress,
                   struct error *err)
{
    struct arena bounds;
    struct arena arena;
    struct slice lower;
    struct slice upper;
    struct slice position;
    arena_init(&bounds);
    arena_init(&arena);
    struct backfill fill = {.store = store, .table = table, .index = index, .arena = &arena};
    fill.target.table = table->id;
    fill.target.index = index == NULL ? 0 : index->id;
    fill.target.changed_ms = index == NULL ? table->ttl.changed_ms : 0;
    bool ok = backfill_position(store, fill.target, &bounds, &position, err) &&
              (position.size > 0 || backfill_begin(&fill, err));
    if (ok) {
        fill.synced_seq = engine_synced_seq(store->engine); /* Before the view. */
        key_segment((struct key_space){table->id, 0}, 0, 1, &bounds, &lower, &upper);
        lower = position.size == 0 ? lower : key_after(position, &bounds);
        fill.items = engine_iterator_open_once(store->engine, FAMILY_ITEMS, NULL, lower, upper);
        ok = backfill_walk(&fill, pause, context, progress, err);
        engine_iterator_close(fill.items);
    }
    arena_destroy(&arena);
    arena_destroy(&bounds);
    return ok;
}
