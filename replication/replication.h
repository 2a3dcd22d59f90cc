/* What the daemon sees of replication: start, stop, replicas of tables, link emulation, status.
 *
 * Replication runs on a loop and thread of its own (replication/transport.c, the one file that
 * names libuv) and does blocking store calls on workers. All calls below are for any thread; those
 * that change something block until the change is durable here: run them on a worker. */
#pragma once

#include "storage/store.h"

struct replication;
struct hlc; /* replication/clock.h */

struct region_info {
    char name[REGION_NAME_BYTES_MAX + 1];
    uint16_t id;            /* Small id of the cluster file, 1 to 65535. */
    char address[64];       /* Peer endpoint, "127.0.0.1:7001". */
    uint8_t public_key[32]; /* Ed25519. */
};

/* This node's long-term Ed25519 identity, kept in <directory>/identity (mode 0600), made at first
 * use. Errors: IO; CORRUPT. */
struct identity {
    uint8_t public_key[32];
    uint8_t secret_key[64];
};
MUST_CHECK bool identity_load(const char *directory, struct identity *identity, struct error *err);

struct replication_options {
    struct store *store;
    struct hlc *hlc; /* The node's clock, which stamps the store's writes; borrowed. */
    const struct region_info *regions; /* All of the cluster, this one included; copied. */
    uint32_t regions_count;
    const char *self; /* This region's name; borrowed for the call. */
    struct identity identity;
    const char *listen_address; /* "127.0.0.1:0"; borrowed for the call. */
    uint32_t heartbeat_ms;
    /* One line an event; `level` 0 debug, 1 info, 2 warning, 3 error. Any thread. */
    void (*log)(void *context, int level, const char *event, const char *detail);
    void *log_context;
};

/* Binds, connects to every peer in the background. Errors: IO (bind), CONFIG (self not in the list,
 * key differs from the identity). */
MUST_CHECK bool replication_start(const struct replication_options *options,
                                  struct replication **replication,
                                  struct error *err);
/* Closes every connection, joins the thread. NULL is fine. */
void replication_stop(struct replication *replication);
/* The bound address, for the ready line. */
const char *replication_address(const struct replication *replication);
/* Every peer has this node's writes durably up to here; 0 while that is not known of one. */
uint64_t replication_acknowledged(struct replication *replication);
/* From the engine's sync thread: new own writes may be shipped. Returns at once. */
void replication_wake(struct replication *replication);
/* Is this one of the other regions of the cluster? */
bool replication_has_region(const struct replication *replication, struct slice region);

/* Make `region` a replica of the table: CREATING here, announced there, backfilled while writes go
 * on, then ACTIVE. Returns once the intention is durable here.
 * Errors: VALIDATION, IN_USE (texts of dynamodb-features.md 7.3), IO. */
MUST_CHECK bool replication_replica_create(struct replication *replication,
                                           uint32_t table_id,
                                           struct slice region,
                                           struct error *err);
/* Take `region` out: its table is deleted there. */
MUST_CHECK bool replication_replica_delete(struct replication *replication,
                                           uint32_t table_id,
                                           struct slice region,
                                           struct error *err);
/* The description of a table with replicas has changed here: the other members are told. */
void replication_table_changed(struct replication *replication);
/* The local table is being deleted: the other members forget this region. Call before the drop. */
MUST_CHECK bool
replication_table_leaving(struct replication *replication, uint32_t table_id, struct error *err);

/* Emulated link for everything this node sends to one peer, over both connections of the pair. */
struct link_settings {
    uint32_t delay_ms;
    uint32_t jitter_ms;  /* Uniform, order kept. */
    double loss_percent; /* A lost chunk arrives a retransmission time-out later. */
    bool cut;            /* Nothing arrives until the cut is healed. */
};
/* Errors: VALIDATION when the region is not a peer. */
MUST_CHECK bool replication_link_set(struct replication *replication,
                                     struct slice region,
                                     const struct link_settings *settings,
                                     struct error *err);
void replication_link_clear(struct replication *replication);

struct peer_status {
    struct region_info region;
    bool connected_out, connected_in; /* Sessions up: we ship to it, it ships to us. */
    char problem[256];                /* Why not connected, or what needs repair; else empty. */
    struct link_settings link;
    uint64_t pending_records;  /* Durable here, not yet acknowledged by it (estimate). */
    double lag_seconds;        /* Age of the oldest of them; 0 when none. */
    double apply_lag_seconds;  /* Commit there to durable here, of the newest applied. */
    uint64_t acknowledged_seq; /* It has ours durably up to here. */
    struct dot applied;        /* We have its writes up to here. */
    double round_trip_ms;      /* Of the last heartbeat; -1 before the first. */
    double clock_offset_ms;    /* Its wall clock minus ours, by heartbeats. */
    uint64_t sent_records, sent_bytes, received_records, received_bytes, reconnects;
    uint32_t backfill_table_id; /* Being filled there from here; 0: none. */
    uint64_t backfill_rows;     /* Sent of it. */
};
struct replication_status {
    struct region_info self;
    uint32_t incarnation;
    uint64_t descriptions_lost; /* Own changes of tables that a peer's has undone, unknowing. */
    struct peer_status peers[REGIONS_MAX];
    uint32_t peers_count;
};
void replication_status(struct replication *replication, struct replication_status *status);
