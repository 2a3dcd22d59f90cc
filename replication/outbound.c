/* The outbound machine: this region's own writes to one peer, and before them the descriptions of
 * the tables they belong to.
 *
 * A table is told of on this connection before the first of its changes is sent. The catalog may
 * change while the log is being read, so telling hangs on the very question whether a change ships
 * (outbound_table_ships): whoever gets "yes" has the description in front of the batch. */
#include "replication/backfill.h"
#include "replication/machine.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TOLD_MAX = TABLES_MAX,
    REQUESTS_MAX = 4096, /* Descriptions told and not yet answered. */
    FAREWELLS_A_PUMP = 16,
    PUMP_BATCHES_MAX = 8, /* Batches of one pump: acknowledgements get their turn in between. */
};

/* A description that the peer has been sent. */
struct told {
    uint32_t table_id;
    uint64_t schema_stamp;
    uint16_t schema_region;
};
struct request {
    uint64_t number; /* 0: free. */
    uint8_t uid[TABLE_UID_BYTES];
    uint64_t schema_stamp;
    bool farewell;
};

struct outbound {
    const struct machines *machines;
    const struct region_info *peer;
    struct shipper *shipper;
    struct arena arena;              /* Of one call. */
    struct transport_outbox *outbox; /* Of the call that runs. */
    uint64_t seen_generation;
    bool looked; /* seen_generation is valid. */
    struct told *told;
    uint32_t told_count;
    struct request *requests;
    uint64_t requests_made;
    uint64_t farewells_told; /* Number of the last. */
    struct backfill *backfill;
    bool backfill_ends; /* It is whole, only the replica's new status is not stored yet. */
    uint32_t backfill_table_id;
    /* For figures, from any thread: the table being filled (0: none) and the rows sent of it. */
    _Atomic uint32_t filling_table_id;
    _Atomic uint64_t filling_rows;
    uint64_t backfill_run;
};

const struct region_info *machines_region(const struct machines *machines, uint16_t id)
{
    for (uint32_t i = 0; i < machines->regions_count; i++) {
        if (machines->regions[i].id == id) {
            return &machines->regions[i];
        }
    }
    return NULL;
}

static void outbound_emit(void *context, struct slice payload)
{
    struct outbound *outbound = context;
    transport_emit(outbound->outbox, payload);
}

static void outbound_send(struct outbound *outbound, const struct message *message)
{
    transport_emit(outbound->outbox, message_encode(message, &outbound->arena));
}

/* --- Telling of tables ------------------------------------------------------------------------ */

static struct request *outbound_request(struct outbound *outbound, const uint8_t *uid)
{
    struct request *request = &outbound->requests[++outbound->requests_made % REQUESTS_MAX];
    *request = (struct request){.number = outbound->requests_made};
    memcpy(request->uid, uid, TABLE_UID_BYTES);
    return request;
}

static struct told *outbound_told(struct outbound *outbound, uint32_t table_id)
{
    for (uint32_t i = 0; i < outbound->told_count; i++) {
        if (outbound->told[i].table_id == table_id) {
            return &outbound->told[i];
        }
    }
    if (outbound->told_count == TOLD_MAX) {
        outbound->told_count = 0; /* Telling twice does no harm. */
    }
    struct told *told = &outbound->told[outbound->told_count++];
    *told = (struct told){.table_id = table_id};
    return told;
}

/* Send the description unless the peer has had it on this connection. */
static void outbound_tell(struct outbound *outbound, const struct table *table)
{
    struct told *told = outbound_told(outbound, table->id);
    if (told->schema_stamp == table->schema_stamp && told->schema_region == table->schema_region) {
        return;
    }
    told->schema_stamp = table->schema_stamp;
    told->schema_region = table->schema_region;
    struct message message = {.kind = MESSAGE_TABLE_STATE};
    replicas_describe(outbound->machines->replicas, table, &outbound->arena, &message.table);
    struct request *request = outbound_request(outbound, table->uid);
    request->schema_stamp = table->schema_stamp;
    message.table.request = request->number;
    outbound_send(outbound, &message);
}

static bool outbound_is_member(const struct outbound *outbound, const struct table *table)
{
    for (uint32_t i = 0; i < table->replicas_count; i++) {
        if (strcmp(table->replicas[i].region, outbound->peer->name) == 0) {
            return table->replicas[i].status != REPLICA_CREATION_FAILED;
        }
    }
    return false;
}

static void outbound_tell_all(struct outbound *outbound)
{
    const struct region_info *self =
        machines_region(outbound->machines, outbound->machines->replica_store.region);
    ensure(self != NULL);
    uint64_t generation = replicas_generation(outbound->machines->replicas);
    if (outbound->looked && outbound->seen_generation == generation) {
        return;
    }
    struct catalog *catalog = outbound->machines->store->catalog;
    struct slice names[LIST_TABLES_MAX];
    struct slice after = {0};
    bool more = true;
    while (more) {
        uint32_t count =
            catalog_list(catalog, after, LIST_TABLES_MAX, &outbound->arena, names, &more);
        for (uint32_t i = 0; i < count; i++) {
            const struct table *table = catalog_acquire(catalog, names[i]);
            if (table != NULL && outbound_is_member(outbound, table)) {
                outbound_tell(outbound, table);
            }
            table_release(table);
            after = names[i];
        }
        more = more && count > 0;
    }
    uint8_t uids[FAREWELLS_A_PUMP][TABLE_UID_BYTES];
    uint32_t farewells = replicas_farewells(outbound->machines->replicas, outbound->peer->id,
                                            &outbound->farewells_told, uids, FAREWELLS_A_PUMP);
    for (uint32_t i = 0; i < farewells; i++) {
        struct message message = {.kind = MESSAGE_TABLE_STATE};
        struct request *request = outbound_request(outbound, uids[i]);
        request->farewell = true;
        memcpy(message.table.uid, uids[i], TABLE_UID_BYTES);
        message.table.request = request->number;
        message.table.leaving = true;
        message.table.leaver = slice_text(self->name);
        outbound_send(outbound, &message);
    }
    outbound->seen_generation = generation;
    outbound->looked = farewells < FAREWELLS_A_PUMP;
}

/* The store as the shipper sees it: the real one, but a table that ships is told of first. */
static bool outbound_table_ships(void *context,
                                 uint32_t table_id,
                                 struct slice region,
                                 uint8_t uid[static TABLE_UID_BYTES])
{
    struct outbound *outbound = context;
    const struct replica_store *real = &outbound->machines->replica_store;
    if (!real->calls->table_ships(real->store, table_id, region, uid)) {
        return false;
    }
    const struct table *table = catalog_acquire_id(outbound->machines->store->catalog, table_id);
    if (table != NULL) {
        outbound_tell(outbound, table);
    }
    table_release(table);
    return true;
}

static bool outbound_log_read(void *context,
                              uint64_t after,
                              uint32_t max,
                              size_t bytes_max,
                              struct arena *arena,
                              struct change *changes,
                              uint32_t *count,
                              uint64_t *next,
                              struct error *err)
{
    const struct replica_store *real = &((struct outbound *)context)->machines->replica_store;
    return real->calls->log_read(real->store, after, max, bytes_max, arena, changes, count, next,
                                 err);
}

static uint64_t outbound_log_oldest(void *context)
{
    const struct replica_store *real = &((struct outbound *)context)->machines->replica_store;
    return real->calls->log_oldest(real->store);
}

static void outbound_applied(void *context, struct context *applied, uint64_t *wait_seq)
{
    const struct replica_store *real = &((struct outbound *)context)->machines->replica_store;
    real->calls->applied(real->store, applied, wait_seq);
}

static void outbound_set_settled(void *context, const struct context *settled)
{
    const struct replica_store *real = &((struct outbound *)context)->machines->replica_store;
    real->calls->set_settled(real->store, settled);
}

static uint64_t outbound_durable_seq(void *context)
{
    const struct replica_store *real = &((struct outbound *)context)->machines->replica_store;
    return real->calls->durable_seq(real->store);
}

static bool outbound_any_ships(void *context, struct slice region)
{
    const struct replica_store *real = &((struct outbound *)context)->machines->replica_store;
    return real->calls->any_ships(real->store, region);
}

static const struct replica_store_calls outbound_calls = {
    .log_read = outbound_log_read,
    .log_oldest = outbound_log_oldest,
    .applied = outbound_applied,
    .set_settled = outbound_set_settled,
    .durable_seq = outbound_durable_seq,
    .table_ships = outbound_table_ships,
    .any_ships = outbound_any_ships,
};

/* --- Life ------------------------------------------------------------------------------------- */

struct outbound *outbound_open(const struct machines *machines, uint16_t peer)
{
    struct outbound *outbound = calloc(1, sizeof(*outbound));
    ensure(outbound != NULL);
    outbound->machines = machines;
    outbound->peer = machines_region(machines, peer);
    ensure(outbound->peer != NULL);
    outbound->told = calloc(TOLD_MAX, sizeof(outbound->told[0]));
    outbound->requests = calloc(REQUESTS_MAX, sizeof(outbound->requests[0]));
    ensure(outbound->told != NULL && outbound->requests != NULL);
    struct shipper_options options = {
        .store = {.calls = &outbound_calls,
                  .store = outbound,
                  .region = machines->replica_store.region,
                  .incarnation = machines->replica_store.incarnation},
        .watermark = machines->watermark,
        .hlc = machines->hlc,
        .peer = slice_text(outbound->peer->name),
        .heartbeat_ms = machines->heartbeat_ms,
        .part_bytes = PEER_PART_BYTES_MAX,
        .emit = outbound_emit,
        .context = outbound,
    };
    outbound->shipper = shipper_open(&options);
    return outbound;
}

void outbound_close(struct outbound *outbound)
{
    if (outbound->backfill != NULL || outbound->backfill_ends) {
        struct error err = {0};
        backfill_close(outbound->backfill);
        if (!replicas_backfill_ended(outbound->machines->replicas, outbound->peer->id,
                                     outbound->backfill_table_id, false, &err)) {
            outbound->machines->log(outbound->machines->log_context, 3, "backfill", err.text);
        }
    }
    shipper_close(outbound->shipper);
    arena_destroy(&outbound->arena);
    free(outbound->told);
    free(outbound->requests);
    free(outbound);
}

void outbound_backfill_figures(struct outbound *outbound, uint32_t *table_id, uint64_t *rows)
{
    *table_id = atomic_load(&outbound->filling_table_id);
    *rows = atomic_load(&outbound->filling_rows);
}

void outbound_figures(struct outbound *outbound, struct shipper_figures *figures)
{
    shipper_figures(outbound->shipper, figures);
}

/* --- Filling a replica ------------------------------------------------------------------------ */

/* Start the next backfill that this region owes the peer, if its snapshot may be taken. */
static bool outbound_begin_backfill(struct outbound *outbound, struct error *err)
{
    const struct machines *machines = outbound->machines;
    uint32_t table_id;
    if (!replicas_backfill_ready(machines->replicas, outbound->peer->id, &table_id)) {
        return true;
    }
    outbound->backfill_table_id = table_id;
    const struct table *table = catalog_acquire_id(machines->store->catalog, table_id);
    bool ok = table != NULL && backfill_open(machines->store, table_id, table->uid,
                                             ++outbound->backfill_run, &outbound->backfill, err);
    if (ok) {
        char detail[512];
        snprintf(detail, sizeof(detail), "table=%.*s to=%s", SLICE_ARGS(table->name),
                 outbound->peer->name);
        machines->log(machines->log_context, 1, "backfill begins", detail);
    }
    bool dropped = table == NULL; /* Meanwhile. */
    table_release(table);
    return ok ||
           (replicas_backfill_ended(machines->replicas, outbound->peer->id, table_id, false, err) &&
            dropped);
}

/* A store that is stalled for a moment is asked again by the next pump. */
static bool outbound_end_backfill(struct outbound *outbound, struct error *err)
{
    outbound->backfill_ends = !replicas_backfill_ended(
        outbound->machines->replicas, outbound->peer->id, outbound->backfill_table_id, true, err);
    if (outbound->backfill_ends && err->code == ERROR_THROTTLED) {
        error_clear(err);
        return true;
    }
    return !outbound->backfill_ends;
}

static bool outbound_backfill(struct outbound *outbound, struct error *err)
{
    if (outbound->backfill_ends && !outbound_end_backfill(outbound, err)) {
        return false;
    }
    if (outbound->backfill == NULL && !outbound->backfill_ends &&
        !outbound_begin_backfill(outbound, err)) {
        return false;
    }
    bool made = outbound->backfill != NULL;
    while (made) {
        struct message message;
        if (!backfill_next(outbound->backfill, &outbound->arena, &message, &made, err)) {
            return error_wrap(err, "backfill for %s", outbound->peer->name);
        }
        atomic_store(&outbound->filling_rows, backfill_rows(outbound->backfill));
        atomic_store(&outbound->filling_table_id, outbound->backfill_table_id);
        if (made) {
            outbound_send(outbound, &message);
        }
    }
    return true;
}

static bool outbound_on_backfill_ack(struct outbound *outbound,
                                     const struct message_backfill_ack *ack,
                                     struct error *err)
{
    if (outbound->backfill == NULL || ack->backfill != outbound->backfill_run) {
        return true; /* Of an earlier run on this connection. */
    }
    bool done = false;
    if (!backfill_acknowledged(outbound->backfill, ack, &done, err)) {
        return false;
    }
    if (!done) {
        return true;
    }
    char detail[512];
    snprintf(detail, sizeof(detail), "to=%s rows=%llu", outbound->peer->name,
             (unsigned long long)backfill_rows(outbound->backfill));
    outbound->machines->log(outbound->machines->log_context, 1, "backfill done", detail);
    backfill_close(outbound->backfill);
    outbound->backfill = NULL;
    atomic_store(&outbound->filling_table_id, 0);
    outbound->machines->wake(outbound->machines->wake_context);
    return outbound_end_backfill(outbound, err);
}

/* --- Calls of the transport ------------------------------------------------------------------- */

static bool outbound_on_reply(struct outbound *outbound,
                              const struct message_table_reply *reply,
                              struct error *err)
{
    struct request *request = &outbound->requests[reply->request % REQUESTS_MAX];
    if (reply->request == 0 || request->number != reply->request) {
        return error_set(err, ERROR_PROTOCOL, "an answer to request %llu, which was not made",
                         (unsigned long long)reply->request);
    }
    struct request answered = *request;
    struct replicas *replicas = outbound->machines->replicas;
    bool ok = answered.farewell
                  ? replicas_farewell_done(replicas, outbound->peer->id, answered.uid, err)
                  : replicas_replied(replicas, answered.uid, answered.schema_stamp,
                                     outbound->peer->id, reply, err);
    if (ok) {
        request->number = 0;
    }
    outbound->machines->wake(outbound->machines->wake_context);
    return ok;
}

bool outbound_message(struct outbound *outbound,
                      struct slice payload,
                      struct transport_outbox *outbox,
                      struct error *err)
{
    struct message message;
    outbound->outbox = outbox;
    bool ok = message_decode(payload, &outbound->arena, &message, err);
    if (ok) {
        switch (message.kind) {
        case MESSAGE_START:
        case MESSAGE_ACK:
        case MESSAGE_HEARTBEAT:
            ok = shipper_on_message(outbound->shipper, &message, machines_now(outbound->machines),
                                    err);
            break;
        case MESSAGE_TABLE_REPLY:
            ok = outbound_on_reply(outbound, &message.table_reply, err);
            break;
        case MESSAGE_BACKFILL_ACK:
            ok = outbound_on_backfill_ack(outbound, &message.backfill_ack, err);
            break;
        case MESSAGE_REFUSAL:
            ok = error_set(err, ERROR_UNAVAILABLE, "the peer refuses: %.*s",
                           SLICE_ARGS(message.refusal.text));
            break;
        case MESSAGE_BATCH:
        case MESSAGE_TABLE_STATE:
        case MESSAGE_BACKFILL_BATCH:
            ok = error_set(err, ERROR_PROTOCOL, "message %d does not belong on this connection",
                           (int)message.kind);
            break;
        }
    }
    arena_clear(&outbound->arena);
    return ok;
}

bool outbound_pump(struct outbound *outbound, struct transport_outbox *outbox, struct error *err)
{
    outbound->outbox = outbox;
    struct shipper_figures figures;
    shipper_figures(outbound->shipper, &figures);
    bool ok = true;
    if (figures.state != SHIPPER_WAITING) { /* The peer has said where to go on. */
        outbound_tell_all(outbound);
    }
    bool more = true;
    for (int i = 0; ok && more && i < PUMP_BATCHES_MAX; i++) {
        ok = shipper_pump(outbound->shipper, machines_now(outbound->machines), &more, err);
    }
    ok = ok && (figures.state == SHIPPER_WAITING || outbound_backfill(outbound, err));
    arena_clear(&outbound->arena);
    if (ok && more) {
        outbound->machines->wake(outbound->machines->wake_context);
    }
    return ok;
}
