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
#include "storage/log/applied.h"
#include "storage/log/change.h"
#include "storage/store.h"
#include "storage/table/batch_pool.h"
#include "storage/table/key.h"
#include "storage/table/latch.h"

enum {
    /* Reads from memory under the latch after a read from disk without it, before the read from
     * disk is done under the latch: the cache may drop the block in between, but hardly thrice. */
    WRITE_CACHED_TRIES = 3,
    /* row_encode and change_encode at their largest, without key and image. */
    WRITE_DOT_BYTES_MAX = 3 * VARINT_BYTES_MAX,
    WRITE_HEAD_BYTES = 32 + WRITE_DOT_BYTES_MAX,
};

struct write_plan {
    struct store *store;
    struct write *write;
    struct arena *arena;
    struct table_key key;
    uint32_t stripe;
    bool replicated;
    bool stored;        /* There is a row, perhaps only a tombstone. */
    struct row old;     /* Its image borrows from the engine's value. */
    struct slice image; /* What the row shall hold; empty for a delete. */
    size_t image_size;  /* As DynamoDB counts it. */
};

/* --- The commit ----------------------------------------------------------------------------- */

static void write_forget_region(struct context *context, uint16_t region)
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
write_context(const struct write_plan *plan, struct context *whole, struct context *kept)
{
    whole->count = 0;
    kept->count = 0;
    if (!plan->replicated) {
        return;
    }
    applied_all(plan->store->applied, whole);
    const struct version *old = &plan->old.version;
    uint16_t own = plan->store->region_id;
    if (plan->stored) {
        context_join(whole, &old->context);
        if (old->dot.region != own) {
            context_raise(whole, old->dot);
        }
    }
    write_forget_region(whole, own);
    struct context settled;
    applied_settled(plan->store->applied, &settled);
    context_join(kept, whole);
    context_prune(kept, &settled);
}

static struct slice write_key_image(const struct write_plan *plan)
{
    const struct write *write = plan->write;
    if (write->kind != WRITE_PUT) {
        return write->item;
    }
    struct member members[TABLE_KEYS_MAX];
    size_t count = 0;
    members[count].name = write->table->partition.name;
    ensure(item_find(write->item, members[count].name, &members[count].value));
    count++;
    if (table_has_sort(write->table)) {
        members[count].name = write->table->sort.name;
        ensure(item_find(write->item, members[count].name, &members[count].value));
        count++;
    }
    return value_make_map(plan->arena, members, count).payload;
}

/* The row's bytes: only its head needs the seq, so the image is laid out before the commit section
 * and the head is put in front of it inside. */
struct write_row {
    uint8_t *space;
    size_t image_at;
    struct buffer head;
};

static void
write_row_prepare(const struct write_plan *plan, size_t head_bytes, struct write_row *row)
{
    row->space = arena_alloc(plan->arena, head_bytes + plan->image.size);
    row->image_at = head_bytes;
    if (plan->image.size > 0) {
        memcpy(row->space + head_bytes, plan->image.data, plan->image.size);
    }
    buffer_init(&row->head, plan->arena, head_bytes);
}

static struct slice write_row_finish(const struct write_plan *plan,
                                     struct write_row *row,
                                     const struct version *version)
{
    struct row head = {.version = *version, .tombstone = !plan->write->exists};
    row_encode(&row->head, &head);
    ensure(row->head.size <= row->image_at);
    uint8_t *start = row->space + row->image_at - row->head.size;
    memcpy(start, row->head.data, row->head.size);
    return (struct slice){start, row->head.size + plan->image.size};
}

/* Under the latch. Everything that can be made without the seq is made before the section. */
static bool write_commit(struct write_plan *plan, struct error *err)
{
    struct store *store = plan->store;
    struct engine *engine = store->engine;
    struct version version; /* The row's; the record has the whole context. */
    struct change change = {
        .table_id = plan->write->table->id,
        .key = write_key_image(plan),
        .has_image = plan->replicated,
        .tombstone = !plan->write->exists,
        .image = plan->replicated ? plan->image : (struct slice){NULL, 0},
    };
    write_context(plan, &change.version.context, &version.context);
    size_t head_bytes = WRITE_HEAD_BYTES + change.version.context.count * WRITE_DOT_BYTES_MAX;
    bool keeps_row = plan->write->exists || plan->replicated;
    struct write_row row;
    write_row_prepare(plan, head_bytes, &row);
    struct buffer record;
    buffer_init(&record, plan->arena, head_bytes + change.key.size + change.image.size);
    struct engine_batch *batch = batch_pool_take(store->batches, plan->stripe);

    uint64_t seq = engine_commit_begin(engine);
    version.dot = (struct dot){store->region_id, store->incarnation, seq};
    uint64_t floor = plan->stored ? plan->old.version.stamp : 0;
    version.stamp = store->clock.stamp(store->clock.context, floor);
    ensure(version.stamp > floor);
    change.version.dot = version.dot;
    change.version.stamp = version.stamp;
    change_encode(&record, &change);
    uint8_t log_key[CHANGE_LOG_KEY_BYTES];
    change_log_key(seq, log_key);
    if (keeps_row) {
        engine_batch_put(engine, batch, FAMILY_ITEMS, plan->key.bytes,
                         write_row_finish(plan, &row, &version));
    } else {
        engine_batch_delete(engine, batch, FAMILY_ITEMS, plan->key.bytes);
    }
    engine_batch_put(engine, batch, FAMILY_LOG, slice_of(log_key, sizeof(log_key)),
                     buffer_slice(&record));
    bool ok = engine_commit_append(engine, batch, seq, err);

    if (ok) {
        latch_note_append(store->latches, plan->stripe, seq);
        plan->write->wait_seq = seq;
    }
    batch_pool_give(store->batches, plan->stripe, batch,
                    plan->key.bytes.size + plan->image.size + record.size);
    return ok;
}

/* --- Deciding, under the latch -------------------------------------------------------------- */

/* PUT and UPDATE: the image that the row shall hold. `old` is empty when there is no item. */
static bool write_build(struct write_plan *plan, struct slice old, struct error *err)
{
    struct write *write = plan->write;
    if (write->kind == WRITE_PUT) {
        plan->image = write->item;
        write->exists = true;
        return true;
    }
    struct slice base = write->existed ? old : write->item;
    bool creates = true;
    plan->image = base;
    if (write->update != NULL && !expression_update(write->update, base, write->existed,
                                                    plan->arena, &plan->image, &creates, err)) {
        return false;
    }
    write->exists = write->existed || creates;
    if (!write->exists) {
        plan->image = (struct slice){NULL, 0};
        return true;
    }
    plan->image_size = item_size(plan->image);
    if (plan->image_size > ITEM_BYTES_MAX) {
        return error_set(err, ERROR_VALIDATION,
                         "Item size to update has exceeded the maximum allowed size");
    }
    return true;
}

/* With replicas an unchanged overwrite still counts: it is the newer write there. */
static bool write_is_needed(const struct write_plan *plan, struct slice old)
{
    const struct write *write = plan->write;
    if (!write->exists) {
        return write->existed;
    }
    return !write->existed || plan->replicated || !slice_equal(plan->image, old);
}

static void write_count(const struct write_plan *plan, struct slice old)
{
    const struct write *write = plan->write;
    int64_t items = (int64_t)write->exists - (int64_t)write->existed;
    int64_t bytes = (write->exists ? (int64_t)plan->image_size : 0) -
                    (write->existed ? (int64_t)item_size(old) : 0);
    if (items != 0 || bytes != 0) {
        catalog_count_items(plan->store->catalog, write->table->id, items, bytes);
    }
}

/* The row is in plan->old, if there is one. */
static bool write_decide(struct write_plan *plan, struct error *err)
{
    struct write *write = plan->write;
    write->existed = plan->stored && !plan->old.tombstone;
    write->wait_seq = latch_appended_seq(plan->store->latches, plan->stripe);
    if (write->existed) { /* The caller's copy outlives the engine's value. */
        write->old_image = arena_copy(plan->arena, plan->old.image);
    }
    struct slice old = write->old_image;
    if (write->condition != NULL && !expression_test(write->condition, old)) {
        write->exists = write->existed;
        return error_set(err, ERROR_CONDITION, "The conditional request failed");
    }
    if (write->kind != WRITE_DELETE && !write_build(plan, old, err)) {
        write->exists = write->existed;
        return false;
    }
    write->new_image = plan->image;
    if (!write_is_needed(plan, old)) {
        return true;
    }
    if (!write_commit(plan, err)) {
        write->exists = write->existed;
        return false;
    }
    write->changed = true;
    write_count(plan, old);
    return true;
}

/* Under the latch: read the row and decide. A repeated attempt starts its outputs afresh. */
static bool write_attempt_latched(struct write_plan *plan, enum read_tier tier, struct error *err)
{
    struct write *write = plan->write;
    write->old_image = (struct slice){NULL, 0};
    write->new_image = (struct slice){NULL, 0};
    write->existed = false;
    write->exists = false;
    write->changed = false;
    write->wait_seq = 0;
    if (table_is_dropped(write->table)) {
        return error_set(err, ERROR_NOT_FOUND, "Requested resource not found");
    }
    plan->replicated = table_is_replicated(write->table);
    struct engine_value value;
    if (!engine_get(plan->store->engine, FAMILY_ITEMS, NULL, plan->key.bytes, tier, &value,
                    &plan->stored, err)) {
        return false;
    }
    if (!plan->stored) {
        return write_decide(plan, err);
    }
    bool ok = row_decode(value.bytes, &plan->old, err) && write_decide(plan, err);
    engine_value_release(&value);
    return ok;
}

static bool write_attempt(struct write_plan *plan, enum read_tier tier, struct error *err)
{
    error_clear(err);
    latch_lock(plan->store->latches, plan->stripe);
    bool ok = write_attempt_latched(plan, tier, err);
    latch_unlock(plan->store->latches, plan->stripe);
    return ok;
}

/* Bring the row's blocks into memory, without the latch. */
static bool write_warm(struct write_plan *plan, struct error *err)
{
    struct engine_value value;
    bool found = false;
    if (!engine_get(plan->store->engine, FAMILY_ITEMS, NULL, plan->key.bytes, READ_FULL, &value,
                    &found, err)) {
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
    struct write_plan plan = {.store = store, .write = write, .arena = arena};
    write->wait_seq = 0;
    if (write->kind == WRITE_PUT) {
        plan.image_size = item_size(write->item);
        if (plan.image_size > ITEM_BYTES_MAX) {
            return error_set(err, ERROR_VALIDATION,
                             "Item size has exceeded the maximum allowed size");
        }
    }
    key_encode(write->table, write->item, arena, &plan.key);
    plan.stripe = latch_stripe(plan.key.hash);
    if (tier == READ_CACHED) {
        return write_attempt(&plan, READ_CACHED, err);
    }
    for (int i = 0; i < WRITE_CACHED_TRIES; i++) {
        if (!write_warm(&plan, err)) {
            return false;
        }
        bool ok = write_attempt(&plan, READ_CACHED, err);
        if (ok || err->code != ERROR_WOULD_BLOCK) {
            return ok;
        }
    }
    return write_attempt(&plan, READ_FULL, err);
}
