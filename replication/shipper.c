/* The shipping side of one connection.
 *
 * Happy path: the peer's Start names the cursor; every pump reads the log behind it, leaves out
 * what does not concern the peer, packs one batch and moves the cursor; Acks raise the acknowledged
 * seq and the credit. Nothing but durable writes is read, so a crash here never takes back what a
 * peer has applied.
 *
 * Peers are told seqs of own writes only, never how far the log was read: between own writes lie
 * seqs of batches that applied others' writes, and after a restart those are given again, to own
 * writes.
 *
 * Transactions. A batch ends where a transaction ends, so that the peer can apply it as one. It may
 * grow to part_bytes for that; if it is not enough, what stands in front of the transaction goes
 * first, and one that is too large by itself goes alone, in parts. The parts say so, and the peer
 * applies none before it has the last. Credit is not asked for between parts: a transaction larger
 * than the credit would wait for ever for what only its own end can give back. Between parts the
 * peer is told nothing that it could only believe once it has applied them: no report, and in
 * heartbeats the seq in front of the transaction.
 *
 * Reports (see watermark.h) travel in this stream because its order is their meaning: the report
 * goes out only once the cursor has passed behind_seq, so every own write made before the reported
 * state was applied is in front of it.
 *
 * Failure modes: the cursor is older than the log (trimmed while the peer was away), or the peer
 * has applied writes that this region does not have (its disk was lost or put back to an older
 * state). Neither can be mended by shipping: the state is REPAIR, and nothing is sent. */
#include "replication/shipper.h"

#include "replication/mutant.h"
#include "replication/records.h"

#include <pthread.h>

enum {
    SHIPPER_READ_RECORDS = 128,
    SHIPPER_READS_MAX =
        16, /* Of one pump: a long log of others' tables must not hold up the rest. */
    SHIPPER_FLIGHTS_MAX = 256,
    SHIPPER_ARREARS_READS = 32, /* Each of at most SHIPPER_READ_RECORDS. */
};

/* A sent batch that is not acknowledged. */
struct shipper_flight {
    uint64_t last_seq;
    uint64_t wall_ms; /* Stamp of its first record; 0 when it has none. */
    uint64_t records;
};

struct shipper {
    struct shipper_options options;
    char peer[REGION_NAME_BYTES_MAX + 1];
    struct records_codec *codec;
    struct arena arena; /* One message. */
    struct arena reads; /* One read of the log. */
    enum shipper_state state;
    uint64_t cursor;       /* The log was read up to here. */
    uint64_t passed;       /* The newest own write in it. */
    uint64_t told;         /* The one at the end of the last batch. */
    bool open;             /* A transaction's first parts were sent, not its last. */
    uint64_t part;         /* The newest own write in them. */
    uint32_t following;    /* So many records of a transaction lie behind the cursor. */
    uint64_t told_us;      /* When that was sent; mono. */
    uint64_t acknowledged; /* Seq. */
    uint64_t credit;       /* Total, as granted. */
    uint64_t spent;        /* Bytes of batches sent. */
    uint64_t heartbeat_us; /* When the last one went out; mono, 0 before the first. */
    struct shipper_flight flights[SHIPPER_FLIGHTS_MAX]; /* A ring, oldest at flights_first. */
    uint32_t flights_first;
    uint32_t flights_count;
    pthread_mutex_t figures_mutex;
    struct shipper_figures figures;
};

struct shipper *shipper_open(const struct shipper_options *options)
{
    ensure(options->peer.size > 0 && options->peer.size <= REGION_NAME_BYTES_MAX);
    ensure(options->emit != NULL && options->watermark != NULL && options->hlc != NULL);
    ensure(options->part_bytes > 0 && options->part_bytes <= PEER_PART_BYTES_MAX);
    struct shipper *shipper = calloc(1, sizeof(*shipper));
    ensure(shipper != NULL);
    shipper->options = *options;
    memcpy(shipper->peer, options->peer.data, options->peer.size);
    shipper->options.peer = slice_text(shipper->peer);
    shipper->codec = records_codec_open();
    ensure(pthread_mutex_init(&shipper->figures_mutex, NULL) == 0);
    shipper->figures.round_trip_ms = -1;
    return shipper;
}

void shipper_close(struct shipper *shipper)
{
    if (shipper == NULL) {
        return;
    }
    records_codec_close(shipper->codec);
    arena_destroy(&shipper->arena);
    arena_destroy(&shipper->reads);
    ensure(pthread_mutex_destroy(&shipper->figures_mutex) == 0);
    free(shipper);
}

static const struct replica_store_calls *shipper_calls(const struct shipper *shipper)
{
    return shipper->options.store.calls;
}

static void shipper_emit(struct shipper *shipper, const struct message *message, size_t *bytes)
{
    struct slice payload = message_encode(message, &shipper->arena);
    *bytes = payload.size;
    shipper->options.emit(shipper->options.context, payload);
}

static bool shipper_repair(struct shipper *shipper, struct error *err, const char *why)
{
    shipper->state = SHIPPER_REPAIR;
    return error_set(err, ERROR_UNAVAILABLE, "region %s needs repair: %s", shipper->peer, why);
}

/* --- Flights and figures ---------------------------------------------------------------------- */

static struct shipper_flight *shipper_flight(struct shipper *shipper, uint32_t i)
{
    ensure(i < shipper->flights_count);
    return &shipper->flights[(shipper->flights_first + i) % SHIPPER_FLIGHTS_MAX];
}

static void shipper_fly(struct shipper *shipper, struct shipper_flight flight)
{
    if (shipper->flights_count == SHIPPER_FLIGHTS_MAX) {
        struct shipper_flight *newest = shipper_flight(shipper, shipper->flights_count - 1);
        newest->last_seq = flight.last_seq;
        newest->records += flight.records;
        newest->wall_ms = newest->wall_ms != 0 ? newest->wall_ms : flight.wall_ms;
        return;
    }
    shipper->flights_count++;
    *shipper_flight(shipper, shipper->flights_count - 1) = flight;
}

static void shipper_land(struct shipper *shipper, uint64_t seq)
{
    while (shipper->flights_count > 0 && shipper_flight(shipper, 0)->last_seq <= seq) {
        shipper->flights_first = (shipper->flights_first + 1) % SHIPPER_FLIGHTS_MAX;
        shipper->flights_count--;
    }
}

static double shipper_age_seconds(uint64_t now_wall_ms, uint64_t wall_ms)
{
    return now_wall_ms > wall_ms ? (double)(now_wall_ms - wall_ms) / 1000.0 : 0;
}

static void shipper_publish(struct shipper *shipper, struct moment now)
{
    uint64_t durable = shipper_calls(shipper)->durable_seq(shipper->options.store.store);
    uint64_t pending = durable > shipper->cursor ? durable - shipper->cursor : 0;
    uint64_t oldest_ms = now.wall_ms;
    for (uint32_t i = 0; i < shipper->flights_count; i++) {
        const struct shipper_flight *flight = shipper_flight(shipper, i);
        pending += flight->records;
        if (flight->wall_ms != 0 && flight->wall_ms < oldest_ms) {
            oldest_ms = flight->wall_ms;
        }
    }
    ensure(pthread_mutex_lock(&shipper->figures_mutex) == 0);
    shipper->figures.state = shipper->state;
    shipper->figures.sent_seq = shipper->told;
    shipper->figures.acknowledged_seq = shipper->acknowledged;
    shipper->figures.pending_records = pending;
    shipper->figures.lag_seconds = shipper_age_seconds(now.wall_ms, oldest_ms);
    ensure(pthread_mutex_unlock(&shipper->figures_mutex) == 0);
}

void shipper_figures(struct shipper *shipper, struct shipper_figures *figures)
{
    ensure(pthread_mutex_lock(&shipper->figures_mutex) == 0);
    *figures = shipper->figures;
    ensure(pthread_mutex_unlock(&shipper->figures_mutex) == 0);
}

/* --- What the peer says ----------------------------------------------------------------------- */

static bool shipper_on_start(struct shipper *shipper,
                             const struct message_start *start,
                             struct moment now,
                             struct error *err)
{
    const struct replica_store *store = &shipper->options.store;
    if (shipper->state != SHIPPER_WAITING) {
        return error_set(err, ERROR_PROTOCOL, "a second start on one connection");
    }
    if (start->version != MESSAGE_VERSION) {
        return error_set(err, ERROR_PROTOCOL, "region %s speaks version %u of the peer protocol",
                         shipper->peer, start->version);
    }
    shipper->credit = start->credit;
    uint64_t oldest = store->calls->log_oldest(store->store);
    uint64_t begin = oldest > 0 ? oldest - 1 : 0;
    /* Has it applied nothing of this data folder? */
    bool fresh = start->applied_incarnation < store->incarnation;
    if (start->applied_incarnation > store->incarnation) {
        return shipper_repair(shipper, err, "it has writes of a later incarnation of this region");
    }
    if (!fresh && start->applied_seq > store->calls->durable_seq(store->store)) {
        return shipper_repair(shipper, err, "it has writes that this region has lost");
    }
    /* Without shared tables nothing can be missing: it is given them by a backfill, as soon as it
     * is told of them. */
    if ((fresh ? 0 : start->applied_seq) < begin && (!fresh || start->holds_tables)) {
        return shipper_repair(shipper, err, "the log no longer holds what it has not seen");
    }
    shipper->cursor = fresh ? begin : start->applied_seq;
    shipper->passed = shipper->cursor;
    shipper->told = fresh ? 0 : start->applied_seq;
    shipper->told_us = now.mono_us;
    shipper->state = SHIPPER_SHIPPING;
    return true;
}

static bool
shipper_on_ack(struct shipper *shipper, const struct message_ack *ack, struct error *err)
{
    if (ack->incarnation < shipper->options.store.incarnation) {
        return true; /* What it had applied of an earlier data folder of ours. */
    }
    if (ack->incarnation > shipper->options.store.incarnation) {
        return error_set(err, ERROR_PROTOCOL, "region %s acknowledges incarnation %u",
                         shipper->peer, ack->incarnation);
    }
    if (shipper->state != SHIPPER_SHIPPING || ack->durable_seq > shipper->told ||
        ack->durable_seq < shipper->acknowledged || ack->credit < shipper->credit) {
        return error_set(err, ERROR_PROTOCOL,
                         "region %s acknowledges %llu with credit %llu: sent %llu, acknowledged "
                         "%llu, credit %llu",
                         shipper->peer, (unsigned long long)ack->durable_seq,
                         (unsigned long long)ack->credit, (unsigned long long)shipper->told,
                         (unsigned long long)shipper->acknowledged,
                         (unsigned long long)shipper->credit);
    }
    shipper->acknowledged = ack->durable_seq;
    shipper->credit = ack->credit;
    shipper_land(shipper, ack->durable_seq);
    return true;
}

static bool shipper_on_echo(struct shipper *shipper,
                            const struct message_heartbeat *heartbeat,
                            struct moment now,
                            struct error *err)
{
    if (heartbeat->echo_us == 0 || heartbeat->echo_us > now.mono_us) {
        return error_set(err, ERROR_PROTOCOL, "region %s echoes what was not said", shipper->peer);
    }
    (void)hlc_observe(shipper->options.hlc, now.wall_ms, heartbeat->stamp);
    double round_trip_ms = (double)(now.mono_us - heartbeat->echo_us) / 1000.0;
    /* The peer read its clock about half a round trip ago (Cristian, 1989). */
    double offset_ms = (double)heartbeat->wall_ms - ((double)now.wall_ms - round_trip_ms / 2);
    ensure(pthread_mutex_lock(&shipper->figures_mutex) == 0);
    shipper->figures.round_trip_ms = round_trip_ms;
    shipper->figures.clock_offset_ms = offset_ms;
    ensure(pthread_mutex_unlock(&shipper->figures_mutex) == 0);
    return true;
}

bool shipper_on_message(struct shipper *shipper,
                        const struct message *message,
                        struct moment now,
                        struct error *err)
{
    bool ok;
    if (message->kind == MESSAGE_START) {
        ok = shipper_on_start(shipper, &message->start, now, err);
    } else if (message->kind == MESSAGE_ACK) {
        ok = shipper_on_ack(shipper, &message->ack, err);
    } else {
        ensure(message->kind == MESSAGE_HEARTBEAT);
        ok = shipper_on_echo(shipper, &message->heartbeat, now, err);
    }
    shipper_publish(shipper, now);
    return ok;
}

/* --- What goes out ---------------------------------------------------------------------------- */

/* Records read for one batch. */
struct shipper_load {
    struct buffer raw;
    uint32_t count;
    uint64_t wall_ms;   /* Of the first record's stamp. */
    uint64_t end;       /* The log was read up to here. */
    uint64_t passed;    /* The newest own write in it, shipped or left out. */
    uint32_t following; /* So many records of a transaction are still to be read. */
    bool joined;        /* One of its records is here or was sent before. */
};

/* So large a batch grows: further if it is to end a transaction. */
static size_t shipper_target(const struct shipper *shipper, const struct shipper_load *load)
{
    size_t part = shipper->options.part_bytes;
    return load->following > 0 || part < PEER_BATCH_BYTES_MAX ? part : PEER_BATCH_BYTES_MAX;
}

static bool shipper_is_full(const struct shipper *shipper, const struct shipper_load *load)
{
    return load->count == PEER_BATCH_RECORDS_MAX ||
           load->raw.size >= shipper_target(shipper, load) ||
           (shipper->open && load->following == 0); /* The last part comes alone. */
}

/* An expiry is dated by what expired: when it was made is beside it. */
static uint64_t shipper_written_ms(const struct change *change)
{
    return stamp_wall_ms(change->local_stamp != 0 ? change->local_stamp : change->version.stamp);
}

/* Of a read; `whole` becomes the load behind the last transaction that ends in it. */
static bool shipper_take(struct shipper *shipper,
                         const struct change *change,
                         struct shipper_load *load,
                         struct shipper_load *whole,
                         struct error *err)
{
    const struct replica_store *store = &shipper->options.store;
    uint64_t seq = change->version.dot.seq;
    ensure(change->version.dot.region == store->region && seq > load->end);
    if (load->following > 0 && (seq != load->end + 1 || change->following != load->following - 1)) {
        return error_set(err, ERROR_CORRUPT, "the log has lost a part of a transaction behind %llu",
                         (unsigned long long)load->end);
    }
    uint8_t uid[TABLE_UID_BYTES];
    bool ships = change->has_image && store->calls->table_ships(store->store, change->table_id,
                                                                shipper->options.peer, uid);
    if (ships) {
        struct record record = record_of_change(change, uid);
        record.joined = load->joined;
        record_append(&load->raw, &record);
        load->count++;
        load->wall_ms = load->wall_ms != 0 ? load->wall_ms : shipper_written_ms(change);
    }
    load->end = seq;
    load->passed = seq;
    load->following = change->following;
    load->joined = load->following > 0 && (load->joined || ships);
    if (load->following == 0) {
        *whole = *load;
    }
    return true;
}

/* One read of the log behind load->end. *done: the load is full or the log is read. */
static bool shipper_read(struct shipper *shipper,
                         uint64_t durable,
                         struct shipper_load *load,
                         struct shipper_load *whole,
                         bool *done,
                         struct error *err)
{
    const struct replica_store *store = &shipper->options.store;
    arena_clear(&shipper->reads);
    uint32_t room = PEER_BATCH_RECORDS_MAX - load->count;
    uint32_t max = room < SHIPPER_READ_RECORDS ? room : SHIPPER_READ_RECORDS;
    size_t bytes = shipper_target(shipper, load) - load->raw.size;
    struct change *changes = arena_alloc(&shipper->reads, max * sizeof(*changes));
    uint64_t begin = load->end;
    uint32_t count;
    uint64_t next;
    ensure(!shipper_is_full(shipper, load));
    if (!store->calls->log_read(store->store, begin, max, bytes, &shipper->reads, changes, &count,
                                &next, err)) {
        return error_wrap(err, "read the log behind %llu", (unsigned long long)begin);
    }
    ensure(count <= max && next >= begin);
    for (uint32_t i = 0; i < count; i++) {
        if (shipper_is_full(shipper, load)) {
            *done = true;
            return true;
        }
        ensure(changes[i].version.dot.seq <= next);
        if (!shipper_take(shipper, &changes[i], load, whole, err)) {
            return false;
        }
    }
    *done = shipper_is_full(shipper, load) || next >= durable || next == begin;
    if (load->following == 0) {
        load->end = next;
        whole->end = next;
    }
    return true;
}

/* What the next batch is made of. *unfinished: it ends inside of a transaction. */
static bool shipper_fill(struct shipper *shipper,
                         uint64_t durable,
                         struct shipper_load *load,
                         bool *unfinished,
                         struct error *err)
{
    *load = (struct shipper_load){.end = shipper->cursor,
                                  .passed = shipper->passed,
                                  .following = shipper->following,
                                  .joined = shipper->following > 0};
    buffer_init(&load->raw, &shipper->arena, 4096);
    struct shipper_load whole = *load;
    bool done = shipper->cursor >= durable;
    for (uint32_t reads = 0; !done && (reads < SHIPPER_READS_MAX || load->following > 0); reads++) {
        if (!shipper_read(shipper, durable, load, &whole, &done, err)) {
            return false;
        }
    }
    *unfinished = false;
    if (load->following == 0) {
        return true;
    }
    if (!shipper_is_full(shipper, load)) {
        return error_set(err, ERROR_CORRUPT, "the log ends inside of a transaction, at %llu",
                         (unsigned long long)load->end);
    }
    if (whole.count > 0) { /* The transaction is read again for the next batch. */
        whole.raw =
            (struct buffer){load->raw.arena, load->raw.data, whole.raw.size, load->raw.capacity};
        *load = whole;
    } else {
        *unfinished = true;
    }
    return true;
}

/* Do own writes that were left out deserve a batch of their own? Once a heartbeat: nothing settles
 * before every member has passed them. */
static bool shipper_skip_due(const struct shipper *shipper, struct moment now)
{
    return shipper->passed > shipper->told &&
           now.mono_us - shipper->told_us >= (uint64_t)shipper->options.heartbeat_ms * 1000;
}

static void shipper_send_batch(struct shipper *shipper,
                               const struct shipper_load *load,
                               bool unfinished,
                               const struct context *report,
                               uint64_t behind_seq,
                               struct moment now)
{
    struct message message = {
        .kind = MESSAGE_BATCH,
        .batch =
            {
                .incarnation = shipper->options.store.incarnation,
                .previous_seq = shipper->open ? shipper->part : shipper->told,
                .last_seq = shipper->passed,
                .unfinished = unfinished,
            },
    };
    records_pack(shipper->codec, buffer_slice(&load->raw), load->count, &shipper->arena,
                 &message.batch.records);
    if (shipper->cursor >= behind_seq && !unfinished) {
        message.batch.report = *report;
    }
    size_t bytes;
    shipper_emit(shipper, &message, &bytes);
    shipper->part = shipper->passed;
    shipper->told = unfinished ? shipper->told : shipper->passed;
    shipper->told_us = now.mono_us;
    shipper->spent += bytes;
    shipper_fly(shipper, (struct shipper_flight){shipper->passed, load->wall_ms, load->count});
    ensure(pthread_mutex_lock(&shipper->figures_mutex) == 0);
    shipper->figures.sent_records += load->count;
    shipper->figures.sent_bytes += bytes;
    ensure(pthread_mutex_unlock(&shipper->figures_mutex) == 0);
}

/* One batch, if there is anything to ship and credit for it. */
static bool shipper_ship(struct shipper *shipper,
                         const struct context *report,
                         uint64_t behind_seq,
                         struct moment now,
                         bool *more,
                         struct error *err)
{
    const struct replica_store *store = &shipper->options.store;
    uint64_t durable = store->calls->durable_seq(store->store);
    /* Overdrawn by at most the last batch, or the parts of one transaction; as nothing in flight
     * means credit, it never stalls. */
    if (shipper->spent >= shipper->credit && !shipper->open) {
        return true;
    }
    struct shipper_load load;
    bool unfinished = false;
    if (!shipper_fill(shipper, durable, &load, &unfinished, err)) {
        return false;
    }
    /* Asked after the read: what was trimmed before or meanwhile would be missing without a sign.
     */
    if (load.end > shipper->cursor &&
        store->calls->log_oldest(store->store) > shipper->cursor + 1) {
        return shipper_repair(shipper, err, "the log was trimmed before it was sent");
    }
    unfinished = unfinished && !MUTANT(GROUP_CUT);
    shipper->cursor = load.end;
    shipper->passed = load.passed;
    shipper->following = load.following;
    if (load.count > 0 || shipper->open || shipper_skip_due(shipper, now)) {
        shipper_send_batch(shipper, &load, unfinished, report, behind_seq, now);
    }
    shipper->open = unfinished;
    *more = shipper->cursor < durable && (shipper->spent < shipper->credit || shipper->open);
    return true;
}

static void shipper_heartbeat(struct shipper *shipper,
                              const struct context *report,
                              uint64_t behind_seq,
                              struct moment now)
{
    const struct replica_store *store = &shipper->options.store;
    uint64_t interval_us = (uint64_t)shipper->options.heartbeat_ms * 1000;
    if (shipper->heartbeat_us != 0 && now.mono_us - shipper->heartbeat_us < interval_us) {
        return;
    }
    struct message message = {
        .kind = MESSAGE_HEARTBEAT,
        .heartbeat =
            {
                .wall_ms = now.wall_ms,
                .stamp = hlc_last(shipper->options.hlc),
                .mono_us = now.mono_us,
                .durable_seq = store->calls->durable_seq(store->store),
                .sent_seq = shipper->told,
                .incarnation = store->incarnation,
            },
    };
    if (shipper->cursor >= behind_seq && !shipper->open) {
        message.heartbeat.report = *report;
    }
    size_t bytes;
    shipper_emit(shipper, &message, &bytes);
    shipper->heartbeat_us = now.mono_us != 0 ? now.mono_us : 1;
}

bool shipper_pump(struct shipper *shipper, struct moment now, bool *more, struct error *err)
{
    *more = false;
    if (shipper->state != SHIPPER_SHIPPING) {
        return true;
    }
    arena_clear(&shipper->arena);
    struct context report;
    uint64_t behind_seq;
    watermark_refresh(shipper->options.watermark, &shipper->options.store, &report, &behind_seq);
    bool ok = shipper_ship(shipper, &report, behind_seq, now, more, err);
    if (ok) {
        shipper_heartbeat(shipper, &report, behind_seq, now);
    }
    shipper_publish(shipper, now);
    return ok;
}

/* Count of one read those that concern the peer. *wall_ms: of the first of all, 0 before. */
static uint64_t shipper_count(const struct replica_store *store,
                              struct slice peer,
                              const struct change *changes,
                              uint32_t count,
                              uint64_t *wall_ms)
{
    uint64_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t uid[TABLE_UID_BYTES];
        if (changes[i].has_image &&
            store->calls->table_ships(store->store, changes[i].table_id, peer, uid)) {
            *wall_ms = found == 0 && *wall_ms == 0 ? shipper_written_ms(&changes[i]) : *wall_ms;
            found++;
        }
    }
    return found;
}

bool shipper_arrears(const struct replica_store *store,
                     struct slice peer,
                     uint64_t acknowledged_seq,
                     uint64_t wall_ms,
                     struct shipper_arrears *arrears,
                     struct error *err)
{
    struct arena arena;
    arena_init(&arena);
    uint64_t durable = store->calls->durable_seq(store->store);
    uint64_t after = acknowledged_seq;
    uint64_t found = 0;
    uint64_t oldest_ms = 0;
    bool ok = true;
    for (uint32_t reads = 0; ok && reads < SHIPPER_ARREARS_READS && after < durable; reads++) {
        arena_clear(&arena);
        struct change *changes = arena_alloc(&arena, SHIPPER_READ_RECORDS * sizeof(*changes));
        uint32_t count;
        uint64_t next;
        ok = store->calls->log_read(store->store, after, SHIPPER_READ_RECORDS, PEER_BATCH_BYTES_MAX,
                                    &arena, changes, &count, &next, err);
        if (!ok || next == after) {
            break;
        }
        found += shipper_count(store, peer, changes, count, &oldest_ms);
        after = next;
    }
    *arrears = (struct shipper_arrears){.records = found};
    if (ok && after < durable && after > acknowledged_seq) {
        double share = (double)found / (double)(after - acknowledged_seq);
        arrears->records += (uint64_t)(share * (double)(durable - after));
    }
    if (found > 0) {
        arrears->lag_seconds = shipper_age_seconds(wall_ms, oldest_ms);
    }
    arena_destroy(&arena);
    return ok;
}
