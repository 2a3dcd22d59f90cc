/* Peer messages to and from protobuf. Generated code allocates through an allocator on the caller's
 * arena with a budget, so a small message that names a million empty parts fails instead of
 * growing.
 */
#include "proto/peer/message.h"

#include "proto/peer/message_pb.h"

typedef Meridian__Peer__PeerMessage message_pb;

struct message_memory {
    struct arena *arena;
    size_t left; /* Of PEER_DECODED_BYTES_MAX. */
};

static void *message_memory_take(void *context, size_t size)
{
    struct message_memory *memory = context;
    if (size > memory->left) {
        return NULL;
    }
    memory->left -= size;
    return arena_alloc(memory->arena, size);
}

static void message_memory_give(void *context, void *pointer)
{
    (void)context; /* The arena's owner clears it as a whole. */
    (void)pointer;
}

/* --- Encoding -------------------------------------------------------------------------------- */

void message_pack_context(const struct context *context,
                          struct arena *arena,
                          size_t *count,
                          Meridian__Peer__Dot ***dots)
{
    ensure(context->count <= REGIONS_MAX);
    *count = context->count;
    *dots = arena_zalloc(arena, context->count, sizeof(**dots));
    for (uint32_t i = 0; i < context->count; i++) {
        Meridian__Peer__Dot *dot = arena_alloc(arena, sizeof(*dot));
        meridian__peer__dot__init(dot);
        dot->region = context->entries[i].region;
        dot->incarnation = context->entries[i].incarnation;
        dot->seq = context->entries[i].seq;
        (*dots)[i] = dot;
    }
}

static void message_ensure_records(const struct message_records *records)
{
    ensure(records->raw_size <= PEER_RAW_BYTES_MAX && records->count <= PEER_BATCH_RECORDS_MAX);
    ensure(records->compression != COMPRESSION_NONE || records->raw_size == records->bytes.size);
}

static void
message_pack_batch(const struct message_batch *from, struct arena *arena, message_pb *to)
{
    message_ensure_records(&from->records);
    ensure(from->previous_seq <= from->last_seq);
    ensure(!from->unfinished || (from->records.count > 0 && from->report.count == 0));
    Meridian__Peer__Batch *batch = arena_alloc(arena, sizeof(*batch));
    meridian__peer__batch__init(batch);
    batch->incarnation = from->incarnation;
    batch->previous_seq = from->previous_seq;
    batch->last_seq = from->last_seq;
    batch->compression = from->records.compression;
    batch->raw_size = from->records.raw_size;
    batch->records_count = from->records.count;
    batch->records = message_bytes(from->records.bytes);
    message_pack_context(&from->report, arena, &batch->n_report, &batch->report);
    batch->unfinished = from->unfinished;
    to->body_case = MERIDIAN__PEER__PEER_MESSAGE__BODY_BATCH;
    to->batch = batch;
}

static void
message_pack_backfill(const struct message_backfill *from, struct arena *arena, message_pb *to)
{
    message_ensure_records(&from->records);
    Meridian__Peer__BackfillBatch *batch = arena_alloc(arena, sizeof(*batch));
    meridian__peer__backfill_batch__init(batch);
    batch->uid = message_bytes(slice_of(from->uid, sizeof(from->uid)));
    batch->backfill = from->backfill;
    batch->number = from->number;
    batch->compression = from->records.compression;
    batch->raw_size = from->records.raw_size;
    batch->records_count = from->records.count;
    batch->records = message_bytes(from->records.bytes);
    message_pack_context(&from->applied, arena, &batch->n_applied, &batch->applied);
    batch->last = from->last;
    batch->rows_total = from->rows_total;
    to->body_case = MERIDIAN__PEER__PEER_MESSAGE__BODY_BACKFILL_BATCH;
    to->backfill_batch = batch;
}

static void
message_pack_heartbeat(const struct message_heartbeat *from, struct arena *arena, message_pb *to)
{
    Meridian__Peer__Heartbeat *heartbeat = arena_alloc(arena, sizeof(*heartbeat));
    meridian__peer__heartbeat__init(heartbeat);
    heartbeat->wall_ms = from->wall_ms;
    heartbeat->stamp = from->stamp;
    heartbeat->mono_us = from->mono_us;
    heartbeat->echo_us = from->echo_us;
    heartbeat->durable_seq = from->durable_seq;
    heartbeat->sent_seq = from->sent_seq;
    heartbeat->incarnation = from->incarnation;
    message_pack_context(&from->report, arena, &heartbeat->n_report, &heartbeat->report);
    to->body_case = MERIDIAN__PEER__PEER_MESSAGE__BODY_HEARTBEAT;
    to->heartbeat = heartbeat;
}

static void message_pack_small(const struct message *from, struct arena *arena, message_pb *to)
{
    if (from->kind == MESSAGE_START) {
        Meridian__Peer__Start *start = arena_alloc(arena, sizeof(*start));
        meridian__peer__start__init(start);
        start->version = from->start.version;
        start->applied_incarnation = from->start.applied_incarnation;
        start->applied_seq = from->start.applied_seq;
        start->credit = from->start.credit;
        start->holds_tables = from->start.holds_tables;
        to->body_case = MERIDIAN__PEER__PEER_MESSAGE__BODY_START;
        to->start = start;
    } else if (from->kind == MESSAGE_ACK) {
        Meridian__Peer__Ack *ack = arena_alloc(arena, sizeof(*ack));
        meridian__peer__ack__init(ack);
        ack->incarnation = from->ack.incarnation;
        ack->durable_seq = from->ack.durable_seq;
        ack->credit = from->ack.credit;
        to->body_case = MERIDIAN__PEER__PEER_MESSAGE__BODY_ACK;
        to->ack = ack;
    } else if (from->kind == MESSAGE_BACKFILL_ACK) {
        Meridian__Peer__BackfillAck *ack = arena_alloc(arena, sizeof(*ack));
        meridian__peer__backfill_ack__init(ack);
        ack->uid = message_bytes(slice_of(from->backfill_ack.uid, MESSAGE_UID_BYTES));
        ack->backfill = from->backfill_ack.backfill;
        ack->number = from->backfill_ack.number;
        ack->rows = from->backfill_ack.rows;
        to->body_case = MERIDIAN__PEER__PEER_MESSAGE__BODY_BACKFILL_ACK;
        to->backfill_ack = ack;
    } else if (from->kind == MESSAGE_TABLE_REPLY) {
        Meridian__Peer__TableReply *reply = arena_alloc(arena, sizeof(*reply));
        meridian__peer__table_reply__init(reply);
        reply->request = from->table_reply.request;
        reply->code = from->table_reply.code;
        reply->text = message_bytes(from->table_reply.text);
        message_pack_context(&from->table_reply.applied, arena, &reply->n_applied, &reply->applied);
        to->body_case = MERIDIAN__PEER__PEER_MESSAGE__BODY_TABLE_REPLY;
        to->table_reply = reply;
    } else {
        ensure(from->kind == MESSAGE_REFUSAL);
        Meridian__Peer__Refusal *refusal = arena_alloc(arena, sizeof(*refusal));
        meridian__peer__refusal__init(refusal);
        refusal->code = from->refusal.code;
        refusal->text = message_bytes(from->refusal.text);
        to->body_case = MERIDIAN__PEER__PEER_MESSAGE__BODY_REFUSAL;
        to->refusal = refusal;
    }
}

struct slice message_encode(const struct message *message, struct arena *arena)
{
    message_pb pb;
    meridian__peer__peer_message__init(&pb);
    switch (message->kind) {
    case MESSAGE_BATCH:
        message_pack_batch(&message->batch, arena, &pb);
        break;
    case MESSAGE_HEARTBEAT:
        message_pack_heartbeat(&message->heartbeat, arena, &pb);
        break;
    case MESSAGE_TABLE_STATE:
        pb.table_state = arena_alloc(arena, sizeof(*pb.table_state));
        message_pack_table(&message->table, arena, pb.table_state);
        pb.body_case = MERIDIAN__PEER__PEER_MESSAGE__BODY_TABLE_STATE;
        break;
    case MESSAGE_BACKFILL_BATCH:
        message_pack_backfill(&message->backfill, arena, &pb);
        break;
    case MESSAGE_START:
    case MESSAGE_ACK:
    case MESSAGE_TABLE_REPLY:
    case MESSAGE_BACKFILL_ACK:
    case MESSAGE_REFUSAL:
        message_pack_small(message, arena, &pb);
        break;
    }
    ensure(pb.body_case != MERIDIAN__PEER__PEER_MESSAGE__BODY__NOT_SET);
    size_t size = meridian__peer__peer_message__get_packed_size(&pb);
    ensure(size <= PEER_FRAME_BYTES_MAX);
    uint8_t *bytes = arena_alloc(arena, size);
    size_t packed = meridian__peer__peer_message__pack(&pb, bytes);
    ensure(packed == size);
    return (struct slice){bytes, size};
}

/* --- Decoding -------------------------------------------------------------------------------- */

bool message_unpack_context(size_t count,
                            Meridian__Peer__Dot *const *dots,
                            struct context *context,
                            struct error *err)
{
    context->count = 0;
    if (count > REGIONS_MAX) {
        return error_set(err, ERROR_PROTOCOL, "a context of %zu regions", count);
    }
    for (size_t i = 0; i < count; i++) {
        if (dots[i]->region == 0 || dots[i]->region > UINT16_MAX ||
            (i > 0 && dots[i]->region <= dots[i - 1]->region)) {
            return error_set(err, ERROR_PROTOCOL, "a context's regions do not ascend");
        }
        context->entries[i] = (struct dot){
            (uint16_t)dots[i]->region,
            dots[i]->incarnation,
            dots[i]->seq,
        };
    }
    context->count = (uint32_t)count;
    return true;
}

static bool message_unpack_uid(ProtobufCBinaryData from,
                               uint8_t to[static MESSAGE_UID_BYTES],
                               struct error *err)
{
    if (from.len != MESSAGE_UID_BYTES) {
        return error_set(err, ERROR_PROTOCOL, "a table's uid of %zu bytes", from.len);
    }
    memcpy(to, from.data, MESSAGE_UID_BYTES);
    return true;
}

static bool message_unpack_text(uint32_t code,
                                ProtobufCBinaryData from,
                                enum error_code *to_code,
                                struct slice *to,
                                struct error *err)
{
    if (code > ERROR_CONFIG || from.len > PEER_TEXT_BYTES_MAX) {
        return error_set(err, ERROR_PROTOCOL, "a reply of code %u and %zu bytes", code, from.len);
    }
    *to_code = (enum error_code)code;
    *to = message_slice(from);
    return true;
}

static bool message_check_records(uint32_t compression,
                                  uint32_t raw_size,
                                  uint32_t count,
                                  ProtobufCBinaryData bytes,
                                  struct message_records *to,
                                  struct error *err)
{
    if (compression > COMPRESSION_ZSTD || raw_size > PEER_RAW_BYTES_MAX ||
        count > PEER_BATCH_RECORDS_MAX || (count == 0) != (raw_size == 0) ||
        (compression == COMPRESSION_NONE && raw_size != bytes.len)) {
        return error_set(err, ERROR_PROTOCOL,
                         "records: %u in %u bytes raw, compression %u, %zu bytes sent", count,
                         raw_size, compression, bytes.len);
    }
    to->compression = (enum message_compression)compression;
    to->raw_size = raw_size;
    to->count = count;
    to->bytes = message_slice(bytes);
    return true;
}

static bool
message_unpack_batch(const Meridian__Peer__Batch *from, struct message_batch *to, struct error *err)
{
    if (from->last_seq < from->previous_seq) {
        return error_set(err, ERROR_PROTOCOL, "a batch that ends before it begins");
    }
    to->incarnation = from->incarnation;
    to->previous_seq = from->previous_seq;
    to->last_seq = from->last_seq;
    to->unfinished = from->unfinished;
    if (from->unfinished && (from->records_count == 0 || from->n_report > 0)) {
        return error_set(err, ERROR_PROTOCOL, "a part of a transaction of %u records, %zu reports",
                         from->records_count, from->n_report);
    }
    return message_check_records(from->compression, from->raw_size, from->records_count,
                                 from->records, &to->records, err) &&
           message_unpack_context(from->n_report, from->report, &to->report, err);
}

static bool message_unpack_backfill(const Meridian__Peer__BackfillBatch *from,
                                    struct message_backfill *to,
                                    struct error *err)
{
    to->backfill = from->backfill;
    to->number = from->number;
    to->last = from->last;
    to->rows_total = from->rows_total;
    return message_unpack_uid(from->uid, to->uid, err) &&
           message_check_records(from->compression, from->raw_size, from->records_count,
                                 from->records, &to->records, err) &&
           message_unpack_context(from->n_applied, from->applied, &to->applied, err);
}

static bool message_unpack_heartbeat(const Meridian__Peer__Heartbeat *from,
                                     struct message_heartbeat *to,
                                     struct error *err)
{
    if (from->stamp > MESSAGE_STAMP_MAX) {
        return error_set(err, ERROR_PROTOCOL, "a heartbeat's stamp lies beyond all time");
    }
    to->wall_ms = from->wall_ms;
    to->stamp = from->stamp;
    to->mono_us = from->mono_us;
    to->echo_us = from->echo_us;
    to->durable_seq = from->durable_seq;
    to->sent_seq = from->sent_seq;
    to->incarnation = from->incarnation;
    return message_unpack_context(from->n_report, from->report, &to->report, err);
}

static bool message_unpack_small(const message_pb *from, struct message *to, struct error *err)
{
    if (to->kind == MESSAGE_START) {
        to->start = (struct message_start){
            .version = from->start->version,
            .applied_incarnation = from->start->applied_incarnation,
            .applied_seq = from->start->applied_seq,
            .credit = from->start->credit,
            .holds_tables = from->start->holds_tables,
        };
        return true;
    }
    if (to->kind == MESSAGE_ACK) {
        to->ack = (struct message_ack){
            .incarnation = from->ack->incarnation,
            .durable_seq = from->ack->durable_seq,
            .credit = from->ack->credit,
        };
        return true;
    }
    if (to->kind == MESSAGE_BACKFILL_ACK) {
        to->backfill_ack.backfill = from->backfill_ack->backfill;
        to->backfill_ack.number = from->backfill_ack->number;
        to->backfill_ack.rows = from->backfill_ack->rows;
        return message_unpack_uid(from->backfill_ack->uid, to->backfill_ack.uid, err);
    }
    if (to->kind == MESSAGE_TABLE_REPLY) {
        const Meridian__Peer__TableReply *reply = from->table_reply;
        to->table_reply.request = reply->request;
        return message_unpack_text(reply->code, reply->text, &to->table_reply.code,
                                   &to->table_reply.text, err) &&
               message_unpack_context(reply->n_applied, reply->applied, &to->table_reply.applied,
                                      err);
    }
    ensure(to->kind == MESSAGE_REFUSAL);
    return message_unpack_text(from->refusal->code, from->refusal->text, &to->refusal.code,
                               &to->refusal.text, err);
}

/* The number of the oneof's case is the kind's. */
_Static_assert((int)MESSAGE_START == (int)MERIDIAN__PEER__PEER_MESSAGE__BODY_START, "start");
_Static_assert((int)MESSAGE_ACK == (int)MERIDIAN__PEER__PEER_MESSAGE__BODY_ACK, "ack");
_Static_assert((int)MESSAGE_REFUSAL == (int)MERIDIAN__PEER__PEER_MESSAGE__BODY_REFUSAL, "refusal");

static bool
message_unpack(const message_pb *from, struct arena *arena, struct message *to, struct error *err)
{
    switch (to->kind) {
    case MESSAGE_BATCH:
        return message_unpack_batch(from->batch, &to->batch, err);
    case MESSAGE_HEARTBEAT:
        return message_unpack_heartbeat(from->heartbeat, &to->heartbeat, err);
    case MESSAGE_TABLE_STATE:
        return message_unpack_table(from->table_state, arena, &to->table, err);
    case MESSAGE_BACKFILL_BATCH:
        return message_unpack_backfill(from->backfill_batch, &to->backfill, err);
    case MESSAGE_START:
    case MESSAGE_ACK:
    case MESSAGE_TABLE_REPLY:
    case MESSAGE_BACKFILL_ACK:
    case MESSAGE_REFUSAL:
        return message_unpack_small(from, to, err);
    }
    return error_set(err, ERROR_PROTOCOL, "a message of unknown kind %d", (int)to->kind);
}

bool message_decode(struct slice payload,
                    struct arena *arena,
                    struct message *message,
                    struct error *err)
{
    if (payload.size > PEER_FRAME_BYTES_MAX) {
        return error_set(err, ERROR_PROTOCOL, "a message of %zu bytes", payload.size);
    }
    struct message_memory memory = {arena, PEER_DECODED_BYTES_MAX};
    ProtobufCAllocator allocator = {message_memory_take, message_memory_give, &memory};
    const message_pb *pb =
        meridian__peer__peer_message__unpack(&allocator, payload.size, payload.data);
    if (pb == NULL) {
        return error_set(err, ERROR_PROTOCOL, "a message of %zu bytes does not decode",
                         payload.size);
    }
    if (pb->body_case == MERIDIAN__PEER__PEER_MESSAGE__BODY__NOT_SET) {
        return error_set(err, ERROR_PROTOCOL, "a message without a known body");
    }
    struct message *made = arena_zalloc(arena, 1, sizeof(*made));
    made->kind = (enum message_kind)pb->body_case;
    made->payload_bytes = payload.size;
    if (!message_unpack(pb, arena, made, err)) {
        return false;
    }
    *message = *made;
    return true;
}
