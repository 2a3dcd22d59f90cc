/* Sockets between regions: the one file of this folder that names libuv stands behind this header.
 *
 * One thread runs the loop. It accepts and connects, runs sessions, holds bytes back for the
 * emulated link, notices silent peers and reconnects with back-off. What a connection means is the
 * machine's business: an outbound connection ships, an inbound one applies. A machine's calls block
 * on the store, so they run on libuv's workers; calls for one connection never overlap.
 *
 *     bytes -> session -> inbox -> [worker: message…, pump] -> outbox -> session -> link -> bytes
 *
 * At most one connection per peer and direction has a machine: a newer inbound one replaces an
 * older one (its other end is gone) and starts once the older one's work has ended. */
#pragma once

#include "replication/link.h"
#include "replication/session.h"

struct transport;

/* Messages that a machine sends. Worker thread, during message or pump only. */
struct transport_outbox;
void transport_emit(struct transport_outbox *outbox, struct slice payload);

struct transport_machine_calls {
    /* A session is up. Loop thread: no blocking. */
    void *(*open)(void *context, uint16_t region, bool outbound);
    /* Worker. THROTTLED: nothing has happened, the same message comes again after the next wake or
     * tick. Any other error ends the connection and is told to the peer. Neither call may wait for
     * anything but the disk: the workers are also those of client reads. */
    bool (*message)(void *machine,
                    struct slice payload,
                    struct transport_outbox *outbox,
                    struct error *err);
    /* Worker. After messages, after a wake, and every TRANSPORT_TICK_MS. */
    bool (*pump)(void *machine, struct transport_outbox *outbox, struct error *err);
    /* Loop thread; nothing of this machine runs any more. */
    void (*close)(void *machine);
};

enum { TRANSPORT_TICK_MS = 100 };

struct transport_options {
    const struct region_info *regions; /* Borrowed until transport_stop, like identity. */
    uint32_t regions_count;
    uint16_t self;
    const struct identity *identity;
    const char *listen_address;
    uint32_t heartbeat_ms; /* Peers that are silent for four of these are given up. */
    struct transport_machine_calls machine;
    void *context; /* For machine.open. */
    void (*log)(void *context, int level, const char *event, const char *detail);
    void *log_context;
};

/* Errors: IO (the address cannot be bound), CONFIG (it does not parse). */
MUST_CHECK bool transport_start(const struct transport_options *options,
                                struct transport **transport,
                                struct error *err);
void transport_stop(struct transport *transport);
const char *transport_address(const struct transport *transport);

/* Any thread, at once: every machine gets a pump soon. */
void transport_wake(struct transport *transport);

/* Any thread but the loop's: waits the moment until it is in force. `region` 0: all peers. Must not
 * race with transport_stop. */
void transport_link_set(struct transport *transport,
                        uint16_t region,
                        const struct link_settings *settings);

struct transport_peer_status {
    bool connected_out, connected_in;
    char problem[256];
    struct link_settings link;
    uint64_t sent_bytes, received_bytes, reconnects;
};
void transport_peer_status(struct transport *transport,
                           uint16_t region,
                           struct transport_peer_status *status);
