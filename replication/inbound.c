/* The inbound machine: a peer's writes, descriptions and backfills come in, acknowledgements go out
 * once what they stand for is durable here. */
#include "replication/backfill.h"
#include "replication/machine.h"
#include "replication/payloads.h"

#include <stdlib.h>

enum {
    BACKFILL_ACKS_MAX = 2 * BACKFILL_WINDOW,
    REPLIES_BYTES_MAX = 4 << 20, /* To descriptions; a member tells of each table once. */
};

struct backfill_due {
    struct message_backfill_ack ack;
    uint64_t wait_seq;
};

struct inbound {
    const struct machines *machines;
    uint16_t peer;
    struct applier *applier;
    struct records_codec *codec; /* For backfills. */
    bool started;
    struct arena arena; /* Of one call. */
    struct transport_outbox *outbox;
    struct backfill_due due[BACKFILL_ACKS_MAX]; /* In order of arrival. */
    uint32_t due_count;
    uint64_t backfill_rows;
    struct payloads replies; /* To descriptions, until what they say is durable. */
    uint64_t replies_wait_seq;
};

static void inbound_emit(void *context, struct slice payload)
{
    transport_emit(((struct inbound *)context)->outbox, payload);
}

struct inbound *inbound_open(const struct machines *machines, uint16_t peer)
{
    struct inbound *inbound = calloc(1, sizeof(*inbound));
    ensure(inbound != NULL);
    inbound->machines = machines;
    inbound->peer = peer;
    struct applier_options options = {
        .store = machines->replica_store,
        .watermark = machines->watermark,
        .hlc = machines->hlc,
        .origin = peer,
        .origin_name = slice_text(machines_region(machines, peer)->name),
        .credit_bytes = PEER_CREDIT_BYTES_MAX,
        .emit = inbound_emit,
        .context = inbound,
    };
    inbound->applier = applier_open(&options);
    inbound->codec = records_codec_open();
    return inbound;
}

void inbound_close(struct inbound *inbound)
{
    applier_close(inbound->applier);
    records_codec_close(inbound->codec);
    payloads_clear(&inbound->replies);
    arena_destroy(&inbound->arena);
    free(inbound);
}

void inbound_figures(struct inbound *inbound, struct applier_figures *figures)
{
    applier_figures(inbound->applier, figures);
}

static void inbound_send(struct inbound *inbound, const struct message *message)
{
    transport_emit(inbound->outbox, message_encode(message, &inbound->arena));
}

static bool
inbound_on_table(struct inbound *inbound, const struct message_table *table, struct error *err)
{
    struct message reply = {.kind = MESSAGE_TABLE_REPLY};
    if (!replicas_adopt(inbound->machines->replicas, table, &inbound->arena, &reply.table_reply,
                        err)) {
        return false;
    }
    if (inbound->replies.bytes > REPLIES_BYTES_MAX) {
        return error_set(err, ERROR_PROTOCOL, "too many descriptions of tables at once");
    }
    /* The reply names own writes up to the newest, and the backfill waits for all of those: one
     * that a crash took back would never come. */
    payloads_push(&inbound->replies, message_encode(&reply, &inbound->arena));
    inbound->replies_wait_seq = engine_appended_seq(inbound->machines->store->engine);
    inbound->machines->wake(inbound->machines->wake_context);
    return true;
}

static bool inbound_on_backfill(struct inbound *inbound,
                                const struct message_backfill *batch,
                                struct error *err)
{
    if (inbound->due_count == BACKFILL_ACKS_MAX) {
        return error_set(err, ERROR_PROTOCOL, "more than %d backfill batches at once",
                         BACKFILL_ACKS_MAX);
    }
    struct resolve resolve = {.wall_ms = machines_now(inbound->machines).wall_ms};
    watermark_settled(inbound->machines->watermark, &resolve.settled);
    struct backfill_due *due = &inbound->due[inbound->due_count];
    if (!backfill_apply(inbound->machines->store, inbound->codec, batch,
                        inbound->machines->watermark, &resolve, &inbound->arena, &due->wait_seq,
                        err)) {
        return false;
    }
    inbound->backfill_rows =
        (batch->number == 1 ? 0 : inbound->backfill_rows) + batch->records.count;
    due->ack = (struct message_backfill_ack){
        .backfill = batch->backfill, .number = batch->number, .rows = inbound->backfill_rows};
    memcpy(due->ack.uid, batch->uid, sizeof(due->ack.uid));
    inbound->due_count++;
    return true;
}

bool inbound_message(struct inbound *inbound,
                     struct slice payload,
                     struct transport_outbox *outbox,
                     struct error *err)
{
    struct message message;
    inbound->outbox = outbox;
    bool ok = message_decode(payload, &inbound->arena, &message, err);
    if (ok) {
        switch (message.kind) {
        case MESSAGE_BATCH:
        case MESSAGE_HEARTBEAT:
            ok = applier_on_message(inbound->applier, &message, machines_now(inbound->machines),
                                    err);
            break;
        case MESSAGE_TABLE_STATE:
            ok = inbound_on_table(inbound, &message.table, err);
            break;
        case MESSAGE_BACKFILL_BATCH:
            ok = inbound_on_backfill(inbound, &message.backfill, err);
            break;
        case MESSAGE_REFUSAL:
            ok = error_set(err, ERROR_UNAVAILABLE, "the peer refuses: %.*s",
                           SLICE_ARGS(message.refusal.text));
            break;
        case MESSAGE_START:
        case MESSAGE_ACK:
        case MESSAGE_TABLE_REPLY:
        case MESSAGE_BACKFILL_ACK:
            ok = error_set(err, ERROR_PROTOCOL, "message %d does not belong on this connection",
                           (int)message.kind);
            break;
        }
    }
    arena_clear(&inbound->arena);
    return ok;
}

bool inbound_pump(struct inbound *inbound, struct transport_outbox *outbox, struct error *err)
{
    (void)err;
    inbound->outbox = outbox;
    if (!inbound->started) {
        inbound->started = true;
        applier_start(inbound->applier);
    }
    applier_pump(inbound->applier, machines_now(inbound->machines));
    /* On disk, under relaxed durability too: the source counts on these rows for good. */
    uint64_t durable_seq = engine_synced_seq(inbound->machines->store->engine);
    uint32_t sent = 0;
    while (sent < inbound->due_count && inbound->due[sent].wait_seq <= durable_seq) {
        struct message message = {.kind = MESSAGE_BACKFILL_ACK,
                                  .backfill_ack = inbound->due[sent++].ack};
        inbound_send(inbound, &message);
    }
    struct payload *reply;
    while (inbound->replies_wait_seq <= durable_seq &&
           (reply = payloads_pop(&inbound->replies)) != NULL) {
        transport_emit(outbox, slice_of(reply->bytes, reply->size));
        free(reply);
    }
    inbound->due_count -= sent;
    memmove(inbound->due, inbound->due + sent, inbound->due_count * sizeof(inbound->due[0]));
    arena_clear(&inbound->arena);
    return true;
}
