/* What a connection means: the outbound machine ships, tells of tables and fills replicas; the
 * inbound one applies, answers and acknowledges. Made for transport.h's machine calls; the names of
 * threads are explained there. */
#pragma once

#include "replication/applier.h"
#include "replication/replicas.h"
#include "replication/transport.h"

/* What all machines of a node share. */
struct machines {
    struct store *store;
    struct replica_store replica_store;
    struct watermark *watermark;
    struct hlc *hlc;
    struct replicas *replicas;
    const struct region_info *regions;
    uint32_t regions_count;
    uint32_t heartbeat_ms;
    void (*log)(void *context, int level, const char *event, const char *detail);
    void *log_context;
    /* A backfill has moved on; a description has changed: pump all connections. */
    void (*wake)(void *context);
    void *wake_context;
};

const struct region_info *machines_region(const struct machines *machines, uint16_t id);
struct moment machines_now(const struct machines *machines);

struct outbound;
struct outbound *outbound_open(const struct machines *machines, uint16_t peer);
void outbound_close(struct outbound *outbound);
bool outbound_message(struct outbound *outbound,
                      struct slice payload,
                      struct transport_outbox *outbox,
                      struct error *err);
bool outbound_pump(struct outbound *outbound, struct transport_outbox *outbox, struct error *err);
void outbound_figures(struct outbound *outbound, struct shipper_figures *figures);
/* The table being filled at the peer, 0 for none, and the rows sent of it. Any thread. */
void outbound_backfill_figures(struct outbound *outbound, uint32_t *table_id, uint64_t *rows);

struct inbound;
struct inbound *inbound_open(const struct machines *machines, uint16_t peer);
void inbound_close(struct inbound *inbound);
bool inbound_message(struct inbound *inbound,
                     struct slice payload,
                     struct transport_outbox *outbox,
                     struct error *err);
bool inbound_pump(struct inbound *inbound, struct transport_outbox *outbox, struct error *err);
void inbound_figures(struct inbound *inbound, struct applier_figures *figures);
