#include "replication/backfill.h"

#include "replication/records.h"

#include <stdlib.h>

struct backfill {
    struct store *store;
    struct store_walk *walk;
    struct records_codec *codec;
    uint8_t uid[TABLE_UID_BYTES];
    uint64_t run;
    struct context applied;      /* At the snapshot. */
    uint64_t sent, acknowledged; /* Batch numbers. */
    uint64_t rows;
    bool walked; /* The last batch has been made. */
};

bool backfill_open(struct store *store,
                   uint32_t table_id,
                   const uint8_t uid[static TABLE_UID_BYTES],
                   uint64_t run,
                   struct backfill **backfill,
                   struct error *err)
{
    struct context applied;
    uint64_t newest;
    /* Read before the snapshot is taken: every row then shows all of it. */
    store_applied(store, &applied);
    if (!store_log_newest_own(store, &newest, err)) {
        return false;
    }
    if (newest > 0) {
        context_raise(&applied, (struct dot){store->region_id, store->incarnation, newest});
    }
    struct backfill *made = calloc(1, sizeof(*made));
    ensure(made != NULL);
    made->store = store;
    made->run = run;
    made->applied = applied;
    memcpy(made->uid, uid, TABLE_UID_BYTES);
    made->walk = store_walk_open(store, table_id);
    made->codec = records_codec_open();
    *backfill = made;
    return true;
}

void backfill_close(struct backfill *backfill)
{
    if (backfill != NULL) {
        store_walk_close(backfill->walk);
        records_codec_close(backfill->codec);
        free(backfill);
    }
}

bool backfill_next(struct backfill *backfill,
                   struct arena *arena,
                   struct message *message,
                   bool *made,
                   struct error *err)
{
    *made = false;
    if (backfill->walked || backfill->sent - backfill->acknowledged >= BACKFILL_WINDOW) {
        return true;
    }
    struct buffer raw;
    buffer_init(&raw, arena, BACKFILL_BATCH_BYTES + (64 << 10));
    uint32_t count = 0;
    while (raw.size < BACKFILL_BATCH_BYTES && count < PEER_BATCH_RECORDS_MAX) {
        struct change change;
        error_clear(err);
        if (!store_walk_next(backfill->walk, arena, &change, err)) {
            if (err->code != ERROR_NONE) {
                return false;
            }
            backfill->walked = true;
            break;
        }
        struct record record = record_of_change(&change, backfill->uid);
        record_append(&raw, &record);
        count++;
    }
    backfill->rows += count;
    *message = (struct message){.kind = MESSAGE_BACKFILL_BATCH};
    struct message_backfill *batch = &message->backfill;
    memcpy(batch->uid, backfill->uid, TABLE_UID_BYTES);
    batch->backfill = backfill->run;
    batch->number = ++backfill->sent;
    batch->applied = backfill->applied;
    batch->last = backfill->walked;
    batch->rows_total = backfill->rows;
    records_pack(backfill->codec, buffer_slice(&raw), count, arena, &batch->records);
    *made = true;
    return true;
}

bool backfill_acknowledged(struct backfill *backfill,
                           const struct message_backfill_ack *ack,
                           bool *done,
                           struct error *err)
{
    if (ack->number <= backfill->acknowledged || ack->number > backfill->sent) {
        return error_set(
            err, ERROR_PROTOCOL, "backfill batch %llu is acknowledged, %llu to %llu are under way",
            (unsigned long long)ack->number, (unsigned long long)backfill->acknowledged + 1,
            (unsigned long long)backfill->sent);
    }
    backfill->acknowledged = ack->number;
    *done = backfill->walked && backfill->acknowledged == backfill->sent;
    return true;
}

uint64_t backfill_rows(const struct backfill *backfill)
{
    return backfill->rows;
}

/* Contexts join in rows, so only members may be named in them; a region that left the cluster is
 * forgotten. They are a peer's bytes. */
static void backfill_join_members(const struct watermark *watermark,
                                  struct context *into,
                                  const struct context *from)
{
    for (uint32_t i = 0; i < from->count; i++) {
        if (watermark_is_member(watermark, from->entries[i].region)) {
            context_raise(into, from->entries[i]);
        }
    }
}

bool backfill_apply(struct store *store,
                    struct records_codec *codec,
                    const struct message_backfill *message,
                    const struct watermark *watermark,
                    const struct resolve *resolve,
                    struct arena *arena,
                    uint64_t *wait_seq,
                    struct error *err)
{
    *wait_seq = 0;
    const struct table *table = catalog_acquire_uid(store->catalog, message->uid);
    if (table == NULL) {
        return true;
    }
    uint32_t table_id = table->id;
    table_release(table);
    struct slice left;
    if (!records_unpack(codec, &message->records, arena, &left, err)) {
        return false;
    }
    struct change *changes = arena_zalloc(arena, message->records.count, sizeof(struct change));
    uint32_t count = 0;
    while (left.size > 0 && count < message->records.count) {
        struct record record;
        if (!record_take(&left, &record, err)) {
            return false;
        }
        struct change *change = &changes[count++];
        if (!record_to_change(&record, table_id, change, err)) {
            return false;
        }
        if (memcmp(record.uid, message->uid, TABLE_UID_BYTES) != 0) {
            return error_set(err, ERROR_PROTOCOL, "row %u of a backfill is not acceptable", count);
        }
        /* Whatever the sender had applied, this row of its snapshot has seen. */
        change->version.context = (struct context){0};
        backfill_join_members(watermark, &change->version.context, &record.version.context);
        backfill_join_members(watermark, &change->version.context, &message->applied);
    }
    if (left.size > 0 || count != message->records.count) {
        return error_set(err, ERROR_PROTOCOL, "a backfill batch of %u rows does not add up",
                         message->records.count);
    }
    struct apply_result result = {0};
    if (count > 0 && !store_apply(store, changes, count, NULL, resolve_decider,
                                  (void *)(uintptr_t)resolve, &result, err)) {
        return false;
    }
    *wait_seq = result.wait_seq;
    return true;
}
