/* One outbound connection: this region's own durable writes, in order, to one peer.
 *
 *     WAITING --START--> SHIPPING          (REPAIR when the peer cannot be served from the log)
 *
 * A state machine without I/O: it reads the log through a struct replica_store and hands finished
 * messages (payloads of one frame, see proto/peer/message.h) to `emit`. A shipper lives as long as
 * its connection; the next connection begins with the cursor in the peer's Start.
 *
 * Calls may block on disk (the log) and are made by one thread at a time: run them on a worker and
 * never two at once for the same shipper. */
#pragma once

#include "proto/peer/message.h"
#include "replication/clock.h"
#include "replication/watermark.h"

/* Time as the caller sees it, read once per call. */
struct moment {
    uint64_t mono_us; /* Monotonic, for intervals and round trips. */
    uint64_t wall_ms; /* For lag, stamps and offsets. */
};

struct shipper;

struct shipper_options {
    struct replica_store store;  /* Copied. */
    struct watermark *watermark; /* Borrowed; outlives the shipper. */
    struct hlc *hlc;             /* Borrowed. Its last stamp goes into heartbeats. */
    struct slice peer;           /* The peer's region name; copied. */
    uint32_t heartbeat_ms;
    uint32_t part_bytes; /* PEER_PART_BYTES_MAX; a test may cut transactions into smaller parts. */
    /* One message to send, in order. The payload is borrowed for the call. */
    void (*emit)(void *context, struct slice payload);
    void *context;
};

enum shipper_state { SHIPPER_WAITING, SHIPPER_SHIPPING, SHIPPER_REPAIR };

struct shipper_figures {
    enum shipper_state state;
    uint64_t sent_seq;         /* Newest own write shipped, or left out as none of the peer's. */
    uint64_t acknowledged_seq; /* The peer has it durably up to here. */
    uint64_t sent_records, sent_bytes;
    uint64_t pending_records; /* Sent and unacknowledged, plus seqs not yet read. */
    double lag_seconds;       /* Age of the oldest own durable write not yet acknowledged. */
    double round_trip_ms;     /* Of the last heartbeat; -1 before the first. */
    double clock_offset_ms;   /* Peer's wall clock minus ours; 0 before the first. */
};

struct shipper *shipper_open(const struct shipper_options *options);
void shipper_close(struct shipper *shipper); /* NULL is fine. */

/* A message the peer sent on this connection: Start, Ack, Heartbeat (echo). Others belong to other
 * rooms and must not be passed in. Errors: PROTOCOL (close and reconnect); UNAVAILABLE when the
 * peer's cursor fell off the log or names another incarnation of ours: the state is REPAIR, the
 * text says why, close and try again much later. */
MUST_CHECK bool shipper_on_message(struct shipper *shipper,
                                   const struct message *message,
                                   struct moment now,
                                   struct error *err);

/* Ship what is durable and new, within the credit, and a heartbeat when one is due. At most about
 * PEER_BATCH_BYTES_MAX a call, or `part_bytes` to end a transaction; *more: call again soon, there
 * is more that may be sent now.
 * Call on: a new durable seq, an arriving Ack, a timer of at most heartbeat_ms.
 * Errors: IO, CORRUPT (the log cannot be read); UNAVAILABLE as above (trimmed meanwhile). */
MUST_CHECK bool
shipper_pump(struct shipper *shipper, struct moment now, bool *more, struct error *err);

/* Safe from any thread. */
void shipper_figures(struct shipper *shipper, struct shipper_figures *figures);

/* While there is no connection: the own durable writes after `acknowledged_seq` that concern
 * `peer`. What is far behind is estimated from the first few thousand changes. */
struct shipper_arrears {
    uint64_t records;
    double lag_seconds; /* Age of the oldest; 0 when there is none. */
};
/* Errors: IO, CORRUPT. */
MUST_CHECK bool shipper_arrears(const struct replica_store *store,
                                struct slice peer,
                                uint64_t acknowledged_seq,
                                uint64_t wall_ms,
                                struct shipper_arrears *arrears,
                                struct error *err);
