/* One inbound connection: a peer's own writes, applied here in its order.
 *
 * Begins by telling the peer where to go on (Start: what this region has applied of it). Every
 * Batch continues exactly where the last one ended: a gap is refused, what was already applied is
 * dropped. An Ack goes out only for what a crash here can no longer undo. Records of tables that
 * this region does not have are skipped: a replica that is made later gets them with its backfill.
 *
 * A batch holds whole transactions, and the store applies a batch as one. Parts of a transaction
 * that is too large for a batch are kept in memory, at most PEER_GROUP_BYTES_MAX of them, and are
 * applied with the last one; until then they count as not received, also for acknowledgements.
 *
 * A state machine without I/O of its own; calls may block on the store and are made by one thread
 * at a time. At most one applier per origin region may be live: before a new connection of the same
 * peer gets its applier, the old one's last call has returned. */
#pragma once

#include "replication/resolve.h"
#include "replication/shipper.h"

struct applier;

struct applier_options {
    struct replica_store store;  /* Copied. */
    struct watermark *watermark; /* Borrowed; outlives the applier. */
    struct hlc *hlc;             /* Borrowed; observes the stamps of the peer. */
    struct slice origin_name;    /* The peer's region name; copied. */
    uint16_t origin;             /* The peer's region id. */
    uint32_t credit_bytes;       /* The peer may send so much ahead of our disk; 1 or more. */
    /* One message to send, in order. The payload is borrowed for the call. */
    void (*emit)(void *context, struct slice payload);
    void *context;
};

struct applier_figures {
    struct dot applied; /* Of the origin, appended here. */
    uint64_t received_records, received_bytes;
    uint64_t stored_records, dropped_records, skipped_records, conflicts;
    double apply_lag_seconds; /* Stamp of the newest applied record to durable here. */
    uint64_t stamps_ahead;    /* Stamps beyond CLOCK_AHEAD_MS_MAX (hlc_observe said false). */
};

struct applier *applier_open(const struct applier_options *options);
void applier_close(struct applier *applier); /* NULL is fine. */

/* Emits the Start message: first thing on a new connection. */
void applier_start(struct applier *applier);

/* A message of the peer's shipper: Batch or Heartbeat; others must not be passed in.
 * Errors: PROTOCOL (close); THROTTLED: nothing happened, offer the same message again later;
 * IO, CORRUPT. */
MUST_CHECK bool applier_on_message(struct applier *applier,
                                   const struct message *message,
                                   struct moment now,
                                   struct error *err);

/* Acknowledge what is durable by now (the store's durable_seq). Call after syncs and after each
 * message. Emits at most one Ack. */
void applier_pump(struct applier *applier, struct moment now);

/* Safe from any thread. */
void applier_figures(struct applier *applier, struct applier_figures *figures);
