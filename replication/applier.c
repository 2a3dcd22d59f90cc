/* The applying side of one connection.
 *
 * Happy path: a batch continues where the last one ended; its records become changes of the local
 * tables and go into the store as one atomic batch with the new watermark. What was appended waits
 * in a queue until the store says it is durable, and is then acknowledged, with fresh credit.
 *
 * Transactions: records that are joined are of one transaction, and the store is told so, because
 * it marks conflicts that tear one. Parts wait in `parts` for the last. A connection that ends in
 * between takes them along: the next one begins in front of the transaction.
 *
 * Failure modes: a batch that does not fit (gap, wrong origin, seqs that do not ascend) is an error
 * PROTOCOL and the connection ends; the next one begins from what was applied. A store that
 * throttles gets the same message again later: nothing has happened yet. A crash takes back
 * appended batches that were not acknowledged; the shipper sends them again. */
#include "replication/applier.h"

#include "replication/mutant.h"
#include "replication/records.h"

#include <pthread.h>

_Static_assert((int)CONFLICT_TORN == (int)APPLY_REASON_TORN, "one number for one reason");

/* Applied, not yet known to be durable. */
struct applier_wait {
    uint64_t wait_seq; /* Own seq: durable here means the batch is. */
    uint64_t last_seq; /* Origin's. */
    uint64_t bytes;    /* Credit to give back. */
    uint64_t stamp;    /* Of its newest record; 0 when it has none. */
};

/* A transaction of which the last part is not here yet. */
struct applier_parts {
    struct arena arena; /* The records' bytes. */
    struct change changes[TRANSACTION_ITEMS_MAX];
    uint32_t count;
    uint32_t skipped; /* Records of tables that are not here. */
    uint32_t records; /* With those; 0: none is open. */
    uint32_t incarnation;
    uint64_t seq;   /* It is here up to this one. */
    size_t raw;     /* Bytes in the arena. */
    uint64_t bytes; /* Of payloads: credit to give back with the last part. */
};

struct applier {
    struct applier_options options;
    char origin_name[REGION_NAME_BYTES_MAX + 1];
    struct records_codec *codec;
    struct arena arena; /* One call. */
    bool started;
    struct applier_parts parts;
    uint32_t incarnation; /* Of the origin, as in the last batch; 0 before the first. */
    uint64_t received;    /* Bytes of batches. */
    uint64_t returned;    /* Of them, acknowledged. */
    struct applier_wait waits[PEER_UNACKED_BATCHES_MAX]; /* A ring, oldest at waits_first. */
    uint32_t waits_first;
    uint32_t waits_count;
    pthread_mutex_t figures_mutex;
    struct applier_figures figures;
};

struct applier *applier_open(const struct applier_options *options)
{
    ensure(options->emit != NULL && options->watermark != NULL && options->hlc != NULL);
    ensure(options->origin != 0 && options->origin != options->store.region);
    ensure(options->credit_bytes > 0);
    ensure(options->origin_name.size > 0 && options->origin_name.size <= REGION_NAME_BYTES_MAX);
    struct applier *applier = calloc(1, sizeof(*applier));
    ensure(applier != NULL);
    applier->options = *options;
    memcpy(applier->origin_name, options->origin_name.data, options->origin_name.size);
    applier->options.origin_name = slice_text(applier->origin_name);
    applier->codec = records_codec_open();
    ensure(pthread_mutex_init(&applier->figures_mutex, NULL) == 0);
    return applier;
}

void applier_close(struct applier *applier)
{
    if (applier == NULL) {
        return;
    }
    records_codec_close(applier->codec);
    arena_destroy(&applier->arena);
    arena_destroy(&applier->parts.arena);
    ensure(pthread_mutex_destroy(&applier->figures_mutex) == 0);
    free(applier);
}

static void applier_emit(struct applier *applier, const struct message *message)
{
    applier->options.emit(applier->options.context, message_encode(message, &applier->arena));
}

/* What has been applied of the origin; incarnation and seq 0 when nothing was. */
static struct dot applier_applied(const struct applier *applier, uint64_t *wait_seq)
{
    const struct replica_store *store = &applier->options.store;
    struct context applied;
    store->calls->applied(store->store, &applied, wait_seq);
    for (uint32_t i = 0; i < applied.count; i++) {
        if (applied.entries[i].region == applier->options.origin) {
            return applied.entries[i];
        }
    }
    return (struct dot){applier->options.origin, 0, 0};
}

/* --- Waiting for the disk --------------------------------------------------------------------- */

static struct applier_wait *applier_wait_at(struct applier *applier, uint32_t i)
{
    ensure(i < applier->waits_count);
    return &applier->waits[(applier->waits_first + i) % PEER_UNACKED_BATCHES_MAX];
}

static void applier_wait(struct applier *applier, struct applier_wait wait)
{
    if (applier->waits_count == PEER_UNACKED_BATCHES_MAX) {
        /* Joined with the newest: acknowledged together, a little later for some. */
        struct applier_wait *newest = applier_wait_at(applier, applier->waits_count - 1);
        newest->wait_seq = wait.wait_seq > newest->wait_seq ? wait.wait_seq : newest->wait_seq;
        newest->last_seq = wait.last_seq > newest->last_seq ? wait.last_seq : newest->last_seq;
        newest->bytes += wait.bytes;
        newest->stamp = wait.stamp > newest->stamp ? wait.stamp : newest->stamp;
        return;
    }
    applier->waits_count++;
    *applier_wait_at(applier, applier->waits_count - 1) = wait;
}

void applier_pump(struct applier *applier, struct moment now)
{
    const struct replica_store *store = &applier->options.store;
    uint64_t durable = store->calls->durable_seq(store->store);
    struct applier_wait done = {0};
    bool any = false;
    while (applier->waits_count > 0) {
        const struct applier_wait *oldest = applier_wait_at(applier, 0);
        if (oldest->wait_seq > durable && !MUTANT(ACK_BEFORE_DURABLE)) {
            break;
        }
        ensure(oldest->last_seq >= done.last_seq);
        done.last_seq = oldest->last_seq;
        done.bytes += oldest->bytes;
        done.stamp = oldest->stamp != 0 ? oldest->stamp : done.stamp;
        applier->waits_first = (applier->waits_first + 1) % PEER_UNACKED_BATCHES_MAX;
        applier->waits_count--;
        any = true;
    }
    if (!any) {
        return;
    }
    applier->returned += done.bytes;
    ensure(applier->returned <= applier->received);
    arena_clear(&applier->arena);
    applier_emit(applier, &(struct message){
                              .kind = MESSAGE_ACK,
                              .ack = {applier->incarnation, done.last_seq,
                                      applier->returned + applier->options.credit_bytes},
                          });
    if (done.stamp != 0) {
        uint64_t wall_ms = stamp_wall_ms(done.stamp);
        ensure(pthread_mutex_lock(&applier->figures_mutex) == 0);
        applier->figures.apply_lag_seconds =
            now.wall_ms > wall_ms ? (double)(now.wall_ms - wall_ms) / 1000.0 : 0;
        ensure(pthread_mutex_unlock(&applier->figures_mutex) == 0);
    }
}

void applier_start(struct applier *applier)
{
    ensure(!applier->started);
    const struct replica_store *store = &applier->options.store;
    uint64_t wait_seq;
    struct dot applied = applier_applied(applier, &wait_seq);
    applier->started = true;
    applier->incarnation = applied.incarnation;
    ensure(pthread_mutex_lock(&applier->figures_mutex) == 0);
    applier->figures.applied = applied;
    ensure(pthread_mutex_unlock(&applier->figures_mutex) == 0);
    arena_clear(&applier->arena);
    applier_emit(applier, &(struct message){
                              .kind = MESSAGE_START,
                              .start =
                                  {
                                      .version = MESSAGE_VERSION,
                                      .applied_incarnation = applied.incarnation,
                                      .applied_seq = applied.seq,
                                      .credit = applier->options.credit_bytes,
                                      .holds_tables = store->calls->any_ships(
                                          store->store, applier->options.origin_name),
                                  },
                          });
    if (applied.incarnation != 0) {
        /* What earlier connections brought may still be on its way to the disk. */
        applier_wait(applier, (struct applier_wait){wait_seq, applied.seq, 0, 0});
    }
}

/* --- Batches ---------------------------------------------------------------------------------- */

/* Contexts join in rows, so only members may be named in them; a region that left the cluster is
 * forgotten. */
static void applier_trim_context(const struct applier *applier, struct context *context)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < context->count; i++) {
        if (watermark_is_member(applier->options.watermark, context->entries[i].region)) {
            context->entries[kept++] = context->entries[i];
        }
    }
    context->count = kept;
}

struct applier_load {
    struct arena *arena; /* What is loaded lives there. */
    struct change *changes;
    uint32_t count;
    uint32_t records; /* Of the transaction under way, skipped ones included. */
    uint32_t group;   /* Numbers the transactions. */
    uint32_t skipped; /* Of tables that are not here. */
    uint32_t dropped; /* Applied before. */
    uint32_t ahead;   /* Stamps too far in the future. */
    uint64_t stamp;   /* Of the newest record. */
};

static bool applier_check_dot(const struct applier *applier,
                              const struct message_batch *batch,
                              struct dot dot,
                              uint64_t previous_seq,
                              struct error *err)
{
    if (dot.region != applier->options.origin || dot.incarnation != batch->incarnation ||
        dot.seq <= previous_seq || dot.seq > batch->last_seq) {
        return error_set(err, ERROR_PROTOCOL,
                         "a record %u/%u/%llu behind %llu in a batch of %u/%u up to %llu",
                         dot.region, dot.incarnation, (unsigned long long)dot.seq,
                         (unsigned long long)previous_seq, applier->options.origin,
                         batch->incarnation, (unsigned long long)batch->last_seq);
    }
    return true;
}

/* Does the record begin a transaction, or go on with the one before? */
static bool applier_join(const struct applier *applier,
                         const struct message_batch *batch,
                         const struct record *record,
                         struct applier_load *load,
                         struct error *err)
{
    bool first = load->records == 0;
    load->records = record->joined ? load->records + 1 : 1;
    load->group += record->joined ? 0 : 1;
    if (record->joined && (first || load->records > TRANSACTION_ITEMS_MAX)) {
        return error_set(err, ERROR_PROTOCOL, "record %llu is number %u of a transaction",
                         (unsigned long long)record->version.dot.seq, load->records);
    }
    if (!record->joined && !first && (batch->unfinished || applier->parts.records > 0)) {
        return error_set(err, ERROR_PROTOCOL, "a part holds more than one transaction");
    }
    return true;
}

/* One record whose place is right. */
static bool applier_load_record(struct applier *applier,
                                struct record *record,
                                struct applier_load *load,
                                struct error *err)
{
    const struct replica_store *store = &applier->options.store;
    uint32_t table_id;
    if (!store->calls->table_of_uid(store->store, record->uid, &table_id)) {
        load->skipped++;
        return true;
    }
    applier_trim_context(applier, &record->version.context);
    struct change *change = &load->changes[load->count];
    if (!record_to_change(record, table_id, change, err)) {
        return false;
    }
    change->following = load->group; /* Until applier_link. */
    load->count++;
    return true;
}

/* Take the batch apart: everything is checked before anything is applied. */
static bool applier_load(struct applier *applier,
                         const struct message_batch *batch,
                         uint64_t applied_seq,
                         struct moment now,
                         struct applier_load *load,
                         struct error *err)
{
    struct slice left;
    if (!records_unpack(applier->codec, &batch->records, load->arena, &left, err)) {
        return false;
    }
    if (batch->unfinished && batch->records.compression == COMPRESSION_NONE) {
        left = arena_copy(load->arena, left); /* It outlives the message. */
    }
    load->changes = arena_alloc(&applier->arena, batch->records.count * sizeof(*load->changes));
    load->records = applier->parts.records;
    uint64_t seq = batch->previous_seq;
    uint32_t taken = 0;
    while (left.size > 0) {
        struct record record;
        if (taken == batch->records.count) {
            return error_set(err, ERROR_PROTOCOL, "a batch of more records than announced");
        }
        if (!record_take(&left, &record, err) ||
            !applier_check_dot(applier, batch, record.version.dot, seq, err)) {
            return false;
        }
        taken++;
        seq = record.version.dot.seq;
        if (!version_is_expiry(&record.version)) { /* Dated by what expired: says no lag. */
            load->stamp = record.version.stamp;
        }
        load->ahead += hlc_observe(applier->options.hlc, now.wall_ms, record.version.stamp) ? 0 : 1;
        if (seq <= applied_seq && !MUTANT(APPLY_TWICE)) {
            load->dropped++;
        } else if (!applier_join(applier, batch, &record, load, err) ||
                   !applier_load_record(applier, &record, load, err)) {
            return false;
        }
    }
    if (taken != batch->records.count) {
        return error_set(err, ERROR_PROTOCOL, "a batch of %u records holds %u",
                         batch->records.count, taken);
    }
    return true;
}

/* Own writes of `incarnation` that have been applied here: none of one that is new here. An earlier
 * incarnation is fenced off: its seqs mean nothing any more. */
static bool applier_base(const struct applier *applier,
                         struct dot applied,
                         uint32_t incarnation,
                         uint64_t *base,
                         struct error *err)
{
    if (incarnation == 0 || incarnation < applied.incarnation) {
        return error_set(err, ERROR_PROTOCOL,
                         "incarnation %u of region %u ships, applied is incarnation %u: it needs "
                         "repair",
                         incarnation, applier->options.origin, applied.incarnation);
    }
    *base = incarnation == applied.incarnation ? applied.seq : 0;
    return true;
}

/* Does the batch continue what was applied, or the parts that are here? */
static bool applier_check_place(const struct applier *applier,
                                const struct message_batch *batch,
                                uint64_t base,
                                struct error *err)
{
    const struct applier_parts *parts = &applier->parts;
    uint64_t here = parts->records > 0 ? parts->seq : base;
    if (batch->previous_seq > here && !MUTANT(GAP)) {
        return error_set(err, ERROR_PROTOCOL, "a gap: applied up to %llu, a batch behind %llu",
                         (unsigned long long)here, (unsigned long long)batch->previous_seq);
    }
    if (parts->records > 0 && batch->last_seq > parts->seq &&
        (batch->previous_seq < parts->seq || batch->incarnation != parts->incarnation)) {
        return error_set(err, ERROR_PROTOCOL,
                         "parts of a transaction up to %llu, then a batch behind %llu",
                         (unsigned long long)parts->seq, (unsigned long long)batch->previous_seq);
    }
    if (applier->received > applier->returned + applier->options.credit_bytes +
                                PEER_FRAME_BYTES_MAX + PEER_GROUP_BYTES_MAX) {
        return error_set(err, ERROR_PROTOCOL, "region %u ships beyond its credit",
                         applier->options.origin);
    }
    return true;
}

static bool applier_report(struct applier *applier, const struct context *report, struct error *err)
{
    if (report->count > 0 &&
        !watermark_report(applier->options.watermark, applier->options.origin, report)) {
        return error_set(err, ERROR_PROTOCOL, "region %u takes back what it has applied",
                         applier->options.origin);
    }
    return true;
}

static void applier_count(struct applier *applier,
                          const struct message *message,
                          const struct applier_load *load,
                          const struct apply_result *result,
                          struct dot applied)
{
    ensure(pthread_mutex_lock(&applier->figures_mutex) == 0);
    struct applier_figures *figures = &applier->figures;
    figures->applied = applied;
    figures->received_records += message->batch.records.count;
    figures->received_bytes += message->payload_bytes;
    figures->stored_records += result->stored;
    figures->dropped_records += load->dropped + result->dropped;
    figures->skipped_records += load->skipped;
    figures->conflicts += result->conflicts;
    figures->stamps_ahead += load->ahead;
    ensure(pthread_mutex_unlock(&applier->figures_mutex) == 0);
}

/* Group numbers become what struct change says: how many changes of the transaction follow. */
static void applier_link(struct change *changes, uint32_t count)
{
    uint32_t group = 0;
    for (uint32_t i = count; i > 0; i--) {
        struct change *change = &changes[i - 1];
        bool joined = i < count && change->following == group;
        group = change->following;
        change->following = joined ? changes[i].following + 1 : 0;
    }
}

/* What the parts hold goes in front. */
static void applier_join_parts(struct applier *applier, struct applier_load *load)
{
    const struct applier_parts *parts = &applier->parts;
    if (parts->records == 0 || MUTANT(GROUP_FORGOTTEN)) {
        return;
    }
    uint32_t count = parts->count + load->count;
    struct change *changes = arena_alloc(&applier->arena, count * sizeof(*changes));
    for (uint32_t i = 0; i < count; i++) {
        changes[i] = i < parts->count ? parts->changes[i] : load->changes[i - parts->count];
    }
    load->changes = changes;
    load->count = count;
    load->skipped += parts->skipped;
}

static bool applier_on_part(struct applier *applier,
                            const struct message *message,
                            uint64_t base,
                            struct moment now,
                            struct error *err)
{
    const struct message_batch *batch = &message->batch;
    struct applier_parts *parts = &applier->parts;
    struct applier_load load = {.arena = &parts->arena};
    if (batch->records.raw_size > PEER_GROUP_BYTES_MAX - parts->raw) {
        return error_set(err, ERROR_PROTOCOL, "a transaction of more than %d bytes",
                         PEER_GROUP_BYTES_MAX);
    }
    if (!applier_load(applier, batch, base, now, &load, err)) {
        return false;
    }
    if (load.dropped > 0) {
        return error_set(err, ERROR_PROTOCOL, "a part of a transaction that was applied");
    }
    for (uint32_t i = 0; i < load.count; i++) {
        parts->changes[parts->count] = load.changes[i];
        parts->changes[parts->count++].following = 0; /* All are of one group: see applier_link. */
    }
    parts->skipped += load.skipped;
    parts->records = load.records;
    parts->incarnation = batch->incarnation;
    parts->seq = batch->last_seq;
    parts->raw += batch->records.raw_size;
    return true;
}

/* What came with a part is acknowledged with the last one. */
static void applier_count_part(struct applier *applier, const struct message *message)
{
    applier->received += message->payload_bytes;
    applier->parts.bytes += message->payload_bytes;
    ensure(pthread_mutex_lock(&applier->figures_mutex) == 0);
    applier->figures.received_records += message->batch.records.count;
    applier->figures.received_bytes += message->payload_bytes;
    ensure(pthread_mutex_unlock(&applier->figures_mutex) == 0);
}

static void applier_forget_parts(struct applier *applier)
{
    struct applier_parts *parts = &applier->parts;
    arena_clear(&parts->arena);
    parts->count = 0;
    parts->skipped = 0;
    parts->records = 0;
    parts->raw = 0;
    parts->bytes = 0;
}

/* All of the load as one, with everything that its transactions hold. */
static bool applier_apply(struct applier *applier,
                          struct applier_load *load,
                          struct dot last,
                          struct moment now,
                          struct apply_result *result,
                          struct error *err)
{
    const struct replica_store *store = &applier->options.store;
    struct resolve resolve = {.wall_ms = now.wall_ms};
    watermark_settled(applier->options.watermark, &resolve.settled);
    applier_join_parts(applier, load);
    applier_link(load->changes, load->count);
    uint32_t first = MUTANT(GROUP_SPLIT) ? load->count / 2 : 0;
    bool ok = (first == 0 || store->calls->apply(store->store, load->changes, first, NULL,
                                                 resolve_decider, &resolve, result, err)) &&
              store->calls->apply(store->store, load->changes + first, load->count - first, &last,
                                  resolve_decider, &resolve, result, err);
    return ok ||
           error_wrap(err, "apply %u changes of region %u", load->count, applier->options.origin);
}
/* A batch that ends where a transaction ends. */
static bool applier_on_whole(struct applier *applier,
                             const struct message *message,
                             struct dot applied,
                             uint64_t base,
                             struct apply_result result,
                             struct moment now,
                             struct error *err)
{
    const struct message_batch *batch = &message->batch;
    struct applier_load load = {.arena = &applier->arena};
    if (!applier_load(applier, batch, base, now, &load, err)) {
        return false;
    }
    struct dot last = {applier->options.origin, batch->incarnation, batch->last_seq};
    bool again = dot_covered_by(last, applied);
    uint64_t bytes = message->payload_bytes;
    if (!again || MUTANT(APPLY_TWICE)) {
        if (!applier_apply(applier, &load, last, now, &result, err)) {
            return false;
        }
        applied = again ? applied : last;
        bytes += applier->parts.bytes;
        applier_forget_parts(applier);
    }
    if (applier->incarnation != batch->incarnation) {
        applier->incarnation = batch->incarnation;
        applier->waits_count = 0; /* What an earlier incarnation waited for concerns nobody now. */
    }
    applier->received += message->payload_bytes;
    applier_wait(applier, (struct applier_wait){result.wait_seq, applied.seq, bytes, load.stamp});
    applier_count(applier, message, &load, &result, applied);
    /* A repeated batch has nothing to report: what it says may be older than what is known. */
    return again || applier_report(applier, &batch->report, err);
}

static bool applier_on_batch(struct applier *applier,
                             const struct message *message,
                             struct moment now,
                             struct error *err)
{
    const struct message_batch *batch = &message->batch;
    const struct applier_parts *parts = &applier->parts;
    struct apply_result result = {0};
    struct dot applied = applier_applied(applier, &result.wait_seq);
    uint64_t base = 0;
    if (!applier_base(applier, applied, batch->incarnation, &base, err) ||
        !applier_check_place(applier, batch, base, err)) {
        return false;
    }
    bool applied_before = batch->last_seq <= base;
    bool kept_before = parts->records > 0 && batch->last_seq <= parts->seq;
    if (applied_before || !(kept_before || batch->unfinished)) {
        return applier_on_whole(applier, message, applied, base, result, now, err);
    }
    if (!kept_before && !applier_on_part(applier, message, base, now, err)) {
        return false;
    }
    applier_count_part(applier, message);
    return true;
}

/* Is all here that was sent in front of the heartbeat? Only then its report may be believed. */
static bool applier_check_heartbeat(const struct applier *applier,
                                    const struct message_heartbeat *heartbeat,
                                    struct error *err)
{
    uint64_t wait_seq;
    uint64_t base = 0;
    struct dot applied = applier_applied(applier, &wait_seq);
    if (!applier_base(applier, applied, heartbeat->incarnation, &base, err)) {
        return false;
    }
    if (heartbeat->sent_seq > base && !MUTANT(GAP)) {
        return error_set(err, ERROR_PROTOCOL, "a gap: applied up to %llu, sent up to %llu",
                         (unsigned long long)base, (unsigned long long)heartbeat->sent_seq);
    }
    return true;
}

static bool applier_on_heartbeat(struct applier *applier,
                                 const struct message_heartbeat *heartbeat,
                                 struct moment now,
                                 struct error *err)
{
    const struct replica_store *store = &applier->options.store;
    if (!hlc_observe(applier->options.hlc, now.wall_ms, heartbeat->stamp)) {
        ensure(pthread_mutex_lock(&applier->figures_mutex) == 0);
        applier->figures.stamps_ahead++;
        ensure(pthread_mutex_unlock(&applier->figures_mutex) == 0);
    }
    if (!applier_check_heartbeat(applier, heartbeat, err) ||
        !applier_report(applier, &heartbeat->report, err)) {
        return false;
    }
    applier_emit(applier, &(struct message){
                              .kind = MESSAGE_HEARTBEAT,
                              .heartbeat =
                                  {
                                      .wall_ms = now.wall_ms,
                                      .stamp = hlc_last(applier->options.hlc),
                                      .mono_us = now.mono_us,
                                      .echo_us = heartbeat->mono_us,
                                      .durable_seq = store->calls->durable_seq(store->store),
                                  },
                          });
    return true;
}

bool applier_on_message(struct applier *applier,
                        const struct message *message,
                        struct moment now,
                        struct error *err)
{
    ensure(applier->started);
    arena_clear(&applier->arena);
    if (message->kind == MESSAGE_BATCH) {
        return applier_on_batch(applier, message, now, err);
    }
    ensure(message->kind == MESSAGE_HEARTBEAT);
    return applier_on_heartbeat(applier, &message->heartbeat, now, err);
}

void applier_figures(struct applier *applier, struct applier_figures *figures)
{
    ensure(pthread_mutex_lock(&applier->figures_mutex) == 0);
    *figures = applier->figures;
    ensure(pthread_mutex_unlock(&applier->figures_mutex) == 0);
}
