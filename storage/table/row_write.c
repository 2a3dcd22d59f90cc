#include "storage/table/row_write.h"

#include "storage/log/applied.h"
#include "storage/stream/streams.h"
#include "storage/table/index_check.h"
#include "storage/table/latch.h"

enum {
    /* row_encode and change_encode at their largest, without key and image. */
    ROW_DOT_BYTES_MAX = 3 * VARINT_BYTES_MAX,
    ROW_HEAD_BYTES = 32 + 2 * ROW_DOT_BYTES_MAX,
};

/* --- Before the latch ------------------------------------------------------------------------ */

bool row_write_plan(struct row_write *row,
                    struct store *store,
                    struct write *write,
                    struct arena *arena,
                    struct error *err)
{
    row->store = store;
    row->write = write;
    row->arena = arena;
    row->image_size = 0;
    write->wait_seq = 0;
    if (write->kind == WRITE_PUT) {
        row->image_size = item_size(write->item);
        if (row->image_size > ITEM_BYTES_MAX) {
            return error_set(err, ERROR_VALIDATION,
                             "Item size has exceeded the maximum allowed size");
        }
    }
    key_encode(write->table, write->item, arena, &row->key);
    row->stripe = latch_stripe(row->key.hash);
    return true;
}

bool row_write_warm(const struct row_write *row,
                    struct engine_value *value,
                    bool *found,
                    struct error *err)
{
    return engine_get(row->store->engine, FAMILY_ITEMS, NULL, row->key.bytes, READ_FULL, value,
                      found, err);
}

/* --- Deciding, under the latch --------------------------------------------------------------- */

/* By the newest description: an older one may lack an index. False when the table was removed. */
static bool row_write_describe(struct row_write *row)
{
    const struct table *table = row->write->table;
    row->newest = table;
    row->replicated = table_is_replicated(table);
    return !table_is_dropped(table) &&
           (table_is_current(table) ||
            catalog_copy(row->store->catalog, table->id, row->arena, &row->newest));
}

static void row_write_start(struct row_write *row)
{
    struct write *write = row->write;
    write->old_image = (struct slice){NULL, 0};
    write->new_image = (struct slice){NULL, 0};
    write->existed = false;
    write->exists = false;
    write->changed = false;
    write->wait_seq = 0;
    write->index_units = NULL;
    if (write->table->indexes_count > 0) {
        write->index_units =
            arena_zalloc(row->arena, write->table->indexes_count, sizeof(*write->index_units));
    }
    row->needed = false;
    row->image = (struct slice){NULL, 0};
    row->indexes = NULL;
    row->indexes_bytes = 0;
    row->expiry = (struct expiry_change){0};
}

bool row_write_read(struct row_write *row, enum read_tier tier, struct error *err)
{
    struct write *write = row->write;
    row_write_start(row);
    if (!row_write_describe(row)) {
        return error_set(err, ERROR_NOT_FOUND, "Requested resource not found");
    }
    struct engine_value value;
    if (!engine_get(row->store->engine, FAMILY_ITEMS, NULL, row->key.bytes, tier, &value,
                    &row->stored, err)) {
        return false;
    }
    write->wait_seq = latch_appended_seq(row->store->latches, row->stripe);
    if (!row->stored) {
        return true;
    }
    bool ok = row_decode(value.bytes, &row->old, err);
    if (ok && !row->old.tombstone) { /* The caller's copy outlives the engine's value. */
        write->existed = true;
        write->old_image = arena_copy(row->arena, row->old.image);
    }
    row->old.image = write->old_image;
    engine_value_release(&value);
    return ok;
}

/* PUT and UPDATE: the image that the row shall hold. The old one is empty when there is no item. */
static bool row_write_build(struct row_write *row, struct error *err)
{
    struct write *write = row->write;
    if (write->kind == WRITE_PUT) {
        row->image = write->item;
        write->exists = true;
        return true;
    }
    struct slice base = write->existed ? write->old_image : write->item;
    bool creates = true;
    row->image = base;
    if (write->update != NULL && !expression_update(write->update, base, write->existed, row->arena,
                                                    &row->image, &creates, err)) {
        return false;
    }
    write->exists = write->existed || creates;
    if (!write->exists) {
        row->image = (struct slice){NULL, 0};
        return true;
    }
    row->image_size = item_size(row->image);
    if (row->image_size > ITEM_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "Item size to update has exceeded the maximum allowed size");
    }
    return write->update == NULL || index_check_update(row->newest, write->update, row->image, err);
}

/* What changes in the indexes. Item and rows of local indexes share one limit. */
static bool row_write_index(struct row_write *row, struct error *err)
{
    const struct write *write = row->write;
    row->indexes =
        index_changes_make(row->newest, row->key.bytes, write->old_image, row->image, row->arena);
    if (!write->exists ||
        row->image_size + index_changes_local_bytes(row->newest, row->indexes) <= ITEM_BYTES_MAX) {
        return true;
    }
    return error_set(err, ERROR_VALIDATION, "Item size%s has exceeded the maximum allowed size",
                     write->kind == WRITE_UPDATE ? " to update" : "");
}

/* With replicas an unchanged overwrite still counts: it is the newer write there. */
static bool row_write_is_needed(const struct row_write *row)
{
    const struct write *write = row->write;
    if (!write->exists) {
        return write->existed;
    }
    return !write->existed || row->replicated || !slice_equal(row->image, write->old_image);
}

bool row_write_judge(struct row_write *row, struct error *err)
{
    struct write *write = row->write;
    if (write->update != NULL && !index_check_set(row->newest, write->update, err)) {
        write->exists = write->existed;
        return false;
    }
    if (write->condition != NULL && !expression_test(write->condition, write->old_image)) {
        write->exists = write->existed;
        return error_set(err, ERROR_CONDITION, "The conditional request failed");
    }
    if (write->kind == WRITE_CHECK) {
        write->exists = write->existed;
        return true;
    }
    if (write->kind != WRITE_DELETE && !row_write_build(row, err)) {
        write->exists = write->existed;
        return false;
    }
    row->needed = row_write_is_needed(row);
    if (row->needed && !row_write_index(row, err)) {
        row->needed = false;
        write->exists = write->existed;
        return false;
    }
    write->new_image = row->image;
    return true;
}

/* --- The commit ------------------------------------------------------------------------------ */

static void row_write_forget_region(struct context *context, uint16_t region)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < context->count; i++) {
        if (context->entries[i].region != region) {
            context->entries[kept++] = context->entries[i];
        }
    }
    context->count = kept;
}

/* The causal past of this write: what has been applied here, and what the overwritten row knew. A
 * row may know more than this node has applied (its writer had seen a third region's writes that
 * are still on their way here), and a backfilled row is not in the applied vector at all. This
 * region's own writes need no entry: the dot itself covers them.
 *
 * The record ships the `whole` of it: the peer that decides may not know yet that something is
 * settled, and would take an overwrite for a conflict. The row is `kept` without what is settled.
 */
static void
row_write_context(const struct row_write *row, struct context *whole, struct context *kept)
{
    whole->count = 0;
    kept->count = 0;
    if (!row->replicated) {
        return;
    }
    applied_all(row->store->applied, whole);
    const struct version *old = &row->old.version;
    uint16_t own = row->store->region_id;
    if (row->stored) {
        context_join(whole, &old->context);
        if (old->dot.region != own) {
            context_raise(whole, old->dot);
        }
    }
    row_write_forget_region(whole, own);
    struct context settled;
    applied_settled(row->store->applied, &settled);
    context_join(kept, whole);
    context_prune(kept, &settled);
}

static struct slice row_write_key_image(const struct row_write *row)
{
    const struct write *write = row->write;
    if (write->kind != WRITE_PUT) {
        return write->item;
    }
    return key_image(write->table, write->item, row->arena);
}

static bool row_write_keeps_row(const struct row_write *row)
{
    return row->write->exists || row->replicated;
}

/* For the table's stream. An unchanged overwrite is a newer write to the peers, and nothing to it;
 * images are equal exactly if their bytes are. */
static void row_write_mark(struct row_write *row)
{
    const struct write *write = row->write;
    const struct table_stream *stream = &row->newest->stream;
    row->change.foreign = false;
    row->change.local_stamp = 0;
    row->change.streamed = false;
    row->change.existed = false;
    row->change.by_ttl = false;
    row->change.old_image = (struct slice){NULL, 0};
    if (stream->id != 0 &&
        !(row->replicated && write->existed && slice_equal(row->image, write->old_image))) {
        stream_mark(&row->change, stream, write->old_image, row->image, write->by_ttl);
    }
}

void row_write_lay(struct row_write *row, struct engine_batch *batch, uint32_t following)
{
    ensure(row->needed);
    const struct write *write = row->write;
    row->change.table_id = write->table->id;
    row->change.following = following;
    row->change.key = row_write_key_image(row);
    row->change.has_image = row->replicated;
    row->change.tombstone = !write->exists;
    row->change.image = row->replicated ? row->image : (struct slice){NULL, 0};
    row_write_mark(row);
    row_write_context(row, &row->change.version.context, &row->version.context);
    size_t head_bytes = ROW_HEAD_BYTES + row->change.version.context.count * ROW_DOT_BYTES_MAX;
    row->space = arena_alloc(row->arena, head_bytes + row->image.size);
    row->image_at = head_bytes;
    if (row->image.size > 0) {
        memcpy(row->space + head_bytes, row->image.data, row->image.size);
    }
    buffer_init(&row->head, row->arena, head_bytes);
    buffer_init(&row->record, row->arena,
                head_bytes + row->change.key.size + row->change.image.size +
                    stream_mark_bytes(&row->change));
    if (!row_write_keeps_row(row)) {
        engine_batch_delete(row->store->engine, batch, FAMILY_ITEMS, row->key.bytes);
    }
    row->indexes_bytes =
        index_changes_put(row->store, batch, row->newest, row->indexes, row->arena);
    if (ttl_is_on(&row->newest->ttl)) {
        expiry_change_make(row->store, row->newest, write->old_image, row->image, &row->expiry);
        row->indexes_bytes +=
            expiry_change_put(row->store, batch, row->key.bytes, &row->expiry, row->arena);
    }
}

uint64_t row_write_floor(const struct row_write *row)
{
    return row->stored ? row->old.version.stamp : 0;
}

/* Only the head needs the seq. */
static struct slice row_write_finish(struct row_write *row)
{
    struct row head = {.version = row->version, .tombstone = !row->write->exists};
    row_encode(&row->head, &head);
    ensure(row->head.size <= row->image_at);
    uint8_t *start = row->space + row->image_at - row->head.size;
    memcpy(start, row->head.data, row->head.size);
    return (struct slice){start, row->head.size + row->image.size};
}

void row_write_stage(struct row_write *row,
                     struct engine_batch *batch,
                     uint64_t seq,
                     uint64_t stamp)
{
    struct store *store = row->store;
    ensure(stamp > row_write_floor(row));
    struct dot expired = {0};
    if (row->write->by_ttl) { /* Right behind what it saw: any refresh beats it. */
        row->change.local_stamp = stamp;
        stamp = row->old.version.stamp;
        expired = row->old.version.dot;
    }
    row->version.expired = expired;
    row->change.version.expired = expired;
    row->version.dot = (struct dot){store->region_id, store->incarnation, seq};
    row->version.stamp = stamp;
    row->change.version.dot = row->version.dot;
    row->change.version.stamp = stamp;
    change_encode(&row->record, &row->change);
    uint8_t log_key[CHANGE_LOG_KEY_BYTES];
    change_log_key(seq, log_key);
    if (row_write_keeps_row(row)) {
        engine_batch_put(store->engine, batch, FAMILY_ITEMS, row->key.bytes, row_write_finish(row));
    }
    engine_batch_put(store->engine, batch, FAMILY_LOG, slice_of(log_key, sizeof(log_key)),
                     buffer_slice(&row->record));
    if (row->change.streamed) {
        stream_point(store, batch, row->newest->stream.id, seq, row->key.hash);
    }
}

/* By the write's own description, which the request goes on with. */
static void row_write_index_units(const struct row_write *row)
{
    const struct write *write = row->write;
    for (uint32_t i = 0; i < row->newest->indexes_count; i++) {
        const struct index_change *change = &row->indexes[i];
        const struct table_index *index = table_find_index_id(write->table, change->index->id);
        if (index != NULL) {
            write->index_units[index - write->table->indexes] = index_change_units(change);
        }
    }
}

void row_write_done(struct row_write *row, uint64_t seq)
{
    struct write *write = row->write;
    latch_note_append(row->store->latches, row->stripe, seq);
    write->wait_seq = seq;
    write->changed = true;
    int64_t items = (int64_t)write->exists - (int64_t)write->existed;
    int64_t bytes = (write->exists ? (int64_t)row->image_size : 0) -
                    (write->existed ? (int64_t)item_size(write->old_image) : 0);
    if (items != 0 || bytes != 0) {
        table_count_items(write->table, items, bytes);
    }
    index_changes_count(write->table, row->newest, row->indexes);
    row_write_index_units(row);
    expiry_change_done(row->store, &row->expiry);
}

void row_write_undo(struct row_write *row)
{
    row->write->exists = row->write->existed;
    row->write->changed = false;
}

size_t row_write_bytes(const struct row_write *row)
{
    return row->key.bytes.size + row->image.size + row->record.size + row->indexes_bytes;
}
