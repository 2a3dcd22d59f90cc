/* Peer messages as plain structs: encode into an arena, decode from untrusted bytes.
 *
 * The wire form is protobuf (peer.proto); nobody else sees the generated code. message_decode
 * checks every field against its limit: what it returns may be used without further checks of range
 * and size. Damaged or oversized bytes are ERROR_PROTOCOL.
 *
 * Batches and backfills carry records: self-contained changes, concatenated,
 *
 *     varint   size of the rest of the record
 *     1        format, 1
 *     1        flags: bit 0 tombstone (no image follows), bit 1 of the same transaction as the
 *              record before
 *     16       table uid
 *     -        varint key size, key attributes' image
 *     -        version (version_encode: stamp 8, dot, context)
 *     -        item image to the end
 *
 * together, if that makes them smaller, as one zstd frame.
 *
 * Slices in a decoded message borrow from the payload or the arena. Pure; any thread. */
#pragma once

#include "proto/value/version.h"

/* 2: transactions travel as groups. */
enum { MESSAGE_VERSION = 3, MESSAGE_UID_BYTES = 16 };

/* Stamps above this are refused: everything below can be overwritten 2^47 times before the number
 * space ends. As wall time it is the year 4199. */
#define MESSAGE_STAMP_MAX ((uint64_t)1 << 62)

enum message_kind {
    MESSAGE_START = 1,
    MESSAGE_BATCH,
    MESSAGE_ACK,
    MESSAGE_HEARTBEAT,
    MESSAGE_TABLE_STATE,
    MESSAGE_TABLE_REPLY,
    MESSAGE_BACKFILL_BATCH,
    MESSAGE_BACKFILL_ACK,
    MESSAGE_REFUSAL,
};

enum message_compression { COMPRESSION_NONE = 0, COMPRESSION_ZSTD = 1 };

struct message_start {
    uint32_t version;
    uint32_t applied_incarnation;
    uint64_t applied_seq;
    uint64_t credit;
    bool holds_tables;
};

/* Records as they travel; packed and unpacked by replication/records.h. */
struct message_records {
    enum message_compression compression;
    uint32_t raw_size; /* At most PEER_RAW_BYTES_MAX. */
    uint32_t count;    /* At most PEER_BATCH_RECORDS_MAX. */
    struct slice bytes;
};

struct message_batch {
    uint32_t incarnation;
    uint64_t previous_seq;
    uint64_t last_seq;
    struct message_records records;
    struct context report; /* count 0: no news; never with `unfinished`. */
    bool unfinished;       /* The last record's transaction goes on in the next batch. */
};

struct message_ack {
    uint32_t incarnation;
    uint64_t durable_seq;
    uint64_t credit;
};

struct message_heartbeat {
    uint64_t wall_ms;
    uint64_t stamp;
    uint64_t mono_us;
    uint64_t echo_us;
    uint64_t durable_seq;
    uint64_t sent_seq;
    uint32_t incarnation;
    struct context report;
};

struct message_key_attribute {
    struct slice name;
    uint8_t type; /* enum value_type: S, N, B, or 0 for none. */
};

struct message_replica {
    struct slice region;
    uint8_t status; /* enum replica_status. */
    struct slice reason;
    uint64_t stamp;
};

struct message_throughput {
    int64_t read_units, write_units;
    int64_t read_units_max, write_units_max;
    int64_t read_units_warm, write_units_warm;
    uint64_t increased_ms, decreased_ms;
    uint32_t decreases;
};

struct message_index {
    struct slice name;
    uint8_t kind; /* enum index_kind. */
    struct message_key_attribute partition[PEER_KEY_PARTS_MAX], sort[PEER_KEY_PARTS_MAX];
    uint32_t partition_count, sort_count;
    uint8_t projection; /* enum projection_kind. */
    struct slice *non_key;
    uint32_t non_key_count;
    struct message_throughput throughput;
};

struct message_table {
    uint64_t request;
    uint8_t uid[MESSAGE_UID_BYTES];
    struct slice name;
    struct message_key_attribute partition, sort;
    struct message_key_attribute *attributes;
    uint32_t attributes_count;
    uint8_t billing; /* enum billing_mode. */
    bool was_on_demand;
    uint64_t on_demand_since_ms;
    struct message_throughput throughput;
    uint8_t table_class; /* enum table_class. */
    uint64_t class_changed_ms;
    bool encrypted;
    uint8_t stream; /* 1 + enum stream_view; 0: none. */
    struct message_index *indexes;
    uint32_t indexes_count;
    struct slice ttl_attribute; /* Empty: off. */
    uint64_t ttl_changed_ms;
    uint64_t created_ms;
    bool deletion_protection;
    struct message_replica *replicas;
    uint32_t replicas_count;
    uint64_t schema_stamp;
    uint16_t schema_region;
    uint64_t base_stamp;
    uint16_t base_region;
    uint64_t content_stamp;
    uint16_t content_region;
    bool leaving;
    struct slice leaver;
};

struct message_table_reply {
    uint64_t request;
    enum error_code code;
    struct slice text;
    struct context applied;
};

struct message_backfill {
    uint8_t uid[MESSAGE_UID_BYTES];
    uint64_t backfill;
    uint64_t number;
    struct message_records records;
    struct context applied;
    bool last;
    uint64_t rows_total;
};

struct message_backfill_ack {
    uint8_t uid[MESSAGE_UID_BYTES];
    uint64_t backfill;
    uint64_t number;
    uint64_t rows;
};

struct message_refusal {
    enum error_code code;
    struct slice text;
};

struct message {
    enum message_kind kind;
    size_t payload_bytes; /* Set by message_decode: what the credit counts. */
    union {
        struct message_start start;
        struct message_batch batch;
        struct message_ack ack;
        struct message_heartbeat heartbeat;
        struct message_table table;
        struct message_table_reply table_reply;
        struct message_backfill backfill;
        struct message_backfill_ack backfill_ack;
        struct message_refusal refusal;
    };
};

/* At most PEER_FRAME_BYTES_MAX: ensured, since every part has met its limit. */
struct slice message_encode(const struct message *message, struct arena *arena);
/* Errors: PROTOCOL. */
MUST_CHECK bool message_decode(struct slice payload,
                               struct arena *arena,
                               struct message *message,
                               struct error *err);

/* One change, on the wire. */
struct record {
    uint8_t uid[MESSAGE_UID_BYTES];
    struct slice key; /* Key attributes' image. */
    struct version version;
    bool tombstone;
    bool joined; /* Of the same transaction as the record before. */
    struct slice image;
};

void record_append(struct buffer *to, const struct record *record);
/* Takes a record off the front of *from. Sizes, stamp and version are checked, key and image are
 * not looked into. Errors: PROTOCOL. */
MUST_CHECK bool record_take(struct slice *from, struct record *record, struct error *err);
